/** Literals: texts, TRUE, NULL, dates and times, intervals, and the escapes in braces that drivers write. */
import type { Expr } from './ast.ts';
import { SqlProblem } from './errors.ts';
import { isIntervalUnit } from './parse-keywords.ts';
import type { Reader } from './parse-reader.ts';

/** A text may go on in further quotes on the following lines. */
export function readText(reader: Reader): Expr {
  const first = reader.string();
  const parts = [first.value];
  let last = first;
  while (reader.peek().kind === 'string') {
    const token = reader.peek();
    if (!reader.sql.slice(last.end, token.at).includes('\n'))
      throw new SqlProblem('String literal continued on same line', token);
    last = reader.next();
    parts.push(last.value);
  }
  return { kind: 'string', value: parts.join(''), at: first.at, end: last.end };
}

/** Null when the word does not begin a literal here. */
export function readKeywordLiteral(reader: Reader, word: string): Expr | null {
  const token = reader.peek();
  const span = { at: token.at, end: token.end };
  switch (word) {
    case 'TRUE':
    case 'FALSE':
      reader.next();
      return { kind: 'boolean', value: word === 'TRUE', ...span };
    case 'NULL':
    case 'UNKNOWN':
      reader.next();
      return { kind: 'null', ...span };
    case 'DATE':
    case 'TIMESTAMP':
      if (reader.peek(1).kind !== 'string') return null;
      reader.next();
      return readTime(reader, word, token.at);
    case 'TIME':
      if (reader.peek(1).kind !== 'string') return null;
      throw noTimeOfDay({ at: token.at, end: reader.peek(1).end });
    case 'INTERVAL':
      return readInterval(reader);
    default:
      return null;
  }
}

function noTimeOfDay(span: { at: number; end: number }): SqlProblem {
  return new SqlProblem('The type TIME is not supported: use a TIMESTAMP or a text', span);
}

const datePattern = /^\d{4}-\d{1,2}-\d{1,2}$/;
const timestampPattern = /^\d{4}-\d{1,2}-\d{1,2}(?: \d{1,2}:\d{1,2}:\d{1,2}(?:\.\d*)?)?$/;

function readTime(reader: Reader, type: 'DATE' | 'TIMESTAMP', at: number): Expr {
  const { value } = reader.string();
  const span = reader.spanFrom(at);
  const isGood = (type === 'DATE' ? datePattern : timestampPattern).test(value) && isCalendarTime(value);
  if (!isGood)
    throw new SqlProblem(
      `Illegal ${type} literal '${value.slice(0, 80)}': not in format '` +
        (type === 'DATE' ? "yyyy-MM-dd'" : "yyyy-MM-dd HH:mm:ss'"),
      span,
    );
  return { kind: 'time', type, value, ...span };
}

/** The 31st of June is refused, not moved. */
function isCalendarTime(text: string): boolean {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = text.split(/[- :.]/).map(Number);
  const lastDay = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  return month >= 1 && month <= 12 && day >= 1 && day <= lastDay && hour < 24 && minute < 60 && second < 60;
}

/** `INTERVAL -'1-2' YEAR(3) TO MONTH`. */
function readInterval(reader: Reader): Expr {
  const { at } = reader.next();
  const negative = reader.accept('-');
  if (!negative) reader.accept('+');
  const { value } = reader.string();
  const from = readIntervalUnit(reader);
  const to = reader.accept('TO') ? readIntervalUnit(reader) : null;
  return { kind: 'interval', value: value.trim(), negative, from, to, ...reader.spanFrom(at) };
}

function readIntervalUnit(reader: Reader): string {
  const token = reader.peek();
  if (token.kind !== 'word' || !isIntervalUnit(token.value)) {
    reader.expected('"YEAR"', '"QUARTER"', '"MONTH"', '"WEEK"', '"DAY"', '"HOUR"', '"MINUTE"', '"SECOND"');
    throw reader.unexpected();
  }
  reader.next();
  if (reader.accept('(')) {
    do readWhole(reader);
    while (reader.accept(','));
    reader.expect(')');
  }
  return token.value;
}

/** Digits and nothing else, small enough for a number. */
export function readWhole(reader: Reader): number {
  const token = reader.peek();
  if (token.kind !== 'number' || !/^\d{1,9}$/.test(token.value)) {
    reader.expected('<UNSIGNED_INTEGER_LITERAL>');
    throw reader.unexpected();
  }
  reader.next();
  return Number(token.value);
}

/** `{d '2026-01-01'}`, `{ts '2026-01-01 00:00:00'}`, `{fn UCASE(x)}`. */
export function readBraces(reader: Reader, readCall: (reader: Reader) => Expr): Expr {
  const { at } = reader.expect('{');
  const word = reader.peek();
  const inside = readInBraces(reader, readCall, word.value);
  reader.expect('}');
  return { ...inside, at: word.value === 'FN' ? inside.at : at, end: reader.spanFrom(at).end };
}

function readInBraces(reader: Reader, readCall: (reader: Reader) => Expr, word: string): Expr {
  const token = reader.peek();
  if (token.kind === 'word' && word === 'FN') {
    reader.next();
    return reader.nest(() => readCall(reader));
  }
  if (token.kind === 'word' && (word === 'D' || word === 'TS')) {
    reader.next();
    return readTime(reader, word === 'D' ? 'DATE' : 'TIMESTAMP', token.at);
  }
  if (token.kind === 'word' && word === 'T') throw noTimeOfDay(token);
  reader.expected('"FN"', '"D"', '"TS"');
  throw reader.unexpected();
}
