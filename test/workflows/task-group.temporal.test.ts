/** Task group workflows over mock activities on a real Temporal server; each history is replayed at once. */
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkpointReasons } from '../../domain/task-group/state.ts';
import type { supervisorWorkflow } from '../../workflows/supervisor.ts';
import { waitFor } from '../support/wait-for.ts';
import { fetchHistory, keepHistory } from './support/histories.ts';
import { openHarness, workflowBundle } from './support/harness.ts';
import type { Harness } from './support/harness.ts';
import { World } from './support/world.ts';

let harness: Harness;
let world: World;

beforeAll(async () => void (await workflowBundle()), 120_000);
beforeEach(async () => {
  harness = await openHarness('group');
});
afterEach(() => harness.close());

async function start(changes: Partial<World> & { partitions?: string[] } = {}) {
  world = new World(harness.supervisorId, 2);
  Object.assign(world, changes);
  await harness.runWorkers(world);
  const handle = await harness.client.workflow.start<typeof supervisorWorkflow>('supervisorWorkflow', {
    workflowId: harness.workflowId,
    taskQueue: harness.queues.control,
    args: [{ kind: 'start', spec: { id: harness.supervisorId } }],
  });
  const calls = world.taskCount * world.replicas;
  await until('reading', () => world.ingests.length >= calls);
  return handle;
}

const until = (what: string, ready: () => boolean) => waitFor(ready, { what, timeoutMs: 40_000 });
const groupId = (group = 0, generation = 1) => `${harness.workflowId}/group-${group}/${generation}`;
const group = (...ref: [number?, number?]) => harness.client.workflow.getHandle(groupId(...ref));
const states = () => world.generations.map((entry) => `${entry.groupId}/${entry.generation} ${entry.state}`);

async function replays(workflowId: string, name: string): Promise<void> {
  const history = await fetchHistory(harness.client, workflowId);
  const replayed = Worker.runReplayHistories({ workflowBundle: await workflowBundle() }, [
    { workflowId, history: historyFromJSON(history) },
  ]);
  for await (const replay of replayed) expect(replay.error).toBeUndefined();
  if (process.env['RECORD_HISTORIES']) keepHistory(name, workflowId, history);
}

describe('an operator shuts a task down', () => {
  test('it is replaced at once, by the same replica, and not counted; its sibling reads on', async () => {
    await start({ replicas: 2 });
    const [victim, sibling] = world.generations[0]!.tasks.map((task) => task.taskId);
    await group().signal('taskShutdownRequested', { taskId: victim, by: 'alice' });
    await until('the next task', () => world.ingests.length === 3);
    expect(world.ingests[2]).toMatchObject({ replica: 0, taskId: `${victim}a` });
    expect(world.replaced).toMatchObject([
      { taskId: victim, shutDownBy: 'alice', error: 'shut down by alice' },
    ]);
    expect(world.ingests.filter(({ taskId }) => taskId === sibling)).toHaveLength(1);
    await group().signal('finish', { why: 'test' });
    await group().result();
    await replays(groupId(), 'group-task-shut-down');
  });

  test('a task it does not know, and nonsense, change nothing', async () => {
    await start();
    await group().signal('taskShutdownRequested', { taskId: 'nobody', by: 'alice' });
    await group().signal('taskShutdownRequested', null);
    await group().signal('taskShutdownRequested', { taskId: 7 });
    await group().signal('checkpointRequested');
    await group().signal('checkpointRequested', { ordinal: '0', reason: 'rows' });
    await group().signal('checkpointRequested', { ordinal: 0, reason: 'toString' });
    await group().signal('finish', { why: 'test' });
    await group().result();
    expect(world.replaced).toEqual([]);
    expect(world.generations[0]!.state).toBe('published');
  });
});

describe('a replica that leaves pauses unanswered', () => {
  test('druid 6.19 testKillUnresponsiveTasksWhileSettingEndOffsets: it gets a new attempt, its sibling reads on', async () => {
    await start({ replicas: 2 });
    const [mute, sibling] = world.generations[0]!.tasks.map((task) => task.taskId);
    world.mute = [mute!];
    await group().signal('checkpointRequested', { ordinal: 0, reason: 'operator' });
    await until('a new attempt', () => world.ingests.filter(({ taskId }) => taskId === mute).length === 2);
    expect(world.ingests.filter(({ taskId }) => taskId === sibling)).toHaveLength(1);
    expect(world.replaced).toEqual([]);
    expect(world.checkpoints).toMatchObject([{ final: false, ordinal: 0, why: checkpointReasons.operator }]);
    await group().signal('finish', { why: 'test' });
    await group().result();
    await replays(groupId(), 'group-mute-replica');
  });
});

describe('a group that has only just begun', () => {
  test('an operator’s checkpoint is kept until the rows are read', async () => {
    await start({
      onPrepare: () => group().signal('checkpointRequested', { ordinal: 0, reason: 'operator' }),
    });
    await until('the checkpoint', () => world.checkpoints.length === 1);
    expect(world.checkpoints).toMatchObject([{ final: false, ordinal: 0, why: checkpointReasons.operator }]);
    await group().signal('finish');
    await group().result();
    expect(world.checkpoints).toMatchObject([{}, { final: true, why: 'it was told to, without a reason' }]);
  });
});

describe('the end of reading', () => {
  test('a bounded group ends when a replica is at its bounds, long before taskDuration', async () => {
    await start();
    await group().signal('checkpointRequested', { ordinal: 0, reason: 'bound' });
    expect(await group().result()).toMatchObject({ kind: 'published' });
    expect(world.checkpoints).toMatchObject([{ final: true, ordinal: null, why: checkpointReasons.bound }]);
    await replays(groupId(), 'group-bounded');
  });

  test('with stopTaskCount a group outlives its taskDuration until the supervisor says when', async () => {
    await start({ taskDurationMs: 1_000, stopsItself: false });
    const { startTime } = await group().describe();
    await until('two taskDurations', () => Date.now() - startTime.getTime() > 3_000);
    expect(world.checkpoints).toEqual([]);
    await group().signal('finish', { why: 'its turn has come' });
    expect(await group().result()).toMatchObject({ kind: 'published' });
    expect(world.checkpoints).toMatchObject([{ final: true, why: 'its turn has come' }]);
    await replays(groupId(), 'group-told-to-stop');
  });

  test('druid 6.26 testSupervisorStopTaskGroupEarly: groups 0 and 1 handed off early: every running task id changes', async () => {
    const handle = await start({ taskCount: 2 });
    const before = new Set(world.ingests.map(({ taskId }) => taskId));
    await handle.executeUpdate('handoffTaskGroups', { args: [{ taskGroupIds: [0, 1] }] });
    await until('the next generations', () =>
      ['0/1 published', '1/1 published', '0/2 reading', '1/2 reading'].every((state) =>
        states().includes(state),
      ),
    );
    await until('their tasks', () => world.ingests.length === 4);
    expect(world.ingests.slice(2).some(({ taskId }) => before.has(taskId))).toBe(false);
  });
});
