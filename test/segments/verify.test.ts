import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildSegments, type SegmentFile } from '../../segments/build-segments.ts';
import { markTimestampUtc, readParquetFooter } from '../../segments/parquet-footer.ts';
import { RowIndex } from '../../segments/row-index.ts';
import { readSegmentHeader, verifySegment } from '../../segments/verify.ts';
import { aDimension, aSchema } from '../support/data-schema.ts';
import { aRow } from './support.ts';

let scratch = '';
let file: SegmentFile;
let good: Buffer;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'headgate-verify-'));
  const schema = aSchema({ dimensions: [aDimension('s')], rollup: false });
  const memory = new RowIndex(schema);
  for (let at = 0; at < 100; at++) memory.add(aRow({ timestampMs: at, dimensions: [`v${at}`] }));
  const building = buildSegments({
    schema,
    spills: [],
    memory: [memory],
    folder: scratch,
    header: { specVersion: 3 },
  });
  for (;;) {
    const step = await building.next();
    if (step.done !== true) continue;
    file = step.value[0] as SegmentFile;
    break;
  }
  good = readFileSync(file.localPath);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function copyOf(bytes: Buffer): string {
  const path = join(scratch, 'copy.parquet');
  writeFileSync(path, bytes);
  return path;
}

describe('a segment file', () => {
  test('as published has nothing wrong', async () => {
    expect(await verifySegment(file.localPath, file)).toEqual([]);
    expect((await readSegmentHeader(file.localPath)).header).toEqual({ specVersion: 3 });
    expect(await readParquetFooter(file.localPath)).toMatchObject({
      rows: 100,
      rowGroups: 1,
      schemaNames: ['__time', 's'],
    });
  });

  test('that was changed, cut, or is another one, is told apart', async () => {
    const flipped = Buffer.from(good);
    flipped[200] = (flipped[200] ?? 0) ^ 1;
    expect(await verifySegment(copyOf(flipped), file)).toEqual([expect.stringMatching(/^its SHA-256 is/)]);
    expect(await verifySegment(copyOf(good.subarray(0, -1)), file)).toContainEqual(
      expect.stringMatching(/cannot be used/),
    );
    expect(await verifySegment(copyOf(Buffer.alloc(0)), file)).not.toEqual([]);
    expect(await verifySegment(join(scratch, 'absent'), file)).toEqual([expect.stringMatching(/ENOENT/)]);
    expect(await verifySegment(file.localPath, { ...file, rows: 99 })).toEqual([
      'it has 100 rows, expected 99',
    ]);
    expect(await verifySegment(file.localPath, { ...file, size: 1 })).toEqual([
      expect.stringMatching(/expected 1$/),
    ]);
  });

  test('never makes the check throw, whatever its footer holds', async () => {
    const footer = good.length - 8 - good.readUInt32LE(good.length - 8);
    for (let at = footer; at < good.length; at += 3) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 0x55;
      expect((await verifySegment(copyOf(bad), file)).length).toBeGreaterThan(0);
    }
  }, 60_000);
});

test('only a timestamp can be marked as UTC', async () => {
  await expect(markTimestampUtc(copyOf(good), 's')).rejects.toMatchObject({ code: 'SEGMENT_CORRUPT' });
  await expect(markTimestampUtc(copyOf(good), 'absent')).rejects.toMatchObject({ code: 'SEGMENT_CORRUPT' });
  const again = copyOf(good);
  await markTimestampUtc(again, '__time');
  expect(readFileSync(again).equals(good)).toBe(true);
});
