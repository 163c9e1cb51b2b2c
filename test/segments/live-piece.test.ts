/** Pieces and their merges against the oracle of segment files: nothing is lost, doubled or joined that must be apart. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ParsedRow } from '../../domain/rows.ts';
import type { DataSchema } from '../../domain/spec/spec.ts';
import { writePiece } from '../../segments/live-piece.ts';
import type { Piece } from '../../segments/live-piece.ts';
import { ParquetEngine } from '../../segments/parquet-writer.ts';
import { mergePieces } from '../../segments/piece-merge.ts';
import { RowIndex } from '../../segments/row-index.ts';
import { writeSpill } from '../../segments/spill.ts';
import { aDimension, aSchema } from '../support/data-schema.ts';
import { aRow, cases, expectRows, oracle, readWithDuckDb, seed, sketchKey } from './support.ts';
import type { Expected, ReadRow } from './support.ts';

let scratch: string;
let engine: ParquetEngine;
let files = 0;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'headgate-pieces-'));
  mkdirSync(join(scratch, 'engine'));
  engine = await ParquetEngine.open(join(scratch, 'engine'), 64 * 1024 * 1024);
});
afterAll(() => {
  engine.close();
  rmSync(scratch, { recursive: true, force: true });
});

function newPath(): string {
  return join(scratch, String(files++));
}

function indexOf(schema: DataSchema, rows: readonly ParsedRow[]): RowIndex {
  const index = new RowIndex(schema);
  for (const row of rows) index.add(row);
  return index;
}

async function drain<T>(steps: AsyncGenerator<void, T>): Promise<T> {
  for (;;) {
    const step = await steps.next();
    if (step.done === true) return step.value;
  }
}

/** Of memory, or of a spill of it. */
async function pieceOf(
  schema: DataSchema,
  rows: readonly ParsedRow[],
  options: { spilled?: boolean } = {},
): Promise<Piece> {
  const index = indexOf(schema, rows);
  const localPath = `${newPath()}.parquet`;
  if (options.spilled !== true) return drain(writePiece({ schema, source: index, engine, localPath }));
  const spill = `${newPath()}.spill`;
  const writing = writeSpill([index], schema, spill);
  while (writing.next().done !== true);
  return drain(writePiece({ schema, source: { spill }, engine, localPath }));
}

async function merge(schema: DataSchema, pieces: readonly Piece[]): Promise<Piece> {
  const connection = await engine.connect();
  try {
    return await mergePieces({ schema, connection, pieces, localPath: `${newPath()}.parquet` });
  } finally {
    connection.closeSync();
  }
}

/** Order does not count in a piece: both sides in the order of all their values. */
async function expectPiece(piece: Piece, schema: DataSchema, rows: readonly ParsedRow[]): Promise<void> {
  const names = new Map(piece.columns.map(({ name, field }) => [field, name]));
  const wanted = [...oracle({ schema, rows }).values()].flat();
  const found = await readWithDuckDb(piece.localPath);
  expect(piece.rows).toBe(wanted.length);
  const groups = schema.dimensions.map(({ name }) => name);
  for (const { field, role } of piece.columns) if (role === 'discovered') groups.push(field);
  const plainMetrics = schema.rollup ? [] : [...(wanted[0]?.metrics.keys() ?? [])];
  expectRows(
    schema,
    sorted(found, (row) =>
      keyOf(
        row['__time'],
        [...groups, ...plainMetrics].map((name) => row[names.get(name) ?? '']),
      ),
    ),
    sorted(wanted, (row) =>
      keyOf(row.timeMs, [
        ...groups.map((name) => row.values.get(name)),
        ...plainMetrics.map((name) => row.metrics.get(name)),
      ]),
    ),
    names,
  );
}

function sorted<T extends ReadRow | Expected>(rows: readonly T[], key: (row: T) => string): T[] {
  return [...rows].sort((left, right) => (key(left) < key(right) ? -1 : 1));
}

function keyOf(time: unknown, values: readonly unknown[]): string {
  const text = (value: unknown): unknown => sketchKey(value) ?? plainText(value);
  const plainText = (value: unknown): unknown =>
    typeof value === 'number' || typeof value === 'bigint'
      ? `#${Object.is(value, -0) ? '-0' : String(value)}`
      : value === null || value === undefined
        ? null
        : Array.isArray(value)
          ? value
          : [value];
  return JSON.stringify([time, ...values.map(text)]);
}

function cut(rows: readonly ParsedRow[], parts: number): ParsedRow[][] {
  const size = Math.ceil(rows.length / parts);
  return Array.from({ length: parts }, (_, at) => rows.slice(at * size, (at + 1) * size));
}

describe('pieces', () => {
  it('hold what an index holds, and added up what a merge of all rows would', async () => {
    await fc.assert(
      fc.asyncProperty(
        cases,
        fc.integer({ min: 2, max: 4 }),
        fc.boolean(),
        async ({ schema, rows }, parts, spilled) => {
          const pieces: Piece[] = [];
          for (const part of cut(rows, parts)) {
            const piece = await pieceOf(schema, part, { spilled });
            await expectPiece(piece, schema, part);
            pieces.push(piece);
          }
          if (pieces.some(({ wide }) => wide)) return;
          const merged = await merge(schema, pieces);
          // Sketches are joined by whoever asks (test/query/views.test.ts).
          if (!merged.wide) await expectPiece(merged, schema, rows);
        },
      ),
      { seed, numRuns: 60 },
    );
  }, 120_000);

  const schema = aSchema({
    dimensions: [aDimension('page')],
    metrics: [
      { type: 'longSum', name: 'l', fieldName: 'l' },
      { type: 'floatSum', name: 'f', fieldName: 'f' },
    ],
  });
  const row = (l: number | bigint | null, f: number | null = null): ParsedRow =>
    aRow({ timestampMs: 0, dimensions: ['p'], metrics: [l, f] });

  it('are wide when a long sum is beyond 2^53, after a merge too', async () => {
    expect((await pieceOf(schema, [row(2 ** 53 - 1)])).wide).toBe(false);
    expect((await pieceOf(schema, [row(2n ** 53n)])).wide).toBe(true);
    const large = await pieceOf(schema, [row(2 ** 53 - 1)]);
    expect((await merge(schema, [large, await pieceOf(schema, [row(0)])])).wide).toBe(false);
    expect((await merge(schema, [large, await pieceOf(schema, [row(1)])])).wide).toBe(true);
  });

  it('are put side by side when one is wide, so that no sum leaves int64', async () => {
    const large = 2n ** 63n - 1n;
    const pieces = [await pieceOf(schema, [row(large)]), await pieceOf(schema, [row(large), row(0)])];
    const merged = await merge(schema, pieces);
    expect(merged).toMatchObject({ wide: true, rows: 2 });
    expect((await readWithDuckDb(merged.localPath)).map(({ l }) => l)).toEqual([large, large]);
    const again = await merge(schema, [merged, await pieceOf(schema, [row(5)])]);
    expect(again).toMatchObject({ wide: true, rows: 3 });
  });

  it('keep -0 apart from 0, and join what is NaN', async () => {
    const doubles = aSchema({
      dimensions: [aDimension('x', 'double')],
      metrics: [{ type: 'count', name: 'n', fieldName: null }],
    });
    const values = [0, -0, Number.NaN, 0, -0, Number.NaN];
    const rows = values.map((x) => aRow({ timestampMs: 0, dimensions: [x], metrics: [null] }));
    const pieces = [await pieceOf(doubles, rows.slice(0, 3)), await pieceOf(doubles, rows.slice(3))];
    const found = await readWithDuckDb((await merge(doubles, pieces)).localPath);
    expect(found.map(({ x, n }) => [Object.is(x, -0) ? '-0' : String(x), n]).sort()).toEqual([
      ['-0', 2],
      ['0', 2],
      ['NaN', 2],
    ]);
  });

  it('add up floats beyond their range as memory does', async () => {
    const pieces = [await pieceOf(schema, [row(1, 3e38)]), await pieceOf(schema, [row(1, 3e38)])];
    const [found] = await readWithDuckDb((await merge(schema, pieces)).localPath);
    expect(found?.['f']).toBe(Infinity);
  });

  it('agree on columns: what one lacks is null, what is a list in one is a list', async () => {
    const open = aSchema({ discoverDimensions: true, metrics: schema.metrics });
    const found = (values: Record<string, string | string[]>): ParsedRow =>
      aRow({ timestampMs: 0, discovered: new Map(Object.entries(values)), metrics: [1, null] });
    const pieces = [
      await pieceOf(open, [found({ Tag: 'a', x: 'y' })]),
      await pieceOf(open, [found({ tag: ['b', 'c'] }), found({ tag: 'd' })]),
    ];
    const merged = await merge(open, pieces);
    expect(merged.columns.map(({ name, field, type, merge: how }) => [name, field, type, how])).toEqual([
      ['__time', '__time', 'TIMESTAMP WITH TIME ZONE', null],
      ['Tag', 'Tag', 'VARCHAR', null],
      ['tag_1', 'tag', 'VARCHAR[]', null],
      ['x', 'x', 'VARCHAR', null],
      ['l', 'l', 'BIGINT', 'sum'],
      ['f', 'f', 'FLOAT', 'sum'],
    ]);
    expect(await readWithDuckDb(merged.localPath)).toEqual(
      expect.arrayContaining([
        { __time: 0, Tag: 'a', tag_1: null, x: 'y', l: 1, f: null },
        { __time: 0, Tag: null, tag_1: ['b', 'c'], x: null, l: 1, f: null },
        { __time: 0, Tag: null, tag_1: ['d'], x: null, l: 1, f: null },
      ]),
    );
  });

  it('are written in short steps', async () => {
    const many = Array.from({ length: 20_000 }, (_, at) =>
      aRow({ timestampMs: at, dimensions: [`page ${at % 1000}`], metrics: [at, at / 3] }),
    );
    const steps = writePiece({ schema, source: indexOf(schema, many), engine, localPath: newPath() });
    let count = 0;
    while ((await steps.next()).done !== true) count += 1;
    expect(count).toBeGreaterThanOrEqual(20_000 / 128);
  });
});
