/** `start/end`, `start/P1D`, `P1D/end`: ISO 8601, in UTC unless a time says otherwise. */
import { addMonths, dayMs } from '../../domain/calendar.ts';
import type { Json } from '../../domain/json.ts';
import { daysOf, timeOf } from '../../domain/period-buckets.ts';
import { parsePeriodParts } from '../../domain/spec/period.ts';
import type { PeriodParts } from '../../domain/spec/spec.ts';
import { CompileProblem } from '../compile-problem.ts';
import { parseIsoTime } from '../iso-time.ts';

export type TimeInterval = { readonly startMs: number; readonly endMs: number };

/** Throws `CompileProblem`. */
export function readInterval(value: Json, at: string): TimeInterval {
  const found = typeof value === 'string' ? intervalOf(value.trim()) : null;
  if (found === null)
    throw new CompileProblem('an interval such as 2026-01-01/2026-02-01 that ends after it begins', { at });
  return found;
}

function intervalOf(text: string): TimeInterval | null {
  const slash = text.indexOf('/');
  if (slash < 0) return null;
  const [first, second] = [text.slice(0, slash), text.slice(slash + 1)];
  const [firstPeriod, secondPeriod] = [parsePeriodParts(first), parsePeriodParts(second)];
  const start = firstPeriod === null ? parseIsoTime(first, 'strict') : null;
  const end = secondPeriod === null ? parseIsoTime(second, 'strict') : null;
  const startMs = start ?? shifted(end, firstPeriod, -1);
  const endMs = end ?? shifted(start, secondPeriod, 1);
  if (startMs === null || endMs === null || !(startMs <= endMs)) return null;
  return { startMs, endMs };
}

function shifted(ms: number | null, parts: PeriodParts | null, sign: 1 | -1): number | null {
  if (ms === null || parts === null) return null;
  const years = addMonths(ms, sign * parts.years * 12);
  return addMonths(years, sign * parts.months) + sign * (daysOf(parts) * dayMs + timeOf(parts));
}
