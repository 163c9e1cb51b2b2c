/**
 * Batches of one task on their way from the stream to the slices: one poll in flight at most, and none while batches wait.
 *
 * `seek` opens a new reader; what an earlier one still delivers is ignored. A failed stream is reported once and not
 * polled again: the attempt keeps what it has read, checkpoints it, and leaves the rest to the next one.
 */
import { untilBeat } from '../beat.ts';
import type {
  RecordBatch,
  RecordReader,
  RecordSource,
  SourceRecord,
} from '../../../streams/record-source.ts';
import type { PartitionPositions } from './thread-sequence.ts';

export type QueuedBatch = {
  readonly partition: string;
  readonly records: Iterator<SourceRecord>;
  readonly next: bigint;
  /** Taken, and put back because it cannot be read yet. */
  again: SourceRecord | null;
};

export type RecordFeedOptions = {
  readonly source: RecordSource;
  readonly pollMs: number;
  readonly now: () => number;
  /** Batches arrived, or an empty poll ended. */
  readonly onPolled: () => void;
  readonly onFailed: (error: unknown) => void;
};

export class RecordFeed {
  readonly #options: RecordFeedOptions;
  #queue: QueuedBatch[] = [];
  #reader: RecordReader | null = null;
  #isPolling = false;
  #pollingSinceMs = 0;
  /** Of the polls that are over. */
  #waitedMs = 0;
  /** Answered polls, empty ones too: a stream without records is progress. */
  polls = 0;

  constructor(options: RecordFeedOptions) {
    this.#options = options;
  }

  /** The batch to take records from; undefined while there is none. */
  get current(): QueuedBatch | undefined {
    return this.#queue[0];
  }

  /** How long there was nothing to read but what a poll might bring. */
  get waitedMs(): number {
    return this.#waitedMs + (this.#isPolling ? this.#options.now() - this.#pollingSinceMs : 0);
  }

  /** The next record of the batch; null at its end. */
  take(batch: QueuedBatch): SourceRecord | null {
    const { again } = batch;
    batch.again = null;
    if (again !== null) return again;
    const step = batch.records.next();
    return step.done === true ? null : step.value;
  }

  /** It is the next one again, unless its batch is dropped meanwhile. */
  putBack(batch: QueuedBatch, record: SourceRecord): void {
    batch.again = record;
  }

  finishCurrent(): void {
    this.#queue.shift();
  }

  /** Reads from these positions on, and of no other partition. Nothing to read: no reader. */
  seek(positions: PartitionPositions): void {
    this.#closeReader();
    this.#queue = [];
    if (positions.size > 0) this.#reader = this.#options.source.read(positions);
  }

  drop(partition: string): void {
    this.#reader?.drop([partition]);
    this.#queue = this.#queue.filter((batch) => batch.partition !== partition);
  }

  /** Asks for more unless some is there or on its way. */
  poll(): void {
    const reader = this.#reader;
    if (reader === null || this.#isPolling || this.#queue.length > 0) return;
    this.#isPolling = true;
    this.#pollingSinceMs = this.#options.now();
    reader.poll(untilBeat(this.#options.pollMs, this.#pollingSinceMs)).then(
      (batches) => this.#arrived(reader, batches),
      (error: unknown) => this.#failed(reader, error),
    );
  }

  close(): void {
    this.#closeReader();
    this.#queue = [];
  }

  #arrived(reader: RecordReader, batches: readonly RecordBatch[]): void {
    if (reader !== this.#reader) return;
    this.#endPolling();
    this.polls += 1;
    for (const { partition, records, next } of batches)
      this.#queue.push({ partition, records: records[Symbol.iterator](), next, again: null });
    this.#options.onPolled();
  }

  #endPolling(): void {
    this.#waitedMs = this.waitedMs;
    this.#isPolling = false;
  }

  #failed(reader: RecordReader, error: unknown): void {
    if (reader !== this.#reader) return;
    this.#closeReader();
    this.#options.onFailed(error);
  }

  #closeReader(): void {
    const reader = this.#reader;
    this.#reader = null;
    this.#endPolling();
    // The source closes it for good when the task ends; a failing close must not fail a healthy task.
    reader?.close().catch(() => undefined);
  }
}
