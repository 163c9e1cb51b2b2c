/** Tasks as the doors list them, from real rows: filters, runner states, what is counted, and the history of one task. */
import { describe, expect, it } from 'vitest';
import { zeroCounters } from '../../domain/counters.ts';
import { finishTask, noteEnding, recordProgress, replaceTask } from '../../storage/attempts.ts';
import type { Database } from '../../storage/call.ts';
import { findTasks, listTasks, readTask, readTaskHistory, runningTasksOf } from '../../storage/tasks.ts';
import { tellStory } from '../../storage/stories.ts';
import { Fixture, nextLetters, positions } from './fixture.ts';
import { scratchDatabase } from './scratch.ts';

const scratch = scratchDatabase();
const all = { limit: 100 };

function count(database: Database, lease: Awaited<ReturnType<Fixture['attempt']>>, processed: number) {
  return recordProgress(database, lease, {
    positions: positions({ 0: 100 + processed, 1: 200 }),
    counters: { ...zeroCounters, records: processed, processed },
    rowsPerSecond: 1,
    recordsRead: processed,
    rowsInMemory: processed,
    bytesInMemory: 1,
  });
}

describe('a list of tasks', () => {
  it('is newest first, and filtered by state, data source and time of creation', () =>
    scratch.undone(async (database) => {
      const world = await Fixture.with(database);
      const key = await world.generation({ replicas: 2 });
      const [first, second] = (await world.read(key)).tasks.map(({ taskId }) => taskId);
      await database.query(`update task set created_at = created_at - interval '1 day' where task_id = $1`, [
        first,
      ]);
      await world.attempt(key);
      await finishTask(database, { taskId: first!, state: 'FAILED', error: 'lost', counted: false });
      const ids = async (filter: object): Promise<string[]> =>
        (await listTasks(database, { ...all, ...filter })).map(({ taskId }) => taskId);
      expect(await ids({})).toEqual([second, first]);
      expect(await ids({ state: 'complete' })).toEqual([first]);
      expect(await ids({ state: 'pending' })).toEqual([second]);
      expect(await ids({ state: 'running' })).toEqual([]);
      expect(await ids({ state: 'waiting' })).toEqual([]);
      expect(await ids({ dataSource: 'wikipedia' })).toHaveLength(2);
      expect(await ids({ dataSource: 'nope' })).toEqual([]);
      expect(await ids({ completeMax: 0 })).toEqual([second]);
      expect(await ids({ createdFromMs: Date.now() - 60_000 })).toEqual([second]);
      expect(await ids({ createdBeforeMs: Date.now() - 60_000 })).toEqual([first]);
      // What lives comes before the end of the list cuts anything off.
      expect(await ids({ limit: 1 })).toEqual([second]);
      expect(await findTasks(database, [first!])).toMatchObject([
        { state: 'FAILED', runner: 'NONE', error: 'lost', workerId: 'worker-1', replica: 0 },
      ]);
      expect((await runningTasksOf(database, 'wikipedia')).map(({ taskId }) => taskId)).toEqual([second]);
    }));

  it('says who waits for a worker, and who for a predecessor', () =>
    scratch.undone(async (database) => {
      const world = await Fixture.with(database);
      const key = await world.generation();
      const runner = async (): Promise<string | undefined> => (await listTasks(database, all))[0]?.runner;
      expect(await runner()).toBe('PENDING');
      const first = await world.attempt(key);
      expect(await runner()).toBe('RUNNING');
      await noteEnding(database, first, { ending: 'failed', error: 'the disk is full' });
      expect(await runner()).toBe('PENDING');
      const second = await world.attempt(key, { attempt: 2 });
      expect(await runner()).toBe('RUNNING');
      await noteEnding(database, second, { ending: 'gaveWay', error: null });
      expect(await runner()).toBe('WAITING');
      expect((await listTasks(database, { ...all, state: 'waiting' })).length).toBe(1);
      await finishTask(database, {
        taskId: second.taskId,
        state: 'SUCCESS',
        error: null,
        counted: false,
      });
      expect(await runner()).toBe('NONE');
    }));
});

describe('one task', () => {
  it('is not there, or has its generation, its spec and whom it replaced', () =>
    scratch.undone(async (database) => {
      const world = await Fixture.with(database);
      const key = await world.generation();
      const taskId = await world.taskOf(key);
      expect(await readTask(database, 'nope')).toBeNull();
      const { taskId: next } = await replaceTask(database, {
        taskId,
        letters: nextLetters(),
        error: 'Shutdown request from user',
        counted: false,
      });
      expect(await readTask(database, taskId)).toMatchObject({ replaces: null, replacedBy: next });
      expect(await readTask(database, next)).toMatchObject({
        task: { runner: 'PENDING' },
        generation: { key, specVersion: 1 },
        specText: '{"type":"kafka"}',
        replaces: taskId,
        replacedBy: null,
        unpublished: null,
      });
    }));

  it('counts what is not published: not what its attempt published, and nothing of an attempt before it', async () => {
    const world = await scratch.supervisor();
    const pool = scratch.pool();
    const key = await world.generation();
    const lease = await world.attempt(key);
    await count(pool, lease, 10);
    const unpublished = async () => (await readTask(pool, lease.taskId))?.unpublished ?? null;
    expect(await unpublished()).toMatchObject({ processed: 10, records: 10 });
    await world.end(key, lease, { 0: 105, 1: 200 }, { final: false });
    await world.publish(lease, key);
    // The fixture publishes 5 processed rows; the attempt goes on counting them.
    expect(await unpublished()).toMatchObject({ processed: 5, records: 5 });
    await count(pool, lease, 3);
    // Its progress is older than the publish: never below zero.
    expect(await unpublished()).toMatchObject({ processed: 0 });
    const again = await world.attempt(key, { attempt: 2 });
    // What the lost attempt said is nobody's any more.
    expect(await unpublished()).toBeNull();
    await count(pool, again, 7);
    // Published before this attempt: it never counted those.
    expect(await unpublished()).toMatchObject({ processed: 7 });
  });

  it('has a history of attempts, checkpoints, publishes and the story lines about it', async () => {
    const world = await scratch.supervisor();
    const pool = scratch.pool();
    const key = await world.generation();
    const lease = await world.attempt(key);
    await count(pool, lease, 4);
    await world.checkpoint(lease, key, { 0: 104, 1: 200 }, { all: ['spill-a', 'spill-b'] });
    const about = { supervisorId: world.supervisorId, groupId: 0, generation: 1 };
    await tellStory(pool, { ...about, kind: 'rollover', text: 'ended' });
    await tellStory(pool, { ...about, kind: 'taskLost', taskId: lease.taskId, text: 'lost' });
    await tellStory(pool, { ...about, kind: 'taskLost', taskId: 'another', text: 'of another task' });
    await tellStory(pool, { ...about, generation: 2, kind: 'rollover', text: 'of another generation' });
    await world.end(key, lease, { 0: 104, 1: 200 });
    await world.publish(lease, key);
    await noteEnding(pool, lease, { ending: 'gaveWay', error: null });
    const [task] = await findTasks(pool, [lease.taskId]);
    const history = await readTaskHistory(pool, task!);
    expect(history.attempts).toMatchObject([
      { epoch: '1', records: 4, workerId: 'worker-1', ending: 'gaveWay' },
    ]);
    expect(history.checkpoints).toMatchObject([
      { epoch: '1', files: 2, sequenceIds: [world.sequenceId(key)] },
    ]);
    expect(history.publishes).toMatchObject([
      { sequenceId: world.sequenceId(key), taskId: lease.taskId, segments: 1, rows: 5, bytes: 10 },
    ]);
    expect(history.story.map(({ text }) => text)).toEqual(['ended', 'lost']);
  });
});
