/**
 * The fields a pattern can name and what setting one does to a local time, as in Joda-Time's ISO calendar.
 *
 * A pattern's fields are set from the longest range to the shortest, each cutting what is finer, and then all of them once more
 * without cutting: so `Sun, 29 Feb 2020`, which was a Saturday, is the Sunday of that week. Times are milliseconds without a
 * zone; NaN is a value the field cannot have there.
 */
import { dayMs, floorBy, isLeapYear, limitMs, startOfDay, startOfWeek } from '../../domain/calendar.ts';

export type Field = {
  /** How long until it begins again, and how long one lasts; both decide the order. Infinite: it never begins again. */
  readonly rangeMs: number;
  readonly unitMs: number;
  readonly set: (ms: number, value: number) => number;
  readonly floor: (ms: number) => number;
};

const hourMs = 3_600_000;
const weekMs = 7 * dayMs;
const monthMs = 30 * dayMs;
const yearMs = 365 * dayMs;

const no = Number.NaN;

function yearOf(ms: number): number {
  return new Date(ms).getUTCFullYear();
}

function dayStart(year: number, month: number, day: number): number {
  const ms = startOfDay(year, month, day);
  return Math.abs(ms) >= limitMs ? no : ms;
}

function startOfYear(year: number): number {
  return dayStart(year, 0, 1);
}

function timeOfDay(ms: number): number {
  return ms - floorBy(dayMs, 0, ms);
}

/** Keeps the day of the year, counted as if every year had a February 29. */
function setYear(ms: number, year: number): number {
  const from = yearOf(ms);
  let day = Math.floor((ms - startOfYear(from)) / dayMs);
  if (day >= 59 && isLeapYear(from) !== isLeapYear(year)) day += isLeapYear(from) ? -1 : 1;
  return startOfYear(year) + day * dayMs + timeOfDay(ms);
}

function floorYear(ms: number): number {
  return startOfYear(yearOf(ms));
}

/** The Monday of the week that holds January 4th. */
function startOfWeekYear(year: number): number {
  return startOfWeek(dayStart(year, 0, 4));
}

function weekYearOf(ms: number): number {
  return yearOf(startOfWeek(ms) + 3 * dayMs);
}

function weekOf(ms: number): number {
  return Math.floor((ms - startOfWeekYear(weekYearOf(ms))) / weekMs) + 1;
}

function weeksOf(weekYear: number): number {
  return Math.round((startOfWeekYear(weekYear + 1) - startOfWeekYear(weekYear)) / weekMs);
}

function setWeekYear(ms: number, year: number): number {
  if (weekYearOf(ms) === year) return ms;
  const week = Math.min(weekOf(ms), weeksOf(year));
  return startOfWeekYear(year) + (week - 1) * weekMs + (ms - startOfWeek(ms));
}

function setMonth(ms: number, month: number): number {
  if (month < 1 || month > 12) return no;
  const year = yearOf(ms);
  const lastDay = new Date(new Date(0).setUTCFullYear(year, month, 0)).getUTCDate();
  return dayStart(year, month - 1, Math.min(new Date(ms).getUTCDate(), lastDay)) + timeOfDay(ms);
}

function daysInMonth(ms: number): number {
  const date = new Date(ms);
  return new Date(new Date(0).setUTCFullYear(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
}

/** A part of fixed length of something longer, counted from `first`. */
function part(
  rangeMs: number,
  unitMs: number,
  { first, last, get }: { first: number; last: (ms: number) => number; get: (ms: number) => number },
): Field {
  return {
    rangeMs,
    unitMs,
    set: (ms, value) => (value < first || value > last(ms) ? no : ms + (value - get(ms)) * unitMs),
    floor: (ms) => floorBy(unitMs, 0, ms),
  };
}

/** Such a part of the day: `count` of them, from 0; or from 1, and then the last one is the first. */
function clock(rangeMs: number, unitMs: number, from: 0 | 1): Field {
  const count = rangeMs / unitMs;
  const get = (ms: number): number => Math.floor((ms - floorBy(rangeMs, 0, ms)) / unitMs);
  return {
    rangeMs,
    unitMs,
    set: (ms, value) =>
      value < from || value > count - 1 + from ? no : ms + ((value % count) - get(ms)) * unitMs,
    floor: (ms) => floorBy(unitMs, 0, ms),
  };
}

const year: Field = {
  rangeMs: Infinity,
  unitMs: yearMs,
  set: setYear,
  floor: floorYear,
};

export const fields = {
  /** 1: AD. Floors are the first instants of the eras. */
  era: {
    rangeMs: Infinity,
    unitMs: Infinity,
    set: (ms, era) => ((yearOf(ms) > 0 ? 1 : 0) === era ? ms : setYear(ms, 0 - yearOf(ms))),
    floor: (ms) => startOfYear(yearOf(ms) > 0 ? 1 : -271_820),
  },
  century: {
    rangeMs: Infinity,
    unitMs: 100 * yearMs,
    set: (ms, century) => {
      const from = yearOf(ms);
      const to = century * 100 + (Math.abs(from) % 100);
      return century < 0 ? no : setYear(ms, from < 0 ? 0 - to : to);
    },
    floor: (ms) => {
      const from = yearOf(ms);
      return startOfYear(from - (from % 100));
    },
  },
  year,
  yearOfEra: {
    ...year,
    set: (ms, value) => (value < 1 ? no : setYear(ms, yearOf(ms) <= 0 ? 1 - value : value)),
  },
  weekYear: {
    rangeMs: Infinity,
    unitMs: yearMs,
    set: setWeekYear,
    floor: (ms) => startOfWeekYear(weekYearOf(ms)),
  },
  month: {
    rangeMs: yearMs,
    unitMs: monthMs,
    set: setMonth,
    floor: (ms) => dayStart(yearOf(ms), new Date(ms).getUTCMonth(), 1),
  },
  week: {
    ...part(yearMs, weekMs, { first: 1, last: (ms) => weeksOf(weekYearOf(ms)), get: weekOf }),
    floor: startOfWeek,
  },
  dayOfYear: part(yearMs, dayMs, {
    first: 1,
    last: (ms) => (isLeapYear(yearOf(ms)) ? 366 : 365),
    get: (ms) => Math.floor((ms - floorYear(ms)) / dayMs) + 1,
  }),
  dayOfMonth: part(monthMs, dayMs, {
    first: 1,
    last: daysInMonth,
    get: (ms) => new Date(ms).getUTCDate(),
  }),
  dayOfWeek: part(weekMs, dayMs, {
    first: 1,
    last: () => 7,
    get: (ms) => Math.floor((ms - startOfWeek(ms)) / dayMs) + 1,
  }),
  halfday: clock(dayMs, 12 * hourMs, 0),
  hourOfHalfday: clock(12 * hourMs, hourMs, 0),
  clockhourOfHalfday: clock(12 * hourMs, hourMs, 1),
  hour: clock(dayMs, hourMs, 0),
  clockhour: clock(dayMs, hourMs, 1),
  minute: clock(hourMs, 60_000, 0),
  second: clock(60_000, 1000, 0),
  millisecond: clock(1000, 1, 0),
} as const satisfies { readonly [name: string]: Field };

/** Longest range first, then the longest unit; fields that are equal in both keep their order. */
export function inOrderOfSetting(left: Field, right: Field): number {
  return compare(right.rangeMs, left.rangeMs) || compare(right.unitMs, left.unitMs);
}

function compare(left: number, right: number): number {
  return left === right ? 0 : left < right ? -1 : 1;
}

/** A time known only from its month, week or day is in the year 2000, a leap year. */
export function needsYear(first: Field): boolean {
  return first.unitMs <= monthMs && first.unitMs >= dayMs;
}

export const yearOfYearless = 2000;
