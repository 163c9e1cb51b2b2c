/**
 * A stream in memory behind the `RecordSource` port, or several of a cluster read as one, for tests of everything above
 * it. It passes the same conformance suite as Kafka and can do on demand what a broker does on its own: trim, gaps,
 * held-back ends, more partitions, deletion, and re-creation under another identity.
 */
import { assert } from '../domain/assert.ts';
import { HeadgateError } from '../domain/errors.ts';
import { comparePartitions, partitionKey, readPartitionKey } from '../domain/partition-key.ts';
import {
  emptyLog,
  newIncarnation,
  positionOf,
  type Incarnation,
  type MemoryChoice,
  type MemoryLog,
} from './memory-log.ts';
import { MemoryRecordReader } from './memory-record-reader.ts';
import type { LogBound, RecordReader, RecordSource, StreamDescription } from './record-source.ts';

export type MemoryRecord = {
  readonly value: Uint8Array | string | null;
  readonly key?: Uint8Array | string | null;
  readonly timestampMs?: number;
  readonly headers?: readonly { readonly key: string; readonly value: Uint8Array | null }[];
};

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
    for (let added = 0; added < count; added += 1) this.#existing().partitions.push(emptyLog());
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
    const choice = {
      text: `topic ${this.name}`,
      only: this.name,
      names: () => [this.name],
      find: () => this.now(),
      onChange: (listener: () => void) => this.onChange(listener),
    };
    return new MemoryRecordSource(choice, options.recordsPerBatch ?? 100);
  }

  /** For sources: the stream as it is now; null while it does not exist. Throws STREAM_UNREACHABLE. */
  now(): Incarnation | null {
    if (this.#trouble !== null) throw this.#trouble;
    return this.#incarnation;
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

  #log(partition: string): MemoryLog {
    const log = this.#existing().partitions[Number(partition)];
    assert(log !== undefined, `topic ${this.name} has no partition ${partition}`);
    return log;
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Streams that can be read as one, each under its name. */
export class MemoryCluster {
  readonly #streams = new Map<string, MemoryStream>();
  readonly #listeners = new Set<() => void>();

  create(name: string, options: { partitions: number }): MemoryStream {
    const stream = new MemoryStream({ name, ...options });
    this.#streams.set(name, stream);
    stream.onChange(() => this.#changed());
    this.#changed();
    return stream;
  }

  /** Of all streams for whose name `matches` is true. */
  openSource(
    pattern: string,
    matches: (name: string) => boolean,
    options: { recordsPerBatch?: number } = {},
  ): RecordSource {
    const choice: MemoryChoice = {
      text: `topics matching ${pattern}`,
      only: null,
      names: () => [...this.#streams.keys()].filter(matches),
      find: (name) => (matches(name) ? (this.#streams.get(name)?.now() ?? null) : null),
      onChange: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
    return new MemoryRecordSource(choice, options.recordsPerBatch ?? 100);
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

class MemoryRecordSource implements RecordSource {
  readonly #choice: MemoryChoice;
  readonly #recordsPerBatch: number;
  readonly #readers = new Set<MemoryRecordReader>();
  /** By stream. */
  #described = new Map<string, string>();
  #closed = false;

  constructor(choice: MemoryChoice, recordsPerBatch: number) {
    this.#choice = choice;
    this.#recordsPerBatch = recordsPerBatch;
  }

  async describe(): Promise<StreamDescription> {
    this.#checkOpen();
    const identities = new Map<string, string>();
    const described = new Map<string, string>();
    for (const name of this.#choice.names()) {
      const found = this.#choice.find(name);
      if (found === null) continue;
      described.set(name, found.identity);
      for (const number of found.partitions.keys()) identities.set(this.#keyOf(name, number), found.identity);
    }
    if (described.size === 0) throw this.#notFound();
    this.#described = described;
    return { identities, partitions: [...identities.keys()].sort(comparePartitions) };
  }

  async positions(partitions: readonly string[], bound: LogBound): Promise<ReadonlyMap<string, bigint>> {
    this.#checkOpen();
    const { only } = this.#choice;
    if (only !== null && this.#choice.find(only) === null) throw this.#notFound();
    const found = new Map<string, bigint>();
    for (const key of partitions) {
      const { topic, number } = readPartitionKey(key);
      const log = this.#choice.find(only ?? topic ?? '')?.partitions[Number(number)];
      if (log !== undefined) found.set(key, positionOf(log, bound));
    }
    return found;
  }

  read(starts: ReadonlyMap<string, bigint>): RecordReader {
    this.#checkOpen();
    const reader = new MemoryRecordReader({
      choice: this.#choice,
      starts,
      identities: this.#described,
      recordsPerBatch: this.#recordsPerBatch,
    });
    this.#readers.add(reader);
    return reader;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#readers].map((reader) => reader.close()));
  }

  #checkOpen(): void {
    assert(!this.#closed, `the source of ${this.#choice.text} is closed`);
  }

  #keyOf(name: string, number: number): string {
    return partitionKey(this.#choice.only === null ? name : null, number);
  }

  #notFound(): HeadgateError {
    return new HeadgateError('STREAM_NOT_FOUND', `${this.#choice.text} does not exist; create it`);
  }
}

function toBytes(value: Uint8Array | string | null): Uint8Array | null {
  return typeof value === 'string' ? Buffer.from(value) : value;
}
