/** A time moved by a period, as Joda-Time adds one: years to days on the clocks of the zone, hours and shorter as lengths. */
import { addMonths, dayMs } from '../../domain/calendar.ts';
import { instantOfLocal, type TimeZone } from '../../domain/time-zones.ts';
import { ExpressionFailure } from './failure.ts';

/** Each may be negative. */
export type Shift = {
  readonly years: number;
  readonly months: number;
  readonly days: number;
  readonly ms: number;
};

const number = '([+-]?\\d{1,9})';
const period = new RegExp(
  `^P(?:${number}Y)?(?:${number}M)?(?:${number}W)?(?:${number}D)?` +
    `(?:T(?:${number}H)?(?:${number}M)?(?:([+-]?)(\\d{1,9})(?:[.,](\\d{1,9}))?S)?)?$`,
  'i',
);

export function parseShift(text: string): Shift | null {
  const match = period.exec(text);
  if (match === null || !/\d/.test(text) || /t$/i.test(text)) return null;
  const part = (at: number): number => Number(match[at] ?? 0);
  const fraction = Number((match[9] ?? '').slice(0, 3).padEnd(3, '0'));
  const seconds = (part(8) * 1000 + fraction) * (match[7] === '-' ? -1 : 1);
  return {
    years: part(1),
    months: part(2),
    days: part(3) * 7 + part(4),
    ms: part(5) * 3_600_000 + part(6) * 60_000 + seconds,
  };
}

const limitMs = 8_640_000_000_000_000;

export function shiftTime(
  ms: number,
  { years, months, days, ms: length }: Shift,
  step: number,
  zone: TimeZone,
): number {
  let result = ms;
  for (const amount of [years * 12 * step, months * step])
    if (amount !== 0) result = onClocks(zone, checked(result), (local) => addMonths(local, amount));
  if (days * step !== 0) result = onClocks(zone, checked(result), (local) => local + days * step * dayMs);
  return checked(result + length * step);
}

function checked(ms: number): number {
  if (!(Math.abs(ms) < limitMs))
    throw new ExpressionFailure('timestamp_shift() leads to a time beyond the year 275760');
  return ms + 0;
}

/** With the offset from before where it still holds: what comes twice in autumn stays the same of the two. */
function onClocks(zone: TimeZone, ms: number, move: (localMs: number) => number): number {
  const offset = zone.offsetAt(ms);
  const local = move(ms + offset);
  return zone.offsetAt(local - offset) === offset ? local - offset : instantOfLocal(zone, local);
}
