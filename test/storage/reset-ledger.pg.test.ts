/**
 * Generated lives of two partitions, with resets of every kind between publishes: each reset does what its rehearsal
 * said, and says what a plain reckoning says; in the end every offset is published exactly as often as announced.
 */
import { expect, test } from 'vitest';
import type { Lease } from '../../storage/attempts.ts';
import type { Database } from '../../storage/call.ts';
import type { GenerationKey } from '../../domain/ids.ts';
import { toPosition } from '../../domain/positions.ts';
import { checkInvariants } from '../../storage/invariants.ts';
import { readPartitions } from '../../storage/partitions.ts';
import { fullReset, partialReset, rehearseReset } from '../../storage/resets.ts';
import { Announced } from '../operator/announced.ts';
import { Fixture } from './fixture.ts';
import { scratchDatabase } from './scratch.ts';

const { undone } = scratchDatabase();
const steps = 14;
const seeds = process.env['SEED']
  ? [Number(process.env['SEED'])]
  : Array.from({ length: 12 }, (_, index) => index + 1);

type Range = readonly [from: number, to: number];
/** Where the fixture begins: what lies before was never to be read. */
const seededAt: Readonly<Record<string, number>> = { 0: 100, 1: 200 };

type Pending = { readonly key: GenerationKey; readonly lease: Lease };

class Life {
  readonly #random: () => number;
  readonly #f: Fixture;
  readonly #database: Database;
  /** What is published, in the order it was. */
  readonly #published: Record<string, Range[]> = { 0: [], 1: [] };
  readonly #announced = new Announced();
  #generation = 0;
  #pending: Pending | null = null;
  #resets = 0;

  constructor(database: Database, f: Fixture, seed: number) {
    this.#database = database;
    this.#f = f;
    this.#announced.reset({
      positions: {},
      skipped: Object.entries(seededAt).map(([partition, start]) => asRange([partition, 0, start])),
      readAgain: [],
    });
    let state = seed;
    this.#random = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
  }

  async step(): Promise<void> {
    const dice = this.#random();
    if (this.#pending !== null && dice < 0.4) return this.#publish();
    if (this.#pending === null && dice < 0.6) return this.#read();
    return this.#reset(dice > 0.9);
  }

  async #read(): Promise<void> {
    const key = await this.#f.generation({ expectedGeneration: this.#generation });
    this.#generation += 1;
    const { starts } = (await this.#f.read(key)).sequences[0]!;
    const lease = await this.#f.attempt(key);
    const ends = Object.fromEntries(
      Object.entries(starts).map(([partition, start]) => [partition, Number(start) + this.#upTo(40)]),
    );
    await this.#f.end(key, lease, ends);
    this.#pending = { key, lease };
  }

  async #publish(): Promise<void> {
    const { key, lease } = this.#pending!;
    this.#pending = null;
    const { starts, ends } = (await this.#f.read(key)).sequences[0]!;
    const { kind } = await this.#f.publish(lease, key);
    if (kind === 'discarded') return;
    expect(kind).toBe('committed');
    for (const [partition, start] of Object.entries(starts))
      this.#published[partition]!.push([Number(start), Number(ends![partition])]);
  }

  async #reset(isFull: boolean): Promise<void> {
    this.#resets += 1;
    const before = await this.#stands();
    const partitions = isFull || this.#random() < 0.3 ? ['0', '1'] : [this.#random() < 0.5 ? '0' : '1'];
    const targets = partitions.map((partition) => ({
      partition,
      position: toPosition(Math.max(0, before[partition]! - 60 + this.#upTo(120))),
      ...(this.#random() < 0.2 ? { noEarlier: true } : {}),
    }));
    const order = { supervisorId: 'wiki', resetId: `r-${this.#resets}`, why: 'test', by: 'ada' };
    const full = { ...order, positions: targets.map((target) => ({ ...target, stream: 'clicks' })) };
    const partial = { ...order, stream: 'clicks', positions: targets };
    const rehearsed = await (isFull
      ? rehearseReset(this.#database, { of: 'full', order: full })
      : rehearseReset(this.#database, { of: 'partial', order: partial }));
    const done = await (isFull ? fullReset(this.#database, full) : partialReset(this.#database, partial));
    expect(done).toEqual(rehearsed);
    if (done.kind !== 'reset') throw new Error(done.detail);
    const goal = targets.map(({ partition, position, noEarlier }): [string, number] => [
      partition,
      noEarlier ? Math.max(Number(position), before[partition]!) : Number(position),
    ]);
    expect(done.positions.map(({ partition, position }) => [partition, Number(position)])).toEqual(goal);
    const skipped = done.jumps.filter(({ kind }) => kind === 'skipped').map((jump) => rangeOf(jump));
    expect(skipped).toEqual(
      goal.flatMap(([partition, to]) =>
        to > before[partition]! ? [[partition, before[partition], to]] : [],
      ),
    );
    const again = done.readAgain.map((range) => rangeOf(range));
    expect(again).toEqual(
      goal.flatMap(([partition, from]) =>
        islands(this.#published[partition]!, from, before[partition]!).map(([start, end]) => [
          partition,
          start,
          end,
        ]),
      ),
    );
    this.#announced.reset({
      positions: Object.fromEntries(goal.map(([partition, position]) => [partition, BigInt(position)])),
      skipped: skipped.map(asRange),
      readAgain: again.map(asRange),
    });
  }

  async #stands(): Promise<Record<string, number>> {
    const rows = await readPartitions(this.#database, 'wiki');
    return Object.fromEntries(rows.map((row) => [row.partition, Number(row.nextPosition)]));
  }

  /** Exactly as often as announced; and what is not there at all lies in a gap row. */
  async close(): Promise<void> {
    if (this.#pending !== null) await this.#publish();
    const broken = (await checkInvariants(this.#database, { halt: false })).filter(({ ok }) => !ok);
    expect(broken).toEqual([]);
    const stands = await this.#stands();
    const { rows } = await this.#database.query(
      `select partition, start_position::int as from, end_position::int as to from gap order by gap_id`,
    );
    for (const [partition, published] of Object.entries(this.#published)) {
      const gaps = rows
        .filter((row) => row['partition'] === partition)
        .map((row): Range => [Number(row['from']), Number(row['to'])]);
      for (let offset = 0; offset < stands[partition]!; offset += 1) {
        const times = timesIn(published, offset);
        const where = `partition ${partition} offset ${offset}`;
        expect(times, where).toBe(
          1 + holds(this.#announced.more, partition, offset) - holds(this.#announced.less, partition, offset),
        );
        if (times === 0 && offset >= seededAt[partition]!)
          expect(timesIn(gaps, offset), `${where}: lost`).toBeGreaterThanOrEqual(1);
      }
    }
  }

  #upTo(most: number): number {
    return Math.floor(this.#random() * (most + 1));
  }
}

function rangeOf(range: { partition: string; from: string; to: string | null }): [string, number, number] {
  return [range.partition, Number(range.from), Number(range.to)];
}

function asRange([partition, from, to]: readonly [string, number, number]) {
  return { partition, from: BigInt(from), to: BigInt(to) };
}

function holds(ranges: Announced['more'], partition: string, offset: number): number {
  return ranges.filter(
    (range) => range.partition === partition && range.from <= BigInt(offset) && BigInt(offset) < range.to,
  ).length;
}

function timesIn(ranges: readonly Range[], offset: number): number {
  return ranges.filter(([from, to]) => from <= offset && offset < to).length;
}

/** Offset by offset: slow, and nothing like the SQL. */
function islands(ranges: readonly Range[], from: number, until: number): Range[] {
  const found: [number, number][] = [];
  const end = Math.min(until, Math.max(0, ...ranges.map(([, to]) => to)));
  for (let offset = from; offset < end; offset += 1) {
    if (timesIn(ranges, offset) === 0) continue;
    const last = found.at(-1);
    if (last?.[1] === offset) last[1] = offset + 1;
    else found.push([offset, offset + 1]);
  }
  return found;
}

test.each(seeds)('life %i', async (seed) => {
  await undone(async (database) => {
    const life = new Life(database, await Fixture.with(database), seed);
    for (let step = 0; step < steps; step += 1) await life.step();
    await life.close();
  });
});
