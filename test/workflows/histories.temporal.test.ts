/**
 * Records one history per main path and replays it at once. With RECORD_HISTORIES=1 they are kept as fixtures: do that
 * when a released workflow version gets new paths, never to make `replay.test.ts` green again.
 */
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { HeadgateError } from '../../domain/errors.ts';
import { toApplicationFailure } from '../../workflows/failure.ts';
import { waitFor } from '../support/wait-for.ts';
import { fetchHistory, keepHistory } from './support/histories.ts';
import { openHarness, workflowBundle } from './support/harness.ts';
import type { Harness } from './support/harness.ts';
import { World } from './support/world.ts';

let harness: Harness;
let world: World;

beforeAll(async () => void (await workflowBundle()), 120_000);
beforeEach(async () => {
  harness = await openHarness('hist');
  world = new World(harness.supervisorId, 4);
  world.taskCount = 2;
  await harness.runWorkers(world);
});
afterEach(() => harness.close());

const until = (what: string, ready: () => boolean) => waitFor(ready, { what, timeoutMs: 60_000 });
const published = () => world.generations.filter((entry) => entry.state === 'published').length;

async function start(rolloverEvents: number) {
  return harness.client.workflow.start('supervisorWorkflow', {
    workflowId: harness.workflowId,
    taskQueue: harness.queues.control,
    args: [{ kind: 'start', spec: { id: harness.supervisorId }, rolloverEvents }],
  });
}

async function check(name: string, workflowId: string, runId?: string): Promise<void> {
  const history = await fetchHistory(harness.client, workflowId, runId);
  const replays = Worker.runReplayHistories({ workflowBundle: await workflowBundle() }, [
    { workflowId, history: historyFromJSON(history) },
  ]);
  for await (const replay of replays) expect(replay.error).toBeUndefined();
  if (process.env['RECORD_HISTORIES']) keepHistory(name, workflowId, history);
}

test('a whole life: rollover, failure, orders, suspend, resume, terminate', async () => {
  let failed = false;
  world.onIngest = () => {
    if (failed) return null;
    failed = true;
    throw toApplicationFailure(new HeadgateError('PARSE_LIMIT_EXCEEDED', 'too many'));
  };
  const handle = await start(2_000);
  await until('three calls', () => world.ingests.length >= 3);
  await handle.signal('handoffTaskGroups', { taskGroupIds: [0] });
  await until('0/2', () => world.generations.some((entry) => entry.groupId === 0 && entry.generation === 2));
  await handle.signal('reset', { commandId: 'reset-1' });
  await handle.executeUpdate('suspend', { args: [{}] });
  await until('all published', () => published() === world.generations.length);
  await handle.executeUpdate('resume', { args: [{}] });
  await until('reading again', () => world.live().length === 2 && world.ingests.length >= 6);
  await handle.signal('terminate', {});
  await handle.result();
  await check('supervisor-whole-life', harness.workflowId);
  await check('group-failed-task-replaced', `${harness.workflowId}/group-0/1`);
  await check('group-published', `${harness.workflowId}/group-1/1`);
});

test('a life that continues as new, and the next one', async () => {
  world.taskDurationMs = 1_000;
  const handle = await start(60);
  await until('many generations', () => published() >= 6);
  const first = handle.firstExecutionRunId;
  await check('supervisor-continued-as-new', harness.workflowId, first);
  await check('supervisor-next-life', harness.workflowId);
});

test('a group whose completionTimeout passes twice', async () => {
  Object.assign(world, { taskDurationMs: 1_000, completionTimeoutMs: 1_000, publishGate: false });
  await start(2_000);
  await until('discarded', () => world.generations[0]?.tasks[0]?.state === 'FAILED');
  const group = `${harness.workflowId}/group-0/1`;
  await harness.client.workflow.getHandle(group).result();
  await check('group-discarded', group);
});
