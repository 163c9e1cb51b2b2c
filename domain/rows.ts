/**
 * A row between the parser and the index: every conversion done, nothing rolled up yet.
 *
 * `formats/` makes it, `segments/` consumes it. Values here are never printed to JSON: longs may be bigint.
 */
import type { JavaDouble } from './java-double.ts';
import type { NestedValue } from './nested-value.ts';

/**
 * One value of a dimension column. Long: `number` while it is a safe integer, else `bigint`. String: text, or a list
 * of two or more values (a list of one is that value, an empty list is null). Null: absent, or not convertible.
 *
 * A column whose type is found (`auto`) holds values as they were read: a `FoundValue`, or null. One of type `json` holds
 * `NestedValue`s only.
 */
export type DimensionValue = FoundValue | null | readonly (string | null)[];

/** One value of a column whose type is found. */
export type FoundValue = string | number | bigint | boolean | JavaDouble | NestedValue;

/** What a row has for a first or last value, and when. */
export type TimedInput = {
  /** A long, as in the record; not cut by queryGranularity. */
  readonly timeMs: number | bigint;
  readonly value: number | bigint | string | null;
  /** Why there is no value. Counts only when the row's value would be the first or the last so far, as in Druid. */
  readonly problem: string | null;
};

/**
 * The input of one metric; null when the row has nothing for it. A number (bigint beyond 2^53) for sums, minima, maxima, any
 * and quantiles; for `count` null, or 0 when its filter leaves the row out; for an HLL sketch the hashes of its values
 * (domain/sketches/hll.ts).
 */
export type MetricInput = number | bigint | TimedInput | readonly number[] | null;

export type ParsedRow = {
  /** As in the record, not yet cut by queryGranularity: rejection windows look at it. A whole number within `Date`'s range. */
  readonly timestampMs: number;
  /** One value per `schema.dimensions`, in that order. */
  readonly dimensions: readonly DimensionValue[];
  /** Dimensions found in this row beyond the listed ones: of type string, or `auto` with `discoverTypes`; null when the schema does not discover. */
  readonly discovered: ReadonlyMap<string, DimensionValue> | null;
  /** One input per `schema.metrics`, in that order. */
  readonly metrics: readonly MetricInput[];
  /** One message per value that could not be converted (and is null). Not empty: the row counts as processedWithError. */
  readonly problems: readonly string[];
  /** The row as it was read, for people; only with problems. */
  readonly input?: () => string;
};
