/**
 * The ledger: after a run, says of every id where it is. Reads the segment files themselves, Postgres, and the topic through an
 * independent consumer; nothing it trusts was written for it. Lines L1 to L9 follow reliability.md 2.2.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { Kafka, logLevel } from 'kafkajs';
import type { Pool } from 'pg';
import { checkInvariants } from '../../storage/invariants.ts';
import { waitFor } from './wait-for.ts';

export type LedgerLine = { readonly id: string; readonly ok: boolean; readonly detail: string };

export type Ledger = {
  readonly lines: readonly LedgerLine[];
  /** Records read by all attempts of all replicas / replicas / records published; null when attempts left no account. */
  readonly rereadRatio: number | null;
};

export type LedgerOptions = {
  readonly pool: Pool;
  readonly bootstrap: string;
  readonly topic: string;
  readonly supervisorId: string;
  readonly deepStorage: string;
  readonly graceMs: number;
  readonly expectedIds: number;
};

export function failuresOf(ledger: Ledger): string[] {
  return ledger.lines.filter((line) => !line.ok).map((line) => `${line.id}: ${line.detail}`);
}

export async function takeLedger(options: LedgerOptions): Promise<Ledger> {
  const reference = await readTopic(options);
  const lines = [
    await multiplicity(options, reference),
    await contiguity(options),
    await equality(options, reference),
    await files(options),
    await orphans(options),
    await intervals(options),
    await orderOfCommits(options),
    ...(await checkInvariants(options.pool)).map((found) => ({
      id: found.id,
      ok: found.ok,
      detail: found.detail,
    })),
  ];
  return { lines, rereadRatio: await rereadRatio(options) };
}

type Reference = {
  readonly count: number;
  readonly idSum: bigint;
  readonly ends: ReadonlyMap<string, bigint>;
};

/** kafkajs, a second implementation on purpose, from the beginning to the high watermarks. */
async function readTopic({ bootstrap, topic }: LedgerOptions): Promise<Reference> {
  const kafka = new Kafka({ clientId: 'headgate-ledger', brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const ends = new Map(offsets.map((entry) => [String(entry.partition), BigInt(entry.high)]));
  const consumer = kafka.consumer({ groupId: `ledger-${Date.now()}`, minBytes: 1, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const reached = new Map<string, bigint>();
  let count = 0;
  let idSum = 0n;
  await consumer.run({
    eachBatch: ({ batch }) => {
      for (const message of batch.messages) {
        count += 1;
        idSum += BigInt((JSON.parse(message.value?.toString() ?? '{}') as { id: number }).id);
      }
      reached.set(String(batch.partition), BigInt(batch.lastOffset()) + 1n);
      return Promise.resolve();
    },
  });
  try {
    await waitFor(
      () => [...ends].every(([partition, end]) => end === 0n || (reached.get(partition) ?? 0n) >= end),
      {
        what: 'the reference consumer to reach the end of the topic',
        timeoutMs: 120_000,
      },
    );
  } finally {
    await consumer.disconnect();
  }
  return { count, idSum, ends };
}

/** L1: every id exactly once in the visible segment files, and as many as the reference consumer saw. */
async function multiplicity(options: LedgerOptions, reference: Reference): Promise<LedgerLine> {
  const { rows } = await options.pool.query<{ path: string }>(
    'select path from segment where used order by path',
  );
  const paths = rows.map((row) => `'${join(options.deepStorage, row.path).replaceAll("'", "''")}'`);
  if (paths.length === 0) return { id: 'L1', ok: false, detail: 'no visible segment' };
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection = await instance.connect();
  try {
    const answer = await connection.runAndReadAll(
      `select count(*)::bigint, count(distinct id)::bigint, min(id)::bigint, max(id)::bigint, sum(id)::hugeint from read_parquet([${paths.join(',')}])`,
    );
    const [count, distinct, least, most, sum] = answer.getRows()[0] as [
      bigint,
      bigint,
      bigint,
      bigint,
      bigint,
    ];
    const expected = BigInt(options.expectedIds);
    const ok =
      count === expected &&
      distinct === expected &&
      least === 0n &&
      most === expected - 1n &&
      reference.count === options.expectedIds &&
      sum === reference.idSum;
    return {
      id: 'L1',
      ok,
      detail: `${count} rows, ${distinct} distinct ids from ${least} to ${most}, expected ${expected}; the topic has ${reference.count}; doubled ${count - distinct}, lost ${expected - distinct}`,
    };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** L2: published ranges touch, from the seeded start on, without overlap or hole. */
async function contiguity({ pool, supervisorId }: LedgerOptions): Promise<LedgerLine> {
  const { rows } = await pool.query<{ partition: string; start_position: string; expected: string }>(
    `select * from (
       select r.partition, r.start_position,
         coalesce(lag(r.end_position) over w, i.seeded_start) as expected
       from publish_range r
       join incarnation i using (supervisor_id, stream, partition, incarnation)
       where r.supervisor_id = $1
       window w as (partition by r.stream, r.partition, r.incarnation order by r.start_position, r.end_position)) ranges
     where start_position is distinct from expected`,
    [supervisorId],
  );
  return {
    id: 'L2',
    ok: rows.length === 0,
    detail: `${rows.length} breaks ${JSON.stringify(rows.slice(0, 3))}`,
  };
}

/** L3: the stored position is the end of the last range, and the high watermark of the log. */
async function equality({ pool, supervisorId }: LedgerOptions, reference: Reference): Promise<LedgerLine> {
  const { rows } = await pool.query<{ partition: string; next_position: string; reached: string }>(
    `select p.partition, p.next_position, max(r.end_position) as reached
     from partition_state p left join publish_range r using (supervisor_id, stream, partition, incarnation)
     where p.supervisor_id = $1 group by p.partition, p.next_position`,
    [supervisorId],
  );
  const wrong = rows.filter(
    (row) =>
      row.next_position !== row.reached || BigInt(row.next_position) !== reference.ends.get(row.partition),
  );
  const complete = rows.length === reference.ends.size;
  return {
    id: 'L3',
    ok: wrong.length === 0 && complete,
    detail: `${rows.length} of ${reference.ends.size} partitions, ${wrong.length} wrong ${JSON.stringify(wrong.slice(0, 3))}`,
  };
}

/** L4: size and SHA-256 of each visible file are those of its row; no file belongs to two rows. */
async function files({ pool, deepStorage }: LedgerOptions): Promise<LedgerLine> {
  const { rows } = await pool.query<{ path: string; sha256: string; size: string }>(
    'select path, sha256, size from segment where used',
  );
  const wrong: string[] = [];
  for (const row of rows) {
    const path = join(deepStorage, row.path);
    const size = await stat(path).then(
      (found) => found.size,
      () => -1,
    );
    if (size !== Number(row.size) || (await sha256(path)) !== row.sha256) wrong.push(row.path);
  }
  const unique = new Set(rows.map((row) => row.path)).size === rows.length;
  return {
    id: 'L4',
    ok: wrong.length === 0 && unique,
    detail: `${rows.length} files, ${wrong.length} wrong ${wrong[0] ?? ''}`,
  };
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** L7: after the reaper's grace nothing lies in deep storage that is not a visible segment. */
async function orphans({ pool, deepStorage, graceMs }: LedgerOptions): Promise<LedgerLine> {
  const look = async () => {
    const { rows } = await pool.query<{ path: string }>('select path from segment');
    const known = new Set(rows.map((row) => row.path));
    const entries = await readdir(deepStorage, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(deepStorage, join(entry.parentPath, entry.name)))
      .filter((path) => !known.has(path));
  };
  let left: string[] = [];
  try {
    await waitFor(async () => (left = await look()).length === 0, {
      what: 'the reaper',
      timeoutMs: 2 * graceMs + 90_000,
      everyMs: 1_000,
    });
  } catch {
    return { id: 'L7', ok: false, detail: `${left.length} orphan files, such as ${left[0] ?? ''}` };
  }
  return { id: 'L7', ok: true, detail: 'no orphan file' };
}

/** L8: every row's time lies in the interval of its segment. */
async function intervals({ pool, deepStorage }: LedgerOptions): Promise<LedgerLine> {
  const { rows } = await pool.query<{ path: string; start_ms: string; end_ms: string; rows: string }>(
    'select path, headgate_ms(start_at) as start_ms, headgate_ms(end_at) as end_ms, rows from segment where used',
  );
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const wrong: string[] = [];
  try {
    for (const row of rows) {
      const path = join(deepStorage, row.path).replaceAll("'", "''");
      const answer = await connection.runAndReadAll(
        `select count(*)::bigint, epoch_ms(min(__time))::bigint, epoch_ms(max(__time))::bigint from read_parquet('${path}')`,
      );
      const [count, least, most] = answer.getRows()[0] as [bigint, bigint, bigint];
      if (count !== BigInt(row.rows) || least < BigInt(row.start_ms) || most >= BigInt(row.end_ms))
        wrong.push(row.path);
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
  return {
    id: 'L8',
    ok: wrong.length === 0,
    detail: `${rows.length} files, ${wrong.length} wrong ${wrong[0] ?? ''}`,
  };
}

/** L9: commit_seq is dense; along it neither the term nor any task's epoch falls. */
async function orderOfCommits({ pool, supervisorId }: LedgerOptions): Promise<LedgerLine> {
  const { rows } = await pool.query<{ commits: string; holes: string; falls: string }>(
    `select count(*) as commits,
       count(*) filter (where commit_seq <> place) as holes,
       count(*) filter (where term < term_before or epoch < epoch_before) as falls
     from (
       select commit_seq, row_number() over (order by commit_seq) as place, term, epoch,
         lag(term) over (order by commit_seq) as term_before,
         lag(epoch) over (partition by task_id order by commit_seq) as epoch_before
       from publish where supervisor_id = $1) commits`,
    [supervisorId],
  );
  const found = rows[0];
  return {
    id: 'L9',
    ok: found !== undefined && found.commits !== '0' && found.holes === '0' && found.falls === '0',
    detail: `${found?.commits} commits, ${found?.holes} holes, ${found?.falls} falls`,
  };
}

async function rereadRatio({ pool, supervisorId }: LedgerOptions): Promise<number | null> {
  const { rows } = await pool.query<{ fetched: string | null; replicas: number; published: string | null }>(
    `select (select sum(a.records_read) from task_attempt a join task t using (task_id) where t.supervisor_id = $1) as fetched,
       (select max(replicas) from task_group where supervisor_id = $1) as replicas,
       (select sum(end_position - start_position) from publish_range where supervisor_id = $1) as published`,
    [supervisorId],
  );
  const found = rows[0];
  if (!found?.fetched || !found.published) return null;
  return Number(found.fetched) / found.replicas / Number(found.published);
}
