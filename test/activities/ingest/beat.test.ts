/** All that looks every second looks at the same moment. */
import { expect, test } from 'vitest';
import { untilBeat } from '../../../activities/ingest/beat.ts';

test('whoever waits from anywhere in a period wakes with the others, and never twice for one beat', () => {
  for (let now = 10_000; now < 11_000; now += 7) {
    const wakes = now + untilBeat(1_000, now);
    expect(wakes % 1_000).toBe(0);
    expect(wakes - now).toBeGreaterThanOrEqual(250);
    expect(wakes - now).toBeLessThan(1_250);
  }
});

test('a timer that is a millisecond early or late keeps the beat', () => {
  expect(untilBeat(1_000, 10_999)).toBe(1_001);
  expect(untilBeat(1_000, 11_001)).toBe(999);
});
