/** The activities of a task group over real rows: what a lost or restarted workflow goes on from. */
import { beforeEach, afterEach, describe, expect, test } from 'vitest';
import type { GenerationKey } from '../../../domain/ids.ts';
import { answerPause, readControl } from '../../../storage/control.ts';
import { finishTask } from '../../../storage/attempts.ts';
import { waitFor } from '../../support/wait-for.ts';
import { positions } from '../../storage/fixture.ts';
import { scratchDatabase } from '../../storage/scratch.ts';
import { ControlWorld } from '../control-world.ts';

const scratch = scratchDatabase();
let world: ControlWorld;
let key: GenerationKey;

beforeEach(async () => {
  world = await ControlWorld.open(scratch.pool(), scratch.url(), { spec: { replicas: 2 } });
  await world.run('seedPartitions', { supervisorId: world.supervisorId });
  key = await create(0);
});
afterEach(() => world.close());

async function create(expectedGeneration: number): Promise<GenerationKey> {
  const groups = [{ groupId: 0, expectedGeneration }];
  const { generations } = await world.run('createGenerations', { supervisorId: world.supervisorId, groups });
  expect(generations).toMatchObject([{ kind: 'created' }]);
  return { supervisorId: world.supervisorId, groupId: 0, generation: expectedGeneration + 1 };
}

const checkpoint = (final = false, ordinal: number | null = null) =>
  world.run('checkpointGroup', { key, final, ordinal });

/** Answers every pause of the generation at `at`, as a replica does, until `stop`. */
function answering(lease: Parameters<typeof answerPause>[1], at: Record<string, number>) {
  let stopped = false;
  let paused = 0;
  const running = (async () => {
    let answered = -1;
    while (!stopped) {
      const control = await readControl(scratch.pool(), key);
      if (control?.state === 'pause' && control.requestNo !== answered) {
        paused += 1;
        await answerPause(scratch.pool(), lease, { requestNo: control.requestNo, positions: positions(at) });
        answered = control.requestNo;
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  return {
    get paused() {
      return paused;
    },
    stop: async () => {
      stopped = true;
      await running;
    },
  };
}

describe('prepareGroup', () => {
  test('a new generation: its tasks, nothing started', async () => {
    expect(await world.run('prepareGroup', { key })).toMatchObject({
      kind: 'ready',
      stream: 'clicks',
      settings: { taskDurationMs: 3_600_000, completionTimeoutMs: 1_800_000 },
      replicas: [{ replica: 0 }, { replica: 1 }],
      startedAtMs: null,
      endedOrdinal: -1,
      readEndedAtMs: null,
    });
  });

  test('one whose workflow was lost while it published', async () => {
    const lease = await world.fixture.attempt(key);
    await world.fixture.end(key, lease, { 0: 3, 1: 0 });
    const prepared = await world.run('prepareGroup', { key });
    expect(prepared).toMatchObject({ kind: 'ready', endedOrdinal: 0 });
    if (prepared.kind !== 'ready') throw new Error('not ready');
    expect(prepared.startedAtMs).not.toBeNull();
    expect(prepared.readEndedAtMs).not.toBeNull();
  });

  test('taskDuration counts from the first attempt, however long it waited for a slot', async () => {
    await scratch.pool().query("update task_group set created_at = created_at - interval '2 hours'");
    await world.fixture.attempt(key);
    const prepared = await world.run('prepareGroup', { key });
    if (prepared.kind !== 'ready') throw new Error('not ready');
    expect(prepared.startedAtMs).toBeGreaterThan(Date.now() - 60_000);
  });

  test('a replica that failed without a successor gets one, the same at every try', async () => {
    const taskId = await world.fixture.taskOf(key, 1);
    await finishTask(scratch.pool(), { taskId, state: 'FAILED', error: 'x', counted: true });
    const first = await world.run('prepareGroup', { key });
    const again = await world.run('prepareGroup', { key });
    if (first.kind !== 'ready' || again.kind !== 'ready') throw new Error('not ready');
    expect(first.replicas[1]!.taskId).not.toBe(taskId);
    expect(again.replicas).toEqual(first.replicas);
  });

  test('published, discarded, unknown', async () => {
    await world.run('discardGroup', { key, why: 'test' });
    expect(await world.run('prepareGroup', { key })).toEqual({ kind: 'discarded', why: 'test' });
    const second = await create(1);
    const lease = await world.fixture.attempt(second);
    await world.fixture.end(second, lease, { 0: 0, 1: 0 });
    await world.fixture.publish(lease, second);
    expect(await world.run('prepareGroup', { key: second })).toEqual({ kind: 'published' });
    expect(await world.run('prepareGroup', { key: { ...key, generation: 9 } })).toMatchObject({
      kind: 'discarded',
    });
  });
});

describe('checkpointGroup', () => {
  test('the ends are the maximum over all answers, and the next sequence begins there', async () => {
    const leases = [await world.fixture.attempt(key), await world.fixture.attempt(key, { replica: 1 })];
    const replicas = [answering(leases[0]!, { 0: 7, 1: 2 }), answering(leases[1]!, { 0: 5, 1: 4 })];
    const result = await checkpoint();
    await Promise.all(replicas.map((replica) => replica.stop()));
    expect(result).toMatchObject({ kind: 'ended', ordinal: 0, final: false, answers: 2 });
    const row = await world.fixture.read(key);
    expect(row.sequences[0]!.ends).toEqual({ 0: '7', 1: '4' });
    expect(row.sequences[1]).toMatchObject({ state: 'open', starts: { 0: '7', 1: '4' } });
    expect(row.control.state).toBe('run');
  });

  test('a repeated request for a sequence that is ended ends no other', async () => {
    const lease = await world.fixture.attempt(key);
    const replica = answering(lease, { 0: 7, 1: 2 });
    await checkpoint(false, 0);
    expect(await checkpoint(false, 0)).toMatchObject({ kind: 'ended', ordinal: 0, final: false, answers: 0 });
    await replica.stop();
    expect((await world.fixture.read(key)).sequences).toHaveLength(2);
  });

  test('who does not answer is waited for one second, and durable positions count', async () => {
    const lease = await world.fixture.attempt(key);
    await world.fixture.progress(lease, { 0: 6, 1: 1 });
    const began = Date.now();
    expect(await checkpoint(true)).toMatchObject({ kind: 'ended', final: true, answers: 0 });
    expect(Date.now() - began).toBeGreaterThanOrEqual(900);
    expect((await world.fixture.read(key)).sequences[0]!.ends).toEqual({ 0: '6', 1: '1' });
  });

  test('nobody has begun: the starts are the ends, at once', async () => {
    const began = Date.now();
    expect(await checkpoint(true)).toMatchObject({ kind: 'ended', final: true, answers: 0 });
    expect(Date.now() - began).toBeLessThan(900);
    expect((await world.fixture.read(key)).sequences[0]!.ends).toEqual({ 0: '0', 1: '0' });
  });

  test('a retry of a finished one answers what is written', async () => {
    await checkpoint(true);
    expect(await checkpoint(true)).toMatchObject({ kind: 'ended', ordinal: 0, final: true });
    expect((await world.fixture.read(key)).sequences).toHaveLength(1);
  });

  test('discarded is an answer', async () => {
    await world.run('discardGroup', { key, why: 'test' });
    expect(await checkpoint(true)).toEqual({ kind: 'discarded', why: 'test' });
  });
});

describe('failures and ends', () => {
  test('a failed task is FAILED and counted, and has one successor however often it is asked for', async () => {
    const taskId = await world.fixture.taskOf(key);
    const input = { key, replica: 0, taskId, code: 'PARSE_LIMIT_EXCEEDED', error: 'too many' };
    const first = await world.run('replaceFailedTask', input);
    expect(await world.run('replaceFailedTask', input)).toEqual(first);
    const tasks = (await world.fixture.read(key)).tasks.filter((task) => task.replica === 0);
    expect(tasks.map((task) => [task.state, task.counted, task.error])).toEqual([
      ['FAILED', true, 'PARSE_LIMIT_EXCEEDED: too many'],
      ['RUNNING', false, null],
    ]);
  });

  test('a task of a settled generation has not failed', async () => {
    const taskId = await world.fixture.taskOf(key);
    await world.run('discardGroup', { key, why: 'reset' });
    const input = { key, replica: 0, taskId, code: 'LEASE_LOST', error: 'fenced' };
    expect(await world.run('replaceFailedTask', input)).toEqual({ kind: 'discarded', why: 'reset' });
    await world.run('finishGroup', { key, outcome: 'discarded', why: 'reset' });
    expect((await world.fixture.read(key)).tasks.map((task) => [task.state, task.counted])).toEqual([
      ['FAILED', false],
      ['FAILED', false],
    ]);
  });

  test('discarding takes what reads on from it along; what is published stays', async () => {
    const lease = await world.fixture.attempt(key);
    await world.fixture.end(key, lease, { 0: 3, 1: 0 });
    const second = await create(1);
    expect(await world.run('groupStanding', { key: second })).toEqual({
      kind: 'waiting',
      predecessorUnpublished: true,
      started: false,
    });
    expect(await world.run('discardGroup', { key, why: 'test' })).toEqual({
      kind: 'discarded',
      sequences: 2,
    });
    expect(await world.run('groupStanding', { key: second })).toMatchObject({ kind: 'discarded' });
    const third = await create(2);
    const next = await world.fixture.attempt(third);
    await world.fixture.end(third, next, { 0: 0, 1: 0 });
    await world.fixture.publish(next, third);
    expect(await world.run('discardGroup', { key: third, why: 'too late' })).toEqual({
      kind: 'published',
      sequences: 0,
    });
    await world.run('finishGroup', { key: third, outcome: 'published', why: '' });
    expect((await world.fixture.read(third)).tasks.map((task) => task.state)).toEqual(['SUCCESS', 'SUCCESS']);
  });

  test('awaitPredecessor comes back when the predecessor is published', async () => {
    const lease = await world.fixture.attempt(key);
    await world.fixture.end(key, lease, { 0: 3, 1: 0 });
    const second = await create(1);
    const sequenceId = (await world.fixture.read(second)).sequences[0]!.predecessorIds[0]!;
    let answer: string | null = null;
    const waiting = world
      .run('awaitPredecessor', { key: second, sequenceId })
      .then(({ kind }) => (answer = kind));
    await world.fixture.publish(lease, key);
    await waitFor(() => answer, { what: 'the answer' });
    await waiting;
    expect(answer).toBe('published');
  });

  test('and when it is discarded', async () => {
    const lease = await world.fixture.attempt(key);
    await world.fixture.end(key, lease, { 0: 3, 1: 0 });
    const second = await create(1);
    const sequenceId = (await world.fixture.read(second)).sequences[0]!.predecessorIds[0]!;
    const waiting = world.run('awaitPredecessor', { key: second, sequenceId });
    await world.run('discardGroup', { key, why: 'test' });
    expect(await waiting).toEqual({ kind: 'discarded' });
  });
});
