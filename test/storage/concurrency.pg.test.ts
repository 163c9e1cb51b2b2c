/** The functions under real concurrency: races of two, and everybody at once for a few seconds. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { isHeadgateError } from '../../domain/errors.ts';
import { acquireTask } from '../../storage/attempts.ts';
import type { Database } from '../../storage/call.ts';
import { checkInvariants } from '../../storage/invariants.ts';
import { createGeneration } from '../../storage/generations.ts';
import { commitSequence, discardSequence } from '../../storage/publish.ts';
import { reapIntents } from '../../storage/reaper.ts';
import { waitFor } from '../support/wait-for.ts';
import { Fixture, nextUuid } from './fixture.ts';
import { type Books, ledgerFaults } from './ledger.ts';
import { postgresStore } from './postgres-store.ts';
import { type Program, World, actorsOf, drain } from './schedule.ts';
import { scratchDatabase } from './scratch.ts';

const { pool, url, supervisor } = scratchDatabase();

async function readyToCommit(f: Fixture, replicas = 1) {
  const key = await f.generation({ replicas });
  const lease = await f.attempt(key);
  await f.end(key, lease, { 0: 150, 1: 250 });
  const input = await f.commitInput(key);
  const paths = input.segments.map((segment) => segment.path);
  await f.intents(lease, paths);
  return { key, lease, input, paths };
}

async function withTransaction(action: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url() });
  await client.connect();
  try {
    await client.query('begin');
    await action(client);
  } finally {
    await client.end();
  }
}

/** Until some call waits for a lock. */
async function someoneWaits(call: string): Promise<void> {
  const asking = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like $1
    and datname = current_database()`;
  await waitFor(async () => (await pool().query(asking, [`select headgate_${call}(%`])).rowCount, {
    what: `${call} to wait`,
  });
}

describe('the same commit many times at once', () => {
  it('is committed once and answered ALREADY with its own id', async () => {
    const f = await supervisor();
    const { lease, input } = await readyToCommit(f);
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => commitSequence(pool(), lease, input)));
    expect(outcomes.filter((outcome) => outcome.kind === 'committed')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome.kind === 'already')).toEqual(
      Array.from({ length: 7 }, () => ({ kind: 'already', publishId: input.publishId })),
    );
  });

  it('lets one of two replicas win; the other hears of it', async () => {
    const f = await supervisor();
    const first = await readyToCommit(f, 2);
    const lease = await f.attempt(first.key, { replica: 1 });
    const input = await f.commitInput(first.key);
    await f.intents(
      lease,
      input.segments.map((segment) => segment.path),
    );
    const outcomes = await Promise.all([
      commitSequence(pool(), first.lease, first.input),
      commitSequence(pool(), lease, input),
    ]);
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['already', 'committed']);
    const reaped = await reapIntents(pool(), { graceMs: 0 });
    const loser = outcomes[0].kind === 'already' ? first.paths : input.segments.map(({ path }) => path);
    expect(reaped).toEqual(loser);
  });
});

describe('two functions that want the same rows', () => {
  it('a commit that waits for a reaper is told REAPED', async () => {
    const f = await supervisor();
    const { lease, input, paths } = await readyToCommit(f);
    await withTransaction(async (client) => {
      await client.query(`update upload_intent set state = 'reaped' where path = any ($1)`, [paths]);
      const outcome = commitSequence(pool(), lease, input);
      await someoneWaits('commit');
      await client.query('commit');
      expect(await outcome).toEqual({ kind: 'reaped' });
    });
  });

  it('a reaper leaves alone what is being committed', async () => {
    const f = await supervisor();
    const { lease, input, paths } = await readyToCommit(f);
    await withTransaction(async (client) => {
      expect((await commitSequence(client, lease, input)).kind).toBe('committed');
      // The files look dead to it: the task ended meanwhile.
      await pool().query(`update task set state = 'FAILED' where task_id = $1`, [lease.taskId]);
      expect(await reapIntents(pool(), { graceMs: 0 })).not.toContain(paths[0]);
      await client.query('commit');
    });
    expect(await reapIntents(pool(), { graceMs: 0 })).not.toContain(paths[0]);
  });

  it('a reaper judges again after it got the row: an adoption meanwhile keeps the file', async () => {
    const f = await supervisor();
    const key = await f.generation();
    const lease = await f.attempt(key);
    const { checkpointId } = await f.checkpoint(
      lease,
      key,
      { 0: 120, 1: 220 },
      { all: [`${f.supervisorId}/c`] },
    );
    const next = await f.attempt(key);
    await withTransaction(async (client) => {
      expect((await f.adopt.call(new Fixture(client, f.supervisorId), next, checkpointId)).kind).toBe(
        'adopted',
      );
      expect(await reapIntents(pool(), { graceMs: 0 })).not.toContain(`${f.supervisorId}/c`);
      await client.query('commit');
    });
    expect(await reapIntents(pool(), { graceMs: 0 })).not.toContain(`${f.supervisorId}/c`);
  });

  it('a commit that waits for a discard is told DISCARDED', async () => {
    const f = await supervisor();
    const { key, lease, input } = await readyToCommit(f);
    await withTransaction(async (client) => {
      await discardSequence(client, { sequenceId: f.sequenceId(key), why: 'failure' });
      const outcome = commitSequence(pool(), lease, input);
      await someoneWaits('commit');
      await client.query('commit');
      expect(await outcome).toEqual({ kind: 'discarded', why: 'failure' });
    });
  });

  it('a discard that waits for a commit is told of the publish', async () => {
    const f = await supervisor();
    const { key, lease, input } = await readyToCommit(f);
    await withTransaction(async (client) => {
      await commitSequence(client, lease, input);
      const outcome = discardSequence(pool(), { sequenceId: f.sequenceId(key), why: 'failure' });
      await someoneWaits('discard');
      await client.query('commit');
      expect(await outcome).toEqual({ kind: 'published', publishId: input.publishId });
    });
  });

  it('a commit that waits for a new attempt is fenced', async () => {
    const f = await supervisor();
    const { lease, input } = await readyToCommit(f);
    await withTransaction(async (client) => {
      await acquireTask(client, {
        taskId: lease.taskId,
        activityRun: nextUuid(),
        attempt: 1,
        workerId: 'w',
      });
      const outcome = commitSequence(pool(), lease, input);
      await someoneWaits('commit');
      await client.query('commit');
      expect(await outcome).toEqual({ kind: 'fenced', by: 'lease' });
    });
  });

  it('of many that create the same generation one creates, the others find it', async () => {
    const f = await supervisor();
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, () => createGeneration(pool(), f.generationInput())),
    );
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual([
      'created',
      ...Array.from({ length: 5 }, () => 'existing'),
    ]);
  });

  it('commits of two supervisors into one time chunk get dense numbers', async () => {
    const worlds = await Promise.all([supervisor(), supervisor()]);
    const ready = await Promise.all(worlds.map((f) => readyToCommit(f)));
    // The version of the chunk is there already; only the numbers are fought for.
    const before = await pool().query(`select next_num from time_chunk where start_at = to_timestamp(0)`);
    await Promise.all(ready.map(({ lease, input }) => commitSequence(pool(), lease, input)));
    const { rows } = await pool().query(
      `select partition_num, version from segment where start_at = to_timestamp(0) order by partition_num`,
    );
    expect(rows.map((row) => row.partition_num)).toEqual(rows.map((_, index) => index));
    expect(new Set(rows.map((row) => row.version)).size).toBe(1);
    expect(rows.length).toBe(Number(before.rows[0]?.next_num ?? 0) + 2);
  });
});

describe('everybody at once', () => {
  it('keeps the ledger, the invariants, and never deadlocks', { timeout: 120_000 }, async () => {
    const f = await supervisor({ seeds: {} });
    const world = new World(f.supervisorId, randomBytes(2_000_000), new Map());
    const store = postgresStore(pool(), f.supervisorId);
    await store.seed({ positions: { 0: '10', 1: '20' } });
    const until = Date.now() + 6_000;
    await Promise.all(
      actorsOf(world).flatMap(({ make, weight }) =>
        Array.from({ length: Math.min(weight, 2) }, async () => {
          while (Date.now() < until) {
            await runProgram(make(), store);
            // Those that disturb come seldom, as in the schedules; nothing waits for this.
            if (weight === 1) await new Promise((resolve) => setTimeout(resolve, 250));
          }
        }),
      ),
    );
    await runProgram(drain(world), store);
    expect(ledgerFaults(await booksOf(pool(), f.supervisorId), world.files)).toEqual([]);
    expect((await checkInvariants(pool(), { halt: false })).filter((check) => !check.ok)).toEqual([]);
    expect(world.seen.get('commit committed') ?? 0).toBeGreaterThan(3);
  });
});

async function runProgram(program: Program, store: ReturnType<typeof postgresStore>): Promise<void> {
  let turn = program.next();
  while (turn.done !== true) {
    const step = turn.value;
    let answer: unknown;
    if (step.name !== 'pause') {
      const method = store[step.name] as (input: unknown) => Promise<unknown>;
      answer = await method(step.input).catch((error: unknown) => {
        // A deadlock would be METADATA_UNAVAILABLE with 40P01, a lock timeout 55P03: neither may happen.
        throw isHeadgateError(error) ? new Error(`${step.name}: ${error.message}`, { cause: error }) : error;
      });
    }
    turn = program.next(answer);
  }
}

async function booksOf(database: Database, supervisorId: string): Promise<Books> {
  const ask = async (sql: string) => (await database.query(sql, [supervisorId])).rows;
  const big = (value: unknown) => (value === null ? null : BigInt(String(value)));
  const partitions = await ask(`select partition, incarnation, next_position from partition_state
    where supervisor_id = $1`);
  const incarnations =
    await ask(`select partition, incarnation, seeded_start, closed_position from incarnation
    where supervisor_id = $1 order by partition, incarnation`);
  const gaps = await ask(`select partition, start_position, end_position from gap where supervisor_id = $1`);
  const publishes = await ask(`select p.publish_id, p.sequence_id,
      (select jsonb_agg(jsonb_build_object('partition', r.partition, 'incarnation', r.incarnation::text,
        'start', r.start_position::text, 'end', r.end_position::text)) from publish_range r
        where r.publish_id = p.publish_id) as ranges,
      (select jsonb_agg(s.path) from segment s where s.publish_id = p.publish_id) as paths
    from publish p where p.supervisor_id = $1`);
  const intents = await ask(`select path, state from upload_intent where path like $1 || '/%'`);
  const kept = await database.query(`select path from headgate_protected_paths() as p (path)`);
  return {
    partitions: new Map(
      partitions.map((row) => [
        String(row['partition']),
        { incarnation: BigInt(String(row['incarnation'])), next: big(row['next_position']) },
      ]),
    ),
    incarnations: incarnations.map((row) => ({
      partition: String(row['partition']),
      number: BigInt(String(row['incarnation'])),
      start: big(row['seeded_start']),
      closed: big(row['closed_position']),
    })),
    gaps: gaps.map((row) => ({
      partition: String(row['partition']),
      start: BigInt(String(row['start_position'])),
      end: BigInt(String(row['end_position'])),
    })),
    intents: new Map(intents.map((row) => [String(row['path']), { state: String(row['state']) }])),
    publishes: publishes.map((row) => ({
      id: String(row['publish_id']),
      sequenceId: String(row['sequence_id']),
      ranges: (row['ranges'] as Record<string, string>[]).map((range) => ({
        partition: range['partition'] ?? '',
        incarnation: BigInt(range['incarnation'] ?? 0),
        start: BigInt(range['start'] ?? 0),
        end: BigInt(range['end'] ?? 0),
      })),
      paths: row['paths'] as string[],
    })),
    protectedPaths: () =>
      new Set(
        kept.rows.map((row) => String(row['path'])).filter((path) => path.startsWith(`${supervisorId}/`)),
      ),
  };
}
