/**
 * `npm run bench:planning`: what a query over 10,000 segments costs before DuckDB reads a row.
 *
 * Real small Parquet files in a local deep storage, their rows in a real Postgres. Planning is the snapshot (column lists, specs,
 * visible segments) and the files verified and ready to be opened, as query/catalog.ts does it. A first query has a process
 * of its own that has verified nothing; the others repeat in one process.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import type pg from 'pg';
import { SegmentChecker } from '../query/segment-files/segment-checker.ts';
import { SegmentFiles } from '../query/segment-files/segment-files.ts';
import { boundsInFiles, readSourceShapes } from '../query/source-columns.ts';
import { unifyColumns } from '../query/unify-columns.ts';
import type { Bounds } from '../query/sql/bounds.ts';
import { openLocalDeepStorage } from '../segments/deep-storage/local.ts';
import { openForPassing } from '../stack/postgres-user.ts';
import { terminalLog } from '../stack/progress.ts';
import { startStack } from '../stack/stack.ts';
import { migrate } from '../storage/migrate.ts';
import { openPool } from '../storage/pool.ts';
import { visibleSegments } from '../storage/visible-segments.ts';

const { values } = parseArgs({
  options: {
    segments: { type: 'string', default: '10000' },
    runs: { type: 'string', default: '31' },
    json: { type: 'boolean', default: false },
  },
});
const segments = Number(values.segments);
const runs = Number(values.runs);
const hourMs = 3_600_000;
const firstMs = Date.UTC(2025, 0, 1);
const rowsPerFile = 20;

const everything: Bounds = { fromMs: null, toMs: null, columns: [] };
const middleMs = firstMs + Math.floor(segments / 2) * hourMs;
const asked = {
  'one hour': { ...everything, fromMs: middleMs, toMs: middleMs + hourMs },
  'newest hour': { ...everything, fromMs: firstMs + (segments - 1) * hourMs },
  'one day': { ...everything, fromMs: middleMs, toMs: middleMs + 24 * hourMs },
  'one value of one column': { ...everything, columns: [{ column: 'serial', low: 7, high: 7 }] },
  everything,
} satisfies Record<string, Bounds>;

type Result = { readonly what: string; readonly files: number; readonly timesMs: readonly number[] };

const home = await mkdtemp(join(tmpdir(), 'headgate-bench-'));
openForPassing(home);
const stack = await startStack({
  dataDir: join(home, 'stack'),
  with: ['postgres'],
  env: process.env,
  log: terminalLog(),
});
const pool = openPool({ url: stack.addresses.postgres ?? '', applicationName: 'headgate bench', max: 4 });
try {
  await migrate(pool);
  await writeSegments();
  const results: Result[] = [];
  results.push(await measured('one hour, first query, nothing checked', asked['one hour'], fresh));
  console.error(`checked all files in ${(await checkAll()).toFixed(1)} s`);
  await pool.query('analyze segment, segment_check');
  results.push(await measured('one hour, first query', asked['one hour'], fresh));
  const files = fresh();
  for (const [what, bounds] of Object.entries(asked)) {
    const many = what === 'everything' ? Math.min(runs, 7) : runs;
    await plan(files, bounds);
    results.push(await measured(what, bounds, () => files, many));
  }
  report(results);
} finally {
  await pool.end();
  await stack.stop();
  rmSync(home, { recursive: true, force: true });
}

function fresh(): SegmentFiles {
  return new SegmentFiles({
    storage: openLocalDeepStorage(join(home, 'deep')),
    folder: join(home, 'copies'),
    cacheBytesMax: 0,
    isLocal: true,
  });
}

async function measured(
  what: string,
  bounds: Bounds,
  files: () => SegmentFiles,
  times = runs,
): Promise<Result> {
  const timesMs: number[] = [];
  let found = 0;
  for (let run = 0; run < times; run++) {
    const own = files();
    const startedMs = performance.now();
    found = await plan(own, bounds);
    timesMs.push(performance.now() - startedMs);
  }
  return { what, files: found, timesMs: timesMs.sort((one, other) => one - other) };
}

/** One snapshot, then the files. */
async function plan(files: SegmentFiles, bounds: Bounds): Promise<number> {
  const client = await pool.connect();
  let wanted;
  try {
    await client.query('begin isolation level repeatable read read only');
    wanted = await lookUp(client, bounds);
    await client.query('commit');
  } finally {
    client.release();
  }
  const opened = await files.open(wanted);
  opened.release();
  return opened.paths.size;
}

async function lookUp(client: pg.PoolClient, bounds: Bounds) {
  const source = (await readSourceShapes(client, ['bench'])).get('bench');
  if (source === undefined) throw new Error('no data source');
  const columns = unifyColumns([...source.shapes.values()], source.known);
  const wants = [{ dataSource: 'bench', bounds: boundsInFiles(bounds, columns) }];
  const [answer] = await visibleSegments(client, wants, new Map([['bench', source.shapes]]));
  return answer?.files ?? [];
}

async function checkAll(): Promise<number> {
  const log = { warn: (facts: object, message: string) => console.error(message, facts) };
  const checker = new SegmentChecker({ database: pool, files: fresh(), workerId: 'bench', log });
  const startedMs = performance.now();
  while ((await checker.pass()) > 0);
  return (performance.now() - startedMs) / 1000;
}

/** Three shapes, as a data source has whose spec was changed twice: one column more, one that became a list. */
async function writeSegments(): Promise<void> {
  mkdirSync(join(home, 'deep', 'bench'), { recursive: true });
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const rows = [];
  for (let at = 0; at < segments; at++) {
    const startMs = firstMs + at * hourMs;
    const shape = Math.floor((at * 3) / segments);
    const path = `bench/${at}.parquet`;
    const file = join(home, 'deep', path);
    await connection.run(
      `copy (select ${columnsOf(startMs, at, shape)} from range(${rowsPerFile}) t(x)) to '${file}' (format parquet, codec zstd)`,
    );
    const bytes = readFileSync(file);
    rows.push({
      at,
      path,
      startMs,
      shape,
      size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
    if (rows.length === 1_000 || at === segments - 1) await insertRows(rows.splice(0));
  }
  connection.closeSync();
  instance.closeSync();
}

function columnsOf(startMs: number, at: number, shape: number): string {
  const dimensions = Array.from({ length: 10 }, (_, number) => `'v' || (x * ${number + 1}) as d${number}`);
  const later = shape > 0 ? [`'late' || x as added`] : [];
  const tags = shape > 1 ? `['a' || x, 'b'] as tags` : `'a' || x as tags`;
  const time = `cast(make_timestamp_ms(${startMs} + x * 1000) as timestamp_ms) as "__time"`;
  return [
    time,
    ...dimensions,
    tags,
    ...later,
    `${at}::bigint as serial`,
    'x as n',
    'x * 0.5::double as price',
  ].join(', ');
}

function shapeColumns(shape: number): { name: string; type: string }[] {
  const column = (name: string, type: string) => ({ name, type });
  return [
    column('__time', 'TIMESTAMP WITH TIME ZONE'),
    ...Array.from({ length: 10 }, (_, number) => column(`d${number}`, 'VARCHAR')),
    column('tags', shape > 1 ? 'VARCHAR[]' : 'VARCHAR'),
    ...(shape > 0 ? [column('added', 'VARCHAR')] : []),
    column('serial', 'BIGINT'),
    column('n', 'BIGINT'),
    column('price', 'DOUBLE'),
  ];
}

type Written = { at: number; path: string; startMs: number; shape: number; size: number; sha256: string };

/** As publishes would leave them; the tables they refer to do not matter here, so their keys are not looked at. */
async function insertRows(rows: readonly Written[]): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query(`set session_replication_role = replica`);
    await client.query(
      `insert into segment (segment_id, publish_id, supervisor_id, data_source, start_at, end_at, version, partition_num, path,
         sha256, size, rows, columns)
       select 'bench_' || (row->>'at'), gen_random_uuid(), 'bench', 'bench', headgate_instant((row->>'startMs')::bigint),
         headgate_instant((row->>'startMs')::bigint + ${hourMs}), 'v', 0, row->>'path', row->>'sha256',
         (row->>'size')::bigint, ${rowsPerFile}, ($2::jsonb)->(row->>'shape')::int
       from jsonb_array_elements($1::jsonb) row`,
      [JSON.stringify(rows), JSON.stringify([0, 1, 2].map(shapeColumns))],
    );
  } finally {
    client.release(true);
  }
}

function report(results: readonly Result[]): void {
  if (values.json) return console.log(JSON.stringify({ segments, results }));
  console.log(`| ${segments} segments | files | runs | planning: median | range |`);
  console.log('| --- | --- | --- | --- | --- |');
  const ms = (value: number | undefined): string => `${(value ?? 0).toFixed(1)} ms`;
  for (const { what, files, timesMs } of results) {
    const median = timesMs[Math.floor(timesMs.length / 2)];
    console.log(
      `| ${what} | ${files} | ${timesMs.length} | ${ms(median)} | ${ms(timesMs[0])} to ${ms(timesMs.at(-1))} |`,
    );
  }
}
