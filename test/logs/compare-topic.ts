/** One topic read by our reader, record by record beside what Kafka's own consumer has written down. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openKafkaRecordSource } from '../../streams/kafka/kafka-record-source.ts';
import type { RecordReader, SourceRecord } from '../../streams/record-source.ts';

export type Isolation = 'read_committed' | 'read_uncommitted';

export type Comparison = {
  readonly records: number;
  readonly bytes: number;
  /** The first differences, a few at most. */
  readonly differences: readonly string[];
};

const differencesKept = 5;

export async function compareTopic(options: {
  readonly bootstrap: string;
  readonly topic: string;
  readonly isolation: Isolation;
  /** `<partition>.txt`, a line per record: offset, timestamp, digest. */
  readonly expected: string;
}): Promise<Comparison> {
  const { bootstrap, topic, isolation, expected } = options;
  const source = openKafkaRecordSource({
    topic,
    bootstrapServers: bootstrap.split(','),
    isolationLevel: isolation,
    clientId: 'log-compare',
  });
  try {
    const { partitions } = await source.describe();
    const ends = await source.positions(partitions, 'latest');
    const starts = await source.positions(partitions, 'earliest');
    const files = new Map(
      partitions.map((partition) => [partition, linesOf(join(expected, `${partition}.txt`))]),
    );
    return await new Comparing(source.read(starts), files).run(starts, ends);
  } finally {
    await source.close();
  }
}

class Comparing {
  readonly #reader: RecordReader;
  readonly #files: ReadonlyMap<string, AsyncIterator<string>>;
  readonly #differences: string[] = [];
  #records = 0;
  #bytes = 0;

  constructor(reader: RecordReader, files: ReadonlyMap<string, AsyncIterator<string>>) {
    this.#reader = reader;
    this.#files = files;
  }

  async run(starts: ReadonlyMap<string, bigint>, ends: ReadonlyMap<string, bigint>): Promise<Comparison> {
    const unread = new Set(
      [...ends].filter(([key, end]) => (starts.get(key) ?? end) < end).map(([key]) => key),
    );
    while (unread.size > 0)
      for (const { partition, records, next } of await this.#reader.poll(1_000)) {
        const end = ends.get(partition) ?? 0n;
        for (const record of records) if (record.position < end) await this.#compare(partition, record);
        if (next >= end) unread.delete(partition);
      }
    for (const [partition, lines] of this.#files) {
      const { done, value } = await lines.next();
      if (done !== true) this.#differ(`partition ${partition}: missing here: ${value}`);
    }
    return { records: this.#records, bytes: this.#bytes, differences: this.#differences };
  }

  async #compare(partition: string, record: SourceRecord): Promise<void> {
    this.#records += 1;
    this.#bytes += record.value?.byteLength ?? 0;
    const found = `${record.position} ${record.timestampMs} ${digestOf(record)}`;
    const expected = await this.#files.get(partition)?.next();
    if (expected?.value !== found)
      this.#differ(`partition ${partition}: found ${found}, expected ${String(expected?.value)}`);
  }

  #differ(text: string): void {
    if (this.#differences.length < differencesKept) this.#differences.push(text);
  }
}

function linesOf(path: string): AsyncIterator<string> {
  return createInterface({ input: createReadStream(path, 'utf8') })[Symbol.asyncIterator]();
}

function digestOf({ key, value, headers }: SourceRecord): string {
  const hash = createHash('md5');
  feed(hash, key);
  feed(hash, value);
  for (const header of headers) {
    feed(hash, Buffer.from(header.key));
    feed(hash, header.value);
  }
  return hash.digest('hex');
}

function feed(hash: Hash, bytes: Uint8Array | null): void {
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes === null ? -1 : bytes.byteLength);
  hash.update(length);
  if (bytes !== null) hash.update(bytes);
}
