/** Scaling over a real database: one transaction, and a memory that outlives the worker it was made on. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { applyScale } from '../../../activities/supervisor/apply-scale.ts';
import { AutoscalerEye } from '../../../activities/supervisor/autoscaler-eye.ts';
import { observe } from '../../../activities/supervisor/observe.ts';
import { scaleSupervisor } from '../../../activities/supervisor/scale-supervisor.ts';
import { StreamEye } from '../../../activities/supervisor/stream-eye.ts';
import { readSpec } from '../../../activities/read-spec.ts';
import { readState } from '../../../domain/autoscaler/autoscaler-state.ts';
import { zeroCounters } from '../../../domain/counters.ts';
import type { Json } from '../../../domain/json.ts';
import type { AutoScalerConfig, SupervisorSpec } from '../../../domain/spec/spec.ts';
import { recordProgress } from '../../../storage/attempts.ts';
import {
  clearLagWindow,
  readAutoscaler,
  readTaskRates,
  writeAutoscaler,
} from '../../../storage/autoscalers.ts';
import { readStory } from '../../../storage/stories.ts';
import { readSpecVersion, readSupervisor, storeTombstone } from '../../../storage/supervisors.ts';
import { costBased, lagBased, second } from '../../domain/autoscaler/builders.ts';
import { ControlWorld } from '../control-world.ts';
import { scratchDatabase } from '../../storage/scratch.ts';

const scratch = scratchDatabase();
let world: ControlWorld;
let stream: StreamEye;

beforeEach(async () => {
  world = await ControlWorld.open(scratch.pool(), scratch.url(), { partitions: 4 });
  stream = new StreamEye(world.deps.openSource);
  await world.run('seedPartitions', { supervisorId: world.supervisorId });
});
afterEach(async () => {
  await stream.close();
  await world.close();
});

const pool = () => scratch.pool();
const row = async () => (await readSupervisor(pool(), world.supervisorId))!;
const taskCount = async () =>
  (await readSpec(pool(), world.supervisorId, (await row()).version)).io.taskCount;
const memory = async () => readState(await readAutoscaler(pool(), world.supervisorId));
const story = async (kind: 'scaled' | 'scaleSkipped') =>
  (await readStory(pool(), world.supervisorId, { limit: 100, kinds: [kind] })).map(({ text }) => text);
const order = (input: { [key: string]: Json }, commandId = 'c1') =>
  applyScale(world.deps, {
    supervisorId: world.supervisorId,
    commandId: `${world.supervisorId}/${commandId}`,
    verb: 'autoscale',
    by: 'ada',
    refusal: null,
    input,
  });
const scale = (changes: Partial<Parameters<typeof scaleSupervisor>[1]> = {}) =>
  scaleSupervisor(world.deps, {
    supervisorId: world.supervisorId,
    specVersion: 1,
    from: 1,
    taskCount: 3,
    why: 'the lag is high',
    by: 'autoscaler',
    ...changes,
  });

describe('scaleSupervisor', () => {
  test('a new version that differs in taskCount, to take effect now, and the memory of it', async () => {
    const before = (await row()).specText!;
    expect(await scale()).toEqual({ kind: 'scaled', version: 2 });
    const after = await row();
    expect(after).toMatchObject({ version: 2, desired: 'running' });
    expect(JSON.parse(after.specText!)).toEqual({
      ...JSON.parse(before),
      spec: { ...JSON.parse(before).spec, ioConfig: { ...JSON.parse(before).spec.ioConfig, taskCount: 3 } },
    });
    const { rows } = await pool().query(
      `select takes_effect, created_by from supervisor_version where supervisor_id = $1 and version = 2`,
      [world.supervisorId],
    );
    expect(rows).toEqual([{ takes_effect: 'now', created_by: 'autoscaler' }]);
    expect((await memory()).lastScale).toMatchObject({
      from: 1,
      to: 3,
      by: 'autoscaler',
      reason: 'the lag is high',
    });
    expect(await story('scaled')).toEqual(['scaled from 1 to 3: the lag is high']);
  });

  test('a repeat makes no second version and no second line, also when other versions came after it', async () => {
    await scale();
    expect(await scale()).toEqual({ kind: 'scaled', version: 2 });
    expect(await scale({ specVersion: 2, from: 3, taskCount: 2 })).toEqual({ kind: 'scaled', version: 3 });
    expect(await scale()).toEqual({ kind: 'scaled', version: 2 });
    expect([(await row()).version, await taskCount()]).toEqual([3, 2]);
    expect(await story('scaled')).toHaveLength(2);
  });

  test('a version that came in between wins', async () => {
    await world.post({ taskCount: 2 });
    expect(await scale()).toEqual({ kind: 'overtaken', version: 2 });
    expect([(await row()).version, await taskCount()]).toEqual([2, 2]);
    expect(await memory()).toMatchObject({ lastScale: null });
    expect(await story('scaled')).toEqual([]);
  });

  test('neither resumes a suspended supervisor nor revives a terminated one', async () => {
    await world.post({ suspended: true });
    expect(await scale({ specVersion: 2 })).toEqual({ kind: 'scaled', version: 3 });
    const suspended = await row();
    expect([suspended.desired, JSON.parse(suspended.specText!).suspended]).toEqual(['suspended', true]);
    await storeTombstone(pool(), { supervisorId: world.supervisorId, by: 'ada' });
    expect(await scale({ specVersion: 3, taskCount: 4 })).toMatchObject({ kind: 'terminated' });
    expect(await scale({ specVersion: 4, taskCount: 4 })).toMatchObject({ kind: 'terminated' });
    expect((await row()).desired).toBe('terminated');
  });

  test('druid 6.74 test_changeTaskCountInIOConfig_handlesExceptionAndStillUpdatesTaskCount: ours is one transaction: when the version cannot be stored nothing has changed, and the next try scales', async () => {
    await pool().query(
      `create function refuse_memory() returns trigger language plpgsql as
       $$ begin raise exception 'the disk is full' using errcode = '53100'; end $$`,
    );
    await pool().query(
      `create trigger refuse before insert or update on autoscaler for each row execute function refuse_memory()`,
    );
    try {
      await expect(scale()).rejects.toMatchObject({ code: 'METADATA_UNAVAILABLE' });
      expect([(await row()).version, await taskCount()]).toEqual([1, 1]);
      expect(await story('scaled')).toEqual([]);
    } finally {
      await pool().query(`drop trigger refuse on autoscaler`);
      await pool().query(`drop function refuse_memory()`);
    }
    expect(await scale()).toEqual({ kind: 'scaled', version: 2 });
    expect(await taskCount()).toBe(3);
  });
});

describe('an order to scale', () => {
  test('scales at once, says so, and starts the cooldown', async () => {
    expect(await order({ taskCount: 3, reason: 'sale tomorrow' })).toEqual({
      kind: 'done',
      outcome: {
        summary: 'scaled from 1 to 3 as of spec version 2: its groups are handed off now',
        from: 1,
        to: 3,
        specVersion: 2,
      },
    });
    expect((await memory()).lastScale).toMatchObject({ to: 3, by: 'ada', reason: 'sale tomorrow' });
    expect(await story('scaled')).toEqual(['scaled from 1 to 3: ordered by ada, sale tomorrow']);
  });

  test('the count there is, a dry run, more than partitions, a suspended and a terminated supervisor', async () => {
    expect(await order({ taskCount: 1 })).toMatchObject({
      kind: 'done',
      outcome: { summary: 'it is 1 already' },
    });
    expect(await order({ taskCount: 2, dryRun: true })).toMatchObject({
      outcome: { summary: 'would scale from 1 to 2', dryRun: true },
    });
    expect((await row()).version).toBe(1);
    expect(await order({ taskCount: 9 })).toMatchObject({
      outcome: {
        summary: expect.stringContaining('the stream has 4 partitions, so 4 groups read it') as string,
      },
    });
    await world.run('applyCommand', {
      supervisorId: world.supervisorId,
      commandId: `${world.supervisorId}/s`,
      verb: 'suspend',
      by: 'ada',
      refusal: null,
    });
    expect(await order({ taskCount: 2 }, 'c2')).toMatchObject({
      outcome: { summary: expect.stringContaining('from the next resume on') as string },
    });
    expect((await row()).desired).toBe('suspended');
    await storeTombstone(pool(), { supervisorId: world.supervisorId, by: 'ada' });
    expect(await order({ taskCount: 4 }, 'c3')).toMatchObject({
      kind: 'refused',
      outcome: { summary: expect.stringContaining('is terminated') as string },
    });
  });

  test('the bounds of an enabled autoscaler hold, and are named', async () => {
    const spec = world.spec();
    const withScaler = {
      ...spec,
      spec: {
        ...spec.spec,
        ioConfig: {
          ...spec.spec.ioConfig,
          taskCount: 2,
          autoScalerConfig: { enableTaskAutoScaler: true, taskCountMin: 2, taskCountMax: 3 },
        },
      },
    };
    await world.run('storeSpec', { spec: withScaler, workflowId: `supervisor:${world.supervisorId}` });
    expect(await order({ taskCount: 4 })).toMatchObject({
      kind: 'refused',
      outcome: { summary: expect.stringContaining('taskCountMin 2 to taskCountMax 3') as string },
    });
    expect(await order({ taskCount: 1 })).toMatchObject({ kind: 'refused' });
    expect(await order({ taskCount: 3 })).toMatchObject({ kind: 'done' });
  });

  test('repeated after a crash it scales once', async () => {
    await order({ taskCount: 3 });
    expect(await order({ taskCount: 3 })).toMatchObject({ kind: 'done' });
    await scale({ specVersion: 2, from: 3, taskCount: 2, key: 'another' });
    await order({ taskCount: 3 });
    expect([(await row()).version, await taskCount()]).toEqual([3, 2]);
  });
});

describe('AutoscalerEye', () => {
  const quick = lagBased({
    lagCollectionIntervalMs: 10 * second,
    lagCollectionRangeMs: 40 * second,
    scaleActionStartDelayMs: 10 * second,
    scaleActionPeriodMs: 10 * second,
    scaleOutThreshold: 5,
    minScaleUpDelayMs: 100 * second,
  });
  const startMs = Date.now();

  async function lookAt(
    eye: AutoscalerEye,
    atMs: number,
    more: {
      config?: AutoScalerConfig | null;
      rollover?: boolean;
      change?: (spec: SupervisorSpec) => SupervisorSpec;
    } = {},
  ) {
    const { observation, facts } = await observe(world.deps, stream, world.supervisorId);
    if (observation.kind !== 'seen' || facts === null) throw new Error('blind');
    const spec = await readSpec(pool(), world.supervisorId, observation.version);
    const config = more.config === undefined ? quick : more.config;
    return eye.look({
      observation,
      facts,
      spec: { ...spec, io: { ...spec.io, autoScaler: config } },
      nowMs: startMs + atMs,
      rollover: more.rollover ?? false,
    });
  }
  const open = () => AutoscalerEye.open(world.deps, world.supervisorId);

  async function lookUntil(untilMs: number, from = 0) {
    const wishes = [];
    for (let atMs = from; atMs <= untilMs; atMs += 10 * second)
      // A new eye every time: another worker.
      wishes.push(await lookAt(await open(), atMs));
    return wishes;
  }

  test('a new eye on another worker goes on with the window; a scaling and its cooldown are known to all', async () => {
    world.fill('0', 9);
    const wishes = await lookUntil(50 * second);
    expect(wishes.slice(0, -1)).toEqual([null, null, null, null, null]);
    expect((await memory()).samples).toHaveLength(5);
    const wish = wishes.at(-1)!;
    expect(wish).toEqual({
      taskCount: 3,
      from: 1,
      specVersion: 1,
      why: 'lag was at or above 5 in 5 of 5 samples (100 %, threshold 30 %)',
    });
    world.aheadMs = startMs + 50 * second - Date.now();
    const scaled = await scaleSupervisor(world.deps, {
      supervisorId: world.supervisorId,
      by: 'autoscaler',
      ...wish,
    });
    expect(scaled).toEqual({ kind: 'scaled', version: 2 });
    expect((await memory()).samples).toEqual([]);
    expect(await lookUntil(140 * second, 60 * second)).toEqual(Array(9).fill(null));
    expect(await memory()).toMatchObject({ lastDecision: { kind: 'skip', code: 'cooldown', desired: 4 } });
    expect(await story('scaleSkipped')).toHaveLength(1);
    expect(await lookAt(await open(), 151 * second)).toMatchObject({ from: 3, taskCount: 4, specVersion: 2 });
  });

  test('says when it wants to look, and does nothing before', async () => {
    const eye = await open();
    expect(eye.nextAtMs(startMs)).toBeNull();
    await lookAt(eye, 0);
    expect(eye.nextAtMs(startMs)).toBe(startMs + 10 * second);
    expect(eye.nextAtMs(startMs + 20 * second)).toBe(startMs + 20 * second);
    const before = await readAutoscaler(pool(), world.supervisorId);
    await lookAt(eye, 5 * second);
    expect(await readAutoscaler(pool(), world.supervisorId)).toEqual(before);
    // A changed configuration is taken up at once.
    await lookAt(eye, 6 * second, { config: { ...quick, scaleActionStartDelayMs: 20 * second } });
    expect(eye.nextAtMs(startMs)).toBe(startMs + 26 * second);
  });

  test('while suspended or without an autoscaler it rests, and forgets what it saw when it is taken away', async () => {
    const eye = await open();
    for (let atMs = 0; atMs <= 30 * second; atMs += 10 * second) await lookAt(eye, atMs);
    expect((await memory()).samples).toHaveLength(3);
    await world.post({ suspended: true });
    await lookAt(eye, 40 * second);
    expect([(await memory()).samples.length, eye.nextAtMs(startMs)]).toEqual([3, null]);
    await lookAt(eye, 50 * second, { config: null });
    expect(await memory()).toMatchObject({ config: null, samples: [] });
    expect(eye.nextAtMs(startMs)).toBeNull();
  });

  test('an unknown lag is no sample', async () => {
    // A partition that nobody has a position in yet.
    world.stream.addPartitions(1);
    await lookUntil(30 * second);
    expect((await memory()).samples).toEqual([]);
  });

  test('what a reset or a scaling cleared in between does not come back', async () => {
    const eye = await open();
    for (let atMs = 0; atMs <= 30 * second; atMs += 10 * second) await lookAt(eye, atMs);
    const old = await readAutoscaler(pool(), world.supervisorId);
    await clearLagWindow(pool(), world.supervisorId);
    expect((await memory()).samples).toEqual([]);
    expect(await writeAutoscaler(pool(), world.supervisorId, { expected: old, state: old! })).toBe(false);
    await lookAt(eye, 40 * second);
    expect((await memory()).samples).toHaveLength(1);
    expect(await writeAutoscaler(pool(), 'never seen', { expected: old, state: old! })).toBe(false);
    expect(await writeAutoscaler(pool(), world.supervisorId, { expected: null, state: old! })).toBe(false);
  });

  test('Postgres away is a warning and a pause, not the end of a look', async () => {
    const eye = await open();
    const real = world.deps.pool.query.bind(world.deps.pool);
    const { observation, facts } = await observe(world.deps, stream, world.supervisorId);
    if (observation.kind !== 'seen' || facts === null) throw new Error('blind');
    const spec = await readSpec(pool(), world.supervisorId, 1);
    world.deps.pool.query = (() =>
      Promise.reject(new Error('gone'))) as unknown as typeof world.deps.pool.query;
    try {
      const looked = eye.look({
        observation,
        facts,
        spec: { ...spec, io: { ...spec.io, autoScaler: quick } },
        nowMs: startMs,
      });
      expect(await looked).toBeNull();
      expect(eye.nextAtMs(startMs)).toBe(startMs + 5 * second);
    } finally {
      world.deps.pool.query = real;
    }
    expect(world.logged).toContain('warn the autoscaler could not look');
  });

  test('costBased asks what the reading tasks report of themselves', async () => {
    const key = await world.fixture.generation();
    const lease = await world.fixture.attempt(key);
    const rates = {
      processed: 2_000,
      processedBytes: 0,
      processedWithError: 0,
      unparseable: 0,
      thrownAway: 0,
    };
    await recordProgress(pool(), lease, {
      positions: {},
      counters: zeroCounters,
      rowsPerSecond: 0,
      rowsInMemory: 0,
      bytesInMemory: 0,
      movingAverages: { '1m': rates, '5m': rates, '15m': rates },
      pollIdleRatio: 0,
    });
    expect(await readTaskRates(pool(), world.supervisorId)).toMatchObject([
      { taskId: lease.taskId, rates: { pollIdleRatio: 0, movingAverages: { '15m': { processed: 2_000 } } } },
    ]);
    const config = costBased({ taskCountMax: 4, scaleActionPeriodMs: 10 * second });
    const eye = await open();
    expect(await lookAt(eye, 0, { config })).toBeNull();
    const wish = await lookAt(eye, 10 * second, { config });
    expect(wish).toMatchObject({
      from: 1,
      why: expect.stringContaining('idle 0 %, lag 0, 2,000 rows') as string,
    });
    expect((await memory()).costs.length).toBeGreaterThan(1);
  });
});

test('the stored text of a scaled version says what it did before, but for the count', async () => {
  await scale();
  const [before, after] = await Promise.all(
    [1, 2].map((version) => readSpecVersion(pool(), world.supervisorId, version)),
  );
  expect(after!.specText).toBe(before!.specText!.replace('"taskCount":1', '"taskCount":3'));
});
