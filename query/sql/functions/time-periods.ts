/**
 * Rounding to periods and shifting by them, as Druid's PeriodGranularity does: days and longer follow the calendar of the
 * zone, hours and shorter are lengths of time. Multiples count from 1970-01-01 in the zone, or from the origin given.
 */
import { Temporal } from 'temporal-polyfill';
import type { CallContext } from '../typed-sql.ts';
import { problem } from './entries.ts';
import { once, timestamp } from './fragments.ts';
import { temporalZone, toLocal, toUtc } from './time-zones.ts';

export type Period = { readonly months: number; readonly days: number; readonly ms: number };

type Written = Period & { readonly text: string; readonly fields: number };

const periodForm =
  /^P(?:(-?\d{1,6})Y)?(?:(-?\d{1,6})M)?(?:(-?\d{1,6})W)?(?:(-?\d{1,6})D)?(?:T(?:(-?\d{1,9})H)?(?:(-?\d{1,9})M)?(?:(-?\d{1,9})(?:\.(\d{1,3}))?S)?)?$/;

const dayMs = 86_400_000;

export function parsePeriod(text: string, context: CallContext): Written {
  const match = periodForm.exec(text.trim().toUpperCase());
  const parts = (match ?? []).slice(1).map((part: string | undefined) => part ?? '');
  if (match === null || parts.every((part) => part === ''))
    throw problem(
      context,
      `found the period '${text}', expected an ISO 8601 period such as 'P1D', 'PT1H' or 'P3M'`,
    );
  const [years, months, weeks, days, hours, minutes, seconds] = parts.map(Number);
  const fraction = Number((parts[7] ?? '').padEnd(3, '0'));
  return {
    text,
    fields: parts.filter((part) => Number(part) !== 0).length,
    months: (years ?? 0) * 12 + (months ?? 0),
    days: (weeks ?? 0) * 7 + (days ?? 0),
    ms: (hours ?? 0) * 3_600_000 + (minutes ?? 0) * 60_000 + (seconds ?? 0) * 1000 + fraction,
  };
}

/** The start of the period that `time` lies in. `origin` is SQL, or null. */
export function floorTime(
  time: string,
  period: Written,
  origin: string | null,
  zone: string,
  context: CallContext,
): string {
  const { months, days, ms } = period;
  if (months < 0 || days < 0 || ms < 0 || months + days + ms === 0)
    throw problem(context, `found the period '${period.text}', expected one longer than zero`);
  if (months > 0 && days + ms > 0)
    throw problem(context, `a period of months and days such as '${period.text}' is not supported here`);
  if (days > 0 && ms > 0 && zone !== 'UTC')
    throw problem(context, `a period of days and hours such as '${period.text}' needs the time zone UTC`);
  if (months > 0) return toUtc(floorMonths(toLocal(time, zone), months, localOrigin(origin, zone)), zone);
  if (days > 0 && ms === 0)
    return toUtc(floorDays(toLocal(time, zone), period, localOrigin(origin, zone)), zone);
  return floorMs(time, days * dayMs + ms, origin, zone);
}

function localOrigin(origin: string | null, zone: string): string | null {
  return origin === null ? null : toLocal(origin, zone);
}

const monthUnits: ReadonlyMap<number, string> = new Map([
  [1, 'month'],
  [3, 'quarter'],
  [12, 'year'],
]);

function floorMonths(local: string, months: number, origin: string | null): string {
  const unit = monthUnits.get(months);
  if (origin === null && unit !== undefined) return `date_trunc('${unit}', ${local})`;
  return once([local, origin ?? timestamp(0)], (t, o) => {
    const whole = `(date_sub('month', ${o}, ${t}) // ${months} * ${months})`;
    const start = (back: number): string => `(${o} + to_months(CAST(${whole} - ${back} AS INTEGER)))`;
    return `CASE WHEN ${t} < ${start(0)} THEN ${start(months)} ELSE ${start(0)} END`;
  });
}

function floorDays(local: string, period: Written, origin: string | null): string {
  if (origin === null && period.days === 1) return `date_trunc('day', ${local})`;
  if (origin === null && /^P1W$/i.test(period.text.trim())) return `date_trunc('week', ${local})`;
  return `time_bucket(to_days(${period.days}), ${local}, ${origin ?? timestamp(0)})`;
}

const units: ReadonlyMap<number, string> = new Map([
  [dayMs, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1000, 'second'],
  [1, 'millisecond'],
]);

function floorMs(time: string, ms: number, origin: string | null, zone: string): string {
  const unit = units.get(ms);
  if (origin === null && unit !== undefined && unit !== 'day') {
    if (zone === 'UTC') return `date_trunc('${unit}', ${time})`;
    // Not through the local time and back: an hour exists twice when clocks go back.
    return once([time], (t) => {
      const local = toLocal(t, zone);
      return `${t} - (${local} - date_trunc('${unit}', ${local}))`;
    });
  }
  return `time_bucket(to_milliseconds(${ms}), ${time}, ${origin ?? timestamp(localEpoch(zone))})`;
}

/** 1970-01-01 00:00 on the zone's clocks. */
function localEpoch(zone: string): number {
  return Temporal.PlainDateTime.from('1970-01-01T00:00').toZonedDateTime(temporalZone(zone))
    .epochMilliseconds;
}

/** The next start of a period, or `time` itself when it is one. */
export function ceilTime(
  time: string,
  period: Written,
  origin: string | null,
  zone: string,
  context: CallContext,
): string {
  return once(
    [time],
    (t) =>
      once(
        [floorTime(t, period, origin, zone, context)],
        (start) => `CASE WHEN ${start} = ${t} THEN ${t} ELSE ${shiftTime(start, period, '1', zone)} END`,
        'w',
      ),
    'u',
  );
}

/** `steps` is SQL of a BIGINT. */
export function shiftTime(time: string, period: Period, steps: string, zone: string): string {
  const kinds = [period.months, period.days, period.ms].filter((count) => count !== 0).length;
  if (kinds <= 1) return shifted(time, period, steps, zone);
  return once([time, steps], (t, n) => shifted(t, period, n, zone));
}

function shifted(time: string, period: Period, steps: string, zone: string): string {
  const amount = (count: number): string => (steps === '1' ? String(count) : `${count} * ${steps}`);
  const calendar = [
    ...(period.months === 0 ? [] : [`to_months(CAST(${amount(period.months)} AS INTEGER))`]),
    ...(period.days === 0 ? [] : [`to_days(CAST(${amount(period.days)} AS INTEGER))`]),
  ];
  const moved =
    calendar.length === 0 ? time : toUtc(`(${[toLocal(time, zone), ...calendar].join(' + ')})`, zone);
  return period.ms === 0 ? moved : `(${moved} + to_milliseconds(${amount(period.ms)}))`;
}

/** For constants: a moment shifted by a period. */
export function shiftMs(ms: number, period: Period, sign: 1 | -1, zone: string): number {
  const start = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(temporalZone(zone));
  const moved = start.add({ months: sign * period.months }).add({ days: sign * period.days });
  return moved.epochMilliseconds + sign * period.ms;
}
