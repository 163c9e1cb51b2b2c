/** Hundreds of columns: memory is bounded by them, not by how many rows they have (segments/parquet-writer.ts). */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JavaDouble } from '../../domain/java-double.ts';
import { nestedValue } from '../../domain/nested-value.ts';
import type { DimensionValue } from '../../domain/rows.ts';
import { buildSegments } from '../../segments/build-segments.ts';
import { mergePieces } from '../../segments/piece-merge.ts';
import { writePiece } from '../../segments/live-piece.ts';
import { ParquetEngine } from '../../segments/parquet-writer.ts';
import { RowIndex } from '../../segments/row-index.ts';
import { aSchema } from '../support/data-schema.ts';

const schema = aSchema({
  dimensions: [],
  metrics: [],
  discoverDimensions: true,
  discoverTypes: true,
  rollup: false,
});
const names = Array.from({ length: 300 }, (_, at) => `field_${at}`);
const rows = 5_000;
const memoryBytes = 32 * 1024 * 1024;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-wide-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** One value of each type, and a text under a name that seldom comes back. */
function valuesOf(row: number): Map<string, DimensionValue> {
  return new Map<string, DimensionValue>([
    [names[row % names.length] ?? '', `text ${row}`],
    ['long', row],
    ['double', new JavaDouble(row % 2 === 0 ? -0 : row + 0.5)],
    ['list', nestedValue(row % 3 === 0 ? [] : [row, null])],
    ['json', nestedValue(new Map([['row', row]]))],
  ]);
}

function anIndex(from = 0, to = rows): RowIndex {
  const index = new RowIndex(schema);
  for (let row = from; row < to; row++)
    index.add({ timestampMs: row, dimensions: [], discovered: valuesOf(row), metrics: [], problems: [] });
  return index;
}

async function last<T>(steps: AsyncGenerator<void, T>): Promise<T> {
  for (;;) {
    const step = await steps.next();
    if (step.done === true) return step.value;
  }
}

async function read(path: string): Promise<unknown[][]> {
  const engine = await ParquetEngine.open(folder, 256 * 1024 * 1024);
  const connection = await engine.connect();
  try {
    const texts = `coalesce(${names.join(', ')})`;
    const found = await connection.runAndReadAll(
      `select epoch_ms(__time)::double, ${texts}, long::double, signbit(double), double, list::varchar, json::varchar ` +
        `from read_parquet('${path}')`,
    );
    return found.getRowsJS();
  } finally {
    connection.closeSync();
    engine.close();
  }
}

const expected = Array.from({ length: rows }, (_, row) => [
  row,
  `text ${row}`,
  row,
  row % 2 === 0,
  row % 2 === 0 ? -0 : row + 0.5,
  row % 3 === 0 ? '[]' : `[${row}, NULL]`,
  `{"row":${row}}`,
]);

describe('hundreds of columns', () => {
  it('are a segment, in little memory, and nothing else is left', async () => {
    const target = join(folder, 'build');
    const [file] = await last(
      buildSegments({ schema, spills: [], memory: [anIndex()], folder: target, header: {}, memoryBytes }),
    );
    expect(file?.rows).toBe(rows);
    expect(file?.columns).toHaveLength(names.length + 5);
    expect(readdirSync(target)).toEqual(['0.parquet']);
    expect(await read(file?.localPath ?? '')).toEqual(expected);
  }, 60_000);

  it('are live pieces, and one piece of several', async () => {
    const engine = await ParquetEngine.open(folder, memoryBytes);
    const pieces = [];
    for (const source of [anIndex(0, 3_000), anIndex(3_000)])
      pieces.push(
        await last(
          writePiece({ schema, source, engine, localPath: join(folder, `p${pieces.length}.parquet`) }),
        ),
      );
    const connection = await engine.connect();
    const localPath = join(folder, 'merged.parquet');
    const merged = await mergePieces({ schema, connection, pieces, localPath });
    connection.closeSync();
    engine.close();
    expect(merged.rows).toBe(rows);
    expect(await read(localPath)).toEqual(expected);
  }, 60_000);
});
