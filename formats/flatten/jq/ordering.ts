/** When two values are equal in jq, and which comes first: null, false, true, numbers, texts, lists, objects. */
import { isNumber, plain } from '../../conversions.ts';
import type { JsonObject, JsonValue } from '../../json-text.ts';

export function compareJq(left: JsonValue, right: JsonValue): number {
  const rank = rankOf(left) - rankOf(right);
  if (rank !== 0) return rank;
  if (isNumber(left) && isNumber(right)) return order(plain(left), plain(right));
  if (typeof left === 'string' && typeof right === 'string') return order(left, right);
  if (Array.isArray(left) && Array.isArray(right)) return compareLists(left, right);
  if (left instanceof Map && right instanceof Map) return compareObjects(left, right);
  return 0;
}

function rankOf(value: JsonValue): number {
  if (value === null) return 0;
  if (typeof value === 'boolean') return value ? 2 : 1;
  if (isNumber(value)) return 3;
  if (typeof value === 'string') return 4;
  return Array.isArray(value) ? 5 : 6;
}

function order<T extends number | bigint | string>(left: T, right: T): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function compareLists(left: readonly JsonValue[], right: readonly JsonValue[]): number {
  for (let at = 0; at < left.length && at < right.length; at++) {
    const found = compareJq(left[at] ?? null, right[at] ?? null);
    if (found !== 0) return found;
  }
  return left.length - right.length;
}

/** By their names first, then by what they hold. */
function compareObjects(left: JsonObject, right: JsonObject): number {
  const names = sortedNames(left);
  const byNames = compareLists(names, sortedNames(right));
  if (byNames !== 0) return byNames;
  for (const name of names) {
    const found = compareJq(left.get(name) ?? null, right.get(name) ?? null);
    if (found !== 0) return found;
  }
  return 0;
}

export function sortedNames(object: JsonObject): string[] {
  return [...object.keys()].sort(order);
}
