/** What the doors list, from real rows: segments with their check, sequences that are read now, processes at work. */
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemRows, systemTableColumns, systemTableNames } from '../../query/system-tables.ts';
import { openSystemStore } from '../../query/system-rows/world.ts';
import { acquireTask, recordProgress } from '../../storage/attempts.ts';
import {
  availableBytes,
  processesAtWork,
  runningSequences,
  segmentDataSources,
  usedSegments,
} from '../../storage/catalog.ts';
import { zeroCounters } from '../../domain/counters.ts';
import { openPool } from '../../storage/pool.ts';
import { registerWorker } from '../../storage/workers.ts';
import { aSystem } from '../query/system-world.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { Fixture, nextUuid, positions } from './fixture.ts';

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = openPool({ url: database.url, applicationName: 'test' });
});

afterAll(async () => {
  await pool?.end();
  await database?.drop();
});

async function check(segmentId: string, problem: string | null): Promise<void> {
  await pool.query(
    `insert into segment_check (segment_id, problem) values ($1, $2)
     on conflict (segment_id) do update set problem = excluded.problem`,
    [segmentId, problem],
  );
}

describe('used segments', () => {
  it('are available once a check found nothing wrong, and share their column lists', async () => {
    const world = await Fixture.with(pool, { supervisorId: 'wiki' });
    const key = await world.generation();
    const lease = await world.attempt(key);
    await world.progress(lease, { 0: 105, 1: 200 });
    await world.end(key, lease, { 0: 105, 1: 200 });
    expect((await world.publish(lease, key)).kind).toBe('committed');
    const [first] = await usedSegments(pool);
    expect(first).toMatchObject({
      dataSource: 'wikipedia',
      available: false,
      size: '10',
      rows: '5',
      columns: [{ name: '__time', type: 'TIMESTAMP' }],
    });
    expect(await availableBytes(pool)).toBe('0');
    await check(first?.segmentId ?? '', 'its size is wrong');
    expect((await usedSegments(pool))[0]?.available).toBe(false);
    expect(await availableBytes(pool)).toBe('0');
    await check(first?.segmentId ?? '', null);
    expect((await usedSegments(pool, ['wikipedia']))[0]?.available).toBe(true);
    expect(await availableBytes(pool)).toBe('10');
    expect(await usedSegments(pool, ['nope'])).toEqual([]);
  });

  it('give every segment its columns, however many share a list', async () => {
    await pool.query(
      `insert into segment (segment_id, publish_id, supervisor_id, data_source, start_at, end_at, version,
         partition_num, path, sha256, size, rows, columns)
       select s.segment_id || n, s.publish_id, s.supervisor_id, 'many', s.start_at, s.end_at, s.version, n,
         s.path || n, s.sha256, 9007199254740993, 1,
         case when n % 2 = 0 then s.columns else '[{"name": "x", "type": "BIGINT"}]'::jsonb end
       from segment s, generate_series(1, 6) n where s.data_source = 'wikipedia'`,
    );
    const lists = (await usedSegments(pool, ['many'])).map((row) => [row.columns[0]?.name, row.size]);
    expect(lists).toEqual(
      ['x', '__time', 'x', '__time', 'x', '__time'].map((name) => [name, '9007199254740993']),
    );
  });

  it('leave out what is retired, except by name', async () => {
    await pool.query(`update segment set used = false, unused_at = now() where data_source = 'many'`);
    expect(await usedSegments(pool, ['many'])).toEqual([]);
    expect(await segmentDataSources(pool, { includeUnused: false })).toEqual(['wikipedia']);
    expect(await segmentDataSources(pool, { includeUnused: true })).toEqual(['many', 'wikipedia']);
  });
});

describe('running sequences', () => {
  it('are those that a task has begun and nobody has published', async () => {
    const world = await Fixture.with(pool, { supervisorId: 'live' });
    const key = await world.generation({ replicas: 2 });
    const mine = async (): Promise<unknown[]> =>
      (await runningSequences(pool)).filter(({ sequenceId }) => sequenceId === world.sequenceId(key));
    expect(await mine()).toEqual([]);
    for (const [replica, workerId, rowsInMemory] of [
      [0, 'w-a', 3],
      [1, 'w-b', 9],
    ] as const) {
      const taskId = await world.taskOf(key, replica);
      const acquired = await acquireTask(pool, { taskId, activityRun: nextUuid(), attempt: 1, workerId });
      if (acquired.kind === 'refused') throw new Error(acquired.reason);
      await recordProgress(pool, acquired.lease, {
        positions: positions({ 0: 101, 1: 200 }),
        counters: zeroCounters,
        rowsPerSecond: 1,
        rowsInMemory,
        bytesInMemory: 1,
      });
    }
    expect(await mine()).toEqual([
      {
        sequenceId: world.sequenceId(key),
        dataSource: 'wikipedia',
        createdAt: expect.stringMatching(/Z$/),
        rows: '9',
        workerIds: ['w-a', 'w-b'],
      },
    ]);
    await pool.query(`update task set state = 'FAILED' where supervisor_id = 'live'`);
    expect(await mine()).toEqual([]);
  });

  it('have their rows counted once, under the newest sequence of the group', async () => {
    const world = await Fixture.with(pool, { supervisorId: 'two' });
    const key = await world.generation();
    const lease = await world.attempt(key);
    await world.progress(lease, { 0: 105, 1: 200 });
    await world.end(key, lease, { 0: 105, 1: 200 }, { final: false });
    const rows = (await runningSequences(pool)).filter(({ sequenceId }) => sequenceId.includes('_two_'));
    expect(rows.map(({ sequenceId, rows: held }) => [sequenceId, held])).toEqual([
      [world.sequenceId(key, 0), '0'],
      [world.sequenceId(key, 1), '1'],
    ]);
  });
});

describe('processes at work', () => {
  it('are those seen lately, with their running tasks and without their tokens', async () => {
    const world = await Fixture.with(pool, { supervisorId: 'busy' });
    const key = await world.generation();
    await world.attempt(key);
    for (const [workerId, seconds] of [
      ['worker-1', 5],
      ['worker-old', 31],
    ] as const) {
      await registerWorker(pool, {
        workerId,
        role: 'ingest',
        address: 'http://h:1',
        token: 'CANARY',
        slots: 8,
      });
      await pool.query(
        `update worker set seen_at = clock_timestamp() - make_interval(secs => $2) where worker_id = $1`,
        [workerId, seconds],
      );
    }
    const found = await processesAtWork(pool);
    expect(found).toMatchObject([{ workerId: 'worker-1', role: 'ingest', address: 'http://h:1' }]);
    expect(found[0]?.runningTasks).toContainEqual({
      taskId: await world.taskOf(key),
      groupName: 'index_kafka_busy_g0_1',
    });
    expect(JSON.stringify(found)).not.toContain('CANARY');
  });
});

describe('system tables', () => {
  it('have rows as wide as their columns, of the types they say, over real rows', async () => {
    const deps = aSystem(openSystemStore(pool));
    for (const schema of ['sys', 'INFORMATION_SCHEMA'] as const)
      for (const name of systemTableNames(schema)) {
        const columns = systemTableColumns(schema, name) ?? [];
        const rows = await systemRows(schema, name, deps);
        expect(rows.length, name).toBeGreaterThan(0);
        for (const row of rows)
          expect(
            row.map((value, index) => value === null || typeof value === jsType(columns[index]?.type.name)),
            name,
          ).toEqual(columns.map(() => true));
      }
  });
});

function jsType(name: string | undefined): string {
  return name === 'BIGINT' ? 'bigint' : 'string';
}
