/** A bounded task: each partition is read to its bound and not one record further, whatever else happens. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aSequence, positions, range, ThreadBench } from './bench.ts';

describe('a bounded task in an ingest thread', () => {
  let bench: ThreadBench;

  beforeEach(async () => {
    bench = await ThreadBench.open();
  });

  afterEach(async () => {
    await bench.close();
  });

  const atBounds = () => bench.next('progress', ({ report }) => report.idle === 'bound');

  it('stops at each bound, says so, and takes the ends', async () => {
    bench.produce(0, 100);
    bench.produce(1, 100);
    await bench.start({ bounds: positions(37, 5) });
    expect((await atBounds()).report.positions).toEqual(positions(37, 5));
    bench.order({ kind: 'ends', sequenceId: 's0', ends: positions(37, 5), next: null });
    await bench.next('sequenceRead', ({ sequenceId }) => sequenceId === 's0');
    const sealed = await bench.spill();
    expect(await bench.sealedIds(sealed, 's0')).toEqual([...range(0, 37), ...range(1_000, 1_005)]);
    expect(sealed[0]?.counters.records).toBe(42);
  });

  it('waits for records that are not there yet, in one partition only', async () => {
    bench.produce(0, 100);
    await bench.start({ bounds: positions(50, 10) });
    await bench.readAll(positions(50, 0));
    bench.produce(1, 30);
    expect((await atBounds()).report.positions).toEqual(positions(50, 10));
  });

  it('is at its bound when only a gap is left below it', async () => {
    bench.produce(0, 10);
    bench.stream.appendGap('0', 8);
    bench.produce(0, 10);
    await bench.start({
      partitions: ['0'],
      bounds: positions(15),
      sequences: [aSequence(0, { starts: positions(0) })],
    });
    expect((await atBounds()).report.positions).toEqual(positions(15));
    expect(await bench.sealedIds(await bench.spill(), 's0')).toEqual(range(0, 10));
  });

  it('start = end: nothing is read, and it says so at once', async () => {
    bench.produce(0, 10);
    bench.produce(1, 10);
    await bench.start({ bounds: positions(4, 4), sequences: [aSequence(0, { starts: positions(4, 4) })] });
    const { report } = await atBounds();
    expect([report.positions, report.recordsRead]).toEqual([positions(4, 4), 0]);
  });

  it('a start beyond the bound stays where it is', async () => {
    bench.produce(0, 10);
    bench.produce(1, 10);
    await bench.start({ bounds: positions(2, 2), sequences: [aSequence(0, { starts: positions(6, 6) })] });
    expect((await atBounds()).report.positions).toEqual(positions(6, 6));
  });

  it('goes back below its bound when the ends are, and reads to the bound again in the next sequence', async () => {
    bench.produce(0, 100);
    bench.produce(1, 100);
    await bench.start({ bounds: positions(40, 40) });
    await atBounds();
    bench.order({
      kind: 'ends',
      sequenceId: 's0',
      ends: positions(30, 40),
      next: aSequence(1, { starts: positions(30, 40) }),
    });
    await bench.next('rewound');
    await bench.next('sequenceRead', ({ sequenceId }) => sequenceId === 's0');
    expect((await atBounds()).report.positions).toEqual(positions(40, 40));
    const sealed = await bench.spill();
    expect(await bench.sealedIds(sealed, 's0')).toEqual([...range(0, 30), ...range(1_000, 1_040)]);
    expect(await bench.sealedIds(sealed, 's1')).toEqual(range(30, 40));
  });

  it('a checkpoint before the bound is followed by a sequence that stops there too', async () => {
    bench.produce(0, 20);
    await bench.start({ bounds: positions(40, 5) });
    await bench.readAll(positions(20, 0));
    await bench.pause();
    const next = aSequence(1, { starts: positions(20, 0) });
    bench.order({ kind: 'ends', sequenceId: 's0', ends: positions(20, 0), next });
    bench.produce(0, 60);
    bench.produce(1, 60);
    expect((await atBounds()).report.positions).toEqual(positions(40, 5));
    bench.order({ kind: 'ends', sequenceId: 's1', ends: positions(40, 5), next: null });
    await bench.next('sequenceRead', ({ sequenceId }) => sequenceId === 's1');
    const sealed = await bench.spill();
    expect(await bench.sealedIds(sealed, 's1')).toEqual([...range(20, 40), ...range(1_000, 1_005)]);
  });
});
