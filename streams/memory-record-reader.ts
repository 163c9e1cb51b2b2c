/** A reader of streams in memory: what it gives and what it throws is what any reader of the port does. */
import { assert } from '../domain/assert.ts';
import { HeadgateError } from '../domain/errors.ts';
import { readPartitionKey } from '../domain/partition-key.ts';
import { readableEnd, type MemoryChoice, type MemoryLog } from './memory-log.ts';
import type { RecordBatch, RecordCursor, RecordHeader, RecordReader, SourceRecord } from './record-source.ts';

const noBytes = new Uint8Array(0);

export class MemoryRecordReader implements RecordReader {
  readonly #choice: MemoryChoice;
  readonly #positions: Map<string, bigint>;
  readonly #recordsPerBatch: number;
  /** The incarnation of each stream that this reader belongs to: the one described last, else the one found by the first poll. */
  readonly #identities: Map<string, string>;
  #closed = false;
  #wake: () => void = () => undefined;

  constructor(options: {
    choice: MemoryChoice;
    starts: ReadonlyMap<string, bigint>;
    /** By stream. */
    identities: ReadonlyMap<string, string>;
    recordsPerBatch: number;
  }) {
    this.#choice = options.choice;
    this.#positions = new Map(options.starts);
    this.#identities = new Map(options.identities);
    this.#recordsPerBatch = options.recordsPerBatch;
  }

  async poll(maxWaitMs: number): Promise<readonly RecordBatch[]> {
    assert(!this.#closed, `the reader of ${this.#choice.text} is closed`);
    const deadline = Date.now() + maxWaitMs;
    for (;;) {
      const batches = this.#take();
      const leftMs = deadline - Date.now();
      if (batches.length > 0 || leftMs <= 0) return batches;
      await this.#changed(leftMs);
      if (this.#closed) return [];
    }
  }

  drop(partitions: readonly string[]): void {
    for (const partition of partitions) this.#positions.delete(partition);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
  }

  /** Nothing is taken where something is to be thrown. */
  #take(): RecordBatch[] {
    const batches = [...this.#positions].flatMap(([key, position]) => {
      const batch = this.#takeFrom(key, this.#logOf(key), position);
      return batch === null ? [] : [batch];
    });
    for (const { partition, next } of batches) this.#positions.set(partition, next);
    return batches;
  }

  #logOf(key: string): MemoryLog {
    const { topic, number } = readPartitionKey(key);
    const name = this.#choice.only ?? topic ?? '';
    const found = this.#choice.find(name);
    const details = { partition: key, topic: name };
    if (found === null)
      throw new HeadgateError('STREAM_NOT_FOUND', `topic ${name} does not exist`, { details });
    const expected = this.#identities.get(name) ?? found.identity;
    this.#identities.set(name, expected);
    if (found.identity !== expected)
      throw new HeadgateError(
        'STREAM_IDENTITY_CHANGED',
        `topic ${name} was created again: found ${found.identity}, expected ${expected}; reset the supervisor`,
        { details: { found: found.identity, expected, ...details } },
      );
    const log = found.partitions[Number(number)];
    if (log === undefined)
      throw new HeadgateError('STREAM_NOT_FOUND', `topic ${name} has no partition ${number}`, { details });
    return log;
  }

  #takeFrom(partition: string, log: MemoryLog, position: bigint): RecordBatch | null {
    if (position < log.earliest || position > log.end)
      throw new HeadgateError(
        'STREAM_OFFSET_OUT_OF_RANGE',
        `partition ${partition} of ${this.#choice.text}: position ${position} is outside ${log.earliest} to ${log.end}`,
        {
          details: {
            partition,
            position: String(position),
            earliest: String(log.earliest),
            latest: String(readableEnd(log)),
          },
        },
      );
    const end = readableEnd(log);
    if (position >= end) return null;
    const readable = log.records.filter((record) => record.position >= position && record.position < end);
    const records = readable.slice(0, this.#recordsPerBatch);
    const last = records.at(-1);
    const next = last === undefined || records.length === readable.length ? end : last.position + 1n;
    return {
      partition,
      records,
      walk: () => new MemoryRecordCursor(records),
      next,
      bytes: records.reduce((sum, record) => sum + sizeOf(record), 0),
    };
  }

  #changed(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        stop();
        this.#wake = () => undefined;
        resolve();
      };
      const timer = setTimeout(done, waitMs);
      const stop = this.#choice.onChange(done);
      this.#wake = done;
    });
  }
}

class MemoryRecordCursor implements RecordCursor {
  readonly #records: readonly SourceRecord[];
  #at = -1;

  constructor(records: readonly SourceRecord[]) {
    this.#records = records;
  }

  advance(): boolean {
    this.#at += 1;
    return this.#at < this.#records.length;
  }

  get position(): bigint {
    return this.#record().position;
  }

  get timestampMs(): number {
    return this.#record().timestampMs;
  }

  get key(): Uint8Array | null {
    return this.#record().key;
  }

  get value(): Uint8Array | null {
    return this.#record().value;
  }

  get headers(): readonly RecordHeader[] {
    return this.#record().headers;
  }

  get bytes(): Uint8Array {
    return this.value ?? noBytes;
  }

  get valueStart(): number {
    return 0;
  }

  get valueLength(): number {
    return this.value?.byteLength ?? -1;
  }

  #record(): SourceRecord {
    const record = this.#records[this.#at];
    assert(record !== undefined, 'a cursor stands on a record after advance() gave true');
    return record;
  }
}

function sizeOf(record: SourceRecord): number {
  return (record.key?.byteLength ?? 0) + (record.value?.byteLength ?? 0) + 20;
}
