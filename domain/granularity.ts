/**
 * Granularities: where a segment's interval and a row's stored time begin.
 *
 * Fixed lengths count from the epoch or an origin; weeks begin on Monday; months, quarters and years follow the calendar, in
 * UTC or on the clocks of a zone (druid.md 1.2, as recorded in the golden vectors). Buckets never overlap and leave no gap.
 * Times stay within `Date`'s range, which bounds `all`.
 */
import { unreachable } from './assert.ts';
import { dayMs, floorBy, limitMs, startOfMonths, startOfWeek } from './calendar.ts';
import { periodBuckets, type Buckets } from './period-buckets.ts';
import type { Granularity, PeriodGranularity } from './spec/spec.ts';

/** The range of `Date`; an end is exclusive, so the last instant of a row is one millisecond earlier. */
export const minInstantMs = -limitMs;
export const maxInstantMs = limitMs;

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

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

/** A granularity of Druid by name, in any case; null when there is none of that name. */
export function namedGranularity(name: string): Granularity | null {
  return names.get(name.toLowerCase()) ?? null;
}

export type Interval = { readonly startMs: number; readonly endMs: number };

/** What the bucket of `ms` is called: for all but some hours of zones that move by half an hour, its start. */
export function floor(granularity: Granularity, ms: number): number {
  switch (granularity.kind) {
    case 'none':
      return ms;
    case 'all':
      return minInstantMs;
    case 'duration':
      return atLeastMin(floorBy(granularity.durationMs, granularity.originMs ?? 0, ms));
    case 'calendar':
      return atLeastMin(calendarStart(granularity.unit, ms, 0));
    case 'period':
      return zonedOf(granularity).bucket(ms).label;
    default:
      return unreachable(granularity);
  }
}

/** The bucket that holds `ms`: start inclusive, end exclusive. */
export function intervalOf(granularity: Granularity, ms: number): Interval {
  switch (granularity.kind) {
    case 'none':
      return { startMs: ms, endMs: ms + 1 };
    case 'all':
      return { startMs: minInstantMs, endMs: maxInstantMs };
    case 'duration': {
      const { durationMs, originMs = 0 } = granularity;
      const startMs = floorBy(durationMs, originMs, ms);
      return { startMs: atLeastMin(startMs), endMs: atMostMax(startMs + durationMs) };
    }
    case 'calendar': {
      const startMs = atLeastMin(calendarStart(granularity.unit, ms, 0));
      return { startMs, endMs: atMostMax(calendarStart(granularity.unit, ms, 1)) };
    }
    case 'period': {
      const { startMs, endMs } = zonedOf(granularity).bucket(ms);
      return { startMs, endMs };
    }
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
  return Math.max(floor(query, ms), segmentStart(segment, ms));
}

function segmentStart(segment: Granularity, ms: number): number {
  return segment.kind === 'period' ? zonedOf(segment).bucket(ms).startMs : floor(segment, ms);
}

const firstBorderMs = minInstantMs + 2 * dayMs;
const lastBorderMs = maxInstantMs - 2 * dayMs;

type Bucket = Interval & { readonly label: number };

/** The buckets of a period, and the one that was asked for last: rows mostly come in order of time. */
class ZonedBuckets {
  readonly #buckets: Buckets;
  #last: Bucket = { label: 0, startMs: 0, endMs: 0 };

  constructor(granularity: PeriodGranularity) {
    this.#buckets = periodBuckets(granularity);
  }

  bucket(ms: number): Bucket {
    if (ms < this.#last.startMs || ms >= this.#last.endMs) this.#last = this.#find(ms);
    return this.#last;
  }

  /** The instants with one label; labels never decrease, so their borders can be searched for where they are not as usual. */
  #find(ms: number): Bucket {
    const { floor: labelOf, next } = this.#buckets;
    // The first and the last bucket take in the days at the ends of time, where local times leave `Date`'s range.
    const at = Math.min(Math.max(ms, firstBorderMs), lastBorderMs);
    const label = labelOf(at);
    const isSame = (other: number): boolean => labelOf(other) === label;
    const lowest = Math.max(label, firstBorderMs);
    const start = isSame(lowest) ? lowest : firstOf(lowest, at, isSame);
    let end = Math.min(next(at), lastBorderMs + 1);
    if (!isSame(end - 1)) end = firstOf(at, end - 1, (other) => !isSame(other));
    else while (end <= lastBorderMs && isSame(end)) end = Math.min(next(end), lastBorderMs + 1);
    if (start <= firstBorderMs) return { label: minInstantMs, startMs: minInstantMs, endMs: end };
    return { label, startMs: start, endMs: end > lastBorderMs ? maxInstantMs : end };
  }
}

/** The first instant after `low` that passes; `high` does. */
function firstOf(low: number, high: number, passes: (ms: number) => boolean): number {
  let [before, found] = [low, high];
  while (found - before > 1) {
    const middle = Math.floor((before + found) / 2);
    if (passes(middle)) found = middle;
    else before = middle;
  }
  return found;
}

/** A schema keeps its granularities for as long as it lives. */
const zoned = new WeakMap<PeriodGranularity, ZonedBuckets>();

function zonedOf(granularity: PeriodGranularity): ZonedBuckets {
  let buckets = zoned.get(granularity);
  if (buckets === undefined) {
    buckets = new ZonedBuckets(granularity);
    zoned.set(granularity, buckets);
  }
  return buckets;
}

type CalendarUnit = Extract<Granularity, { kind: 'calendar' }>['unit'];

const monthsOf = { month: 1, quarter: 3, year: 12 } as const;

/** Start of the unit that holds `ms`, or of the one `ahead` units later. */
function calendarStart(unit: CalendarUnit, ms: number, ahead: 0 | 1): number {
  if (unit === 'week') return startOfWeek(ms) + ahead * 7 * dayMs;
  return startOfMonths(ms, monthsOf[unit], ahead);
}

function atLeastMin(ms: number): number {
  return ms < minInstantMs ? minInstantMs : ms;
}

function atMostMax(ms: number): number {
  return ms > maxInstantMs ? maxInstantMs : ms;
}
