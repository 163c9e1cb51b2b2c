/**
 * Local times of the ISO calendar as milliseconds, without zones: a month later, the Monday before, the first of the year.
 *
 * Beyond `Date`'s range the nearest end of it: callers bound their times by it anyway.
 */
export const dayMs = 86_400_000;

/** Of `Date`. */
export const limitMs = 8_640_000_000_000_000;
/** The epoch was a Thursday; the Monday before it. */
const firstMondayMs = -3 * dayMs;

/** Exact for whole numbers below 2^53: the quotient's rounding error is smaller than its distance to the next integer. */
export function floorBy(lengthMs: number, originMs: number, ms: number): number {
  return Math.floor((ms - originMs) / lengthMs) * lengthMs + originMs + 0;
}

/** Years and months counted from 1970-01; the day is cut to the length of its month. */
export function addMonths(localMs: number, months: number): number {
  if (months === 0) return localMs;
  const date = new Date(localMs);
  const month = date.getUTCFullYear() * 12 + date.getUTCMonth() + months;
  const year = Math.floor(month / 12);
  const day = Math.min(date.getUTCDate(), daysOfMonth(year, month - year * 12));
  const start = startOfDay(year, month - year * 12, day);
  return Math.abs(start) >= limitMs ? start : start + (localMs - floorBy(dayMs, 0, localMs));
}

/** `month` counts from 0. */
export function daysOfMonth(year: number, month: number): number {
  if (month === 1) return isLeapYear(year) ? 29 : 28;
  return month === 3 || month === 5 || month === 8 || month === 10 ? 30 : 31;
}

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Not `Date.UTC`, which takes the years 0 to 99 for 1900 to 1999. `month` counts from 0. */
export function startOfDay(year: number, month: number, day: number): number {
  const ms = new Date(0).setUTCFullYear(year, month, day);
  return Number.isNaN(ms) ? (year < 1970 ? -limitMs : limitMs) : ms;
}

/** The first of the group of `length` months (1, 3 or 12) that holds the time, or of the group `ahead` later. */
export function startOfMonths(localMs: number, length: number, ahead: number): number {
  const date = new Date(localMs);
  const month = Math.floor(date.getUTCMonth() / length) * length + ahead * length;
  return startOfDay(date.getUTCFullYear(), month, 1);
}

export function startOfWeek(localMs: number): number {
  return floorBy(7 * dayMs, firstMondayMs, localMs);
}

/** Whole months from one to the other, at least as many as have passed and at most one more. */
export function monthsBetween(fromMs: number, toMs: number): number {
  const [from, to] = [new Date(fromMs), new Date(toMs)];
  return (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth();
}
