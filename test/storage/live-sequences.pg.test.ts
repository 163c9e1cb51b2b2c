/** What a query must ask running tasks for, as Postgres knows it, and how far segments reach. */
import { describe, expect, it } from 'vitest';
import type { Database } from '../../storage/call.ts';
import { readLiveSequences, readLiveSnapshot } from '../../storage/live-sequences.ts';
import { discardSequence } from '../../storage/publish.ts';
import { replaceTask } from '../../storage/attempts.ts';
import { fullReset } from '../../storage/resets.ts';
import { registerWorker } from '../../storage/workers.ts';
import { Fixture, nextLetters } from './fixture.ts';
import { scratchDatabase } from './scratch.ts';

const { undone } = scratchDatabase();

async function reading(database: Database) {
  const f = await Fixture.with(database);
  const key = await f.generation({ replicas: 2 });
  return { f, key };
}

describe('readLiveSequences', () => {
  it('answers a sequence with its partitions and the tasks that may hold it', async () => {
    await undone(async (database) => {
      const { f, key } = await reading(database);
      await registerWorker(database, {
        workerId: 'worker-1',
        role: 'ingest',
        address: 'http://127.0.0.1:7001',
        token: 'secret',
        slots: 4,
      });
      const lease = await f.attempt(key);
      await f.progress(lease, { 0: 120, 1: 210 });
      const [sequence, ...others] = await readLiveSequences(database, null);
      expect(others).toEqual([]);
      expect(sequence).toMatchObject({
        sequenceId: f.sequenceId(key),
        dataSource: 'wikipedia',
        supervisorId: 'wiki',
        groupId: 0,
        generation: 1,
        ordinal: 0,
        term: '1',
        stream: 'clicks',
        partitions: {
          0: { start: '100', end: null, incarnation: '1' },
          1: { start: '200', end: null, incarnation: '1' },
        },
        began: true,
        tasks: [
          {
            taskId: await f.taskOf(key, 0),
            epoch: '1',
            attempts: 1,
            workerId: 'worker-1',
            address: 'http://127.0.0.1:7001',
            token: 'secret',
            progress: { epoch: '1', positions: { 0: '120', 1: '210' } },
          },
          {
            taskId: await f.taskOf(key, 1),
            epoch: '0',
            attempts: 0,
            workerId: null,
            address: null,
            token: null,
            workerSeenMs: null,
            progress: null,
          },
        ],
      });
      expect(sequence?.tasks[0]?.workerSeenMs).toBeGreaterThan(1_600_000_000_000);
    });
  });

  it('has a sequence from its creation until it is published, with its ends once written', async () => {
    await undone(async (database) => {
      const { f, key } = await reading(database);
      expect((await readLiveSequences(database, null))[0]).toMatchObject({ began: false });
      const lease = await f.attempt(key);
      await f.end(key, lease, { 0: 150, 1: 250 });
      const next = await f.generation({ expectedGeneration: 1 });
      expect((await readLiveSequences(database, null)).map(({ partitions }) => partitions)).toMatchObject([
        { 0: { start: '100', end: '150' }, 1: { start: '200', end: '250' } },
        { 0: { start: '150', end: null }, 1: { start: '250', end: null } },
      ]);
      expect(await f.publish(lease, key)).toMatchObject({ kind: 'committed' });
      expect((await readLiveSequences(database, null)).map(({ sequenceId }) => sequenceId)).toEqual([
        f.sequenceId(next),
      ]);
      await discardSequence(database, { sequenceId: f.sequenceId(next), why: 'failure' });
      expect(await readLiveSequences(database, null)).toEqual([]);
    });
  });

  it('names only running tasks, and knows that one of them that failed had begun', async () => {
    await undone(async (database) => {
      const f = await Fixture.with(database);
      const key = await f.generation();
      await f.attempt(key);
      const old = await f.taskOf(key);
      const { taskId } = await replaceTask(database, {
        taskId: old,
        letters: nextLetters(),
        error: 'lost',
        counted: true,
      });
      const [sequence] = await readLiveSequences(database, null);
      expect(sequence).toMatchObject({ began: true, tasks: [{ taskId, attempts: 0 }] });
      expect(sequence?.tasks).toHaveLength(1);
    });
  });

  it('keeps to the data sources that are asked for', async () => {
    await undone(async (database) => {
      const { f, key } = await reading(database);
      expect(await readLiveSequences(database, ['other', 'Wikipedia'])).toEqual([]);
      expect((await readLiveSequences(database, ['other', 'wikipedia']))[0]?.sequenceId).toBe(
        f.sequenceId(key),
      );
    });
  });
});

describe('readLiveSnapshot', () => {
  it('says where segments end, and which life of a partition that is', async () => {
    await undone(async (database) => {
      const { f, key } = await reading(database);
      const lease = await f.attempt(key);
      const at = async (): Promise<unknown> => (await readLiveSnapshot(database, ['wikipedia'])).published;
      const common = { dataSource: 'wikipedia', supervisorId: 'wiki', stream: 'clicks' };
      expect(await at()).toEqual([
        { ...common, term: '1', partition: '0', incarnation: '1', position: '100' },
        { ...common, term: '1', partition: '1', incarnation: '1', position: '200' },
      ]);
      await f.end(key, lease, { 0: 150, 1: 250 });
      await f.publish(lease, key);
      expect(await at()).toMatchObject([{ position: '150' }, { position: '250' }]);
      await fullReset(database, {
        resetId: 'r1',
        supervisorId: 'wiki',
        positions: [],
        why: 'test',
        by: 'test',
      });
      expect(await at()).toMatchObject([
        { term: '2', incarnation: '2', position: null },
        { term: '2', incarnation: '2', position: null },
      ]);
      expect((await readLiveSnapshot(database, ['other'])).published).toEqual([]);
    });
  });
});
