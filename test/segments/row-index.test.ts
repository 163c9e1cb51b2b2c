import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { JavaDouble } from '../../domain/java-double.ts';
import { NestedValue } from '../../domain/nested-value.ts';
import type { DimensionValue, ParsedRow } from '../../domain/rows.ts';
import { DiscoveredNames, discoveredNamesMax } from '../../segments/discovered-names.ts';
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

describe('columns whose type is found', () => {
  const found = aSchema({ dimensions: [aDimension('v', 'auto')], metrics: schema.metrics });
  const add = (index: RowIndex, value: DimensionValue): readonly string[] =>
    index.add(aRow({ timestampMs: 0, dimensions: [value], metrics: [1] }));

  test('have one group for a number, whatever it is written as, and others for texts, booleans and lists', () => {
    const index = new RowIndex(found);
    const groups: DimensionValue[][] = [
      [1, new JavaDouble(1)],
      [0, new JavaDouble(0)],
      [new JavaDouble(-0)],
      [9_007_199_254_740_993n],
      [9_007_199_254_740_992n, new JavaDouble(2 ** 53)],
      ['1'],
      [true],
      ['true'],
      [new NestedValue('["1"]')],
      ['["1"]'],
      [null],
    ];
    for (const group of groups) for (const value of group) add(index, value);
    expect(index.stored().map(({ cells }) => cells[0])).toEqual(groups.map(({ length }) => length));
  });

  test('are doubles when a group of whole numbers had one', () => {
    const index = new RowIndex(found);
    for (const value of [1, new JavaDouble(1)]) add(index, value);
    expect(index.rows).toBe(1);
    expect(index.census()[0]?.kinds).toEqual([['v', ['long', 'double']]]);
  });
});

describe('discovered names', () => {
  const open = aSchema({ discoverDimensions: true, rollup: false });
  const row = (name: string): ParsedRow => aRow({ timestampMs: 0, discovered: new Map([[name, 'x']]) });

  test('beyond the limit are dropped with a problem of the row, over all indexes of a sequence', () => {
    const names = new DiscoveredNames();
    const first = new RowIndex(open, names);
    for (let at = 0; at < discoveredNamesMax; at++) expect(first.add(row(`x${at}`))).toEqual([]);
    const second = new RowIndex(open, names);
    expect(second.add(row('x1'))).toEqual([]);
    const [problem] = second.add(row('one more'));
    expect(problem).toMatch(/^field \[one more\] is not stored: the sequence has 5000 .*dimensions$/);
    expect(second.stored().map(({ discovered }) => discovered.length)).toEqual([1, 0]);
    expect(second.census()[0]?.discovered).toEqual(['x1']);
  });

  test('of one row are not all named in its problems', () => {
    const wide = new Map(Array.from({ length: discoveredNamesMax + 100 }, (_, at) => [`y${at}`, 'x']));
    const problems = new RowIndex(open).add(aRow({ timestampMs: 0, discovered: wide }));
    expect(problems).toHaveLength(6);
    expect(problems.at(-1)).toBe('95 more fields are not stored, for the same reason');
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
