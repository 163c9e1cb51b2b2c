/** Milliseconds behind, from records of a stream in memory; activities/supervisor/time-lag.ts. */
import { expect, test } from 'vitest';
import { TimeLag } from '../../../activities/supervisor/time-lag.ts';
import { toPosition } from '../../../domain/positions.ts';
import type { Position } from '../../../domain/positions.ts';
import { MemoryStream } from '../../../streams/memory-record-source.ts';
import type { RecordSource } from '../../../streams/record-source.ts';

function world(partitions = 1) {
  const stream = new MemoryStream({ partitions });
  let reads = 0;
  const inner = stream.openSource({ recordsPerBatch: 3 });
  const source: RecordSource = {
    describe: () => inner.describe(),
    positions: (wanted, bound) => inner.positions(wanted, bound),
    read: (starts) => {
      reads += starts.size;
      return inner.read(starts);
    },
    close: () => inner.close(),
  };
  return { stream, source, reads: () => reads };
}

function times(stream: MemoryStream, partition: string, ...timestamps: readonly number[]): void {
  stream.append(partition, ...timestamps.map((timestampMs) => ({ value: '{}', timestampMs })));
}

async function ask(
  lag: TimeLag,
  source: RecordSource,
  current: Record<string, number>,
  everyMs = 0,
): Promise<Record<string, number>> {
  const latest = await source.positions(Object.keys(current), 'latest');
  const texts = [...latest].map(([partition, position]) => [partition, toPosition(position)] as const);
  const answer = await lag.measure(source, {
    current: new Map(Object.entries(current).map(([key, value]) => [key, toPosition(value)])),
    latest: Object.fromEntries(texts) as Record<string, Position>,
    everyMs,
  });
  return Object.fromEntries(answer);
}

test('from the record read next to the newest one, by partition', async () => {
  const { stream, source } = world(2);
  times(stream, '0', 1_000, 2_000, 5_000, 9_000);
  times(stream, '1', 100, 700);
  expect(await ask(new TimeLag(), source, { 0: 1, 1: 0 })).toEqual({ 0: 7_000, 1: 600 });
  expect(await ask(new TimeLag(), source, { 0: 3, 1: 1 })).toEqual({ 0: 0, 1: 0 });
});

test('what is read to its end is 0 and costs no reading', async () => {
  const { stream, source, reads } = world(2);
  times(stream, '0', 1_000, 2_000);
  expect(await ask(new TimeLag(), source, { 0: 2, 1: 0 })).toEqual({ 0: 0, 1: 0 });
  expect(reads()).toBe(0);
});

test('positions without records are passed over at both ends', async () => {
  const { stream, source } = world();
  stream.appendGap('0', 5);
  times(stream, '0', 1_000, 4_000);
  stream.appendGap('0', 40);
  expect(await ask(new TimeLag(), source, { 0: 2 })).toEqual({ 0: 3_000 });
  // Only a gap is left: everything is read.
  expect(await ask(new TimeLag(), source, { 0: 9 })).toEqual({ 0: 0 });
});

test('a longer gap at the end than is looked through leaves it unknown', async () => {
  const { stream, source } = world();
  times(stream, '0', 1_000, 4_000);
  stream.appendGap('0', 1_000);
  expect(await ask(new TimeLag(), source, { 0: 0 })).toEqual({});
});

test('never negative, where times of records go back', async () => {
  const { stream, source } = world();
  times(stream, '0', 9_000, 4_000);
  expect(await ask(new TimeLag(), source, { 0: 0 })).toEqual({ 0: 0 });
});

test('records that may not be read yet do not count', async () => {
  const { stream, source } = world();
  times(stream, '0', 1_000, 2_000);
  stream.hold('0');
  times(stream, '0', 90_000);
  expect(await ask(new TimeLag(), source, { 0: 0 })).toEqual({ 0: 1_000 });
});

test('a partition whose records are gone is unknown, the others are known', async () => {
  const { stream, source } = world(2);
  for (const partition of ['0', '1']) times(stream, partition, 1_000, 2_000, 3_000, 4_000);
  stream.trim('0', 2n);
  expect(await ask(new TimeLag(), source, { 0: 0, 1: 0 })).toEqual({ 1: 3_000 });
});

test('a stream out of reach is unknown, not an error', async () => {
  const { stream, source } = world();
  times(stream, '0', 1_000, 2_000);
  const latest = { 0: toPosition(2) };
  stream.unreachable();
  const question = { current: new Map([['0', toPosition(0)]]), latest, everyMs: 0 };
  expect([...(await new TimeLag().measure(source, question))]).toEqual([]);
});

test('the stream is read at most every period, and only where something moved', async () => {
  const { stream, source, reads } = world(2);
  let nowMs = 1_000_000;
  const lag = new TimeLag(() => nowMs);
  times(stream, '0', 1_000, 2_000);
  times(stream, '1', 1_000, 2_000);
  expect(await ask(lag, source, { 0: 0, 1: 0 }, 30_000)).toEqual({ 0: 1_000, 1: 1_000 });
  // The oldest and the newest of both.
  expect(reads()).toBe(4);
  nowMs += 29_999;
  times(stream, '0', 8_000);
  // Of what is still behind, the last answer; what is read meanwhile is 0 at once.
  expect(await ask(lag, source, { 0: 0, 1: 2 }, 30_000)).toEqual({ 0: 1_000, 1: 0 });
  expect(reads()).toBe(4);
  nowMs += 1;
  expect(await ask(lag, source, { 0: 0, 1: 2 }, 30_000)).toEqual({ 0: 7_000, 1: 0 });
  // Only the newest of partition 0 is not known from before.
  expect(reads()).toBe(5);
});
