/** Druid's scenarios of a task's whole life (druid.md 6): real Postgres, a stream in memory, threads in this thread. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { HeadgateError } from '../../../domain/errors.ts';
import { readParseReports } from '../../../storage/bad-records.ts';
import { reapIntents } from '../../../storage/reaper.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ids, rowOf, World } from './world.ts';
import type { WorldOptions } from './world.ts';

let database: TestDatabase;
let world: World;

async function open(options: WorldOptions = {}): Promise<void> {
  world = await World.open(database.url, options);
}

beforeAll(async () => {
  database = await createTestDatabase();
});

afterEach(() => world.close());

afterAll(() => database.drop());

async function segmentsOf(supervisorId: string): Promise<{ count: number; rows: number }> {
  const { rows } = await world.pool.query<{ count: number; rows: number }>(
    'select count(*)::int as count, coalesce(sum(rows), 0)::int as rows from segment where supervisor_id = $1',
    [supervisorId],
  );
  return rows[0] ?? { count: 0, rows: 0 };
}

async function intentsOf(taskId: string): Promise<{ path: string; state: string }[]> {
  const { rows } = await world.pool.query<{ path: string; state: string }>(
    `select path, state from upload_intent where task_id = $1 and kind = 'publish'`,
    [taskId],
  );
  return rows;
}

describe('records that cannot be read', () => {
  test('druid 6.34 testMultipleParseExceptionsSuccess: up to the limit the task succeeds, counts each fate and keeps the newest reports', async () => {
    await open({ partitions: 1, tuning: { maxParseExceptions: 6, maxSavedParseExceptions: 4 } });
    const key = await world.generation();
    const [input] = await world.inputs(key);
    const badId = (id: number) => rowOf(id).replace(`"id":${id}`, '"id":"notanumber"');
    const values: (string | null)[] = [
      rowOf(0),
      'unparseable',
      rowOf(1),
      badId(2),
      null,
      '{"t":"never","id":3}',
      badId(4),
      rowOf(5),
      '{"id":6}',
      badId(7),
      rowOf(8),
    ];
    for (const value of values) world.stream.append('0', { value });
    const run = await world.worker().run(input!);
    await world.readUntil(key, values.length);
    await waitFor(async () => (await readParseReports(world.pool, world.supervisorId)).length === 4, {
      what: 'the reports',
    });
    await world.end(key, { final: true });
    expect(await run.result).toEqual({ kind: 'published' });
    const { sequences, tasks } = await world.read(key);
    expect(tasks.map(({ state }) => state)).toEqual(['SUCCESS']);
    expect(sequences[0]).toMatchObject({
      ends: { 0: '11' },
      counters: {
        records: 11,
        processed: 4,
        processedWithError: 3,
        unparseable: 3,
        thrownAway: 1,
        thrownAwayByReason: { null: 1 },
      },
    });
    expect(await segmentsOf(world.supervisorId)).toMatchObject({ rows: 7 });
    const reports = await readParseReports(world.pool, world.supervisorId);
    // Six were bad, the newest four are kept.
    expect(reports.map(({ position }) => Number(position)).sort((a, b) => a - b)).toEqual([5, 6, 8, 9]);
  });
});

describe('a task that reads nothing', () => {
  test('druid 6.41 testRunWithoutDataInserted: no record ever comes; the task succeeds without a segment', async () => {
    await open();
    const key = await world.generation();
    const [input] = await world.inputs(key);
    const run = await world.worker().run(input!);
    await waitFor(async () => (await world.read(key)).tasks[0]?.progress !== null, { what: 'it reads' });
    expect(await world.end(key, { final: true })).toEqual({ '0': '0', '1': '0' });
    expect(await run.result).toEqual({ kind: 'published' });
    expect((await world.read(key)).tasks.map(({ state }) => state)).toEqual(['SUCCESS']);
    expect(await segmentsOf(world.supervisorId)).toEqual({ count: 0, rows: 0 });
  });

  test('druid 6.41 testRunOnNothing: its range is empty although the topic has records; the task succeeds without a segment', async () => {
    await open();
    const first = await world.generation();
    const [firstInput] = await world.inputs(first);
    world.produce(0, 40);
    const run = await world.worker().run(firstInput!);
    await world.readUntil(first, 40);
    await world.end(first, { final: true });
    expect(await run.result).toEqual({ kind: 'published' });
    const before = await segmentsOf(world.supervisorId);
    const second = await world.generation(1);
    const [secondInput] = await world.inputs(second);
    const worker = world.worker();
    const again = await worker.run(secondInput!);
    await waitFor(async () => (await world.read(second)).tasks[0]?.progress !== null, { what: 'it reads' });
    expect(await world.end(second, { final: true })).toEqual({ '0': '20', '1': '20' });
    expect(await again.result).toEqual({ kind: 'published' });
    expect(worker.recordsRead()).toBe(0);
    expect(await segmentsOf(world.supervisorId)).toEqual(before);
    expect(await world.publishedIds()).toEqual(ids(40));
  });
});

describe('a publish that Postgres breaks off', () => {
  test('druid 6.47 testTransactionalAnnounceRetryAndSuccess: the task asks again and publishes once', async () => {
    await open();
    const key = await world.generation();
    const [input] = await world.inputs(key);
    world.produce(0, 60);
    const worker = world.worker();
    const lost = worker.loseAnswersOf('headgate_commit', 1);
    const run = await worker.run(input!);
    await world.readUntil(key, 60);
    await world.end(key, { final: true });
    expect(await run.result).toEqual({ kind: 'published' });
    expect(lost.publishIds).toHaveLength(2);
    expect(await world.publishers()).toHaveLength(1);
    expect(await world.publishedIds()).toEqual(ids(60));
  });
});

describe('druid 6.51 StreamAppenderatorDriverFailTest', () => {
  const refused = new HeadgateError('STORAGE_CONFLICT', 'a file of this name has other bytes');

  async function startReading() {
    const key = await world.generation();
    const [input] = await world.inputs(key);
    world.produce(0, 50);
    const worker = world.worker();
    const run = await worker.run(input!);
    await world.readUntil(key, 50);
    return { key, input: input!, worker, run };
  }

  /** The next attempt finds everything in order. */
  async function nextAttemptPublishes(input: Parameters<ReturnType<World['worker']>['run']>[0]) {
    const { result } = await world.worker().run(input, 2);
    expect(await result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(ids(50));
  }

  test('druid 6.51 testFailDuringPersist: what cannot be persisted fails the task', async () => {
    await open({ tuning: { intermediatePersistPeriod: 'PT0.2S' } });
    world.deepStorage.trouble = refused;
    const key = await world.generation();
    const [input] = await world.inputs(key);
    world.produce(0, 50);
    const run = await world.worker().run(input!);
    await expect(run.result).rejects.toMatchObject({ type: 'STORAGE_CONFLICT' });
    expect(await world.checkpointedRecords(key)).toBe(0);
    world.deepStorage.trouble = null;
    const next = await world.worker().run(input!, 2);
    await world.readUntil(key, 50);
    await world.end(key, { final: true });
    expect(await next.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(ids(50));
  });

  test('druid 6.51 testFailDuringPush: what cannot be uploaded fails the task, and nothing is published', async () => {
    await open();
    const { key, input, run } = await startReading();
    world.deepStorage.segmentTrouble = refused;
    await world.end(key, { final: true });
    await expect(run.result).rejects.toMatchObject({ type: 'STORAGE_CONFLICT' });
    expect(await segmentsOf(world.supervisorId)).toEqual({ count: 0, rows: 0 });
    expect((await world.read(key)).sequences.map(({ state }) => state)).toEqual(['ended']);
    world.deepStorage.segmentTrouble = null;
    await nextAttemptPublishes(input);
  });

  test('druid 6.51 testFailDuringPublish: a refused publish fails the task, and its uploaded files are removed', async () => {
    await open();
    const { key, input, worker, run } = await startReading();
    worker.answerOnce('headgate_commit', { kind: 'stale', detail: 'the test says so' });
    await world.end(key, { final: true });
    await expect(run.result).rejects.toMatchObject({ type: 'PUBLISH_STALE' });
    const left = await intentsOf(input.taskId);
    expect(left.map(({ state }) => state)).toEqual(['pending']);
    const [{ path } = { path: '' }] = left;
    expect(await world.deepStorage.stat(path)).not.toBeNull();
    // Its lease is taken over: from then on nobody can publish that file any more, and the reaper may have it.
    await nextAttemptPublishes(input);
    expect(await reapIntents(world.pool, { graceMs: 0 })).toContain(path);
    const states = new Map((await intentsOf(input.taskId)).map((intent) => [intent.path, intent.state]));
    expect(states.get(path)).toBe('reaped');
    expect([...states.values()].sort()).toEqual(['published', 'reaped']);
  });

  test('druid 6.51 testFailDuringDrop: a task that fails after its publish, before it could clear away, has published', async () => {
    await open();
    const { key, input, worker, run } = await startReading();
    await world.end(key, { final: true });
    await waitFor(async () => (await world.read(key)).sequences[0]?.state === 'published', {
      what: 'the publish',
    });
    worker.kill();
    await run.result.catch(() => undefined);
    await nextAttemptPublishes(input);
    expect(await world.publishers()).toHaveLength(1);
    expect((await world.read(key)).tasks.map(({ state }) => state)).toEqual(['SUCCESS']);
  });
});
