/**
 * Moments that a statement writes down: literals, CURRENT_TIMESTAMP, and arithmetic around them.
 *
 * The answer is a span of time in which the moment lies for certain. In UTC it is a single millisecond; in zones with
 * a changing clock it is wider, because here nobody knows which of two equal clock times DuckDB will take.
 */
import { unitPeriods } from './functions/time-units.ts';
import { Temporal } from 'temporal-polyfill';
import type { Call, Expr } from './ast.ts';
import { knownZone, parseTime, temporalZone } from './functions/time-zones.ts';

/** Both inclusive, in milliseconds. */
export type Moment = { readonly lowMs: number; readonly highMs: number };

export type Surroundings = {
  /** IANA name or offset; of literals that name none. */
  readonly timeZone: string;
  readonly nowMs: number;
  /** As the caller gave them; without them a `?` bounds nothing. */
  readonly parameters?: readonly Parameter[];
};

type Parameter = { readonly type: string; readonly value: string | number | boolean | null };

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Clocks are turned by at most two hours. */
const literalSlackMs = 2 * hourMs;
/** A zone that crosses the date line has a day less or a day twice. */
const calendarSlackMs = 26 * hourMs;

const numberTypes: ReadonlySet<string> = new Set([
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'INT',
  'BIGINT',
  'FLOAT',
  'REAL',
  'DOUBLE',
  'DECIMAL',
  'NUMERIC',
]);

/** A text or a number as written or given; null for anything else. */
export function literalOf(expr: Expr, around: Surroundings): string | number | null {
  switch (expr.kind) {
    case 'string':
      return expr.value;
    case 'number':
      return Number(expr.text);
    case 'unary': {
      const operand = expr.operator === 'NOT' ? null : literalOf(expr.operand, around);
      if (typeof operand !== 'number') return null;
      return expr.operator === '-' ? -operand : operand;
    }
    case 'parameter':
      return literalOfParameter(around.parameters?.[expr.index]);
    default:
      return null;
  }
}

/** By its type, not by how JSON carries it: a number may be written as a text. */
function literalOfParameter(parameter: Parameter | undefined): string | number | null {
  if (parameter === undefined || parameter.value === null) return null;
  const type = parameter.type.trim().toUpperCase();
  if (type === 'VARCHAR' || type === 'CHAR') return String(parameter.value);
  if (!numberTypes.has(type) || typeof parameter.value === 'boolean') return null;
  const number = Number(parameter.value);
  return Number.isFinite(number) && String(parameter.value).trim() !== '' ? number : null;
}

function momentOfParameter(parameter: Parameter | undefined, around: Surroundings): Moment | null {
  const value = parameter?.value ?? null;
  const type = parameter?.type.trim().toUpperCase();
  if (value === null || typeof value === 'boolean') return null;
  if (type === 'TIMESTAMP') return momentOfLiteral(value, around);
  return type === 'VARCHAR' ? momentOfLiteral(String(value), around) : null;
}

/** What stands against `__time`. Null when it is no constant, or none that is understood here. */
export function momentOf(expr: Expr, around: Surroundings): Moment | null {
  switch (expr.kind) {
    case 'string':
      return momentOfText(expr.value, around);
    case 'time':
      return momentOfText(expr.value, around);
    case 'parameter':
      return momentOfParameter(around.parameters?.[expr.index], around);
    case 'binary':
      return momentOfSum(expr, around);
    case 'cast':
      if (expr.type.array) return null;
      if (expr.type.name === 'TIMESTAMP')
        return momentOf(expr.operand, around) ?? momentOfLiteral(literalOf(expr.operand, around), around);
      return expr.type.name === 'DATE' ? dayOf(momentOf(expr.operand, around), around) : null;
    case 'roundTime': {
      const period = unitPeriods.get(expr.unit);
      if (period === undefined) return null;
      const operand = momentOf(expr.operand, around);
      return expr.direction === 'FLOOR'
        ? floored(operand, period, around)
        : lifted(operand, periodMaxMs(period, around));
    }
    case 'call':
      return momentOfCall(expr, around);
    default:
      return null;
  }
}

function momentOfLiteral(value: string | number | null, around: Surroundings): Moment | null {
  if (typeof value === 'string') return momentOfText(value, around);
  return value === null ? null : exactly(Math.trunc(value));
}

function momentOfText(text: string, around: Surroundings): Moment | null {
  const ms = parseTime(text, around.timeZone);
  const moment = ms === null ? null : exactly(ms);
  if (moment === null || isUtc(around)) return moment;
  return widened(moment, literalSlackMs);
}

function exactly(ms: number): Moment | null {
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? { lowMs: ms, highMs: ms } : null;
}

function widened(moment: Moment, slackMs: number): Moment {
  return { lowMs: moment.lowMs - slackMs, highMs: moment.highMs + slackMs };
}

function isUtc(around: Surroundings): boolean {
  return knownZone(around.timeZone, null) === 'UTC';
}

function momentOfCall(call: Call, around: Surroundings): Moment | null {
  const [first, second, third] = call.args;
  if (call.name.text === 'CURRENT_TIMESTAMP') return first === undefined ? exactly(around.nowMs) : null;
  if (call.name.text === 'CURRENT_DATE') return dayOf(exactly(around.nowMs), around);
  if (first === undefined) return null;
  switch (call.name.text) {
    case 'MILLIS_TO_TIMESTAMP': {
      const ms = literalOf(first, around);
      return typeof ms === 'number' ? exactly(Math.trunc(ms)) : null;
    }
    case 'TIME_PARSE':
      return second === undefined && first.kind === 'string' ? momentOfText(first.value, around) : null;
    case 'TIMESTAMPADD': {
      const period = unitPeriods.get(String(literalOf(first, around)));
      if (period === undefined || second === undefined || third === undefined) return null;
      return shifted(momentOf(third, around), period, literalOf(second, around), around);
    }
    case 'TIME_SHIFT':
      if (second === undefined || third === undefined || call.args.length !== 3) return null;
      return shifted(momentOf(first, around), literalOf(second, around), literalOf(third, around), around);
    case 'TIME_FLOOR':
      if (call.args.length !== 2 || second === undefined) return null;
      return floored(momentOf(first, around), literalOf(second, around), around);
    case 'DATE_TRUNC':
      if (call.args.length !== 2 || second === undefined) return null;
      return floored(momentOf(second, around), truncPeriod(first, around), around);
    default:
      return null;
  }
}

/** The period behind `DATE_TRUNC('day', ...)`. */
function truncPeriod(unit: Expr, around: Surroundings): string | null {
  return unitPeriods.get(String(literalOf(unit, around)).toUpperCase()) ?? null;
}

/** `CURRENT_TIMESTAMP - INTERVAL '1' DAY` */
function momentOfSum(expr: Expr & { kind: 'binary' }, around: Surroundings): Moment | null {
  const { operator, left, right } = expr;
  if (operator !== '+' && operator !== '-') return null;
  const isTurned = operator === '+' && left.kind === 'interval';
  const interval = isTurned ? left : right;
  if (interval.kind !== 'interval' || interval.to !== null || !/^[+-]?\d{1,9}$/.test(interval.value))
    return null;
  const steps = Number(interval.value) * (interval.negative ? -1 : 1) * (operator === '-' ? -1 : 1);
  const base = momentOf(isTurned ? right : left, around);
  return shifted(base, unitPeriods.get(interval.from) ?? null, steps, around);
}

function shifted(
  moment: Moment | null,
  period: string | number | null,
  steps: string | number | null,
  around: Surroundings,
): Moment | null {
  if (moment === null || typeof period !== 'string' || typeof steps !== 'number' || !Number.isInteger(steps))
    return null;
  const add = (ms: number): number | null => addPeriod(ms, period, steps, around);
  return bothEnds(moment, add, around);
}

function addPeriod(ms: number, period: string, steps: number, around: Surroundings): number | null {
  try {
    const one = Temporal.Duration.from(period);
    // Years first and months then is not the same as both at once on the last days of a month.
    if (one.years !== 0 && one.months !== 0) return null;
    const all = Temporal.Duration.from({
      years: one.years * steps,
      months: one.months * steps,
      weeks: one.weeks * steps,
      days: one.days * steps,
      hours: one.hours * steps,
      minutes: one.minutes * steps,
      seconds: one.seconds * steps,
      milliseconds: one.milliseconds * steps,
    });
    return zoned(ms, around).add(all).epochMilliseconds;
  } catch {
    return null;
  }
}

function zoned(ms: number, around: Surroundings): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(temporalZone(around.timeZone));
}

/** Monotone, so the two ends of a span go where the ends of the result are. */
function bothEnds(moment: Moment, move: (ms: number) => number | null, around: Surroundings): Moment | null {
  const lowMs = move(moment.lowMs);
  const highMs = move(moment.highMs);
  if (lowMs === null || highMs === null) return null;
  return isUtc(around) ? { lowMs, highMs } : widened({ lowMs, highMs }, calendarSlackMs);
}

/** A moment against a DATE counts from the beginning of its day. */
export function dayOf(moment: Moment | null, around: Surroundings): Moment | null {
  return floored(moment, 'P1D', around);
}

/** Where the bucket begins that holds the moment; buckets of other periods are only known to be no longer than that. */
function floored(moment: Moment | null, period: string | number | null, around: Surroundings): Moment | null {
  if (moment === null || typeof period !== 'string') return null;
  if (bucketFields.has(period)) return bothEnds(moment, (ms) => bucketStart(ms, period, around), around);
  const lengthMs = periodMaxMs(period, around);
  return lengthMs === null ? null : { lowMs: moment.lowMs - lengthMs, highMs: moment.highMs };
}

function lifted(moment: Moment | null, lengthMs: number | null): Moment | null {
  if (moment === null || lengthMs === null) return null;
  return { lowMs: moment.lowMs, highMs: moment.highMs + lengthMs };
}

/** Periods whose buckets begin where the calendar says. */
const bucketFields: ReadonlySet<string> = new Set([
  'PT1S',
  'PT1M',
  'PT1H',
  'P1D',
  'P1W',
  'P1M',
  'P3M',
  'P1Y',
]);

function bucketStart(ms: number, period: string, around: Surroundings): number | null {
  try {
    const time = zoned(ms, around);
    const zero = { millisecond: 0, microsecond: 0, nanosecond: 0 };
    if (period === 'PT1S') return time.with(zero).epochMilliseconds;
    if (period === 'PT1M') return time.with({ ...zero, second: 0 }).epochMilliseconds;
    if (period === 'PT1H') return time.with({ ...zero, second: 0, minute: 0 }).epochMilliseconds;
    const day = time.startOfDay();
    if (period === 'P1D') return day.epochMilliseconds;
    if (period === 'P1W') return day.subtract({ days: day.dayOfWeek - 1 }).epochMilliseconds;
    if (period === 'P1M') return day.with({ day: 1 }).epochMilliseconds;
    const month = period === 'P1Y' ? 1 : day.month - ((day.month - 1) % 3);
    return day.with({ day: 1, month }).epochMilliseconds;
  } catch {
    return null;
  }
}

/** The longest that one period can be in this zone, null when it is no period. */
export function periodMaxMs(period: string, around: Surroundings): number | null {
  try {
    const { years, months, weeks, days, hours, minutes, seconds, milliseconds, sign } =
      Temporal.Duration.from(period);
    if (sign <= 0) return null;
    const daysMax = years * 366 + months * 31 + weeks * 7 + days;
    const ms = daysMax * dayMs + hours * hourMs + minutes * 60_000 + seconds * 1000 + milliseconds;
    return isUtc(around) ? ms : ms + calendarSlackMs;
  } catch {
    return null;
  }
}

export function unitMaxMs(unit: string, around: Surroundings): number | null {
  const period = unitPeriods.get(unit);
  return period === undefined ? null : periodMaxMs(period, around);
}

/** `TIME_IN_INTERVAL(__time, '2026-01-01/P1D')`: from the first, to just before the second. */
export function intervalOf(text: string, around: Surroundings): Moment | null {
  const [start, end, more] = text.split('/');
  if (start === undefined || end === undefined || more !== undefined) return null;
  if (start.startsWith('P')) {
    const high = momentOfText(end, around);
    const low = shifted(high, start, -1, around);
    return low === null || high === null ? null : { lowMs: low.lowMs, highMs: high.highMs };
  }
  const low = momentOfText(start, around);
  const high = end.startsWith('P') ? shifted(low, end, 1, around) : momentOfText(end, around);
  return low === null || high === null ? null : { lowMs: low.lowMs, highMs: high.highMs };
}
