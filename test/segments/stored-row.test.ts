import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DimensionValue } from '../../domain/rows.ts';
import { compareRows, compareUtf8, compareValues, type StoredRow } from '../../segments/stored-row.ts';
import { seed } from './support.ts';

const texts = fc.string({
  unit: fc.constantFrom('a', 'é', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}'),
  maxLength: 4,
});

test('texts are ordered by their UTF-8 bytes', () => {
  fc.assert(
    fc.property(texts, texts, (left, right) => {
      expect(Math.sign(compareUtf8(left, right))).toBe(Buffer.compare(Buffer.from(left), Buffer.from(right)));
    }),
    { seed, numRuns: 3000 },
  );
});

test('values: nulls first, then by value, -0 before 0, NaN last', () => {
  const sorted: DimensionValue[] = [
    null,
    -Infinity,
    -(2n ** 60n),
    -1,
    -0,
    0,
    0.5,
    1,
    2n ** 60n,
    Infinity,
    Number.NaN,
  ];
  sorted.forEach((left, at) => {
    sorted.forEach((right, other) => {
      expect(Math.sign(compareValues(left, right))).toBe(Math.sign(at - other));
    });
  });
  expect(compareValues(9_007_199_254_740_993n, 9_007_199_254_740_992)).toBeGreaterThan(0);
});

test('lists: item by item, nulls first, a text is a list of one', () => {
  const sorted: DimensionValue[] = [null, [null, 'a'], 'a', ['a', null], ['a', 'a'], ['a', 'b'], 'b'];
  sorted.forEach((left, at) => {
    sorted.forEach((right, other) => {
      expect(Math.sign(compareValues(left, right))).toBe(Math.sign(at - other));
    });
  });
});

const rows: fc.Arbitrary<StoredRow> = fc.record({
  timeMs: fc.integer({ min: 0, max: 1 }),
  dimensions: fc.tuple(
    fc.constantFrom<DimensionValue>(null, 'a', ['a', 'b']),
    fc.constantFrom<DimensionValue>(null, 0, -0, 1),
  ),
  discovered: fc
    .subarray(['x', 'y', 'z'])
    .chain((names) =>
      fc.tuple(...names.map((name) => fc.constantFrom('1', '2').map((value) => ({ name, value })))),
    ),
  cells: fc.constant([]),
});

/** Every name in order, absent ones null. */
function spread(row: StoredRow): DimensionValue[] {
  const found = new Map(row.discovered.map(({ name, value }) => [name, value]));
  return [row.timeMs, ...row.dimensions, ...['x', 'y', 'z'].map((name) => found.get(name) ?? null)];
}

test('rows: time, listed dimensions, discovered ones by name, an absent one as null', () => {
  fc.assert(
    fc.property(rows, rows, (left, right) => {
      const [one, other] = [spread(left), spread(right)];
      const at = one.findIndex((value, index) => compareValues(value, other[index] ?? null) !== 0);
      const expected = at === -1 ? 0 : compareValues(one[at] ?? null, other[at] ?? null);
      expect(Math.sign(compareRows(left, right))).toBe(Math.sign(expected));
    }),
    { seed, numRuns: 3000 },
  );
});
