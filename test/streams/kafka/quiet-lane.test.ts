/** A broker that has nothing is asked less often, and nobody waits longer for a record because of it. */
import { afterEach, expect, it } from 'vitest';
import { openKafkaRecordSource } from '../../../streams/kafka/kafka-record-source.ts';
import type { RecordReader } from '../../../streams/record-source.ts';
import { waitFor } from '../../support/wait-for.ts';
import { encodeBatch } from './encode-batch.ts';
import { FakeCluster, type FakeRequest } from './fake-broker.ts';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(nodes = 1): Promise<FakeCluster> {
  const cluster = await FakeCluster.start({ partitions: nodes, nodes });
  closers.push(() => cluster.close());
  return cluster;
}

async function read(cluster: FakeCluster, properties: Record<string, string>): Promise<RecordReader> {
  const source = openKafkaRecordSource({
    topic: cluster.topic,
    bootstrapServers: cluster.bootstrapServers,
    isolationLevel: 'read_committed',
    clientId: 'test',
    consumerProperties: { 'retry.backoff.ms': '5', 'reconnect.backoff.ms': '5', ...properties },
    patience: { unreachableAfterMs: 20_000, missingAfterMs: 300 },
  });
  closers.push(() => source.close());
  const reader = source.read(new Map(cluster.partitions.map((_, partition) => [String(partition), 0n])));
  await reader.poll(0);
  return reader;
}

function produce(cluster: FakeCluster, partition: number, offset: bigint): void {
  cluster.append(partition, encodeBatch({ baseOffset: offset, records: [{ value: String(offset) }] }), 1);
}

function waits(cluster: FakeCluster, node = 1): number[] {
  return cluster.requests
    .filter((request): request is Extract<FakeRequest, { name: 'Fetch' }> => request.name === 'Fetch')
    .filter((request) => request.node === node)
    .map(({ maxWaitMs }) => maxWaitMs);
}

it('lets it hold a fetch for 4 s after an empty answer, until there is a record', async () => {
  const cluster = await start();
  const reader = await read(cluster, { 'fetch.max.wait.ms': '60' });
  await waitFor(() => waits(cluster).length >= 2, { what: 'an empty answer' });
  expect(waits(cluster).slice(0, 2)).toEqual([60, 4_000]);
  const before = waits(cluster).length;
  produce(cluster, 0, 0n);
  expect(await reader.poll(10_000)).toHaveLength(1);
  await waitFor(() => waits(cluster).length > before + 1, { what: 'the fetches after the record' });
  expect(waits(cluster).slice(before)).toContain(60);
});

it('keeps to the settings where a broker is to wait for more than a byte', async () => {
  const cluster = await start();
  await read(cluster, { 'fetch.max.wait.ms': '20', 'fetch.min.bytes': '1000' });
  await waitFor(() => waits(cluster).length >= 4, { what: 'some empty answers' });
  expect(new Set(waits(cluster))).toEqual(new Set([20]));
});

it('keeps to the settings where they allow more than that, for a reader is only patient for so long', async () => {
  const cluster = await start();
  await read(cluster, { 'fetch.max.wait.ms': '4500' });
  await waitFor(() => waits(cluster).length >= 2, { what: 'an empty answer' });
  expect(waits(cluster)).toEqual([4_500, 4_500]);
});

it('does not let a partition that moves to a quiet broker wait for its long fetch', async () => {
  const cluster = await start(2);
  const reader = await read(cluster, { 'fetch.max.wait.ms': '20' });
  await waitFor(() => [1, 2].every((node) => waits(cluster, node).includes(4_000)), {
    what: 'broker 2 to doze',
    timeoutMs: 10_000,
  });
  const startedMs = performance.now();
  Object.assign(cluster.partitions[0]!, { leader: 2, epoch: 1 });
  produce(cluster, 0, 0n);
  let found = 0;
  while (found === 0) found = (await reader.poll(10_000)).length;
  expect(performance.now() - startedMs).toBeLessThan(3_000);
});
