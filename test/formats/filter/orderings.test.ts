import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareDecimals } from '../../../formats/filter/decimals.ts';
import { orderingOf } from '../../../formats/filter/orderings.ts';

const seed = Number(process.env['SEED'] ?? 20261121);

/** Each list is in order; what stands in one place of it is equal. */
const sorted: readonly (readonly [string, readonly (string | readonly string[])[]])[] = [
  ['lexicographic', ['', '10', '9', 'A', 'a', 'ab', 'b', 'é', '\uffee', '\u{1f600}']],
  ['strlen', ['', 'a', 'b', 'aa', 'bb', 'aaa']],
  [
    'numeric',
    [
      '',
      'abc',
      'x',
      '-1e999999999',
      '-10',
      '-9.5',
      ['0', '-0', '0.00', '0e5'],
      '1e-999999999',
      ['1', '1.0', '+1', '10e-1'],
      '9',
      '10',
      '1e20',
      '1e999999999',
    ],
  ],
  ['alphanumeric', ['', '1', '01', '2', '10', '010', 'a', 'a1', 'a2', 'A10', 'b']],
  [
    'version',
    [
      ['1-alpha1', '1-a1'],
      '1-beta',
      '1-m1',
      ['1-rc1', '1-cr1'],
      '1-snapshot',
      ['1', '1.0', '1.0.0', '1-ga', '1.0.0-final'],
      '1-sp',
      '1-abc',
      '1-1',
      '1.0.1',
      '1.1',
      '1.9',
      '1.10',
      '2',
    ],
  ],
];

describe.each(sorted)('%s', (name, places) => {
  const compare = orderingOf(name, '');
  const flat = places.flatMap((place, at) =>
    (typeof place === 'string' ? [place] : place).map((text) => ({ text, at })),
  );
  test('of every two', () => {
    for (const left of flat)
      for (const right of flat)
        expect(Math.sign(compare(left.text, right.text)) + 0, `${left.text} ${right.text}`).toBe(
          Math.sign(left.at - right.at) + 0,
        );
  });
});

test('lexicographic is the order of UTF-8 bytes', () => {
  const compare = orderingOf('lexicographic', '');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (left, right) => {
      expect(Math.sign(compare(left, right))).toBe(Buffer.compare(Buffer.from(left), Buffer.from(right)));
    }),
    { seed, numRuns: 2000 },
  );
});

test('decimals are compared as numbers are', () => {
  const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
  fc.assert(
    fc.property(number, number, (left, right) => {
      expect(Math.sign(compareDecimals(String(left), String(right)) ?? 9) + 0).toBe(
        Math.sign(left === right ? 0 : left < right ? -1 : 1),
      );
    }),
    { seed, numRuns: 2000 },
  );
});
