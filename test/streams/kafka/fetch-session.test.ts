/** Fetch sessions: the bookkeeping alone, and a reader in sessions that brokers keep, refuse and lose; streams/kafka/{fetch-session,broker-lane}.ts. */
import { afterEach, describe, expect, it } from 'vitest';
import { FetchSession } from '../../../streams/kafka/fetch-session.ts';
import { kafkaError } from '../../../streams/kafka/kafka-errors.ts';
import { openKafkaRecordSource } from '../../../streams/kafka/kafka-record-source.ts';
import type { FetchTarget } from '../../../streams/kafka/messages/fetch.ts';
import type { RecordReader } from '../../../streams/record-source.ts';
import { waitFor } from '../../support/wait-for.ts';
import { encodeBatch } from './encode-batch.ts';
import { FakeCluster, type Action, type FakeRequest } from './fake-broker.ts';

function target(partition: number, offset = 0n, leaderEpoch = 0): FetchTarget {
  return { key: String(partition), topicId: 'topic', partition, offset, leaderEpoch };
}

describe('a fetch session', () => {
  it('begins with everything, and goes on with what changed', () => {
    const session = new FetchSession();
    const [a, b, c] = [target(0), target(1), target(2)];
    expect(session.next([a, b])).toEqual({
      sessionId: 0,
      sessionEpoch: 0,
      partitions: [a, b],
      forgotten: [],
    });
    session.accept(7);
    expect(session.next([a, b])).toEqual({ sessionId: 7, sessionEpoch: 1, partitions: [], forgotten: [] });
    session.accept(7);
    const moved = target(1, 5n);
    expect(session.next([c, moved])).toEqual({
      sessionId: 7,
      sessionEpoch: 2,
      partitions: [c, moved],
      forgotten: [a],
    });
    session.accept(7);
    const newLeader = target(2, 0n, 1);
    expect(session.next([moved, newLeader])).toMatchObject({ partitions: [newLeader], forgotten: [] });
  });

  it('tells partitions of several topics apart, and forgets the right one', () => {
    const session = new FetchSession();
    const of = (topic: string, offset: bigint): FetchTarget => ({
      key: `${topic}:0`,
      topicId: `id of ${topic}`,
      partition: 0,
      leaderEpoch: 0,
      offset,
    });
    session.next([of('a', 0n), of('b', 0n)]);
    session.accept(7);
    expect(session.next([of('a', 1n), of('b', 0n)])).toMatchObject({
      partitions: [of('a', 1n)],
      forgotten: [],
    });
    session.accept(7);
    expect(session.next([of('a', 1n)])).toMatchObject({ partitions: [], forgotten: [of('b', 0n)] });
  });

  it('asks for a session each time as long as the broker gives none', () => {
    const session = new FetchSession();
    for (let turn = 0; turn < 3; turn += 1) {
      expect(session.next([target(0)])).toMatchObject({
        sessionId: 0,
        sessionEpoch: 0,
        partitions: [target(0)],
      });
      session.accept(0);
    }
  });

  it('begins anew when the broker ends it, and takes the place of one it does not know to be gone', () => {
    const session = new FetchSession();
    const full = { sessionEpoch: 0, partitions: [target(0)], forgotten: [] };
    const begin = (sessionId: number): void => {
      session.next([target(0)]);
      session.accept(sessionId);
      session.next([target(0)]);
    };
    begin(7);
    session.accept(0);
    expect(session.next([target(0)])).toEqual({ sessionId: 0, ...full });
    begin(8);
    session.restart(null);
    expect(session.next([target(0)])).toEqual({ sessionId: 8, ...full });
    begin(9);
    session.restart(kafkaError.INVALID_FETCH_SESSION_EPOCH);
    expect(session.next([target(0)])).toEqual({ sessionId: 9, ...full });
    begin(10);
    session.restart(kafkaError.FETCH_SESSION_ID_NOT_FOUND);
    expect(session.next([target(0)])).toEqual({ sessionId: 0, ...full });
  });
});

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(partitions: number): Promise<FakeCluster> {
  const cluster = await FakeCluster.start({ partitions });
  closers.push(() => cluster.close());
  return cluster;
}

function read(
  cluster: FakeCluster,
  options: { maxBufferedBytes?: number; partitionBytes?: number; unreachableAfterMs?: number } = {},
): RecordReader {
  const { unreachableAfterMs = 20_000, partitionBytes = 1_000_000, ...limits } = options;
  const source = openKafkaRecordSource({
    topic: cluster.topic,
    bootstrapServers: cluster.bootstrapServers,
    isolationLevel: 'read_committed',
    clientId: 'test',
    consumerProperties: {
      'fetch.max.wait.ms': '50',
      'retry.backoff.ms': '5',
      'reconnect.backoff.ms': '5',
      'request.timeout.ms': '150',
      'max.partition.fetch.bytes': String(partitionBytes),
    },
    patience: { unreachableAfterMs },
    ...limits,
  });
  closers.push(() => source.close());
  return source.read(new Map(cluster.partitions.map((_, index) => [String(index), 0n])));
}

/** One record a batch, with its own position as value. */
function fill(cluster: FakeCluster, partition: number, count: number, bytes = 20): void {
  const log = cluster.partitions[partition];
  const first = log === undefined ? 0n : cluster.endOf(log);
  for (let index = 0n; index < count; index += 1n) {
    const value = String(first + index).padEnd(bytes, '.');
    cluster.append(partition, encodeBatch({ baseOffset: first + index, records: [{ value }] }), 1);
  }
}

async function takeInOrder(reader: RecordReader, count: number, nexts: Map<string, bigint>): Promise<void> {
  let taken = 0;
  await waitFor(
    async () => {
      for (const batch of await reader.poll(100))
        for (const { position } of batch.records) {
          expect(position).toBe(nexts.get(batch.partition) ?? 0n);
          nexts.set(batch.partition, position + 1n);
          taken += 1;
        }
      return taken >= count;
    },
    { what: `${count} records`, everyMs: 1 },
  );
  expect(taken).toBe(count);
}

function fetches(cluster: FakeCluster): Extract<FakeRequest, { name: 'Fetch' }>[] {
  return cluster.requests.filter((request) => request.name === 'Fetch');
}

describe('a reader in a session', () => {
  it('names only the partitions that moved', async () => {
    const cluster = await start(50);
    const reader = read(cluster);
    const nexts = new Map<string, bigint>();
    for (let turn = 0; turn < 5; turn += 1) {
      fill(cluster, turn, 3);
      await takeInOrder(reader, 3, nexts);
    }
    const [first, ...later] = fetches(cluster);
    expect(first).toMatchObject({ sessionEpoch: 0 });
    expect(first?.named).toHaveLength(50);
    expect(later.length).toBeGreaterThanOrEqual(4);
    for (const { named, partitions } of later) {
      expect(named.length).toBeLessThanOrEqual(2);
      expect(partitions).toHaveLength(50);
    }
    expect(cluster.openSessions).toBe(1);
  });

  it('takes out what it has enough of, and what is dropped', async () => {
    const cluster = await start(3);
    fill(cluster, 0, 40, 1_000);
    const reader = read(cluster, { partitionBytes: 3_000 });
    await reader.poll(0);
    await waitFor(() => fetches(cluster).some(({ forgotten }) => forgotten.includes(0)), {
      what: 'partition 0 to be left out',
      everyMs: 5,
    });
    await takeInOrder(reader, 40, new Map());
    reader.drop(['1']);
    await waitFor(
      () =>
        fetches(cluster)
          .at(-1)
          ?.partitions.some(({ partition }) => partition === 1) === false,
      {
        what: 'partition 1 to be gone',
        everyMs: 5,
      },
    );
    fill(cluster, 1, 1);
    expect(await reader.poll(100)).toEqual([]);
  });

  it.each<[string, Action | 'forget' | 'unknown']>([
    ['the broker forgot it', 'forget'],
    ['FETCH_SESSION_ID_NOT_FOUND', { fetchErrorCode: kafkaError.FETCH_SESSION_ID_NOT_FOUND }],
    ['INVALID_FETCH_SESSION_EPOCH', { fetchErrorCode: kafkaError.INVALID_FETCH_SESSION_EPOCH }],
    ['FETCH_SESSION_TOPIC_ID_ERROR', { fetchErrorCode: kafkaError.FETCH_SESSION_TOPIC_ID_ERROR }],
    ['an error of the whole fetch', { fetchErrorCode: kafkaError.UNKNOWN_SERVER_ERROR }],
    ['a lost connection', 'hangUp'],
    ['no answer in time', 'silence'],
  ])('begins a new one after %s, with each record once', async (label, trouble) => {
    const cluster = await start(3);
    const reader = read(cluster);
    const nexts = new Map<string, bigint>();
    for (const partition of [0, 1, 2]) fill(cluster, partition, 2);
    await takeInOrder(reader, 6, nexts);
    let left = trouble === 'forget' ? 0 : 1;
    if (trouble === 'forget') cluster.forgetSessions();
    else cluster.intercept = ({ name }) => (name === 'Fetch' && left-- > 0 ? (trouble as Action) : undefined);
    const before = fetches(cluster).length;
    for (const partition of [0, 1, 2]) fill(cluster, partition, 2);
    await takeInOrder(reader, 6, nexts);
    const full = fetches(cluster)
      .slice(before)
      .filter(({ sessionEpoch }) => sessionEpoch === 0);
    expect(full).toHaveLength(1);
    expect(full[0]?.named).toHaveLength(3);
    // In its place, not beside it. One that the broker says it does not know is not named again.
    if (!label.startsWith('FETCH_SESSION_ID')) expect(cluster.openSessions).toBe(1);
  });

  it('says STREAM_UNREACHABLE when no session ever works', async () => {
    const cluster = await start(1);
    cluster.intercept = ({ name }) =>
      name === 'Fetch' ? { fetchErrorCode: kafkaError.FETCH_SESSION_ID_NOT_FOUND } : undefined;
    const reader = read(cluster, { unreachableAfterMs: 300 });
    await expect(reader.poll(30_000)).rejects.toThrow(/the fetch: .* FETCH_SESSION_ID_NOT_FOUND/);
    // With pauses in between, not one after the other.
    expect(fetches(cluster).length).toBeLessThan(60);
  });
});

describe.each([true, false])('with sessions: %s', (hasSessions) => {
  it('every partition has its turn, and a batch of any size comes', async () => {
    const cluster = await start(4);
    cluster.hasSessions = hasSessions;
    for (const partition of [0, 1, 3]) fill(cluster, partition, 80, 200);
    fill(cluster, 2, 3, 60_000);
    const reader = read(cluster, { maxBufferedBytes: 2_000 });
    const taken = new Map<string, number>();
    await waitFor(
      async () => {
        for (const batch of await reader.poll(100))
          taken.set(batch.partition, (taken.get(batch.partition) ?? 0) + [...batch.records].length);
        return [...taken.values()].reduce((sum, count) => sum + count, 0) >= 100;
      },
      { what: 'some of the records', everyMs: 1 },
    );
    expect(taken.get('2')).toBe(3);
    for (const partition of ['0', '1', '3']) expect(taken.get(partition)).toBeGreaterThanOrEqual(20);
    expect(fetches(cluster).some(({ sessionEpoch }) => sessionEpoch > 0)).toBe(hasSessions);
  });

  it('batches of 8 MiB and more come, also from a partition behind small ones', async () => {
    const cluster = await start(2);
    cluster.hasSessions = hasSessions;
    fill(cluster, 0, 60, 100_000);
    fill(cluster, 1, 2, 9 * 1024 * 1024);
    const reader = read(cluster);
    await takeInOrder(reader, 62, new Map());
  });
});
