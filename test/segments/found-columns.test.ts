/** Columns whose type is found: rows, spills, merges, files and two readers of them against the oracle of found-support.ts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ParsedRow } from '../../domain/rows.ts';
import type { DataSchema } from '../../domain/spec/spec.ts';
import { buildSegments, type SegmentFile } from '../../segments/build-segments.ts';
import { RowIndex } from '../../segments/row-index.ts';
import { writeSpill } from '../../segments/spill.ts';
import {
  druidName,
  foundCases,
  foundOracle,
  parsedRow,
  type Final,
  type FoundExpected,
} from './found-support.ts';
import { readWithDuckDb, readWithHyparquet, seed, type ReadRow } from './support.ts';

let scratch = '';
let folders = 0;

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'headgate-found-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function newPath(): string {
  return join(scratch, String(folders++));
}

function indexOf(schema: DataSchema, rows: readonly ParsedRow[]): RowIndex {
  const index = new RowIndex(schema);
  for (const row of rows) index.add(row);
  return index;
}

function spillOf(schema: DataSchema, rows: readonly ParsedRow[]): string {
  const path = `${newPath()}.spill`;
  const writing = writeSpill([indexOf(schema, rows)], schema, path);
  while (writing.next().done !== true);
  return path;
}

async function build(
  schema: DataSchema,
  pieces: readonly (readonly ParsedRow[])[],
): Promise<readonly SegmentFile[]> {
  const steps = buildSegments({
    schema,
    spills: pieces.slice(0, -1).map((rows) => spillOf(schema, rows)),
    memory: [indexOf(schema, pieces.at(-1) ?? [])],
    folder: newPath(),
    header: {},
  });
  for (;;) {
    const step = await steps.next();
    if (step.done === true) return step.value;
  }
}

test('any values, any spill points: types, values, groups and order are those of the oracle', async () => {
  await fc.assert(
    fc.asyncProperty(foundCases(2), fc.array(fc.nat(1000), { maxLength: 3 }), async (one, points) => {
      const rows = one.rows.map(parsedRow);
      const ends = [...points.map((point) => point % (rows.length + 1)), rows.length].sort((a, b) => a - b);
      const files = await build(
        one.schema,
        ends.map((end, at) => rows.slice(ends[at - 1] ?? 0, end)),
      );
      const days = [...foundOracle(one)];
      expect(files.map(({ startMs }) => startMs)).toEqual(days.map(([from]) => from));
      for (const [at, [, wanted]] of days.entries()) {
        const file = files[at] as SegmentFile;
        const types = new Map(file.columns.map(({ name, type }) => [name, type]));
        expect(types.get('j')).toBe('JSON');
        for (const [name, type] of wanted.types)
          expect([name, types.get(name)]).toEqual([name, druidName(type)]);
        const read = await readWithDuckDb(file.localPath);
        expect(read.map((row) => shown(row, types))).toEqual(wanted.rows.map(expected));
        expectSame(await readWithHyparquet(file.localPath), read, types);
      }
    }),
    { seed, numRuns: 150 },
  );
}, 120_000);

function shown(row: ReadRow, types: ReadonlyMap<string, string>): unknown {
  return [...types.keys()].sort().map((name) => [name, number(row[name])]);
}

function expected(row: FoundExpected): unknown {
  const all: [string, Final][] = [...row.values, ['__time', row.timeMs], ['n', row.n], ['m', row.m]];
  return all.sort(([one], [other]) => (one < other ? -1 : 1)).map(([name, value]) => [name, number(value)]);
}

/** A long is a number while it is safe, on both sides. */
function number(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(number);
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  return value ?? null;
}

/** hyparquet parses JSON columns. */
function expectSame(
  found: readonly ReadRow[],
  read: readonly ReadRow[],
  types: ReadonlyMap<string, string>,
): void {
  expect(found.length).toBe(read.length);
  found.forEach((row, at) => {
    for (const [name, type] of types) {
      const wanted = read[at]?.[name] ?? null;
      const value = type === 'JSON' && typeof wanted === 'string' ? (JSON.parse(wanted) as unknown) : wanted;
      expect([name, number(row[name])]).toEqual([name, number(value)]);
    }
  });
}
