/** Discovery and first starts over real rows: one topic, every topic of a pattern, a bounded range; activities/supervisor/seed-partitions.ts. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StreamEye } from '../../../activities/supervisor/stream-eye.ts';
import type { ControlDeps } from '../../../activities/control-deps.ts';
import { liveGenerations } from '../../../storage/generations.ts';
import { readPartitions, seedTogether, type Seeds } from '../../../storage/partitions.ts';
import type { Position } from '../../../domain/positions.ts';
import { readSpec } from '../../../activities/read-spec.ts';
import { MemoryCluster, type MemoryStream } from '../../../streams/memory-record-source.ts';
import type { RecordSource } from '../../../streams/record-source.ts';
import { supervisorWorkflowId } from '../../../workflows/contract.ts';
import { ControlWorld } from '../control-world.ts';
import { scratchDatabase } from '../../storage/scratch.ts';

const scratch = scratchDatabase();
const pattern = 'clicks-.*';
let world: ControlWorld;
let cluster: MemoryCluster;

beforeEach(async () => {
  world = await ControlWorld.open(scratch.pool(), scratch.url(), { partitions: 3 });
  cluster = new MemoryCluster();
});
afterEach(() => world.close());

function fill(stream: MemoryStream, partition: string, records: number): void {
  stream.append(partition, ...Array.from({ length: records }, () => ({ value: '{}' })));
}

/** The supervisor reads this instead of the world's one topic. */
function readFrom(open: () => RecordSource): void {
  Object.assign(world.deps, { openSource: open } satisfies Partial<ControlDeps>);
}

async function post(ioConfig: Record<string, unknown>): Promise<void> {
  const posted = world.spec();
  await world.run('storeSpec', {
    spec: { ...posted, spec: { ...posted.spec, ioConfig: { ...posted.spec.ioConfig, ...ioConfig } } },
    workflowId: supervisorWorkflowId(world.supervisorId),
  });
}

/** Another supervisor: an existing one keeps its stream. */
async function postPattern(spec: { taskCount?: number; useEarliestOffset?: boolean } = {}): Promise<void> {
  await world.close();
  world = await ControlWorld.open(scratch.pool(), scratch.url(), {
    spec: { ...spec, topicPattern: pattern },
  });
  readFrom(() => cluster.openSource(pattern, (topic) => topic.startsWith('clicks-')));
}

const seed = () => world.run('seedPartitions', { supervisorId: world.supervisorId });
const rows = () => readPartitions(scratch.pool(), world.supervisorId);
const nexts = async () => (await rows()).map((row) => `${row.partition}@${row.nextPosition}`);
const live = () => liveGenerations(scratch.pool(), world.supervisorId);
const create = (...groupIds: number[]) =>
  world.run('createGenerations', {
    supervisorId: world.supervisorId,
    groups: groupIds.map((groupId) => ({ groupId, expectedGeneration: 0 })),
  });

describe('one topic', () => {
  test('druid 6.1 testNoInitialState: three partitions, taskCount 1, earliest: one task, starts 0, open ends', async () => {
    await seed();
    await create(0);
    const [generation, ...others] = await live();
    expect(others).toEqual([]);
    expect(generation?.tasks).toHaveLength(1);
    expect(generation?.sequences).toEqual([
      expect.objectContaining({ starts: { 0: '0', 1: '0', 2: '0' }, ends: null, state: 'open' }),
    ]);
  });

  test('druid 6.2 testMultiTask: three partitions, taskCount 2: group 0 has 0 and 2, group 1 has 1', async () => {
    await post({ taskCount: 2 });
    await seed();
    await create(0, 1);
    expect((await live()).map(({ key, partitions }) => [key.groupId, partitions])).toEqual([
      [0, ['0', '2']],
      [1, ['1']],
    ]);
  });

  test('druid 6.4 testLatestOffset: useEarliestOffset false and nothing stored: starts are the latest offsets', async () => {
    await post({ useEarliestOffset: false });
    world.fill('0', 1_100);
    world.fill('2', 7);
    await seed();
    await create(0);
    expect((await live())[0]?.sequences[0]?.starts).toEqual({ 0: '1100', 1: '0', 2: '7' });
  });

  test('druid 6.6 testLateMessageRejectionPeriod: the minimum time is an hour before now, the same for all replicas', async () => {
    await post({ lateMessageRejectionPeriod: 'PT1H', replicas: 2 });
    await seed();
    const beforeMs = world.deps.now();
    await create(0);
    const [generation] = await live();
    // Replicas share the sequence, and the window is the sequence's.
    expect(generation?.tasks).toHaveLength(2);
    const minMs = generation?.sequences[0]?.windowMinMs ?? 0;
    const minutesAgo = (beforeMs - minMs) / 60_000;
    expect(minutesAgo).toBeGreaterThan(59);
    expect(minutesAgo).toBeLessThan(61);
    expect(generation?.sequences[0]?.windowMaxMs).toBeNull();
  });

  test('druid 6.6 testEarlyMessageRejectionPeriod: the maximum time is now, taskDuration and the period', async () => {
    await post({ earlyMessageRejectionPeriod: 'PT1H', taskDuration: 'PT2H', replicas: 2 });
    await seed();
    const beforeMs = world.deps.now();
    await create(0);
    const [generation] = await live();
    expect(generation?.tasks).toHaveLength(2);
    const minutesAhead = ((generation?.sequences[0]?.windowMaxMs ?? 0) - beforeMs) / 60_000;
    expect(minutesAhead).toBeGreaterThan(179);
    expect(minutesAhead).toBeLessThan(181);
    expect(generation?.sequences[0]?.windowMinMs).toBeNull();
  });

  test('druid 6.7 testAlwaysUsesEarliestOffsetForNewlyDiscoveredPartitions: although the spec says latest', async () => {
    await post({ useEarliestOffset: false });
    world.fill('0', 5);
    await seed();
    world.stream.addPartitions(2);
    world.fill('3', 9);
    world.stream.trim('3', 4n);
    await seed();
    expect(await nexts()).toEqual(['0@5', '1@0', '2@0', '3@4', '4@0']);
  });

  test('druid 6.7 testPartitionIdsUpdates: what is added to the stream is seen, seeded and grouped', async () => {
    await seed();
    world.stream.addPartitions(1);
    const eye = new StreamEye(world.deps.openSource);
    const spec = await readSpec(scratch.pool(), world.supervisorId, 1);
    expect(await eye.look(spec, 1)).toMatchObject({ partitions: ['0', '1', '2', '3'] });
    await eye.close();
    await seed();
    await create(0);
    expect((await live())[0]?.partitions).toEqual(['0', '1', '2', '3']);
  });
});

describe('a pattern', () => {
  test('every partition is seeded with the identity of its own topic, and grouped by the formula', async () => {
    fill(cluster.create('clicks-us', { partitions: 2 }), '1', 3);
    cluster.create('clicks-eu', { partitions: 1 });
    cluster.create('other', { partitions: 1 });
    await postPattern({ taskCount: 3, useEarliestOffset: false });
    expect(await seed()).toEqual({ seeded: 3 });
    expect(
      (await rows()).map((row) => [row.stream, row.partition, row.nextPosition, row.sourceIdentity]),
    ).toEqual([
      [pattern, 'clicks-eu:0', '0', 'clicks-eu-1'],
      [pattern, 'clicks-us:0', '0', 'clicks-us-1'],
      [pattern, 'clicks-us:1', '3', 'clicks-us-1'],
    ]);
    await create(0, 1, 2);
    // Recorded from Java: abs(31 x hash(topic) + partition) % 3.
    expect((await live()).map(({ key, partitions }) => [key.groupId, partitions])).toEqual([
      [0, ['clicks-eu:0', 'clicks-us:1']],
      [1, ['clicks-us:0']],
    ]);
  });

  test('the first discovery of several topics is all or nothing', async () => {
    cluster.create('clicks-eu', { partitions: 1 });
    cluster.create('clicks-us', { partitions: 1 });
    await postPattern({ useEarliestOffset: false });
    const whole = world.deps.openSource;
    readFrom(() => {
      const source = whole({} as never);
      const positions = source.positions.bind(source);
      source.positions = async (partitions, bound) => {
        const found = new Map(await positions(partitions, bound));
        found.delete('clicks-us:0');
        return found;
      };
      return source;
    });
    await expect(seed()).rejects.toThrow('gives no latest position for partitions clicks-us:0');
    expect(await nexts()).toEqual([]);
  });

  test('the seeds of several topics are stored together or not at all', async () => {
    const seeds = (topic: string, position: string): Seeds => ({
      supervisorId: world.supervisorId,
      stream: pattern,
      sourceIdentity: topic,
      why: 'test',
      positions: [{ partition: `${topic}:0`, position: position as Position }],
    });
    await expect(
      seedTogether(scratch.pool(), [seeds('clicks-eu', '1'), seeds('clicks-us', '-1')]),
    ).rejects.toThrow();
    expect(await nexts()).toEqual([]);
    const { seeded } = await seedTogether(scratch.pool(), [seeds('clicks-eu', '1'), seeds('clicks-us', '2')]);
    expect(seeded).toEqual(['clicks-eu:0', 'clicks-us:0']);
    expect(await nexts()).toEqual(['clicks-eu:0@1', 'clicks-us:0@2']);
  });

  test('druid 6.7 testAlwaysUsesEarliestOffsetForNewlyDiscoveredPartitions: a new topic is new partitions', async () => {
    fill(cluster.create('clicks-eu', { partitions: 1 }), '0', 5);
    await postPattern({ useEarliestOffset: false });
    await seed();
    fill(cluster.create('clicks-us', { partitions: 1 }), '0', 8);
    await seed();
    expect(await nexts()).toEqual(['clicks-eu:0@5', 'clicks-us:0@0']);
  });

  test('the look tells the identity of each partition', async () => {
    const eu = cluster.create('clicks-eu', { partitions: 1 });
    cluster.create('clicks-us', { partitions: 1 });
    await postPattern();
    eu.recreate({ partitions: 1 });
    const eye = new StreamEye(world.deps.openSource);
    expect(await eye.look(await readSpec(scratch.pool(), world.supervisorId, 1), 1)).toMatchObject({
      kind: 'ok',
      identity: '',
      identities: { 'clicks-eu:0': 'clicks-eu-2', 'clicks-us:0': 'clicks-us-1' },
      partitions: ['clicks-eu:0', 'clicks-us:0'],
    });
    await eye.close();
  });

  test('no topic that matches is no stream', async () => {
    await postPattern();
    await expect(seed()).rejects.toMatchObject({ type: 'STREAM_NOT_FOUND' });
  });
});

describe('a bounded supervisor', () => {
  const bounded = (ends: Record<string, number>) => ({
    boundedStreamConfig: {
      startSequenceNumbers: Object.fromEntries(Object.keys(ends).map((partition) => [partition, 2])),
      endSequenceNumbers: ends,
    },
  });

  test('has the partitions and starts of its spec, and sees no others', async () => {
    for (const partition of ['0', '1', '2']) world.fill(partition, 9);
    await post(bounded({ 0: 5, 2: 6 }));
    const eye = new StreamEye(world.deps.openSource);
    const spec = await readSpec(scratch.pool(), world.supervisorId, 2);
    expect(await eye.look(spec, 2)).toMatchObject({ partitions: ['0', '2'], latest: { 0: '9', 2: '9' } });
    await eye.close();
    expect(await seed()).toEqual({ seeded: 2 });
    expect(await nexts()).toEqual(['0@2', '2@2']);
    world.stream.addPartitions(1);
    expect(await seed()).toEqual({ seeded: 0 });
  });

  test('whose partition the stream does not have says so', async () => {
    await post(bounded({ 0: 5, 7: 6 }));
    await expect(seed()).rejects.toThrow(/boundedStreamConfig names partitions 7, .* it has 3/);
    const eye = new StreamEye(world.deps.openSource);
    const spec = await readSpec(scratch.pool(), world.supervisorId, 2);
    expect(await eye.look(spec, 2)).toMatchObject({ kind: 'ok', partitions: ['0'] });
    await eye.close();
    expect(await nexts()).toEqual([]);
  });
});
