/**
 * Joda's patterns (`yyyy-MM-dd HH:mm`), compiled for constants: to DuckDB's own formats where there are some, to SQL
 * where not. A letter that has no meaning here is refused by name.
 */
import type { CallContext } from '../typed-sql.ts';
import { problem } from './entries.ts';
import { once, text } from './fragments.ts';
import { toLocal, toUtc } from './time-zones.ts';

type Token = { readonly letter: string; readonly count: number } | { readonly literal: string };

type Format = (count: number) => string | null;

/** SQL over the local time `l` and the moment `t`. */
type Piece = (l: string, t: string) => string;
type Computed = (count: number, zone: string) => Piece | null;

const tokenForm = /'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+/gy;

function tokens(pattern: string, context: CallContext): Token[] {
  const found: Token[] = [];
  let end = 0;
  for (const match of pattern.matchAll(tokenForm)) {
    const [whole, quoted, letter] = match;
    end = match.index + whole.length;
    if (quoted !== undefined) found.push({ literal: quoted === '' ? "'" : quoted.replaceAll("''", "'") });
    else if (letter !== undefined) found.push({ letter, count: whole.length });
    else found.push({ literal: whole });
  }
  if (end !== pattern.length) throw problem(context, `the pattern '${pattern}' has a quote without its end`);
  return found;
}

/** One code for one letter, another for two and more. */
const formats: ReadonlyMap<string, Format> = new Map<string, Format>([
  ['y', (n) => (n === 2 ? '%y' : '%Y')],
  ['Y', (n) => (n === 2 ? '%y' : '%Y')],
  ['M', (n) => (n === 1 ? '%-m' : n === 2 ? '%m' : n === 3 ? '%b' : '%B')],
  ['d', (n) => (n === 1 ? '%-d' : '%d')],
  ['H', (n) => (n === 1 ? '%-H' : '%H')],
  ['h', (n) => (n === 1 ? '%-I' : '%I')],
  ['m', (n) => (n === 1 ? '%-M' : '%M')],
  ['s', (n) => (n === 1 ? '%-S' : '%S')],
  ['S', (n) => (n === 3 ? '%g' : null)],
  ['a', () => '%p'],
  ['E', (n) => (n <= 3 ? '%a' : '%A')],
  ['D', (n) => (n === 1 ? '%-j' : n === 3 ? '%j' : null)],
]);

/** What has no code. */
const computed: ReadonlyMap<string, Computed> = new Map<string, Computed>([
  [
    'S',
    (n: number) =>
      n < 3
        ? (l: string) => `left(strftime(${l}, '%g'), ${n})`
        : n <= 9
          ? (l: string) => `strftime(${l}, '%g') || '${'0'.repeat(n - 3)}'`
          : null,
  ],
  ['D', () => (l: string) => `lpad(CAST(dayofyear(${l}) AS VARCHAR), 2, '0')`],
  ['x', () => (l: string) => `CAST(isoyear(${l}) AS VARCHAR)`],
  [
    'w',
    (n: number) => (l: string) =>
      `lpad(CAST(week(${l}) AS VARCHAR), ${n === 1 ? `CASE WHEN week(${l}) < 10 THEN 1 ELSE 2 END` : 2}, '0')`,
  ],
  ['e', () => (l: string) => `CAST(isodow(${l}) AS VARCHAR)`],
  ['C', () => (l: string) => `CAST(year(${l}) // 100 AS VARCHAR)`],
  ['G', () => (l: string) => `CASE WHEN year(${l}) > 0 THEN 'AD' ELSE 'BC' END`],
  [
    'k',
    (n: number) => (l: string) =>
      `CASE WHEN hour(${l}) = 0 THEN '24' ELSE strftime(${l}, '${n === 1 ? '%-H' : '%H'}') END`,
  ],
  [
    'K',
    (n: number) => (l: string) =>
      n === 1 ? `CAST(hour(${l}) % 12 AS VARCHAR)` : `lpad(CAST(hour(${l}) % 12 AS VARCHAR), 2, '0')`,
  ],
  [
    'Z',
    (n: number, zone: string) =>
      n >= 3 ? () => text(zone) : (l: string, t: string) => offset(l, t, n === 1 ? '' : ':'),
  ],
  ['z', (_: number, zone: string) => (zone === 'UTC' ? () => `'UTC'` : null)],
]);

/** `+0530` or `+05:30`. */
function offset(local: string, time: string, colon: string): string {
  const minutes = `date_diff('minute', ${time}, ${local})`;
  return `CASE WHEN ${minutes} < 0 THEN '-' ELSE '+' END || lpad(CAST(abs(${minutes}) // 60 AS VARCHAR), 2, '0') || '${colon}' || lpad(CAST(abs(${minutes}) % 60 AS VARCHAR), 2, '0')`;
}

export function formatTime(time: string, pattern: string, zone: string, context: CallContext): string {
  const pieces: (string | Piece)[] = [];
  const addFormat = (format: string): void => {
    const last = pieces.at(-1);
    if (typeof last === 'string') pieces[pieces.length - 1] = last + format;
    else pieces.push(format);
  };
  for (const token of tokens(pattern, context)) {
    if ('literal' in token) {
      addFormat(token.literal.replaceAll('%', '%%'));
      continue;
    }
    const format = formats.get(token.letter)?.(token.count) ?? null;
    const piece = format ?? computed.get(token.letter)?.(token.count, zone) ?? null;
    if (piece === null) throw unknownLetter(token, pattern, context);
    if (typeof piece === 'string') addFormat(piece);
    else pieces.push(piece);
  }
  if (pieces.length === 0) return `''`;
  const [only] = pieces;
  if (pieces.length === 1 && typeof only === 'string')
    return `strftime(${toLocal(time, zone)}, ${text(only)})`;
  return once([time], (t) => {
    const l = toLocal(t, zone);
    return pieces
      .map((piece) => `(${typeof piece === 'string' ? `strftime(${l}, ${text(piece)})` : piece(l, t)})`)
      .join(' || ');
  });
}

/** ISO form with milliseconds: `Z` in UTC, else the offset. */
export function isoTime(time: string, zone: string, context: CallContext): string {
  return formatTime(time, `yyyy-MM-dd'T'HH:mm:ss.SSS${zone === 'UTC' ? "'Z'" : 'ZZ'}`, zone, context);
}

/** Null for texts that do not fit the pattern. */
export function parseWithPattern(value: string, pattern: string, zone: string, context: CallContext): string {
  let format = '';
  let hasOffset = false;
  for (const token of tokens(pattern, context)) {
    if ('literal' in token) {
      format += token.literal.replaceAll('%', '%%');
      continue;
    }
    const isOffset = token.letter === 'Z' && token.count <= 2;
    const code = isOffset ? '%z' : (formats.get(token.letter)?.(token.count) ?? null);
    if (code === null) throw unknownLetter(token, pattern, context);
    hasOffset ||= isOffset;
    // Any number of digits is read, whatever the pattern says.
    format += code.replace('%-', '%');
  }
  const parsed = `try_strptime(${value}, ${text(format)})`;
  return hasOffset ? `CAST(${parsed} AS TIMESTAMP)` : toUtc(parsed, zone);
}

function unknownLetter(
  token: { letter: string; count: number },
  pattern: string,
  context: CallContext,
): Error {
  return problem(
    context,
    `'${token.letter.repeat(token.count)}' in the pattern '${pattern}' is not supported here; quote letters that stand for themselves`,
  );
}
