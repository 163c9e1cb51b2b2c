/**
 * Positions in a partition (protocol.md 1): always *the next to read*. A start is inclusive, an end exclusive.
 *
 * They exceed 2^53 (Kinesis), so they travel as decimal strings and are compared here and nowhere else.
 * Hot loops use `bigint` and convert at their edges.
 */
declare const positionBrand: unique symbol;

/** A non-negative decimal integer without leading zeros. Kafka: the offset. */
export type Position = string & { readonly [positionBrand]: true };

const pattern = /^(0|[1-9][0-9]*)$/;

/** The only place that makes a `Position`. Throws a `RangeError` naming the value when it is not one. */
export function toPosition(value: string | number | bigint): Position {
  const text = typeof value === 'string' ? value : String(value);
  if (!pattern.test(text))
    throw new RangeError(`not a position: ${JSON.stringify(text)}; expected a whole number of 0 or more`);
  return text as Position;
}

/** Negative, zero or positive, as `Array.prototype.sort` wants it. Longer is larger: there are no leading zeros. */
export function comparePositions(left: Position, right: Position): number {
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}

export function maxPosition(left: Position, right: Position): Position {
  return comparePositions(left, right) >= 0 ? left : right;
}

/** `end - start` as a number of records, for lag and progress; `null` when it is beyond exact numbers. */
export function distance(start: Position, end: Position): number | null {
  const difference = BigInt(end) - BigInt(start);
  const asNumber = Number(difference);
  return Number.isSafeInteger(asNumber) ? asNumber : null;
}

/** Partition key (`"0"` for Kafka) to position. */
export type Positions = Readonly<Record<string, Position>>;
