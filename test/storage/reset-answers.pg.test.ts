/** What a reset answers: exact ranges, the same when rehearsed; and the backfill that is stored with it. */
import { describe, expect, it } from 'vitest';
import { toPosition } from '../../domain/positions.ts';
import type { Database } from '../../storage/call.ts';
import { readPartitions } from '../../storage/partitions.ts';
import { fullReset, partialReset, readReset, rehearseReset, resetAndBackfill } from '../../storage/resets.ts';
import type { BackfillOrder, PartialResetOrder } from '../../storage/resets.ts';
import { readSpecVersion, readSupervisor } from '../../storage/supervisors.ts';
import { Fixture } from './fixture.ts';
import { ended, outcomeOf, ready } from './guards.ts';
import { scratchDatabase } from './scratch.ts';

const { undone } = scratchDatabase();
const order = { supervisorId: 'wiki', resetId: 'order-1', why: 'operator asked', by: 'ada' };
const at = (partition: string, position: number | null, more: object = {}) => ({
  partition,
  position: position === null ? null : toPosition(position),
  ...more,
});
const to = (resetId: string, ...positions: ReturnType<typeof at>[]): PartialResetOrder => ({
  ...order,
  resetId,
  stream: 'clicks',
  positions,
});

/** Everything that a reset may touch. */
async function contents(database: Database): Promise<unknown> {
  const { rows } = await database.query(`select jsonb_build_array(
    (select jsonb_agg(to_jsonb(s) - 'updated_at' order by supervisor_id) from supervisor s),
    (select jsonb_agg(to_jsonb(p) order by partition) from partition_state p),
    (select jsonb_agg(to_jsonb(i) order by partition, incarnation) from incarnation i),
    (select jsonb_agg(to_jsonb(q) order by sequence_id) from sequence q),
    (select jsonb_agg(to_jsonb(l) order by task_id) from task_lease l),
    (select count(*) from gap), (select count(*) from reset), (select count(*) from supervisor_version)) as all_of_it`);
  return rows[0];
}

describe('what is read again', () => {
  it('is what is published from the new position on, without holes that were never published', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await ended(database);
      await f.publish(lease, key);
      // 0: published [100, 150), then skipped to 400, then published [400, 450).
      await partialReset(database, to('skip', at('0', 400)));
      const next = await f.generation({ expectedGeneration: 1 });
      const nextLease = await f.attempt(next);
      await f.end(next, nextLease, { 0: 450, 1: 260 });
      await f.publish(nextLease, next);
      const outcome = await partialReset(database, to('back', at('0', 120), at('1', 255)));
      expect(outcome).toMatchObject({
        readAgain: [
          { partition: '0', from: '120', to: '150' },
          { partition: '0', from: '400', to: '450' },
          { partition: '1', from: '255', to: '260' },
        ],
        unpublished: [],
      });
    });
  });

  it('is told once, however often it was published, and not again while it is still to be read', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await ended(database);
      await f.publish(lease, key);
      await partialReset(database, to('first', at('0', 100)));
      const next = await f.generation({ expectedGeneration: 1 });
      const nextLease = await f.attempt(next);
      await f.end(next, nextLease, { 0: 140, 1: 250 });
      await f.publish(nextLease, next);
      expect(await partialReset(database, to('second', at('0', 110)))).toMatchObject({
        readAgain: [{ partition: '0', from: '110', to: '140' }],
      });
    });
  });

  it('is nothing of a topic that was created again', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await ended(database);
      await f.publish(lease, key);
      const outcome = await partialReset(database, to('new', at('0', 0, { sourceIdentity: 'topic-2' })));
      expect(outcome).toMatchObject({
        readAgain: [],
        jumps: [{ kind: 'otherSource', from: '150', to: null }],
      });
      expect((await readPartitions(database, 'wiki'))[0]?.sourceIdentity).toBe('topic-2');
    });
  });
});

describe('what was read and not published', () => {
  it('is what the discarded sequences hold: up to their ends, or to the progress of their tasks', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await ended(database, { final: false });
      await f.progress(lease, { 0: 170, 1: 250 });
      const outcome = await partialReset(database, to('r', at('0', 500)));
      expect(outcome).toMatchObject({
        sequenceIds: [f.sequenceId(key, 0), f.sequenceId(key, 1)],
        unpublished: [
          { partition: '0', from: '100', to: '170' },
          { partition: '1', from: '200', to: '250' },
        ],
        readAgain: [],
      });
    });
  });
});

describe('a rehearsal', () => {
  it.each(['full', 'partial', 'backfill'] as const)(
    'of a %s reset answers the same and changes nothing',
    async (of) => {
      await undone(async (database) => {
        const { f } = await ready(database);
        await f.seed({ 2: 7 });
        const positions = [at('0', 40), at('1', 900)];
        const full = { ...order, positions: positions.map((target) => ({ ...target, stream: 'clicks' })) };
        const partial = to('order-1', ...positions);
        const backfill = backfillOrder(partial);
        const before = await contents(database);
        const rehearsed = await (of === 'full'
          ? rehearseReset(database, { of, order: full })
          : of === 'partial'
            ? rehearseReset(database, { of, order: partial })
            : rehearseReset(database, { of, order: backfill }));
        expect(await contents(database)).toEqual(before);
        expect(await readReset(database, order)).toBeNull();
        const done = await (of === 'full'
          ? fullReset(database, full)
          : of === 'partial'
            ? partialReset(database, partial)
            : resetAndBackfill(database, backfill));
        expect(rehearsed).toEqual(done);
        expect(done.kind).toBe('reset');
        expect(await readReset(database, order)).toEqual({ ...done, kind: undefined });
        expect(await contents(database)).not.toEqual(before);
      });
    },
  );
});

describe('partitions', () => {
  it('without a stored position get their first one, once', async () => {
    await undone(async (database) => {
      await Fixture.with(database, { seeds: { 0: 100 } });
      const first = at('7', 5, { isNew: true, sourceIdentity: 'topic-1' });
      expect(await partialReset(database, to('a', first))).toMatchObject({ kind: 'reset', jumps: [] });
      expect(await readPartitions(database, 'wiki')).toMatchObject([
        { partition: '0', nextPosition: '100', incarnation: '1' },
        { partition: '7', nextPosition: '5', incarnation: '1' },
      ]);
      expect((await partialReset(database, to('b', first))).kind).toBe('moved');
    });
  });

  it('that are gone wait, their rest declared lost at once and only once', async () => {
    await undone(async (database) => {
      const f = await Fixture.with(database);
      await partialReset(
        database,
        to('a', at('0', 0, { sourceIdentity: 'topic-2' }), at('1', null, { gone: true })),
      );
      const gaps = `select jsonb_agg(jsonb_build_array(partition, start_position::int, end_position::int) order by gap_id) from gap`;
      expect(await f.value(gaps)).toEqual([
        ['0', 100, null],
        ['1', 200, null],
      ]);
      // It is there again, of the new topic: its records are new, and the gap is declared already.
      const { rows } = await database.query(`select headgate_seed_partitions($1::jsonb) as answer`, [
        JSON.stringify({
          supervisorId: 'wiki',
          stream: 'clicks',
          sourceIdentity: 'topic-2',
          why: 'added',
          positions: [{ partition: '1', position: '0' }],
        }),
      ]);
      expect(rows[0]?.['answer']).toMatchObject({ seeded: ['1'], jumps: [{ kind: 'otherSource' }] });
      expect(await f.value(gaps)).toHaveLength(2);
    });
  });
});

const backfillOrder = (partial: PartialResetOrder): BackfillOrder => ({
  ...partial,
  why: 'moved to backfill wiki_backfill_a',
  backfill: {
    supervisorId: 'wiki_backfill_a',
    dataSource: 'wikipedia',
    specText: '{"a": 1}',
    by: 'ada (backfill of wiki)',
    desired: 'running',
  },
});

describe('a reset with a backfill', () => {
  const seen = { expected: { incarnation: '1', position: toPosition(100) } };

  it('moves the positions and stores the other supervisor, in one call; a repeat does neither', async () => {
    await undone(async (database) => {
      const f = await Fixture.with(database);
      const wanted = backfillOrder(to('order-1', at('0', 900, seen)));
      const outcome = await resetAndBackfill(database, wanted);
      expect(outcome).toMatchObject({
        backfillSupervisorId: 'wiki_backfill_a',
        jumps: [{ partition: '0', kind: 'skipped', from: '100', to: '900' }],
      });
      expect(await readSupervisor(database, 'wiki_backfill_a')).toMatchObject({
        desired: 'running',
        version: 1,
        specText: '{"a": 1}',
      });
      expect(await f.value(`select why from gap`)).toBe('moved to backfill wiki_backfill_a');
      const again = { ...wanted, backfill: { ...wanted.backfill, supervisorId: 'wiki_backfill_b' } };
      expect(await resetAndBackfill(database, again)).toEqual(outcome);
      expect(await readSupervisor(database, 'wiki_backfill_b')).toBeNull();
    });
  });

  it('does neither when a position has moved', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await ended(database);
      await f.publish(lease, key);
      const outcome = await resetAndBackfill(database, backfillOrder(to('order-1', at('0', 900, seen))));
      expect(outcome).toEqual({ kind: 'moved', detail: 'clicks partition 0 is at 150 (incarnation 1)' });
      expect(await readSupervisor(database, 'wiki_backfill_a')).toBeNull();
      expect((await readPartitions(database, 'wiki'))[0]?.nextPosition).toBe('150');
    });
  });

  it('is undone whole when the id is taken', async () => {
    await undone(async (database) => {
      await Fixture.with(database);
      await Fixture.with(database, { supervisorId: 'wiki_backfill_a', seeds: {} });
      await database.query('savepoint before');
      const call = resetAndBackfill(database, backfillOrder(to('order-1', at('0', 900, seen))));
      expect(await outcomeOf(call)).toBe('INVARIANT_VIOLATED');
      await database.query('rollback to before');
      expect((await readPartitions(database, 'wiki'))[0]?.nextPosition).toBe('100');
      expect(await readSpecVersion(database, 'wiki_backfill_a', 1)).toEqual({ specText: '{"type":"kafka"}' });
    });
  });
});
