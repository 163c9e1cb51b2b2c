/**
 * How far behind in milliseconds each partition is: from the record that is read next to the newest one (druid.md 1.5, 4.21).
 *
 * Costs little: nothing for a partition that is read to its end, nothing for a position seen before, and not more than one
 * short reading of first and last records in `everyMs`. What cannot be known in some seconds is absent, never guessed; no
 * trouble with the stream is thrown, for the look that comes with it tells of that.
 */
import { isHeadgateError } from '../../domain/errors.ts';
import type { Position } from '../../domain/positions.ts';
import type { RecordBatch, RecordReader, RecordSource } from '../../streams/record-source.ts';

export type TimeLagQuestion = {
  /** Next to read. */
  readonly current: ReadonlyMap<string, Position>;
  /** The end that can be read. */
  readonly latest: Readonly<Record<string, Position>>;
  /** The stream is not read again sooner. */
  readonly everyMs: number;
};

const limitMs = 5_000;
const pollMs = 500;
/** The last positions of a log may hold no record: markers of transactions, what compaction removed. */
const stepsBack = [1n, 16n, 256n] as const;

/** From `from` up to `to` there is something to read. */
type Stretch = { readonly from: bigint; readonly to: bigint };
type Stretches = ReadonlyMap<string, Stretch>;
/** Null: there is no record. */
type Times = Map<string, number | null>;
type Timed = { readonly at: bigint; readonly timestampMs: number | null };

export class TimeLag {
  readonly #now: () => number;
  readonly #oldest = new Map<string, Timed>();
  readonly #newest = new Map<string, Timed>();
  #measuredMs = -Infinity;
  #last: ReadonlyMap<string, number> = new Map();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Throws for no trouble of the stream. A partition without an answer is absent. */
  async measure(source: RecordSource, question: TimeLagQuestion): Promise<ReadonlyMap<string, number>> {
    const lags = new Map<string, number>();
    const behind = new Map<string, Stretch>();
    for (const [partition, position] of question.current) {
      const latest = question.latest[partition];
      if (latest === undefined) continue;
      const stretch = { from: BigInt(position), to: BigInt(latest) };
      if (stretch.from >= stretch.to) lags.set(partition, 0);
      else behind.set(partition, stretch);
    }
    if (this.#now() - this.#measuredMs < question.everyMs) {
      for (const partition of behind.keys()) copy(this.#last, lags, partition);
      return lags;
    }
    this.#measuredMs = this.#now();
    await this.#read(source, behind, lags);
    this.#last = lags;
    return lags;
  }

  async #read(source: RecordSource, behind: Stretches, lags: Map<string, number>): Promise<void> {
    const untilMs = this.#now() + limitMs;
    await this.#learn(
      this.#oldest,
      behind,
      ({ from }) => from,
      async (unknown) => this.#times(source, unknown, { untilMs, stopsAtFirst: true }),
    );
    await this.#learn(
      this.#newest,
      behind,
      ({ to }) => to,
      async (unknown) => this.#newestTimes(source, unknown, untilMs),
    );
    for (const partition of behind.keys()) {
      const [oldest, newest] = [this.#oldest.get(partition), this.#newest.get(partition)];
      if (oldest === undefined) continue;
      // No record is left up to the end: everything is read.
      if (oldest.timestampMs === null) lags.set(partition, 0);
      else if (newest !== undefined && newest.timestampMs !== null)
        lags.set(partition, Math.max(0, newest.timestampMs - oldest.timestampMs));
    }
  }

  /** A record does not change: only positions that were not asked for are read. */
  async #learn(
    known: Map<string, Timed>,
    behind: Stretches,
    placeOf: (stretch: Stretch) => bigint,
    read: (unknown: Stretches) => Promise<Times>,
  ): Promise<void> {
    for (const [partition, { at }] of known) {
      const stretch = behind.get(partition);
      if (stretch === undefined || placeOf(stretch) !== at) known.delete(partition);
    }
    const unknown = new Map([...behind].filter(([partition]) => !known.has(partition)));
    for (const [partition, timestampMs] of await read(unknown)) {
      const stretch = unknown.get(partition);
      if (stretch !== undefined) known.set(partition, { at: placeOf(stretch), timestampMs });
    }
  }

  /** Of the last record of each: looked for near the end first. */
  async #newestTimes(source: RecordSource, stretches: Stretches, untilMs: number): Promise<Times> {
    const found: Times = new Map();
    for (const back of stepsBack) {
      const left = [...stretches].filter(([partition]) => !found.has(partition));
      const tails = left.map(([partition, { from, to }]) => {
        const start = to - back;
        return [partition, { from: start > from ? start : from, to }] as const;
      });
      const times = await this.#times(source, new Map(tails), { untilMs, stopsAtFirst: false });
      for (const [partition, timestampMs] of times)
        if (timestampMs !== null) found.set(partition, timestampMs);
    }
    return found;
  }

  /** Of the first or the last record of each stretch. */
  async #times(
    source: RecordSource,
    stretches: Stretches,
    { untilMs, stopsAtFirst }: { readonly untilMs: number; readonly stopsAtFirst: boolean },
  ): Promise<Times> {
    const times: Times = new Map();
    const open = new Map(stretches);
    if (open.size === 0) return times;
    const reader = source.read(new Map([...open].map(([partition, { from }]) => [partition, from])));
    const leave = (partition: string): void => {
      open.delete(partition);
      reader.drop([partition]);
    };
    try {
      while (open.size > 0 && this.#now() < untilMs) {
        for (const batch of await polled(reader, leave)) {
          const stretch = open.get(batch.partition);
          if (stretch === undefined) continue;
          const timestampMs = readableTimeIn(batch, stretch, stopsAtFirst);
          if (timestampMs === undefined) {
            leave(batch.partition);
            continue;
          }
          if (timestampMs !== null) times.set(batch.partition, timestampMs);
          const isOver = batch.next >= stretch.to || (stopsAtFirst && timestampMs !== null);
          if (!isOver) continue;
          if (timestampMs === null && !times.has(batch.partition)) times.set(batch.partition, null);
          leave(batch.partition);
        }
      }
      // What was not read to its end has no last record yet.
      if (!stopsAtFirst) for (const partition of open.keys()) times.delete(partition);
    } catch (error) {
      if (!isHeadgateError(error)) throw error;
      for (const partition of open.keys()) times.delete(partition);
    } finally {
      await reader.close();
    }
    return times;
  }
}

/** A partition that cannot be read is left, and its time stays unknown. */
async function polled(
  reader: RecordReader,
  leave: (partition: string) => void,
): Promise<readonly RecordBatch[]> {
  try {
    return await reader.poll(pollMs);
  } catch (error) {
    const partition = isHeadgateError(error) ? error.details['partition'] : undefined;
    if (typeof partition !== 'string') throw error;
    leave(partition);
    return [];
  }
}

/** Undefined: the batch is damaged, and nothing is said of its partition. */
function readableTimeIn(
  batch: RecordBatch,
  stretch: Stretch,
  stopsAtFirst: boolean,
): number | null | undefined {
  try {
    return timeIn(batch, stretch, stopsAtFirst);
  } catch (error) {
    if (isHeadgateError(error)) return undefined;
    throw error;
  }
}

function timeIn(batch: RecordBatch, { to }: Stretch, stopsAtFirst: boolean): number | null {
  const cursor = batch.walk();
  let timestampMs: number | null = null;
  while (cursor.advance() && cursor.position < to) {
    ({ timestampMs } = cursor);
    if (stopsAtFirst) break;
  }
  return timestampMs;
}

function copy(from: ReadonlyMap<string, number>, to: Map<string, number>, partition: string): void {
  const value = from.get(partition);
  if (value !== undefined) to.set(partition, value);
}
