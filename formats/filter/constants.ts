/**
 * A value of a filter with its type (`matchValueType`), and what it is when it is compared with values of another type: 5.0 is
 * the long 5, 5.5 is none; the text "5" is 5, and the long 5 is the text "5".
 */
import type { Json } from '../../domain/json.ts';
import { doubleText } from '../../domain/double-text.ts';
import { doubleOfText, longOf, maxLong, minLong, narrow, refused } from '../conversions.ts';
import type { FilterReader } from './filter-reader.ts';

export type ElementType = 'STRING' | 'LONG' | 'DOUBLE';
export type MatchType = { readonly element: ElementType; readonly isArray: boolean };

const elementTypes: ReadonlyMap<string, ElementType> = new Map([
  ['STRING', 'STRING'],
  ['LONG', 'LONG'],
  ['DOUBLE', 'DOUBLE'],
  ['FLOAT', 'DOUBLE'],
]);

/** Throws `CompileProblem`. */
export function readMatchType(reader: FilterReader, name: string): MatchType {
  const expected = 'STRING, LONG, DOUBLE, FLOAT or ARRAY<one of them>';
  const text = reader.text(name, expected).toUpperCase();
  const array = /^ARRAY<(.*)>$/.exec(text);
  const element = elementTypes.get(array?.[1] ?? text);
  if (element === undefined) throw reader.problem(name, expected);
  return { element, isArray: array !== null };
}

/** A value other than null, and its readings. */
export type Constant = {
  readonly text: string;
  /** Null: equal to no long, to no double. */
  readonly long: number | bigint | null;
  readonly double: number | null;
};

/** Null: the value is null, or cannot be of the type. */
export function constantOf(value: Json | undefined, type: ElementType): Constant | null {
  if (value === null || value === undefined || typeof value === 'object') return null;
  switch (type) {
    case 'STRING':
      return ofNumber(typeof value === 'number' ? value : numberOfText(String(value)), String(value));
    case 'LONG': {
      const long = numberOf(value);
      return long === null ? null : ofLong(longOf(long));
    }
    case 'DOUBLE': {
      const double = numberOf(value);
      return double === null ? null : ofNumber(Number(double), doubleText(Number(double)));
    }
  }
}

function ofLong(long: number | bigint): Constant {
  return { text: String(long), long, double: Number(long) };
}

function ofNumber(number: number | bigint | null, text: string): Constant {
  if (number === null) return { text, long: null, double: null };
  if (typeof number === 'bigint') return { text, long: number, double: Number(number) };
  const long = longOf(number);
  return { text, long: Number(long) === number ? long : null, double: number };
}

function numberOf(value: string | number | boolean): number | bigint | null {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'number' ? value : numberOfText(value);
}

/** A whole number within int64, or a double of Java's grammar. */
export function numberOfText(text: string): number | bigint | null {
  const long = longOfDigits(text);
  if (long !== null) return long;
  const double = doubleOfText(text);
  return double === refused ? null : double;
}

/** Digits alone, with a sign. */
export function longOfDigits(text: string): number | bigint | null {
  if (!/^[+-]?[0-9]{1,19}$/.test(text)) return null;
  const long = BigInt(text.replace(/^\+/, ''));
  return long > maxLong || long < minLong ? null : narrow(long);
}
