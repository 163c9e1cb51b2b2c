/**
 * The constraints and triggers under the functions: each holds alone, with the guards above it taken out, or against
 * plain SQL that goes past every function.
 */
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import type { Database } from '../../storage/call.ts';
import { commitSequence } from '../../storage/publish.ts';
import { waitFor } from '../support/wait-for.ts';
import { nextUuid } from './fixture.ts';
import { removeGuards } from './function-source.ts';
import { ended, outcomeOf, ready } from './guards.ts';
import { scratchDatabase } from './scratch.ts';

const { undone, supervisor, url, pool } = scratchDatabase();

/** The message of the error that plain SQL ends with. */
async function refusal(database: Database, sql: string): Promise<string> {
  try {
    await database.query(sql);
    return 'allowed';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe('one publish a sequence (I17)', () => {
  it('holds with the guards of the commit gone', async () => {
    const outcome = await undone(async (database) => {
      const { f, key, lease } = await ended(database);
      await f.publish(lease, key);
      const again = await f.commitInput(key);
      await f.intents(
        lease,
        again.segments.map((segment) => segment.path),
      );
      await removeGuards(database, 'headgate_commit', ['already', 'ends']);
      await removeGuards(database, 'headgate_compare_positions', ['position-stale']);
      return outcomeOf(commitSequence(database, lease, again));
    });
    expect(outcome).toBe('INVARIANT_VIOLATED');
  });
});

describe('ranges never overlap (protocol.md 2)', () => {
  it.each([
    ['inside', 110, 120],
    ['around', 90, 160],
    ['across the start', 90, 101],
    ['across the end', 149, 200],
    ['equal', 100, 150],
  ])('refuses one %s another, with the compare-and-swap gone', async (_, start, end) => {
    const message = await undone(async (database) => {
      const { f, key, lease } = await ended(database);
      await f.publish(lease, key);
      const publishId = await f.value(`select publish_id from publish`);
      await database.query(`alter table publish_range drop constraint publish_range_pkey`);
      return refusal(
        database,
        `insert into publish_range values ('${String(publishId)}', 'wiki', 'clicks', '0', 1, ${start}, ${end})`,
      );
    });
    expect(message).toMatch(/overlaps|publish_range_by_start/);
  });

  it('lets neighbours, empty ranges and other incarnations be', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await ended(database);
      await f.publish(lease, key);
      const id = String(await f.value(`select publish_id from publish`));
      await database.query(`alter table publish_range drop constraint publish_range_pkey`);
      await database.query(`insert into publish_range values ('${id}', 'wiki', 'clicks', '0', 1, 150, 160),
        ('${id}', 'wiki', 'clicks', '0', 1, 120, 120), ('${id}', 'wiki', 'clicks', '0', 2, 100, 150),
        ('${id}', 'wiki', 'clicks', '0', 1, 90, 100)`);
    });
  });

  it('refuses two that overlap each other in one insert', async () => {
    const message = await undone(async (database) => {
      const { f, key, lease } = await ended(database);
      await f.publish(lease, key);
      const id = String(await f.value(`select publish_id from publish`));
      await database.query(`alter table publish_range drop constraint publish_range_pkey`);
      return refusal(
        database,
        `insert into publish_range values ('${id}', 'wiki', 'clicks', '0', 1, 300, 320),
          ('${id}', 'wiki', 'clicks', '0', 1, 310, 330)`,
      );
    });
    expect(message).toMatch(/overlaps/);
  });

  it('refuses the whole commit of a sequence whose rows are published', async () => {
    const outcome = await undone(async (database) => {
      const { lease, input } = await ready(database);
      // Somebody else's range, put there past every function.
      await database.query(`alter table publish disable trigger all`);
      await database.query(`insert into publish (publish_id, sequence_id, supervisor_id, term, task_id, epoch,
        commit_seq, counters) values ('${nextUuid()}', 'elsewhere', 'wiki', 1, 'nobody', 1, 99, '{}')`);
      await database.query(`insert into publish_range select publish_id, 'wiki', 'clicks', '0', 1, 120, 130
        from publish`);
      return outcomeOf(commitSequence(database, lease, input));
    });
    expect(outcome).toBe('INVARIANT_VIOLATED');
  });

  it('holds between transactions that do not see each other', async () => {
    const f = await supervisor();
    const key = await f.generation();
    const lease = await f.attempt(key);
    await f.end(key, lease, { 0: 100, 1: 200 }, { final: false });
    await f.publish(lease, key);
    await f.end(key, lease, { 0: 100, 1: 200 }, { ordinal: 1 });
    await f.publish(lease, key, 1);
    const { rows } = await pool().query(`select publish_id from publish where supervisor_id = $1`, [
      f.supervisorId,
    ]);
    const insert = (index: number, start: number, end: number) =>
      `insert into publish_range values ('${String(rows[index].publish_id)}', '${f.supervisorId}', 'clicks', '7', 1,
        ${start}, ${end})`;
    const one = new pg.Client({ connectionString: url() });
    const other = new pg.Client({ connectionString: url() });
    await Promise.all([one.connect(), other.connect()]);
    try {
      await one.query('begin');
      await one.query(insert(0, 10, 20));
      // The second waits for the first to commit, and only then looks.
      const second = refusal(other, insert(1, 15, 25));
      await waitFor(
        async () =>
          (
            await pool().query(`select 1 from pg_stat_activity where wait_event_type = 'Lock'
            and query like 'insert into publish_range%' and datname = current_database()`)
          ).rowCount,
        { what: 'the second insert to wait' },
      );
      await one.query('commit');
      expect(await second).toMatch(/overlaps/);
    } finally {
      await Promise.all([one.end(), other.end()]);
    }
  });
});

describe('rows that are written once', () => {
  it.each([
    ['an end (I18)', `update sequence_partition set end_position = end_position + 1`],
    ['an end back to none', `update sequence_partition set end_position = null`],
    ['a start', `update sequence_partition set start_position = 0, end_position = end_position`],
    ['a partition of a sequence', `delete from sequence_partition`],
    ['a published sequence', `update sequence set state = 'ended'`],
    ['the term of a sequence', `update sequence set term = 7`],
    ['a publish', `update publish set commit_seq = 9`],
    ['a range', `delete from publish_range`],
    ['a position without a publish (I3)', `update partition_state set next_position = 999`],
    ['a position back to none', `update partition_state set next_position = null`],
    ['an incarnation that falls', `update partition_state set incarnation = 0`],
    ['a seeded start', `update incarnation set seeded_start = 1`],
    ['a term that falls (I6)', `update supervisor set term = 0`],
    ['a commit number that falls', `update supervisor set commit_seq = 0`],
    ['a commit number that skips', `update supervisor set commit_seq = 3`],
    ['an epoch that falls', `update task_lease set epoch = 0`],
    ['a spec version', `update supervisor_version set spec_text = 'x'`],
  ])('refuses to change %s', async (_, sql) => {
    const message = await undone(async (database) => {
      const { f, key, lease } = await ended(database);
      await f.publish(lease, key);
      return refusal(database, sql);
    });
    expect(message).not.toBe('allowed');
    expect(message).not.toMatch(/syntax|does not exist/);
  });

  it('refuses a position that is no whole number', async () => {
    for (const value of ['-1', '1.5', 'NaN', 'Infinity']) {
      const message = await undone((database) => refusal(database, `select '${value}'::headgate_position`));
      expect(message).toMatch(/headgate_position/);
    }
  });

  it('takes positions far beyond 2^63', async () => {
    const far = 49_590_338_271_490_256_608n * 2n ** 100n;
    await undone(async (database) => {
      const { rows } = await database.query(`select ('${far}'::headgate_position)::text as position`);
      expect(rows[0]?.['position']).toBe(String(far));
    });
  });
});
