/** Few values almost exactly, many within the error that is promised; the set alone decides, and damage is seen. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { couponOfDouble, couponOfLong, couponOfText, HllSketch } from '../../../domain/sketches/hll.ts';
import { SketchCorrupt } from '../../../domain/sketches/sketch-bytes.ts';
import { seed } from '../../segments/support.ts';

function sketchOf(coupons: readonly number[], lgK = 12): HllSketch {
  const sketch = new HllSketch(lgK);
  for (const coupon of coupons) sketch.addCoupon(coupon);
  return sketch;
}

function longs(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => couponOfLong(from + at));
}

test.each([4, 8, 12, 14])('lgK %i: the error over many sets is the one of the method', (lgK) => {
  const standardError = 1.04 / Math.sqrt(2 ** lgK);
  const errors: number[] = [];
  for (const count of [100, 1_000, 10_000, 50_000])
    for (let set = 0; set < 12; set++) {
      const start = set * 1_000_003;
      errors.push(sketchOf(longs(start, start + count), lgK).estimate() / count - 1);
    }
  const root = Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);
  expect(root).toBeLessThan(1.2 * standardError);
  expect(Math.max(...errors.map(Math.abs))).toBeLessThan(4 * standardError);
});

test('up to an eighth of the registers is counted almost exactly', () => {
  for (const count of [0, 1, 7, 100, 512]) {
    const sketch = sketchOf(longs(0, count));
    expect(Math.abs(sketch.estimate() - count)).toBeLessThan(0.01);
    expect(sketch.toBytes().length).toBe(8 + 4 * count);
  }
  expect(sketchOf(longs(0, 600)).toBytes().length).toBe(8 + 4096);
});

test('any order, any grouping and any way through bytes gives the same bytes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 900 }),
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom(4, 8, 12),
      (values, parts, lgK) => {
        const whole = sketchOf(values.map(couponOfLong), lgK).toBytes();
        const groups = Array.from({ length: parts }, (_, part) =>
          sketchOf(
            values
              .filter((_value, at) => at % parts === part)
              .reverse()
              .map(couponOfLong),
            lgK,
          ),
        );
        const read = groups.map((sketch) => HllSketch.fromBytes(sketch.toBytes()));
        expect(HllSketch.union(read.reverse(), lgK).toBytes()).toEqual(whole);
      },
    ),
    { seed, numRuns: 60 },
  );
});

test('sketches of different sizes are joined as the less exact one', () => {
  for (const [one, other] of [
    [12, 8],
    [8, 12],
    [21, 4],
  ] as const) {
    const union = HllSketch.union([sketchOf(longs(0, 40_000), one), sketchOf(longs(20_000, 60_000), other)]);
    const least = Math.min(one, other);
    expect(union.lgK).toBe(least);
    expect(union.toBytes()).toEqual(sketchOf(longs(0, 60_000), least).toBytes());
  }
});

test('a number is not its text, and -0 is 0', () => {
  expect(new Set([couponOfLong(1), couponOfDouble(1), couponOfText('1')]).size).toBe(3);
  expect(couponOfDouble(-0)).toBe(couponOfDouble(0));
  expect(couponOfLong(5n)).toBe(couponOfLong(5));
  expect(couponOfLong(-(2n ** 53n))).toBe(couponOfLong(-(2 ** 53)));
  expect(couponOfText('x'.repeat(5_000))).not.toBe(couponOfText('x'.repeat(5_001)));
});

describe('bytes that are no sketch', () => {
  it('are refused with a reason, whatever was changed', () => {
    for (const sketch of [sketchOf(longs(0, 50)), sketchOf(longs(0, 5_000), 8)]) {
      const bytes = sketch.toBytes();
      for (let at = 0; at < bytes.length; at++) {
        const damaged = Uint8Array.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ 0x41;
        expect(() => HllSketch.fromBytes(damaged)).toThrow(SketchCorrupt);
      }
      for (let length = 0; length < bytes.length; length += 7)
        expect(() => HllSketch.fromBytes(bytes.subarray(0, length))).toThrow(SketchCorrupt);
    }
    expect(() => HllSketch.fromBytes(new TextEncoder().encode('AgEHDAMIAA=='))).toThrow(
      'expected an HLL sketch, found other bytes',
    );
  });
});
