/**
 * Granularities: where a segment's interval and a row's stored time begin. All in UTC.
 *
 * Fixed lengths count from the epoch; weeks begin on Monday; months, quarters and years follow the calendar
 * (druid.md 1.2, as recorded in the golden vectors). Times stay within `Date`'s range, which bounds `all`.
 */
import { unreachable } from './assert.ts';
import type { Granularity } from './spec/spec.ts';

/** The range of `Date`; an end is exclusive, so the last instant of a row is one millisecond earlier. */
export const minInstantMs = -8_640_000_000_000_000;
export const maxInstantMs = 8_640_000_000_000_000;

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const weekMs = 7 * dayMs;
/** The epoch was a Thursday; the Monday before it. */
const firstMondayMs = -3 * dayMs;

const names: ReadonlyMap<string, Granularity> = new Map<string, Granularity>([
  ['all', { kind: 'all' }],
  ['none', { kind: 'none' }],
  ['second', { kind: 'duration', durationMs: secondMs }],
  ['minute', { kind: 'duration', durationMs: minuteMs }],
  ['five_minute', { kind: 'duration', durationMs: 5 * minuteMs }],
  ['ten_minute', { kind: 'duration', durationMs: 10 * minuteMs }],
  ['fifteen_minute', { kind: 'duration', durationMs: 15 * minuteMs }],
  ['thirty_minute', { kind: 'duration', durationMs: 30 * minuteMs }],
  ['hour', { kind: 'duration', durationMs: hourMs }],
  ['six_hour', { kind: 'duration', durationMs: 6 * hourMs }],
  ['eight_hour', { kind: 'duration', durationMs: 8 * hourMs }],
  ['day', { kind: 'duration', durationMs: dayMs }],
  ['week', { kind: 'calendar', unit: 'week' }],
  ['month', { kind: 'calendar', unit: 'month' }],
  ['quarter', { kind: 'calendar', unit: 'quarter' }],
  ['year', { kind: 'calendar', unit: 'year' }],
]);

/** Druid's names, for messages. */
export const granularityNames: readonly string[] = [...names.keys()];

/** A granularity of Druid by name, in any case, or an ISO period of one unit (`PT1H`, `P1D`); null when it is neither. */
export function namedGranularity(name: string): Granularity | null {
  return names.get(name.toLowerCase()) ?? periodGranularity(name);
}

const periodPattern =
  /^P(?:(?<years>\d{1,9})Y|(?<months>\d{1,9})M|(?<weeks>\d{1,9})W|(?<days>\d{1,9})D|T(?:(?<hours>\d{1,9})H|(?<minutes>\d{1,9})M|(?<seconds>\d{1,9})(?:\.(?<fraction>\d{1,3}))?S))$/;

/** Lengths of the units that are the same everywhere in UTC. A single week is not here: it begins on Monday. */
const unitMs = { weeks: weekMs, days: dayMs, hours: hourMs, minutes: minuteMs, seconds: secondMs } as const;

/** `PT15M` and the like; null for mixed units, zero, and months or years that no calendar unit stands for. */
export function periodGranularity(period: string): Granularity | null {
  const groups = periodPattern.exec(period)?.groups;
  if (groups === undefined) return null;
  const months = Number(groups['months'] ?? 0) + 12 * Number(groups['years'] ?? 0);
  if (months > 0) {
    const unit = months === 1 ? 'month' : months === 3 ? 'quarter' : months === 12 ? 'year' : null;
    return unit === null ? null : { kind: 'calendar', unit };
  }
  if (Number(groups['weeks'] ?? 0) === 1) return { kind: 'calendar', unit: 'week' };
  let durationMs = Number((groups['fraction'] ?? '').padEnd(3, '0'));
  for (const unit of Object.keys(unitMs) as (keyof typeof unitMs)[])
    durationMs += Number(groups[unit] ?? 0) * unitMs[unit];
  return durationMs > 0 && durationMs <= maxInstantMs ? { kind: 'duration', durationMs } : null;
}

/** The start of the bucket that holds `ms`. Inclusive; also right before 1970. */
export function floor(granularity: Granularity, ms: number): number {
  switch (granularity.kind) {
    case 'none':
      return ms;
    case 'all':
      return minInstantMs;
    case 'duration':
      return atLeastMin(floorBy(granularity.durationMs, 0, ms));
    case 'calendar':
      return atLeastMin(calendarStart(granularity.unit, ms, 0));
    default:
      return unreachable(granularity);
  }
}

/** The bucket that holds `ms`: start inclusive, end exclusive. */
export function intervalOf(granularity: Granularity, ms: number): { startMs: number; endMs: number } {
  const startMs = floor(granularity, ms);
  switch (granularity.kind) {
    case 'none':
      return { startMs, endMs: ms + 1 };
    case 'all':
      return { startMs, endMs: maxInstantMs };
    case 'duration': {
      const unclamped = floorBy(granularity.durationMs, 0, ms);
      return { startMs, endMs: atMostMax(unclamped + granularity.durationMs) };
    }
    case 'calendar':
      return { startMs, endMs: atMostMax(calendarStart(granularity.unit, ms, 1)) };
    default:
      return unreachable(granularity);
  }
}

/**
 * The `__time` a row is stored with: cut by queryGranularity, but never before its segment begins (Druid's index does
 * the same: with DAY segments and queryGranularity `all` a row has the start of its day). `all` in `all` is the epoch.
 */
export function storedTime(query: Granularity, segment: Granularity, ms: number): number {
  if (query.kind === 'none') return ms;
  if (query.kind === 'all' && segment.kind === 'all') return 0;
  return Math.max(floor(query, ms), floor(segment, ms));
}

/** Whether every bucket of `query` lies within one bucket of `segment`, so that no row's time is moved by its segment. */
export function nestsIn(query: Granularity, segment: Granularity): boolean {
  if (segment.kind === 'all' || query.kind === 'none') return true;
  if (query.kind === 'all') return false;
  const queryMs = query.kind === 'duration' ? query.durationMs : null;
  switch (segment.kind) {
    case 'none':
      return queryMs === 1;
    case 'duration':
      return queryMs !== null && segment.durationMs % queryMs === 0;
    case 'calendar':
      // Every calendar bucket begins at a midnight, and not at a common multiple of anything longer than a day.
      if (query.kind === 'duration') return dayMs % query.durationMs === 0;
      return calendarNests[query.unit].includes(segment.unit);
    default:
      return unreachable(segment);
  }
}

type CalendarUnit = Extract<Granularity, { kind: 'calendar' }>['unit'];

const calendarNests: Record<CalendarUnit, readonly CalendarUnit[]> = {
  week: ['week'],
  month: ['month', 'quarter', 'year'],
  quarter: ['quarter', 'year'],
  year: ['year'],
};

/** Exact for whole numbers below 2^53: the quotient's rounding error is smaller than its distance to the next integer. */
function floorBy(lengthMs: number, originMs: number, ms: number): number {
  return Math.floor((ms - originMs) / lengthMs) * lengthMs + originMs + 0;
}

/** Start of the unit that holds `ms`, or of the one `ahead` units later. */
function calendarStart(unit: CalendarUnit, ms: number, ahead: 0 | 1): number {
  if (unit === 'week') return floorBy(weekMs, firstMondayMs, ms) + ahead * weekMs;
  const date = new Date(ms);
  const year = date.getUTCFullYear();
  const length = unit === 'year' ? 12 : unit === 'quarter' ? 3 : 1;
  const month = Math.floor(date.getUTCMonth() / length) * length + ahead * length;
  return firstOfMonth(year, month);
}

/** Not `Date.UTC`, which takes the years 0 to 99 for 1900 to 1999. Beyond `Date`'s range: the nearest end of it. */
function firstOfMonth(year: number, month: number): number {
  const ms = new Date(0).setUTCFullYear(year, month, 1);
  return Number.isNaN(ms) ? (year < 1970 ? minInstantMs : maxInstantMs) : ms;
}

function atLeastMin(ms: number): number {
  return ms < minInstantMs ? minInstantMs : ms;
}

function atMostMax(ms: number): number {
  return ms > maxInstantMs ? maxInstantMs : ms;
}
