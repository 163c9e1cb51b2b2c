/**
 * The same log read by our reader and by kafkajs' consumer, a second implementation on purpose (reliability V20):
 * both must give the same records with the same offsets, keys, values and headers.
 *
 * The log is generated: plain and gzip batches, tombstones, transactions of two producers, committed and aborted,
 * deleted records, compaction. Where transactions interleave, kafkajs 2.2.4 delivers aborted records: it expects the
 * broker's list of aborted transactions in the order of first offsets, and it comes in the order of their ends. There
 * the oracle is what the test committed, applied to what kafkajs reads with nothing filtered. It can also get stuck on
 * a compacted log (reliability V21), so there the oracle is the log before and the rules of compaction.
 */
import { CompressionTypes, type KafkaMessage, type Transaction } from 'kafkajs';
import { afterEach, describe, expect, it } from 'vitest';
import { openKafkaRecordSource } from '../../../streams/kafka/kafka-record-source.ts';
import { kafkaBootstrap } from '../../support/addresses.ts';
import { waitFor } from '../../support/wait-for.ts';
import { KafkaTopic } from './topic.ts';

const partitions = ['0', '1', '2'];
const seed = Number(process.env['SEED'] ?? 4_242);
/** The values of records that end every partition, the second one after compaction. */
const ends = ['end', 'end after compaction'] as const;
const endKey = 'end';

type Line = readonly [
  offset: string,
  key: string | null,
  value: string | null,
  headers: Readonly<Record<string, string>>,
];
type Log = Readonly<Record<string, readonly Line[]>>;
/** Header `n` of every record that a reader of committed records must see. */
type Ledger = ReadonlySet<string>;
type ReadOptions = { readonly readUncommitted: boolean; readonly until?: (typeof ends)[number] };

let topic: KafkaTopic | null = null;
let groups = 0;

afterEach(async () => {
  await topic?.dispose();
  topic = null;
});

/** mulberry32: small, and the same everywhere. */
function randomFrom(start: number): (below: number) => number {
  let state = start;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

async function generateLog(
  target: KafkaTopic,
  options: { turns: number; isInterleaved: boolean },
): Promise<Ledger> {
  const random = randomFrom(seed);
  const producers = [await target.transactionalProducer(), await target.transactionalProducer()];
  const open: ({ transaction: Transaction; written: string[] } | null)[] = [null, null];
  const ledger = new Set<string>();
  let count = 0;
  const nextRecords = (): {
    partition: number;
    key: string;
    value: string | null;
    headers: Record<string, string>;
  }[] =>
    Array.from({ length: 1 + random(5) }, () => {
      count += 1;
      return {
        partition: random(partitions.length),
        key: `key ${random(40)}`,
        value: random(8) === 0 ? null : `value ${'x'.repeat(random(300))}`,
        headers: { n: String(count), ...(random(3) === 0 ? { empty: '' } : {}) },
      };
    });
  const end = async (which: number, isCommit: boolean): Promise<void> => {
    const current = open[which];
    open[which] = null;
    await (isCommit ? current?.transaction.commit() : current?.transaction.abort());
    if (isCommit) for (const n of current?.written ?? []) ledger.add(n);
  };
  for (let turn = 0; turn < options.turns; turn += 1) {
    const which = random(2);
    const compression = random(2) === 0 ? CompressionTypes.GZIP : CompressionTypes.None;
    const messages = nextRecords();
    const written = messages.map(({ headers }) => headers['n'] ?? '');
    const batch = { topic: target.name, compression, messages };
    const choice = random(5);
    if (choice === 0) {
      await target.producer.send(batch);
      for (const n of written) ledger.add(n);
    } else if (choice === 1) {
      await end(which, random(2) === 0);
    } else {
      if (!options.isInterleaved) await end(1 - which, random(2) === 0);
      const transaction = open[which]?.transaction ?? (await producers[which]?.transaction());
      if (transaction === undefined) continue;
      open[which] ??= { transaction, written: [] };
      await transaction.send(batch);
      open[which].written.push(...written);
    }
  }
  await end(0, false);
  await end(1, false);
  for (const partition of partitions)
    await target.append(partition, { key: endKey, value: ends[0], headers: { n: endKey } });
  return ledger.add(endKey);
}

async function readByKafkajs(target: KafkaTopic, options: ReadOptions): Promise<Log> {
  const consumer = target.kafka.consumer({
    groupId: `${target.name}-${(groups += 1)}`,
    readUncommitted: options.readUncommitted,
    maxWaitTimeInMs: 100,
  });
  const log: Record<string, Line[]> = Object.fromEntries(partitions.map((partition) => [partition, []]));
  await consumer.connect();
  await consumer.subscribe({ topic: target.name, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      log[String(partition)]?.push(lineOf(message));
    },
  });
  await waitFor(() => isComplete(log, options.until ?? ends[0]), {
    what: 'kafkajs to read everything',
    timeoutMs: 40_000,
  });
  await consumer.disconnect();
  return log;
}

async function readByUs(
  target: KafkaTopic,
  options: ReadOptions & { maxBufferedBytes: number },
): Promise<Log> {
  const source = openKafkaRecordSource({
    topic: target.name,
    bootstrapServers: [target.bootstrap],
    isolationLevel: options.readUncommitted ? 'read_uncommitted' : 'read_committed',
    clientId: 'differential',
    maxBufferedBytes: options.maxBufferedBytes,
  });
  const log: Record<string, Line[]> = Object.fromEntries(partitions.map((partition) => [partition, []]));
  const reader = source.read(await source.positions(partitions, 'earliest'));
  await waitFor(
    async () => {
      for (const batch of await reader.poll(100))
        for (const { position, key, value, headers } of batch.records)
          log[batch.partition]?.push([
            String(position),
            key && String(key),
            value && String(value),
            Object.fromEntries(headers.map((header) => [header.key, String(header.value)])),
          ]);
      return isComplete(log, options.until ?? ends[0]);
    },
    { what: 'our reader to read everything', everyMs: 1 },
  );
  await source.close();
  return log;
}

function lineOf({ offset, key, value, headers }: KafkaMessage): Line {
  const texts = Object.entries(headers ?? {}).map(([name, header]) => [name, String(header)]);
  return [
    offset,
    key && String(key),
    value && String(value),
    Object.fromEntries(texts) as Record<string, string>,
  ];
}

function isComplete(log: Log, until: string): boolean {
  return partitions.every((partition) => log[partition]?.at(-1)?.[2] === until);
}

function countOf(log: Log): number {
  return Object.values(log).reduce((sum, lines) => sum + lines.length, 0);
}

function committed(log: Log, ledger: Ledger): Log {
  return Object.fromEntries(
    Object.entries(log).map(([partition, lines]) => [
      partition,
      lines.filter(([, , , { n }]) => ledger.has(n ?? '')),
    ]),
  );
}

/** Nothing new, and of every key its last record, which may be gone only if it is a tombstone. */
function expectCompacted(after: Log, before: Log): void {
  for (const partition of partitions) {
    const left = new Set(after[partition]?.map((line) => JSON.stringify(line)));
    const lines = (before[partition] ?? []).filter(([, key]) => key !== endKey);
    const lastOfKey = new Map(lines.map((line) => [line[1], line]));
    for (const line of lastOfKey.values()) if (line[2] !== null) expect(left).toContain(JSON.stringify(line));
    for (const line of lines) left.delete(JSON.stringify(line));
    expect([...left].filter((line) => !line.includes(`"${endKey}"`))).toEqual([]);
  }
}

describe(`our reader and kafkajs (seed ${seed})`, () => {
  it('read the same of a generated log, in fetches of any size', async () => {
    topic = await KafkaTopic.create(kafkaBootstrap(), { partitions: partitions.length });
    const ledger = await generateLog(topic, { turns: 150, isInterleaved: false });
    for (const partition of partitions) await topic.trim(partition, 7n);
    for (const readUncommitted of [false, true]) {
      const read = await readByKafkajs(topic, { readUncommitted });
      // kafkajs can deliver records of an aborted transaction whose beginning is trimmed away.
      const expected = readUncommitted ? read : committed(read, ledger);
      expect(countOf(expected)).toBeGreaterThan(50);
      for (const maxBufferedBytes of [300, 20_000, 8 * 1024 * 1024])
        expect(await readByUs(topic, { readUncommitted, maxBufferedBytes })).toEqual(expected);
    }
  });

  it('read the same of interleaved transactions, but for what kafkajs should not have read', async () => {
    topic = await KafkaTopic.create(kafkaBootstrap(), { partitions: partitions.length });
    const ledger = await generateLog(topic, { turns: 200, isInterleaved: true });
    const everything = await readByKafkajs(topic, { readUncommitted: true });
    const expected = committed(everything, ledger);
    expect(countOf(expected)).toBeGreaterThan(50);
    expect(countOf(everything)).toBeGreaterThan(countOf(expected) + 50);
    for (const maxBufferedBytes of [300, 20_000, 8 * 1024 * 1024]) {
      expect(await readByUs(topic, { readUncommitted: true, maxBufferedBytes })).toEqual(everything);
      expect(await readByUs(topic, { readUncommitted: false, maxBufferedBytes })).toEqual(expected);
    }
  });

  it('agree on a log before compaction, and ours reads what compaction must leave of it', async () => {
    const compacted = await KafkaTopic.create(kafkaBootstrap(), { partitions: partitions.length });
    topic = compacted;
    await generateLog(compacted, { turns: 120, isInterleaved: false });
    const limits = { readUncommitted: false, until: ends[1], maxBufferedBytes: 8 * 1024 * 1024 };
    const before = await readByUs(compacted, { ...limits, until: ends[0] });
    expect(before).toEqual(await readByKafkajs(compacted, { readUncommitted: false }));
    await compacted.configure({
      'cleanup.policy': 'compact',
      'min.cleanable.dirty.ratio': '0.001',
      'segment.ms': '100',
      'delete.retention.ms': '0',
    });
    // The segment written to is never compacted; a record after its time makes the next one.
    for (const partition of partitions) await compacted.append(partition, { key: endKey, value: ends[1] });
    const isCompacted = async (): Promise<boolean> =>
      countOf(await readByUs(compacted, limits)) < countOf(before) * 0.8;
    await waitFor(isCompacted, { what: 'the broker to compact the log', timeoutMs: 50_000, everyMs: 500 });
    // Compaction may go on between two readings; then they say nothing about each other.
    await waitFor(
      async () => {
        const first = await readByUs(compacted, limits);
        const small = await readByUs(compacted, { ...limits, maxBufferedBytes: 300 });
        if (JSON.stringify(first) !== JSON.stringify(await readByUs(compacted, limits))) return false;
        expect(small).toEqual(first);
        expectCompacted(first, before);
        return true;
      },
      { what: 'two equal readings of the compacted log', timeoutMs: 50_000 },
    );
  }, 120_000);
});
