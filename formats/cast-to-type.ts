/**
 * `castToType` of an `auto` dimension: each value is brought to the type when it is read, by the rules of Druid's expressions.
 *
 * A text that is no number is null and no problem. A list of one counts as its item where a plain value is wanted, a plain
 * value as a list of one where a list is wanted; what fits neither way, an object for one, is refused.
 */
import { doubleText } from '../domain/double-text.ts';
import type { ListItem } from '../domain/nested-value.ts';
import { nestedValue } from '../domain/nested-value.ts';
import type { DimensionValue } from '../domain/rows.ts';
import type { FoundType } from '../domain/value-kinds.ts';
import {
  doubleOfText,
  isNumber,
  longOf,
  maxLong,
  minLong,
  narrow,
  plain,
  refused,
  type Refused,
} from './conversions.ts';
import { javaText, wellFormed } from './java-text.ts';
import { JavaDouble, type JsonValue } from './json-text.ts';

type Plain = 'LONG' | 'DOUBLE' | 'STRING';
export type CastType = Exclude<FoundType, 'COMPLEX<json>'>;

const elements: { readonly [type in CastType]?: Plain } = {
  'ARRAY<LONG>': 'LONG',
  'ARRAY<DOUBLE>': 'DOUBLE',
  'ARRAY<STRING>': 'STRING',
};

export function castToType(type: CastType): (value: JsonValue) => DimensionValue | Refused {
  const element = elements[type];
  if (element === undefined) return (value) => toPlain(value, type as Plain);
  return (value) => toList(value, element);
}

function toList(value: JsonValue, element: Plain): DimensionValue | Refused {
  if (value === null) return null;
  const items = isList(value) ? ownItems(value) : [value];
  const cast: ListItem[] = [];
  for (const item of items) {
    const result = toPlain(item, element);
    if (result === refused) return refused;
    cast.push(result);
  }
  return nestedValue(cast);
}

function toPlain(value: JsonValue, type: Plain): ListItem | Refused {
  if (value === null) return null;
  if (value instanceof Map) return refused;
  if (!isList(value)) return plainCasts[type](value as NonNullable<ListItem>);
  const [only] = ownItems(value);
  if (value.length !== 1 || only === undefined) return refused;
  if (only === null) return null;
  if (!isList(only) && !(only instanceof Map)) return plainCasts[type](only as NonNullable<ListItem>);
  // Druid asks a list or an object for its number, and the answer is 0.
  if (type === 'STRING') return wellFormed(javaText(only));
  return type === 'LONG' ? 0 : new JavaDouble(0);
}

/** A list of plain values is first of one type: `true` beside a text is `true`, beside numbers 1. */
function ownItems(values: readonly JsonValue[]): readonly JsonValue[] {
  const hasText = values.some((value) => typeof value === 'string');
  const isNested = values.some((value) => isList(value) || value instanceof Map);
  if (!hasText || isNested) return values;
  return values.map((value) => (value === null ? null : javaText(value)));
}

const plainCasts: { readonly [type in Plain]: (value: NonNullable<ListItem>) => ListItem } = {
  LONG: (value) => {
    const number = numberOf(value);
    return number === null ? null : longOf(number);
  },
  DOUBLE: (value) => {
    const number = numberOf(value);
    return number === null ? null : new JavaDouble(Number(number));
  },
  STRING: (value) => {
    if (typeof value === 'boolean') return value ? '1' : '0';
    if (typeof value === 'bigint') return isLong(value) ? String(value) : doubleText(Number(value));
    return wellFormed(javaText(value));
  },
};

function numberOf(value: NonNullable<ListItem>): number | bigint | null {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string') return numberOfText(value);
  return isNumber(value) ? plain(value) : null;
}

const wholePattern = /^\+?(-?[0-9]{1,30})$/;

function numberOfText(text: string): number | bigint | null {
  const match = wholePattern.exec(text);
  if (match !== null) {
    const whole = BigInt(match[1] ?? '');
    if (isLong(whole)) return narrow(whole);
  }
  const double = doubleOfText(text);
  return double === refused ? null : double;
}

function isLong(value: bigint): boolean {
  return value <= maxLong && value >= minLong;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
