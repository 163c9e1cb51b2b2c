/** Each invariant sees the state that breaks it, made past triggers and functions, and stops the supervisor it names. */
import { describe, expect, it } from 'vitest';
import type { Database } from '../../storage/call.ts';
import { checkInvariants, sqlInvariants } from '../../storage/invariants.ts';
import { commitSequence } from '../../storage/publish.ts';
import { listSupervisors } from '../../storage/supervisors.ts';
import { ended, outcomeOf } from './guards.ts';
import { scratchDatabase } from './scratch.ts';

const { undone } = scratchDatabase();

/** One published sequence, one that is being read and has a checkpoint; then triggers no longer see anything. */
async function brokenBy(database: Database, ...sql: string[]) {
  const { f, key, lease } = await ended(database, { final: false });
  await f.publish(lease, key);
  await f.checkpoint(lease, key, { 0: 160, 1: 260 }, { all: ['c/1'], ordinal: 1 });
  await database.query(`set local session_replication_role = replica`);
  for (const statement of sql) await database.query(statement);
  await database.query(`set local session_replication_role = origin`);
  return { f, key, lease };
}

const breaches: readonly (readonly [(typeof sqlInvariants)[number], string, ...string[]])[] = [
  [
    'I1',
    'a visible file that is not published',
    `update upload_intent set state = 'pending' where kind = 'publish'`,
  ],
  ['I1', 'a segment of a sequence that is not', `update sequence set state = 'discarded' where ordinal = 0`],
  ['I2', 'a hole', `update publish_range set start_position = 110 where partition = '0'`],
  [
    'I2',
    'a position without its range',
    `update partition_state set next_position = 999 where partition = '0'`,
  ],
  ['I3', 'a trigger switched off', `alter table partition_state disable trigger partition_state_has_reason`],
  ['I4', 'reading without a seed', `update incarnation set seeded_start = null where partition = '1'`],
  ['I5', 'a publish of another term', `update publish set term = 9`],
  ['I5', 'a publish of an epoch that never was', `update publish set epoch = 99`],
  ['I6', 'a supervisor that fell', `update supervisor set commit_seq = 0`],
  ['I6', 'an incarnation nobody is at', `update partition_state set incarnation = 0, next_position = null`],
  ['I7', 'a unique index that is gone', `alter table segment drop constraint segment_path_key`],
  ['I8', 'a reaped segment', `update upload_intent set state = 'reaped' where kind = 'publish'`],
  ['I10', 'a publish that stops early', `update publish_range set end_position = end_position - 1`],
  ['I10', 'a publish without a partition', `delete from publish_range where partition = '1'`],
  ['I13', 'rows that came from nowhere', `update segment set rows = 900`],
  ['I13', 'records without a fate', `update publish set counters = jsonb_set(counters, '{records}', '900')`],
  [
    'I14',
    'a jump without a gap',
    `insert into incarnation values ('wiki', 'clicks', '0', 2, 'topic-1', 400, null, 'x')`,
    `update incarnation set closed_position = 150 where partition = '0' and incarnation = 1`,
  ],
  ['I17', 'a publish that is missing', `delete from publish`],
  ['I17', 'a publish too many', `update sequence set state = 'ended' where ordinal = 0`],
  [
    'I18',
    'an end before its time',
    `update sequence_partition set end_position = 500 where end_position is null`,
  ],
  [
    'I18',
    'an end that moved',
    `update sequence_partition set end_position = 149 where partition = '0' and end_position = 150`,
  ],
  [
    'I19',
    'a checkpoint file that was reaped',
    `update upload_intent set state = 'reaped' where kind = 'checkpoint'`,
  ],
  [
    'I20',
    'a commit number left out',
    `insert into publish select gen_random_uuid(), sequence_id || 'x', supervisor_id, term, task_id, epoch, 3, counters
       from publish`,
  ],
  [
    'I20',
    'a term that falls along commits',
    `insert into publish select gen_random_uuid(), sequence_id || 'x', supervisor_id, 0, task_id, epoch, 2, counters
       from publish`,
  ],
];

describe('checkInvariants', () => {
  it.each(breaches)('%s sees %s', async (id, _, ...sql) => {
    const found = await undone(async (database) => {
      await brokenBy(database, ...sql);
      return checkInvariants(database, { halt: false });
    });
    const check = found.find((candidate) => candidate.id === id);
    expect(check?.ok).toBe(false);
    expect(check?.detail).not.toBe('');
  });

  it('finds nothing in a sound world, with all of history or a part of it', async () => {
    await undone(async (database) => {
      await brokenBy(database);
      for (const options of [{}, { recentMs: 0 }, { recentMs: 60_000 }]) {
        const checks = await checkInvariants(database, options);
        expect(checks.map(({ id }) => id)).toEqual([...sqlInvariants]);
        expect(checks.filter(({ ok }) => !ok)).toEqual([]);
      }
      expect((await listSupervisors(database)).map(({ halted }) => halted)).toEqual([null]);
    });
  });

  it('takes no hole for one that only the clock has made, which was set back between commits', async () => {
    await undone(async (database) => {
      await brokenBy(
        database,
        `insert into publish select gen_random_uuid(), sequence_id || 'x', supervisor_id, term, task_id, epoch, 2, counters,
           now() - interval '1 hour' from publish where commit_seq = 1`,
        `insert into publish select gen_random_uuid(), sequence_id || 'y', supervisor_id, term, task_id, epoch, 3, counters,
           now() from publish where commit_seq = 1`,
      );
      const found = await checkInvariants(database, { recentMs: 60_000, halt: false });
      expect(found.find(({ id }) => id === 'I20')?.ok).toBe(true);
    });
  });

  it('stops publishing for whom it names, until that is accepted', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await brokenBy(
        database,
        `update publish_range set start_position = 110 where partition = '0'`,
      );
      await checkInvariants(database, { halt: false });
      await f.end(key, lease, { 0: 160, 1: 260 }, { ordinal: 1 });
      const checks = await checkInvariants(database);
      expect(checks.find(({ id }) => id === 'I2')?.supervisorIds).toEqual(['wiki']);
      const [row] = await listSupervisors(database);
      expect(row?.halted).toMatchObject({ code: 'INVARIANT_VIOLATED' });
      expect(row?.halted?.why).toMatch(/^invariant I2: clicks partition 0/);
      const input = await f.commitInput(key, { ordinal: 1 });
      await f.intents(
        lease,
        input.segments.map((segment) => segment.path),
      );
      expect(await outcomeOf(commitSequence(database, lease, input))).toBe('INVARIANT_VIOLATED');
    });
  });

  it('has a breach for every invariant but the one about the server', () => {
    const tested = new Set(breaches.map(([id]) => id));
    expect(sqlInvariants.filter((id) => !tested.has(id))).toEqual(['I16']);
  });
});
