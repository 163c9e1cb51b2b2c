/** Live rows of a task: all rows below the positions that are told, each once, whatever happens to them meanwhile. */
import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FromThread, HeldPiece, HeldRows } from '../../../../activities/ingest/protocol.ts';
import type { Positions } from '../../../../domain/positions.ts';
import { toPosition } from '../../../../domain/positions.ts';
import type { DataSchema } from '../../../../domain/spec/spec.ts';
import { manyPieces } from '../../../../activities/ingest/thread/piece-compaction.ts';
import { aDimension, aSchema } from '../../../support/data-schema.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { aSequence, positions, range, ThreadBench } from './bench.ts';

const seed = Number(process.env['SEED'] ?? 20261121);

async function rowsOf(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowsJS() as unknown[][];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function union(paths: readonly string[]): string {
  return `read_parquet([${paths.map((path) => `'${path}'`).join(', ')}], union_by_name = true)`;
}

async function idsOf(held: HeldRows | null): Promise<number[]> {
  const pieces = held?.pieces ?? [];
  if (pieces.length === 0) return [];
  const rows = await rowsOf(`select id from ${union(pieces.map(({ localPath }) => localPath))} order by id`);
  return rows.map(([id]) => Number(id));
}

function ids(pieces: readonly HeldPiece[] = []): string[] {
  return pieces.map(({ id }) => id);
}

describe('live rows of a task', () => {
  let bench: ThreadBench;

  beforeEach(async () => {
    bench = await ThreadBench.open();
  });

  afterEach(async () => {
    await bench.close();
  });

  it('are the rows in memory, with the positions below which all of them lie', async () => {
    bench.produce(0, 70);
    bench.produce(1, 30);
    await bench.start();
    await bench.readAll(positions(70, 30));
    const { held } = await bench.live('s0');
    expect(held).toMatchObject({ positions: positions(70, 30), ends: null, rollup: false });
    expect(await idsOf(held)).toEqual([...range(0, 70), ...range(1_000, 1_030)]);
    expect(held?.pieces[0]).toMatchObject({ rows: 100, wide: false });
    expect(held?.pieces[0]?.columns).toEqual([
      { name: '__time', field: '__time', type: 'TIMESTAMP WITH TIME ZONE', role: 'time', merge: null },
      { name: 'id', field: 'id', type: 'BIGINT', role: 'dimension', merge: null },
    ]);
  });

  it('leave nothing behind while nobody asks', async () => {
    bench.produce(0, 50);
    await bench.start();
    await bench.readAll(positions(50, 0));
    const sealed = await bench.spill();
    expect(sealed[0]?.files).toHaveLength(1);
    expect(await readdir(bench.folder)).toEqual(['1.spill']);
  });

  it('are told again with the same pieces, and only new rows make a new one', async () => {
    bench.produce(0, 20);
    await bench.start();
    await bench.readAll(positions(20, 0));
    const first = await bench.live('s0');
    const again = await bench.live('s0');
    expect(ids(again.held?.pieces)).toEqual(ids(first.held?.pieces));
    bench.produce(0, 15);
    const third = await bench.live('s0', { atLeast: positions(35, 0) });
    expect(ids(third.held?.pieces).slice(0, 1)).toEqual(ids(first.held?.pieces));
    expect(await idsOf(third.held)).toEqual(range(0, 35));
  });

  it('wait for the rows that are wanted', async () => {
    bench.produce(0, 10);
    await bench.start();
    await bench.readAll(positions(10, 0));
    const asked = bench.live('s0', { atLeast: positions(40, 5) });
    bench.produce(0, 30);
    bench.produce(1, 5);
    const { held } = await asked;
    expect(held?.positions).toEqual(positions(40, 5));
    expect(await idsOf(held)).toEqual([...range(0, 40), ...range(1_000, 1_005)]);
  });

  it('are what there is when the wanted rows do not come in time', async () => {
    bench.produce(0, 10);
    await bench.start();
    await bench.readAll(positions(10, 0));
    await bench.live('s0');
    const { held } = await bench.live('s0', { atLeast: positions(11, 0), waitMs: 30 });
    expect(held?.positions).toEqual(positions(10, 0));
    expect(await idsOf(held)).toEqual(range(0, 10));
  });

  it('of a sequence that is not here are null', async () => {
    await bench.start();
    expect((await bench.live('other')).held).toBeNull();
  });

  it('of an empty sequence are no pieces', async () => {
    await bench.start();
    expect((await bench.live('s0')).held).toEqual({
      positions: positions(0, 0),
      ends: null,
      rollup: false,
      pieces: [],
    });
  });

  it('include what an adopted checkpoint and later spills hold', async () => {
    bench.produce(0, 60);
    await bench.start();
    await bench.readAll(positions(60, 0));
    const sealed = (await bench.spill())[0] ?? null;
    bench.order({ kind: 'stop' });
    await bench.next('stopped');
    bench.said.length = 0;
    bench.produce(0, 15);
    await bench.start({ folder: await bench.newFolder(), sequences: [aSequence(0, { sealed })] });
    await bench.readAll(positions(75, 0));
    await bench.spill();
    bench.produce(0, 5);
    const { held } = await bench.live('s0', { atLeast: positions(80, 0) });
    expect(held?.positions).toEqual(positions(80, 0));
    expect(await idsOf(held)).toEqual(range(0, 80));
  });

  it('do not outlive a rewind', async () => {
    bench.produce(0, 30);
    await bench.start();
    await bench.readAll(positions(30, 0));
    await bench.live('s0');
    await bench.spill();
    bench.produce(0, 70);
    await bench.readAll(positions(100, 0));
    const before = await bench.live('s0', { atLeast: positions(100, 0) });
    expect(await idsOf(before.held)).toEqual(range(0, 100));
    const next = aSequence(1, { starts: positions(45, 0) });
    bench.order({ kind: 'ends', sequenceId: 's0', ends: positions(45, 0), next });
    const after = await bench.live('s0', { atLeast: positions(45, 0) });
    expect(after.held).toMatchObject({ positions: positions(45, 0), ends: positions(45, 0) });
    expect(await idsOf(after.held)).toEqual(range(0, 45));
    const following = await bench.live('s1', { atLeast: positions(100, 0) });
    expect(await idsOf(following.held)).toEqual(range(45, 100));
  });

  it('are gone, files too, once the sequence is dropped', async () => {
    bench.produce(0, 40);
    await bench.start();
    await bench.readAll(positions(40, 0));
    const { requestNo, held } = await bench.live('s0');
    bench.order({
      kind: 'ends',
      sequenceId: 's0',
      ends: positions(40, 0),
      next: aSequence(1, { starts: positions(40, 0) }),
    });
    bench.order({ kind: 'drop', sequenceId: 's0' });
    expect((await bench.live('s0')).held).toBeNull();
    const path = held?.pieces[0]?.localPath ?? '';
    expect(existsSync(path)).toBe(true);
    bench.order({ kind: 'liveSent', requestNo });
    await waitFor(() => !existsSync(path), { what: 'the removal of a piece', everyMs: 5 });
  });

  it('keep the rows counted as memory until they are in a file', async () => {
    bench.produce(0, 100);
    await bench.start();
    await bench.readAll(positions(100, 0));
    await bench.live('s0');
    bench.said.length = 0;
    const { report } = await bench.next('progress');
    expect(report.rowsInMemory).toBe(100);
    expect(report.bytesInMemory).toBeGreaterThan(100 * 200);
    expect(report.totalRows).toBe(100);
    await bench.spill();
    bench.said.length = 0;
    const after = await bench.next('progress', (message) => message.report.rowsInMemory === 0);
    expect(after.report).toMatchObject({ bytesInMemory: 0, totalRows: 100 });
  });

  it('are refused with the reason when pieces cannot be written, and the task goes on', async () => {
    const inTheWay = join(bench.folder, 'live');
    await writeFile(inTheWay, 'no folder');
    bench.produce(0, 20);
    await bench.start();
    await bench.readAll(positions(20, 0));
    const { held, trouble } = await bench.live('s0');
    expect([held, trouble]).toEqual([null, expect.stringMatching(/EEXIST|ENOTDIR/)]);
    await rm(inTheWay);
    bench.produce(0, 10);
    const again = await bench.live('s0', { atLeast: positions(30, 0) });
    expect(await idsOf(again.held)).toEqual(range(0, 30));
    expect(await bench.sealedIds(await bench.spill(), 's0')).toEqual(range(0, 30));
  });

  it('count against maxRowsInMemory as before', async () => {
    const tuning = {
      maxRowsInMemory: 40,
      maxBytesInMemory: null,
      maxRowsPerSegment: 5_000_000,
      maxTotalRows: 20_000_000,
      maxParseExceptions: null,
    };
    bench.produce(0, 30);
    await bench.start({ tuning });
    await bench.live('s0', { atLeast: positions(30, 0) });
    bench.produce(0, 200);
    const { report } = await bench.next('progress', (message) => message.report.idle === 'memory');
    expect(report).toMatchObject({ wantsSpill: true });
    expect(report.rowsInMemory).toBeLessThan(60);
  });

  it('become few pieces while rows come', async () => {
    await bench.start();
    for (let round = 1; round <= 14; round += 1) {
      bench.produce(0, 10);
      const { requestNo } = await bench.live('s0', { atLeast: positions(10 * round, 0) });
      bench.order({ kind: 'liveSent', requestNo });
    }
    const held = await waitFor(
      async () => {
        const answer = await bench.live('s0');
        bench.order({ kind: 'liveSent', requestNo: answer.requestNo });
        return (answer.held?.pieces.length ?? 99) <= 8 ? answer.held : null;
      },
      { what: 'few pieces', everyMs: 10 },
    );
    expect(await idsOf(held)).toEqual(range(0, 140));
    const files = await waitFor(
      async () => {
        const there = await readdir(join(bench.folder, 'live'));
        return there.length <= 8 ? there : null;
      },
      { what: 'replaced pieces to go', everyMs: 10 },
    );
    expect(files.length).toBeGreaterThan(0);
  });

  it('become one piece at rest', async () => {
    await bench.start();
    for (const until of [10, 20, 30]) {
      bench.produce(0, 10);
      await bench.live('s0', { atLeast: positions(until, 0) });
    }
    const held = await waitFor(
      async () => {
        const answer = await bench.live('s0');
        return answer.held?.pieces.length === 1 ? answer.held : null;
      },
      { what: 'one piece', everyMs: 100 },
    );
    expect(await idsOf(held)).toEqual(range(0, 30));
    expect(held.positions).toEqual(positions(30, 0));
  });
});

it('wide pieces become few too, and add up to the same', async () => {
  const bench = await ThreadBench.open();
  try {
    await bench.start({ schema: rolledUp });
    for (let round = 1; round <= 14; round += 1) {
      for (let sent = 0; sent < 2; sent += 1)
        bench.stream.append('0', { value: JSON.stringify({ t: 0, site: 'a', v: Number.MAX_SAFE_INTEGER }) });
      const { requestNo } = await bench.live('s0', { atLeast: positions(2 * round, 0) });
      bench.order({ kind: 'liveSent', requestNo });
    }
    const held = await waitFor(
      async () => {
        const { held } = await bench.live('s0');
        return (held?.pieces.length ?? 99) <= manyPieces ? held : null;
      },
      { what: 'few pieces', everyMs: 10, timeoutMs: 5_000 },
    );
    expect(held.pieces.every(({ wide }) => wide)).toBe(true);
    const paths = held.pieces.map(({ localPath }) => localPath);
    expect(await rowsOf(`select sum(n)::int, sum(sum)::varchar from ${union(paths)}`)).toEqual([
      [28, String(28n * BigInt(Number.MAX_SAFE_INTEGER))],
    ]);
  } finally {
    await bench.close();
  }
});

/** Rolled up: a spill of several runs holds fewer rows than went in. */
const rolledUp: DataSchema = aSchema({
  dimensions: [aDimension('site')],
  metrics: [
    { type: 'count', name: 'n', fieldName: null },
    { type: 'longSum', name: 'sum', fieldName: 'v' },
    { type: 'longMax', name: 'max', fieldName: 'v' },
  ],
  queryGranularity: { kind: 'all' },
  rollup: true,
});

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
