/** Parts of a time and units to round to, by the names SQL has for them. */
import type { CallContext } from '../typed-sql.ts';
import { problem } from './entries.ts';
import { toLocal } from './time-zones.ts';

/** Units of FLOOR TO, CEIL TO, TIMESTAMPADD and TIMESTAMPDIFF. */
export const unitPeriods: ReadonlyMap<string, string> = new Map([
  ['MILLISECOND', 'PT0.001S'],
  ['SECOND', 'PT1S'],
  ['MINUTE', 'PT1M'],
  ['HOUR', 'PT1H'],
  ['DAY', 'P1D'],
  ['WEEK', 'P1W'],
  ['MONTH', 'P1M'],
  ['QUARTER', 'P3M'],
  ['YEAR', 'P1Y'],
]);

/** DATE_TRUNC knows more. Centuries count from 1970, as they do in Druid. */
const truncPeriods: ReadonlyMap<string, string> = new Map([
  ...unitPeriods,
  ['MILLISECONDS', 'PT0.001S'],
  ['DECADE', 'P10Y'],
  ['CENTURY', 'P100Y'],
  ['MILLENNIUM', 'P1000Y'],
]);

export function unitPeriod(unit: string, context: CallContext): string {
  return known(unitPeriods, unit, context);
}

export function truncPeriod(unit: string, context: CallContext): string {
  return known(truncPeriods, unit, context);
}

/** `l` is the local time, `t` the moment. */
const parts: ReadonlyMap<string, (l: string, t: string) => string> = new Map([
  ['EPOCH', (_, t) => `CAST(floor(epoch_ms(${t}) / 1000.0) AS BIGINT)`],
  ['MICROSECOND', (l) => `(microsecond(${l}) % 1000000 // 1000 * 1000)`],
  ['MILLISECOND', (l) => `(millisecond(${l}) % 1000)`],
  ['SECOND', (l) => `second(${l})`],
  ['MINUTE', (l) => `minute(${l})`],
  ['HOUR', (l) => `hour(${l})`],
  ['DAY', (l) => `day(${l})`],
  ['DOW', (l) => `isodow(${l})`],
  ['ISODOW', (l) => `isodow(${l})`],
  ['DOY', (l) => `dayofyear(${l})`],
  ['WEEK', (l) => `week(${l})`],
  ['MONTH', (l) => `month(${l})`],
  ['QUARTER', (l) => `quarter(${l})`],
  ['YEAR', (l) => `year(${l})`],
  ['ISOYEAR', (l) => `isoyear(${l})`],
  ['DECADE', (l) => `(year(${l}) // 10)`],
  ['CENTURY', (l) => `CAST(ceil(year(${l}) / 100.0) AS BIGINT)`],
  ['MILLENNIUM', (l) => `CAST(ceil(year(${l}) / 1000.0) AS BIGINT)`],
]);

export function isTimePart(name: string): boolean {
  return parts.has(name.toUpperCase());
}

export function extractPart(unit: string, time: string, zone: string, context: CallContext): string {
  return `CAST(${known(parts, unit, context)(toLocal(time, zone), time)} AS BIGINT)`;
}

function known<T>(table: ReadonlyMap<string, T>, unit: string, context: CallContext): T {
  const found = table.get(unit.trim().toUpperCase());
  if (found === undefined)
    throw problem(context, `found the unit '${unit}', expected one of ${[...table.keys()].join(', ')}`);
  return found;
}
