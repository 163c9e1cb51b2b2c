import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MetricInput } from '../../domain/rows.ts';
import type { MetricSpec, MetricType } from '../../domain/spec/spec.ts';
import { MetricStates, type Cell } from '../../segments/metric-states.ts';
import { seed } from './support.ts';

function statesOf(...types: MetricType[]): MetricStates {
  return new MetricStates(types.map((type): MetricSpec => ({ type, name: type, fieldName: 'm' })));
}

/** One metric over inputs, one after another. */
function over(type: MetricType, inputs: readonly MetricInput[]): Cell {
  const states = statesOf(type);
  const cells = states.start([inputs[0] ?? null]);
  for (const input of inputs.slice(1)) expect(states.add(cells, [input])).toBe(true);
  return states.finish(cells)[0] ?? null;
}

test.each<[MetricType, MetricInput[], Cell]>([
  ['count', [null, null, null], 3],
  ['longSum', [null, 5, null, -2], 3],
  ['longSum', [null, null], null],
  ['longSum', [9_007_199_254_740_991, 1, 1], 9_007_199_254_740_993n],
  ['longSum', [9_007_199_254_740_993n, -2], 9_007_199_254_740_991],
  ['longMin', [null, 3, 9_007_199_254_740_993n, -4], -4],
  ['longMax', [3, null, 9_007_199_254_740_993n], 9_007_199_254_740_993n],
  ['doubleSum', [-0], 0],
  ['doubleSum', [1e100, 1, -1e100], 1],
  ['doubleSum', [1e308, 1e308], Infinity],
  ['doubleSum', [Infinity, -Infinity], Number.NaN],
  ['doubleSum', [null], null],
  ['doubleMin', [0, -0], -0],
  ['doubleMax', [-0, 0], 0],
  ['doubleMin', [1, Number.NaN], Number.NaN],
  ['floatSum', [Math.fround(0.1), Math.fround(0.2)], Math.fround(Math.fround(0.1) + Math.fround(0.2))],
  ['floatSum', [16_777_216, 1, 1], 16_777_218],
])('%s of %s', (type, inputs, expected) => {
  expect(over(type, inputs)).toBe(expected);
});

describe('a long sum beyond int64', () => {
  const states = statesOf('longSum', 'count', 'longMax');
  const max = 9_223_372_036_854_775_807n;

  test('is refused by add, and nothing is changed', () => {
    const cells = states.start([max, null, 1]);
    expect(states.add(cells, [0, null, 2])).toBe(true);
    const before = [...cells];
    expect(states.add(cells, [1, null, 3])).toBe(false);
    expect(cells).toEqual(before);
    expect(states.add(cells, [-1, null, 3])).toBe(true);
    expect(states.finish(cells)).toEqual([max - 1n, 3, 3]);
  });

  test('is refused by merge, and nothing is changed', () => {
    const cells = states.start([-max, null, 1]);
    const before = [...cells];
    expect(states.merge(cells, states.start([-2, null, 3]))).toBe(false);
    expect(cells).toEqual(before);
    expect(states.merge(cells, states.start([-1, null, 3]))).toBe(true);
    expect(states.finish(cells)).toEqual([-max - 1n, 2, 3]);
  });
});

describe('generated', () => {
  const types: MetricType[] = [
    'count',
    'longSum',
    'longMin',
    'longMax',
    'doubleSum',
    'doubleMin',
    'doubleMax',
  ];
  const input = fc.oneof(fc.constant(null), fc.integer(), fc.constantFrom(2n ** 60n, -(2n ** 60n)));

  test('any grouping and order of rows gives the same state', () => {
    fc.assert(
      fc.property(
        fc.array(input, { minLength: 1, maxLength: 7 }),
        fc.array(fc.nat(2), { minLength: 7, maxLength: 7 }),
        (inputs, parts) => {
          const states = statesOf(...types);
          const row = (value: MetricInput): MetricInput[] =>
            types.map((type) => (type.startsWith('double') && value !== null ? Number(value) : value));
          const whole = states.start(row(inputs[0] ?? null));
          for (const value of inputs.slice(1)) states.add(whole, row(value));
          const groups = new Map<number, Cell[]>();
          [...inputs].reverse().forEach((value, at) => {
            const group = groups.get(parts[at] ?? 0);
            if (group === undefined) groups.set(parts[at] ?? 0, states.start(row(value)));
            else states.add(group, row(value));
          });
          const [first, ...others] = [...groups.values()];
          for (const other of others) states.merge(first ?? [], other);
          expect(states.finish(first ?? [])).toEqual(states.finish(whole));
        },
      ),
      { seed, numRuns: 1000 },
    );
  });
});
