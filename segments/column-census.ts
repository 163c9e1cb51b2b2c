/**
 * Which columns the segment of an interval needs, learnt while rows are collected, so that a merge can open its file
 * before it has seen the rows: names discovered, and string columns in which a multi-value occurs.
 */
import type { StoredRow } from './stored-row.ts';

export type CensusJson = readonly {
  readonly startMs: number;
  readonly rows: number;
  readonly multi: readonly string[];
  readonly discovered: readonly string[];
}[];

type Interval = { rows: number; readonly multi: Set<string>; readonly discovered: Set<string> };

export class ColumnCensus {
  readonly #names: readonly string[];
  readonly #intervals = new Map<number, Interval>();

  /** `names`: the listed dimensions, in order. */
  constructor(names: readonly string[]) {
    this.#names = names;
  }

  note(startMs: number, row: StoredRow): void {
    const interval = this.#interval(startMs);
    interval.rows += 1;
    for (let at = 0; at < row.dimensions.length; at++)
      if (Array.isArray(row.dimensions[at])) interval.multi.add(this.#names[at] ?? '');
    for (const { name, value } of row.discovered) {
      interval.discovered.add(name);
      if (Array.isArray(value)) interval.multi.add(name);
    }
  }

  include(census: CensusJson): void {
    for (const { startMs, rows, multi, discovered } of census) {
      const interval = this.#interval(startMs);
      interval.rows += rows;
      for (const name of multi) interval.multi.add(name);
      for (const name of discovered) interval.discovered.add(name);
    }
  }

  /** Rows noted per interval; an upper bound once groups are combined. */
  rowsByInterval(): ReadonlyMap<number, number> {
    return new Map([...this.#intervals].map(([startMs, { rows }]) => [startMs, rows]));
  }

  columnsOf(startMs: number): {
    readonly multi: ReadonlySet<string>;
    readonly discovered: ReadonlySet<string>;
  } {
    return this.#interval(startMs);
  }

  toJson(): CensusJson {
    return [...this.#intervals].map(([startMs, { rows, multi, discovered }]) => ({
      startMs,
      rows,
      multi: [...multi],
      discovered: [...discovered],
    }));
  }

  #interval(startMs: number): Interval {
    let interval = this.#intervals.get(startMs);
    if (interval === undefined) {
      interval = { rows: 0, multi: new Set(), discovered: new Set() };
      this.#intervals.set(startMs, interval);
    }
    return interval;
  }
}
