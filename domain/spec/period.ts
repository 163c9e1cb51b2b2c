/**
 * Periods as Druid's specs write them, ISO 8601 (`PT1H`, `P1DT2H`, `P1W`, `PT0.5S`): those of fixed length to milliseconds, any
 * other into its parts.
 *
 * Months and years have no fixed length and are told apart from nonsense, so that a message can say why.
 */
import type { PeriodParts } from './spec.ts';

export type ParsedPeriod =
  { readonly kind: 'ok'; readonly ms: number } | { readonly kind: 'notFixed' } | { readonly kind: 'invalid' };

/** Letters in either case and a comma for the point, as Joda-Time reads them. */
const pattern =
  /^P(?:(-?\d{1,12})Y)?(?:(-?\d{1,12})M)?(?:(-?\d{1,12})W)?(?:(-?\d{1,12})D)?(T(?:(-?\d{1,12})H)?(?:(-?\d{1,12})M)?(?:(-?\d{1,12})(?:[.,](\d{1,9}))?S)?)?$/i;

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const weekMs = 7 * dayMs;

/** Null: no period, or one with a negative part. Digits below a millisecond are cut. */
export function parsePeriodParts(text: string): PeriodParts | null {
  const match = pattern.exec(text);
  if (match === null || !/\d/.test(text) || match[5]?.toUpperCase() === 'T') return null;
  if (text.includes('-')) return null;
  const part = (index: number): number => Number(match[index] ?? 0);
  return {
    years: part(1),
    months: part(2),
    weeks: part(3),
    days: part(4),
    hours: part(6),
    minutes: part(7),
    seconds: part(8),
    millis: Number((match[9] ?? '').slice(0, 3).padEnd(3, '0')),
  };
}

/** Digits below a millisecond are cut. The result may be negative, or beyond 2^53 (`P2147483647D`): the caller has bounds. */
export function parsePeriod(text: string): ParsedPeriod {
  const match = pattern.exec(text);
  if (match === null || !/\d/.test(text) || match[5]?.toUpperCase() === 'T') return { kind: 'invalid' };
  const part = (index: number) => Number(match[index] ?? 0);
  if (part(1) !== 0 || part(2) !== 0) return { kind: 'notFixed' };
  const fraction = Number((match[9] ?? '').slice(0, 3).padEnd(3, '0'));
  const ms =
    part(3) * weekMs +
    part(4) * dayMs +
    part(6) * hourMs +
    part(7) * minuteMs +
    part(8) * secondMs +
    (match[8]?.startsWith('-') === true ? -fraction : fraction);
  return { kind: 'ok', ms };
}

/** The shortest usual way to write a length, for messages and tables: `PT1H`, `P1D`, `PT0.5S`. */
export function formatPeriod(ms: number): string {
  const whole = Math.abs(ms);
  const sign = ms < 0 ? '-' : '';
  if (whole === 0) return 'PT0S';
  if (whole % dayMs === 0) return `P${sign}${whole / dayMs}D`;
  if (whole % hourMs === 0) return `PT${sign}${whole / hourMs}H`;
  if (whole % minuteMs === 0) return `PT${sign}${whole / minuteMs}M`;
  return `PT${sign}${whole / secondMs}S`;
}
