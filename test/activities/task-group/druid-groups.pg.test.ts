/**
 * Druid's scenarios of groups and replicas (druid.md 6), over real rows. What Druid's supervisor finds out by asking its
 * tasks is in Postgres here, so a "new leader" is nothing but the next call of an activity.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GenerationKey } from '../../../domain/ids.ts';
import { taskIdOf } from '../../../domain/ids.ts';
import { acquireTask } from '../../../storage/attempts.ts';
import { createGeneration } from '../../../storage/generations.ts';
import { readStory } from '../../../storage/stories.ts';
import { fullReset } from '../../../storage/resets.ts';
import { nextUuid } from '../../storage/fixture.ts';
import { scratchDatabase } from '../../storage/scratch.ts';
import { ControlWorld } from '../control-world.ts';

const scratch = scratchDatabase();
let world: ControlWorld;
let key: GenerationKey;

beforeEach(async () => {
  world = await ControlWorld.open(scratch.pool(), scratch.url(), { spec: { replicas: 2 } });
  await world.run('seedPartitions', { supervisorId: world.supervisorId });
  key = await create(0, 0);
});
afterEach(() => world.close());

async function create(groupId: number, expectedGeneration: number): Promise<GenerationKey> {
  const { supervisorId } = world;
  const groups = [{ groupId, expectedGeneration }];
  const { generations } = await world.run('createGenerations', { supervisorId, groups });
  expect(generations).toMatchObject([{ kind: 'created' }]);
  return { supervisorId, groupId, generation: expectedGeneration + 1 };
}

const acquire = (taskId: string) =>
  acquireTask(scratch.pool(), { taskId, activityRun: nextUuid(), attempt: 1, workerId: 'w' });

async function replicasOf(of: GenerationKey) {
  const prepared = await world.run('prepareGroup', { key: of });
  return prepared.kind === 'ready' ? prepared.replicas : [];
}

async function fail(taskId: string, replica: number) {
  const answer = await world.run('replaceFailedTask', { key, replica, taskId, code: 'X', error: 'x' });
  if (answer.kind !== 'replaced') throw new Error(answer.kind);
  return answer.taskId;
}

describe('which tasks are a supervisor’s', () => {
  test('druid 6.9 testIsTaskCurrent: those of the rows; a group that is taken up again has the very same tasks', async () => {
    const first = await replicasOf(key);
    expect(first).toHaveLength(2);
    await acquire(first[0]!.taskId);
    expect(await replicasOf(key)).toEqual(first);
  });

  test('druid 6.9 testSequenceNameDoesNotChangeWithTaskId: a task that takes another one’s place has its sequence name', async () => {
    const taskId = await world.fixture.taskOf(key);
    const { baseSequenceName } = await world.fixture.read(key);
    const next = await fail(taskId, 0);
    expect(next).not.toBe(taskId);
    for (const id of [taskId, next]) expect(id).toBe(taskIdOf(baseSequenceName, id.slice(-8)));
  });

  test('druid 6.9 testDoNotKillCompatibleTasks: a newer spec version leaves the tasks of a running group alone', async () => {
    const before = await replicasOf(key);
    const lease = await world.fixture.attempt(key);
    await world.post({ replicas: 2, taskCount: 2 });
    expect(await replicasOf(key)).toEqual(before);
    expect(await world.fixture.progress(lease, { 0: 1, 1: 1 })).toBe('ok');
  });

  test('druid 6.9 testKillIncompatibleTasks: after a full reset no task of before can go on', async () => {
    const lease = await world.fixture.attempt(key);
    const { supervisorId } = world;
    await fullReset(scratch.pool(), { supervisorId, resetId: 'r1', why: 'test', by: 'me', positions: [] });
    expect(await world.fixture.progress(lease, { 0: 1, 1: 1 })).toBe('fenced');
    expect(await acquire(lease.taskId)).toMatchObject({ kind: 'refused', reason: 'DISCARDED' });
    expect(await world.run('prepareGroup', { key })).toMatchObject({ kind: 'discarded' });
  });

  test('druid 6.11 testKillBadPartitionAssignment: two groups never read one partition, whatever the spec says now', async () => {
    await world.post({ replicas: 2, taskCount: 2 });
    const { supervisorId } = world;
    const groups = [{ groupId: 1, expectedGeneration: 0 }];
    const { generations } = await world.run('createGenerations', { supervisorId, groups });
    expect(generations).toMatchObject([{ kind: 'refused', why: expect.stringContaining('STILL_READING') }]);
    // Once the old group has stopped reading, the new one begins where that ended.
    const lease = await world.fixture.attempt(key);
    await world.fixture.end(key, lease, { 0: 4, 1: 6 });
    const [sequence] = (await world.fixture.read(await create(1, 0))).sequences;
    expect(sequence?.starts).toEqual({ 1: '6' });
  });
});

describe('replicas', () => {
  test('druid 6.12 testReplacementSubmittedWhenPriorityTaskDiesBeforeDiscovery: lost before it was ever seen, replaced as the same replica', async () => {
    const taskId = await world.fixture.taskOf(key, 1);
    await scratch
      .pool()
      .query(`update task set state = 'FAILED', error = 'lost' where task_id = $1`, [taskId]);
    const [first, second] = await replicasOf(key);
    expect(first?.taskId).toBe(await world.fixture.taskOf(key, 0));
    expect(second).toMatchObject({ replica: 1 });
    expect(second?.taskId).not.toBe(taskId);
  });

  test('druid 6.14 testRequeueTaskWhenFailed: the next task has the same sequence, starts and window; the other replica goes on', async () => {
    const other = await world.fixture.attempt(key, { replica: 1 });
    const old = await acquire(await world.fixture.taskOf(key));
    const next = await acquire(await fail(await world.fixture.taskOf(key), 0));
    if (old.kind !== 'acquired' || next.kind !== 'acquired') throw new Error('refused');
    const asRead = ({ sequences }: typeof old.generation) =>
      sequences.map(({ sequenceId, starts, windowMinMs, windowMaxMs }) => ({
        sequenceId,
        starts,
        windowMinMs,
        windowMaxMs,
      }));
    expect(asRead(next.generation)).toEqual(asRead(old.generation));
    expect(await world.fixture.progress(other, { 0: 1, 1: 1 })).toBe('ok');
    expect(await world.fixture.progress(old.lease, { 0: 1, 1: 1 })).toBe('fenced');
  });

  test('druid 6.14 testRequeueAdoptedTaskWhenFailed: also when its workflow was lost in between', async () => {
    const taskId = await world.fixture.taskOf(key);
    await acquire(taskId);
    // The workflow begins anew from the rows, then the task fails.
    const [adopted] = await replicasOf(key);
    expect(adopted?.taskId).toBe(taskId);
    const next = await fail(taskId, 0);
    expect((await replicasOf(key))[0]?.taskId).toBe(next);
    const [line] = await readStory(scratch.pool(), world.supervisorId, { limit: 1, kinds: ['taskFailed'] });
    expect(line).toMatchObject({ taskId, details: { replacedBy: next, counted: true } });
  });
});

describe('publishing groups', () => {
  test('druid 6.16 testDiscoverExistingPublishingTask: one that publishes is followed, and the next one begins at its ends', async () => {
    const lease = await world.fixture.attempt(key);
    await world.fixture.end(key, lease, { 0: 4, 1: 6 });
    expect(await world.run('prepareGroup', { key })).toMatchObject({ kind: 'ready', endedOrdinal: 0 });
    const [sequence] = (await world.fixture.read(await create(0, 1))).sequences;
    expect(sequence).toMatchObject({ starts: { 0: '4', 1: '6' } });
    expect(sequence?.predecessorIds).toEqual([world.fixture.sequenceId(key)]);
  });

  test('druid 6.16 testDiscoverExistingPublishingTaskWithDifferentPartitionAllocation: also when the groups have changed', async () => {
    const lease = await world.fixture.attempt(key);
    await world.fixture.end(key, lease, { 0: 4, 1: 6 });
    await world.post({ replicas: 2, taskCount: 2 });
    const [left] = (await world.fixture.read(await create(0, 1))).sequences;
    const [right] = (await world.fixture.read(await create(1, 0))).sequences;
    expect([left?.starts, right?.starts]).toEqual([{ 0: '4' }, { 1: '6' }]);
  });

  test('druid 6.16 testDiscoverExistingPublishingAndReadingTask: the one that reads stays, the one that publishes is followed', async () => {
    const lease = await world.fixture.attempt(key);
    await world.fixture.end(key, lease, { 0: 4, 1: 6 });
    const second = await create(0, 1);
    const reader = await world.fixture.attempt(second);
    expect(await world.run('prepareGroup', { key })).toMatchObject({ readEndedAtMs: expect.any(Number) });
    expect(await world.run('prepareGroup', { key: second })).toMatchObject({ readEndedAtMs: null });
    expect((await world.fixture.publish(lease, key)).kind).toBe('committed');
    expect(await world.fixture.progress(reader, { 0: 9, 1: 9 })).toBe('ok');
  });
});

describe('tasks that do not answer', () => {
  const checkpoint = () => world.run('checkpointGroup', { key, final: false, ordinal: null });

  test('druid 6.17 testKillUnresponsiveTasksWhileGettingStartTime: nobody is asked; a task that never began to read is waited for, not killed', async () => {
    const taskId = await world.fixture.taskOf(key);
    await acquire(taskId);
    for (let pause = 0; pause < 3; pause += 1)
      expect(await checkpoint()).toMatchObject({ kind: 'ended', answers: 0, mute: [] });
  });

  test('druid 6.19 testKillUnresponsiveTasksWhileSettingEndOffsets: one that reads and leaves two pauses unanswered is named, and told of', async () => {
    const lease = await world.fixture.attempt(key);
    await world.fixture.progress(lease, { 0: 5, 1: 5 });
    expect(await checkpoint()).toMatchObject({ kind: 'ended', answers: 0, mute: [] });
    expect(await checkpoint()).toMatchObject({ kind: 'ended', mute: [lease.taskId] });
    expect(await checkpoint()).toMatchObject({ kind: 'ended', mute: [] });
    const [line] = await readStory(scratch.pool(), world.supervisorId, { limit: 1, kinds: ['taskLost'] });
    expect(line?.text).toBe(
      `Task ${lease.taskId} reads but has not answered 2 pauses in a row; a new attempt of it goes on from its checkpoint.`,
    );
  });

  test('druid 6.22 testResumeAllActivelyReadingTasks: a pause that somebody began and left is ended by whoever comes next', async () => {
    const lease = await world.fixture.attempt(key);
    await world.fixture.progress(lease, { 0: 5, 1: 5 });
    await world.fixture.pause(key);
    expect((await world.fixture.read(key)).control.state).toBe('pause');
    expect(await checkpoint()).toMatchObject({ kind: 'ended', ordinal: 0 });
    expect((await world.fixture.read(key)).control.state).toBe('run');
  });
});

test('druid 6.32 testCheckpointForActiveTaskGroup: the open sequence ends at the furthest positions, and the next one reads on', async () => {
  const lease = await world.fixture.attempt(key);
  await world.fixture.progress(lease, { 0: 10, 1: 0 });
  expect(await world.run('checkpointGroup', { key, final: false, ordinal: 0 })).toMatchObject({ ordinal: 0 });
  const { sequences } = await world.fixture.read(key);
  expect(sequences.map(({ state, starts, ends }) => [state, starts, ends])).toEqual([
    ['ended', { 0: '0', 1: '0' }, { 0: '10', 1: '0' }],
    ['open', { 0: '10', 1: '0' }, null],
  ]);
});

test('a generation of partitions that another one reads is refused by Postgres itself', async () => {
  const answer = await createGeneration(scratch.pool(), {
    ...world.fixture.generationInput({ groupId: 5, replicas: 1 }),
  });
  expect(answer).toMatchObject({ kind: 'refused', reason: 'STILL_READING' });
});
