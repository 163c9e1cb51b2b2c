/** Rows by SQL while they arrive, on the real servers: through rollovers and the death of a worker no count ever falls. */
import { expect, it } from 'vitest';
import { runLive } from '../support/live-run.ts';

it.each([
  ['rolled up', false],
  ['row by row', true],
])('shows every row once, and never takes one back: %s', { timeout: 240_000 }, async (_name, raw) => {
  const run = await runLive({
    seconds: 40,
    rowsPerSecond: 1_000,
    taskDuration: 'PT8S',
    kills: { firstMs: 15_000, everyMs: 15_000 },
    askEveryMs: 250,
    partitions: 4,
    taskCount: 2,
    ingestWorkers: 2,
    raw,
    say: () => undefined,
  });
  expect(run.breaches).toEqual([]);
  expect(run.errors).toEqual([]);
  expect(run.last).toMatchObject({ count: run.produced, sum: run.sum });
  expect(run.kills).toBeGreaterThan(0);
  expect(run.answers).toBeGreaterThan(40);
});
