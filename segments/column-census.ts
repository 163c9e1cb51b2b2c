/**
 * Which columns the segment of an interval needs, and of which types, learnt while rows are collected, so that a merge can
 * open its file before it has seen the rows: names discovered, string columns in which a multi-value occurs, and the kinds
 * of value that occur in each column whose type is found.
 */
import { JavaDouble } from '../domain/java-double.ts';
import type { DimensionValue } from '../domain/rows.ts';
import type { DataSchema } from '../domain/spec/spec.ts';
import { noteKinds, type ValueKind } from '../domain/value-kinds.ts';
import type { Discovered, StoredRow } from './stored-row.ts';

export type CensusJson = readonly {
  readonly startMs: number;
  readonly rows: number;
  readonly multi: readonly string[];
  readonly discovered: readonly string[];
  readonly kinds: readonly (readonly [name: string, kinds: readonly ValueKind[]])[];
}[];

/** What is known of the columns of an interval. */
export type ColumnsFound = {
  readonly multi: ReadonlySet<string>;
  readonly discovered: ReadonlySet<string>;
  readonly kinds: ReadonlyMap<string, ReadonlySet<ValueKind>>;
};

type Interval = {
  rows: number;
  readonly multi: Set<string>;
  readonly discovered: Set<string>;
  readonly kinds: Map<string, Set<ValueKind>>;
};

type Dimensions = Pick<DataSchema, 'dimensions' | 'discoverTypes'>;

export class ColumnCensus {
  readonly #dimensions: readonly { readonly name: string; readonly isFound: boolean }[];
  readonly #discoverTypes: boolean;
  readonly #intervals = new Map<number, Interval>();

  /** `given`: kinds are not looked for in rows, they come from other censuses. */
  constructor({ dimensions, discoverTypes }: Dimensions, kinds: 'noted' | 'given' = 'noted') {
    this.#dimensions = dimensions.map(({ name, type }) => ({
      name,
      isFound: kinds === 'noted' && type === 'auto',
    }));
    this.#discoverTypes = kinds === 'noted' && discoverTypes;
  }

  note(startMs: number, row: StoredRow): void {
    const interval = this.#interval(startMs);
    interval.rows += 1;
    for (let at = 0; at < row.dimensions.length; at++) {
      const dimension = this.#dimensions[at];
      const value = row.dimensions[at] ?? null;
      if (dimension !== undefined && value !== null) noteValue(interval, dimension, value);
    }
    for (const { name, value } of row.discovered) {
      interval.discovered.add(name);
      if (value !== null) noteValue(interval, { name, isFound: this.#discoverTypes }, value);
    }
  }

  /** A column, though no row may have a value in it. */
  noteName(startMs: number, name: string): void {
    this.#interval(startMs).discovered.add(name);
  }

  /** A row that went into a group there was: only numbers can be of another kind than the group's. */
  noteNumbers(startMs: number, dimensions: readonly DimensionValue[], found: readonly Discovered[]): void {
    const interval = this.#interval(startMs);
    for (let at = 0; at < this.#dimensions.length; at++) {
      const { name, isFound } = this.#dimensions[at] ?? notFound;
      if (isFound) noteNumber(interval, name, dimensions[at] ?? null);
    }
    if (this.#discoverTypes) for (const { name, value } of found) noteNumber(interval, name, value);
  }

  include(census: CensusJson): void {
    for (const { startMs, rows, multi } of census) {
      const interval = this.#interval(startMs);
      interval.rows += rows;
      for (const name of multi) interval.multi.add(name);
    }
    this.includeGiven(census);
  }

  /** What stored rows do not say: kinds that went into groups, and names without a value. */
  includeGiven(census: CensusJson): void {
    for (const { startMs, discovered, kinds } of census) {
      const interval = this.#interval(startMs);
      for (const name of discovered) interval.discovered.add(name);
      for (const [name, some] of kinds) for (const kind of some) kindsIn(interval, name).add(kind);
    }
  }

  /** Rows noted per interval; an upper bound once groups are combined. */
  rowsByInterval(): ReadonlyMap<number, number> {
    return new Map([...this.#intervals].map(([startMs, { rows }]) => [startMs, rows]));
  }

  columnsOf(startMs: number): ColumnsFound {
    return this.#interval(startMs);
  }

  toJson(): CensusJson {
    return [...this.#intervals].map(([startMs, { rows, multi, discovered, kinds }]) => ({
      startMs,
      rows,
      multi: [...multi],
      discovered: [...discovered],
      kinds: [...kinds].map(([name, some]) => [name, [...some]] as const),
    }));
  }

  #interval(startMs: number): Interval {
    let interval = this.#intervals.get(startMs);
    if (interval === undefined) {
      interval = { rows: 0, multi: new Set(), discovered: new Set(), kinds: new Map() };
      this.#intervals.set(startMs, interval);
    }
    return interval;
  }
}

function noteValue(
  interval: Interval,
  { name, isFound }: { readonly name: string; readonly isFound: boolean },
  value: NonNullable<DimensionValue>,
): void {
  if (!isFound) {
    if (Array.isArray(value)) interval.multi.add(name);
    return;
  }
  if (!isMultiValue(value)) noteKinds(value, kindsIn(interval, name));
}

const notFound = { name: '', isFound: false };

function noteNumber(interval: Interval, name: string, value: DimensionValue): void {
  if (value instanceof JavaDouble || typeof value === 'number' || typeof value === 'bigint')
    noteKinds(value, kindsIn(interval, name));
}

function isMultiValue(value: NonNullable<DimensionValue>): value is readonly (string | null)[] {
  return Array.isArray(value);
}

function kindsIn(interval: Interval, name: string): Set<ValueKind> {
  let kinds = interval.kinds.get(name);
  if (kinds === undefined) {
    kinds = new Set();
    interval.kinds.set(name, kinds);
  }
  return kinds;
}

/** Over all intervals. */
export function allColumns(census: CensusJson): ColumnsFound {
  const all: Interval = { rows: 0, multi: new Set(), discovered: new Set(), kinds: new Map() };
  for (const { multi, discovered, kinds } of census) {
    for (const name of multi) all.multi.add(name);
    for (const name of discovered) all.discovered.add(name);
    for (const [name, some] of kinds) for (const kind of some) kindsIn(all, name).add(kind);
  }
  return all;
}
