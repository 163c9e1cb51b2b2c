/** Druid's scenarios of rows that are read and not kept (druid.md 6), in an ingest thread. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aSequence, positions, range, schema, ThreadBench } from './bench.ts';

/** The time of the record with id 0 of partition 0; each next one is a millisecond later. */
const firstMs = 1_767_225_600_000;

describe('a task that throws rows away', () => {
  let bench: ThreadBench;

  beforeEach(async () => {
    bench = await ThreadBench.open();
    bench.produce(0, 10);
  });

  afterEach(() => bench.close());

  test('druid 6.36 testRunWithMinimumMessageTime: earlier rows count as thrown away and the offsets go on', async () => {
    await bench.start({ sequences: [aSequence(0, { windowMinMs: firstMs + 4 })] });
    await bench.readAll(positions(10, 0));
    const sealed = await bench.spill();
    expect(await bench.sealedIds(sealed, 's0')).toEqual(range(4, 10));
    expect(sealed[0]).toMatchObject({
      positions: positions(10, 0),
      counters: { records: 10, processed: 6, thrownAway: 4, unparseable: 0, processedWithError: 0 },
    });
    expect(sealed[0]?.counters.thrownAwayByReason.beforeMinimumMessageTime).toBe(4);
  });

  test('druid 6.36 testRunWithMaximumMessageTime: later rows count as thrown away and the offsets go on', async () => {
    await bench.start({ sequences: [aSequence(0, { windowMaxMs: firstMs + 6 })] });
    await bench.readAll(positions(10, 0));
    const sealed = await bench.spill();
    expect(await bench.sealedIds(sealed, 's0')).toEqual(range(0, 7));
    expect(sealed[0]).toMatchObject({
      positions: positions(10, 0),
      counters: { records: 10, processed: 7, thrownAway: 3 },
    });
    expect(sealed[0]?.counters.thrownAwayByReason.afterMaximumMessageTime).toBe(3);
  });

  test('druid 6.36 testRunWithTransformSpec: rows that the filter does not take count as thrown away and the offsets go on', async () => {
    const filter = { type: 'bound', dimension: 'doubled', lower: '14', ordering: 'numeric' };
    const transforms = [{ name: 'doubled', expression: 'id * 2' }];
    await bench.start({ schema: { ...schema, transforms, filter } });
    await bench.readAll(positions(10, 0));
    const sealed = await bench.spill();
    expect(await bench.sealedIds(sealed, 's0')).toEqual(range(7, 10));
    expect(sealed[0]).toMatchObject({
      positions: positions(10, 0),
      counters: { records: 10, processed: 3, thrownAway: 7 },
    });
    expect(sealed[0]?.counters.thrownAwayByReason.filtered).toBe(7);
  });
});
