/**
 * The buckets of a period in a time zone, as Druid's PeriodGranularity cuts them (golden vectors, area granularity).
 *
 * Days and longer follow the clocks of the zone, hours and shorter are lengths of time. One single year, month, week, day, hour,
 * minute or second without origin begins where the calendar says; everything else counts from the origin, which is 1970-01-01
 * on the zone's clocks unless given. Mixed periods step from bucket to bucket, so that a cut day (January 31 and a month) stays
 * cut. Floors never decrease with time; work for one instant is bounded.
 */
import { addMonths, dayMs, floorBy, limitMs, monthsBetween, startOfMonths, startOfWeek } from './calendar.ts';
import type { PeriodGranularity, PeriodParts } from './spec/spec.ts';
import { instantOfLocal, timeZone, utc, type TimeZone } from './time-zones.ts';

export type Buckets = {
  /** The start of the bucket that holds `ms`. */
  readonly floor: (ms: number) => number;
  /** The start of the next one. */
  readonly next: (ms: number) => number;
};

export function periodBuckets(granularity: PeriodGranularity): Buckets {
  const zone = timeZone(granularity.timeZone) ?? utc;
  const { parts, originMs } = granularity;
  if (originMs === null) {
    const single = singleUnit(parts);
    if (single !== null) return calendarBuckets(zone, single);
  }
  const origin = originMs ?? instantOfLocal(zone, 0);
  return isMixed(parts) ? new SteppedBuckets(zone, parts, origin) : countedBuckets(zone, parts, origin);
}

/** Time of day as a length: hours to milliseconds. */
export function timeOf(parts: PeriodParts): number {
  return ((parts.hours * 60 + parts.minutes) * 60 + parts.seconds) * 1000 + parts.millis;
}

export function daysOf(parts: PeriodParts): number {
  return parts.weeks * 7 + parts.days;
}

/** A period whose multiples cannot be computed from its count alone. */
function isMixed(parts: PeriodParts): boolean {
  const kinds = [parts.years, parts.months, daysOf(parts), timeOf(parts)].filter((amount) => amount > 0);
  return kinds.length > 1;
}

type Unit = 'years' | 'months' | 'weeks' | 'days' | 'hours' | 'minutes' | 'seconds';

function singleUnit(parts: PeriodParts): Unit | null {
  const used = (Object.keys(parts) as (keyof PeriodParts)[]).filter((unit) => parts[unit] !== 0);
  const [unit] = used;
  return used.length === 1 && unit !== undefined && unit !== 'millis' && parts[unit] === 1 ? unit : null;
}

const lengths = { hours: 3_600_000, minutes: 60_000, seconds: 1000 } as const;

function calendarBuckets(zone: TimeZone, unit: Unit): Buckets {
  if (unit === 'hours' || unit === 'minutes' || unit === 'seconds') {
    const length = lengths[unit];
    // Cut on the clocks of the instant itself: where clocks move by half an hour, an hour is cut short.
    const floor = (ms: number): number => {
      const offset = zone.offsetAt(ms);
      return floorBy(length, 0, ms + offset) - offset;
    };
    return { floor, next: (ms) => floor(ms) + length };
  }
  return {
    floor: (ms) => {
      const offset = zone.offsetAt(ms);
      return instantNear(zone, localStart(unit, ms + offset, 0), offset);
    },
    next: (ms) => startAt(zone, localStart(unit, localOf(zone, ms), 1)),
  };
}

/** What the clocks show. */
function localOf(zone: TimeZone, ms: number): number {
  return ms + zone.offsetAt(ms);
}

function localStart(unit: 'years' | 'months' | 'weeks' | 'days', localMs: number, ahead: 0 | 1): number {
  switch (unit) {
    case 'years':
      return startOfMonths(localMs, 12, ahead);
    case 'months':
      return startOfMonths(localMs, 1, ahead);
    case 'weeks':
      return startOfWeek(localMs) + ahead * 7 * dayMs;
    case 'days':
      return floorBy(dayMs, 0, localMs) + ahead * dayMs;
  }
}

/** Beyond `Date`'s range lies one last start, out of the reach of every offset. */
function startAt(zone: TimeZone, localMs: number): number {
  return Math.abs(localMs) >= limitMs ? Math.sign(localMs) * 2 * limitMs : instantOfLocal(zone, localMs);
}

/** Where midnight comes twice, the one with the clocks of the instant that is cut. */
function instantNear(zone: TimeZone, localMs: number, offset: number): number {
  return zone.offsetAt(localMs - offset) === offset ? localMs - offset : startAt(zone, localMs);
}

/** Multiples of one kind of unit from the origin. */
function countedBuckets(zone: TimeZone, parts: PeriodParts, originMs: number): Buckets {
  const length = timeOf(parts);
  if (length > 0) {
    const floor = (ms: number): number => floorBy(length, originMs, ms);
    return { floor, next: (ms) => floor(ms) + length };
  }
  const localOrigin = originMs + zone.offsetAt(originMs);
  const months = parts.years * 12 + parts.months;
  const days = daysOf(parts);
  const start = (count: number): number => {
    if (count === 0) return originMs;
    const localMs = months > 0 ? addMonths(localOrigin, count * months) : localOrigin + count * days * dayMs;
    return startAt(zone, localMs);
  };
  const countOf = (ms: number): number => {
    const localMs = localOf(zone, ms);
    let count =
      months > 0
        ? Math.floor(monthsBetween(localOrigin, localMs) / months)
        : Math.floor((localMs - localOrigin) / (days * dayMs));
    while (start(count) > ms) count -= 1;
    while (start(count + 1) <= ms) count += 1;
    return count;
  };
  return { floor: (ms) => start(countOf(ms)), next: (ms) => start(countOf(ms) + 1) };
}

/** Starts are remembered for a century at a time, so that a time far from the origin costs no more than one near it. */
const centuryMonths = 1200;
const maxCenturies = 4;

/**
 * Buckets that only follow from one another: onwards from the origin, backwards for times before it. A hundred years from the
 * origin, on its clocks, they begin anew.
 */
class SteppedBuckets implements Buckets {
  readonly #zone: TimeZone;
  readonly #parts: PeriodParts;
  readonly #origin: number;
  /** By century; the first start is that of the century, or for times before the origin its end. */
  readonly #starts = new Map<number, number[]>();

  constructor(zone: TimeZone, parts: PeriodParts, originMs: number) {
    this.#zone = zone;
    this.#parts = parts;
    this.#origin = originMs;
  }

  readonly floor = (ms: number): number => this.#bucket(ms)[0];

  readonly next = (ms: number): number => this.#bucket(ms)[1];

  #bucket(ms: number): readonly [number, number] {
    const century = this.#centuryOf(ms);
    const [start, end] = this.#within(century, ms);
    return [Math.max(start, this.#startOf(century)), Math.min(end, this.#startOf(century + 1))];
  }

  #centuryOf(ms: number): number {
    let century = Math.floor(monthsBetween(this.#origin, ms) / centuryMonths);
    while (this.#startOf(century) > ms) century -= 1;
    while (this.#startOf(century + 1) <= ms) century += 1;
    return century;
  }

  #startOf(century: number): number {
    if (century === 0) return this.#origin;
    const localOrigin = this.#origin + this.#zone.offsetAt(this.#origin);
    const localMs = addMonths(localOrigin, century * centuryMonths);
    return startAt(this.#zone, localMs);
  }

  #within(century: number, ms: number): readonly [number, number] {
    const forward = century >= 0;
    const starts = this.#startsOf(century);
    const isPast = forward ? (start: number): boolean => start > ms : (start: number): boolean => start <= ms;
    while (!isPast(starts.at(-1) ?? ms)) starts.push(this.#step(starts.at(-1) ?? ms, forward ? 1 : -1));
    const at = firstIndex(starts, isPast);
    const [inner, outer] = [starts[at - 1] ?? ms, starts[at] ?? ms];
    return forward ? [inner, outer] : [outer, inner];
  }

  #startsOf(century: number): number[] {
    let starts = this.#starts.get(century);
    if (starts === undefined) {
      starts = [this.#startOf(century >= 0 ? century : century + 1)];
      if (this.#starts.size >= maxCenturies) this.#starts.clear();
      this.#starts.set(century, starts);
    }
    return starts;
  }

  #step(fromMs: number, sign: 1 | -1): number {
    const { years, months } = this.#parts;
    let ms = fromMs;
    for (const amount of [years * 12, months])
      if (amount > 0) ms = this.#onClocks(ms, (localMs) => addMonths(localMs, sign * amount));
    const days = daysOf(this.#parts);
    if (days > 0) ms = this.#onClocks(ms, (localMs) => localMs + sign * days * dayMs);
    ms += sign * timeOf(this.#parts);
    if (Math.abs(ms) >= limitMs - dayMs) return sign * 2 * limitMs;
    // A step never stands still: two clock changes could otherwise undo it.
    return sign === 1 ? Math.max(ms, fromMs + 1) : Math.min(ms, fromMs - 1);
  }

  #onClocks(ms: number, move: (localMs: number) => number): number {
    return instantOfLocal(this.#zone, move(localOf(this.#zone, ms)));
  }
}

/** The first index whose value passes; values fail first and then pass. */
function firstIndex(values: readonly number[], passes: (value: number) => boolean): number {
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (passes(values[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}
