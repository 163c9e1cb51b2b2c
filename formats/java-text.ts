/**
 * Values as Java prints them: what Druid stores in a string column for a number, an object or a nested array.
 *
 * `Double.toString` of Java 19 and later (shortest digits that read back, at least two). Integers beyond 64 bits keep
 * their digits (Druid prints a double): vectors/README.md, "different on purpose".
 */
import { JavaDouble, type JsonValue } from './json-text.ts';

export function javaText(value: JsonValue): string {
  if (typeof value === 'string') return value;
  if (value === null) return 'null';
  if (value instanceof JavaDouble) return doubleText(value.value);
  if (Array.isArray(value)) return `[${value.map(javaText).join(', ')}]`;
  if (value instanceof Map)
    return `{${[...value].map(([key, field]: [string, JsonValue]) => `${key}=${javaText(field)}`).join(', ')}}`;
  return String(value);
}

/** 0.001 up to 10^7 in plain digits, else one digit, a point and an exponent: `1.0E10`. */
export function doubleText(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) return withFraction(String(value));
  const shortest = value.toExponential();
  // One digit only: Java gives the two-digit number nearest to the value (4.9E-324, not 5.0E-324).
  const [digits = '', exponent = ''] = (shortest.includes('.') ? shortest : value.toExponential(1)).split(
    'e',
  );
  return `${withFraction(digits)}E${Number(exponent)}`;
}

function withFraction(digits: string): string {
  return digits.includes('.') ? digits : `${digits}.0`;
}

/** Lone surrogates have no UTF-8 form; Druid's segments hold `?` in their place. */
export function wellFormed(text: string): string {
  return loneSurrogate.test(text) ? text.replace(allLoneSurrogates, '?') : text;
}

const loneSurrogate = /\p{Surrogate}/u;
const allLoneSurrogates = /\p{Surrogate}/gu;
