/** Functions of times: a LONG of milliseconds since 1970, in a zone that is UTC unless the expression names one. */
import { CompileProblem } from '../compile-problem.ts';
import { parseIsoTime } from '../iso-time.ts';
import { timeZone, utc, type TimeZone } from '../../domain/time-zones.ts';
import { ExpressionFailure } from './failure.ts';
import {
  evaluation,
  literalText,
  prepared,
  type BuildContext,
  type Compiled,
  type FunctionDefinition,
  type FunctionTable,
} from './functions.ts';
import type { Long } from './java-long.ts';
import { bucketsOf, type Buckets } from './period-argument.ts';
import { shiftTime, parseShift, type Shift } from './time-shift.ts';
import { timeParser, type TimeParser } from './time-parsing.ts';
import { timeFormatter } from './time-format.ts';
import { timeUnits, type TimeUnit } from './time-units.ts';
import { DOUBLE, LONG, STRING, type ExprType } from './expression-types.ts';
import {
  asInt,
  asLong,
  asText,
  isNumericNull,
  nullLong,
  nullString,
  ofDouble,
  ofLong,
  ofString,
  type Value,
} from './values.ts';

export const timeFunctions: FunctionTable = {
  timestamp_floor: bucketFunction((buckets, ms) => buckets.floor(ms)),
  timestamp_ceil: bucketFunction((buckets, ms) => {
    const start = buckets.floor(ms);
    return start === ms ? ms : buckets.next(ms);
  }),
  timestamp_shift: {
    min: 3,
    max: 4,
    build: (args, name) => {
      const zone = zoneArgument(args, 3, name);
      const shiftOf = shiftArgument(args);
      return {
        evaluate: evaluation(args, ([time = nullLong, period = nullString, step = nullLong]) => {
          if (isNumericNull(time) || isNumericNull(step)) return nullLong;
          return ofLong(shiftTime(millis(time), shiftOf(period), asInt(step), zone));
        }),
        type: () => LONG,
      };
    },
  },
  timestamp_extract: {
    min: 2,
    max: 3,
    build: (args, name) => {
      const unit = unitArgument(args);
      const zone = zoneArgument(args, 2, name);
      return {
        evaluate: evaluation(args, ([time = nullLong]) => {
          if (time.value === null) return nullString;
          const found = unit.of(instantOf(time, zone), zone);
          return unit.isDouble ? ofDouble(found) : ofLong(found);
        }),
        type: (): ExprType => (unit.isDouble ? DOUBLE : LONG),
      };
    },
  },
  timestamp_parse: {
    min: 1,
    max: 3,
    build: (args, name, { presentYear }) => {
      const pattern = literalText(args, 1, `${name}() takes a pattern`);
      const parse = timeParser(pattern, zoneArgument(args, 2, name), presentYear);
      return {
        evaluate: evaluation(args, ([value = nullString]) => {
          const text = asText(value);
          const ms = text === null ? null : parse(text);
          return ms === null || Number.isNaN(ms) ? nullLong : ofLong(ms);
        }),
        type: () => LONG,
      };
    },
  },
  timestamp_format: prepared(
    [1, 3],
    STRING,
    (args, name) =>
      timeFormatter(literalText(args, 1, `${name}() takes a pattern`), zoneArgument(args, 2, name)),
    (format, [time = nullLong]) => (isNumericNull(time) ? nullString : ofString(format(millis(time)))),
  ),
  timestamp: strictTime('timestamp', (ms) => ms),
  unix_timestamp: strictTime('unix_timestamp', (ms) => Math.trunc(ms / 1000) + 0),
};

/** `Date` ends there; clocks and calendars know nothing beyond. */
const limitMs = 8_640_000_000_000_000;

function millis(time: Value): number {
  const ms = asLong(time);
  if (ms < -limitMs || ms > limitMs)
    throw new ExpressionFailure(`a time is ${ms} milliseconds from 1970, more than calendars reach`);
  return Number(ms as Long);
}

function zoneArgument(args: readonly Compiled[], at: number, name: string): TimeZone {
  const id = literalText(args, at, `${name}() takes a time zone`);
  if (id === null) return utc;
  const zone = timeZone(id);
  if (zone === null)
    throw new CompileProblem(
      `${name}() takes a time zone such as 'America/Los_Angeles' or '-08:00', found ${JSON.stringify(id.slice(0, 60))}`,
    );
  return zone;
}

function bucketFunction(cut: (buckets: Buckets, ms: number) => number): FunctionDefinition {
  return {
    min: 2,
    max: 4,
    build: (args, name) => {
      const zone = zoneArgument(args, 3, name);
      const buckets = bucketsOf(args, zone, name);
      return {
        evaluate: evaluation(args, ([time = nullLong]) =>
          isNumericNull(time) ? nullLong : ofLong(inRange(cut(buckets, millis(time)))),
        ),
        type: () => LONG,
      };
    },
  };
}

function inRange(ms: number): number {
  return Math.max(-limitMs, Math.min(limitMs, ms)) + 0;
}

/** A period that is written out is read once. */
function shiftArgument(args: readonly Compiled[]): (period: Value) => Shift {
  const read = (text: string): Shift | null => parseShift(text);
  if (args[1]?.written === 'literal') {
    const text = literalText(args, 1, 'timestamp_shift() takes a period') ?? '';
    const shift = read(text);
    if (shift === null)
      throw new CompileProblem(
        `timestamp_shift() takes an ISO 8601 period such as 'P1D' or 'PT1H', found ${JSON.stringify(text.slice(0, 60))}`,
      );
    return () => shift;
  }
  return (period) => {
    const shift = read(asText(period) ?? '');
    if (shift === null)
      throw new ExpressionFailure('timestamp_shift() takes an ISO 8601 period, found another text');
    return shift;
  };
}

function unitArgument(args: readonly Compiled[]): TimeUnit {
  const name = literalText(args, 1, 'timestamp_extract() takes a unit') ?? '';
  const unit = timeUnits.get(name.toUpperCase());
  if (unit === undefined)
    throw new CompileProblem(
      `timestamp_extract() takes one of ${[...timeUnits.keys()].join(', ')}, found ${JSON.stringify(name.slice(0, 40))}`,
    );
  return unit;
}

/** What Joda-Time makes an instant of: a LONG, or an ISO text on the clocks of the zone. */
function instantOf(time: Value, zone: TimeZone): number {
  if (time.type === LONG) return millis(time);
  if (time.type !== STRING)
    throw new ExpressionFailure(`timestamp_extract() takes a LONG or a STRING, found ${time.type.name}`);
  const ms = isoParser(zone)(time.value as string);
  if (ms === null || Number.isNaN(ms))
    throw new ExpressionFailure('timestamp_extract() takes an ISO 8601 time, found another text');
  return ms;
}

const isoParsers = new Map<TimeZone, TimeParser>();

function isoParser(zone: TimeZone): TimeParser {
  let parser = isoParsers.get(zone);
  if (parser === undefined) {
    parser = timeParser('iso', zone, 2000);
    if (isoParsers.size < 1000) isoParsers.set(zone, parser);
  }
  return parser;
}

/** A text that must be a time: ISO 8601 with a date, or as a pattern says. */
function strictTime(name: string, toResult: (ms: number) => number): FunctionDefinition {
  return {
    min: 1,
    max: 2,
    build: (args, _name, context) => {
      const parserOf = patternArgument(args, name, context);
      return {
        evaluate: evaluation(args, ([value = nullString, pattern]) => {
          if (value.type !== STRING || value.value === null)
            throw new ExpressionFailure(
              `${name}() takes a STRING, found ${value.value === null ? 'null' : value.type.name}`,
            );
          const ms = parserOf(pattern)(value.value as string);
          if (ms === null || Number.isNaN(ms))
            throw new ExpressionFailure(`${name}() takes a time, found another text`);
          return ofLong(toResult(ms));
        }),
        type: () => LONG,
      };
    },
  };
}

function patternArgument(
  args: readonly Compiled[],
  name: string,
  { presentYear }: BuildContext,
): (pattern: Value | undefined) => TimeParser {
  const strict: TimeParser = (text) => (/^[tT]/.test(text) ? null : parseIsoTime(text, 'strict'));
  if (args[1] === undefined) return () => strict;
  const pattern = literalText(args, 1, `${name}() takes a pattern`);
  if (pattern === null)
    throw new CompileProblem(`${name}() takes a pattern such as 'yyyy-MM-dd', found null`);
  const parse = timeParser(pattern, utc, presentYear);
  return () => parse;
}
