/** The buckets that `timestamp_floor` and `timestamp_ceil` cut by: period, origin and zone as they are written out. */
import { parsePeriodParts } from '../../domain/spec/period.ts';
import { periodBuckets, type Buckets } from '../../domain/period-buckets.ts';
import type { TimeZone } from '../../domain/time-zones.ts';
import { CompileProblem } from '../compile-problem.ts';
import { literalText, type Compiled } from './functions.ts';
import { timeParser } from './time-parsing.ts';

export type { Buckets };

export function bucketsOf(args: readonly Compiled[], zone: TimeZone, name: string): Buckets {
  const text = literalText(args, 1, `${name}() takes a period`) ?? '';
  const parts = parsePeriodParts(text);
  if (parts === null || Object.values(parts).every((amount) => amount === 0))
    throw new CompileProblem(
      `${name}() takes an ISO 8601 period such as 'PT1H' or 'P1M', found ${JSON.stringify(text.slice(0, 60))}`,
    );
  return periodBuckets({
    kind: 'period',
    parts,
    timeZone: zone.id,
    originMs: originArgument(args[2], zone, name),
  });
}

/** Milliseconds, or an ISO 8601 time on the clocks of the zone; null and '' are none. */
function originArgument(arg: Compiled | undefined, zone: TimeZone, name: string): number | null {
  if (arg === undefined) return null;
  const value = arg.constant?.value;
  if (value === undefined) throw new CompileProblem(`${name}() takes an origin written out, not computed`);
  if (value === null || value === '') return null;
  const ms = typeof value === 'string' ? timeParser('iso', zone, 2000)(value) : value;
  if (typeof ms !== 'number' || !Number.isSafeInteger(ms))
    throw new CompileProblem(`${name}() takes an origin such as '2026-01-01T00:00:00Z'`);
  return ms;
}
