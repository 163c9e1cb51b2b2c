/** What is new goes out at once, the same again only now and then, and never less often than the timeout allows. */
import { expect, test } from 'vitest';
import { sparingHeartbeat } from '../../../activities/ingest/sparing-heartbeat.ts';

test('news at once, the same every five seconds', () => {
  let nowMs = 0;
  const sent: [number, unknown][] = [];
  const beat = sparingHeartbeat(
    (details) => sent.push([nowMs, details]),
    () => nowMs,
  );
  for (; nowMs <= 11_000; nowMs += 1_000) beat({ records: nowMs >= 6_000 ? 1 : 0 });
  expect(sent).toEqual([
    [0, { records: 0 }],
    [5_000, { records: 0 }],
    [6_000, { records: 1 }],
    [11_000, { records: 1 }],
  ]);
});

test('a quiet task is heard well within the heartbeat timeout of 10 s', () => {
  let nowMs = 0;
  const times: number[] = [];
  const beat = sparingHeartbeat(
    () => times.push(nowMs),
    () => nowMs,
  );
  // Timers come a little early or late.
  for (; nowMs < 60_000; nowMs += nowMs % 2 === 0 ? 999 : 1_001) beat('alive');
  const pauses = times.slice(1).map((at, index) => at - times[index]!);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(6_000);
});
