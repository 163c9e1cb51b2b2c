/**
 * Joda's ISO 8601 parsers as Druid uses them: calendar, ordinal and week dates, short fields, fractions of any field,
 * offsets down to milliseconds. `Date.parse` differs in all of these (ecosystem.md 4).
 *
 * Returns milliseconds (NaN when the instant is beyond `Date`'s range), or null when the text is no such time.
 * Sub-millisecond digits are cut.
 */
import { readOffset } from './time-pattern/zone-steps.ts';

export type IsoForm =
  /** `timestampSpec` format `iso`: `T` between date and time; a time alone is on 1970-01-01. */
  | 'strict'
  /** Format `auto`: `T` or one blank, an offset may follow it at once. */
  | 'auto';

const datePattern = /([+-]?\d{1,9})(?:-(?:(\d{3})(?!\d)|[wW](\d{1,2})(?:-(\d))?|(\d{1,2})(?:-(\d{1,2}))?))?/y;
const timePattern = /(\d{1,2})(?::(\d{1,2})(?::(\d{1,2}))?)?(?:[.,](\d{1,9}))?/y;

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

export function parseIsoTime(text: string, form: IsoForm): number | null {
  if (form === 'strict' && /^[tT]\d/.test(text)) return timeAndOffset(text, 1, 0);
  const date = match(datePattern, text, 0);
  if (date === null) return null;
  const dayStart = dateMs(date);
  if (dayStart === null) return null;
  const at = date[0].length;
  if (at === text.length) return dayStart;
  const separator = form === 'auto' ? /[tT ]/ : /[tT]/;
  return separator.test(text.charAt(at)) ? timeAndOffset(text, at + 1, dayStart) : null;
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function timeAndOffset(text: string, from: number, dayStart: number): number | null {
  let at = from;
  let ms = dayStart;
  const time = match(timePattern, text, at);
  if (time !== null) {
    const timeOfDay = timeMs(time);
    if (timeOfDay === null) return null;
    ms += timeOfDay;
    at += time[0].length;
  }
  const offset = readOffset(text, at);
  if (offset !== null) {
    ms -= offset.offsetMs;
    at = offset.end;
  }
  return at === text.length ? ms : null;
}

function dateMs(parts: RegExpExecArray): number | null {
  const [, yearText = '', ordinal, week, weekday, month, day] = parts;
  const year = Number(yearText);
  if (ordinal !== undefined) {
    const start = startOfYear(year);
    const days = Math.round((startOfYear(year + 1) - start) / dayMs);
    return inRange(ordinal, 1, Number.isNaN(days) ? 366 : days)
      ? start + (Number(ordinal) - 1) * dayMs
      : null;
  }
  if (week !== undefined) {
    const start = startOfWeekYear(year);
    const weeks = Math.round((startOfWeekYear(year + 1) - start) / (7 * dayMs));
    if (!inRange(week, 1, Number.isNaN(weeks) ? 53 : weeks) || !inRange(weekday ?? '1', 1, 7)) return null;
    return start + ((Number(week) - 1) * 7 + Number(weekday ?? 1) - 1) * dayMs;
  }
  if (!inRange(month ?? '1', 1, 12) || !inRange(day ?? '1', 1, 31)) return null;
  const date = new Date(0);
  const ms = date.setUTCFullYear(year, Number(month ?? 1) - 1, Number(day ?? 1));
  // The 31st of a shorter month rolls over.
  return Number.isNaN(ms) || date.getUTCDate() === Number(day ?? 1) ? ms : null;
}

function startOfYear(year: number): number {
  return new Date(0).setUTCFullYear(year, 0, 1);
}

/** The Monday of the week that holds January 4th. */
function startOfWeekYear(year: number): number {
  const fourth = new Date(0).setUTCFullYear(year, 0, 4);
  return fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * dayMs;
}

function timeMs(parts: RegExpExecArray): number | null {
  const [, hours = '', minutes, seconds, fraction] = parts;
  if (!inRange(hours, 0, 23) || !inRange(minutes ?? '0', 0, 59) || !inRange(seconds ?? '0', 0, 59))
    return null;
  const smallest = seconds !== undefined ? secondMs : minutes !== undefined ? minuteMs : hourMs;
  const cut = fraction === undefined ? 0 : Math.floor((Number(fraction) * smallest) / 10 ** fraction.length);
  return Number(hours) * hourMs + Number(minutes ?? 0) * minuteMs + Number(seconds ?? 0) * secondMs + cut;
}

function inRange(digits: string, low: number, high: number): boolean {
  const value = Number(digits);
  return value >= low && value <= high;
}
