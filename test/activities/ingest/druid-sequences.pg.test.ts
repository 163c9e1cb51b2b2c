/** Druid's scenarios of sequences and rollover (druid.md 6) over real Postgres and a stream in memory: every row is counted. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readStory } from '../../../storage/stories.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ids, World } from './world.ts';
import type { WorldOptions } from './world.ts';

let database: TestDatabase;
let world: World;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterEach(() => world.close());

afterAll(async () => {
  await database.drop();
});

async function open(options: WorldOptions = {}): Promise<void> {
  world = await World.open(database.url, options);
}

const asked = (ordinal: number) =>
  waitFor(
    () =>
      world.sent.find(
        ({ name, payload }) =>
          name === 'checkpointRequested' && (payload as { ordinal: number }).ordinal === ordinal,
      )?.payload,
    { what: `a request for checkpoint ${ordinal}` },
  );

/** Of day `day`, so of a segment of its own. */
const good = (id: number, day: number) => ({
  value: JSON.stringify({ t: new Date(Date.UTC(2026, 0, day)).toISOString(), id, site: 'a' }),
});

describe('checkpoints and sequences', () => {
  it('druid 6.27 testIncrementalHandOff: maxRowsPerSegment 2 over two partitions: 8 processed, 3 unparseable, 1 thrown away, 7 segments', async () => {
    await open({ tuning: { maxRowsPerSegment: 2 }, windowMaxMs: Date.UTC(2027, 0, 1) });
    const key = await world.generation();
    const [input] = await world.inputs(key);
    const days = [8, 9, 10, 11, 11];
    world.stream.append('0', ...days.map((day, id) => good(id, day)));
    const run = await world.worker().run(input!);
    // Two rows of one day are a full segment.
    expect(await asked(0)).toEqual({ ordinal: 0, reason: 'rows' });
    expect(await world.end(key, { final: false })).toEqual({ 0: '5', 1: '0' });
    const far = { value: JSON.stringify({ t: '2099-01-01T00:00:00Z', id: 99, site: 'a' }) };
    world.stream.append('0', far, { value: 'unparseable' }, { value: 'unparseable2' }, { value: '{}' });
    world.stream.append('1', good(5, 12), good(6, 13), good(7, 14));
    await world.readUntil(key, 12);
    expect(await world.end(key, { final: true })).toEqual({ 0: '9', 1: '3' });
    expect(await run.result).toEqual({ kind: 'published' });
    const { sequences } = await world.read(key);
    const sum = (counter: 'processed' | 'unparseable' | 'thrownAway') =>
      sequences.reduce((total, { counters }) => total + (counters?.[counter] ?? 0), 0);
    expect([sum('processed'), sum('unparseable'), sum('thrownAway')]).toEqual([8, 3, 1]);
    expect(await world.publishedIds()).toEqual(ids(8));
    const { rows } = await world.pool.query('select 1 from segment where supervisor_id = $1', [
      world.supervisorId,
    ]);
    expect(rows).toHaveLength(7);
  });

  it('druid 6.29 testIncrementalHandOffReadsThroughEndOffsets: the replica that is behind reads on to the common ends and publishes the same rows', async () => {
    await open({ replicas: 2 });
    const key = await world.generation();
    const inputs = await world.inputs(key);
    world.produce(0, 200);
    const [ahead, behind] = [world.worker(), world.worker()];
    const runs = [await ahead.run(inputs[0]!), await behind.run(inputs[1]!)];
    await waitFor(async () => (await world.read(key)).tasks.every(({ progress }) => progress !== null), {
      what: 'both reading',
    });
    // It hears nothing of the pause, while the other one reads far beyond it.
    behind.deafen();
    world.produce(200, 300);
    await waitFor(() => ahead.lastReport()?.counters.records === 500, { what: 'the one ahead' });
    expect(await world.end(key, { final: true, answers: 1 })).toEqual({ 0: '250', 1: '250' });
    ahead.kill();
    behind.undeafen();
    expect(await runs[1]!.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(ids(500));
  });

  it('druid 6.21 testNoDataIngestionTasks: tasks that read nothing roll over without harm', async () => {
    await open();
    for (let generation = 0; generation < 3; generation += 1) {
      const key = await world.generation(generation);
      const [input] = await world.inputs(key);
      const run = await world.worker().run(input!);
      await waitFor(async () => (await world.read(key)).tasks[0]?.progress, { what: 'the start' });
      expect(await world.end(key, { final: true })).toEqual({ 0: '0', 1: '0' });
      expect(await run.result).toEqual({ kind: 'published' });
    }
    const key = await world.generation(3);
    world.produce(0, 40);
    const [input] = await world.inputs(key);
    const run = await world.worker().run(input!);
    await world.readUntil(key, 40);
    await world.end(key, { final: true });
    expect(await run.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(ids(40));
  });

  it('druid 6.26 test_supervisorLaunchesNewTask_ifEarlyHandoff: the next group reads from where the last one was stopped, no row lost or doubled', async () => {
    await open();
    const first = await world.generation();
    const [firstInput] = await world.inputs(first);
    world.produce(0, 300);
    const before = await world.worker().run(firstInput!);
    await world.readUntil(first, 100);
    await world.end(first, { final: true });
    const second = await world.generation(1);
    const [secondInput] = await world.inputs(second);
    expect(secondInput!.taskId).not.toBe(firstInput!.taskId);
    const after = await world.worker().run(secondInput!);
    world.produce(300, 200);
    expect(await before.result).toEqual({ kind: 'published' });
    const { ends } = (await world.read(first)).sequences[0]!;
    const left = 500 - Number(ends?.['0']) - Number(ends?.['1']);
    await world.readUntil(second, left);
    await world.end(second, { final: true });
    expect(await after.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(ids(500));
  });

  it('druid 6.37 testRunWithPauseAndResume: a paused task stays where it is, goes on, and ends right', async () => {
    await open();
    const key = await world.generation();
    const [input] = await world.inputs(key);
    world.produce(0, 100);
    const run = await world.worker().run(input!);
    await world.readUntil(key, 100);
    const requestNo = await world.pause(key, 0, 1_500);
    const paused = await waitFor(async () => (await world.answers(key, requestNo))[0], {
      what: 'the answer',
    });
    expect(paused.positions).toEqual({ 0: '50', 1: '50' });
    world.produce(100, 100);
    // Nobody ends it: when the lease is over the task goes on by itself.
    await world.readUntil(key, 200);
    await world.end(key, { final: true });
    expect(await run.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(ids(200));
  });

  it('a notice of a pause that was never asked for stops nobody', async () => {
    await open();
    const key = await world.generation();
    const [input] = await world.inputs(key);
    world.produce(0, 60);
    const run = await world.worker().run(input!);
    await world.readUntil(key, 60);
    const { supervisorId, groupId, generation } = key;
    for (const requestNo of [1, 99])
      await world.pool.query(`select pg_notify('headgate_control', $1)`, [
        `${supervisorId}/group-${groupId}/${generation}#pause:0:${requestNo}`,
      ]);
    world.produce(60, 60);
    await world.readUntil(key, 120);
    await world.end(key, { final: true });
    expect(await run.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(ids(120));
    expect(await readStory(world.pool, supervisorId, { limit: 5, kinds: ['taskLost'] })).toEqual([]);
  });
});
