/** Numbers of JSON that are not short integers, and what features allow beyond them. */
import { JavaDouble } from '../../domain/java-double.ts';
import type { JsonFeatures } from './features.ts';

export type ReadNumber = { readonly value: number | bigint | JavaDouble; readonly end: number };

const strict = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const lenient = /([+-]?)([0-9]*)(?:(\.)([0-9]*))?([eE][+-]?[0-9]+)?/y;
const nonNumber = /NaN|Infinity|[+-]Infinity|[+-]INF/y;
/** A broken number, not a number and something after it: `1_0`, `0x10`, `1.2.3`. */
const goesOn = /[\p{L}\p{Nd}_.]/u;

/** Null when no number stands at `at`. */
export function readNumber(text: string, at: number, features: JsonFeatures): ReadNumber | null {
  const number = strictNumber(text, at) ?? lenientNumber(text, at, features);
  if (number !== null && goesOn.test(text.charAt(number.end))) return null;
  return number;
}

function strictNumber(text: string, at: number): ReadNumber | null {
  strict.lastIndex = at;
  const match = strict.exec(text);
  if (match === null) return null;
  const [literal, fraction, exponent] = match;
  const end = at + literal.length;
  if (goesOn.test(text.charAt(end))) return null;
  if (fraction !== undefined || exponent !== undefined)
    return { value: new JavaDouble(Number(literal)), end };
  const value = whole(literal);
  return value === null ? null : { value, end };
}

/** As in Jackson: to read and write longer ones takes time that is not linear in them. */
export const maxDigits = 1_000;

function whole(literal: string): number | bigint | null {
  if (literal.length > maxDigits) return null;
  const exact = BigInt(literal);
  const plain = Number(exact);
  return Number.isSafeInteger(plain) ? plain + 0 : exact;
}

function lenientNumber(text: string, at: number, features: JsonFeatures): ReadNumber | null {
  if (features.nonNumbers) {
    nonNumber.lastIndex = at;
    const word = nonNumber.exec(text)?.[0];
    if (word !== undefined) return { value: new JavaDouble(nonNumberOf(word)), end: at + word.length };
  }
  lenient.lastIndex = at;
  const match = lenient.exec(text);
  if (match === null) return null;
  const [literal, sign = '', digits = '', point, fraction = '', exponent] = match;
  const allowed =
    digits.length + fraction.length > 0 &&
    (sign !== '+' || features.leadingPlus) &&
    (digits !== '' || features.leadingPoint) &&
    (!/^0[0-9]/.test(digits) || features.leadingZeros) &&
    (point === undefined || fraction !== '' || features.trailingPoint);
  if (!allowed) return null;
  const end = at + literal.length;
  if (point !== undefined || exponent !== undefined) return { value: new JavaDouble(Number(literal)), end };
  const value = whole(`${sign === '-' ? '-' : ''}${digits.replace(/^0+(?=[0-9])/, '')}`);
  return value === null ? null : { value, end };
}

function nonNumberOf(word: string): number {
  if (word === 'NaN') return Number.NaN;
  return word.startsWith('-') ? -Infinity : Infinity;
}
