/** Announcements against a simulation that reads and publishes offset by offset. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Announced } from './announced.ts';

const end = 30;

test('how often a record must be there follows from what resets announced', () => {
  const order = fc.record({ published: fc.nat(end), to: fc.nat(end) });
  fc.assert(
    fc.property(fc.array(order, { maxLength: 8 }), (orders) => {
      const counts = Array.from({ length: end }, () => 0);
      const announced = new Announced();
      let position = 0;
      for (const { published, to } of orders) {
        const until = Math.max(position, published);
        for (let offset = position; offset < until; offset += 1) counts[offset]! += 1;
        const again = to < until ? runsOf(counts, to, until) : [];
        announced.reset({
          positions: { '0': BigInt(to) },
          skipped: to > until ? [{ partition: '0', from: BigInt(until), to: BigInt(to) }] : [],
          readAgain: again,
        });
        position = to;
      }
      for (let offset = position; offset < end; offset += 1) counts[offset]! += 1;
      expect(counts.map((_, offset) => expected(announced, BigInt(offset)))).toEqual(counts);
    }),
  );
});

function expected(announced: Announced, offset: bigint): number {
  const holds = ({ from, to }: { from: bigint; to: bigint }) => from <= offset && offset < to;
  return 1 + announced.more.filter(holds).length - announced.less.filter(holds).length;
}

/** Published ranges between the two, as Postgres answers them: what was never read is not among them. */
function runsOf(counts: readonly number[], from: number, to: number) {
  const ranges = [];
  for (let offset = from; offset < to; offset += 1)
    if (counts[offset]! > 0) ranges.push({ partition: '0', from: BigInt(offset), to: BigInt(offset + 1) });
  return ranges;
}
