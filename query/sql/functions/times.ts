/** Functions of times, and the current one: the same for the whole statement. */
import { castTo, parsedTime } from '../casts.ts';
import { types } from '../typed-sql.ts';
import type { CallContext, TypedSql } from '../typed-sql.ts';
import {
  alias,
  argument,
  bigint,
  boolean,
  constantText,
  isNullConstant,
  problem,
  scalar,
  timestamp,
  typed,
  varchar,
} from './entries.ts';
import type { Entry } from './entries.ts';
import { once, timestamp as timeLiteral } from './fragments.ts';
import { formatTime, isoTime, parseWithPattern } from './time-patterns.ts';
import { ceilTime, floorTime, parsePeriod, shiftMs, shiftTime } from './time-periods.ts';
import { extractPart, isTimePart, truncPeriod, unitPeriod } from './time-units.ts';
import { knownZone, parseTime, toLocal } from './time-zones.ts';

function time(arg: TypedSql, context: CallContext): string {
  return castTo(arg, timestamp, context).sql;
}

/** The zone of an argument that may be left out or null. */
function zoneOf(arg: TypedSql | undefined, context: CallContext): string {
  if (arg === undefined || isNullConstant(arg)) return knownZone(context.timeZone, context.span);
  return knownZone(constantText(arg, 'the time zone', context), context.span);
}

function periodOf(arg: TypedSql, context: CallContext): ReturnType<typeof parsePeriod> {
  return parsePeriod(constantText(arg, 'the period', context), context);
}

type Rounding = typeof floorTime;

function toPeriod(name: string, round: Rounding): Entry {
  return scalar(
    {
      syntax: `${name}(timestamp_expr, period[, origin[, timezone]])`,
      args: [2, 4],
      note: 'A period of months and days together is refused.',
    },
    (args, context) => {
      const [value, period, origin, zone] = [argument(args, 0), argument(args, 1), args[2], args[3]];
      const start = origin === undefined || isNullConstant(origin) ? null : time(origin, context);
      const sql = round(
        time(value, context),
        periodOf(period, context),
        start,
        zoneOf(zone, context),
        context,
      );
      return { sql, type: timestamp };
    },
  );
}

/** `FLOOR(x TO unit)`: the name has a blank, no call can have it. */
function toUnit(name: string, round: Rounding): Entry {
  return scalar({ syntax: `${name}(timestamp_expr TO unit)`, args: [2, 2] }, (args, context) => {
    const [value, unit] = withUnit(args, context);
    const period = parsePeriod(unitPeriod(unit, context), context);
    const sql = round(time(value, context), period, null, zoneOf(undefined, context), context);
    return { sql, type: timestamp };
  });
}

/** The unit stands on either side of its operand. */
function withUnit(args: readonly TypedSql[], context: CallContext): [value: TypedSql, unit: string] {
  const [first, second] = [argument(args, 0), argument(args, 1)];
  const isUnit = (arg: TypedSql): boolean =>
    typeof arg.constant?.value === 'string' && isTimePart(arg.constant.value);
  if (isUnit(second) || !isUnit(first)) return [first, constantText(second, 'the unit', context)];
  return [second, constantText(first, 'the unit', context)];
}

function part(name: string, unit: string): Entry {
  return scalar({ syntax: `${name}(timestamp_expr)`, args: [1, 1] }, (args, context) => ({
    sql: extractPart(unit, time(argument(args, 0), context), zoneOf(undefined, context), context),
    type: bigint,
  }));
}

/** Parts under names of their own, from Calcite. */
const parts: readonly (readonly [name: string, unit: string])[] = [
  ['YEAR', 'YEAR'],
  ['QUARTER', 'QUARTER'],
  ['MONTH', 'MONTH'],
  ['WEEK', 'WEEK'],
  ['DAYOFYEAR', 'DOY'],
  ['DAYOFMONTH', 'DAY'],
  ['DAYOFWEEK', 'DOW'],
  ['HOUR', 'HOUR'],
  ['MINUTE', 'MINUTE'],
  ['SECOND', 'SECOND'],
];

/** Milliseconds of both ends of `2026-01-01/P1D`, in any of ISO's three forms. */
export function parseInterval(text: string, zone: string, context: CallContext): [from: number, to: number] {
  const [first = '', second = '', ...rest] = text.split('/');
  const isPeriod = (value: string): boolean => value.trim().toUpperCase().startsWith('P');
  const start = isPeriod(first) ? null : parseTime(first, zone);
  const end = isPeriod(second) ? null : parseTime(second, zone);
  const from =
    start ?? (end === null || !isPeriod(first) ? null : shiftMs(end, parsePeriod(first, context), -1, zone));
  const to =
    end ??
    (start === null || !isPeriod(second) ? null : shiftMs(start, parsePeriod(second, context), 1, zone));
  if (from === null || to === null || rest.length > 0)
    throw problem(
      context,
      `found the interval '${text}', expected one such as '2026-01-01/2026-02-01' or '2026-01-01/P1D'`,
    );
  return [from, to];
}

const now = scalar({ syntax: 'CURRENT_TIMESTAMP', args: [0, 1] }, (_, context) => ({
  sql: timeLiteral(context.nowMs),
  type: timestamp,
  constant: { value: context.nowMs },
}));

export const times: readonly Entry[] = [
  now,
  alias('LOCALTIMESTAMP', now),
  scalar({ syntax: 'CURRENT_DATE', args: [0, 0] }, (_, context) => ({
    sql: `CAST(${toLocal(timeLiteral(context.nowMs), zoneOf(undefined, context))} AS DATE)`,
    type: types.date,
  })),
  toPeriod('TIME_FLOOR', floorTime),
  toPeriod('TIME_CEIL', ceilTime),
  toUnit('FLOOR TO', floorTime),
  toUnit('CEIL TO', ceilTime),
  scalar({ syntax: 'DATE_TRUNC(unit, timestamp_expr)', args: [2, 2] }, (args, context) => {
    const unit = constantText(argument(args, 0), 'the unit', context);
    const period = parsePeriod(truncPeriod(unit, context), context);
    const sql = floorTime(
      time(argument(args, 1), context),
      period,
      null,
      zoneOf(undefined, context),
      context,
    );
    return { sql, type: timestamp };
  }),
  scalar(
    { syntax: 'TIME_SHIFT(timestamp_expr, period, step[, timezone])', args: [3, 4] },
    (args, context) => {
      const steps = castTo(argument(args, 2), bigint, context).sql;
      const period = periodOf(argument(args, 1), context);
      return {
        sql: shiftTime(time(argument(args, 0), context), period, steps, zoneOf(args[3], context)),
        type: timestamp,
      };
    },
  ),
  scalar({ syntax: 'TIMESTAMPADD(unit, count, timestamp)', args: [3, 3] }, (args, context) => {
    const unit = constantText(argument(args, 0), 'the unit', context);
    const period = parsePeriod(unitPeriod(unit, context), context);
    const steps = castTo(argument(args, 1), bigint, context).sql;
    return {
      sql: shiftTime(time(argument(args, 2), context), period, steps, zoneOf(undefined, context)),
      type: timestamp,
    };
  }),
  scalar({ syntax: 'TIMESTAMPDIFF(unit, timestamp1, timestamp2)', args: [3, 3] }, (args, context) => {
    const unit = constantText(argument(args, 0), 'the unit', context).toUpperCase();
    const { months } = parsePeriod(unitPeriod(unit, context), context);
    const zone = months === 0 ? 'UTC' : zoneOf(undefined, context);
    const [from, to] = [argument(args, 1), argument(args, 2)].map((arg) => toLocal(time(arg, context), zone));
    return { sql: `date_sub('${unit.toLowerCase()}', ${from}, ${to})`, type: types.integer };
  }),
  scalar(
    {
      syntax: 'EXTRACT(unit FROM timestamp_expr)',
      args: [2, 2],
      note: 'Days of the week count from Monday, 1.',
    },
    (args, context) => {
      const [value, unit] = withUnit(args, context);
      return {
        sql: extractPart(unit, time(value, context), zoneOf(undefined, context), context),
        type: bigint,
      };
    },
  ),
  scalar({ syntax: 'TIME_EXTRACT(timestamp_expr, unit[, timezone])', args: [2, 3] }, (args, context) => {
    const unit = constantText(argument(args, 1), 'the unit', context);
    return {
      sql: extractPart(unit, time(argument(args, 0), context), zoneOf(args[2], context), context),
      type: bigint,
    };
  }),
  ...parts.map(([name, unit]) => part(name, unit)),
  scalar(
    {
      syntax: 'TIME_FORMAT(timestamp_expr[, pattern[, timezone]])',
      args: [1, 3],
      note: 'Names of months and days are English; names of time zones other than UTC are refused.',
    },
    (args, context) => {
      const value = time(argument(args, 0), context);
      const zone = zoneOf(args[2], context);
      if (args[1] === undefined || isNullConstant(args[1]))
        return { sql: isoTime(value, zone, context), type: varchar };
      return {
        sql: formatTime(value, constantText(args[1], 'the pattern', context), zone, context),
        type: varchar,
      };
    },
  ),
  scalar(
    {
      syntax: 'TIME_PARSE(string_expr[, pattern[, timezone]])',
      args: [1, 3],
      note: 'A field of the pattern takes any number of digits; names are English; names of time zones are refused.',
    },
    (args, context) => {
      const value = castTo(argument(args, 0), varchar, context).sql;
      const zone = zoneOf(args[2], context);
      if (args[1] === undefined || isNullConstant(args[1]))
        return { sql: parsedTime(value, zone), type: timestamp };
      const pattern = constantText(args[1], 'the pattern', context);
      return { sql: parseWithPattern(value, pattern, zone, context), type: timestamp };
    },
  ),
  scalar({ syntax: 'TIME_IN_INTERVAL(timestamp_expr, interval)', args: [2, 2] }, (args, context) => {
    const interval = constantText(argument(args, 1), 'the interval', context);
    const [from, to] = parseInterval(interval, zoneOf(undefined, context), context);
    const sql = once(
      [time(argument(args, 0), context)],
      (t) => `${t} >= ${timeLiteral(from)} AND ${t} < ${timeLiteral(to)}`,
    );
    return { sql, type: boolean };
  }),
  typed(
    { syntax: 'MILLIS_TO_TIMESTAMP(millis_expr)', args: [1, 1] },
    [bigint],
    timestamp,
    (x) => `make_timestamp_ms(${x})`,
  ),
  typed(
    { syntax: 'TIMESTAMP_TO_MILLIS(timestamp_expr)', args: [1, 1] },
    [timestamp],
    bigint,
    (x) => `epoch_ms(${x})`,
  ),
];
