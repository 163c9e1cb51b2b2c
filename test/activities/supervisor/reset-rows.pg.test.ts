/**
 * Resets under tasks that read and publish real rows: what is skipped is in the gap rows, what is in the data twice was
 * announced, everything else is there exactly once, and nobody publishes afterwards what was taken from him.
 */
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ControlDeps } from '../../../activities/control-deps.ts';
import { createControlActivities } from '../../../activities/index.ts';
import type { GenerationKey } from '../../../domain/ids.ts';
import type { Json } from '../../../domain/json.ts';
import type { Verb } from '../../../domain/supervisor/commands.ts';
import type { ResetOutcomeFields, SkippedRange } from '../../../domain/supervisor/reset-outcome.ts';
import { Notifications } from '../../../storage/notifications.ts';
import { liveGenerations, readGeneration } from '../../../storage/generations.ts';
import { readPartitions } from '../../../storage/partitions.ts';
import { forcedStop } from '../../../storage/resets.ts';
import { readCommand } from '../../../storage/supervisors.ts';
import { queuesOf } from '../../../workflows/contract.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { waitFor } from '../../support/wait-for.ts';
import { nextLetters } from '../../storage/fixture.ts';
import { ids, rowOf, topic, World } from '../ingest/world.ts';
import type { Run, WorldOptions } from '../ingest/world.ts';

let database: TestDatabase;
let notifications: Notifications;
let world: World;
let orders = 0;
const silent = new DefaultLogger('ERROR', () => undefined);

beforeAll(async () => {
  database = await createTestDatabase();
  notifications = new Notifications(database.url);
});
afterEach(() => world.close());
afterAll(async () => {
  await notifications.close();
  await database.drop();
});

async function open(options: WorldOptions = {}): Promise<void> {
  world = await World.open(database.url, options);
}

type Activities = ReturnType<typeof createControlActivities>;

async function run<N extends keyof Activities>(
  name: N,
  input: Parameters<Activities[N]>[0],
): Promise<Awaited<ReturnType<Activities[N]>>> {
  const deps = {
    pool: world.pool,
    notifications,
    deepStorage: world.deepStorage,
    client: {},
    queues: queuesOf('test'),
    openSource: () => world.stream.openSource(),
    now: Date.now,
    newLetters: nextLetters,
    reaperGraceMs: 0,
    watchLimitMs: 60_000,
    log: () => undefined,
  } as unknown as ControlDeps;
  const activity = createControlActivities(deps)[name] as unknown as (given: typeof input) => Promise<never>;
  return new MockActivityEnvironment({}, { logger: silent }).run(() => activity(input)) as Promise<
    Awaited<ReturnType<Activities[N]>>
  >;
}

/** Applied at once, as the supervisor's loop does it; the whole outcome. */
async function give(verb: Verb, input: { readonly [key: string]: Json } = {}): Promise<ResetOutcomeFields> {
  orders += 1;
  const commandId = `${world.supervisorId}-${orders}`;
  const { supervisorId } = world;
  const { kind } = await run('applyCommand', {
    supervisorId,
    commandId,
    verb,
    by: 'ada',
    refusal: null,
    input,
  });
  const row = await readCommand(world.pool, commandId);
  if (kind !== 'done') throw new Error(JSON.stringify(row?.outcome));
  return row!.outcome as ResetOutcomeFields;
}

const fromEarliest = { io: { useEarliestOffset: true } };

const offsets = (map: Record<string, number>) => ({
  type: 'kafka',
  partitions: { type: 'end', stream: topic, partitionOffsetMap: map },
});

async function begin(key: GenerationKey): Promise<Run> {
  const [input] = await world.inputs(key);
  return world.worker().run(input!);
}

/** A whole generation: reads `records`, ends, publishes. */
async function cycle(expectedGeneration: number, records: number): Promise<void> {
  const key = await world.generation(expectedGeneration);
  const reading = await begin(key);
  await world.readUntil(key, records);
  await world.end(key, { final: true });
  expect(await reading.result).toEqual({ kind: 'published' });
}

/** Ids go round the partitions: two of them, so id = offset x 2 + partition. */
const idsOf = (ranges: readonly SkippedRange[]): number[] =>
  ranges
    .flatMap(({ partition, from, to }) =>
      Array.from(
        { length: Number(to) - Number(from) },
        (_, index) => (Number(from) + index) * 2 + Number(partition),
      ),
    )
    .sort((left, right) => left - right);

/** Every id of `total` rows as often as the outcomes say: none where skipped, once more where announced. */
async function expectLedger(total: number, ...outcomes: readonly ResetOutcomeFields[]): Promise<void> {
  const skipped = new Set(outcomes.flatMap((outcome) => idsOf(outcome.skipped)));
  const again = outcomes.flatMap((outcome) => idsOf(outcome.readAgain));
  const wanted = [...ids(total).filter((id) => !skipped.has(id)), ...again].sort(
    (left, right) => left - right,
  );
  expect(await world.publishedIds()).toEqual(wanted);
  const { rows } = await world.pool.query<{ partition: string; from: string; to: string }>(
    `select partition, start_position::text as from, end_position::text as to from gap where supervisor_id = $1`,
    [world.supervisorId],
  );
  const declared = rows.map((row) => ({ ...row, records: null }) as unknown as SkippedRange);
  expect(idsOf(declared)).toEqual([...skipped].sort((left, right) => left - right));
}

/** A generation that has read to its ends and cannot write its files: a publisher that will be late. */
async function latePublisher(records: number): Promise<{ key: GenerationKey; reading: Run }> {
  const key = await world.generation();
  const reading = await begin(key);
  await world.readUntil(key, records);
  world.deepStorage.segmentTrouble = world.storageDown();
  await world.end(key, { final: true });
  return { key, reading };
}

describe('who publishes late', () => {
  it('druid hazard 1: after a full reset his rows never show, and they are read again', async () => {
    await open(fromEarliest);
    world.produce(0, 100);
    const { reading } = await latePublisher(100);
    const outcome = await give('reset');
    expect(outcome).toMatchObject({
      skipped: [],
      readAgain: [],
      unpublished: [{ records: 50 }, { records: 50 }],
    });
    world.deepStorage.segmentTrouble = null;
    expect(await reading.result).toEqual({ kind: 'discarded', why: 'reset' });
    expect(await world.publishedIds()).toEqual([]);
    await cycle(1, 100);
    await expectLedger(100, outcome);
  });

  it('druid hazard 1: a task that is started again after the reset is refused before it reads', async () => {
    await open();
    world.produce(0, 40);
    const key = await world.generation();
    const [input] = await world.inputs(key);
    await give('reset');
    expect(await (await world.worker().run(input!)).result).toMatchObject({ kind: 'discarded' });
  });

  it('after a partial reset of one partition: nothing of the whole sequence, which holds others too', async () => {
    await open();
    world.produce(0, 100);
    const { reading } = await latePublisher(100);
    const outcome = await give('resetOffsets', offsets({ 0: 20 }));
    world.deepStorage.segmentTrouble = null;
    expect(await reading.result).toEqual({ kind: 'discarded', why: 'reset' });
    await cycle(1, 80);
    await expectLedger(100, outcome);
  });

  it('after a forced stop', async () => {
    await open();
    world.produce(0, 100);
    const { reading } = await latePublisher(100);
    await forcedStop(world.pool, {
      supervisorId: world.supervisorId,
      resetId: `${world.supervisorId}-stop`,
      why: 'test',
      by: 'ada',
    });
    world.deepStorage.segmentTrouble = null;
    expect(await reading.result).toEqual({ kind: 'discarded', why: 'forcedStop' });
    expect(await world.publishedIds()).toEqual([]);
    await cycle(1, 100);
    await expectLedger(100);
  });

  it('when he reads on: told at once, in the middle of his reading', async () => {
    await open();
    world.produce(0, 60);
    const key = await world.generation();
    const reading = await begin(key);
    await world.readUntil(key, 60);
    const outcome = await give('resetOffsets', offsets({ 1: 25 }));
    expect(await reading.result).toMatchObject({ kind: 'discarded', why: 'reset' });
    await cycle(1, 35);
    await expectLedger(60, outcome);
  });
});

describe('what is published', () => {
  it('is there once more after a full reset to the earliest record, as announced', async () => {
    await open(fromEarliest);
    world.produce(0, 100);
    await cycle(0, 100);
    const outcome = await give('reset');
    expect(outcome.readAgain).toMatchObject([
      { from: '0', to: '50' },
      { from: '0', to: '50' },
    ]);
    await cycle(1, 100);
    await expectLedger(100, outcome);
  });

  it('skips one way and doubles the other, to the row', async () => {
    await open();
    world.produce(0, 100);
    await cycle(0, 100);
    world.produce(100, 100);
    const outcome = await give('resetOffsets', offsets({ 0: 60, 1: 40 }));
    expect(outcome).toMatchObject({
      skipped: [{ partition: '0', from: '50', to: '60', records: 10 }],
      readAgain: [{ partition: '1', from: '40', to: '50', records: 10 }],
    });
    await cycle(1, 100);
    await expectLedger(200, outcome);
  });

  it('of a point in time: from the first record that is not older', async () => {
    await open();
    for (const id of ids(60))
      world.stream.append(String(id % 2), { value: rowOf(id), timestampMs: 1_000 + id });
    await cycle(0, 60);
    const outcome = await give('resetOffsets', { type: 'timestamp', timestamp: 1_040 });
    expect(outcome.positions).toEqual({ 0: '20', 1: '20' });
    await cycle(1, 20);
    await expectLedger(60, outcome);
  });
});

describe('records that were gone before they were read', () => {
  const automatic = { tuning: { resetOffsetAutomatically: true, intermediatePersistPeriod: 'PT0.2S' } };

  it('druid 6.39 testRunWithOffsetOutOfRangeExceptionAndPause: the task can be ended and publishes what it read; then exactly the rest is skipped', async () => {
    await open(automatic);
    const key = await world.generation();
    const [input] = await world.inputs(key);
    world.produce(0, 100);
    const first = world.worker();
    await first.run(input!);
    await waitFor(async () => (await world.checkpointedRecords(key)) === 100, { what: 'a checkpoint' });
    first.kill();
    // While no worker reads, retention takes what comes next.
    world.produce(100, 60);
    world.stream.trim('0', 60n);
    const second = await world.worker().run(input!, 2);
    await expect(second.result).rejects.toMatchObject({
      type: 'STREAM_OFFSET_OUT_OF_RANGE',
      nonRetryable: false,
    });
    // Nothing is reset while the generation holds the partition.
    await run('resetLost', { supervisorId: world.supervisorId });
    expect((await readPartitions(world.pool, world.supervisorId))[0]?.incarnation).toBe('1');
    const ends = await world.end(key, { final: true, answers: 0 });
    expect(ends['0']).toBe('50');
    expect(await (await world.worker().run(input!, 3)).result).toEqual({ kind: 'published' });
    await run('resetLost', { supervisorId: world.supervisorId });
    const { rows } = await world.pool.query<{ answer: { jumps: SkippedRange[] } }>(
      `select answer from reset where supervisor_id = $1`,
      [world.supervisorId],
    );
    expect(rows.map((row) => row.answer.jumps)).toMatchObject([[{ partition: '0', from: '50', to: '60' }]]);
    const taken = Number(ends['1']) - 50;
    await cycle(1, 20 + 30 - taken);
    const skipped = rows.flatMap((row) => row.answer.jumps);
    await expectLedger(160, { skipped, readAgain: [] } as unknown as ResetOutcomeFields);
  });
});

describe('to latest, with a backfill', () => {
  it('druid 6.92 test_resetToLatestAndBackfill: two supervisors, every row exactly once, also what was read and not published', async () => {
    await open();
    world.produce(0, 100);
    await cycle(0, 100);
    world.produce(100, 60);
    const key = await world.generation(1);
    const reading = await begin(key);
    await world.readUntil(key, 60);
    const outcome = await give('resetToLatestAndBackfill');
    expect(outcome.unpublished).toMatchObject([{ records: 30 }, { records: 30 }]);
    expect(await reading.result).toMatchObject({ kind: 'discarded' });
    world.produce(160, 40);
    await cycle(2, 40);
    const backfill = String(outcome['backfillSupervisorId']);
    await run('seedPartitions', { supervisorId: backfill });
    const { generations } = await run('createGenerations', {
      supervisorId: backfill,
      groups: [{ groupId: 0, expectedGeneration: 0 }],
    });
    expect(generations).toMatchObject([{ kind: 'created' }]);
    const own = (await liveGenerations(world.pool, backfill))[0]!.key;
    const filling = await begin(own);
    await world.readUntil(own, 60);
    await world.end(own, { final: true });
    expect(await filling.result).toEqual({ kind: 'published' });
    expect((await readGeneration(world.pool, own))?.sequences[0]?.ends).toEqual({ 0: '80', 1: '80' });
    expect((await readPartitions(world.pool, backfill)).map((row) => row.nextPosition)).toEqual(['80', '80']);
    const main = await world.publishedIds();
    const { rows } = await world.pool.query<{ path: string }>(
      'select path from segment where used and supervisor_id = $1',
      [backfill],
    );
    const filled = await world.idsIn(rows.map(({ path }) => world.deepStorage.locate(path)));
    expect(filled).toEqual(ids(160).slice(100));
    expect([...main, ...filled].sort((left, right) => left - right)).toEqual(ids(200));
  });
});
