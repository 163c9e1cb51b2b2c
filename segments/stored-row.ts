/**
 * A row as an index, a spill and a merge hold it, and the one order of rows (design.md 7): `__time`, then the listed
 * dimensions, then discovered ones by name (`forceSegmentSortByTime` false: `__time` where the spec puts it). Nulls first, texts by UTF-8 bytes, numbers by value with -0 before 0.
 *
 * In a column whose type is found values are compared as they were read: null, booleans, numbers, texts, then lists and objects
 * by their canonical JSON text in UTF-8. 1 and 1.0 are one group, `true`, 1 and "1" are three, `"a"` and `["a"]` two, as in
 * Druid; a long beyond 2^53 is compared exactly, where Druid compares doubles. When the type is known and values of several
 * kinds have been cast to it, rows are sorted and joined anew (recast.ts), so the file is in order of what is in it.
 *
 * Two rows that compare equal are the same group. None of it depends on the order of arrival: replicas agree.
 */
import { intervalOf } from '../domain/granularity.ts';
import { JavaDouble } from '../domain/java-double.ts';
import { NestedValue } from '../domain/nested-value.ts';
import type { DimensionValue } from '../domain/rows.ts';
import type { DataSchema, Granularity } from '../domain/spec/spec.ts';
import type { Cell } from './metric-states.ts';

export type StoredRow = {
  /** Cut by queryGranularity. */
  readonly timeMs: number;
  readonly dimensions: readonly DimensionValue[];
  /** What was found beyond the listed ones, by name; no nulls. */
  readonly discovered: readonly Discovered[];
  readonly cells: Cell[];
};

export type Discovered = { readonly name: string; readonly value: DimensionValue };

export type RowOrder = (left: StoredRow, right: StoredRow) => number;

/** Within a segment interval, whose segments follow one another, rows are in the order the spec asks for. */
export function rowOrder(schema: Pick<DataSchema, 'timeSortPosition' | 'segmentGranularity'>): RowOrder {
  const position = schema.timeSortPosition ?? 0;
  if (position === 0) return compareRows;
  const startOf = intervalStarts(schema.segmentGranularity);
  return (left, right) => {
    const intervals = left.timeMs === right.timeMs ? 0 : startOf(left.timeMs) - startOf(right.timeMs);
    if (intervals !== 0) return intervals;
    const before = compareDimensions(left, right, 0, position);
    if (before !== 0 || left.timeMs !== right.timeMs) return before || left.timeMs - right.timeMs;
    return compareRest(left, right, position);
  };
}

/** Remembers the last interval: rows of one sequence fall into few. */
function intervalStarts(granularity: Granularity): (timeMs: number) => number {
  let last = { startMs: 0, endMs: 0 };
  return (timeMs) => {
    if (timeMs < last.startMs || timeMs >= last.endMs) last = intervalOf(granularity, timeMs);
    return last.startMs;
  };
}

export function compareRows(left: StoredRow, right: StoredRow): number {
  if (left.timeMs !== right.timeMs) return left.timeMs < right.timeMs ? -1 : 1;
  return compareRest(left, right, 0);
}

function compareRest(left: StoredRow, right: StoredRow, from: number): number {
  const listed = compareDimensions(left, right, from, left.dimensions.length);
  if (listed !== 0 || left.discovered.length + right.discovered.length === 0) return listed;
  return compareDiscovered(left.discovered, right.discovered);
}

function compareDimensions(left: StoredRow, right: StoredRow, from: number, end: number): number {
  for (let at = from; at < end; at++) {
    const order = compareValues(left.dimensions[at] ?? null, right.dimensions[at] ?? null);
    if (order !== 0) return order;
  }
  return 0;
}

/** A name only one row has is null in the other, so that row comes later. */
function compareDiscovered(left: readonly Discovered[], right: readonly Discovered[]): number {
  for (let at = 0; ; at++) {
    const one = left[at];
    const other = right[at];
    if (one === undefined || other === undefined) return (one ? 1 : 0) - (other ? 1 : 0);
    const names = compareUtf8(one.name, other.name);
    if (names !== 0) return names < 0 ? 1 : -1;
    const values = compareValues(one.value, other.value);
    if (values !== 0) return values;
  }
}

export function compareValues(left: DimensionValue, right: DimensionValue): number {
  if (left === right) return left === 0 ? compareNumbers(left, right as number) : 0;
  if (typeof left === 'string' && typeof right === 'string') return compareUtf8(left, right);
  const rank = rankOf(left);
  const ranks = rank - rankOf(right);
  if (ranks !== 0) return ranks;
  switch (rank) {
    case 1:
      return Number(left) - Number(right);
    case 2:
      return compareNumbers(numberOf(left), numberOf(right));
    case 3:
      return compareLists(asList(left), asList(right));
    default:
      return compareUtf8((left as NestedValue).text, (right as NestedValue).text);
  }
}

/** Kinds of value that can be in one column, in their order. */
function rankOf(value: DimensionValue): 0 | 1 | 2 | 3 | 4 {
  if (value === null) return 0;
  if (typeof value === 'boolean') return 1;
  if (typeof value === 'number' || typeof value === 'bigint' || value instanceof JavaDouble) return 2;
  return value instanceof NestedValue ? 4 : 3;
}

function numberOf(value: DimensionValue): number | bigint {
  return value instanceof JavaDouble ? value.value : (value as number | bigint);
}

/** Java's `Double.compare`: -0 before 0, NaN last and equal to itself. Longs may be bigint on either side. */
function compareNumbers(left: number | bigint, right: number | bigint): number {
  if (left < right) return -1;
  if (left > right) return 1;
  if (left === 0 && right === 0) return Number(Object.is(right, -0)) - Number(Object.is(left, -0));
  return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
}

/** A plain text counts as a list of one. */
function asList(value: DimensionValue): readonly (string | null)[] {
  return Array.isArray(value) ? (value as readonly (string | null)[]) : [String(value as string)];
}

function compareLists(left: readonly (string | null)[], right: readonly (string | null)[]): number {
  const common = Math.min(left.length, right.length);
  for (let at = 0; at < common; at++) {
    const order = compareValues(left[at] ?? null, right[at] ?? null);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** The order of the UTF-8 bytes, without making them: UTF-16 differs only in that surrogates must follow U+E000 to U+FFFF. */
export function compareUtf8(left: string, right: string): number {
  const common = Math.min(left.length, right.length);
  for (let at = 0; at < common; at++) {
    const one = left.charCodeAt(at);
    const other = right.charCodeAt(at);
    if (one !== other) return one >= 0xd800 && other >= 0xd800 ? rotated(one) - rotated(other) : one - other;
  }
  return left.length - right.length;
}

function rotated(unit: number): number {
  return unit >= 0xe000 ? unit - 0x2000 : unit + 0x2000;
}
