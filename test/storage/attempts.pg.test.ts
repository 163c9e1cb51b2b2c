/** Leases, progress, the end of a task and its replacement (protocol.md 3.1). */
import { describe, expect, it } from 'vitest';
import { acquireTask, finishTask, noteEnding, recordProgress, replaceTask } from '../../storage/attempts.ts';
import { zeroCounters } from '../../domain/counters.ts';
import { nextUuid, positions } from './fixture.ts';
import { ended, outcomeOf, reading } from './guards.ts';
import { scratchDatabase } from './scratch.ts';

const { undone } = scratchDatabase();
const gone = { error: 'too many unparseable rows', counted: true };

describe('acquireTask', () => {
  it('raises the epoch, changes the token, and says what to read', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await reading(database);
      const next = await acquireTask(database, {
        taskId: lease.taskId,
        activityRun: 'run',
        attempt: 1,
        workerId: 'worker-2',
      });
      expect(next).toMatchObject({
        kind: 'acquired',
        lease: { epoch: '2' },
        term: '1',
        commitSeq: '0',
        specText: '{"type":"kafka"}',
        checkpoint: null,
        generation: { key, state: 'reading' },
      });
      expect(next.kind === 'acquired' && next.lease.token).not.toBe(lease.token);
      expect((await f.read(key)).tasks[0]).toMatchObject({ attempts: 2, workerId: 'worker-2' });
    });
  });

  it('takes the same attempt again (its answer was lost), and attempt 1 of another run', async () => {
    await undone(async (database) => {
      const { f, key } = await reading(database);
      await f.attempt(key, { run: 'run', attempt: 5 });
      await f.attempt(key, { run: 'run', attempt: 5 });
      expect((await f.attempt(key, { run: 'other', attempt: 1 })).epoch).toBe('4');
    });
  });

  it('answers the newest checkpoint for the first unpublished sequence, also of an earlier task', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await reading(database);
      await f.checkpoint(lease, key, { 0: 110, 1: 210 }, { all: ['c/1'] });
      const { checkpointId } = await f.checkpoint(
        lease,
        key,
        { 0: 120, 1: 220 },
        {
          all: ['c/1', 'c/2'],
          fresh: ['c/2'],
        },
      );
      const { taskId } = await replaceTask(database, { taskId: lease.taskId, letters: 'pppppppp', ...gone });
      const next = await acquireTask(database, { taskId, activityRun: 'r', attempt: 1, workerId: 'w' });
      expect(next).toMatchObject({
        checkpoint: {
          checkpointId,
          taskId: lease.taskId,
          sequences: [{ sequenceId: f.sequenceId(key), positions: { 0: '120', 1: '220' } }],
        },
      });
      if (next.kind !== 'acquired') return;
      expect((await f.adopt(next.lease, checkpointId)).kind).toBe('adopted');
      expect((await f.adopt(next.lease, checkpointId)).kind).toBe('adopted');
      const owners = await f.value(`select jsonb_agg(distinct task_id) from upload_intent`);
      expect(owners).toEqual([taskId]);
      // Its next checkpoint may list the adopted files as its own.
      const more = await f.checkpoint(
        next.lease,
        key,
        { 0: 130, 1: 230 },
        {
          all: ['c/1', 'c/2', 'c/3'],
          fresh: ['c/3'],
        },
      );
      expect(more.outcome).toBe('ok');
      expect(await f.value(`select count(*)::int from checkpoint`)).toBe(1);
    });
  });

  it('is granted for a generation that is wholly published: nothing is left to do there', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await ended(database, { replicas: 2 });
      await f.publish(lease, key);
      expect((await f.attempt(key, { replica: 1 })).epoch).toBe('1');
    });
  });

  it('refuses a task that is unknown', async () => {
    await undone(async (database) => {
      const outcome = await acquireTask(database, {
        taskId: 'x',
        activityRun: 'r',
        attempt: 1,
        workerId: 'w',
      });
      expect(outcome).toMatchObject({ kind: 'refused', reason: 'UNKNOWN' });
    });
  });
});

describe('recordProgress', () => {
  it('is read back with its counters and rates', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await reading(database);
      await recordProgress(database, lease, {
        positions: positions({ 0: 120, 1: 220 }),
        counters: { ...zeroCounters, records: 40 },
        rowsPerSecond: 12.5,
        rowsInMemory: 7,
        bytesInMemory: 1024,
      });
      expect((await f.read(key)).tasks[0]?.progress).toMatchObject({
        epoch: '1',
        positions: { 0: '120', 1: '220' },
        counters: { records: 40 },
        rowsPerSecond: 12.5,
        rowsInMemory: 7,
        bytesInMemory: 1024,
      });
    });
  });
});

describe('the end of a task', () => {
  it('is written once and fences what still runs of it', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await reading(database);
      await finishTask(database, { taskId: lease.taskId, state: 'FAILED', ...gone });
      await finishTask(database, { taskId: lease.taskId, state: 'SUCCESS', error: null, counted: false });
      expect((await f.read(key)).tasks[0]).toMatchObject({ state: 'FAILED', ...gone });
      expect(await f.progress(lease, { 0: 1, 1: 1 })).toBe('fenced');
    });
  });

  it('has one successor of the same replica, however often it is asked for', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await reading(database, { replicas: 2 });
      const order = { taskId: lease.taskId, ...gone };
      const first = await replaceTask(database, { ...order, letters: 'aaaaaaaa' });
      expect(await replaceTask(database, { ...order, letters: 'bbbbbbbb' })).toEqual(first);
      expect(first.taskId).toBe('index_kafka_wiki_g0_1_aaaaaaaa');
      const ofReplica = (await f.read(key)).tasks.filter(({ replica }) => replica === 0);
      expect(ofReplica.map(({ state }) => state)).toEqual(['FAILED', 'RUNNING']);
    });
  });

  it('in success has no successor', async () => {
    const outcome = await undone(async (database) => {
      const { lease } = await reading(database);
      await finishTask(database, { taskId: lease.taskId, state: 'SUCCESS', error: null, counted: false });
      return outcomeOf(replaceTask(database, { taskId: lease.taskId, letters: 'aaaaaaaa', ...gone }));
    });
    expect(outcome).toBe('INVARIANT_VIOLATED');
  });
});

describe('attempts without fruit', () => {
  const acquire = (database: Parameters<typeof acquireTask>[0], taskId: string) =>
    acquireTask(database, { taskId, activityRun: nextUuid(), attempt: 1, workerId: 'worker-2' });

  it('one that said nothing was lost; the next one hears of it, and the task shows it', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await reading(database);
      await f.progress(lease, { 0: 120, 1: 220 });
      const next = await acquire(database, lease.taskId);
      expect(next).toMatchObject({
        previous: { attempt: 1, workerId: 'worker-1', ending: 'lost', lastHeardMs: expect.any(Number) },
      });
      const [task] = (await f.read(key)).tasks;
      expect(task?.lastFailure?.message).toMatch(
        /^worker worker-1 was lost; it was last heard \d{4}-.* UTC$/,
      );
      expect(task?.fruitlessAttempts).toBe(0);
    });
  });

  it('those that fail at the same place are counted until one comes further', async () => {
    await undone(async (database) => {
      const { f, key } = await reading(database);
      const failing = async (at: number) => {
        const lease = await f.attempt(key);
        await f.progress(lease, { 0: at, 1: 200 });
        await noteEnding(database, lease, { ending: 'failed', error: `boom at ${at}` });
      };
      const count = async () => (await f.read(key)).tasks[0]!.fruitlessAttempts;
      await failing(100);
      await failing(120);
      await failing(120);
      await failing(119);
      const lease = await f.attempt(key);
      expect(await count()).toBe(2);
      expect((await f.read(key)).tasks[0]!.lastFailure?.message).toBe('boom at 119');
      await f.progress(lease, { 0: 120, 1: 200 });
      expect(await count()).toBe(2);
      await f.progress(lease, { 0: 121, 1: 200 });
      expect(await count()).toBe(0);
    });
  });

  it('a hand-over in order is no failure, and the first word counts', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await reading(database);
      await noteEnding(database, lease, { ending: 'handedOver', error: null });
      await noteEnding(database, lease, { ending: 'failed', error: 'and then this' });
      const next = await acquire(database, lease.taskId);
      expect(next).toMatchObject({ previous: { ending: 'handedOver', error: null } });
      expect((await f.read(key)).tasks[0]).toMatchObject({ lastFailure: null, fruitlessAttempts: 0 });
    });
  });

  it('an attempt that lives for a minute gets on, though there is nothing to read', async () => {
    await undone(async (database) => {
      const { f, key } = await reading(database);
      const lease = await f.attempt(key);
      const count = async () => (await f.read(key)).tasks[0]!.fruitlessAttempts;
      await f.progress(lease, { 0: 100, 1: 200 });
      expect(await count()).toBe(1);
      await database.query(`update task_lease set acquired_at = acquired_at - interval '61 seconds'`);
      await f.progress(lease, { 0: 100, 1: 200 });
      expect(await count()).toBe(0);
    });
  });
});
