/** A task that stands still reports once a second, one that gets on five times: what is the same is not worth a message. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { waitFor } from '../../../support/wait-for.ts';
import { positions, ThreadBench } from './bench.ts';

let bench: ThreadBench;

beforeEach(async () => {
  bench = await ThreadBench.open();
});

afterEach(async () => {
  await bench.close();
});

function reports(): number[] {
  return bench.said.flatMap((message) => (message.kind === 'progress' ? [message.report.atMs] : []));
}

it('is silent for most of a second while nothing changes, and never for much longer', async () => {
  // No poll ends while it is looked at.
  await bench.start({ pollMs: 60_000 });
  await bench.pause();
  await bench.next('progress', ({ report }) => report.idle === 'paused');
  const from = reports().length;
  await waitFor(() => reports().length >= from + 3, { what: 'three reports of a paused task' });
  const times = reports().slice(from - 1);
  for (const [index, at] of times.slice(1).entries()) {
    expect(at - times[index]!).toBeGreaterThanOrEqual(890);
    // Much longer than a second, and the thread would be taken for dead on a busy machine.
    expect(at - times[index]!).toBeLessThan(3_000);
  }
});

it('does not wait for that second with what is read', async () => {
  await bench.start({ pollMs: 60_000 });
  const distances: number[] = [];
  for (let read = 1; read <= 5; read += 1) {
    const before = reports().length;
    await waitFor(() => reports().length > before, { what: 'a report of nothing new' });
    bench.produce(0, 1);
    await bench.readAll(positions(read, 0));
    distances.push(reports().at(-1)! - reports().at(-2)!);
  }
  // Of a few, for the machine may be busy.
  expect(Math.min(...distances)).toBeLessThan(890);
});
