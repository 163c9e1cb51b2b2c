/** A reader against brokers that misbehave; streams/kafka/{kafka-record-reader,broker-lane}.ts. */
import { afterEach, describe, expect, it } from 'vitest';
import { kafkaError } from '../../../streams/kafka/kafka-errors.ts';
import { openKafkaRecordSource } from '../../../streams/kafka/kafka-record-source.ts';
import type { KafkaSourceOptions } from '../../../streams/kafka/settings.ts';
import type { RecordReader, RecordSource } from '../../../streams/record-source.ts';
import { waitFor } from '../../support/wait-for.ts';
import { encodeBatch, encodeMarker } from './encode-batch.ts';
import { FakeCluster, type Action, type FakeRequest } from './fake-broker.ts';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(options: { partitions?: number; nodes?: number } = {}): Promise<FakeCluster> {
  const cluster = await FakeCluster.start(options);
  closers.push(() => cluster.close());
  return cluster;
}

function openSource(cluster: FakeCluster, options: Partial<KafkaSourceOptions> = {}): RecordSource {
  const source = openKafkaRecordSource({
    topic: cluster.topic,
    bootstrapServers: cluster.bootstrapServers,
    isolationLevel: 'read_committed',
    clientId: 'test',
    ...options,
    consumerProperties: {
      'fetch.max.wait.ms': '50',
      'retry.backoff.ms': '5',
      'reconnect.backoff.ms': '5',
      ...options.consumerProperties,
    },
    patience: { unreachableAfterMs: 20_000, missingAfterMs: 300, ...options.patience },
  });
  closers.push(() => source.close());
  return source;
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

function startsOf(...partitions: readonly string[]): Map<string, bigint> {
  return new Map(partitions.map((partition) => [partition, 0n]));
}

/** Takes `count` records and proves that each is the next one of its partition. */
async function takeInOrder(
  reader: RecordReader,
  count: number,
  nexts = new Map<string, bigint>(),
): Promise<void> {
  let taken = 0;
  await waitFor(
    async () => {
      for (const batch of await reader.poll(100)) {
        for (const record of batch.records) {
          expect(record.position).toBe(nexts.get(batch.partition) ?? 0n);
          expect(String(record.value).startsWith(String(record.position))).toBe(true);
          nexts.set(batch.partition, record.position + 1n);
          taken += 1;
        }
      }
      return taken >= count;
    },
    { what: `${count} records`, everyMs: 1 },
  );
  expect(taken).toBe(count);
}

async function pollUntilThrown(reader: RecordReader): Promise<void> {
  for (const deadlineMs = Date.now() + 15_000; Date.now() < deadlineMs;) await reader.poll(100);
}

function fetches(cluster: FakeCluster): Extract<FakeRequest, { name: 'Fetch' }>[] {
  return cluster.requests.filter((request) => request.name === 'Fetch');
}

/** The first `times` fetches end so. */
function spoilFetches(cluster: FakeCluster, action: Action, times = 1): void {
  let left = times;
  cluster.intercept = (request) => {
    if (request.name !== 'Fetch' || left === 0) return undefined;
    left -= 1;
    return action;
  };
}

describe('a reader goes on, with each record once,', () => {
  it.each<[string, Action]>([
    ['a lost connection', 'hangUp'],
    ['an answer under another correlation id', 'wrongCorrelationId'],
    ['an answer nobody can read', 'garbage'],
    ['no answer in time', 'silence'],
    ['a slow answer', { delayMs: 100 }],
    ['a throttled answer', { throttleMs: 20 }],
    ['NOT_LEADER_OR_FOLLOWER', { errorCode: kafkaError.NOT_LEADER_OR_FOLLOWER }],
    ['FENCED_LEADER_EPOCH', { errorCode: kafkaError.FENCED_LEADER_EPOCH }],
    ['UNKNOWN_LEADER_EPOCH', { errorCode: kafkaError.UNKNOWN_LEADER_EPOCH }],
    ['UNKNOWN_TOPIC_ID while the topic is the same', { errorCode: kafkaError.UNKNOWN_TOPIC_ID }],
    ['OFFSET_OUT_OF_RANGE while the position is in the log', { errorCode: kafkaError.OFFSET_OUT_OF_RANGE }],
    ['KAFKA_STORAGE_ERROR', { errorCode: kafkaError.KAFKA_STORAGE_ERROR }],
    ['OFFSET_NOT_AVAILABLE', { errorCode: kafkaError.OFFSET_NOT_AVAILABLE }],
    ['UNKNOWN_SERVER_ERROR', { errorCode: kafkaError.UNKNOWN_SERVER_ERROR }],
    ['an error nobody has heard of', { errorCode: 999 }],
  ])('after %s', async (_, action) => {
    const cluster = await start({ partitions: 2 });
    fill(cluster, 0, 3);
    fill(cluster, 1, 2);
    spoilFetches(cluster, action, 3);
    const reader = openSource(cluster, { consumerProperties: { 'request.timeout.ms': '150' } }).read(
      startsOf('0', '1'),
    );
    await takeInOrder(reader, 5);
  });

  it('after the leader moved to another broker', async () => {
    const cluster = await start({ partitions: 2, nodes: 2 });
    const [moving] = cluster.partitions;
    fill(cluster, 0, 3);
    fill(cluster, 1, 3);
    const reader = openSource(cluster).read(startsOf('0', '1'));
    const nexts = new Map<string, bigint>();
    await takeInOrder(reader, 6, nexts);
    if (moving !== undefined) Object.assign(moving, { leader: 2, epoch: 1 });
    fill(cluster, 0, 3);
    await takeInOrder(reader, 3, nexts);
    expect(fetches(cluster).at(-1)).toMatchObject({ node: 2 });
    expect(
      fetches(cluster).some(({ partitions }) => partitions.some(({ leaderEpoch }) => leaderEpoch === 1)),
    ).toBe(true);
  });

  it('after all brokers were away for a while', async () => {
    const cluster = await start();
    fill(cluster, 0, 2);
    const reader = openSource(cluster).read(startsOf('0'));
    const nexts = new Map<string, bigint>();
    await takeInOrder(reader, 2, nexts);
    const port = await cluster.stopNode(1);
    expect(await reader.poll(200)).toEqual([]);
    await cluster.startNode(1, port);
    fill(cluster, 0, 2);
    await takeInOrder(reader, 2, nexts);
  });

  it('after the topic was not to be found for a moment', async () => {
    const cluster = await start();
    fill(cluster, 0, 1);
    let left = 2;
    cluster.intercept = (request) =>
      request.name === 'Metadata' && left-- > 0
        ? { errorCode: kafkaError.UNKNOWN_TOPIC_OR_PARTITION }
        : undefined;
    await takeInOrder(openSource(cluster, { patience: { missingAfterMs: 10_000 } }).read(startsOf('0')), 1);
  });

  it('after a batch was damaged on the way', async () => {
    const cluster = await start();
    fill(cluster, 0, 3);
    const bytes = cluster.partitions[0]?.batches[1]?.bytes ?? Buffer.alloc(0);
    bytes[70] = (bytes[70] ?? 0) ^ 1;
    let seen = 0;
    cluster.intercept = (request) => {
      // The third read of the damaged batch finds it whole again.
      if (request.name === 'Fetch' && request.partitions[0]?.offset === 1n && ++seen === 2)
        bytes[70] = (bytes[70] ?? 0) ^ 1;
      return undefined;
    };
    await takeInOrder(openSource(cluster).read(startsOf('0')), 3);
  });

  /**
   * Partitions 0 and 2 on broker 1, partition 1 on broker 2. Broker 1's first answer for partition 0 is held back while
   * the partition moves; an error for partition 1 makes the reader notice the move.
   */
  async function moveWhileAnswerIsHeld(): Promise<{
    cluster: FakeCluster;
    reader: RecordReader;
    move: (leader: number) => Promise<void>;
    release: () => void;
  }> {
    const cluster = await start({ partitions: 3, nodes: 2 });
    fill(cluster, 0, 3);
    const [moving] = cluster.partitions;
    let release = (): void => undefined;
    const heldUntil = new Promise<void>((resolve) => (release = resolve));
    let isHeld = false;
    let isNoticed = true;
    cluster.intercept = (request) => {
      if (request.name !== 'Fetch') return undefined;
      if (request.node === 1 && !isHeld) {
        isHeld = true;
        return { heldUntil };
      }
      if (request.node !== 2 || isNoticed) return undefined;
      isNoticed = true;
      return { errorCode: kafkaError.NOT_LEADER_OR_FOLLOWER };
    };
    const reader = openSource(cluster).read(startsOf('0', '1', '2'));
    await reader.poll(0);
    await waitFor(() => isHeld, { what: 'the fetch whose answer is held', everyMs: 5 });
    const move = async (leader: number): Promise<void> => {
      if (moving !== undefined) Object.assign(moving, { leader, epoch: moving.epoch + 1 });
      const before = cluster.requests.length;
      isNoticed = false;
      await waitFor(
        () => isNoticed && cluster.requests.slice(before).some(({ name }) => name === 'Metadata'),
        {
          what: 'the move to be noticed',
          everyMs: 5,
        },
      );
    };
    return { cluster, reader, move, release };
  }

  it('when an answer comes after the partition moved away and back', async () => {
    const { cluster, reader, move, release } = await moveWhileAnswerIsHeld();
    const nexts = new Map<string, bigint>();
    await move(2);
    await takeInOrder(reader, 3, nexts);
    await move(1);
    await waitFor(
      () =>
        fetches(cluster)
          .filter(({ node }) => node === 2)
          .at(-1)?.partitions.length === 1,
      {
        what: 'broker 2 to be asked for its own partition only',
      },
    );
    release();
    fill(cluster, 0, 2);
    await takeInOrder(reader, 2, nexts);
  });

  it('and asks the old leader no more when its answer comes late', async () => {
    const { cluster, reader, move, release } = await moveWhileAnswerIsHeld();
    await move(2);
    release();
    await takeInOrder(reader, 3);
    await waitFor(() => fetches(cluster).filter(({ node }) => node === 1).length > 3, {
      what: 'fetches from broker 1',
    });
    const later = fetches(cluster)
      .filter(({ node }) => node === 1)
      .slice(1);
    expect(later.flatMap(({ partitions }) => partitions.map(({ partition }) => partition))).not.toContain(0);
  });

  it('on one broker while another is away', async () => {
    const cluster = await start({ partitions: 2, nodes: 2 });
    fill(cluster, 0, 1);
    await cluster.stopNode(2);
    const reader = openSource(cluster, { patience: { unreachableAfterMs: 300 } }).read(startsOf('0', '1'));
    const nexts = new Map<string, bigint>();
    await takeInOrder(reader, 1, nexts);
    const untilMs = Date.now() + 600;
    while (Date.now() < untilMs) await reader.poll(50);
    fill(cluster, 0, 1);
    await takeInOrder(reader, 1, nexts);
  });
});

describe('a reader throws', () => {
  it('STREAM_UNREACHABLE, naming brokers and the last error, when nothing answers for too long', async () => {
    const cluster = await start();
    const source = openSource(cluster, { patience: { unreachableAfterMs: 400 } });
    const reader = source.read(startsOf('0'));
    await reader.poll(0);
    await waitFor(() => fetches(cluster).length > 0, { what: 'a fetch' });
    await cluster.stopNode(1);
    const startedMs = Date.now();
    const poll = reader.poll(30_000);
    await expect(poll).rejects.toMatchObject({ code: 'STREAM_UNREACHABLE' });
    await expect(reader.poll(0)).rejects.toThrow(new RegExp(`${cluster.bootstrapServers[0]}.*ECONNREFUSED`));
    // It counts from the fetch that failed, which began before the broker went.
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(250);
    expect(Date.now() - startedMs).toBeLessThan(10_000);
  });

  it('STREAM_UNREACHABLE when the brokers answer, but not where they say they are', async () => {
    const cluster = await start();
    cluster.advertisedPort = 1;
    const reader = openSource(cluster, { patience: { unreachableAfterMs: 300 } }).read(startsOf('0'));
    await expect(reader.poll(30_000)).rejects.toMatchObject({ code: 'STREAM_UNREACHABLE' });
    await expect(reader.poll(0)).rejects.toThrow(/127\.0\.0\.1:1 /);
  });

  it('STREAM_UNREACHABLE when no partition has a leader for too long', async () => {
    const cluster = await start();
    if (cluster.partitions[0] !== undefined) cluster.partitions[0].leader = -1;
    const reader = openSource(cluster, { patience: { unreachableAfterMs: 300 } }).read(startsOf('0'));
    await expect(reader.poll(30_000)).rejects.toThrow(/partition 0 has no leader/);
  });

  it('no STREAM_UNREACHABLE for the time in which nobody polled', async () => {
    const cluster = await start();
    fill(cluster, 0, 1);
    const reader = openSource(cluster, { patience: { unreachableAfterMs: 300 } }).read(startsOf('0'));
    await reader.poll(0);
    await waitFor(() => fetches(cluster).length > 1, { what: 'the first answer' });
    await cluster.stopNode(1);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await takeInOrder(reader, 1);
    expect(await reader.poll(0)).toEqual([]);
  });

  it('STREAM_CORRUPT, after what came before it, when a batch is damaged each time', async () => {
    const cluster = await start();
    fill(cluster, 0, 3);
    const bytes = cluster.partitions[0]?.batches[2]?.bytes ?? Buffer.alloc(0);
    bytes[70] = (bytes[70] ?? 0) ^ 1;
    const reader = openSource(cluster).read(startsOf('0'));
    await takeInOrder(reader, 2);
    await expect(pollUntilThrown(reader)).rejects.toMatchObject({
      code: 'STREAM_CORRUPT',
      details: { partition: '0', position: '2' },
    });
    expect(fetches(cluster).filter(({ partitions }) => partitions[0]?.offset === 2n)).toHaveLength(2);
  });

  it('STREAM_CODEC_UNSUPPORTED, after what came before it, until the partition is dropped', async () => {
    const cluster = await start({ partitions: 2 });
    fill(cluster, 0, 2);
    cluster.append(0, encodeBatch({ baseOffset: 2n, records: [{ value: 'x' }], codec: 6 }), 1);
    const reader = openSource(cluster).read(startsOf('0', '1'));
    const nexts = new Map<string, bigint>();
    await takeInOrder(reader, 2, nexts);
    const expected = {
      code: 'STREAM_CODEC_UNSUPPORTED',
      details: { codec: 'number 6', partition: '0', position: '2' },
    };
    await expect(pollUntilThrown(reader)).rejects.toMatchObject(expected);
    await expect(reader.poll(0)).rejects.toMatchObject(expected);
    reader.drop(['0']);
    fill(cluster, 1, 2);
    await takeInOrder(reader, 2, nexts);
  });

  it.each([
    ['STREAM_CORRUPT', kafkaError.CORRUPT_MESSAGE],
    ['STREAM_CODEC_UNSUPPORTED', kafkaError.UNSUPPORTED_COMPRESSION_TYPE],
    ['STREAM_AUTH_FAILED', kafkaError.TOPIC_AUTHORIZATION_FAILED],
  ])('%s when the broker answers error %d', async (code, errorCode) => {
    const cluster = await start();
    spoilFetches(cluster, { errorCode }, 100);
    const reader = openSource(cluster).read(startsOf('0'));
    await expect(pollUntilThrown(reader)).rejects.toMatchObject({ code });
  });

  it('STREAM_PROTOCOL for the legacy message format', async () => {
    const cluster = await start();
    cluster.append(0, encodeBatch({ baseOffset: 0n, records: [{ value: 'x' }], magic: 1 }), 1);
    const reader = openSource(cluster).read(startsOf('0'));
    await expect(pollUntilThrown(reader)).rejects.toMatchObject({
      code: 'STREAM_PROTOCOL',
      details: { magic: 1 },
    });
  });

  it('STREAM_CORRUPT when the first batch of an answer never becomes whole', async () => {
    const cluster = await start();
    cluster.append(0, encodeBatch({ baseOffset: 0n, records: [{ value: 'x' }], batchLength: 5_000 }), 1);
    const reader = openSource(cluster).read(startsOf('0'));
    await expect(pollUntilThrown(reader)).rejects.toMatchObject({ code: 'STREAM_CORRUPT' });
  });

  it('STREAM_PROTOCOL when only batches before the position are answered', async () => {
    const cluster = await start();
    cluster.append(0, encodeBatch({ baseOffset: 0n, records: [{ value: 'x' }] }), 9);
    const reader = openSource(cluster).read(new Map([['0', 5n]]));
    await expect(pollUntilThrown(reader)).rejects.toMatchObject({ code: 'STREAM_PROTOCOL' });
  });

  it('STREAM_OFFSET_OUT_OF_RANGE with the end that its isolation can reach', async () => {
    const cluster = await start();
    fill(cluster, 0, 10);
    const [log] = cluster.partitions;
    if (log !== undefined) Object.assign(log, { earliest: 2n, lastStable: 6n });
    const details = { partition: '0', position: '1', earliest: '2', latest: '6' };
    const reader = openSource(cluster).read(new Map([['0', 1n]]));
    await expect(pollUntilThrown(reader)).rejects.toMatchObject({
      code: 'STREAM_OFFSET_OUT_OF_RANGE',
      details,
    });
    const every = openSource(cluster, { isolationLevel: 'read_uncommitted' }).read(new Map([['0', 11n]]));
    await expect(pollUntilThrown(every)).rejects.toMatchObject({
      details: { ...details, position: '11', latest: '10' },
    });
  });

  it('no STREAM_OFFSET_OUT_OF_RANGE for a position that only an open transaction keeps from being read', async () => {
    const cluster = await start();
    fill(cluster, 0, 10);
    const [log] = cluster.partitions;
    if (log !== undefined) log.lastStable = 6n;
    spoilFetches(cluster, { errorCode: kafkaError.OFFSET_OUT_OF_RANGE });
    const reader = openSource(cluster).read(new Map([['0', 8n]]));
    await takeInOrder(reader, 2, new Map([['0', 8n]]));
  });

  it('STREAM_IDENTITY_CHANGED when the topic is another one than the source described', async () => {
    const cluster = await start();
    const source = openSource(cluster);
    await source.describe();
    cluster.topicId = 'AAAAAAAAAAAAAAAAAAAAAg';
    await expect(pollUntilThrown(source.read(startsOf('0')))).rejects.toMatchObject({
      code: 'STREAM_IDENTITY_CHANGED',
    });
  });

  it('STREAM_IDENTITY_CHANGED when the broker knows the topic under another id', async () => {
    const cluster = await start();
    fill(cluster, 0, 1);
    const reader = openSource(cluster).read(startsOf('0'));
    await takeInOrder(reader, 1);
    cluster.topicId = 'AAAAAAAAAAAAAAAAAAAAAg';
    await expect(pollUntilThrown(reader)).rejects.toMatchObject({
      code: 'STREAM_IDENTITY_CHANGED',
      details: { expected: 'AAAAAAAAAAAAAAAAAAAAAQ', found: 'AAAAAAAAAAAAAAAAAAAAAg' },
    });
  });
});

describe('an aborted transaction', () => {
  it('is filtered over as many answers as it takes', async () => {
    const cluster = await start();
    const [log] = cluster.partitions;
    const record = (offset: bigint, value: string, producerId?: bigint): void =>
      cluster.append(
        0,
        encodeBatch({
          baseOffset: offset,
          records: [{ value }],
          ...(producerId === undefined ? {} : { producerId, isTransactional: true }),
        }),
        1,
      );
    record(0n, '0 before');
    for (let offset = 1n; offset < 40n; offset += 1n) record(offset, `${offset} aborted`, 7n);
    cluster.append(0, encodeMarker({ offset: 40n, producerId: 7n, kind: 'abort' }), 1);
    record(41n, '41 committed', 7n);
    cluster.append(0, encodeMarker({ offset: 42n, producerId: 7n, kind: 'commit' }), 1);
    log?.aborted.push({ producerId: 7n, firstOffset: 1n });
    const reader = openSource(cluster, { maxBufferedBytes: 600 }).read(startsOf('0'));
    const values: string[] = [];
    let next = 0n;
    await waitFor(
      async () => {
        for (const batch of await reader.poll(100)) {
          for (const { value } of batch.records) values.push(String(value));
          next = batch.next;
        }
        return next === 43n;
      },
      { what: 'the end', everyMs: 1 },
    );
    expect(values).toEqual(['0 before', '41 committed']);
    expect(fetches(cluster).length).toBeGreaterThan(5);
  });
});

describe('fetching', () => {
  it('opens nothing before the first poll', async () => {
    const cluster = await start();
    openSource(cluster).read(startsOf('0'));
    await new Promise((resolve) => setImmediate(resolve));
    expect([cluster.openSockets, cluster.requests]).toEqual([0, []]);
  });

  it('gives every partition its turn, however much another one holds', async () => {
    const cluster = await start({ partitions: 4 });
    for (const partition of [0, 1, 2, 3]) fill(cluster, partition, 60, 200);
    const reader = openSource(cluster, { maxBufferedBytes: 2_000 }).read(startsOf('0', '1', '2', '3'));
    const taken = new Map<string, number>();
    await waitFor(
      async () => {
        for (const batch of await reader.poll(100))
          taken.set(batch.partition, (taken.get(batch.partition) ?? 0) + 1);
        return [...taken.values()].reduce((sum, count) => sum + count, 0) >= 80;
      },
      { what: 'a third of the records', everyMs: 1 },
    );
    for (const partition of ['0', '1', '2', '3']) expect(taken.get(partition)).toBeGreaterThanOrEqual(14);
  });

  it('brings a batch of any size', async () => {
    const cluster = await start({ partitions: 2 });
    fill(cluster, 0, 100, 200);
    fill(cluster, 1, 1, 500_000);
    const reader = openSource(cluster, { maxBufferedBytes: 4_000 }).read(startsOf('0', '1'));
    await takeInOrder(reader, 101);
  });

  it('stops when its buffer is full, and goes on when it is polled', async () => {
    const cluster = await start({ partitions: 2 });
    fill(cluster, 0, 300, 1_000);
    fill(cluster, 1, 300, 1_000);
    const reader = openSource(cluster, { maxBufferedBytes: 40_000 }).read(startsOf('0', '1'));
    await reader.poll(0);
    await waitFor(() => fetches(cluster).length > 0, { what: 'a fetch' });
    let seen = -1;
    await waitFor(
      () => {
        const isQuiet = fetches(cluster).length === seen;
        seen = fetches(cluster).length;
        return isQuiet;
      },
      { what: 'fetching to stop', everyMs: 300 },
    );
    const batches = await reader.poll(0);
    const bytes = batches.reduce((sum, batch) => sum + batch.bytes, 0);
    expect(bytes).toBeGreaterThan(20_000);
    expect(bytes).toBeLessThanOrEqual(40_000);
    const nexts = new Map(batches.map((batch) => [batch.partition, batch.next]));
    await takeInOrder(reader, 600 - batches.length, nexts);
  });

  it('keeps a distance when records only trickle in', async () => {
    const cluster = await start();
    const reader = openSource(cluster, { consumerProperties: { 'fetch.max.wait.ms': '500' } }).read(
      startsOf('0'),
    );
    const nexts = new Map<string, bigint>();
    for (let record = 0; record < 60; record += 1) {
      fill(cluster, 0, 1);
      await reader.poll(0);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const startedMs = Date.now();
    const before = fetches(cluster).length;
    for (; Date.now() < startedMs + 300; await new Promise((resolve) => setTimeout(resolve, 2)))
      fill(cluster, 0, 1);
    expect(fetches(cluster).length - before).toBeLessThanOrEqual(8);
    expect(nexts.size).toBe(0);
  });

  it('waits as long as a broker throttles it', async () => {
    const cluster = await start();
    const times: number[] = [];
    cluster.intercept = (request) => {
      if (request.name !== 'Fetch') return undefined;
      times.push(Date.now());
      return times.length === 1 ? { throttleMs: 400 } : undefined;
    };
    fill(cluster, 0, 1);
    const reader = openSource(cluster).read(startsOf('0'));
    await takeInOrder(reader, 1);
    await waitFor(() => times.length > 1, { what: 'the second fetch' });
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(390);
  });

  it('has one request under way to a broker, for all its partitions', async () => {
    const cluster = await start({ partitions: 4, nodes: 2 });
    const underWay = new Map<number, number>();
    const reader = openSource(cluster).read(startsOf('0', '1', '2', '3'));
    cluster.intercept = (request) => {
      if (request.name === 'Fetch') underWay.set(request.node, request.partitions.length);
      return undefined;
    };
    for (const partition of [0, 1, 2, 3]) fill(cluster, partition, 5);
    await takeInOrder(reader, 20);
    expect(underWay).toEqual(
      new Map([
        [1, 2],
        [2, 2],
      ]),
    );
    // One connection for fetching from each broker, and one for questions.
    expect(cluster.openSockets).toBeLessThanOrEqual(4);
  });
});

describe('close', () => {
  function timers(): number {
    return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  }

  it.each<[string, (cluster: FakeCluster) => void]>([
    ['a fetch waits', () => undefined],
    [
      'metadata is not answered',
      (cluster) => (cluster.intercept = ({ name }) => (name === 'Metadata' ? 'silence' : undefined)),
    ],
    [
      'the versions are not answered',
      (cluster) => (cluster.intercept = ({ name }) => (name === 'ApiVersions' ? 'silence' : undefined)),
    ],
    [
      'a fetch is not answered',
      (cluster) => (cluster.intercept = ({ name }) => (name === 'Fetch' ? 'silence' : undefined)),
    ],
    ['a broker throttles', (cluster) => (cluster.intercept = () => ({ throttleMs: 20_000 }))],
    [
      'fetches fail',
      (cluster) => (cluster.intercept = ({ name }) => (name === 'Fetch' ? 'hangUp' : undefined)),
    ],
    [
      'bounds are not answered',
      (cluster) => {
        cluster.intercept = ({ name }) =>
          name === 'ListOffsets'
            ? 'silence'
            : name === 'Fetch'
              ? { errorCode: kafkaError.OFFSET_OUT_OF_RANGE }
              : undefined;
      },
    ],
  ])('leaves no socket and no timer behind while %s', async (_, arrange) => {
    const before = timers();
    const cluster = await start();
    arrange(cluster);
    const source = openSource(cluster);
    const reader = source.read(startsOf('0'));
    const startedMs = Date.now();
    const polled = reader.poll(60_000);
    await waitFor(() => cluster.requests.length > 3 || Date.now() - startedMs > 200, {
      what: 'requests',
      everyMs: 5,
    });
    await source.close();
    expect(await polled).toEqual([]);
    await waitFor(() => cluster.openSockets === 0, { what: 'sockets to close', everyMs: 5 });
    await cluster.close();
    await waitFor(() => timers() <= before, { what: 'timers to end', everyMs: 5 });
  });
});
