/**
 * Which sequence a record belongs to: one position per partition, and the sequences as ranges over it.
 *
 * A sequence's rows stop exactly at its written ends while reading goes on into the next one, partition by partition. Ends
 * below what was already read send the sequence back to a mark at or below them (protocol.md 3.4). A bounded partition is
 * read to its bound and no further; it is out of the feed from then on, and waits there for the ends of its sequence.
 */
import { assert } from '../../../domain/assert.ts';
import type { Positions } from '../../../domain/positions.ts';
import type { DataSchema } from '../../../domain/spec/spec.ts';
import type { SequenceSetup } from '../protocol.ts';
import type { Letters } from './letters.ts';
import { PartitionCursor } from './partition-cursor.ts';
import { ThreadSequence, toBigints } from './thread-sequence.ts';
import type { PartitionPositions } from './thread-sequence.ts';

export type RangesOptions = {
  readonly partitions: readonly string[];
  /** Where reading stops for good, by partition. */
  readonly bounds?: Positions | null;
  readonly sequences: readonly SequenceSetup[];
  readonly schema: DataSchema;
  readonly lettersOf: (setup: SequenceSetup) => Letters | null;
  /** Every partition has reached the sequence's end. */
  readonly onRead: (sequence: ThreadSequence) => void;
  /** Nothing more is wanted of the partition. */
  readonly onLeft: (partition: string) => void;
};

export class Ranges {
  readonly #options: RangesOptions;
  readonly #cursors: ReadonlyMap<string, PartitionCursor>;
  #sequences: ThreadSequence[];
  #partitionsLeft: number;
  /** Partitions that stand at their bounds in the open sequence. */
  readonly #atBound = new Set<string>();

  constructor(options: RangesOptions) {
    this.#options = options;
    this.#sequences = options.sequences.map(
      (setup) => new ThreadSequence(setup, options.schema, options.lettersOf(setup)),
    );
    assert(this.#sequences.length > 0, 'a task was started without a sequence');
    const bounds = toBigints(options.bounds ?? {});
    this.#cursors = new Map(
      options.partitions.map((partition) => [
        partition,
        new PartitionCursor(partition, bounds.get(partition) ?? null),
      ]),
    );
    this.#partitionsLeft = this.#cursors.size;
    for (const cursor of this.#cursors.values()) this.#place(cursor);
  }

  /** Those held, by ordinal. */
  get sequences(): readonly ThreadSequence[] {
    return this.#sequences;
  }

  /** The last one; its ends are null until they are written. */
  get last(): ThreadSequence | undefined {
    return this.#sequences.at(-1);
  }

  get isEverythingRead(): boolean {
    return this.#partitionsLeft === 0;
  }

  /** All that is left to read lies beyond the bounds: the ends may be written. */
  get isAtBounds(): boolean {
    return this.#atBound.size > 0 && this.#atBound.size === this.#partitionsLeft;
  }

  find(sequenceId: string): ThreadSequence | undefined {
    return this.#sequences.find(({ id }) => id === sequenceId);
  }

  cursor(partition: string): PartitionCursor {
    const cursor = this.#cursors.get(partition);
    assert(cursor !== undefined, `partition ${partition} is not one of the task's`);
    return cursor;
  }

  /** Of all sequences: bytes of letters not handed over. */
  get letterBytes(): number {
    return this.sequences.reduce((sum, { letters }) => sum + (letters?.bytes ?? 0), 0);
  }

  /** Of all sequences: rows that are not on their way into a file. */
  inMemory(): { readonly rows: number; readonly bytes: number } {
    const sum = { rows: 0, bytes: 0 };
    for (const { rowsInMemory, bytesInMemory } of this.sequences) {
      sum.rows += rowsInMemory;
      sum.bytes += bytesInMemory;
    }
    return sum;
  }

  /** Next to read of every partition. */
  positions(): PartitionPositions {
    return new Map([...this.#cursors].map(([partition, { position }]) => [partition, position]));
  }

  /** The same without the partitions that are finished, or at their bounds. */
  wanted(): PartitionPositions {
    const unfinished = [...this.#cursors].filter(
      ([partition, { sequence }]) => sequence !== null && !this.#atBound.has(partition),
    );
    return new Map(unfinished.map(([partition, { position }]) => [partition, position]));
  }

  positionsIn(sequence: ThreadSequence): PartitionPositions {
    return new Map(
      [...this.#cursors].map(([partition, { position }]) => [
        partition,
        sequence.within(partition, position),
      ]),
    );
  }

  /** Says of each sequence that is read to its ends already that it is. */
  announce(): void {
    for (const sequence of this.#sequences) this.#announceIfRead(sequence);
  }

  /** Into the next sequence, each time the position has reached an end. */
  moveOn(cursor: PartitionCursor): void {
    while (cursor.isAtEnd) {
      const finished = cursor.sequence;
      if (finished === null) return;
      finished.unread.delete(cursor.partition);
      const next = this.#sequences[this.#sequences.indexOf(finished) + 1];
      if (next === undefined) this.#leave(cursor);
      else cursor.enter(next, cursor.position);
      this.#announceIfRead(finished);
    }
    this.#stopAtBound(cursor);
  }

  /** Writes the ends of the last sequence; true when it had been read beyond them and must be read again in part. */
  cut(sequence: ThreadSequence, ends: Positions, next: SequenceSetup | null): boolean {
    assert(sequence === this.last, `sequence ${sequence.id} is not the last one; its ends are known`);
    sequence.ends = toBigints(ends);
    if (next !== null)
      this.#sequences.push(new ThreadSequence(next, this.#options.schema, this.#options.lettersOf(next)));
    const wentBack = this.#goBackIfBeyond(sequence, sequence.ends);
    for (const cursor of this.#in(sequence)) {
      cursor.end = sequence.ends.get(cursor.partition) ?? null;
      this.moveOn(cursor);
    }
    return wentBack;
  }

  /** Forgets a published sequence; true when what was not read of it was skipped. */
  drop(sequence: ThreadSequence): boolean {
    const { ends } = sequence;
    assert(ends !== null, `sequence ${sequence.id} is open; only an ended one can be dropped`);
    const skipping = this.#in(sequence);
    for (const cursor of skipping) {
      cursor.position = ends.get(cursor.partition) ?? cursor.position;
      this.moveOn(cursor);
    }
    this.#sequences = this.#sequences.filter((other) => other !== sequence);
    return skipping.length > 0;
  }

  #goBackIfBeyond(sequence: ThreadSequence, ends: PartitionPositions): boolean {
    const cursors = this.#in(sequence);
    if (cursors.every(({ partition, position }) => position <= (ends.get(partition) ?? position)))
      return false;
    const positions = sequence.rewind(ends);
    for (const cursor of cursors) {
      cursor.position = positions.get(cursor.partition) ?? cursor.position;
      this.#atBound.delete(cursor.partition);
    }
    return true;
  }

  #in(sequence: ThreadSequence): PartitionCursor[] {
    return [...this.#cursors.values()].filter((cursor) => cursor.sequence === sequence);
  }

  /** To the first sequence that this partition has not finished, where that one is sealed up to. */
  #place(cursor: PartitionCursor): void {
    for (const sequence of this.#sequences) {
      cursor.enter(sequence, sequence.sealedPosition(cursor.partition));
      if (!cursor.isAtEnd) return this.#stopAtBound(cursor);
      sequence.unread.delete(cursor.partition);
    }
    this.#leave(cursor);
  }

  #stopAtBound({ isAtBound, partition }: PartitionCursor): void {
    if (!isAtBound || this.#atBound.has(partition)) return;
    this.#atBound.add(partition);
    this.#options.onLeft(partition);
  }

  #leave(cursor: PartitionCursor): void {
    this.#atBound.delete(cursor.partition);
    cursor.leave();
    this.#partitionsLeft -= 1;
    this.#options.onLeft(cursor.partition);
  }

  #announceIfRead(sequence: ThreadSequence): void {
    if (sequence.ends !== null && sequence.unread.size === 0) this.#options.onRead(sequence);
  }
}
