/** What the reaper takes and what it must leave (protocol.md 6). */
import { describe, expect, it } from 'vitest';
import { finishTask, replaceTask } from '../../storage/attempts.ts';
import { insertIntents } from '../../storage/checkpoints.ts';
import { discardSequence } from '../../storage/publish.ts';
import { reapIntents, reapedPaths, unknownPaths, unusedSegments } from '../../storage/reaper.ts';
import { nextLetters } from './fixture.ts';
import { ended, outcomeOf, reading } from './guards.ts';
import { scratchDatabase } from './scratch.ts';

const { undone } = scratchDatabase();
const now = { graceMs: 0 };

describe('the reaper', () => {
  it('keeps the newest checkpoint until its sequence is published, then takes its files', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await ended(database);
      await f.checkpoint(lease, key, { 0: 120, 1: 220 }, { all: ['c/1'] });
      const next = await f.attempt(key);
      expect(await reapIntents(database, now)).toEqual([]);
      await f.publish(next, key);
      expect(await reapIntents(database, now)).toEqual(['c/1']);
      expect(await f.value(`select count(*)::int from checkpoint`)).toBe(0);
    });
  });

  it('keeps it while a failed task waits for its successor', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await reading(database);
      const { checkpointId } = await f.checkpoint(lease, key, { 0: 120, 1: 220 }, { all: ['c/1'] });
      await finishTask(database, { taskId: lease.taskId, state: 'FAILED', error: 'x', counted: true });
      expect(await reapIntents(database, now)).toEqual([]);
      await replaceTask(database, {
        taskId: lease.taskId,
        letters: nextLetters(),
        error: 'x',
        counted: true,
      });
      const next = await f.attempt(key);
      expect((await f.adopt(next, checkpointId)).kind).toBe('adopted');
    });
  });

  it('takes everything of a discarded sequence', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await ended(database);
      await f.checkpoint(lease, key, { 0: 120, 1: 220 }, { all: ['c/1'] });
      await f.intents(lease, ['p/1']);
      await discardSequence(database, { sequenceId: f.sequenceId(key), why: 'x' });
      expect(await reapIntents(database, now)).toEqual(['c/1', 'p/1']);
    });
  });

  it('takes what an older checkpoint listed and the newest does not, once its attempt is over', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await reading(database);
      await f.checkpoint(lease, key, { 0: 120, 1: 220 }, { all: ['c/1'] });
      await f.checkpoint(lease, key, { 0: 130, 1: 230 }, { all: ['c/2'] });
      await f.attempt(key);
      expect(await reapIntents(database, now)).toEqual(['c/1']);
    });
  });

  it('never takes what is published, and takes nothing twice', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await ended(database);
      await f.publish(lease, key);
      await f.intents(lease, ['p/late']);
      await finishTask(database, { taskId: lease.taskId, state: 'SUCCESS', error: null, counted: false });
      expect(await reapIntents(database, now)).toEqual(['p/late']);
      expect(await reapIntents(database, now)).toEqual([]);
    });
  });

  it('is remembered for ever, and a name is never given again', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await reading(database);
      await f.intents(lease, ['p/1', 'p/2']);
      await f.attempt(key);
      await reapIntents(database, now);
      const next = await f.attempt(key);
      expect(await reapedPaths(database)).toEqual(['p/1', 'p/2']);
      expect(await reapedPaths(database, ['p/2', 'p/3'])).toEqual(['p/2']);
      expect(await unknownPaths(database, ['p/1', 'x/9'])).toEqual(['x/9']);
      const again = insertIntents(database, next, { kind: 'publish', paths: ['p/1'] });
      expect(await outcomeOf(again)).toBe('INVARIANT_VIOLATED');
    });
  });
});

describe('segments out of use', () => {
  it('are retired after their delay, and their files are garbage from then on', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await ended(database);
      await f.publish(lease, key);
      const path = await f.value(`select path from segment`);
      await database.query(`update segment set used = false, unused_at = clock_timestamp()`);
      expect(await unusedSegments(database, { killDelayMs: 60_000 })).toEqual([]);
      expect(await unusedSegments(database, { killDelayMs: 0 })).toEqual([path]);
      expect(await f.value(`select count(*)::int from segment`)).toBe(0);
      expect(await reapedPaths(database)).toEqual([path]);
    });
  });
});
