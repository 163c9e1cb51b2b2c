/** Rates per second, weighted by time (druid.md 2.4). */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { zeroCounters } from '../../domain/counters.ts';
import type { IngestCounters } from '../../domain/counters.ts';
import { counted, readAverages, smoothedShare, startMeter } from '../../domain/moving-averages.ts';
import type { Meter } from '../../domain/moving-averages.ts';

const at = (processed: number): IngestCounters => ({
  ...zeroCounters,
  processed,
  processedBytes: processed * 80,
});
const second = 1_000;

/** A thousand rows per second for so long, counted every so often. */
function steady(untilMs: number, everyMs: number): Meter {
  let meter = counted(startMeter(0, null), at(0), 0);
  for (let nowMs = everyMs; nowMs <= untilMs; nowMs += everyMs) meter = counted(meter, at(nowMs), nowMs);
  return meter;
}

describe('moving averages', () => {
  test('what is found first is a beginning, not work; the first rate counts in full', () => {
    const begun = counted(startMeter(0, null), at(1_000_000), 0);
    expect(begun.averages).toBeNull();
    const { averages } = counted(begun, at(1_000_500), second);
    expect(averages).toMatchObject({
      '1m': { processed: 500 },
      '5m': { processed: 500 },
      '15m': { processed: 500 },
    });
    expect(averages!['1m']).toEqual({
      processed: 500,
      processedBytes: 40_000,
      processedWithError: 0,
      unparseable: 0,
      thrownAway: 0,
    });
  });

  test('a steady rate is its own average', () => {
    for (const everyMs of [second, 7 * second])
      for (const window of ['1m', '5m', '15m'] as const)
        expect(steady(10 * 60 * second, everyMs).averages![window].processed).toBeCloseTo(1_000, 6);
  });

  test('a minute of silence leaves 1/e of the minute, e^-1/5 of five, e^-1/15 of fifteen', () => {
    const { averages } = counted(steady(60 * second, second), at(60 * second), 120 * second);
    expect(averages!['1m'].processed).toBeCloseTo(1_000 / Math.E, 6);
    expect(averages!['5m'].processed).toBeCloseTo(1_000 * Math.exp(-1 / 5), 6);
    expect(averages!['15m'].processed).toBeCloseTo(1_000 * Math.exp(-1 / 15), 6);
  });

  test('a task that goes back to a checkpoint has no negative rate', () => {
    const meter = counted(steady(60 * second, second), at(10), 61 * second);
    expect(meter.averages!['1m'].processed).toBeGreaterThan(0);
    expect(counted(meter, at(1_010), 62 * second).averages!['1m'].processed).toBeGreaterThan(0);
  });

  test('the next attempt goes on from the stored ones, decayed by the time in between', () => {
    const averages = steady(60 * second, second).averages!;
    const resumed = startMeter(1_000_000, { averages, atMs: 1_000_000 - 60 * second });
    expect(resumed.averages!['1m'].processed).toBeCloseTo(1_000 / Math.E, 6);
    // On another clock from its first report on.
    const first = counted(resumed, at(777), 5);
    expect(first.averages).toBe(resumed.averages);
    expect(counted(first, at(1_777), 1_005).averages!['1m'].processed).toBeGreaterThan(1_000 / Math.E);
    // A clock of Postgres that is ahead is no time at all.
    expect(startMeter(0, { averages, atMs: 5_000 }).averages).toEqual(averages);
  });

  test('a time that does not pass changes nothing', () => {
    const meter = steady(60 * second, second);
    expect(counted(meter, at(9_999_999), 60 * second)).toBe(meter);
  });

  test('how often one counts makes no difference where nothing is processed, and little where it is', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 20 }), (steps) => {
        const before = steady(60 * second, second);
        let [nowMs, meter] = [60 * second, before];
        for (const step of steps) {
          nowMs += step;
          meter = counted(meter, at(60 * second), nowMs);
        }
        const once = counted(before, at(60 * second), nowMs);
        expect(meter.averages!['1m'].processed).toBeCloseTo(once.averages!['1m'].processed, 6);
      }),
    );
  });

  test('what is stored is read whole or not at all', () => {
    const averages = steady(60 * second, second).averages!;
    expect(readAverages(JSON.parse(JSON.stringify(averages)))).toEqual(averages);
    for (const other of [
      null,
      undefined,
      7,
      {},
      { ...averages, '5m': { processed: 1 } },
      { '1m': averages['1m'] },
    ])
      expect(readAverages(other)).toBeNull();
  });
});

test('a share is smoothed over about a minute and stays between 0 and 1', () => {
  expect(smoothedShare(null, 0.7, 1)).toBe(0.7);
  expect(smoothedShare(1, 0, 60)).toBeCloseTo(1 / Math.E, 10);
  expect(smoothedShare(0.5, 3, 1)).toBeLessThan(1);
  expect(smoothedShare(null, -1, 1)).toBe(0);
});
