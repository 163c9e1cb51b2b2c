/**
 * Columns whose type is found, as queries see them: rows read live, in pieces merged or not, are the rows of the segment they
 * become; and in another segment the same columns may have had other types.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ParsedRow } from '../../domain/rows.ts';
import type { DataSchema } from '../../domain/spec/spec.ts';
import type { FileGroup, LiveGroup, SourceTable } from '../../query/messages.ts';
import { unifyColumns } from '../../query/unify-columns.ts';
import { viewSql } from '../../query/views.ts';
import { buildSegments, type SegmentFile } from '../../segments/build-segments.ts';
import { writePiece, type Piece } from '../../segments/live-piece.ts';
import { ParquetEngine } from '../../segments/parquet-writer.ts';
import { mergePieces } from '../../segments/piece-merge.ts';
import { RowIndex } from '../../segments/row-index.ts';
import { writeSpill } from '../../segments/spill.ts';
import { foundCases, parsedRow } from '../segments/found-support.ts';
import { seed } from '../segments/support.ts';

let scratch: string;
let engine: ParquetEngine;
let instance: DuckDBInstance;
let connection: DuckDBConnection;
let names = 0;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'headgate-found-query-'));
  mkdirSync(join(scratch, 'engine'));
  engine = await ParquetEngine.open(join(scratch, 'engine'), 64 * 1024 * 1024);
  instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  connection = await instance.connect();
  await connection.run(`set TimeZone = 'UTC'; create schema druid`);
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
  engine.close();
  rmSync(scratch, { recursive: true, force: true });
});

function newName(): string {
  return `x${names++}`;
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

async function publish(schema: DataSchema, rows: readonly ParsedRow[]): Promise<FileGroup[]> {
  const memory = [indexOf(schema, rows)];
  const files: readonly SegmentFile[] = await drain(
    buildSegments({ schema, spills: [], memory, folder: join(scratch, newName()), header: {} }),
  );
  return files.map(({ localPath, columns }) => ({ paths: [localPath], columns }));
}

async function pieceOf(schema: DataSchema, rows: readonly ParsedRow[], spilled: boolean): Promise<Piece> {
  const localPath = join(scratch, `${newName()}.parquet`);
  const index = indexOf(schema, rows);
  if (!spilled) return drain(writePiece({ schema, source: index, engine, localPath }));
  const spill = join(scratch, `${newName()}.spill`);
  const writing = writeSpill([index], schema, spill);
  while (writing.next().done !== true);
  return drain(writePiece({ schema, source: { spill }, engine, localPath }));
}

async function merge(schema: DataSchema, pieces: readonly Piece[]): Promise<Piece> {
  const own = await engine.connect();
  try {
    const localPath = join(scratch, `${newName()}.parquet`);
    return await mergePieces({ schema, connection: own, pieces, localPath });
  } finally {
    own.closeSync();
  }
}

function liveGroup(schema: DataSchema, pieces: readonly Piece[]): LiveGroup {
  return {
    rollup: schema.rollup,
    pieces: pieces.map(({ localPath, columns, wide }) => ({ path: localPath, columns, wide })),
  };
}

/** All rows of the data source, sorted by their text; with the types of its columns. */
async function answer(files: readonly FileGroup[], live: readonly LiveGroup[]): Promise<unknown> {
  const name = newName();
  const shapes = [
    ...files.map(({ columns }) => columns),
    ...live.flatMap(({ pieces }) => pieces.map(({ columns }) => columns)),
  ];
  const columns = unifyColumns(shapes, []);
  const table: SourceTable = { name, columns, files, live, bounds: { fromMs: null, toMs: null } };
  await connection.run(viewSql(table));
  const read = await connection.runAndReadAll(`select * from druid.${name}`);
  await connection.run(`drop view druid.${name}`);
  const rows = read.getRowsJson().map((row) => JSON.stringify(row));
  return { types: columns.map((column) => [column.name, column.type]), rows: rows.sort() };
}

test('live rows, in whatever pieces, are the rows of the segment; with and without an older segment', async () => {
  const older = foundCases(1);
  await fc.assert(
    fc.asyncProperty(
      foundCases(1),
      fc.option(older),
      fc.array(fc.nat(1000), { minLength: 1, maxLength: 4 }),
      fc.infiniteStream(fc.boolean()),
      async (one, before, points, coins) => {
        const { schema } = one;
        const rows = one.rows.map(parsedRow);
        if (rows.length === 0) return;
        const ends = [...points.map((point) => point % (rows.length + 1)), rows.length].sort((a, b) => a - b);
        const cuts = ends
          .map((end, at) => rows.slice(ends[at - 1] ?? 0, end))
          .filter((some) => some.length > 0);
        const coin = (): boolean => coins.next().value === true;
        let pieces: Piece[] = [];
        for (const some of cuts) pieces.push(await pieceOf(schema, some, coin()));
        if (pieces.length > 1 && coin())
          pieces = [await merge(schema, pieces.slice(0, -1)), ...pieces.slice(-1)];
        const files = before === null ? [] : await publish(before.schema, before.rows.map(parsedRow));
        const live = await answer(files, [liveGroup(schema, pieces)]);
        expect(live).toEqual(await answer([...files, ...(await publish(schema, rows))], []));
      },
    ),
    { seed, numRuns: 80 },
  );
}, 180_000);
