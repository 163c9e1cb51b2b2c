/**
 * What the WHERE clause of a statement says about a table before any row is read: enough to leave out segments that
 * cannot hold a matching row. Always a superset of the rows that match; `no bounds` is always right.
 */
export type Bounds = {
  /** `__time` in milliseconds, half open: from <= t < to. Null: open on that side. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly columns: readonly ColumnBound[];
};

/** The column must lie between both ends, inclusive; a null end is open. Texts compare by UTF-8 bytes, numbers by value. */
export type ColumnBound = {
  readonly column: string;
  readonly low: string | number | null;
  readonly high: string | number | null;
};

export const noBounds: Bounds = { fromMs: null, toMs: null, columns: [] };

/** Bounds that hold for rows of either. */
export function widen(one: Bounds, other: Bounds): Bounds {
  const fromMs = one.fromMs === null || other.fromMs === null ? null : Math.min(one.fromMs, other.fromMs);
  const toMs = one.toMs === null || other.toMs === null ? null : Math.max(one.toMs, other.toMs);
  // A column bound in one alone says nothing about the rows of the other; two of one column are rare.
  const columns = one.columns.filter((bound) => other.columns.some((same) => isSame(bound, same)));
  return { fromMs, toMs, columns };
}

function isSame(one: ColumnBound, other: ColumnBound): boolean {
  return one.column === other.column && one.low === other.low && one.high === other.high;
}
