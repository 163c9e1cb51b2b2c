/** The values a filter compares, and when two of them are equal or in order: as Jayway's value nodes. */
import { doubleText } from '../../../domain/double-text.ts';
import { JavaDouble, type JsonObject, type JsonValue } from '../../json-text.ts';
import { FlattenFailure } from '../flatten-failure.ts';
import { compareDecimals, decimalOf, decimalText, type Decimal } from './decimal.ts';

export type FilterValue =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly number: Decimal }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
  /** A list or an object; `written` in the path rather than found in the record. */
  | { readonly kind: 'json'; readonly value: JsonValue; readonly written: boolean };

export function plainNumber(value: JsonValue): number | null {
  if (value instanceof JavaDouble) return value.value;
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null;
}

/** A value of the record. Throws `FlattenFailure` for NaN and the infinities. */
export function filterValue(value: JsonValue): FilterValue {
  if (value === null) return { kind: 'null' };
  if (typeof value === 'string') return { kind: 'text', text: value };
  if (typeof value === 'boolean') return { kind: 'boolean', value };
  if (value instanceof JavaDouble) return numberOf(doubleText(value.value));
  if (typeof value === 'number' || typeof value === 'bigint') return numberOf(String(value));
  return { kind: 'json', value, written: false };
}

export function numberOf(text: string): FilterValue {
  const number = decimalOf(text);
  if (number === null) throw new FlattenFailure(`flattenSpec: a filter cannot compare ${text.slice(0, 64)}`);
  return { kind: 'number', number };
}

/** `left.equals(right)`: a number and a text are compared by the rule of the left one. */
export function sameValue(left: FilterValue, right: FilterValue): boolean {
  switch (left.kind) {
    case 'null':
      return right.kind === 'null';
    case 'boolean':
      return right.kind === 'boolean' && left.value === right.value;
    case 'text':
      return (right.kind === 'text' || right.kind === 'number') && left.text === textOf(right);
    case 'number':
      return sameNumber(left.number, right);
    case 'json':
      return right.kind === 'json' && !left.written && sameJava(left.value, right.value);
  }
}

function sameNumber(left: Decimal, right: FilterValue): boolean {
  const other = right.kind === 'number' ? right.number : right.kind === 'text' ? decimalOf(right.text) : null;
  return other !== null && compareDecimals(left, other) === 0;
}

/** Below zero, zero or above; null when there is no order between the two: a text and a number have none. */
export function compareValues(left: FilterValue, right: FilterValue): number | null {
  if (left.kind === 'number' && right.kind === 'number') return compareDecimals(left.number, right.number);
  if (left.kind !== 'text' || right.kind !== 'text') return null;
  return left.text === right.text ? 0 : left.text < right.text ? -1 : 1;
}

/** Of texts and numbers only. */
export function textOf(value: FilterValue): string | null {
  if (value.kind === 'text') return value.text;
  return value.kind === 'number' ? decimalText(value.number) : null;
}

/** `equals` of Java's collections: 1 is not 1.0. */
function sameJava(left: JsonValue, right: JsonValue): boolean {
  if (left instanceof JavaDouble) return right instanceof JavaDouble && Object.is(left.value, right.value);
  if (Array.isArray(left))
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item: JsonValue, at) => sameJava(item, (right as readonly JsonValue[])[at] ?? null))
    );
  if (left instanceof Map) return right instanceof Map && sameObject(left as JsonObject, right as JsonObject);
  return left === right;
}

function sameObject(left: JsonObject, right: JsonObject): boolean {
  if (left.size !== right.size) return false;
  for (const [key, value] of left) {
    const other = right.get(key);
    if (other === undefined || !sameJava(value, other)) return false;
  }
  return true;
}
