/** A supervisor's whole life over mock activities on a real Temporal server. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HeadgateError } from '../../domain/errors.ts';
import {
  autoscaleUpdate,
  getSpecQuery,
  getStatsQuery,
  getStatusQuery,
  handoffTaskGroupsSignal,
  handoffTaskGroupsUpdate,
  resetOffsetsUpdate,
  resetSignal,
  resumeSignal,
  runNoticeSignal,
  suspendUpdate,
  terminateSignal,
} from '../../workflows/contract.ts';
import { fromFailure, toApplicationFailure } from '../../workflows/failure.ts';
import type { supervisorWorkflow } from '../../workflows/supervisor.ts';
import { waitFor } from '../support/wait-for.ts';
import { eventsOf, openHarness, workflowBundle } from './support/harness.ts';
import type { Harness } from './support/harness.ts';
import { World } from './support/world.ts';

let harness: Harness;
let world: World;

beforeAll(async () => void (await workflowBundle()), 120_000);
beforeEach(async () => {
  harness = await openHarness('sup');
});
afterEach(() => harness.close());

type StartOptions = {
  partitions?: number;
  taskCount?: number;
  replicas?: number;
  rolloverEvents?: number;
  prepare?: (world: World) => void;
};

async function start(options: StartOptions = {}) {
  world = new World(harness.supervisorId, options.partitions ?? 2);
  world.taskCount = options.taskCount ?? 1;
  world.replicas = options.replicas ?? 1;
  options.prepare?.(world);
  await harness.runWorkers(world);
  return begin(options);
}

function begin(options: StartOptions = {}) {
  const { rolloverEvents } = options;
  return harness.client.workflow.start<typeof supervisorWorkflow>('supervisorWorkflow', {
    workflowId: harness.workflowId,
    taskQueue: harness.queues.control,
    args: [
      { kind: 'start', spec: { id: harness.supervisorId }, ...(rolloverEvents ? { rolloverEvents } : {}) },
    ],
  });
}

const states = () => world.generations.map((entry) => `${entry.groupId}/${entry.generation} ${entry.state}`);
const until = (what: string, ready: () => boolean) => waitFor(ready, { what, timeoutMs: 40_000 });
const reads = (...refs: string[]) =>
  until(
    `${refs.join(', ')} reading`,
    () => refs.every((ref) => states().includes(`${ref} reading`)) && world.ingests.length >= refs.length,
  );
const stats = async () =>
  (await harness.client.workflow.getHandle(harness.workflowId).query(getStatsQuery)) as Record<
    string,
    Record<string, number>
  >;

describe('a supervisor', () => {
  test('seeds, creates a generation per group, starts its workflow and ingests', async () => {
    const handle = await start({ partitions: 4, taskCount: 2 });
    await reads('0/1', '1/1');
    expect(states()).toEqual(['0/1 reading', '1/1 reading']);
    expect(world.generations.map((entry) => entry.partitions)).toEqual([
      ['0', '2'],
      ['1', '3'],
    ]);
    await until('RUNNING', () => world.status?.detailedState === 'RUNNING');
    expect(await handle.query(getStatusQuery)).toMatchObject({
      state: 'RUNNING',
      healthy: true,
      suspended: false,
    });
    expect(await handle.query(getSpecQuery)).toMatchObject({
      supervisorId: harness.supervisorId,
      specVersion: 1,
    });
    expect(world.statuses).not.toContain('UNHEALTHY_SUPERVISOR');
    const { searchAttributes } = await handle.describe();
    expect(searchAttributes['HeadgateSupervisor']).toEqual([harness.supervisorId]);
    expect(searchAttributes['HeadgateDataSource']).toEqual(['clicks']);
    expect(searchAttributes['HeadgateState']).toEqual(['RUNNING']);
  });

  test('a wrong workflow id ends it, naming both', async () => {
    world = new World(harness.supervisorId, 1);
    await harness.runWorkers(world);
    const handle = await harness.client.workflow.start<typeof supervisorWorkflow>('supervisorWorkflow', {
      workflowId: `${harness.workflowId}x`,
      taskQueue: harness.queues.control,
      args: [{ kind: 'start', spec: { id: harness.supervisorId } }],
    });
    const failure = await handle.result().then(() => null, fromFailure);
    expect(failure).toMatchObject({ code: 'SUPERVISOR_ID_MISMATCH' });
    expect(failure?.message).toContain(`${harness.workflowId}x, expected ${harness.workflowId}`);
  });

  test('an order that cannot be carried out is refused, and those after it are worked on', async () => {
    const handle = await start({
      prepare: (w) => {
        w.orderFails = ({ verb }) =>
          verb === 'reset'
            ? toApplicationFailure(new HeadgateError('SPEC_INVALID', 'stored by another program'))
            : null;
      },
    });
    await reads('0/1');
    await handle.signal(resetSignal, { commandId: 'r' });
    await handle.signal(terminateSignal, { commandId: 't' });
    expect(await handle.result()).toMatch(/is terminated$/);
    expect(world.commands.map(({ commandId, refusal }) => [commandId, refusal?.message ?? null])).toEqual([
      ['r', null],
      ['r', 'reset failed: stored by another program'],
      ['t', null],
    ]);
  });

  test('taskDuration over: the next generation reads before the last one is published', async () => {
    await start({ prepare: (w) => Object.assign(w, { taskDurationMs: 1_000, publishGate: false }) });
    await reads('0/1');
    await until('0/2', () => states().join() === '0/1 publishing,0/2 reading' && world.ingests.length === 2);
    world.taskDurationMs = 3_600_000;
    await until('0/3', () => states().includes('0/3 reading'));
    world.publishGate = true;
    world.changed();
    await until('published', () =>
      states()
        .slice(0, 2)
        .every((state) => state.endsWith('published')),
    );
    await waitFor(async () => (await stats())['counters']?.['generationsPublished'] === 2, {
      what: 'two reports',
    });
    expect(world.generations[0]!.tasks.map((task) => task.state)).toEqual(['SUCCESS']);
  });

  test('at most three unpublished generations, and the status says why it waits', async () => {
    await start({ prepare: (w) => Object.assign(w, { taskDurationMs: 1_000, publishGate: false }) });
    await until('three', () => states().join() === '0/1 publishing,0/2 publishing,0/3 publishing');
    await until('the reason', () =>
      (world.status?.reason ?? '').startsWith('group 0 waits: 3 generations are read'),
    );
    expect(world.generations).toHaveLength(3);
    world.taskDurationMs = 3_600_000;
    world.publishGate = true;
    world.changed();
    await reads('0/4');
  });

  test('a task that fails for good is replaced, counted, and unhealthy after three in a row', async () => {
    await start({
      prepare: (w) => {
        w.onIngest = (_input, call) => {
          if (call <= 3) throw toApplicationFailure(new HeadgateError('PARSE_LIMIT_EXCEEDED', 'too many'));
          return null;
        };
      },
    });
    await until('UNHEALTHY_TASKS', () => world.statuses.includes('UNHEALTHY_TASKS'));
    expect(world.status?.remedy).toContain('sys.tasks');
    await until('the fourth', () => world.ingests.length === 4);
    expect(world.ingests.map((input) => input.taskId)).toEqual([
      'g0_1_r0_a',
      'g0_1_r0_aa',
      'g0_1_r0_aaa',
      'g0_1_r0_aaaa',
    ]);
    expect(world.generations).toHaveLength(1);
  });

  test('what can be tried again is a new attempt of the same task, and nobody hears of it', async () => {
    let attempts = 0;
    await start({
      prepare: (w) => {
        w.onIngest = () => {
          attempts += 1;
          if (attempts === 1) throw toApplicationFailure(new HeadgateError('WORKER_SHUTDOWN', 'stopping'));
          return null;
        };
      },
    });
    await until('the second attempt', () => attempts === 2);
    expect(new Set(world.ingests.map((input) => input.taskId)).size).toBe(1);
    expect((await stats())['counters']?.['tasksFailed']).toBe(0);
  });

  test('completionTimeout: first a new attempt of the same task, then the generation is discarded and read again', async () => {
    await start({
      prepare: (w) =>
        Object.assign(w, { taskDurationMs: 1_000, completionTimeoutMs: 2_000, publishGate: false }),
    });
    await until('0/1 discarded', () => states().includes('0/1 discarded'));
    const calls = world.ingests.filter((input) => input.generation === 1);
    expect(calls.map((input) => input.taskId)).toEqual(['g0_1_r0_a', 'g0_1_r0_a']);
    expect(world.generations[0]!.why).toBe('completionTimeout of 2 s passed twice without a publish');
    await until(
      'the task to be closed',
      () => world.generations[0]!.tasks.map((task) => task.state).join() === 'FAILED',
    );
    await waitFor(async () => ((await stats())['counters']?.['generationsDiscarded'] ?? 0) > 0, {
      what: 'the report',
    });
  });

  test('stale without a published sibling is discarded at once', async () => {
    await start({
      prepare: (w) => {
        w.onIngest = (_input, call) => {
          if (call === 1) throw toApplicationFailure(new HeadgateError('PUBLISH_STALE', 'moved on'));
          return null;
        };
      },
    });
    await reads('0/2');
    expect(world.generations[0]).toMatchObject({ state: 'discarded', why: 'moved on' });
  });

  test('a failed task that cannot be replaced for good: the generation is discarded, its workflow does not hang', async () => {
    await start({
      prepare: (w) => {
        w.onIngest = (_input, call) => {
          if (call === 1) throw toApplicationFailure(new HeadgateError('PARSE_LIMIT_EXCEEDED', 'too many'));
          return null;
        };
        w.onReplace = () => {
          throw toApplicationFailure(new HeadgateError('INVARIANT_VIOLATED', 'nothing is left to replace'));
        };
      },
    });
    await reads('0/2');
    expect(world.generations[0]).toMatchObject({ state: 'discarded' });
    expect(world.generations[0]?.why).toContain('nothing is left to replace');
  });

  test('suspend and resume by update: groups are finished, none created, then a new one', async () => {
    const handle = await start();
    await reads('0/1');
    const answer = await handle.executeUpdate(suspendUpdate, {
      args: [{ by: 'ops' }],
      updateId: 'suspend-1',
    });
    expect(answer).toEqual({ kind: 'accepted', commandId: 'suspend-1' });
    await until('published', () => states().join() === '0/1 published');
    await until('SUSPENDED', () => world.status?.detailedState === 'SUSPENDED');
    expect(world.status?.suspended).toBe(true);
    expect(await handle.executeUpdate(suspendUpdate, { args: [{ commandId: 'suspend-1' }] })).toEqual({
      kind: 'duplicate',
      commandId: 'suspend-1',
    });
    await handle.signal(resumeSignal, { commandId: 'resume-1' });
    await reads('0/2');
    expect(world.commands.map((command) => [command.commandId, command.verb])).toEqual([
      ['suspend-1', 'suspend'],
      ['resume-1', 'resume'],
    ]);
    await until('RUNNING', () => world.status?.detailedState === 'RUNNING');
  });

  test('terminate finishes what reads, and the workflow ends', async () => {
    const handle = await start({ partitions: 2, taskCount: 2 });
    await reads('0/1', '1/1');
    await handle.signal(terminateSignal, {});
    await until('STOPPING', () => world.statuses.includes('STOPPING'));
    expect(await handle.result()).toBe(`supervisor ${harness.supervisorId} is terminated`);
    expect(states()).toEqual(['0/1 published', '1/1 published']);
    expect(world.terminatedDone).toBe(true);
  });

  test('posted again while it stops: it carries on as a new supervisor, with the next generation', async () => {
    await start({ prepare: (w) => void (w.publishGate = false) });
    await reads('0/1');
    const handle = harness.client.workflow.getHandle(harness.workflowId);
    await handle.signal(terminateSignal, {});
    await until('0/1 publishing', () => states().includes('0/1 publishing'));
    Object.assign(world, { version: world.version + 1, desired: 'running', publishGate: true });
    await handle.signal(runNoticeSignal, {});
    await reads('0/2');
    await until('RUNNING again', () => world.status?.detailedState === 'RUNNING');
    expect((await handle.describe()).status.name).toBe('RUNNING');
  });

  test('a spec of the same id: groups finish under the old version, the next ones read under the new', async () => {
    const handle = await start({ partitions: 4 });
    await reads('0/1');
    Object.assign(world, { version: 2, taskCount: 2 });
    world.changed();
    await handle.signal(runNoticeSignal, {});
    await reads('0/2', '1/1');
    expect(
      world.generations.map((entry) => [
        entry.groupId,
        entry.generation,
        entry.specVersion,
        entry.partitions,
      ]),
    ).toEqual([
      [0, 1, 1, ['0', '1', '2', '3']],
      [0, 2, 2, ['0', '2']],
      [1, 1, 2, ['1', '3']],
    ]);
  });

  test('added partitions are seeded, and their groups handed off at once', async () => {
    await start({ partitions: 2, taskCount: 2 });
    await reads('0/1', '1/1');
    world.partitions = [...world.partitions, '2'];
    world.changed();
    await reads('0/2');
    expect(states()).toContain('1/1 reading');
    expect(world.find({ supervisorId: '', groupId: 0, generation: 2 }).partitions).toEqual(['0', '2']);
  });

  test('handoffTaskGroups finishes the groups named and no others', async () => {
    const handle = await start({ partitions: 2, taskCount: 2 });
    await reads('0/1', '1/1');
    await handle.executeUpdate(handoffTaskGroupsUpdate, { args: [{ taskGroupIds: [1] }] });
    await reads('1/2');
    expect(states()).toEqual(['0/1 reading', '1/1 published', '1/2 reading']);
  });

  test('an order with a wrong input: the update is refused without a trace, the signal recorded as refused', async () => {
    const handle = await start();
    await reads('0/1');
    const before = (await eventsOf(harness.client, harness.workflowId)).length;
    for (const update of [autoscaleUpdate, resetOffsetsUpdate]) {
      const refusal = await handle.executeUpdate(update as typeof resetOffsetsUpdate, { args: [{}] }).then(
        () => null,
        (error: Error) => fromFailure(error),
      );
      expect(refusal).toMatchObject({ code: 'REQUEST_INVALID' });
    }
    const malformed = await handle
      .executeUpdate(handoffTaskGroupsUpdate, { args: [{ taskGroupIds: [] }] })
      .then(
        () => null,
        (error: Error) => fromFailure(error),
      );
    expect(malformed).toMatchObject({ code: 'REQUEST_INVALID' });
    expect((await eventsOf(harness.client, harness.workflowId)).length - before).toBeLessThan(5);
    await handle.signal('autoscale', { commandId: 'scale-1' } as never);
    await until('the record', () => world.commands.length === 1);
    expect(world.commands[0]).toMatchObject({ commandId: 'scale-1', refusal: { code: 'REQUEST_INVALID' } });
    expect(world.status?.healthy).toBe(true);
  });

  test('signals with nonsense in them do not stop it', async () => {
    const handle = await start();
    await reads('0/1');
    await handle.signal('suspend', 'x' as never);
    await handle.signal('handoffTaskGroups', { taskGroupIds: 'all' } as never);
    await handle.signal('nobodyKnowsThis', 1);
    await handle.signal('taskGroupReported', null as never);
    await until('two refusals', () => world.commands.length === 2);
    expect(world.commands.map((command) => command.refusal?.code)).toEqual([
      'REQUEST_INVALID',
      'REQUEST_INVALID',
    ]);
    expect((await handle.query(getStatusQuery)).state).toBe('RUNNING');
  });

  test('a stream that cannot be reached is told, and heals by itself', async () => {
    await start({ prepare: (w) => void (w.stream.ok = false) });
    await until('UNABLE', () => world.statuses.includes('UNABLE_TO_CONNECT_TO_STREAM'));
    expect(world.status).toMatchObject({ healthy: false, reason: 'the broker does not answer' });
    world.stream = { ...world.stream, ok: true };
    world.changed();
    await reads('0/1');
    await until('RUNNING', () => world.status?.detailedState === 'RUNNING');
  });

  test('a re-created topic is unhealthy within a period, with ids and remedy', async () => {
    await start();
    await reads('0/1');
    world.stream = { ok: true, identity: 'topic-2' };
    world.changed();
    await until('UNHEALTHY', () => world.status?.detailedState === 'UNHEALTHY_SUPERVISOR');
    expect(world.status?.reason).toContain('its id was topic-1 and is now topic-2');
    expect(world.status?.remedy).toContain('reset');
  });

  test('a task group that somebody terminated is started again', async () => {
    await start();
    await reads('0/1');
    const group = harness.client.workflow.getHandle(`${harness.workflowId}/group-0/1`);
    await group.terminate('by hand');
    await until('the second life', () => world.ingests.length === 2);
    expect(states()).toEqual(['0/1 reading']);
  });

  test('a supervisor that somebody terminated adopts its groups when it starts again', async () => {
    const first = await start();
    await reads('0/1');
    await first.terminate('by hand');
    await begin();
    await until('adopted', () => world.looks > 3 && world.status?.detailedState === 'RUNNING');
    expect(states()).toEqual(['0/1 reading']);
    expect(world.ingests).toHaveLength(1);
    await harness.client.workflow
      .getHandle(harness.workflowId)
      .signal(handoffTaskGroupsSignal, { taskGroupIds: [0] });
    await reads('0/2');
  });

  test('a cancellation by hand is not obeyed', async () => {
    const handle = await start();
    await reads('0/1');
    await handle.cancel();
    await harness.client.workflow.getHandle(`${harness.workflowId}/group-0/1`).cancel();
    await handle.signal(handoffTaskGroupsSignal, { taskGroupIds: [0] });
    await reads('0/2');
    expect((await handle.describe()).status.name).toBe('RUNNING');
  });
});

describe('history', () => {
  test('orders under load over many lives: none lost, none applied twice', async () => {
    const handle = await start({ rolloverEvents: 40 });
    await reads('0/1');
    const ids = Array.from({ length: 120 }, (_, index) => `order-${index}`);
    await Promise.all(
      [0, 1, 2, 3].map(async (lane) => {
        for (const [index, commandId] of ids.entries()) {
          if (index % 4 !== lane) continue;
          const input = { commandId, taskGroupIds: [9] };
          if (index % 3 === 0) await updatePatiently(handle, input);
          else await handle.signal(handoffTaskGroupsSignal, input);
        }
      }),
    );
    await waitFor(() => new Set(world.commands.map((command) => command.commandId)).size === ids.length, {
      what: 'every order',
      timeoutMs: 60_000,
    });
    await waitFor(async () => (await stats())['counters']?.['commands'] === ids.length, {
      what: 'every order counted',
    });
    expect(world.commands).toHaveLength(ids.length);
    expect((await stats())['counters']?.['lives']).toBeGreaterThan(2);
    expect(states()).toEqual(['0/1 reading']);
  });

  test('reports of groups over many lives: every publish is counted once', async () => {
    await start({ rolloverEvents: 60, prepare: (w) => void (w.taskDurationMs = 1_000) });
    await until(
      'six generations',
      () => world.generations.filter((entry) => entry.state === 'published').length >= 6,
    );
    world.taskDurationMs = 3_600_000;
    const published = () => world.generations.filter((entry) => entry.state === 'published').length;
    await waitFor(async () => (await stats())['counters']?.['generationsPublished'] === published(), {
      what: 'as many reports as publishes',
      timeoutMs: 30_000,
    });
    expect((await stats())['counters']?.['lives']).toBeGreaterThan(1);
    expect(states().filter((state) => state.endsWith('reading'))).toHaveLength(1);
  });

  test('a steady supervisor: at most 60 events an hour, by a watch that lasts 3 s instead of 15 minutes', async () => {
    await start({ prepare: (w) => void (w.watchLimitMs = 3_000) });
    await reads('0/1');
    await until('RUNNING', () => world.status?.detailedState === 'RUNNING');
    const watchesOf = async () => {
      const { events } = await harness.client.workflow.getHandle(harness.workflowId).fetchHistory();
      const types = (events ?? []).map(
        (event) => event.activityTaskScheduledEventAttributes?.activityType?.name,
      );
      return { events: (events ?? []).length, watches: types.filter((name) => name === 'watch').length };
    };
    const before = await watchesOf();
    const after = await waitFor(
      async () => {
        const seen = await watchesOf();
        return seen.watches >= before.watches + 4 ? seen : null;
      },
      { what: 'four more watches', timeoutMs: 40_000 },
    );
    const perWatch = (after.events - before.events) / (after.watches - before.watches);
    // Four watches an hour: what is left of 60 is for one rollover of a group at taskDuration PT1H.
    expect(perWatch * 4).toBeLessThanOrEqual(26);
  });

  test('a rollover of one group costs a supervisor at most 34 events', async () => {
    await start({ prepare: (w) => void (w.taskDurationMs = 3_000) });
    await until('four', () => world.generations.length >= 4);
    const { events } = await harness.client.workflow.getHandle(harness.workflowId).fetchHistory();
    const starts = (events ?? []).flatMap((event, index) =>
      event.startChildWorkflowExecutionInitiatedEventAttributes ? [index] : [],
    );
    const perRollover = starts.slice(2).map((at, index) => at - starts[index + 1]!);
    expect(Math.max(...perRollover)).toBeLessThanOrEqual(34);
  });
});

/** What the API does: gRPC code 9 is seen at a rollover although the update may have been applied; the same id is sent again. */
async function updatePatiently(
  handle: Awaited<ReturnType<typeof begin>>,
  input: { commandId: string; taskGroupIds: number[] },
): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await handle.executeUpdate(handoffTaskGroupsUpdate, { args: [input], updateId: input.commandId });
      return;
    } catch (error) {
      if (tries > 20 || fromFailure(error).code !== 'INTERNAL') throw error;
    }
  }
}
