import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RowIndex } from '../../segments/row-index.ts';
import { aDimension, aSchema } from '../support/data-schema.ts';
import { aRow } from './support.ts';

const day = 86_400_000;
const schema = aSchema({
  dimensions: [aDimension('s'), aDimension('d', 'double')],
  discoverDimensions: true,
  metrics: [{ type: 'longSum', name: 'l', fieldName: 'l' }],
  queryGranularity: { kind: 'duration', durationMs: 1000 },
});

describe('groups', () => {
  test('are rows of equal cut time and dimensions, found ones too', () => {
    const index = new RowIndex(schema);
    const found = (value: string): Map<string, string> => new Map([['x', value]]);
    index.add(aRow({ timestampMs: 1, dimensions: ['a', 1], discovered: found('1'), metrics: [1] }));
    index.add(aRow({ timestampMs: 999, dimensions: ['a', 1], discovered: found('1'), metrics: [2] }));
    index.add(aRow({ timestampMs: 1000, dimensions: ['a', 1], discovered: found('1'), metrics: [4] }));
    index.add(aRow({ timestampMs: 1, dimensions: ['a', 1], discovered: found('2'), metrics: [8] }));
    index.add(aRow({ timestampMs: day, dimensions: ['a', 1], discovered: new Map(), metrics: [16] }));
    expect(index.stored().map(({ cells }) => cells[0])).toEqual([3, 4, 8, 16]);
    expect(index.rows).toBe(4);
    expect([...index.rowsByInterval()]).toEqual([
      [0, 3],
      [day, 1],
    ]);
  });

  test('keep apart what only looks alike', () => {
    const index = new RowIndex(schema);
    const alike = [
      ['1', null],
      ['|-', null],
      [null, null],
      ['', null],
      [['', ''], null],
      [['', null], null],
      ['1:', 0],
      ['1:', -0],
      ['1:', Number.NaN],
    ] as const;
    for (const dimensions of alike) index.add(aRow({ timestampMs: 0, dimensions, metrics: [1] }));
    expect(index.rows).toBe(alike.length);
    for (const dimensions of alike) index.add(aRow({ timestampMs: 0, dimensions, metrics: [1] }));
    expect(index.rows).toBe(alike.length);
  });

  test('do not exist with rollup off', () => {
    const index = new RowIndex({ ...schema, rollup: false });
    for (let times = 0; times < 3; times++)
      index.add(aRow({ timestampMs: 0, dimensions: ['a', 1], metrics: [1] }));
    expect(index.rows).toBe(3);
  });
});

test('bytes are within 2x of the heap, for groups, plain rows, lists and long texts', () => {
  const script = resolve(import.meta.dirname, 'measure-index.ts');
  const output = execFileSync(process.execPath, ['--expose-gc', '--import', 'tsx', script], {
    encoding: 'utf8',
  });
  const measured = JSON.parse(output) as { name: string; bytes: number; heap: number }[];
  expect(measured.length).toBe(4);
  for (const { name, bytes, heap } of measured) {
    expect(bytes / heap, name).toBeGreaterThan(0.5);
    expect(bytes / heap, name).toBeLessThan(2);
  }
}, 60_000);
