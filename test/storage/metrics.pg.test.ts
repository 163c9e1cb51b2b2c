/** What a scrape reads, from real rows: sums since the last one, one snapshot, nothing that is not known. */
import { describe, expect, it } from 'vitest';
import { Totals } from '../../api/metrics/totals.ts';
import { metricFamilies } from '../../api/metrics/families.ts';
import { expositionText } from '../../api/metrics/exposition.ts';
import { zeroCounters } from '../../domain/counters.ts';
import { finishTask, recordProgress } from '../../storage/attempts.ts';
import { nothingKnown, readMetrics } from '../../storage/metrics.ts';
import type { MetricsKnown, MetricsRows } from '../../storage/metrics.ts';
import { writeLook } from '../../storage/looks.ts';
import { tellStory } from '../../storage/stories.ts';
import { recordCommand, storeTombstone } from '../../storage/supervisors.ts';
import { registerWorker } from '../../storage/workers.ts';
import { parseExposition, valueOf } from '../api/metrics/exposition-parser.ts';
import type { Fixture } from './fixture.ts';
import { positions } from './fixture.ts';
import { scratchDatabase } from './scratch.ts';

const scratch = scratchDatabase();

function read(known: MetricsKnown = nothingKnown): Promise<MetricsRows> {
  return readMetrics(scratch.pool(), known);
}

function of<T extends { readonly supervisorId: string }>(rows: readonly T[], world: Fixture): T[] {
  return rows.filter(({ supervisorId }) => supervisorId === world.supervisorId);
}

async function count(world: Fixture, lease: Awaited<ReturnType<Fixture['attempt']>>, processed: number) {
  await recordProgress(scratch.pool(), lease, {
    positions: positions({ 0: 100 + processed, 1: 200 }),
    counters: { ...zeroCounters, records: processed, processed },
    rowsPerSecond: 1,
    rowsInMemory: processed,
    bytesInMemory: 1,
  });
}

/** As the api shows them. */
function shown(totals: Totals, rows: MetricsRows) {
  totals.add(rows);
  return parseExposition(expositionText(metricFamilies(rows, totals)));
}

describe('what a scrape reads', () => {
  it('never falls at a rollover: what was held is published in the same snapshot', async () => {
    const world = await scratch.supervisor();
    const totals = new Totals();
    const processed = async (): Promise<number | undefined> => {
      const families = shown(totals, await read(totals.known));
      return valueOf(families, 'druid_ingest_events_processed_total', {
        supervisorId: world.supervisorId,
        groupId: '0',
      });
    };
    const key = await world.generation();
    const lease = await world.attempt(key);
    expect(await processed()).toBeUndefined();
    await count(world, lease, 5);
    expect(await processed()).toBe(5);
    await world.end(key, lease, { 0: 105, 1: 200 });
    // Published are the 5 it holds; its progress still says 5.
    await world.publish(lease, key);
    expect(await processed()).toBe(5);
    const next = await world.generation({ expectedGeneration: 1 });
    const nextLease = await world.attempt(next);
    await count(world, nextLease, 2);
    expect(await processed()).toBe(7);
  });

  it('adds up commits once, however often it is asked', async () => {
    const world = await scratch.supervisor();
    const key = await world.generation();
    const lease = await world.attempt(key);
    await world.end(key, lease, { 0: 105, 1: 200 });
    await world.publish(lease, key);
    const first = await read();
    expect(of(first.published, world)).toMatchObject([
      { groupId: 0, sequences: 1, segments: 1, rows: 5, bytes: 10, counters: { processed: 5 } },
    ]);
    expect(of(first.published, world)[0]?.publishMs).toBeGreaterThanOrEqual(0);
    const [{ commitSeq, timeline } = { commitSeq: '', timeline: '' }] = of(first.supervisors, world);
    const known = { ...nothingKnown, commits: [{ supervisorId: world.supervisorId, timeline, commitSeq }] };
    expect(of((await read(known)).published, world)).toEqual([]);
    // Of another timeline nothing is known.
    const other = [{ supervisorId: world.supervisorId, timeline: 'another', commitSeq }];
    expect(of((await read({ ...nothingKnown, commits: other })).published, world)).toHaveLength(1);
  });

  it('counts tasks that ended once they are settled, and those of the last minute besides', async () => {
    const world = await scratch.supervisor();
    const key = await world.generation({ replicas: 2 });
    const [first, second] = (await world.read(key)).tasks.map(({ taskId }) => taskId);
    await finishTask(scratch.pool(), { taskId: first!, state: 'FAILED', error: 'x', counted: false });
    const rows = await read();
    expect(of(rows.endedTasks, world)).toMatchObject([{ state: 'FAILED', settled: 0, all: 1 }]);
    expect(of(rows.runningTasks, world)).toEqual([
      { supervisorId: world.supervisorId, runner: 'PENDING', count: 1 },
    ]);
    await scratch
      .pool()
      .query(`update task set ended_at = ended_at - interval '5 minutes' where task_id = $1`, [first]);
    expect(of((await read()).endedTasks, world)).toMatchObject([{ settled: 1, all: 1 }]);
    expect(of((await read({ ...nothingKnown, tasksUntil: rows.tasksUntil })).endedTasks, world)).toEqual([]);
    expect(second).toBeDefined();
  });

  it('sums pauses of checkpoints, and takes a story line once', async () => {
    const world = await scratch.supervisor();
    const pool = scratch.pool();
    const tell = (details: { readonly tookMs: number | string }) =>
      tellStory(pool, { supervisorId: world.supervisorId, kind: 'checkpoint', text: 't', details });
    await tell({ tookMs: 40 });
    await tell({ tookMs: 12.4 });
    await tell({ tookMs: 'long' });
    // The newest lines are taken a little later: an older one may still be on its way.
    expect(of((await read()).events, world)).toEqual([]);
    await pool.query(`update supervisor_event set at = at - interval '1 minute' where supervisor_id = $1`, [
      world.supervisorId,
    ]);
    const rows = await read();
    expect(of(rows.events, world)).toMatchObject([{ kind: 'checkpoint', count: 3, pauses: 2, pausedMs: 52 }]);
    expect(of((await read({ ...nothingKnown, eventId: rows.eventId })).events, world)).toEqual([]);
  });

  it('druid 6.91 testEmitNoLagWhenSuspended: has the lag of supervisors that run, from fresh looks, and null where it is not known', async () => {
    const world = await scratch.supervisor();
    const pool = scratch.pool();
    const place = (partition: string, latest: number | null) => ({
      partition,
      earliest: null,
      latest: latest === null ? null : positions({ x: latest })['x']!,
      current: positions({ x: 100 })['x']!,
    });
    const look = { supervisorId: world.supervisorId, status: null, stream: 'clicks' };
    await writeLook(pool, { ...look, positions: [place('0', 140), place('1', null)] });
    // Older than what was read meanwhile: nothing is behind.
    await writeLook(pool, { ...look, positions: [place('2', 90)] });
    const lags = async () => of((await read()).lags, world);
    expect(await lags()).toMatchObject([
      { partition: '0', lag: 40, lagMs: null, stream: 'clicks' },
      { partition: '1', lag: null },
      { partition: '2', lag: 0 },
    ]);
    await pool.query(
      `update stream_position set updated_at = updated_at - interval '10 minutes'
       where supervisor_id = $1 and partition = '0'`,
      [world.supervisorId],
    );
    expect(await lags()).toHaveLength(2);
    await pool.query(`update supervisor set desired = 'suspended' where supervisor_id = $1`, [
      world.supervisorId,
    ]);
    expect(await lags()).toEqual([]);
  });

  it('counts waiting orders, sequences and workers, and shows no terminated supervisor', async () => {
    const world = await scratch.supervisor();
    const pool = scratch.pool();
    await world.generation();
    await recordCommand(pool, {
      commandId: `c-${world.supervisorId}`,
      supervisorId: world.supervisorId,
      verb: 'checkpoint',
      state: 'accepted',
      outcome: null,
    });
    await registerWorker(pool, {
      workerId: 'worker-1',
      role: 'ingest',
      address: null,
      token: 'CANARY',
      slots: 4,
    });
    const rows = await read();
    expect(of(rows.supervisors, world)).toMatchObject([{ waitingOrders: 1, desired: 'running' }]);
    expect(of(rows.sequences, world)).toMatchObject([{ groupId: 0, state: 'open', count: 1 }]);
    expect(rows.workers).toMatchObject([{ role: 'ingest', count: 1, slots: 4 }]);
    await storeTombstone(pool, { supervisorId: world.supervisorId, by: 'test' });
    const text = expositionText(metricFamilies(await read(), new Totals()));
    expect(text).not.toContain(`"${world.supervisorId}"`);
    expect(text).not.toContain('CANARY');
    parseExposition(text);
  });
});
