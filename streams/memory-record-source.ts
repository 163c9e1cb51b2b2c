/**
 * A stream in memory behind the `RecordSource` port, for tests of everything above it. It passes the same
 * conformance suite as Kafka and can do on demand what a broker does on its own: trim, gaps, held-back ends,
 * more partitions, deletion, and re-creation under another identity.
 */
import { assert } from '../domain/assert.ts';
import { HeadgateError } from '../domain/errors.ts';
import type {
  LogBound,
  RecordBatch,
  RecordCursor,
  RecordHeader,
  RecordReader,
  RecordSource,
  SourceRecord,
  StreamDescription,
} from './record-source.ts';

export type MemoryRecord = {
  readonly value: Uint8Array | string | null;
  readonly key?: Uint8Array | string | null;
  readonly timestampMs?: number;
  readonly headers?: readonly { readonly key: string; readonly value: Uint8Array | null }[];
};

type Partition = {
  records: SourceRecord[];
  earliest: bigint;
  end: bigint;
  /** Records at or past it exist but may not be read yet, as in an open transaction. Null: none. */
  heldFrom: bigint | null;
};

type Incarnation = { readonly identity: string; readonly partitions: Partition[] };

const noBytes = new Uint8Array(0);

/** The stream itself; any number of sources read from it. */
export class MemoryStream {
  readonly name: string;
  readonly #listeners = new Set<() => void>();
  #incarnation: Incarnation | null;
  #incarnations = 1;
  #trouble: HeadgateError | null = null;

  constructor(options: { name?: string; partitions: number }) {
    this.name = options.name ?? 'memory';
    this.#incarnation = newIncarnation(this.name, this.#incarnations, options.partitions);
  }

  append(partition: string, ...records: readonly MemoryRecord[]): void {
    const log = this.#log(partition);
    for (const record of records) {
      log.records.push({
        position: log.end,
        timestampMs: record.timestampMs ?? 0,
        key: toBytes(record.key ?? null),
        value: toBytes(record.value),
        headers: record.headers ?? [],
      });
      log.end += 1n;
    }
    this.#changed();
  }

  /** Positions without records, as compaction and transaction markers leave them. */
  appendGap(partition: string, positions: number): void {
    this.#log(partition).end += BigInt(positions);
    this.#changed();
  }

  /** What is appended from now on cannot be read until `release`: `latest` stays where it is. */
  hold(partition: string): void {
    const log = this.#log(partition);
    log.heldFrom ??= log.end;
  }

  release(partition: string): void {
    this.#log(partition).heldFrom = null;
    this.#changed();
  }

  /** Retention: everything below `earliest` is gone. */
  trim(partition: string, earliest: bigint): void {
    const log = this.#log(partition);
    log.earliest = earliest;
    log.records = log.records.filter((record) => record.position >= earliest);
    this.#changed();
  }

  addPartitions(count: number): void {
    for (let added = 0; added < count; added += 1) this.#existing().partitions.push(emptyPartition());
    this.#changed();
  }

  delete(): void {
    this.#incarnation = null;
    this.#changed();
  }

  recreate(options: { partitions: number }): void {
    this.#incarnations += 1;
    this.#incarnation = newIncarnation(this.name, this.#incarnations, options.partitions);
    this.#changed();
  }

  /** Until `reachable`, every call of every source throws STREAM_UNREACHABLE. */
  unreachable(): void {
    this.#trouble = new HeadgateError(
      'STREAM_UNREACHABLE',
      `${this.name}: cannot be reached (as the test asked)`,
    );
    this.#changed();
  }

  reachable(): void {
    this.#trouble = null;
    this.#changed();
  }

  openSource(options: { recordsPerBatch?: number } = {}): RecordSource {
    return new MemoryRecordSource(this, options.recordsPerBatch ?? 100);
  }

  /** For sources: the stream as it is now. Throws as `RecordSource.describe` does. */
  current(): Incarnation {
    if (this.#trouble !== null) throw this.#trouble;
    return this.#existing();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #existing(): Incarnation {
    if (this.#incarnation === null)
      throw new HeadgateError('STREAM_NOT_FOUND', `topic ${this.name} does not exist; create it`);
    return this.#incarnation;
  }

  #log(partition: string): Partition {
    const log = this.#existing().partitions[Number(partition)];
    assert(log !== undefined, `topic ${this.name} has no partition ${partition}`);
    return log;
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

class MemoryRecordSource implements RecordSource {
  readonly #stream: MemoryStream;
  readonly #recordsPerBatch: number;
  readonly #readers = new Set<MemoryRecordReader>();
  #described: string | null = null;
  #closed = false;

  constructor(stream: MemoryStream, recordsPerBatch: number) {
    this.#stream = stream;
    this.#recordsPerBatch = recordsPerBatch;
  }

  async describe(): Promise<StreamDescription> {
    assert(!this.#closed, `the source of topic ${this.#stream.name} is closed`);
    const { identity, partitions } = this.#stream.current();
    this.#described = identity;
    return { identity, partitions: partitions.map((_, index) => String(index)) };
  }

  async positions(partitions: readonly string[], bound: LogBound): Promise<ReadonlyMap<string, bigint>> {
    assert(!this.#closed, `the source of topic ${this.#stream.name} is closed`);
    const logs = this.#stream.current().partitions;
    const found = new Map<string, bigint>();
    for (const partition of partitions) {
      const log = logs[Number(partition)];
      if (log !== undefined) found.set(partition, positionOf(log, bound));
    }
    return found;
  }

  read(starts: ReadonlyMap<string, bigint>): RecordReader {
    assert(!this.#closed, `the source of topic ${this.#stream.name} is closed`);
    const reader = new MemoryRecordReader({
      stream: this.#stream,
      starts,
      identity: this.#described,
      recordsPerBatch: this.#recordsPerBatch,
    });
    this.#readers.add(reader);
    return reader;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#readers].map((reader) => reader.close()));
  }
}

class MemoryRecordReader implements RecordReader {
  readonly #stream: MemoryStream;
  readonly #positions: Map<string, bigint>;
  readonly #recordsPerBatch: number;
  /** The incarnation this reader belongs to: the one described last, else the one found by the first poll. */
  #identity: string | null;
  #closed = false;
  #wake: () => void = () => undefined;

  constructor(options: {
    stream: MemoryStream;
    starts: ReadonlyMap<string, bigint>;
    identity: string | null;
    recordsPerBatch: number;
  }) {
    this.#stream = options.stream;
    this.#positions = new Map(options.starts);
    this.#identity = options.identity;
    this.#recordsPerBatch = options.recordsPerBatch;
  }

  async poll(maxWaitMs: number): Promise<readonly RecordBatch[]> {
    assert(!this.#closed, `the reader of topic ${this.#stream.name} is closed`);
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

  #take(): RecordBatch[] {
    const { identity, partitions } = this.#stream.current();
    this.#identity ??= identity;
    if (identity !== this.#identity)
      throw new HeadgateError(
        'STREAM_IDENTITY_CHANGED',
        `topic ${this.#stream.name} was created again: found ${identity}, expected ${this.#identity}; reset the supervisor`,
        { details: { found: identity, expected: this.#identity } },
      );
    const batches: RecordBatch[] = [];
    for (const [partition, position] of this.#positions) {
      const log = partitions[Number(partition)];
      if (log === undefined)
        throw new HeadgateError(
          'STREAM_NOT_FOUND',
          `topic ${this.#stream.name} has no partition ${partition}`,
        );
      const batch = this.#takeFrom(partition, log, position);
      if (batch === null) continue;
      this.#positions.set(partition, batch.next);
      batches.push(batch);
    }
    return batches;
  }

  #takeFrom(partition: string, log: Partition, position: bigint): RecordBatch | null {
    if (position < log.earliest || position > log.end)
      throw new HeadgateError(
        'STREAM_OFFSET_OUT_OF_RANGE',
        `topic ${this.#stream.name} partition ${partition}: position ${position} is outside ${log.earliest} to ${log.end}`,
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
      const stop = this.#stream.onChange(done);
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

function newIncarnation(name: string, number: number, partitions: number): Incarnation {
  return { identity: `${name}-${number}`, partitions: Array.from({ length: partitions }, emptyPartition) };
}

function emptyPartition(): Partition {
  return { records: [], earliest: 0n, end: 0n, heldFrom: null };
}

function readableEnd(log: Partition): bigint {
  return log.heldFrom ?? log.end;
}

function positionOf(log: Partition, bound: LogBound): bigint {
  const end = readableEnd(log);
  if (bound === 'earliest') return log.earliest;
  if (bound === 'latest') return end;
  const first = log.records.find((record) => record.timestampMs >= bound.timestampMs);
  return first === undefined || first.position > end ? end : first.position;
}

function toBytes(value: Uint8Array | string | null): Uint8Array | null {
  return typeof value === 'string' ? Buffer.from(value) : value;
}

function sizeOf(record: SourceRecord): number {
  return (record.key?.byteLength ?? 0) + (record.value?.byteLength ?? 0) + 20;
}
