/** Times as Druid prints them: ISO with milliseconds, `Z` in UTC, the offset in any other zone. */
import { Temporal } from 'temporal-polyfill';

const dayMs = 86_400_000;

/** `timeZone` is a known IANA name. Null beyond JavaScript's calendar ("infinity" is such a value). */
export function isoInZone(ms: number, timeZone: string): string | null {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return null;
  if (isUtc(timeZone)) return date.toISOString();
  const zoned = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone);
  return zoned.toString({ fractionalSecondDigits: 3, timeZoneName: 'never' });
}

/** A DATE is a day of the query's zone; Druid prints the instant at which it begins there. Null beyond JavaScript's calendar. */
export function midnightInZone(daysSinceEpoch: number, timeZone: string): string | null {
  const date = new Date(daysSinceEpoch * dayMs);
  if (Number.isNaN(date.getTime()) || isUtc(timeZone)) return isoInZone(date.getTime(), timeZone);
  const day = Temporal.PlainDate.from({
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
  });
  return isoInZone(day.toZonedDateTime(timeZone).epochMilliseconds, timeZone);
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: isUtc(name) ? 'UTC' : name });
    return true;
  } catch {
    return false;
  }
}

function isUtc(timeZone: string): boolean {
  return timeZone === 'UTC' || timeZone === 'Etc/UTC' || timeZone === 'Z';
}
