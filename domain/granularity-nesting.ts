/**
 * Whether a queryGranularity nests in a segmentGranularity: every bucket of the one lies within one bucket of the other, so
 * that no row's time is moved by its segment.
 *
 * Decided by arithmetic where both count in UTC. Where a zone's clocks have a part in it, borders are compared: all of one
 * year, and those around every change of the clocks from 1970 to 2038. A change that a government announces later can break
 * what nested before; rows then have the start of their segment (`storedTime`), and none is lost.
 */
import { dayMs } from './calendar.ts';
import { intervalOf } from './granularity.ts';
import type { Granularity, PeriodGranularity } from './spec/spec.ts';
import { timeZone, utc, type TimeZone } from './time-zones.ts';

export function nestsIn(query: Granularity, segment: Granularity): boolean {
  if (segment.kind === 'all' || query.kind === 'none') return true;
  if (query.kind === 'all') return false;
  if (segment.kind === 'none') return query.kind === 'duration' && query.durationMs === 1;
  if (query.kind === 'period' || segment.kind === 'period') return bordersAgree(query, segment);
  if (segment.kind === 'duration') {
    if (query.kind === 'calendar')
      return query.unit === 'week' && isAlignedTo(segment, weekMs, firstMondayMs);
    return (
      segment.durationMs % query.durationMs === 0 &&
      isAlignedTo(segment, query.durationMs, query.originMs ?? 0)
    );
  }
  if (query.kind === 'calendar') return calendarNests[query.unit].includes(segment.unit);
  // Months begin at any midnight, weeks at one of seven.
  const [length, origin] = segment.unit === 'week' ? [weekMs, firstMondayMs] : [dayMs, 0];
  return length % query.durationMs === 0 && remainder(origin - (query.originMs ?? 0), query.durationMs) === 0;
}

const weekMs = 7 * dayMs;
/** The epoch was a Thursday; the Monday before it. */
const firstMondayMs = -3 * dayMs;

type Duration = Extract<Granularity, { kind: 'duration' }>;

/** Whether every bucket of the segment begins at a multiple of `lengthMs` from `originMs`. */
function isAlignedTo(segment: Duration, lengthMs: number, originMs: number): boolean {
  const { durationMs, originMs: start = 0 } = segment;
  return durationMs % lengthMs === 0 && remainder(start - originMs, lengthMs) === 0;
}

function remainder(ms: number, lengthMs: number): number {
  return (((ms % lengthMs) + lengthMs) % lengthMs) + 0;
}

type CalendarUnit = Extract<Granularity, { kind: 'calendar' }>['unit'];

const calendarNests: Record<CalendarUnit, readonly CalendarUnit[]> = {
  week: ['week'],
  month: ['month', 'quarter', 'year'],
  quarter: ['quarter', 'year'],
  year: ['year'],
};

const firstMs = 0;
const lastMs = Date.UTC(2038, 0, 1);
const wholeYear = [Date.UTC(2027, 0, 1), Date.UTC(2028, 0, 1)] as const;
const maxBordersOfYear = 10_000;

const answers = new Map<string, boolean>();

/** The same few pairs are asked for again and again: at every start of every task. */
function bordersAgree(query: Granularity, segment: Granularity): boolean {
  const key = JSON.stringify([query, segment]);
  let answer = answers.get(key);
  if (answer === undefined) {
    answer = everyBorder(query, segment);
    if (answers.size >= 100) answers.clear();
    answers.set(key, answer);
  }
  return answer;
}

function everyBorder(query: Granularity, segment: Granularity): boolean {
  const isBorder = (ms: number): boolean => intervalOf(query, ms).startMs === ms;
  let ms = intervalOf(segment, wholeYear[0]).endMs;
  for (let left = maxBordersOfYear; left > 0 && ms < wholeYear[1]; left--) {
    if (!isBorder(ms)) return false;
    ms = intervalOf(segment, ms).endMs;
  }
  return probes(query, segment).every((at) => {
    const { startMs, endMs } = intervalOf(segment, at);
    return isBorder(startMs) && isBorder(endMs);
  });
}

/** Around every change of the clocks of either zone, and once a month. */
function probes(...granularities: readonly Granularity[]): number[] {
  const found: number[] = [];
  for (let ms = firstMs; ms < lastMs; ms += 30 * dayMs) found.push(ms);
  const zones = granularities
    .filter((granularity): granularity is PeriodGranularity => granularity.kind === 'period')
    .map((granularity) => timeZone(granularity.timeZone) ?? utc);
  for (const change of zones.flatMap(changesOf))
    found.push(change - dayMs, change - 1, change, change + dayMs);
  return found;
}

/** Zones seldom change twice within a week. */
function changesOf(zone: TimeZone): number[] {
  const found: number[] = [];
  for (let from = firstMs; from < lastMs; from += weekMs) {
    const offset = zone.offsetAt(from);
    if (zone.offsetAt(from + weekMs) === offset) continue;
    let [before, after] = [from, from + weekMs];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (zone.offsetAt(middle) === offset) before = middle;
      else after = middle;
    }
    found.push(after);
  }
  return found;
}
