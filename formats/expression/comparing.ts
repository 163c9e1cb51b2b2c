/** Equality and order of raw values: what `equals` and the type strategies of Druid make of them. */
import { javaText } from '../java-text.ts';
import { JavaDouble, type JsonValue } from '../json-text.ts';
import type { Long } from './java-long.ts';

/** `Objects.equals`: a long never equals a double, NaN equals itself, -0.0 is not 0.0. */
export function sameRaw(left: JsonValue, right: JsonValue): boolean {
  if (left === right) return true;
  if (left instanceof JavaDouble) return right instanceof JavaDouble && Object.is(left.value, right.value);
  if (left === null || right === null || typeof left !== 'object' || typeof right !== 'object') return false;
  return !(right instanceof JavaDouble) && identity(left) === identity(right);
}

/** A text that two values share exactly when they are equal. */
export function identity(raw: JsonValue): string {
  if (raw === null) return 'n';
  if (typeof raw === 'string') return `s${raw}`;
  if (raw instanceof JavaDouble) return `d${javaText(raw)}`;
  if (typeof raw === 'boolean') return `b${raw}`;
  if (typeof raw === 'number' || typeof raw === 'bigint') return `l${raw}`;
  if (Array.isArray(raw)) return `[${(raw as readonly JsonValue[]).map(sized).join('')}`;
  const fields = [...(raw as ReadonlyMap<string, JsonValue>)].map(
    ([key, value]) => `${sized(key)}${sized(value)}`,
  );
  return `{${fields.sort().join('')}`;
}

function sized(raw: JsonValue): string {
  const text = identity(raw);
  return `${text.length}:${text}`;
}

export function compareLongs(left: Long, right: Long): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** `Double.compare`: -0.0 before 0.0, NaN last. */
export function compareDoubles(left: number, right: number): number {
  if (left < right) return -1;
  if (left > right) return 1;
  if (Object.is(left, right)) return 0;
  if (left === right) return Object.is(left, -0) ? -1 : 1;
  return Number.isNaN(left) ? 1 : -1;
}

/** By UTF-16 units, as Java. */
export function compareTexts(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Nulls first; arrays item by item, the shorter first. Values of the same type, as after a cast. */
export function compareRaw(left: JsonValue, right: JsonValue): number {
  if (left === null || right === null) return left === right ? 0 : left === null ? -1 : 1;
  if (Array.isArray(left) && Array.isArray(right))
    return compareLists(left as readonly JsonValue[], right as readonly JsonValue[]);
  if (left instanceof JavaDouble && right instanceof JavaDouble)
    return compareDoubles(left.value, right.value);
  if (isLong(left) && isLong(right)) return compareLongs(left, right);
  if (typeof left === 'string' && typeof right === 'string') return compareTexts(left, right);
  return compareTexts(identity(left), identity(right));
}

function compareLists(left: readonly JsonValue[], right: readonly JsonValue[]): number {
  for (let at = 0; at < Math.min(left.length, right.length); at += 1) {
    const order = compareRaw(left[at] ?? null, right[at] ?? null);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function isLong(raw: JsonValue): raw is Long {
  return typeof raw === 'number' || typeof raw === 'bigint';
}
