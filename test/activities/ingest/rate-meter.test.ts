/** From the reports of a thread to what `task_progress` holds of the rates of a task. */
import { expect, test } from 'vitest';
import { RateMeter } from '../../../activities/ingest/rate-meter.ts';
import { zeroCounters } from '../../../domain/counters.ts';
import type { TaskRow } from '../../../storage/generations.ts';

const report = (atMs: number, processed: number, waitedMs: number) => ({
  atMs,
  waitedMs,
  counters: { ...zeroCounters, processed },
});

test('nothing before there are two reports, then rates and the share of waiting', () => {
  const meter = new RateMeter(null, 0);
  meter.note(report(1_000, 0, 0));
  expect([meter.averages, meter.pollIdleRatio]).toEqual([null, null]);
  meter.note(report(2_000, 400, 250));
  expect(meter.averages).toMatchObject({ '1m': { processed: 400 }, '15m': { processed: 400 } });
  expect(meter.pollIdleRatio).toBe(0.25);
});

test('the same report again, of a thread that hangs, changes nothing', () => {
  const meter = new RateMeter(null, 0);
  for (const at of [report(1_000, 0, 0), report(2_000, 400, 250)]) meter.note(at);
  const before = [meter.averages, meter.pollIdleRatio];
  for (let again = 0; again < 5; again += 1) meter.note(report(2_000, 400, 250));
  expect([meter.averages, meter.pollIdleRatio]).toEqual(before);
});

test('a new attempt goes on from the stored averages of its task; the share begins anew', () => {
  const rates = { processed: 900, processedBytes: 0, processedWithError: 0, unparseable: 0, thrownAway: 0 };
  const stored = {
    movingAverages: { '1m': rates, '5m': rates, '15m': rates },
    pollIdleRatio: 0.9,
    atMs: 1_000_000,
  } as NonNullable<TaskRow['progress']>;
  const meter = new RateMeter(stored, 1_060_000);
  expect(meter.averages).toMatchObject({ '1m': { processed: 331.091 } });
  expect(meter.pollIdleRatio).toBeNull();
  meter.note(report(5, 10_000, 0));
  expect(meter.averages).toMatchObject({ '1m': { processed: 331.091 } });
});

test('what decays for a day is zero', () => {
  const meter = new RateMeter(null, 0);
  for (const at of [report(0, 0, 0), report(1_000, 5_000, 0), report(86_400_000, 5_000, 86_000_000)])
    meter.note(at);
  expect(meter.averages!['15m'].processed).toBe(0);
});
