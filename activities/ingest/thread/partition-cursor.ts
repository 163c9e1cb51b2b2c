/** Where a task stands in one partition, and which sequence the next record belongs to. */
import type { ThreadSequence } from './thread-sequence.ts';

export class PartitionCursor {
  readonly partition: string;
  /** The next to read. */
  position = 0n;
  /** Null: nothing more is wanted of this partition. */
  sequence: ThreadSequence | null = null;
  /** End of `sequence` here; null while it is open. */
  end: bigint | null = null;

  constructor(partition: string) {
    this.partition = partition;
  }

  get isAtEnd(): boolean {
    return this.end !== null && this.position >= this.end;
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
