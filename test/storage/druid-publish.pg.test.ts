/** Druid's scenarios of publishing and allocation (druid.md 6), restated for one commit that does it all. */
import { describe, expect, test } from 'vitest';
import type { Database } from '../../storage/call.ts';
import { readPartitions } from '../../storage/partitions.ts';
import { commitSequence } from '../../storage/publish.ts';
import { partialReset } from '../../storage/resets.ts';
import { toPosition } from '../../domain/positions.ts';
import { Fixture } from './fixture.ts';
import { behind, outcomeOf, ready } from './guards.ts';
import { scratchDatabase } from './scratch.ts';

const { undone, pool, supervisor } = scratchDatabase();

async function positionsOf(
  database: Database,
  supervisorId = 'wiki',
): Promise<Record<string, string | null>> {
  const rows = await readPartitions(database, supervisorId);
  return Object.fromEntries(rows.map(({ partition, nextPosition }) => [partition, nextPosition]));
}

/** All that a commit writes. */
async function written(database: Database, supervisorId = 'wiki'): Promise<unknown> {
  const { rows } = await database.query(
    `select (select count(*)::int from publish where supervisor_id = $1) as publishes,
       (select count(*)::int from publish_range where supervisor_id = $1) as ranges,
       (select coalesce(sum(rows), 0)::int from segment where supervisor_id = $1) as rows,
       (select commit_seq::int from supervisor where supervisor_id = $1) as commits,
       (select string_agg(state, ',' order by number) from sequence where supervisor_id = $1) as sequences`,
    [supervisorId],
  );
  return rows[0];
}

describe('publishing', () => {
  test('druid 6.44 testRunConflicting: a task that started where another has committed on fails, and only the rows of the other are there', () =>
    undone(async (database) => {
      const { f, lease, input } = await ready(database);
      expect((await commitSequence(database, lease, input)).kind).toBe('committed');
      const before = await written(database);
      const second = await f.generation({ expectedGeneration: 1 });
      const secondLease = await f.attempt(second);
      await f.end(second, secondLease, { 0: 180, 1: 260 });
      const late = await f.commitInput(second, { files: 0 });
      // It says it read from 130, and 150 is committed.
      const ranges = late.ranges.map((range) =>
        range.partition === '0' ? { ...range, start: toPosition(130) } : range,
      );
      expect(await commitSequence(database, secondLease, { ...late, ranges })).toMatchObject({
        kind: 'stale',
        detail: expect.stringContaining('partition 0: starts at 130'),
      });
      // The position was moved on by somebody else meanwhile.
      await behind.movePosition(database, 160);
      expect(await commitSequence(database, secondLease, late)).toMatchObject({
        kind: 'stale',
        detail: expect.stringContaining('stored is 160'),
      });
      expect(await written(database)).toEqual({
        ...(before as object),
        sequences: 'published,ended',
      });
    }));

  test('druid 6.46 test_commitSegmentsAndMetadata_isAtomic: a failure after the positions have moved leaves neither rows nor positions', async () => {
    const f = await supervisor();
    const key = await f.generation();
    const lease = await f.attempt(key);
    await f.end(key, lease, { 0: 150, 1: 250 });
    const input = await f.commitInput(key);
    await f.intents(
      lease,
      input.segments.map(({ path }) => path),
    );
    const before = await written(pool(), f.supervisorId);
    // The last step of the commit: everything else is written by then.
    await pool().query(
      `create function fail_commit() returns trigger language plpgsql as $$
       begin raise exception 'the test fails here'; end $$;
       create trigger fail_commit before update on supervisor for each row
         when (new.commit_seq <> old.commit_seq) execute function fail_commit()`,
    );
    expect(await outcomeOf(commitSequence(pool(), lease, input))).toBe('METADATA_UNAVAILABLE');
    await pool().query('drop trigger fail_commit on supervisor; drop function fail_commit');
    expect(await written(pool(), f.supervisorId)).toEqual(before);
    expect(await positionsOf(pool(), f.supervisorId)).toEqual({ 0: '100', 1: '200' });
    expect((await commitSequence(pool(), lease, input)).kind).toBe('committed');
    expect(await positionsOf(pool(), f.supervisorId)).toEqual({ 0: '150', 1: '250' });
  });

  test('druid 6.47 testTransactionalAnnounceRetryAndSuccess: a commit that Postgres breaks off is repeated, with one result', async () => {
    const f = await supervisor();
    const key = await f.generation();
    const lease = await f.attempt(key);
    await f.end(key, lease, { 0: 150, 1: 250 });
    const input = await f.commitInput(key);
    await f.intents(
      lease,
      input.segments.map(({ path }) => path),
    );
    let tries = 0;
    // The first try never gets there, the second one's answer is lost.
    const flaky: Database = {
      query: async (text, values) => {
        tries += 1;
        if (tries === 1) throw new Error('Connection terminated unexpectedly');
        const answer = await pool().query(text, values);
        if (tries === 2) throw new Error('Connection terminated unexpectedly');
        return answer;
      },
    };
    expect(await outcomeOf(commitSequence(flaky, lease, input))).toBe('METADATA_UNAVAILABLE');
    expect(await outcomeOf(commitSequence(flaky, lease, input))).toBe('METADATA_UNAVAILABLE');
    expect(await commitSequence(flaky, lease, input)).toEqual({
      kind: 'already',
      publishId: input.publishId,
    });
    expect(await written(pool(), f.supervisorId)).toMatchObject({
      publishes: 1,
      ranges: 2,
      rows: 5,
      commits: 1,
      sequences: 'published',
    });
  });
});

describe('allocation', () => {
  type Named = { segment_id: string; version: string; partition_num: number };

  async function segmentsOf(database: Database): Promise<Named[]> {
    const { rows } = await database.query(
      `select segment_id, version, partition_num from segment where supervisor_id = 'wiki' order by partition_num`,
    );
    return rows as unknown as Named[];
  }

  test('druid 6.49 testManySegmentsSameInterval_noLineageCheck: new segments of an interval get the next numbers, one by one, under one version', () =>
    undone(async (database) => {
      const f = await Fixture.with(database);
      const key = await f.generation();
      const lease = await f.attempt(key);
      for (let ordinal = 0; ordinal < 4; ordinal += 1) {
        const ends = { 0: 110 + 10 * ordinal, 1: 200 };
        await f.end(key, lease, ends, { ordinal, final: ordinal === 3 });
        expect((await f.publish(lease, key, ordinal)).kind).toBe('committed');
      }
      const made = await segmentsOf(database);
      // Other supervisors of the data source may have been before.
      const first = made[0]?.partition_num ?? 0;
      expect(made.map(({ partition_num }) => partition_num - first)).toEqual([0, 1, 2, 3]);
      expect(new Set(made.map(({ version }) => version)).size).toBe(1);
      expect(new Set(made.map(({ segment_id }) => segment_id)).size).toBe(4);
    }));

  test('druid 6.49 testAllocatePendingSegment, testResumeSequence: the same sequence gets the same ids, whoever asks again', () =>
    undone(async (database) => {
      const f = await Fixture.with(database);
      const key = await f.generation({ replicas: 2 });
      const [first, second] = [await f.attempt(key), await f.attempt(key, { replica: 1 })];
      await f.end(key, first, { 0: 150, 1: 250 });
      expect((await f.publish(first, key)).kind).toBe('committed');
      const made = await segmentsOf(database);
      expect(made).toHaveLength(1);
      // A repeat of the task itself, its replica with files of its own, and the next attempt.
      expect((await f.publish(first, key)).kind).toBe('already');
      expect((await f.publish(second, key)).kind).toBe('already');
      const again = await f.attempt(key, { attempt: 2 });
      expect((await f.publish(again, key)).kind).toBe('already');
      expect(await segmentsOf(database)).toEqual(made);
    }));
});

describe('stored positions', () => {
  test('druid 6.52 KafkaDataSourceMetadataTest.testMatches: only the partitions of the commit are compared', () =>
    undone(async (database) => {
      const f = await Fixture.with(database);
      const zero = await f.generation({ groupId: 0, partitions: ['0'] });
      const one = await f.generation({ groupId: 1, partitions: ['1'] });
      const [zeroLease, oneLease] = [await f.attempt(zero), await f.attempt(one)];
      await f.end(zero, zeroLease, { 0: 150 });
      await f.end(one, oneLease, { 1: 250 });
      // Partition 0 does not match any more; that is nothing to partition 1.
      await behind.movePosition(database, 120);
      expect((await f.publish(zeroLease, zero)).kind).toBe('stale');
      expect((await f.publish(oneLease, one)).kind).toBe('committed');
      expect(await positionsOf(database)).toEqual({ 0: '120', 1: '250' });
    }));

  test('druid 6.52 KafkaDataSourceMetadataTest.testPlus: a commit and a seed add their partitions and leave the others', () =>
    undone(async (database) => {
      const f = await Fixture.with(database);
      const zero = await f.generation({ groupId: 0, partitions: ['0'] });
      const lease = await f.attempt(zero);
      await f.end(zero, lease, { 0: 150 });
      expect((await f.publish(lease, zero)).kind).toBe('committed');
      expect(await positionsOf(database)).toEqual({ 0: '150', 1: '200' });
      // Seeded again, 0 and 1 keep what they have; 2 is new.
      await f.seed({ 0: 1, 1: 1, 2: 7 });
      expect(await positionsOf(database)).toEqual({ 0: '150', 1: '200', 2: '7' });
    }));

  test('druid 6.52 KafkaDataSourceMetadataTest.testMinus: a reset takes its partitions and leaves the others', () =>
    undone(async (database) => {
      await Fixture.with(database, { seeds: { 0: 100, 1: 200, 2: 300 } });
      const order = { supervisorId: 'wiki', resetId: 'r', why: 'test', by: 'ada', stream: 'clicks' };
      await partialReset(database, {
        ...order,
        positions: [
          { partition: '0', position: null },
          { partition: '2', position: toPosition(50) },
        ],
      });
      expect(await positionsOf(database)).toEqual({ 0: null, 1: '200', 2: '50' });
    }));
});
