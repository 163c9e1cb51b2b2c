/**
 * A row between the parser and the index: every conversion done, nothing rolled up yet.
 *
 * `formats/` makes it, `segments/` consumes it. Values here are never printed to JSON: longs may be bigint.
 */

/**
 * One value of a dimension column. Long: `number` while it is a safe integer, else `bigint`. String: text, or a list
 * of two or more values (a list of one is that value, an empty list is null). Null: absent, or not convertible.
 */
export type DimensionValue = string | number | bigint | null | readonly (string | null)[];

/** The input of one metric: an integer (bigint beyond 2^53), a double, or null when there is nothing to aggregate. */
export type MetricInput = number | bigint | null;

export type ParsedRow = {
  /** As in the record, not yet cut by queryGranularity: rejection windows look at it. A whole number within `Date`'s range. */
  readonly timestampMs: number;
  /** One value per `schema.dimensions`, in that order. */
  readonly dimensions: readonly DimensionValue[];
  /** String dimensions found in this row beyond the listed ones; null when the schema does not discover. */
  readonly discovered: ReadonlyMap<string, DimensionValue> | null;
  /** One input per `schema.metrics`, in that order; the one of `count` is null. */
  readonly metrics: readonly MetricInput[];
  /** One message per value that could not be converted (and is null). Not empty: the row counts as processedWithError. */
  readonly problems: readonly string[];
};
