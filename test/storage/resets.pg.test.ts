/** Resets, forced stop and restore (protocol.md 5 and 7): what goes, what stays, what is declared. */
import { describe, expect, it } from 'vitest';
import { toPosition } from '../../domain/positions.ts';
import { acquireTask } from '../../storage/attempts.ts';
import type { Database } from '../../storage/call.ts';
import { readPartitions, seedPartitions } from '../../storage/partitions.ts';
import { commitSequence } from '../../storage/publish.ts';
import { acceptRestore, forcedStop, fullReset, partialReset, reportSeen } from '../../storage/resets.ts';
import { readSupervisor } from '../../storage/supervisors.ts';
import { Fixture } from './fixture.ts';
import { ended, outcomeOf, ready } from './guards.ts';
import { scratchDatabase } from './scratch.ts';

const { undone } = scratchDatabase();
const order = { supervisorId: 'wiki', resetId: 'order-1', why: 'operator asked', by: 'ada' };

async function partitionsOf(database: Database): Promise<[string, string | null, string][]> {
  return (await readPartitions(database, 'wiki')).map((row) => [
    row.partition,
    row.nextPosition,
    row.incarnation,
  ]);
}

async function gapsOf(database: Database): Promise<unknown> {
  const { rows } = await database.query(
    `select partition, incarnation::int, start_position::int, end_position::int, who from gap order by gap_id`,
  );
  return rows;
}

describe('a partial reset', () => {
  it('takes only the groups that hold the partition; the others publish as if nothing was', async () => {
    await undone(async (database) => {
      const f = await Fixture.with(database);
      const zero = await f.generation({ groupId: 0, partitions: ['0'] });
      const one = await f.generation({ groupId: 1, partitions: ['1'] });
      const zeroLease = await f.attempt(zero);
      const oneLease = await f.attempt(one);
      await f.end(zero, zeroLease, { 0: 150 });
      await f.end(one, oneLease, { 1: 250 });
      const outcome = await partialReset(database, {
        ...order,
        stream: 'clicks',
        positions: [{ partition: '0', position: toPosition(400) }],
      });
      expect(outcome).toMatchObject({
        kind: 'reset',
        term: '1',
        sequenceIds: [f.sequenceId(zero)],
        jumps: [{ stream: 'clicks', partition: '0', kind: 'skipped', from: '100', to: '400' }],
      });
      expect(await gapsOf(database)).toEqual([
        { partition: '0', incarnation: 1, start_position: 100, end_position: 400, who: 'ada' },
      ]);
      expect(await f.publish(zeroLease, zero)).toEqual({ kind: 'discarded', why: 'reset' });
      expect((await f.publish(oneLease, one)).kind).toBe('committed');
      expect(await partitionsOf(database)).toEqual([
        ['0', '400', '2'],
        ['1', '250', '1'],
      ]);
    });
  });

  it('announces what will be read again, and discards what read on in other groups', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await ended(database);
      await f.publish(lease, key);
      const next = await f.generation({ expectedGeneration: 1 });
      await f.end(next, await f.attempt(next), { 0: 160, 1: 260 });
      const after = await f.generation({ groupId: 4, partitions: ['1'] });
      const outcome = await partialReset(database, {
        ...order,
        stream: 'clicks',
        positions: [{ partition: '0', position: toPosition(120) }],
      });
      expect(outcome).toMatchObject({
        sequenceIds: [f.sequenceId(next), f.sequenceId(after)],
        jumps: [{ partition: '0', kind: 'readAgain', from: '120', to: '150' }],
      });
      expect(await gapsOf(database)).toEqual([]);
      const again = await f.generation({ expectedGeneration: 2 });
      expect((await f.read(again)).sequences[0]?.starts).toEqual({ 0: '120', 1: '250' });
    });
  });

  it('may wait for a seed; the gap is declared then', async () => {
    await undone(async (database) => {
      const f = await Fixture.with(database);
      const outcome = await partialReset(database, {
        ...order,
        stream: 'clicks',
        positions: [{ partition: '1', position: null }],
      });
      expect(outcome).toMatchObject({ jumps: [] });
      expect(await partitionsOf(database)).toEqual([
        ['0', '100', '1'],
        ['1', null, '2'],
      ]);
      expect(await f.seed({ 1: 900 })).toEqual(['1']);
      expect(await gapsOf(database)).toMatchObject([{ start_position: 200, end_position: 900 }]);
    });
  });

  it('accepts a topic that was created again: the rest of the old one is a gap without an end', async () => {
    await undone(async (database) => {
      const f = await Fixture.with(database);
      await partialReset(database, {
        ...order,
        stream: 'clicks',
        sourceIdentity: 'topic-2',
        positions: [{ partition: '0', position: toPosition(0) }],
      });
      expect(await gapsOf(database)).toMatchObject([{ start_position: 100, end_position: null }]);
      expect((await readPartitions(database, 'wiki'))[0]?.sourceIdentity).toBe('topic-2');
      const key = await f.generation();
      expect((await f.read(key)).sequences[0]?.incarnations).toEqual({ 0: '2', 1: '1' });
    });
  });

  it('of a partition that is not there changes nothing', async () => {
    await undone(async (database) => {
      await Fixture.with(database);
      const outcome = await partialReset(database, {
        ...order,
        stream: 'clicks',
        positions: [{ partition: '7', position: toPosition(0) }],
      });
      expect(outcome).toEqual({ kind: 'refused', detail: 'no position is stored for clicks partition 7' });
    });
  });

  it('lets the same offsets be published again under a new incarnation', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await ended(database);
      await f.publish(lease, key);
      await partialReset(database, {
        ...order,
        stream: 'clicks',
        positions: [{ partition: '0', position: toPosition(100) }],
      });
      const next = await f.generation({ expectedGeneration: 1 });
      const nextLease = await f.attempt(next);
      await f.end(next, nextLease, { 0: 150, 1: 260 });
      expect((await f.publish(nextLease, next)).kind).toBe('committed');
    });
  });
});

describe('a full reset', () => {
  it('raises the term and every incarnation, discards all, and sets what is given', async () => {
    await undone(async (database) => {
      const { f, key, lease, input } = await ready(database);
      const outcome = await fullReset(database, {
        ...order,
        positions: [{ stream: 'clicks', partition: '0', position: toPosition(0) }],
      });
      expect(outcome).toMatchObject({
        kind: 'reset',
        term: '2',
        sequenceIds: [f.sequenceId(key)],
        jumps: [{ stream: 'clicks', partition: '0', kind: 'readAgain', from: '0', to: '100' }],
      });
      expect(await partitionsOf(database)).toEqual([
        ['0', '0', '2'],
        ['1', null, '2'],
      ]);
      expect(await commitSequence(database, lease, input)).toEqual({ kind: 'discarded', why: 'reset' });
      expect((await readSupervisor(database, 'wiki'))?.term).toBe('2');
    });
  });
});

describe('a forced stop', () => {
  it('discards all and leaves the positions', async () => {
    await undone(async (database) => {
      const { lease, input } = await ready(database);
      expect(await forcedStop(database, order)).toMatchObject({ term: '2', jumps: [] });
      expect(await commitSequence(database, lease, input)).toEqual({ kind: 'discarded', why: 'forcedStop' });
      expect(await partitionsOf(database)).toEqual([
        ['0', '100', '1'],
        ['1', '200', '1'],
      ]);
    });
  });
});

describe('a database that went back in time', () => {
  const seenOf = async (database: Database, commitSeq: string) => {
    const row = await readSupervisor(database, 'wiki');
    return { supervisorId: 'wiki', timeline: row?.timeline ?? '', commitSeq };
  };

  it('stops publishing for everybody, with both numbers, until it is accepted', async () => {
    await undone(async (database) => {
      const { f, key, lease, input } = await ready(database);
      expect(await reportSeen(database, await seenOf(database, '0'))).toMatchObject({ commitSeq: '0' });
      const seen = await seenOf(database, '41');
      expect(await outcomeOf(reportSeen(database, seen))).toBe('METADATA_TIME_TRAVEL');
      expect(await commitSequence(database, lease, input)).toEqual({ kind: 'discarded', why: 'restore' });
      expect((await readSupervisor(database, 'wiki'))?.halted).toMatchObject({
        code: 'METADATA_TIME_TRAVEL',
        why: 'supervisor wiki: commit 41 was seen, Postgres now knows 0; it went back in time',
      });
      const accepted = await acceptRestore(database, { supervisorId: 'wiki', by: 'ada' });
      expect(accepted.timeline).not.toBe(seen.timeline);
      // What is remembered of the old timeline counts no more.
      expect(await reportSeen(database, seen)).toEqual({ ...accepted, supervisorId: 'wiki' });
      const next = await f.generation({ expectedGeneration: 1 });
      const nextLease = await f.attempt(next);
      await f.end(next, nextLease, { 0: 150, 1: 250 });
      expect((await f.publish(nextLease, next)).kind).toBe('committed');
      expect((await f.read(key)).state).toBe('discarded');
    });
  });

  it('is noticed by the commit itself', async () => {
    await undone(async (database) => {
      const { lease, input } = await ready(database);
      const seen = await seenOf(database, '3');
      expect(await outcomeOf(commitSequence(database, lease, { ...input, seen }))).toBe(
        'METADATA_TIME_TRAVEL',
      );
    });
  });

  it('still answers ALREADY and DISCARDED, which are facts', async () => {
    await undone(async (database) => {
      const { lease, input } = await ready(database);
      await commitSequence(database, lease, input);
      await outcomeOf(reportSeen(database, await seenOf(database, '9')));
      expect((await commitSequence(database, lease, input)).kind).toBe('already');
    });
  });

  it('gives no task and no generation', async () => {
    await undone(async (database) => {
      const { f, key } = await ended(database);
      await outcomeOf(reportSeen(database, await seenOf(database, '9')));
      const taskId = await f.taskOf(key);
      const attempt = { taskId, activityRun: 'r', attempt: 1, workerId: 'w' };
      expect(await outcomeOf(acquireTask(database, attempt))).toBe('METADATA_TIME_TRAVEL');
      expect(await outcomeOf(f.generation({ expectedGeneration: 1 }))).toBe('METADATA_TIME_TRAVEL');
    });
  });
});

describe('seeds', () => {
  it('are written once, with the source they belong to', async () => {
    await undone(async (database) => {
      const f = await Fixture.with(database);
      expect(await f.seed({ 0: 5, 2: 7 })).toEqual(['2']);
      expect(await partitionsOf(database)).toEqual([
        ['0', '100', '1'],
        ['1', '200', '1'],
        ['2', '7', '1'],
      ]);
    });
  });

  it('of an unknown supervisor are time travel', async () => {
    const outcome = await undone((database) =>
      outcomeOf(
        seedPartitions(database, {
          supervisorId: 'nobody',
          stream: 's',
          sourceIdentity: 'x',
          why: 'y',
          positions: [],
        }),
      ),
    );
    expect(outcome).toBe('METADATA_TIME_TRAVEL');
  });
});
