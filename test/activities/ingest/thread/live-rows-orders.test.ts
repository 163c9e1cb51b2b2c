/** Live rows under any orders: each row below the positions once, and segments as if nobody had asked. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FromThread } from '../../../../activities/ingest/protocol.ts';
import type { Positions } from '../../../../domain/positions.ts';
import { toPosition } from '../../../../domain/positions.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { aSequence, positions, ThreadBench } from './bench.ts';
import { rolledUp, rowsOf, union } from './piece-rows.ts';

const seed = Number(process.env['SEED'] ?? 20261121);

const valueOf = (partition: string, offset: number): number => 10_000 * Number(partition) + offset;

type Totals = Record<string, [number, number, number]>;

function totalsBetween(starts: Positions, ends: Positions): Totals {
  const totals: Totals = {};
  for (const [partition, end] of Object.entries(ends))
    for (let offset = Number(starts[partition] ?? 0); offset < Number(end); offset += 1) {
      const value = valueOf(partition, offset);
      const [n, sum, max] = totals[`site${value % 5}`] ?? [0, 0, 0];
      totals[`site${value % 5}`] = [n + 1, sum + value, Math.max(max, value)];
    }
  return totals;
}

async function totalsIn(paths: readonly string[]): Promise<Totals> {
  if (paths.length === 0) return {};
  const rows = await rowsOf(
    `select site, sum(n)::int, sum(sum)::int, max(max)::int from ${union(paths)} group by site`,
  );
  return Object.fromEntries(
    rows.map(([site, ...totals]) => [String(site), totals as [number, number, number]]),
  );
}

type Step =
  | { readonly kind: 'produce'; readonly partition: string; readonly count: number }
  | { readonly kind: 'ask'; readonly everything: boolean }
  | { readonly kind: 'spill' | 'restart' | 'dropOldest' }
  | { readonly kind: 'cut'; readonly moves: readonly number[] };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('produce' as const),
      partition: fc.constantFrom('0', '1'),
      count: fc.integer({ min: 1, max: 40 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('ask' as const), everything: fc.boolean() }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'spill' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'dropOldest' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('cut' as const),
      moves: fc.tuple(fc.integer({ min: -30, max: 10 }), fc.integer({ min: -30, max: 10 })),
    }),
  },
);

/** A task under live queries, and what it must hold. */
class Model {
  readonly bench: ThreadBench;
  readonly sequences: { id: string; starts: Positions; ends: Positions | null }[] = [];
  readonly #produced: Record<string, number> = { '0': 0, '1': 0 };
  #taskKey = 1;
  #ordinal = 0;

  constructor(bench: ThreadBench) {
    this.bench = bench;
    this.sequences.push({ id: 's0', starts: positions(0, 0), ends: null });
  }

  async run(step: Step): Promise<void> {
    switch (step.kind) {
      case 'produce':
        return this.#produce(step.partition, step.count);
      case 'ask':
        for (const { id, ends } of this.sequences)
          await this.#ask(id, step.everything ? (ends ?? this.#everything()) : null);
        return;
      case 'spill':
        await this.bench.spill(this.#taskKey);
        return;
      case 'cut':
        return this.#cut(step.moves);
      case 'restart':
        return this.#restart();
      case 'dropOldest':
        return this.#dropOldest();
      default:
        step satisfies never;
    }
  }

  #produce(partition: string, count: number): void {
    for (let sent = 0; sent < count; sent += 1) {
      const v = valueOf(partition, this.#produced[partition] ?? 0);
      this.bench.stream.append(partition, {
        value: JSON.stringify({ t: 1_767_225_600_000 + v, site: `site${v % 5}`, v }),
      });
      this.#produced[partition] = (this.#produced[partition] ?? 0) + 1;
    }
  }

  #everything(): Positions {
    return positions(this.#produced['0'] ?? 0, this.#produced['1'] ?? 0);
  }

  async #ask(id: string, atLeast: Positions | null): Promise<void> {
    const sequence = this.sequences.find((one) => one.id === id)!;
    const { held, requestNo, trouble } = await this.bench.live(id, { atLeast, taskKey: this.#taskKey });
    expect(trouble).toBeNull();
    expect(held).not.toBeNull();
    if (atLeast !== null) expect(held?.positions).toEqual(atLeast);
    for (const [partition, position] of Object.entries(held?.positions ?? {})) {
      expect(Number(position)).toBeGreaterThanOrEqual(Number(sequence.starts[partition]));
      expect(Number(position)).toBeLessThanOrEqual(this.#produced[partition] ?? 0);
    }
    const found = await totalsIn((held?.pieces ?? []).map(({ localPath }) => localPath));
    expect(found).toEqual(totalsBetween(sequence.starts, held?.positions ?? {}));
    this.bench.order({ kind: 'liveSent', requestNo }, this.#taskKey);
  }

  async #cut(moves: readonly number[]): Promise<void> {
    const open = this.sequences.at(-1)!;
    const at = await this.bench.pause(this.#taskKey * 1_000 + this.#ordinal, this.#taskKey);
    const ends = Object.fromEntries(
      Object.entries(at).map(([partition, position], index) => {
        const wanted = Math.max(Number(open.starts[partition]), Number(position) + (moves[index] ?? 0));
        return [partition, toPosition(Math.min(wanted, this.#produced[partition] ?? 0))];
      }),
    );
    this.#ordinal += 1;
    open.ends = ends;
    const id = `s${this.#ordinal}`;
    this.sequences.push({ id, starts: ends, ends: null });
    const next = aSequence(this.#ordinal, { starts: ends });
    this.bench.order({ kind: 'ends', sequenceId: open.id, ends, next }, this.#taskKey);
  }

  /** As after a crash right after a checkpoint. */
  async #restart(): Promise<void> {
    const sealed = await this.bench.spill(this.#taskKey);
    this.bench.order({ kind: 'stop' }, this.#taskKey);
    this.#taskKey += 1;
    const taskKey = this.#taskKey;
    const setups = this.sequences.map(({ id, starts, ends }) =>
      aSequence(Number(id.slice(1)), {
        starts,
        ends,
        sealed: sealed.find(({ sequenceId }) => sequenceId === id) ?? null,
      }),
    );
    await this.bench.start(
      { schema: rolledUp, folder: await this.bench.newFolder(), sequences: setups },
      taskKey,
    );
  }

  async #dropOldest(): Promise<void> {
    const [oldest] = this.sequences;
    if (oldest === undefined || oldest.ends === null) return;
    await this.#read(oldest.id);
    await this.#checkSegments(oldest.id);
    this.bench.order({ kind: 'drop', sequenceId: oldest.id }, this.#taskKey);
    this.sequences.shift();
  }

  async #read(id: string): Promise<void> {
    await waitFor(
      () =>
        this.bench.said.some(
          (message) =>
            message.kind === 'sequenceRead' && message.taskKey === this.#taskKey && message.sequenceId === id,
        ),
      { what: `${id} to be read`, everyMs: 2 },
    );
  }

  async #checkSegments(id: string): Promise<void> {
    const { starts, ends } = this.sequences.find((one) => one.id === id)!;
    const isBuilt = (message: FromThread): message is Extract<FromThread, { kind: 'segmentsBuilt' }> =>
      message.kind === 'segmentsBuilt' && message.sequenceId === id;
    this.bench.order({ kind: 'build', sequenceId: id, header: {} }, this.#taskKey);
    const built = await waitFor(() => this.bench.said.find(isBuilt), { what: 'segments', everyMs: 2 });
    const totals = totalsBetween(starts, ends ?? {});
    expect(await totalsIn(built.files.map(({ localPath }) => localPath))).toEqual(totals);
    // Rolled up whole, and counted exactly: as if nobody had asked.
    expect(built.files.reduce((sum, { rows }) => sum + rows, 0)).toBe(Object.keys(totals).length);
    const records = Object.values(totals).reduce((sum, [n]) => sum + n, 0);
    expect(built.counters).toMatchObject({ records, processed: records });
  }

  async finish(): Promise<void> {
    await this.#cut([0, 0]);
    while (this.sequences[0]?.ends !== null) await this.#dropOldest();
  }
}

it('a spill joins the runs that queries froze, and the limits count its rows', async () => {
  const bench = await ThreadBench.open();
  try {
    await bench.start({ schema: rolledUp });
    const model = new Model(bench);
    for (let round = 0; round < 3; round += 1) {
      await model.run({ kind: 'produce', partition: '0', count: 20 });
      await model.run({ kind: 'ask', everything: true });
    }
    await bench.next('progress', ({ report }) => report.rowsInMemory === 15 && report.totalRows === 15);
    const [sealed] = await bench.spill();
    expect(sealed?.files.map(({ rows }) => rows)).toEqual([5]);
    const isCounted = await bench.next('progress', ({ report }) => report.rowsInMemory === 0);
    expect(isCounted.report).toMatchObject({ totalRows: 5, largestSegmentRows: 5, bytesInMemory: 0 });
    await model.run({ kind: 'ask', everything: true });
  } finally {
    await bench.close();
  }
});

it('a task under any orders tells each row below its positions once, and publishes as if nobody had asked', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 18 }), async (steps) => {
      const bench = await ThreadBench.open();
      try {
        await bench.start({ schema: rolledUp });
        const model = new Model(bench);
        for (const each of steps) await model.run(each);
        await model.finish();
      } finally {
        await bench.close();
      }
    }),
    { seed, numRuns: 25 },
  );
}, 120_000);
