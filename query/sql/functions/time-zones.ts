/**
 * Times are TIMESTAMP in UTC; calendar functions work on the local time of a zone. Zones are IANA names, or offsets such
 * as `-08:00` as Druid takes them.
 */
import { Temporal } from 'temporal-polyfill';
import { SqlProblem } from '../errors.ts';
import type { Span } from '../ast.ts';
import { text } from './fragments.ts';

const utcNames: ReadonlySet<string> = new Set(['UTC', 'Z', 'Etc/UTC', 'GMT', 'Etc/GMT', 'Etc/UCT', 'UCT']);
const offsetForm = /^([+-])(\d{2}):?(\d{2})$/;

/** The zone as it may stand in `toLocal` and `toUtc`. Throws when nobody knows it. */
export function knownZone(name: string, span: Span | null): string {
  if (utcNames.has(name)) return 'UTC';
  if (offsetMinutes(name) !== null) return name;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone && name;
  } catch {
    throw new SqlProblem(
      `The time zone '${name}' is not known, expected a name such as 'America/Los_Angeles' or an offset such as '-08:00'`,
      span,
    );
  }
}

/** UTC to the zone's wall clock. */
export function toLocal(sql: string, zone: string): string {
  if (zone === 'UTC') return sql;
  const minutes = offsetMinutes(zone);
  if (minutes !== null) return `(${sql} + to_minutes(${minutes}))`;
  return `timezone(${text(zone)}, CAST(${sql} AS TIMESTAMPTZ))`;
}

/** The zone's wall clock to UTC. */
export function toUtc(sql: string, zone: string): string {
  if (zone === 'UTC') return sql;
  const minutes = offsetMinutes(zone);
  if (minutes !== null) return `(${sql} - to_minutes(${minutes}))`;
  return `CAST(timezone(${text(zone)}, ${sql}) AS TIMESTAMP)`;
}

const timeForm =
  /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:[T ](\d{1,2})(?::(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?(Z|[+-]\d{2}:?\d{2})?)?)?)?$/;

/** The same form for DuckDB's regular expressions. */
export const timeFormSql = String.raw`\d{4}(-\d{1,2}(-\d{1,2}([T ]\d{1,2}(:\d{2}(:\d{2}([.,]\d{1,9})?)?)?(Z|[+-]\d{2}:?\d{2})?)?)?)?`;

/** Milliseconds of `2026-01-01`, `2026-01-01 05:06:07.5`, with T, Z or an offset; without one, in `zone`. */
export function parseTime(value: string, zone: string): number | null {
  const match = timeForm.exec(value.trim());
  if (match === null) return null;
  const [, year, month = '1', day = '1', hour = '0', minute = '0', second = '0', fraction = '', offset] =
    match;
  try {
    const local = Temporal.PlainDateTime.from(
      {
        year: Number(year),
        month: Number(month),
        day: Number(day),
        hour: Number(hour),
        minute: Number(minute),
        second: Number(second),
        millisecond: Number(fraction.padEnd(3, '0').slice(0, 3)),
      },
      { overflow: 'reject' },
    );
    return local.toZonedDateTime(temporalZone(offset ?? zone)).epochMilliseconds;
  } catch {
    return null;
  }
}

export function temporalZone(zone: string): string {
  if (utcNames.has(zone)) return 'UTC';
  const match = offsetForm.exec(zone);
  return match === null ? zone : `${match[1]}${match[2]}:${match[3]}`;
}

function offsetMinutes(zone: string): number | null {
  const match = offsetForm.exec(zone);
  if (match === null) return null;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return match[1] === '-' ? -minutes : minutes;
}
