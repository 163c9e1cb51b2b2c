/** Describing and positions against brokers that misbehave; streams/kafka/{kafka-record-source,cluster,connection,offsets}.ts. */
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { kafkaError } from '../../../streams/kafka/kafka-errors.ts';
import { openKafkaRecordSource } from '../../../streams/kafka/kafka-record-source.ts';
import type { KafkaSourceOptions } from '../../../streams/kafka/settings.ts';
import type { RecordSource } from '../../../streams/record-source.ts';
import { encodeBatch } from './encode-batch.ts';
import { FakeCluster, type Action } from './fake-broker.ts';

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
    consumerProperties: { 'retry.backoff.ms': '5', 'request.timeout.ms': '200' },
    patience: { askUnreachableAfterMs: 300 },
    ...options,
  });
  closers.push(() => source.close());
  return source;
}

describe('describing', () => {
  it.each<[string, Action]>([
    ['a lost connection', 'hangUp'],
    ['another correlation id', 'wrongCorrelationId'],
    ['no answer in time', 'silence'],
    ['LEADER_NOT_AVAILABLE', { errorCode: kafkaError.LEADER_NOT_AVAILABLE }],
  ])('asks again after %s', async (_, action) => {
    const cluster = await start();
    let left = 1;
    cluster.intercept = ({ name }) => (name === 'Metadata' && left-- > 0 ? action : undefined);
    const source = openSource(cluster, { patience: { askUnreachableAfterMs: 10_000 } });
    // An answer that breaks the protocol is told, not retried: the next call connects again.
    if (action === 'wrongCorrelationId')
      await expect(source.describe()).rejects.toMatchObject({ code: 'STREAM_PROTOCOL' });
    expect(await source.describe()).toEqual({
      identities: new Map([['0', cluster.topicId]]),
      partitions: ['0'],
    });
  });

  it('a topic of a pattern that may not be seen any more is not there; one that is named is forbidden', async () => {
    const cluster = await start();
    const many = openSource(cluster, { topic: 'cl.*', matches: (name) => name === cluster.topic });
    const one = openSource(cluster);
    const key = `${cluster.topic}:0`;
    expect([...(await many.positions([key], 'latest')).keys()]).toEqual([key]);
    cluster.intercept = ({ name }) =>
      name === 'Metadata' ? { errorCode: kafkaError.TOPIC_AUTHORIZATION_FAILED } : undefined;
    expect(await many.positions([key], 'latest')).toEqual(new Map());
    await expect(one.positions(['0'], 'latest')).rejects.toMatchObject({ code: 'STREAM_AUTH_FAILED' });
  });

  it('asks the next server when one is away', async () => {
    const cluster = await start({ nodes: 3 });
    const { bootstrapServers } = cluster;
    await cluster.stopNode(1);
    await cluster.stopNode(2);
    for (let turn = 0; turn < 5; turn += 1) {
      const source = openSource(cluster, { bootstrapServers, patience: { askUnreachableAfterMs: 0 } });
      expect((await source.describe()).partitions).toEqual(['0']);
    }
  });

  it('finds the brokers again when all bootstrap servers are away', async () => {
    const cluster = await start({ nodes: 2 });
    const source = openSource(cluster, { bootstrapServers: cluster.bootstrapServers.slice(0, 1) });
    await source.describe();
    await cluster.stopNode(1);
    expect([...(await source.describe()).identities.values()]).toEqual([cluster.topicId]);
  });

  it('throws STREAM_UNREACHABLE, naming brokers and the last error, when nobody answers', async () => {
    const cluster = await start();
    await cluster.stopNode(1);
    const source = openSource(cluster);
    await expect(source.describe()).rejects.toMatchObject({ code: 'STREAM_UNREACHABLE' });
    await expect(source.positions(['0'], 'latest')).rejects.toThrow(
      new RegExp(`clicks.*${cluster.bootstrapServers[0]}.*ECONNREFUSED`),
    );
  });

  it('throws STREAM_NOT_FOUND at once for a topic that is not there', async () => {
    const cluster = await start();
    cluster.topicId = null;
    await expect(openSource(cluster).describe()).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' });
    expect(cluster.requests.filter(({ name }) => name === 'Metadata')).toHaveLength(1);
  });

  it('falls back to version 0 of ApiVersions', async () => {
    const cluster = await start();
    cluster.intercept = (request) =>
      request.name === 'ApiVersions' && request.version === 3
        ? { errorCode: kafkaError.UNSUPPORTED_VERSION }
        : undefined;
    expect((await openSource(cluster).describe()).partitions).toEqual(['0']);
  });

  it.each([
    [
      'too old',
      [
        [1, 0, 12],
        [2, 0, 7],
        [3, 0, 12],
      ],
      /versions 0 to 12 of Fetch, expected version 13/,
    ],
    [
      'too new',
      [
        [1, 4, 18],
        [2, 1, 11],
        [3, 13, 15],
      ],
      /versions 13 to 15 of Metadata, expected version 12/,
    ],
    [
      'no broker at all',
      [
        [1, 4, 18],
        [3, 0, 12],
      ],
      /no version of ListOffsets/,
    ],
  ] as const)('says so when the server is %s', async (_, apis, message) => {
    const cluster = await start();
    cluster.intercept = ({ name }) => (name === 'ApiVersions' ? { apis } : undefined);
    const source = openSource(cluster);
    await expect(source.describe()).rejects.toMatchObject({ code: 'STREAM_PROTOCOL' });
    await expect(source.describe()).rejects.toThrow(message);
  });

  it('says so when the server speaks something else', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(async () => void server.close());
    const cluster = await start();
    const bootstrapServers = [`127.0.0.1:${(server.address() as AddressInfo).port}`];
    await expect(openSource(cluster, { bootstrapServers }).describe()).rejects.toMatchObject({
      code: 'STREAM_PROTOCOL',
    });
  });

  it('refuses an answer that is larger than allowed', async () => {
    const cluster = await start({ partitions: 100 });
    const source = openSource(cluster, { patience: { answerBytesMax: 1_000, askUnreachableAfterMs: 0 } });
    await expect(source.describe()).rejects.toThrow(/announces \d+ bytes, expected 4 to 1000/);
  });

  it('sends requests of any size', async () => {
    const cluster = await start({ partitions: 500 });
    const partitions = Array.from({ length: 500 }, (_, index) => String(index));
    expect((await openSource(cluster).positions(partitions, 'latest')).size).toBe(500);
  });
});

describe('positions', () => {
  it('leave out a partition without a leader, and those whose leader is away', async () => {
    const cluster = await start({ partitions: 3, nodes: 2 });
    if (cluster.partitions[2] !== undefined) cluster.partitions[2].leader = -1;
    await cluster.stopNode(2);
    expect(await openSource(cluster).positions(['0', '1', '2'], 'latest')).toEqual(new Map([['0', 0n]]));
  });

  it('ask again when the leader has moved', async () => {
    const cluster = await start({ partitions: 2, nodes: 2 });
    let left = 1;
    cluster.intercept = ({ name }) =>
      name === 'ListOffsets' && left-- > 0 ? { errorCode: kafkaError.NOT_LEADER_OR_FOLLOWER } : undefined;
    expect(await openSource(cluster).positions(['0', '1'], 'earliest')).toEqual(
      new Map([
        ['0', 0n],
        ['1', 0n],
      ]),
    );
  });

  it('leave out a partition whose leader answers an error each time', async () => {
    const cluster = await start();
    cluster.intercept = ({ name }) =>
      name === 'ListOffsets' ? { errorCode: kafkaError.OFFSET_NOT_AVAILABLE } : undefined;
    expect(await openSource(cluster).positions(['0'], 'latest')).toEqual(new Map());
    expect(cluster.requests.filter(({ name }) => name === 'ListOffsets')).toHaveLength(3);
  });

  it('by time do not pass over a record that comes between the two questions', async () => {
    const cluster = await start();
    cluster.append(0, encodeBatch({ baseOffset: 0n, records: [{ value: 'a' }], baseTimestamp: 1_000n }), 1);
    let asked = 0;
    cluster.intercept = (request) => {
      if (request.name !== 'ListOffsets') return undefined;
      asked += 1;
      // The first question is answered, then the record arrives.
      if (asked === 1)
        queueMicrotask(() =>
          cluster.append(
            0,
            encodeBatch({ baseOffset: 1n, records: [{ value: 'b' }], baseTimestamp: 9_000n }),
            1,
          ),
        );
      return undefined;
    };
    const found = await openSource(cluster).positions(['0'], { timestampMs: 5_000 });
    expect(found).toEqual(new Map([['0', 1n]]));
    const timestamps = cluster.requests.flatMap((request) =>
      request.name === 'ListOffsets' ? [request.timestamp] : [],
    );
    expect(timestamps).toEqual([-1n, 5_000n]);
  });

  it('by time leave out a partition without an answer', async () => {
    const cluster = await start({ partitions: 2, nodes: 2 });
    await cluster.stopNode(2);
    expect(await openSource(cluster).positions(['0', '1'], { timestampMs: 5 })).toEqual(new Map([['0', 0n]]));
  });

  it('end at the last stable offset, or at the end of the log if everything is read', async () => {
    const cluster = await start();
    cluster.append(0, encodeBatch({ baseOffset: 0n, records: [{ value: 'a' }, { value: 'b' }] }), 2);
    if (cluster.partitions[0] !== undefined) cluster.partitions[0].lastStable = 1n;
    expect(await openSource(cluster).positions(['0'], 'latest')).toEqual(new Map([['0', 1n]]));
    const every = openSource(cluster, { isolationLevel: 'read_uncommitted' });
    expect(await every.positions(['0'], 'latest')).toEqual(new Map([['0', 2n]]));
  });
});

describe('close', () => {
  it('ends a question that waits', async () => {
    const cluster = await start();
    cluster.intercept = () => 'silence';
    const source = openSource(cluster, { consumerProperties: {}, patience: {} });
    const described = source.describe();
    const startedMs = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await source.close();
    await expect(described).rejects.toThrow(/closed/);
    expect(Date.now() - startedMs).toBeLessThan(5_000);
  });
});
