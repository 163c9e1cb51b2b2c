/**
 * First, last and any: in the order of reading, wherever spills were cut, however they were merged; problems counted when they
 * count; texts and sketches counted as memory.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { MetricInput, TimedInput } from '../../domain/rows.ts';
import { couponOfLong } from '../../domain/sketches/hll.ts';
import type { MetricSpec } from '../../domain/spec/spec.ts';
import { buildSegments } from '../../segments/build-segments.ts';
import { MetricStates, type Cell } from '../../segments/metric-states.ts';
import { RowIndex } from '../../segments/row-index.ts';
import { writeSpill } from '../../segments/spill.ts';
import { aSchema } from '../support/data-schema.ts';
import { aRow, readWithDuckDb, seed } from './support.ts';

const metrics: readonly MetricSpec[] = (['longFirst', 'longLast', 'longAny'] as const).map((type) => ({
  type,
  name: type,
  fieldName: 'v',
}));

/** Druid's aggregators, row by row: what cannot be read moves the time and leaves the value. */
function inOrder(rows: readonly TimedInput[]): unknown[] {
  const pair = (wins: (time: number, best: number) => boolean): unknown[] => {
    let [time, value]: [number | null, unknown] = [null, null];
    for (const row of rows) {
      if (time !== null && !wins(Number(row.timeMs), time)) continue;
      time = Number(row.timeMs);
      if (row.problem === null) value = row.value;
    }
    return [value, time];
  };
  return [
    ...pair((time, best) => time < best),
    ...pair((time, best) => time >= best),
    rows.find(({ value }) => value !== null)?.value ?? null,
  ];
}

const input: fc.Arbitrary<TimedInput> = fc.record({
  timeMs: fc.integer({ min: 0, max: 4 }),
  value: fc.oneof(fc.integer(), fc.constant(null)),
  problem: fc.constant(null),
});
const unreadable = fc.record({
  timeMs: fc.integer({ min: 0, max: 4 }),
  value: fc.constant(null),
  problem: fc.constant('no number'),
});

test('any cut of any rows, merged in order, is what one pass gives', () => {
  const states = new MetricStates(metrics);
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 4, arbitrary: input }, unreadable), { minLength: 1, maxLength: 9 }),
      fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }),
      (rows, cuts) => {
        const groups: Cell[][] = [];
        rows.forEach((row, at) => {
          const inputs = metrics.map(() => row);
          const group = groups.at(-1);
          if (group === undefined || cuts[at] === true) groups.push(states.start(inputs));
          else states.add(group, inputs);
        });
        // Merged in any shape, always with a neighbour.
        for (let at = 0; groups.length > 1; at += 1) {
          const place = at % (groups.length - 1);
          states.merge(groups[place] as Cell[], groups[place + 1] as Cell[]);
          groups.splice(place + 1, 1);
        }
        expect(states.finish(groups[0] ?? [])).toEqual(inOrder(rows));
      },
    ),
    { seed, numRuns: 2_000 },
  );
});

describe('an index', () => {
  const schema = aSchema({ queryGranularity: { kind: 'all' }, metrics });
  const row = (timeMs: number, value: number | null, problem: string | null = null): readonly string[] =>
    index.add(aRow({ timestampMs: 0, metrics: metrics.map(() => ({ timeMs, value, problem })) }));
  let index = new RowIndex(schema);

  it('tells of a value that cannot be read only when it counts', () => {
    index = new RowIndex(schema);
    expect(row(5, null, 'x')).toEqual(['x', 'x', 'x']);
    expect(row(9, 1)).toEqual([]);
    // Neither first nor last, and any is known.
    expect(row(7, null, 'x')).toEqual([]);
    expect(row(9, null, 'x')).toEqual(['x']);
    expect(row(5, null, 'x')).toEqual([]);
    expect(row(4, null, 'x')).toEqual(['x']);
  });

  it('tells of each without rollup', () => {
    index = new RowIndex({ ...schema, rollup: false });
    row(9, 1);
    expect(row(7, null, 'x')).toEqual(['x', 'x', 'x']);
  });

  it('counts what texts and sketches grow by', () => {
    const grown = (type: MetricSpec['type'], inputs: readonly MetricInput[]): number => {
      const one = new RowIndex({ ...schema, metrics: [{ type, name: 'm', fieldName: 'v' }] });
      one.add(aRow({ timestampMs: 0, metrics: [inputs[0] ?? null] }));
      const before = one.bytes;
      for (const next of inputs.slice(1)) one.add(aRow({ timestampMs: 0, metrics: [next] }));
      return one.bytes - before;
    };
    const text = (timeMs: number, length: number): TimedInput => ({
      timeMs,
      value: 'x'.repeat(length),
      problem: null,
    });
    expect(grown('stringLast', [text(0, 0), text(1, 1_000)])).toBeGreaterThanOrEqual(1_000);
    expect(grown('stringLast', [text(0, 1_000), text(1, 0)])).toBeLessThanOrEqual(-1_000);
    const coupons = Array.from({ length: 5_000 }, (_, at) => [couponOfLong(at)]);
    const hll = grown('HLLSketchBuild', coupons);
    expect(hll).toBeGreaterThanOrEqual(4_000);
    expect(hll).toBeLessThan(10_000);
    const values = Array.from({ length: 5_000 }, (_, at) => at);
    const quantiles = grown('quantilesDoublesSketch', values);
    expect(quantiles).toBeGreaterThan(3_000);
    expect(quantiles).toBeLessThan(20_000);
  });
});

test('a state that is merged is not changed by what it is merged into', () => {
  const states = new MetricStates([
    { type: 'HLLSketchBuild', name: 'h', fieldName: 'v' },
    { type: 'quantilesDoublesSketch', name: 'q', fieldName: 'v' },
  ]);
  const one = states.start([[couponOfLong(1)], 1]);
  const other = states.start([[couponOfLong(2)], 2]);
  const before = [states.finish(one), states.finish(other)];
  const merged = [...one];
  states.merge(merged, other);
  states.add(merged, [[couponOfLong(3)], 3]);
  expect([states.finish(one), states.finish(other)]).toEqual(before);
});

test('more spills than can be open at once stay in the order of reading', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-timed-'));
  try {
    const schema = aSchema({ queryGranularity: { kind: 'all' }, metrics });
    const spills = Array.from({ length: 200 }, (_, value) => {
      const index = new RowIndex(schema);
      index.add(aRow({ timestampMs: 0, metrics: metrics.map(() => ({ timeMs: 5, value, problem: null })) }));
      const path = join(folder, `${value}.spill`);
      const writing = writeSpill([index], schema, path);
      while (writing.next().done !== true);
      return path;
    });
    const building = buildSegments({ schema, spills, memory: [], folder: join(folder, 'out'), header: {} });
    let step = await building.next();
    while (step.done !== true) step = await building.next();
    const [found] = await readWithDuckDb(step.value[0]?.localPath ?? '');
    expect([found?.['longFirst'], found?.['longLast'], found?.['longAny']]).toEqual([0, 199, 0]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
