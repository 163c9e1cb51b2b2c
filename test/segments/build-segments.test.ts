import { mkdtempSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ParsedRow } from '../../domain/rows.ts';
import type { DataSchema } from '../../domain/spec/spec.ts';
import { buildSegments, type SegmentFile } from '../../segments/build-segments.ts';
import { readParquetFooter } from '../../segments/parquet-footer.ts';
import { RowIndex } from '../../segments/row-index.ts';
import { writeSpill } from '../../segments/spill.ts';
import { readSegmentHeader, verifySegment } from '../../segments/verify.ts';
import { aDimension, aSchema } from '../support/data-schema.ts';
import {
  aRow,
  cases,
  oracle,
  readWithDuckDb,
  readWithHyparquet,
  seed,
  type ReadRow,
  expectRows,
} from './support.ts';

let scratch = '';
let folders = 0;

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'headgate-segments-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function newFolder(): string {
  return join(scratch, String(folders++));
}

function indexOf(schema: DataSchema, rows: readonly ParsedRow[]): RowIndex {
  const index = new RowIndex(schema);
  for (const row of rows) index.add(row);
  return index;
}

function spillOf(schema: DataSchema, rows: readonly ParsedRow[]): string {
  const path = `${newFolder()}.spill`;
  const spilling = writeSpill([indexOf(schema, rows)], schema, path);
  while (spilling.next().done !== true);
  return path;
}

async function build(options: {
  schema: DataSchema;
  spilled?: readonly (readonly ParsedRow[])[];
  memory?: readonly ParsedRow[];
}): Promise<readonly SegmentFile[]> {
  const { schema, spilled = [], memory = [] } = options;
  return drain(
    buildSegments({
      schema,
      spills: spilled.map((rows) => spillOf(schema, rows)),
      memory: [indexOf(schema, memory)],
      folder: newFolder(),
      header: { sequence: 's1' },
    }),
  );
}

async function drain<T>(generator: AsyncGenerator<void, T>): Promise<T> {
  for (;;) {
    const step = await generator.next();
    if (step.done === true) return step.value;
  }
}

/** `rows` cut into pieces: all but the last are spilled. */
function cut(rows: readonly ParsedRow[], at: readonly number[]): ParsedRow[][] {
  const points = [
    0,
    ...at.map((point) => point % (rows.length + 1)).sort((left, right) => left - right),
    rows.length,
  ];
  return points.slice(1).map((end, piece) => rows.slice(points[piece], end));
}

describe('generated rows', () => {
  test('any schema, any spill points: the files equal sort and group, row for row, in order', async () => {
    await fc.assert(
      fc.asyncProperty(cases, fc.array(fc.nat(1000), { maxLength: 3 }), async (one, points) => {
        const pieces = cut(one.rows, points);
        const files = await build({
          schema: one.schema,
          spilled: pieces.slice(0, -1),
          memory: pieces.at(-1) ?? [],
        });
        const expected = oracle(one);
        expect(files.map(({ startMs }) => startMs)).toEqual(
          [...expected.keys()].sort((left, right) => left - right),
        );
        for (const file of files) {
          const wanted = expected.get(file.startMs) ?? [];
          expect(file.rows).toBe(wanted.length);
          const names = await namesOf(file);
          const rows = await readWithDuckDb(file.localPath);
          expectRows(one.schema, rows, wanted, names);
          expect(normalised(await readWithHyparquet(file.localPath))).toEqual(normalised(rows));
        }
      }),
      { seed, numRuns: 60 },
    );
  }, 120_000);
});

/** Field name to column name: they differ when only case tells two fields apart. */
async function namesOf(file: SegmentFile): Promise<Map<string, string>> {
  const { columns } = await readSegmentHeader(file.localPath);
  expect(columns.map(({ name, type }) => ({ name, type }))).toEqual(file.columns);
  return new Map(columns.map(({ name, field }) => [field, name]));
}

/** hyparquet gives no -0 and NaN trouble, but key order and undefined differ. */
function normalised(rows: readonly ReadRow[]): unknown[] {
  return rows.map((row) => Object.entries(row).sort(([left], [right]) => (left < right ? -1 : 1)));
}

const time = Date.UTC(2026, 0, 1);
const sums = aSchema({
  dimensions: [aDimension('page')],
  metrics: [
    { type: 'count', name: 'n', fieldName: null },
    { type: 'longSum', name: 'l', fieldName: 'l' },
    { type: 'doubleSum', name: 'd', fieldName: 'd' },
  ],
});

describe('sums', () => {
  test('a long sum that would leave int64 goes on in a second row; nothing wraps', async () => {
    const near = 9_223_372_036_854_775_000n;
    const row = (l: number | bigint): ParsedRow =>
      aRow({ timestampMs: time, dimensions: ['a'], metrics: [null, l, null] });
    const [file] = await build({
      schema: sums,
      spilled: [[row(near), row(700)], [row(near)]],
      memory: [row(near), row(-5)],
    });
    const rows = await readWithDuckDb(file?.localPath ?? '');
    expect(rows.length).toBeGreaterThan(1);
    expect(rows.reduce((sum, { l }) => sum + BigInt(l as bigint), 0n)).toBe(3n * near + 695n);
    expect(rows.reduce((sum, { n }) => sum + Number(n), 0)).toBe(5);
  });

  test('double sums agree within 1e-12 whatever the order and the spills', async () => {
    const values = Array.from(
      { length: 5000 },
      (_, at) => ((at * 7919) % 1000) / 7 + (at % 3 === 0 ? 1e10 : 0),
    );
    const rows = values.map((d) => aRow({ timestampMs: time, dimensions: ['a'], metrics: [null, 1, d] }));
    const thirds = [rows.slice(0, 1700), rows.slice(1700, 3300), rows.slice(3300)];
    const [one] = await build({ schema: sums, memory: rows });
    const [two] = await build({
      schema: sums,
      spilled: thirds.slice(0, 2).reverse(),
      memory: [...(thirds[2] ?? [])].reverse(),
    });
    const [left] = await readWithDuckDb(one?.localPath ?? '');
    const [right] = await readWithDuckDb(two?.localPath ?? '');
    expect(left).toMatchObject({ n: 5000, l: 5000 });
    const relative = Math.abs(Number(left?.['d']) - Number(right?.['d'])) / Math.abs(Number(left?.['d']));
    expect(relative).toBeLessThanOrEqual(1e-12);
  });
});

describe('files', () => {
  const schema = aSchema({
    dimensions: [aDimension('s'), aDimension('long', 'long'), aDimension('f', 'float')],
    rollup: false,
  });
  const row = (s: ParsedRow['dimensions'][number], at: number): ParsedRow =>
    aRow({ timestampMs: time + at, dimensions: [s, at, 0.1] });

  test('have the types of design 7, in UTC milliseconds, zstd, statistics, and our header', async () => {
    const [file] = await build({ schema, memory: [row('x', 1), row(['y', 'z'], 2)] });
    expect(file?.columns).toEqual([
      { name: '__time', type: 'TIMESTAMP WITH TIME ZONE' },
      { name: 's', type: 'VARCHAR[]' },
      { name: 'long', type: 'BIGINT' },
      { name: 'f', type: 'FLOAT' },
    ]);
    const path = file?.localPath ?? '';
    expect(
      await duckDb(
        `select type, converted_type, logical_type from parquet_schema('${path}') where name = '__time'`,
      ),
    ).toEqual([
      ['INT64', 'TIMESTAMP_MILLIS', expect.stringContaining('isAdjustedToUTC=1, unit=TimeUnit(MILLIS')],
    ]);
    expect(await duckDb(`select column_name, column_type from (describe from '${path}')`)).toEqual(
      file?.columns.map(({ name, type }) => [name, type]),
    );
    expect(
      await duckDb(
        `select distinct compression, stats_min_value is not null from parquet_metadata('${path}') where path_in_schema = '__time'`,
      ),
    ).toEqual([['ZSTD', true]]);
    expect(await readSegmentHeader(path)).toMatchObject({
      format: 1,
      dataSource: 'test',
      interval: { startMs: time, endMs: time + 86_400_000 },
      rows: 2,
      header: { sequence: 's1' },
    });
    expect(await verifySegment(path, file as SegmentFile)).toEqual([]);
  });

  test('a text column stays text where no multi-value occurs', async () => {
    const files = await build({ schema, memory: [row('x', 1), row(['y', 'z'], 86_400_000)] });
    expect(files.map(({ columns }) => columns[1]?.type)).toEqual(['VARCHAR', 'VARCHAR[]']);
  });

  test('columns that differ in case alone, and in hostile names, all survive', async () => {
    const discovering = aSchema({ discoverDimensions: true, rollup: false });
    const names = ['a', 'A', '__TIME', 'select "x"', "it's", 'ü', '../../etc', 'a_1'];
    const found = new Map(names.map((name) => [name, `value of ${name}`]));
    const [file] = await build({
      schema: discovering,
      memory: [aRow({ timestampMs: time, discovered: found })],
    });
    const header = await readSegmentHeader(file?.localPath ?? '');
    const [only] = await readWithDuckDb(file?.localPath ?? '');
    for (const { name, field } of header.columns.slice(1)) expect(only?.[name]).toBe(`value of ${field}`);
    expect(header.columns.length).toBe(names.length + 1);
  });

  test('no rows, no file', async () => {
    expect(await build({ schema })).toEqual([]);
  });

  test('large ones have several row groups, in order', async () => {
    const rows = Array.from({ length: 300_000 }, (_, at) => row(`v${at % 100}`, (at * 7919) % 80_000));
    const folder = newFolder();
    const building = buildSegments({
      schema,
      spills: [],
      memory: [indexOf(schema, rows)],
      folder,
      header: null,
    });
    const [file] = await drain(building);
    const footer = await readParquetFooter(file?.localPath ?? '');
    expect(footer).toMatchObject({ rows: 300_000, rowGroups: 3 });
    expect(
      await duckDb(
        `select count(*) filter (__time < previous) from (select __time, lag(__time) over () previous from '${file?.localPath}')`,
      ),
    ).toEqual([[0n]]);
    expect(await readdir(folder)).toEqual(['0.parquet']);
  }, 60_000);
});

async function duckDb(sql: string): Promise<unknown[][]> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowsJS() as unknown[][];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

describe('building', () => {
  const schema = sums;
  const rows = Array.from({ length: 4000 }, (_, at) =>
    aRow({ timestampMs: time + (at % 50), dimensions: [`p${at % 7}`], metrics: [null, at, at / 3] }),
  );

  test('changes nothing it reads: a second build of the same memory gives the same rows', async () => {
    const spills = [spillOf(schema, rows)];
    const memory = indexOf(schema, rows);
    const results = [];
    for (let pass = 0; pass < 2; pass++) {
      const [file] = await drain(
        buildSegments({ schema, spills, memory: [memory], folder: newFolder(), header: null }),
      );
      results.push(await readWithDuckDb(file?.localPath ?? ''));
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[0]?.reduce((sum, { n }) => sum + Number(n), 0)).toBe(8000);
  });

  test('more spills than it opens at once are merged in passes', async () => {
    const pieces = Array.from({ length: 150 }, (_, at) => rows.slice(at * 20, at * 20 + 20));
    const [file] = await build({ schema, spilled: pieces });
    const [whole] = await build({ schema, memory: rows.slice(0, 3000) });
    expect((await readWithDuckDb(file?.localPath ?? '')).map(({ n, l }) => [n, l])).toEqual(
      (await readWithDuckDb(whole?.localPath ?? '')).map(({ n, l }) => [n, l]),
    );
  });

  test('lets others work: no step of a spill or a merge takes long', async () => {
    const many = Array.from({ length: 60_000 }, (_, at) =>
      aRow({
        timestampMs: time + at,
        dimensions: [`page ${at % 1000} of many`],
        metrics: [null, at, at / 3],
      }),
    );
    const index = indexOf(schema, many);
    const path = `${newFolder()}.spill`;
    const spilling = writeSpill([index], schema, path);
    let steps = 0;
    while (spilling.next().done !== true) steps += 1;
    expect(steps).toBeGreaterThan(60_000 / 1024);
    const building = buildSegments({
      schema,
      spills: [path],
      memory: [index],
      folder: newFolder(),
      header: null,
    });
    let merges = 0;
    while ((await building.next()).done !== true) merges += 1;
    expect(merges).toBeGreaterThan(60_000 / 1024);
  }, 60_000);

  test('a damaged spill stops it with SEGMENT_CORRUPT', async () => {
    const spill = spillOf(schema, rows);
    const { readFileSync, writeFileSync } = await import('node:fs');
    const bytes = readFileSync(spill);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(spill, bytes);
    const building = buildSegments({
      schema,
      spills: [spill],
      memory: [],
      folder: newFolder(),
      header: null,
    });
    await expect(drain(building)).rejects.toMatchObject({ code: 'SEGMENT_CORRUPT' });
  });
});
