/**
 * A granularity as it stands in a spec: a name of Druid in any case, or an object of type none, all, period or duration.
 *
 * Every way to write the same buckets becomes the same simplest kind: `P1D` in UTC is a duration, so is `PT15M` in any zone.
 */
import { dayMs, limitMs } from '../calendar.ts';
import { granularityNames, namedGranularity } from '../granularity.ts';
import { daysOf, timeOf } from '../period-buckets.ts';
import { instantOfLocal, timeZone, utc, type TimeZone } from '../time-zones.ts';
import { instant, wholeNumber } from './parse-values.ts';
import { parsePeriodParts } from './period.ts';
import { isPlainObject, own, type JsonObject } from './raw.ts';
import type { Granularity, PeriodParts } from './spec.ts';

export type GranularityReading =
  | {
      readonly kind: 'ok';
      readonly granularity: Granularity;
      /** What was written and changes nothing, or not what it seems to; null: all is well. */
      readonly warning: { readonly expected: string; readonly remedy: string } | null;
    }
  | { readonly kind: 'wrong'; readonly expected: string };

const namesExpected = `one of ${granularityNames.map((name) => name.toUpperCase()).join(', ')}`;

export function readGranularity(value: unknown): GranularityReading {
  if (!isPlainObject(value)) return ofName(value);
  switch (own(value, 'type')) {
    case 'none':
    case 'all':
      return ofName(own(value, 'type'));
    case 'period':
      return ofPeriod(value);
    case 'duration':
      return ofDuration(value);
    default:
      return wrong(`${namesExpected}, or an object of type period or duration`);
  }
}

function ok(granularity: Granularity): GranularityReading {
  return { kind: 'ok', granularity, warning: null };
}

function wrong(expected: string): GranularityReading {
  return { kind: 'wrong', expected };
}

function ofName(value: unknown): GranularityReading {
  const found = typeof value === 'string' ? namedGranularity(value) : null;
  return found === null ? wrong(`${namesExpected}, or an object of type period or duration`) : ok(found);
}

function ofDuration(object: JsonObject): GranularityReading {
  const duration = wholeNumber(1).safeParse(own(object, 'duration'));
  if (!duration.success || duration.data > limitMs)
    return wrong('a duration of at least 1 millisecond, as a number of milliseconds');
  const origin = readOrigin(object);
  if (origin === 'wrong') return wrong(originExpected);
  const granularity = durationOf(duration.data, origin ?? 0);
  if ((own(object, 'timeZone') ?? null) === null) return ok(granularity);
  const remedy = 'a duration counts from its origin; write a period to follow the clocks of a zone';
  return { kind: 'ok', granularity, warning: { expected: 'no timeZone beside a duration', remedy } };
}

function ofPeriod(object: JsonObject): GranularityReading {
  const text = own(object, 'period');
  const parts = typeof text === 'string' ? parsePeriodParts(text.trim()) : null;
  if (parts === null || !isReasonable(parts))
    return wrong(
      'an ISO 8601 period longer than zero, such as PT15M, P1D or P1M, of parts that are not negative',
    );
  const origin = readOrigin(object);
  if (origin === 'wrong') return wrong(originExpected);
  const name = own(object, 'timeZone') ?? 'UTC';
  if (typeof name !== 'string') return wrong(`a timeZone that is ${zoneExpected}`);
  const zone = timeZone(name.trim());
  const granularity = granularityOfPeriod(parts, zone ?? utc, origin);
  if (zone !== null) return ok(granularity);
  const remedy = 'UTC is used for it, as Druid does';
  return { kind: 'ok', granularity, warning: { expected: `a timeZone that is ${zoneExpected}`, remedy } };
}

const zoneExpected = 'an IANA name such as Europe/Berlin or an offset such as +05:45';
const originExpected =
  'an origin in ISO 8601 such as 2026-01-31T12:00:00Z, or in milliseconds since 1970, between the years 0 and 9999';
const firstOriginMs = -62_167_219_200_000;
const lastOriginMs = 253_402_300_800_000;

function readOrigin(object: JsonObject): number | null | 'wrong' {
  const value = own(object, 'origin') ?? null;
  if (value === null) return null;
  const origin = instant.safeParse(value);
  return origin.success && origin.data >= firstOriginMs && origin.data < lastOriginMs ? origin.data : 'wrong';
}

/** Joda-Time's parts are ints; all of them together stay within the range of `Date`. */
function isReasonable(parts: PeriodParts): boolean {
  const months = parts.years * 12 + parts.months;
  const length = months * 31 * dayMs + daysOf(parts) * dayMs + timeOf(parts);
  return length > 0 && length <= limitMs;
}

/** The simplest kind with the same buckets. */
export function granularityOfPeriod(
  parts: PeriodParts,
  zone: TimeZone,
  originMs: number | null,
): Granularity {
  const months = parts.years * 12 + parts.months;
  const days = daysOf(parts);
  const time = timeOf(parts);
  const offset = zone.fixedOffsetMs;
  if (months === 0 && offset !== null) {
    if (days * dayMs + time === weekMs && parts.weeks === 1 && originMs === null)
      return offset === 0 ? { kind: 'calendar', unit: 'week' } : durationOf(weekMs, firstMondayMs - offset);
    return durationOf(days * dayMs + time, originMs ?? 0 - offset);
  }
  if (months === 0 && days === 0 && !followsClocks(parts, originMs))
    return durationOf(time, originMs ?? instantOfLocal(zone, 0));
  const unit = offset === 0 && originMs === null && days + time === 0 ? calendarUnit(parts) : null;
  return unit === null ? { kind: 'period', parts, timeZone: zone.id, originMs } : { kind: 'calendar', unit };
}

const weekMs = 7 * dayMs;
const firstMondayMs = -3 * dayMs;

/** A single hour or minute is one of the clocks; their seconds are everybody's. */
function followsClocks(parts: PeriodParts, originMs: number | null): boolean {
  if (originMs !== null || parts.seconds !== 0 || parts.millis !== 0) return false;
  return parts.hours + parts.minutes === 1;
}

function calendarUnit({ years, months }: PeriodParts): 'month' | 'quarter' | 'year' | null {
  if (years > 0 && months > 0) return null;
  const units: Readonly<Record<number, 'month' | 'quarter' | 'year'>> = {
    1: 'month',
    3: 'quarter',
    12: 'year',
  };
  return units[years * 12 + months] ?? null;
}

/** Origins a multiple of the duration apart are the same. */
function durationOf(durationMs: number, originMs: number): Granularity {
  const origin = (((originMs % durationMs) + durationMs) % durationMs) + 0;
  return origin === 0 ? { kind: 'duration', durationMs } : { kind: 'duration', durationMs, originMs: origin };
}
