/** By rank within the promised error whatever the order and the merges; exact while everything is kept; damage is seen. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { QuantilesSketch } from '../../../domain/sketches/quantiles.ts';
import { SketchCorrupt } from '../../../domain/sketches/sketch-bytes.ts';
import { seed } from '../../segments/support.ts';

function sketchOf(values: readonly number[], k = 128): QuantilesSketch {
  const sketch = new QuantilesSketch(k);
  for (const value of values) sketch.addValue(value);
  return sketch;
}

/** How far, in share of all values, what comes back lies from what was asked for. */
function worstError(sketch: QuantilesSketch, sorted: Float64Array): number {
  let worst = 0;
  for (let share = 0.01; share < 1; share += 0.01) {
    const value = sketch.quantile(share) ?? 0;
    const below = rankOf(sorted, (one) => one < value) / sorted.length;
    const within = rankOf(sorted, (one) => one <= value) / sorted.length;
    worst = Math.max(worst, below - share, share - within);
  }
  return worst;
}

function rankOf(sorted: Float64Array, isBelow: (value: number) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBelow(sorted[middle] ?? 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}

const count = 100_000;
const orders: Readonly<Record<string, (at: number) => number>> = {
  rising: (at) => at,
  falling: (at) => -at,
  'from both ends': (at) => (at % 2 === 0 ? at : count - at),
  'with a period': (at) => (at * 37) % 512,
  'in blocks': (at) => (at % 1000) * 1000 + Math.floor(at / 1000),
  scattered: (at) => Math.imul(at, 2_654_435_761) >>> 0,
};

describe.each(Object.entries(orders))('values %s', (_name, valueAt) => {
  const values = Array.from({ length: count }, (_, at) => valueAt(at));
  const sorted = Float64Array.from(values).sort();

  it.each([
    [32, 0.055],
    [128, 0.017],
    [512, 0.005],
  ])('with k %i lie within %d by rank, also after merges', (k, bound) => {
    expect(worstError(sketchOf(values, k), sorted)).toBeLessThan(bound);
    for (const parts of [3, 100]) {
      const size = Math.ceil(count / parts);
      const pieces = Array.from({ length: parts }, (_, part) =>
        sketchOf(values.slice(part * size, (part + 1) * size), k),
      );
      const read = pieces.map((piece) => QuantilesSketch.fromBytes(piece.toBytes()));
      const union = QuantilesSketch.union(read, k);
      expect(union.count).toBe(count);
      expect(worstError(union, sorted)).toBeLessThan(bound);
    }
  });
});

test('up to 2k values are exact, and the ends always', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 256 }), (values) => {
      const sketch = sketchOf(values);
      const sorted = Float64Array.from(values).sort();
      for (const share of [0, 0.1, 0.5, 0.99, 1])
        expect(sketch.quantile(share)).toBe(sorted[Math.max(0, Math.ceil(share * values.length) - 1)]);
    }),
    { seed },
  );
  const many = sketchOf(Array.from({ length: 50_000 }, (_, at) => Math.sin(at)));
  expect(many.quantiles([0, 1])).toEqual([
    Math.min(...Array.from({ length: 50_000 }, (_, at) => Math.sin(at))),
    Math.max(...Array.from({ length: 50_000 }, (_, at) => Math.sin(at))),
  ]);
});

test('equal additions in equal order give equal bytes; NaN and nothing have no rank', () => {
  const values = Array.from({ length: 20_000 }, (_, at) => Math.cos(at));
  expect(sketchOf(values).toBytes()).toEqual(sketchOf(values).toBytes());
  expect(sketchOf([Number.NaN]).count).toBe(0);
  expect(sketchOf([]).quantiles([0, 0.5])).toEqual([null, null]);
  expect(sketchOf([]).rank(1)).toBeNull();
  expect(sketchOf([1, 2, 3, 4]).rank(2)).toBe(0.5);
  expect(QuantilesSketch.fromBytes(sketchOf([]).toBytes()).count).toBe(0);
});

test('a union is as exact as the least exact sketch, and stays small', () => {
  const values = Array.from({ length: 30_000 }, (_, at) => at);
  const union = QuantilesSketch.union([sketchOf(values, 32), sketchOf(values, 512)]);
  expect(union.k).toBe(32);
  expect(union.toBytes().length).toBeLessThan(3_000);
});

test('damaged bytes are refused, whatever was changed', () => {
  const bytes = sketchOf(Array.from({ length: 3_000 }, (_, at) => at / 7)).toBytes();
  for (let at = 0; at < bytes.length; at += 3) {
    const damaged = Uint8Array.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ 0x41;
    expect(() => QuantilesSketch.fromBytes(damaged)).toThrow(SketchCorrupt);
  }
  for (let length = 0; length < bytes.length; length += 13)
    expect(() => QuantilesSketch.fromBytes(bytes.subarray(0, length))).toThrow(SketchCorrupt);
});
