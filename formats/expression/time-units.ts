/** Parts of a time that `timestamp_extract` gives. */
import { dayMs, floorBy, startOfDay, startOfWeek } from '../../domain/calendar.ts';
import type { TimeZone } from '../../domain/time-zones.ts';

export type TimeUnit = {
  readonly of: (ms: number, zone: TimeZone) => number;
  /** Druid rounds these as doubles. */
  readonly isDouble: boolean;
};

function ofClocks(part: (date: Date) => number, isDouble = false): TimeUnit {
  return { of: (ms, zone) => part(new Date(ms + zone.offsetAt(ms))) + 0, isDouble };
}

const weekday = ofClocks((date) => isoWeekday(date.getTime()));

export const timeUnits: ReadonlyMap<string, TimeUnit> = new Map([
  ['EPOCH', { of: (ms: number) => Math.trunc(ms / 1000) + 0, isDouble: false }],
  ['MILLISECOND', ofClocks((date) => date.getUTCMilliseconds())],
  ['SECOND', ofClocks((date) => date.getUTCSeconds())],
  ['MINUTE', ofClocks((date) => date.getUTCMinutes())],
  ['HOUR', ofClocks((date) => date.getUTCHours())],
  ['DAY', ofClocks((date) => date.getUTCDate())],
  ['DOW', weekday],
  ['ISODOW', weekday],
  ['DOY', ofClocks((date) => dayOfYear(date.getTime()))],
  ['WEEK', ofClocks((date) => isoWeek(date.getTime()).week)],
  ['MONTH', ofClocks((date) => date.getUTCMonth() + 1)],
  ['QUARTER', ofClocks((date) => Math.floor(date.getUTCMonth() / 3) + 1)],
  ['YEAR', ofClocks((date) => date.getUTCFullYear())],
  ['ISOYEAR', ofClocks((date) => isoWeek(date.getTime()).year)],
  ['DECADE', ofClocks((date) => Math.trunc(date.getUTCFullYear() / 10))],
  ['CENTURY', ofClocks((date) => Math.ceil(date.getUTCFullYear() / 100), true)],
  ['MILLENNIUM', ofClocks((date) => Math.ceil(date.getUTCFullYear() / 1000), true)],
]);

/** Monday is 1. */
export function isoWeekday(localMs: number): number {
  return Math.round((floorBy(dayMs, 0, localMs) - startOfWeek(localMs)) / dayMs) + 1;
}

export function dayOfYear(localMs: number): number {
  const start = startOfDay(new Date(localMs).getUTCFullYear(), 0, 1);
  return Math.round((floorBy(dayMs, 0, localMs) - start) / dayMs) + 1;
}

/** A week belongs to the year that has its Thursday. */
export function isoWeek(localMs: number): { readonly year: number; readonly week: number } {
  const monday = startOfWeek(localMs);
  const year = new Date(monday + 3 * dayMs).getUTCFullYear();
  const first = startOfWeek(startOfDay(year, 0, 4));
  return { year, week: Math.round((monday - first) / (7 * dayMs)) + 1 };
}
