/**
 * Values of expressions, typed as in Druid 33, and every conversion between them.
 *
 * A LONG is a `number` or, beyond 2^53, a `bigint`; a DOUBLE a plain `number`. Within arrays and nested data a value is a
 * `JsonValue`, which tells doubles (`JavaDouble`) from longs by itself: Druid's arrays may hold other things than their
 * type says, and so do these. Null has the type its maker gives it; a missing field is a null STRING.
 */
import { doubleOfText, longOf, maxLong, minLong, narrow, refused } from '../conversions.ts';
import { doubleText } from '../../domain/double-text.ts';
import { javaText } from '../java-text.ts';
import { JavaDouble, type JsonValue } from '../json-text.ts';
import { intOfDouble, intOfLong, type Long } from './java-long.ts';
import {
  arrayOf,
  asArrayType,
  DOUBLE,
  elementOf,
  invalidCast,
  isPrimitive,
  JSON_TYPE,
  leastRestrictive,
  LONG,
  STRING,
  type ExprType,
} from './expression-types.ts';

export type Value = {
  readonly type: ExprType;
  /** As the type says; null for every type. */
  readonly value: JsonValue;
};

/** A number that came out of a text or a field. */
type Num = Long | JavaDouble;

export const nullString: Value = { type: STRING, value: null };
export const nullLong: Value = { type: LONG, value: null };
export const nullDouble: Value = { type: DOUBLE, value: null };
const one: Value = { type: LONG, value: 1 };
const zero: Value = { type: LONG, value: 0 };

export function ofLong(value: Long): Value {
  return { type: LONG, value };
}

export function ofDouble(value: number): Value {
  return { type: DOUBLE, value };
}

export function ofString(value: string | null): Value {
  return value === null ? nullString : { type: STRING, value };
}

export function ofBoolean(value: boolean): Value {
  return value ? one : zero;
}

export function ofArray(type: ExprType, value: readonly JsonValue[] | null): Value {
  return { type, value };
}

export function ofJson(value: JsonValue): Value {
  return { type: JSON_TYPE, value };
}

/** How the value stands in an array, in nested data and in a row. */
export function rawOf({ type, value }: Value): JsonValue {
  return type === DOUBLE && typeof value === 'number' ? new JavaDouble(value) : value;
}

/** The type that suits a field best. */
export function bestEffort(value: JsonValue | undefined): Value {
  if (value === null || value === undefined) return nullString;
  if (typeof value === 'string') return { type: STRING, value };
  if (typeof value === 'number') return { type: LONG, value };
  if (typeof value === 'boolean') return ofBoolean(value);
  if (value instanceof JavaDouble) return ofDouble(value.value);
  // Druid's readers make a double of an integer that no long holds.
  if (typeof value === 'bigint')
    return value > maxLong || value < minLong ? ofDouble(Number(value)) : ofLong(value);
  return Array.isArray(value) ? bestEffortArray(value as readonly JsonValue[]) : ofJson(value);
}

function bestEffortArray(items: readonly JsonValue[]): Value {
  const type = arrayOf(commonElement(items));
  return ofArray(type, castItems(items, elementOf(type)));
}

/** STRING when nothing but nulls is there. */
function commonElement(items: readonly JsonValue[]): ExprType {
  let common: ExprType | null = null;
  for (const item of items) {
    if (item === null) continue;
    const type = bestEffort(item).type;
    common = common === null ? type : leastRestrictive(common, type);
  }
  return common ?? STRING;
}

function castItems(items: readonly JsonValue[], element: ExprType): JsonValue[] {
  if (isPrimitive(element)) return items.map((item) => (item === null ? null : rawOf(ofType(element, item))));
  return items.map((item) => (item === null ? null : rawOf(castTo(bestEffort(item), element))));
}

/** A raw value under a type that is claimed for it; what it cannot be is null, as in Druid. */
export function ofType(type: ExprType | null, raw: JsonValue): Value {
  if (type === null) return bestEffort(raw);
  switch (type.kind) {
    case 'STRING':
      if (raw === null) return nullString;
      return Array.isArray(raw) ? bestEffort(raw) : ofString(javaText(raw));
    case 'LONG':
      return longOfNumber(numberOf(raw));
    case 'DOUBLE':
      return doubleOfNumber(numberOf(raw));
    case 'COMPLEX':
      return ofJson(raw);
    case 'ARRAY':
      if (raw === null) return ofArray(type, null);
      return Array.isArray(raw)
        ? ofArray(
            type,
            (raw as readonly JsonValue[]).map((item) => rawOf(ofType(type.element, item))),
          )
        : castTo(bestEffort(raw), type);
  }
}

function longOfNumber(number: Num | null): Value {
  if (number === null) return nullLong;
  return ofLong(number instanceof JavaDouble ? longOf(number.value) : longOf(number));
}

function doubleOfNumber(number: Num | null): Value {
  if (number === null) return nullDouble;
  return ofDouble(number instanceof JavaDouble ? number.value : Number(number));
}

/** Numbers, booleans and texts that read as one; anything else has none. */
function numberOf(raw: JsonValue): Num | null {
  if (typeof raw === 'number' || typeof raw === 'bigint' || raw instanceof JavaDouble) return raw;
  if (typeof raw === 'boolean') return raw ? 1 : 0;
  return typeof raw === 'string' ? numberOfText(raw) : null;
}

/** `true`, whole numbers within a long, then Java's doubles; no blanks. */
export function numberOfText(text: string): Num | null {
  if (isTrue(text)) return new JavaDouble(1);
  if (/^false$/i.test(text)) return new JavaDouble(0);
  const long = longOfText(text);
  if (long !== null) return long;
  const double = doubleOfText(text);
  return double === refused ? null : new JavaDouble(double);
}

function longOfText(text: string): Long | null {
  const digits = text.startsWith('+') ? text.slice(1) : text;
  if (!/^-?[0-9]+$/.test(digits) || digits.length > 400) return null;
  if (digits.length <= 15) return Number(digits) + 0;
  const long = BigInt(digits);
  return long > maxLong || long < minLong ? null : narrow(long);
}

function isTrue(text: string): boolean {
  return text.length === 4 && text.toLowerCase() === 'true';
}

/** The number a value stands for; an array of one counts as its item. Null: it stands for none. */
export function asNumber({ type, value }: Value): Num | null {
  if (value === null) return null;
  if (type === DOUBLE) return new JavaDouble(value as number);
  if (type.kind !== 'ARRAY') return numberOf(value);
  const items = value as readonly JsonValue[];
  return items.length === 1 && type.element !== null && isPrimitive(type.element)
    ? numberOf(items[0] ?? null)
    : null;
}

/** Zero when it stands for no number. */
export function asLong(value: Value): Long {
  if (value.type === LONG) return (value.value as Long | null) ?? 0;
  const number = asNumber(value);
  return number === null ? 0 : number instanceof JavaDouble ? longOf(number.value) : longOf(number);
}

/** Zero when it stands for no number. */
export function asDouble(value: Value): number {
  if (value.type === DOUBLE) return (value.value as number | null) ?? 0;
  const number = asNumber(value);
  return number === null ? 0 : number instanceof JavaDouble ? number.value : Number(number);
}

/** Zero when it stands for no number. */
export function asInt(value: Value): number {
  const number = asNumber(value);
  return number === null ? 0 : number instanceof JavaDouble ? intOfDouble(number.value) : intOfLong(number);
}

export function isNumericNull(value: Value): boolean {
  if (value.type === LONG || value.type === DOUBLE) return value.value === null;
  return asNumber(value) === null;
}

/** Numbers above zero and the text `true` are true; so is an array of one such, its fraction cut off. */
export function asBoolean({ type, value }: Value): boolean {
  if (value === null) return false;
  if (type.kind !== 'ARRAY') return isTruth(value);
  const items = value as readonly JsonValue[];
  if (items.length !== 1 || !isPrimitive(elementOf(type))) return false;
  const item = items[0] ?? null;
  return item instanceof JavaDouble ? item.value >= 1 : isTruth(item);
}

function isTruth(raw: JsonValue): boolean {
  if (typeof raw === 'string') return isTrue(raw);
  if (raw instanceof JavaDouble) return raw.value > 0;
  return raw === true || ((typeof raw === 'number' || typeof raw === 'bigint') && raw > 0);
}

/** Java's text of it; an array of one is its item's text. */
export function asText({ type, value }: Value): string | null {
  if (value === null) return null;
  if (typeof value === 'string') return value;
  if (type === DOUBLE) return doubleText(value as number);
  if (type.kind === 'ARRAY') {
    const items = value as readonly JsonValue[];
    if (items.length !== 1) return javaText(items);
    return items[0] === null || items[0] === undefined ? null : javaText(items[0]);
  }
  return javaText(value);
}

/** The items; a scalar is an array of one. Null for null and for objects. */
export function asArray(value: Value): readonly JsonValue[] | null {
  if (value.value === null) return null;
  if (value.type.kind === 'ARRAY') return value.value as readonly JsonValue[];
  if (value.type !== JSON_TYPE) return [rawOf(value)];
  const inner = bestEffort(value.value);
  return inner.type === JSON_TYPE ? null : asArray(inner);
}

/** Throws `ExpressionFailure` when no value of the type can be made of it. */
export function castTo(from: Value, to: ExprType): Value {
  if (from.type === to) return from;
  if (from.type.kind === 'ARRAY') return castArray(from, to);
  if (from.type === JSON_TYPE) {
    const inner = bestEffort(from.value);
    if (inner.type === JSON_TYPE) throw invalidCast(from.type, to);
    return castTo(inner, to);
  }
  switch (to.kind) {
    case 'LONG':
      return longOfNumber(asNumber(from));
    case 'DOUBLE':
      return doubleOfNumber(asNumber(from));
    case 'STRING':
      return ofString(asText(from));
    case 'COMPLEX':
      return ofJson(rawOf(from));
    case 'ARRAY':
      return ofArray(to, from.value === null ? null : [rawOf(castTo(from, elementOf(to)))]);
  }
}

function castArray(from: Value, to: ExprType): Value {
  const items = from.value as readonly JsonValue[] | null;
  if (items === null) return to.kind === 'ARRAY' ? ofArray(to, null) : ofType(to, null);
  if (to.kind === 'COMPLEX') return ofJson(items);
  if (to.kind === 'ARRAY') {
    const [own, element] = [elementOf(from.type), elementOf(to)];
    return ofArray(
      to,
      items.map((item) => rawOf(castTo(ofType(own, item), element))),
    );
  }
  if (items.length !== 1) throw invalidCast(from.type, to);
  if (to === STRING) return ofString(asText(from));
  return to === LONG ? longOfNumber(asNumber(from)) : doubleOfNumber(asNumber(from));
}

export function arrayTypeOf(value: Value): ExprType {
  return asArrayType(value.type);
}
