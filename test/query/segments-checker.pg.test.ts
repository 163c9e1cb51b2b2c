/** Every file is looked at once, by whichever api process comes first; what was found is there for all of them. */
import { rmSync, writeFileSync } from 'node:fs';
import { posix } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../storage/call.ts';
import { claimUnchecked } from '../../storage/segment-checks.ts';
import { visibleSegments } from '../../storage/visible-segments.ts';
import { SegmentChecker } from '../../query/segment-files/segment-checker.ts';
import type { SegmentCheckerOptions } from '../../query/segment-files/segment-checker.ts';
import { SegmentFiles } from '../../query/segment-files/segment-files.ts';
import { scratchDatabase } from '../storage/scratch.ts';
import { insertSegments, timeOnly } from '../storage/segment-rows.ts';
import type { PublishedFile } from '../../query/segment-files/file-problem.ts';
import { waitFor } from '../support/wait-for.ts';
import { CountingStorage, makeSegmentWorld, parquetOf } from './segments-world.ts';
import type { SegmentWorld } from './segments-world.ts';

const { undone, pool } = scratchDatabase();
let world: SegmentWorld;
let warnings: string[];
beforeEach(() => {
  world = makeSegmentWorld();
  warnings = [];
});
afterEach(async () => {
  world.remove();
  await pool().query('delete from segment');
});

function checkerOf(database: Database, more: Partial<SegmentCheckerOptions> = {}): SegmentChecker {
  const files = new SegmentFiles({
    storage: new CountingStorage(world).storage,
    folder: world.folder,
    cacheBytesMax: 1_000_000,
    isLocal: true,
  });
  const log = {
    warn: (facts: object, message: string) => warnings.push(`${message} ${JSON.stringify(facts)}`),
  };
  return new SegmentChecker({ database, files, workerId: 'api-1', log, ...more });
}

/** Real files of three rows each, as segments of one data source. */
async function publishFiles(database: Database, count: number): Promise<PublishedFile[]> {
  const files: PublishedFile[] = [];
  for (let at = 0; at < count; at++) {
    const bytes = await parquetOf(
      world,
      `select cast(make_timestamp_ms(${at} * 1000 + x) as timestamp_ms) as "__time", 'p${at}' as page from range(3) t(x)`,
    );
    files.push(world.publish(bytes));
  }
  await insertSegments(
    database,
    files.map((file) => ({
      id: file.segmentId,
      path: file.path,
      sha256: file.sha256,
      size: file.size,
      rows: 3,
      columns: [...timeOnly, { name: 'page', type: 'VARCHAR' }],
    })),
  );
  return files;
}

async function waitingForALock(): Promise<number> {
  const { rows } = await pool().query<{ waiting: number }>(
    `select count(*)::int as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows[0]?.waiting ?? 0;
}

async function checksIn(database: Database): Promise<Record<string, unknown>> {
  const { rows } = await database.query('select segment_id, problem, statistics from segment_check');
  return Object.fromEntries(rows.map((row) => [row['segment_id'], row['problem'] ?? row['statistics']]));
}

async function visibleIn(database: Database, page: string): Promise<string[]> {
  const bounds = { fromMs: null, toMs: null, columns: [{ column: 'page', low: page, high: page }] };
  const [answer] = await visibleSegments(database, [{ dataSource: 'wiki', bounds }]);
  return answer?.files.map(({ segmentId }) => segmentId) ?? [];
}

describe('a pass of the checker', () => {
  it('writes what the footer says, so that queries open fewer files', async () => {
    await undone(async (database) => {
      const [a, b] = await publishFiles(database, 2);
      expect((await visibleIn(database, 'p1')).length).toBe(2);
      expect(await checkerOf(database).pass()).toBe(2);
      const text = (value: string) => Buffer.from(value).toString('hex');
      expect(await checksIn(database)).toEqual({
        [a?.segmentId ?? '']: { __time: { min: 0, max: 2 }, page: { low: text('p0'), high: text('p0') } },
        [b?.segmentId ?? '']: {
          __time: { min: 1000, max: 1002 },
          page: { low: text('p1'), high: text('p1') },
        },
      });
      expect(await visibleIn(database, 'p1')).toEqual([b?.segmentId]);
      expect(warnings).toEqual([]);
    });
  });

  it('looks at a file once', async () => {
    await undone(async (database) => {
      await publishFiles(database, 2);
      const checker = checkerOf(database);
      expect(await checker.pass()).toBe(2);
      expect(await checker.pass()).toBe(0);
      expect(await checkerOf(database).pass()).toBe(0);
    });
  });

  it('names what is wrong with a file, and takes it back when somebody put it right', async () => {
    await undone(async (database) => {
      const [missing, other, wrong] = await publishFiles(database, 3);
      if (missing === undefined || other === undefined || wrong === undefined) throw new Error('three files');
      const bytes = await parquetOf(world, `select 1 as x`);
      rmSync(world.locate(missing.path));
      writeFileSync(world.locate(other.path), bytes.subarray(0, other.size));
      await database.query(`update segment set rows = 4 where segment_id = $1`, [wrong.segmentId]);
      await checkerOf(database, { claimMs: 0 }).pass();
      expect(await checksIn(database)).toEqual({
        [missing.segmentId]: 'it is missing',
        [other.segmentId]: expect.stringMatching(/^it has \d+ bytes, expected \d+$/),
        [wrong.segmentId]: 'its footer says 3 rows, expected 4',
      });
      expect(warnings).toHaveLength(3);
      expect(warnings.join()).not.toContain(world.folder);
      await database.query(`update segment set rows = 3 where segment_id = $1`, [wrong.segmentId]);
      expect(await checkerOf(database).pass()).toBe(0);
      await checkerOf(database, { recheckMs: 0 }).pass();
      expect((await checksIn(database))[wrong.segmentId]).toMatchObject({ __time: {} });
      expect((await checksIn(database))[missing.segmentId]).toBe('it is missing');
    });
  });

  it('writes nothing of an outage, and tries again when its claim has run out', async () => {
    await undone(async (database) => {
      const [file] = await publishFiles(database, 1);
      const down = {
        open: () => Promise.reject(new Error('the disk is away')),
      };
      await checkerOf(database, { files: down, claimMs: 0 }).pass();
      expect(await checksIn(database)).toEqual({});
      expect(warnings.join()).toContain('the disk is away');
      expect(await checkerOf(database).pass()).toBe(1);
      expect(Object.keys(await checksIn(database))).toEqual([file?.segmentId]);
    });
  });

  it('finds an old segment in its whole passes, a new one in every pass', async () => {
    await undone(async (database) => {
      let nowMs = 0;
      const checker = checkerOf(database, { now: () => nowMs });
      expect(await checker.pass()).toBe(0);
      await publishFiles(database, 1);
      expect(await checker.pass()).toBe(1);
      await publishFiles(database, 1);
      await database.query(`update segment set created_at = created_at - interval '1 hour'`);
      expect(await checker.pass()).toBe(0);
      nowMs += 3_600_000;
      expect(await checker.pass()).toBe(1);
    });
  });
});

describe('claims', () => {
  const options = { workerId: 'api-1', limit: 2, claimMs: 60_000, recheckMs: 0, recentMs: null };

  it('are given newest first, and to one process at a time until they run out', async () => {
    await undone(async (database) => {
      const files = await publishFiles(database, 3);
      for (const [at, file] of files.entries())
        await database.query(`update segment set created_at = to_timestamp($2) where segment_id = $1`, [
          file.segmentId,
          at,
        ]);
      const ids = async (more: Partial<typeof options> = {}): Promise<number[]> =>
        (await claimUnchecked(database, { ...options, ...more })).map(({ path }) =>
          files.findIndex((file) => posix.basename(file.path) === posix.basename(path)),
        );
      expect(await ids()).toEqual([2, 1]);
      expect(await ids({ workerId: 'api-2', claimMs: 0 })).toEqual([0]);
      expect(await ids({ workerId: 'api-3' })).toEqual([0]);
      expect(await ids({ workerId: 'api-4' })).toEqual([]);
    });
  });

  it('let several processes share the work without doing it twice', async () => {
    const files = await publishFiles(pool(), 70);
    let opened = 0;
    const counted = (): SegmentChecker => {
      const real = new SegmentFiles({
        storage: new CountingStorage(world).storage,
        folder: world.folder,
        cacheBytesMax: 1,
        isLocal: true,
      });
      const open: SegmentFiles['open'] = (some) => {
        opened += some.length;
        return real.open(some);
      };
      return checkerOf(pool(), { files: { open }, everyMs: 20 });
    };
    const checkers = [counted(), counted(), counted()];
    for (const checker of checkers) checker.start();
    await waitFor(async () => Object.keys(await checksIn(pool())).length === files.length, {
      what: 'all checks',
    });
    await Promise.all(checkers.map((checker) => checker.stop()));
    expect(opened).toBe(files.length);
    expect(warnings).toEqual([]);
  });

  it('are given once also to processes that ask at the same moment', async () => {
    await publishFiles(pool(), 1);
    const first = await pool().connect();
    try {
      await first.query('begin');
      expect(await claimUnchecked(first, options)).toHaveLength(1);
      // It has not seen the claim and waits for it to be committed.
      const second = claimUnchecked(pool(), { ...options, workerId: 'api-2' });
      await waitFor(async () => (await waitingForALock()) > 0, { what: 'the second to wait' });
      await first.query('commit');
      expect(await second).toEqual([]);
    } finally {
      first.release(true);
    }
  });

  it('leave alone a segment that is being deleted', async () => {
    await publishFiles(pool(), 2);
    const deleting = await pool().connect();
    try {
      await deleting.query('begin');
      const { rows } = await deleting.query(
        'delete from segment where segment_id = (select min(segment_id) from segment) returning segment_id',
      );
      const claimed = await claimUnchecked(pool(), options);
      expect(claimed).toHaveLength(1);
      expect(claimed[0]?.segmentId).not.toBe(rows[0]?.segment_id);
      await deleting.query('commit');
    } finally {
      deleting.release(true);
    }
  });

  it('that ran out are tidied up, those of others are left', async () => {
    await undone(async (database) => {
      const [old, young] = await publishFiles(database, 2);
      await claimUnchecked(database, options);
      await database.query(
        `update segment_check_claim set until_at = until_at - interval '1 hour' where segment_id = $1`,
        [old?.segmentId],
      );
      expect(await checkerOf(database).pass()).toBe(1);
      await database.query(`update segment_check_claim set until_at = clock_timestamp() - interval '1 hour'
        where segment_id = '${old?.segmentId}'`);
      await publishFiles(database, 1);
      expect(await checkerOf(database).pass()).toBe(1);
      const { rows } = await database.query('select segment_id from segment_check_claim');
      const left = rows.map((row) => row['segment_id']);
      expect(left).toContain(young?.segmentId);
      expect(left).not.toContain(old?.segmentId);
    });
  });

  it('go with their segment', async () => {
    await undone(async (database) => {
      await publishFiles(database, 1);
      await claimUnchecked(database, options);
      await checkerOf(database, { recheckMs: 0 }).pass();
      await database.query('delete from segment');
      const { rows } = await database.query(
        'select (select count(*) from segment_check)::int as checks, (select count(*) from segment_check_claim)::int as claims',
      );
      expect(rows[0]).toEqual({ checks: 0, claims: 0 });
    });
  });
});

describe('the checker in the background', () => {
  it('takes what comes, and survives Postgres being away', async () => {
    let isAway = true;
    const database: Database = {
      query: (text, values) =>
        isAway ? Promise.reject(new Error('away')) : pool().query<Record<string, unknown>>(text, values),
    };
    const checker = checkerOf(database, { everyMs: 10 });
    checker.start();
    await waitFor(() => warnings.some((line) => line.includes('cannot be checked now')), {
      what: 'a warning',
    });
    await publishFiles(pool(), 2);
    isAway = false;
    await waitFor(async () => Object.keys(await checksIn(pool())).length === 2, { what: 'both checks' });
    await checker.stop();
  });
});
