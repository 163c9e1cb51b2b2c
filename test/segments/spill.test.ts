import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DataSchema } from '../../domain/spec/spec.ts';
import { HllSketch } from '../../domain/sketches/hll.ts';
import { QuantilesSketch } from '../../domain/sketches/quantiles.ts';
import { RowIndex } from '../../segments/row-index.ts';
import { SpillReader, writeSpill, type WrittenSpill } from '../../segments/spill.ts';
import { compareRows, type StoredRow } from '../../segments/stored-row.ts';
import { aDimension, aSchema } from '../support/data-schema.ts';
import { aRow, cases, seed } from './support.ts';

let scratch = '';
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'headgate-spill-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function write(index: RowIndex, path: string): WrittenSpill {
  const writing = writeSpill([index], index.schema, path);
  for (;;) {
    const step = writing.next();
    if (step.done === true) return step.value;
  }
}

async function readAll(path: string, schema: DataSchema): Promise<StoredRow[]> {
  const reader = await SpillReader.open(path, schema);
  const rows: StoredRow[] = [];
  try {
    while (reader.needsLoad) {
      await reader.load();
      for (; reader.current !== null; reader.advance()) rows.push(reader.current);
    }
    expect(reader.rows).toBe(rows.length);
    return rows;
  } finally {
    await reader.close();
  }
}

/** A sketch comes back as its bytes. */
function asWritten(row: StoredRow): StoredRow {
  const cells = row.cells.map((cell) =>
    cell instanceof HllSketch || cell instanceof QuantilesSketch ? Buffer.from(cell.toBytes()) : cell,
  );
  return { ...row, cells };
}

test('any rows come back sorted and bit for bit', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ schema, rows }) => {
      const index = new RowIndex(schema);
      for (const row of rows) index.add(row);
      const path = join(scratch, 'generated.spill');
      const file = write(index, path);
      const bytes = readFileSync(path);
      expect(file).toEqual({
        rowsByInterval: index.rowsByInterval(),
        size: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        rows: index.rows,
      });
      expect(await readAll(path, schema)).toEqual([...index.stored()].map(asWritten).sort(compareRows));
    }),
    { seed, numRuns: 80 },
  );
});

const schema = aSchema({
  dimensions: [aDimension('page')],
  metrics: [{ type: 'doubleSum', name: 'd', fieldName: 'd' }],
});

function aSpill(name: string, rows = 10_000): string {
  const index = new RowIndex(schema);
  for (let at = 0; at < rows; at++)
    index.add(aRow({ timestampMs: at * 1000, dimensions: [`page ${at % 300}`], metrics: [at / 3] }));
  const path = join(scratch, name);
  write(index, path);
  return path;
}

test('compensation terms survive: what rounding lost is not lost', async () => {
  const index = new RowIndex(schema);
  for (const d of [1e100, 1, -1e100]) index.add(aRow({ timestampMs: 0, dimensions: ['a'], metrics: [d] }));
  const path = join(scratch, 'compensated.spill');
  write(index, path);
  expect((await readAll(path, schema))[0]?.cells).toEqual([0, 1]);
});

test('a file that was there is replaced; an abandoned one is refused', async () => {
  const path = aSpill('replaced.spill');
  const index = new RowIndex(schema);
  for (let at = 0; at < 5000; at++) index.add(aRow({ timestampMs: at, dimensions: ['a'], metrics: [1] }));
  const writing = writeSpill([index], index.schema, path);
  for (let step = 0; step < 12; step++) writing.next();
  writing.return({ size: 0, sha256: '', rows: 0, rowsByInterval: new Map() });
  await expect(SpillReader.open(path, schema)).rejects.toMatchObject({ code: 'SEGMENT_CORRUPT' });
  write(index, path);
  expect((await readAll(path, schema)).length).toBe(5000);
});

describe('refused with SEGMENT_CORRUPT', () => {
  const refused = { code: 'SEGMENT_CORRUPT' };

  test('any byte changed, anywhere', async () => {
    const path = aSpill('flipped.spill', 300);
    const good = readFileSync(path);
    for (let at = 0; at < good.length; at += 7) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 0x10;
      writeFileSync(path, bad);
      await expect(readAll(path, schema), `byte ${at}`).rejects.toMatchObject(refused);
    }
  });

  test('any truncation', async () => {
    for (const keep of [0, 3, 11, 40, 1000, 20_000]) {
      const path = aSpill(`cut-${keep}.spill`);
      truncateSync(path, keep);
      await expect(readAll(path, schema), `${keep} bytes`).rejects.toMatchObject(refused);
    }
  });

  test('another format, another version, other columns', async () => {
    const path = aSpill('other.spill');
    const good = readFileSync(path);
    writeFileSync(path, Buffer.concat([Buffer.from('PAR1'), good.subarray(4)]));
    await expect(SpillReader.open(path, schema)).rejects.toThrow(/not a spill file/);
    const newer = Buffer.from(good);
    newer.writeUInt32LE(2, 4);
    writeFileSync(path, newer);
    await expect(SpillReader.open(path, schema)).rejects.toThrow(/version 2; this program reads version 1/);
    writeFileSync(path, good);
    const renamed = { ...schema, dimensions: [aDimension('other')] };
    await expect(SpillReader.open(path, renamed)).rejects.toThrow(
      /its columns are not those of this spec version/,
    );
  });
});
