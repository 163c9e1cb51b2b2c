/** Where a task stands in one partition, and which sequence the next record belongs to. */
import { HeadgateError } from '../../../domain/errors.ts';
import type { ThreadSequence } from './thread-sequence.ts';

export class PartitionCursor {
  readonly partition: string;
  /** The next to read. */
  position = 0n;
  /** Null: nothing more is wanted of this partition. */
  sequence: ThreadSequence | null = null;
  /** End of `sequence` here; null while it is open. */
  end: bigint | null = null;

  /** Nothing at or beyond it is ever read; null: no such bound. */
  readonly #bound: bigint | null;

  constructor(partition: string, bound: bigint | null = null) {
    this.partition = partition;
    this.#bound = bound;
  }

  get isAtEnd(): boolean {
    return this.end !== null && this.position >= this.end;
  }

  /** Nothing is left to read before the end of the open sequence is written. */
  get isAtBound(): boolean {
    return (
      this.#bound !== null && this.end === null && this.sequence !== null && this.position >= this.#bound
    );
  }

  /** `position`, or the bound when it lies beyond that. Ends that are written are never moved by it. */
  limited(position: bigint): bigint {
    if (this.#bound === null || position <= this.#bound) return position;
    const limit = this.end !== null && this.end > this.#bound ? this.end : this.#bound;
    if (position <= limit) return position;
    return limit > this.position ? limit : this.position;
  }

  enter(sequence: ThreadSequence, position: bigint): void {
    this.sequence = sequence;
    this.position = position;
    this.end = sequence.ends?.get(this.partition) ?? null;
  }

  leave(): void {
    this.sequence = null;
    this.end = null;
  }
}

/** Taken a second time it would count a second time. */
export function outOfOrder(partition: string, found: bigint, expected: bigint): HeadgateError {
  return new HeadgateError(
    'STREAM_PROTOCOL',
    `partition ${partition}: the stream gave position ${found} again, expected ${expected} or later`,
    { details: { partition, found: String(found), expected: String(expected) } },
  );
}
