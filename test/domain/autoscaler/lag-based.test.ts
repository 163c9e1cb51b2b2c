/** The ring of samples and what lag-based scaling wants from it (druid.md 1.7, 4.17). */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wishByLag } from '../../../domain/autoscaler/lag-based.ts';
import { aggregateLag, slotsOf, withSample, withoutOld } from '../../../domain/autoscaler/lag-window.ts';
import type { LagWindow } from '../../../domain/autoscaler/lag-window.ts';
import { lagBased, minute, second } from './builders.ts';

const windowOf = (...values: number[]): LagWindow =>
  values.map((lag, index) => ({ atMs: index * 30 * second, lag }));
/** So many high ones among so many; the rest neither high nor low. */
const highIn = (high: number, all: number) =>
  windowOf(...Array.from({ length: all }, (_, index) => (index < high ? 6_000_000 : 3_000_000)));
const lowIn = (low: number, all: number) =>
  windowOf(...Array.from({ length: all }, (_, index) => (index < low ? 1_000_000 : 3_000_000)));
const desired = (window: LagWindow, taskCount = 2, partitions = 8, changes = {}) =>
  wishByLag(lagBased(changes), window, { taskCount, partitions }).desired;

describe('the window', () => {
  test('has range / interval + 1 slots: 21 by default', () => {
    expect(slotsOf(lagBased())).toBe(21);
    expect(slotsOf(lagBased({ lagCollectionIntervalMs: 400, lagCollectionRangeMs: 1_000 }))).toBe(3);
    expect(slotsOf(lagBased({ lagCollectionIntervalMs: 60_000, lagCollectionRangeMs: 1_000 }))).toBe(1);
    expect(slotsOf(lagBased({ lagCollectionIntervalMs: 1, lagCollectionRangeMs: 10 * minute }))).toBe(1_000);
  });

  test('the oldest falls out', () => {
    const config = lagBased({ lagCollectionIntervalMs: 10, lagCollectionRangeMs: 20 });
    const window = [1, 2, 3, 4].reduce<LagWindow>(
      (ring, lag) => withSample(ring, { atMs: lag * 10, lag }, config),
      [],
    );
    expect(window.map(({ lag }) => lag)).toEqual([2, 3, 4]);
  });

  test('forgets what is older than its range', () => {
    const window = windowOf(1, 2, 3);
    expect(withoutOld(window, lagBased(), 10 * minute)).toBe(window);
    expect(withoutOld(window, lagBased(), 11 * minute).map(({ lag }) => lag)).toEqual([2, 3]);
  });

  test('never holds more than its slots', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(10_000_000), { maxLength: 60 }),
        fc.integer({ min: 1, max: 100 }),
        fc.nat(1_000),
        (values, lagCollectionIntervalMs, lagCollectionRangeMs) => {
          const config = lagBased({ lagCollectionIntervalMs, lagCollectionRangeMs });
          let window: LagWindow = [];
          values.forEach((lag, index) => {
            window = withSample(window, { atMs: index, lag }, config);
            expect(window.length).toBe(Math.min(index + 1, slotsOf(config)));
            expect(window.at(-1)).toEqual({ atMs: index, lag });
          });
        },
      ),
    );
  });

  test('of partitions their sum, maximum or mean; what is ahead counts as 0', () => {
    const lag = { 0: 10, 1: 2, 2: -6 };
    expect(aggregateLag(lag, 'SUM')).toBe(12);
    expect(aggregateLag(lag, 'MAX')).toBe(10);
    expect(aggregateLag(lag, 'AVERAGE')).toBe(4);
    expect(aggregateLag({}, 'AVERAGE')).toBe(0);
  });
});

describe('the wish', () => {
  test('two more when 30 % of the samples are at or above 6,000,000', () => {
    expect(desired(highIn(3, 10))).toBe(4);
    expect(desired(highIn(2, 10))).toBe(2);
    expect(desired(highIn(7, 21))).toBe(4);
    expect(desired(highIn(6, 21))).toBe(2);
    expect(desired(windowOf(5_999_999))).toBe(2);
  });

  test('one less when 90 % of the samples are at or below 1,000,000, and never less than one', () => {
    expect(desired(lowIn(9, 10))).toBe(1);
    expect(desired(lowIn(8, 10))).toBe(2);
    expect(desired(windowOf(1_000_001))).toBe(2);
    expect(desired(lowIn(9, 10), 1)).toBe(1);
  });

  test('out is tested before in', () => {
    const both = { scaleInThreshold: 6_000_000, triggerScaleInFractionThreshold: 0.5 };
    expect(desired(windowOf(6_000_000, 6_000_000), 2, 8, both)).toBe(4);
  });

  test('nothing without samples, and no answer without partitions', () => {
    expect(desired([])).toBe(2);
    expect(desired(windowOf(9_000_000), 2, 0)).toBe(-1);
  });

  test('never more than partitions', () => {
    expect(desired(windowOf(9_000_000), 7, 8)).toBe(8);
    expect(desired(windowOf(9_000_000), 8, 8)).toBe(8);
    // More groups than partitions are as many as partitions.
    expect(desired(windowOf(9_000_000), 30, 8)).toBe(8);
    expect(desired(windowOf(0), 30, 8)).toBe(7);
  });

  test('says in words how many samples said so', () => {
    const { because } = wishByLag(lagBased(), highIn(7, 21), { taskCount: 2, partitions: 8 });
    expect(because).toBe('lag was at or above 6,000,000 in 7 of 21 samples (33 %, threshold 30 %)');
  });

  test('never asks for fewer tasks because a sample was higher', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(8_000_000), { minLength: 1, maxLength: 21 }),
        fc.nat(20),
        fc.nat(8_000_000),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        (values, at, more, taskCount, partitions) => {
          const worse = values.map((value, index) => (index === at % values.length ? value + more : value));
          expect(desired(windowOf(...worse), taskCount, partitions)).toBeGreaterThanOrEqual(
            desired(windowOf(...values), taskCount, partitions),
          );
        },
      ),
    );
  });
});
