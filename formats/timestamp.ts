/**
 * `timestampSpec`: the value of the timestamp column to milliseconds, as Druid's TimestampParser
 * (druid.md 1.2; golden vectors, area timestamp).
 *
 * A time beyond `Date`'s range (year 275760) is unparseable: Parquet readers and path names end there. Druid keeps such rows.
 */
import { maxInstantMs, minInstantMs } from '../domain/granularity.ts';
import type { DataSchema, TimestampFormat } from '../domain/spec/spec.ts';
import {
  asciiDigits,
  doubleOfText,
  isNumber,
  javaTrim,
  longOf,
  maxLong,
  minLong,
  plain,
  refused,
} from './conversions.ts';
import { parseIsoTime } from './iso-time.ts';
import { javaText } from './java-text.ts';
import { JavaDouble, type JsonValue } from './json-text.ts';
import { compileTimePattern } from './time-pattern/compile.ts';
import { isZoneName } from './zone-names.ts';

/** Milliseconds, or null when the value is no timestamp. */
export type TimestampParser = (value: JsonValue | undefined) => number | null;

/** `presentYear`: where a pattern has years of two digits, they are near it. Throws `CompileProblem`. */
export function createTimestampParser(
  spec: DataSchema['timestampSpec'],
  presentYear: number,
): TimestampParser {
  const parse = valueParser(spec.format, presentYear);
  return (value) => {
    if (value === undefined || value === null) return spec.missingValueMs;
    const ms = parse(value);
    return ms === null || !(ms >= minInstantMs && ms < maxInstantMs) ? null : ms;
  };
}

function valueParser(format: TimestampFormat, presentYear: number): (value: JsonValue) => number | null {
  if (typeof format === 'string') return formats[format];
  const parse = compileTimePattern(format.pattern, presentYear);
  return (value) => parse(unquoted(javaText(value)));
}

const formats: Record<Extract<TimestampFormat, string>, (value: JsonValue) => number | null> = {
  auto: (value) => (typeof value === 'string' ? autoText(value) : wholeUnits(value, 1n, 1n)),
  iso: isoValue,
  posix: (value) => wholeUnits(value, 1000n, 1n),
  millis: (value) => wholeUnits(value, 1n, 1n),
  micro: (value) => wholeUnits(value, 1n, 1000n),
  nano: (value) => wholeUnits(value, 1n, 1_000_000n),
  ruby: rubySeconds,
};

/** Numbers are cut to whole units; texts must be whole numbers already. Division cuts towards zero, as in Java. */
function wholeUnits(value: JsonValue, multiply: bigint, divide: bigint): number | null {
  const units = typeof value === 'string' ? longOfDigits(unquoted(value)) : longOfNumber(value);
  if (units === null) return null;
  if (typeof units === 'number' && multiply === 1n) return Math.trunc(units / Number(divide)) + 0;
  return Number((BigInt(units) * multiply) / divide);
}

/** Seconds as a double; what is finer than a millisecond is cut, and what is no number at all (NaN) is 1970, as in Java. */
function rubySeconds(value: JsonValue): number | null {
  const seconds =
    typeof value === 'string'
      ? doubleOfText(javaTrim(unquoted(value)))
      : isNumber(value)
        ? Number(plain(value))
        : refused;
  return seconds === refused ? null : Number(longOf(seconds * 1000));
}

function longOfNumber(value: JsonValue): number | bigint | null {
  if (value instanceof JavaDouble) return longOf(value.value);
  return typeof value === 'number' || typeof value === 'bigint' ? longOf(value) : null;
}

/** `Long.parseLong`: an optional sign and digits of any script, within int64. */
function longOfDigits(text: string): number | bigint | null {
  if (!/^[+-]?\p{Nd}+$/u.test(text)) return null;
  const digits = asciiDigits(text).replace(/^\+/, '');
  if (digits.length <= 15) return Number(digits) + 0;
  const long = BigInt(digits);
  return long > maxLong || long < minLong ? null : long;
}

function isoValue(value: JsonValue): number | null {
  // A number is read as the text Java prints for it: 2020 is the year.
  const text = unquoted(javaText(value));
  return parseIsoTime(text, 'strict') ?? numberOrNull(longOfDigits(text));
}

function numberOrNull(value: number | bigint | null): number | null {
  return value === null ? null : Number(value);
}

function autoText(value: string): number | null {
  if (/^[0-9]+$/.test(value)) return numberOrNull(longOfDigits(value));
  const text = unquoted(value);
  const blank = text.lastIndexOf(' ');
  // Druid looks the zone up but then reads the time as UTC; recorded so, and rows must agree.
  const zoned = blank > 0 && isZoneName(text.slice(blank + 1));
  return parseIsoTime(zoned ? text.slice(0, blank) : text, 'auto');
}

function unquoted(value: string): string {
  const text = javaTrim(value);
  return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? javaTrim(text.slice(1, -1)) : text;
}
