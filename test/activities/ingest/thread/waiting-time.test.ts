/** How long a task waited for records, as its reports tell it: the idleness that costBased scaling reads. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { positions, ThreadBench } from './bench.ts';

let bench: ThreadBench;

beforeEach(async () => {
  bench = await ThreadBench.open();
});

afterEach(async () => {
  await bench.close();
});

it('grows while there is nothing to read, and by no more than the time that passes', async () => {
  bench.produce(0, 50);
  await bench.start();
  await bench.readAll(positions(50, 0));
  const { report: first } = await bench.next('progress', ({ report }) => report.waitedMs > 0);
  const { report: later } = await bench.next(
    'progress',
    ({ report }) => report.waitedMs > first.waitedMs + 200,
  );
  expect(later.waitedMs - first.waitedMs).toBeLessThanOrEqual(later.atMs - first.atMs + 1);
});

it('stands still while a pause keeps the task from asking for more', async () => {
  await bench.start();
  await bench.next('progress', ({ report }) => report.waitedMs > 0);
  await bench.pause();
  // The poll that is on its way when the pause comes may still end.
  const { report: before } = await bench.next('progress', ({ report }) => report.idle === 'paused');
  const { report: first } = await bench.next('progress', ({ report }) => report.atMs > before.atMs + 200);
  const { report: later } = await bench.next('progress', ({ report }) => report.atMs > first.atMs + 200);
  expect(later.waitedMs).toBe(first.waitedMs);
});
