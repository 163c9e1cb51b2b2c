/**
 * The conversion table: what becomes of a JSON value in a column of each type. Recorded answers of Druid are in the
 * golden vectors (areas json, aggregators, errors); every rule here is one of theirs.
 *
 * | value          | string dimension      | long dimension        | double, float dimension | metric input          |
 * | -------------- | --------------------- | --------------------- | ----------------------- | --------------------- |
 * | integer        | its digits            | itself, held to int64 | as a double             | itself                |
 * | fraction       | Java's text           | cut, held to int64    | itself                  | itself                |
 * | text           | itself                | exact decimal integer | Java's double grammar   | comma-free, trimmed   |
 * | true, false    | `true`, `false`       | 1, 0                  | refused                 | refused               |
 * | array          | a multi-value         | refused               | refused                 | refused               |
 * | object         | `{a=1}`               | refused               | refused                 | refused               |
 *
 * Refused: the column is null and the row is processedWithError. Null is null, without a problem.
 */
import { JavaDouble, type JsonValue } from './json-text.ts';

/** A value that cannot be converted; never leaves `formats/` as an exception. */
export const refused: unique symbol = Symbol('refused');
export type Refused = typeof refused;

export const maxLong = 9_223_372_036_854_775_807n;
export const minLong = -9_223_372_036_854_775_808n;

export type JavaNumber = number | bigint | JavaDouble;

export function isNumber(value: JsonValue): value is JavaNumber {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof JavaDouble;
}

export function plain(value: JavaNumber): number | bigint {
  return value instanceof JavaDouble ? value.value : value;
}

/** `Number.longValue()`: cut towards zero, held to int64, NaN is 0. */
export function longOf(value: number | bigint): number | bigint {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return value + 0;
    if (Number.isNaN(value)) return 0;
    const whole = Math.trunc(value) + 0;
    if (Number.isSafeInteger(whole)) return whole;
    if (whole >= Number(maxLong)) return maxLong;
    return whole <= Number(minLong) ? minLong : BigInt(whole);
  }
  return value > maxLong ? maxLong : value < minLong ? minLong : narrow(value);
}

/** `number` whenever that is exact. */
export function narrow(value: bigint): number | bigint {
  const plainNumber = Number(value);
  return Number.isSafeInteger(plainNumber) ? plainNumber : value;
}

const decimalPattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/;

/** A text that is exactly an int64 in decimal notation (`5`, `+5`, `1.0`, `1e3`), in digits of any script; else refused. */
export function longOfText(input: string): number | bigint | Refused {
  const match = decimalPattern.exec(asciiDigits(input));
  if (match === null) return refused;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  if (whole.length + fraction.length === 0) return refused;
  const digits = (whole + fraction).replace(/^0+/, '');
  if (digits === '') return 0;
  const significant = digits.replace(/0+$/, '');
  const zeros = digits.length - significant.length + Number(exponent) - fraction.length;
  if (zeros < 0 || significant.length + zeros > 19) return refused;
  const long = BigInt(`${sign === '-' ? '-' : ''}${significant}${'0'.repeat(zeros)}`);
  return long > maxLong || long < minLong ? refused : narrow(long);
}

const doublePattern = /^[+-]?(?:NaN|Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?)$/;
const hexPattern = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?\d+)[fFdD]?$/;

/** Java's `Double.valueOf` grammar without blanks: `1.`, `.5`, `1d`, `NaN`, `0x1p3`. */
export function doubleOfText(text: string): number | Refused {
  if (doublePattern.test(text)) {
    // A sign before NaN is legal in Java and NaN anyway.
    return Number(text.replace(/[fFdD]$/, ''));
  }
  const match = hexPattern.exec(text);
  if (match === null) return refused;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  if (whole.length + fraction.length === 0 || whole.length + fraction.length > 256) return refused;
  const size = Number(BigInt(`0x${whole}${fraction}`)) * 2 ** (Number(exponent) - 4 * fraction.length);
  return sign === '-' ? -size : size;
}

/** `String.trim()` of Java: everything up to U+0020 at both ends. */
export function javaTrim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 32) start += 1;
  while (end > start && text.charCodeAt(end - 1) <= 32) end -= 1;
  return text.slice(start, end);
}

const foreignDigit = /(?![0-9])\p{Nd}/gu;

/** Java's `Character.digit`: every decimal digit of Unicode counts. Each script's ten digits are one run from its zero. */
export function asciiDigits(text: string): string {
  return text.replace(foreignDigit, (digit) => {
    let before = 0;
    const code = digit.codePointAt(0) ?? 0;
    while (/^\p{Nd}$/u.test(String.fromCodePoint(code - before - 1))) before += 1;
    return String(before % 10);
  });
}
