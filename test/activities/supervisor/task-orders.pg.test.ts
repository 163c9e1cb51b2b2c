/** Orders to running task groups over real rows; the groups' workflows are a function that hears their signals. */
import { WorkflowNotFoundError } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CommandOutcome } from '../../../activities/supervisor/contract.ts';
import type { ControlDeps } from '../../../activities/control-deps.ts';
import type { GenerationKey } from '../../../domain/ids.ts';
import type { Verb } from '../../../domain/supervisor/commands.ts';
import { finishTask } from '../../../storage/attempts.ts';
import { readStory } from '../../../storage/stories.ts';
import { readCommand } from '../../../storage/supervisors.ts';
import { scratchDatabase } from '../../storage/scratch.ts';
import { ControlWorld } from '../control-world.ts';

const scratch = scratchDatabase();
let world: ControlWorld;
let signals: { workflowId: string; name: string; payload: unknown }[];
/** What a group does when it is told something. */
let hear: (key: GenerationKey, name: string, payload: unknown) => Promise<unknown>;

beforeEach(async () => {
  signals = [];
  hear = () => Promise.resolve();
  world = await ControlWorld.open(scratch.pool(), scratch.url(), { spec: { taskCount: 2 } });
  Object.assign(world.deps, { client: fakeClient() });
  await world.run('seedPartitions', { supervisorId: world.supervisorId });
});
afterEach(() => world.close());

function fakeClient(): ControlDeps['client'] {
  const getHandle = (workflowId: string) => ({
    signal: async (name: string, payload: unknown) => {
      signals.push({ workflowId, name, payload });
      const [, groupId, generation] = /group-(\d+)\/(\d+)$/.exec(workflowId) ?? [];
      const key = {
        supervisorId: world.supervisorId,
        groupId: Number(groupId),
        generation: Number(generation),
      };
      await hear(key, name, payload);
    },
  });
  return { workflow: { getHandle } } as unknown as ControlDeps['client'];
}

async function create(...groupIds: number[]): Promise<void> {
  const groups = groupIds.map((groupId) => ({ groupId, expectedGeneration: 0 }));
  await world.run('createGenerations', { supervisorId: world.supervisorId, groups });
}

const keyOf = (groupId: number): GenerationKey => ({
  supervisorId: world.supervisorId,
  groupId,
  generation: 1,
});

let orders = 0;

/** What the row in `command` says of it afterwards. */
async function order(
  verb: Verb,
  input: { readonly [field: string]: number[] | string },
  commandId = `order-${++orders}`,
) {
  const { supervisorId } = world;
  await world.run('applyCommand', { supervisorId, commandId, verb, by: 'alice', refusal: null, input });
  const row = await readCommand(scratch.pool(), commandId);
  return { kind: row?.state, outcome: row?.outcome as CommandOutcome };
}

/** As the workflow of a group takes a request for a checkpoint. */
const obedient: typeof hear = (key, _name, payload) =>
  world.run('checkpointGroup', {
    key,
    final: false,
    ordinal: (payload as { ordinal: number }).ordinal,
    why: 'an operator asked for it',
  });

describe('checkpoint', () => {
  test('ends the open sequence of every group that reads, and answers the ends', async () => {
    await create(0, 1);
    hear = obedient;
    const lease = await world.fixture.attempt(keyOf(0));
    await world.fixture.progress(lease, { 0: 7 });
    const { kind, outcome } = await order('checkpoint', {});
    expect(kind).toBe('done');
    expect(outcome).toEqual({
      summary: 'group 0 ended sequence 0 at 0:7; group 1 ended sequence 0 at 1:0',
      groups: [
        { groupId: 0, generation: 1, ordinal: 0, kind: 'ended', ends: { 0: '7' } },
        { groupId: 1, generation: 1, ordinal: 0, kind: 'ended', ends: { 1: '0' } },
      ],
    });
    const lines = await readStory(scratch.pool(), world.supervisorId, { limit: 9, kinds: ['checkpoint'] });
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatchObject({ groupId: 0, details: { ordinal: 0, tookMs: expect.any(Number) } });
    expect(lines[1]?.text).toMatch(
      /^Group 0 \(generation 1\) ended sequence 0 .*: an operator asked for it; ends 0:7;/,
    );
  });

  test('a repetition of the same order ends no other sequence', async () => {
    await create(0);
    const dying = vi.spyOn(world.notifications, 'listen');
    hear = async (...told) => {
      await obedient(...told);
      dying.mockRejectedValueOnce(new Error('it died'));
    };
    await expect(order('checkpoint', {}, 'same')).rejects.toThrow('it died');
    hear = obedient;
    const { outcome } = await order('checkpoint', {}, 'same');
    expect(outcome.summary).toBe('group 0 ended sequence 0 at 0:0');
    expect((await world.fixture.read(keyOf(0))).sequences).toHaveLength(2);
    expect((await readCommand(scratch.pool(), 'same'))?.state).toBe('done');
  });

  test('druid 6.32 testCheckpointForUnknownTaskGroup: an unknown group is an error that names it', async () => {
    await create(0);
    expect(await order('checkpoint', { taskGroupIds: [0, 7] })).toEqual({
      kind: 'refused',
      outcome: { summary: `supervisor ${world.supervisorId} has no task group 7; it has 0` },
    });
    expect(signals).toEqual([]);
  });

  test('druid 6.32 testCheckpointForInactiveTaskGroup: a group that does not read is left alone', async () => {
    await create(0);
    await world.run('checkpointGroup', { key: keyOf(0), final: true, ordinal: null });
    expect(await order('checkpoint', { taskGroupIds: [0] })).toEqual({
      kind: 'done',
      outcome: { summary: 'no group reads: there is nothing to checkpoint', groups: [] },
    });
    expect(signals).toEqual([]);
  });

  test('a group that does not answer in time is named; the others have their ends', async () => {
    await create(0, 1);
    hear = (key, name, payload) => {
      // Time flies while group 1 stays silent.
      if (key.groupId === 1) world.aheadMs += 60_000;
      return key.groupId === 0 ? obedient(key, name, payload) : Promise.reject(new Error('no workflow'));
    };
    const { kind, outcome } = await order('checkpoint', {});
    expect(kind).toBe('done');
    expect(outcome.summary).toMatch(
      /^group 0 ended sequence 0 at 0:0; group 1 has not ended sequence 0 within/,
    );
  });
});

describe('a group whose workflow is not there', () => {
  beforeEach(() => {
    hear = (key) => {
      world.aheadMs += 60_000;
      return Promise.reject(new WorkflowNotFoundError('not found', `group-${key.groupId}`, undefined));
    };
  });

  test('is not promised a checkpoint that nobody asked it for', async () => {
    await create(0);
    const { outcome } = await order('checkpoint', {});
    expect(outcome.summary).toMatch(/^group 0 could not be told to end sequence 0: .*; order it again then$/);
  });

  test('loses no task', async () => {
    await create(0);
    const { kind, outcome } = await order('shutdownTask', { taskId: await world.fixture.taskOf(keyOf(0)) });
    expect(kind).toBe('refused');
    expect(outcome.summary).toMatch(/could not be shut down: .*; order it again then$/);
  });
});

describe('shutdownTask', () => {
  test('tells the group, and answers which task goes on', async () => {
    await create(0);
    const taskId = await world.fixture.taskOf(keyOf(0));
    hear = (key, _name, payload) => {
      const { by } = payload as { by: string };
      const input = { key, replica: 0, taskId, code: 'TASK_SHUT_DOWN', error: '', shutDownBy: by };
      return world.run('replaceFailedTask', input);
    };
    const { kind, outcome } = await order('shutdownTask', { taskId });
    const [old, next] = (await world.fixture.read(keyOf(0))).tasks;
    expect([kind, outcome['replacedBy']]).toEqual(['done', next?.taskId]);
    expect(signals).toMatchObject([{ name: 'taskShutdownRequested', payload: { taskId, by: 'alice' } }]);
    expect(old).toMatchObject({ state: 'FAILED', error: 'Shutdown request from user', counted: false });
    const [line] = await readStory(scratch.pool(), world.supervisorId, { limit: 1, kinds: ['taskFailed'] });
    expect(line?.text).toBe(
      `Task ${taskId} was shut down by alice. Task ${next?.taskId} takes its place and goes on from its checkpoint.`,
    );
  });

  test('an unknown task, one of another supervisor, and one that is over are refused', async () => {
    await create(0);
    const taskId = await world.fixture.taskOf(keyOf(0));
    const other = await ControlWorld.open(scratch.pool(), scratch.url());
    const strange = other.run('applyCommand', {
      supervisorId: other.supervisorId,
      commandId: 'strange',
      verb: 'shutdownTask',
      by: 'bob',
      refusal: null,
      input: { taskId },
    });
    expect(await strange).toMatchObject({ kind: 'refused' });
    await other.close();
    expect(await order('shutdownTask', { taskId: 'nobody' })).toMatchObject({
      kind: 'refused',
      outcome: { summary: `supervisor ${world.supervisorId} has no task nobody` },
    });
    await finishTask(scratch.pool(), { taskId, state: 'SUCCESS', error: null, counted: false });
    expect(await order('shutdownTask', { taskId })).toMatchObject({
      kind: 'refused',
      outcome: { summary: `task ${taskId} is SUCCESS already` },
    });
    expect(signals).toEqual([]);
  });
});
