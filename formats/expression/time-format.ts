/** Instants to texts by the patterns of Joda-Time's DateTimeFormat, in English. */
import type { TimeZone } from '../../domain/time-zones.ts';
import { CompileProblem } from '../compile-problem.ts';
import { readTokens } from '../time-pattern/tokens.ts';
import { zoneName } from './zone-words.ts';
import { dayOfYear, isoWeek, isoWeekday } from './time-units.ts';

export type TimeFormatter = (ms: number) => string;

/** A time on the clocks of a zone. */
type Clocks = {
  readonly ms: number;
  readonly date: Date;
  readonly offsetMs: number;
  readonly zone: TimeZone;
};
type Part = (clocks: Clocks) => string;

/** Without a pattern: ISO 8601 with milliseconds and the offset. Throws `CompileProblem`. */
export function timeFormatter(pattern: string | null, zone: TimeZone): TimeFormatter {
  const parts = pattern === null ? isoParts : partsOf(pattern);
  return (ms) => {
    const offsetMs = zone.offsetAt(ms);
    const clocks: Clocks = { ms, date: new Date(ms + offsetMs), offsetMs, zone };
    return parts.map((part) => part(clocks)).join('');
  };
}

function partsOf(pattern: string): readonly Part[] {
  return readTokens(pattern).map((token) => {
    if (token.kind === 'literal') return () => token.text;
    const make = Object.hasOwn(letters, token.letter) ? letters[token.letter] : undefined;
    if (make === undefined)
      throw new CompileProblem(
        `a pattern of the letters ${Object.keys(letters).join(' ')}, found ${token.letter}; other text stands in quotes`,
      );
    return make(token.length);
  });
}

const months = 'January February March April May June July August September October November December'.split(
  ' ',
);
const days = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' ');

function number(of: (clocks: Clocks) => number): (length: number) => Part {
  return (length) => (clocks) => padded(of(clocks), length);
}

/** The sign stands before the zeros. */
function padded(value: number, length: number): string {
  return `${value < 0 ? '-' : ''}${String(Math.abs(value)).padStart(length, '0')}`;
}

/** Two letters are the last two digits. */
function year(of: (clocks: Clocks) => number): (length: number) => Part {
  return (length) => (clocks) =>
    length === 2 ? padded(Math.abs(of(clocks)) % 100, 2) : padded(of(clocks), length);
}

function word(names: readonly string[], of: (clocks: Clocks) => number): (length: number) => Part {
  return (length) => (clocks) => {
    const name = names[of(clocks)] ?? '';
    return length >= 4 ? name : name.slice(0, 3);
  };
}

const yearOf = ({ date }: Clocks): number => date.getUTCFullYear();
const yearOfEra = (clocks: Clocks): number => (yearOf(clocks) <= 0 ? 1 - yearOf(clocks) : yearOf(clocks));
const hour = ({ date }: Clocks): number => date.getUTCHours();
const month = ({ date }: Clocks): number => date.getUTCMonth();

const letters: Readonly<Record<string, (length: number) => Part>> = {
  G: () => (clocks) => (yearOf(clocks) <= 0 ? 'BC' : 'AD'),
  C: number((clocks) => Math.floor(yearOfEra(clocks) / 100)),
  Y: year(yearOfEra),
  x: year(({ date }) => isoWeek(date.getTime()).year),
  w: number(({ date }) => isoWeek(date.getTime()).week),
  e: number(({ date }) => isoWeekday(date.getTime())),
  E: word(days, ({ date }) => isoWeekday(date.getTime()) - 1),
  y: year(yearOf),
  D: number(({ date }) => dayOfYear(date.getTime())),
  M: (length) => (length >= 3 ? word(months, month)(length) : number((clocks) => month(clocks) + 1)(length)),
  d: number(({ date }) => date.getUTCDate()),
  a: () => (clocks) => (hour(clocks) < 12 ? 'AM' : 'PM'),
  K: number((clocks) => hour(clocks) % 12),
  h: number((clocks) => ((hour(clocks) + 11) % 12) + 1),
  H: number(hour),
  k: number((clocks) => ((hour(clocks) + 23) % 24) + 1),
  m: number(({ date }) => date.getUTCMinutes()),
  s: number(({ date }) => date.getUTCSeconds()),
  S:
    (length) =>
    ({ date }) =>
      padded(date.getUTCMilliseconds(), 3).padEnd(length, '0').slice(0, length),
  z:
    (length) =>
    ({ ms, offsetMs, zone }) =>
      zoneName(zone, ms, length >= 4 ? 'long' : 'short') ?? offsetText(offsetMs, ':'),
  Z:
    (length) =>
    ({ offsetMs, zone }) =>
      length >= 3 ? zone.id : offsetText(offsetMs, length === 1 ? '' : ':'),
};

/** Seconds only where there are some. */
function offsetText(offsetMs: number, between: string): string {
  const seconds = Math.round(Math.abs(offsetMs) / 1000);
  const fields = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = fields.slice(0, (fields[2] ?? 0) > 0 ? 3 : 2);
  return `${offsetMs < 0 ? '-' : '+'}${shown.map((field) => padded(field, 2)).join(between)}`;
}

const isoParts: readonly Part[] = [
  ...partsOf("yyyy-MM-dd'T'HH:mm:ss.SSS"),
  ({ offsetMs }) => (offsetMs === 0 ? 'Z' : offsetText(offsetMs, ':')),
];
