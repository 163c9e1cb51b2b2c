/** Every number of Druid's cost-based strategy (druid.md 4.17), and what must hold for any. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  candidatesOf,
  costOf,
  expectedIdle,
  idleCost,
  wishByCost,
} from '../../../domain/autoscaler/cost-based.ts';
import type { CostInputs } from '../../../domain/autoscaler/cost-based.ts';
import type { AutoscalerFacts } from '../../../domain/autoscaler/facts.ts';
import { costBased, factsOf, lags } from './builders.ts';

type Metrics = NonNullable<AutoscalerFacts['metrics']>;

function facts(
  changes: Partial<AutoscalerFacts> & { each?: number },
  metrics: Partial<Metrics> = {},
): AutoscalerFacts {
  const { each = 0, ...rest } = changes;
  const partitions = rest.partitions ?? 100;
  return factsOf({
    partitions,
    taskCount: 25,
    lag: lags(partitions, each),
    metrics: { pollIdleRatio: 0.3, rowsPerSecond: 1_000, taskDurationSeconds: 3_600, ...metrics },
    ...rest,
  });
}

const wish = (
  given: AutoscalerFacts,
  changes: Parameters<typeof costBased>[0] = {},
  bestRate: number | null = null,
) => wishByCost(costBased(changes), given, bestRate);

test('druid 6.77 testUShapedIdleCostFormula: 2.5 at the optimum, 12.5 at 0, 22.5 at 1', () => {
  expect(idleCost(10, 0.25, 0.25)).toBe(2.5);
  expect(idleCost(10, 0, 0.25)).toBe(12.5);
  expect(idleCost(10, 1, 0.25)).toBe(22.5);
});

describe('druid 6.76', () => {
  test('testCriticalLagJumpsStraightToMaxTaskCount: total 50M of 10M, 500 whatever the weights', () => {
    for (const [lagWeight, idleWeight] of [
      [0.4, 0.6],
      [0, 1],
      [1, 0],
    ] as const)
      expect(
        wish(facts({ partitions: 500, taskCount: 10, each: 100_000 }), {
          taskCountMax: 500,
          criticalLagThreshold: 10_000_000,
          lagWeight,
          idleWeight,
        }),
      ).toMatchObject({ desired: 500 });
    const below = wish(facts({ partitions: 500, taskCount: 10, each: 1_000 }, { pollIdleRatio: 0.25 }), {
      taskCountMax: 500,
      criticalLagThreshold: 10_000_000,
      lagWeight: 0,
    });
    expect(below.desired).toBeLessThan(500);
  });

  test('testComputeOptimalTaskCount: idle 0.8 at 25 tasks goes down, idle 0.1 up, unusable metrics give -1', () => {
    expect(wish(facts({ each: 100 }, { pollIdleRatio: 0.8 })).desired).toBeLessThan(25);
    expect(wish(facts({ each: 100 }, { pollIdleRatio: 0.1 })).desired).toBeGreaterThan(25);
    for (const unusable of [
      facts({ metrics: null }),
      facts({ partitions: 0, lag: {} }),
      facts({ taskCount: 0 }),
      facts({ taskCount: -1 }),
      facts({ lag: null }),
      facts({}, { rowsPerSecond: null }),
      facts({}, { rowsPerSecond: Number.NaN }),
    ])
      expect(wish(unusable).desired).toBe(-1);
  });
});

describe('candidates', () => {
  test.each([
    [10, 1, 10, [1, 2, 3, 4, 5, 10]],
    [10, 2, 5, [2, 3, 4, 5]],
    [100, 20, 40, [20, 25, 34]],
    [2, 1, 5, [1, 2]],
    [1, 1, 100, [1]],
    [4, 9, 12, [4]],
  ])('of %i partitions within %i and %i', (partitions, taskCountMin, taskCountMax, expected) => {
    expect(candidatesOf(partitions, { taskCountMin, taskCountMax })).toEqual(expected);
  });

  const evaluated = (given: AutoscalerFacts, changes: Parameters<typeof costBased>[0]) =>
    wish(given, changes).costs.map(({ taskCount }) => taskCount);
  const at5 = facts({ partitions: 24, taskCount: 6 });

  test('two below by default and all above; two above where that is asked for; all where it is not', () => {
    expect(candidatesOf(24, { taskCountMin: 1, taskCountMax: 24 })).toEqual([1, 2, 3, 4, 5, 6, 8, 12, 24]);
    expect(evaluated(at5, {})).toEqual([4, 5, 6, 8, 12, 24]);
    expect(evaluated(at5, { useTaskCountBoundariesOnScaleUp: true })).toEqual([4, 5, 6, 8, 12]);
    expect(evaluated(at5, { useTaskCountBoundariesOnScaleDown: false })).toEqual([
      1, 2, 3, 4, 5, 6, 8, 12, 24,
    ]);
  });

  test('no limit above once the lag is three quarters of critical', () => {
    const changes = { useTaskCountBoundariesOnScaleUp: true, criticalLagThreshold: 2_400 };
    expect(evaluated(facts({ partitions: 24, taskCount: 6, each: 74 }), changes)).toEqual([4, 5, 6, 8, 12]);
    expect(evaluated(facts({ partitions: 24, taskCount: 6, each: 75 }), changes)).toContain(24);
  });

  test('no limits for a count that is none of them', () => {
    const given = facts({ partitions: 24, taskCount: 7 });
    expect(evaluated(given, { useTaskCountBoundariesOnScaleUp: true })).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 12, 24,
    ]);
  });
});

describe('the cost', () => {
  const inputs: CostInputs = {
    current: 2,
    partitions: 8,
    totalLag: 80_000,
    idle: 0.25,
    rowsPerSecond: 2_000,
    taskDurationSeconds: 3_600,
  };

  test('is weighted recovery time and idleness', () => {
    // 80,000 / (2 x 2,000) = 20 s; 2 tasks at their optimum cost 2 x 0.25.
    expect(costOf(costBased(), inputs, 2)).toBeCloseTo(0.4 * 20 + 0.6 * 0.5, 10);
  });

  test('takes a slow task for one of 1,000 rows per second', () => {
    const slow = { ...inputs, rowsPerSecond: 3 };
    expect(costOf(costBased({ idleWeight: 0 }), slow, 2)).toBeCloseTo(0.4 * (80_000 / 2_000), 10);
  });

  test('amplifies the lag by 1 + factor x ln(lag per partition) from 75 % of critical on', () => {
    const config = costBased({ idleWeight: 0, lagWeight: 1, criticalLagThreshold: 100_000 });
    expect(costOf(config, { ...inputs, totalLag: 74_999 }, 2)).toBeCloseTo(74_999 / 4_000, 10);
    expect(costOf(config, { ...inputs, totalLag: 75_000 }, 2)).toBeCloseTo(
      (75_000 / 4_000) * (1 + 6 * Math.log(75_000 / 8)),
      8,
    );
    // Fewer records than partitions: a logarithm below zero must not make lag cheap.
    const tiny = costBased({ idleWeight: 0, lagWeight: 1, criticalLagThreshold: 4 });
    expect(costOf(tiny, { ...inputs, totalLag: 3 }, 2)).toBeCloseTo(3 / 4_000, 12);
  });

  test('idle falls with fewer tasks by the power of 0.32, and what falls below 0 is an overrun', () => {
    const half = expectedIdle({ current: 4, idle: 0.5 }, 8);
    expect(half.idle).toBeCloseTo(1 - 0.5 * 0.5 ** 0.32, 12);
    expect(half.overrun).toBe(0);
    const one = expectedIdle({ current: 16, idle: 0 }, 1);
    expect(one.idle).toBe(0);
    expect(one.overrun).toBeCloseTo(16 ** 0.32 - 1, 12);
    expect(expectedIdle({ current: 4, idle: null }, 1)).toEqual({ idle: 0.5, overrun: 0 });
    expect(
      costOf(costBased({ idleWeight: 0, lagWeight: 1 }), { ...inputs, totalLag: 0, idle: 0 }, 1),
    ).toBeCloseTo((2 ** 0.32 - 1) * 3_600, 8);
  });
});

describe('the choice', () => {
  test('below 1 row per second with more than 10,000 waiting in an average partition there is none', () => {
    expect(wish(facts({ each: 10_001 }, { rowsPerSecond: 0.9 })).desired).toBe(-1);
    expect(wish(facts({ each: 10_000 }, { rowsPerSecond: 0.9 })).desired).toBeGreaterThan(0);
    expect(wish(facts({ each: 10_001 }, { rowsPerSecond: 1 })).desired).toBeGreaterThan(0);
  });

  test('a saving below minCostDropPercentForScaling keeps the count', () => {
    const given = facts({ each: 100 }, { pollIdleRatio: 0.8 });
    const { desired, costs } = wish(given);
    const of = (count: number) => costs.find(({ taskCount }) => taskCount === count)!.cost;
    const saving = ((of(25) - of(desired)) / of(25)) * 100;
    expect(wish(given, { minCostDropPercentForScaling: saving - 0.01 }).desired).toBe(desired);
    expect(wish(given, { minCostDropPercentForScaling: saving + 0.01 }).desired).toBe(25);
  });

  test('ties keep the count', () => {
    const free = { lagWeight: 0, idleWeight: 0 };
    expect(wish(facts({ each: 5_000 }), free).desired).toBe(25);
  });

  test('without poll times idleness comes from the best rate seen', () => {
    const own = { usePollIdleRatio: false };
    const given = facts({}, { rowsPerSecond: 1_000, pollIdleRatio: 0 });
    expect(wish(given, own, 10_000).desired).toBeLessThan(25);
    expect(wish(given, own, 10_000).because).toContain('idle 90 %');
    expect(wish(given, own, null).because).toContain('idle 0 %');
    expect(wish(facts({}, { rowsPerSecond: 0 }), own, null).because).toContain('idle unknown');
  });

  const anyFacts = fc
    .record({
      partitions: fc.integer({ min: 1, max: 60 }),
      taskCount: fc.integer({ min: 1, max: 60 }),
      each: fc.integer({ min: 0, max: 1_000_000 }),
      idle: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: null }),
      rate: fc.double({ min: 0, max: 100_000, noNaN: true }),
    })
    .map(({ idle, rate, ...rest }) => facts(rest, { pollIdleRatio: idle, rowsPerSecond: rate }));
  const anyConfig = fc
    .record({
      taskCountMin: fc.integer({ min: 1, max: 20 }),
      more: fc.nat(40),
      lagWeight: fc.double({ min: 0, max: 1, noNaN: true }),
      idleWeight: fc.double({ min: 0, max: 1, noNaN: true }),
      optimalTaskIdleRatio: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      criticalLagThreshold: fc.option(fc.integer({ min: 1, max: 10_000_000 }), { nil: null }),
      useTaskCountBoundariesOnScaleUp: fc.boolean(),
      useTaskCountBoundariesOnScaleDown: fc.boolean(),
      usePollIdleRatio: fc.boolean(),
      minCostDropPercentForScaling: fc.integer({ min: 0, max: 100 }),
    })
    .map(({ more, ...rest }) => costBased({ ...rest, taskCountMax: rest.taskCountMin + more }));

  test('is the same every time, finite, and a candidate or the count there is', () => {
    fc.assert(
      fc.property(anyFacts, anyConfig, (given, config) => {
        const first = wishByCost(config, given, null);
        expect(wishByCost(config, given, null)).toEqual(first);
        if (first.desired < 0) return;
        const current = Math.min(given.taskCount, given.partitions);
        expect([...candidatesOf(given.partitions, config), current]).toContain(first.desired);
        for (const { cost } of first.costs) expect(Number.isFinite(cost)).toBe(true);
      }),
    );
  });

  test('never asks for fewer tasks because the lag grew', () => {
    fc.assert(
      fc.property(anyFacts, anyConfig, fc.integer({ min: 1, max: 1_000_000 }), (given, config, more) => {
        const steady = { ...config, minCostDropPercentForScaling: 0 };
        const worse = Object.fromEntries(Object.entries(given.lag!).map(([key, lag]) => [key, lag + more]));
        const before = wishByCost(steady, given, null).desired;
        const after = wishByCost(steady, { ...given, lag: worse }, null).desired;
        // Tasks that do not work at all are a case of their own.
        if (after > 0) expect(after).toBeGreaterThanOrEqual(before);
      }),
    );
  });
});
