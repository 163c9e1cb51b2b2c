/** Functions whose arguments are written with words between them: CAST, EXTRACT, FLOOR TO, TRIM, JSON_VALUE, ... */
import type { Call, Expr } from './ast.ts';
import { SqlProblem } from './errors.ts';
import { callOf, readCall, readFunctionName } from './parse-call.ts';
import { isTimeUnit } from './parse-keywords.ts';
import type { Reader } from './parse-reader.ts';
import { readType } from './parse-type.ts';

type Rule = (reader: Reader) => Expr;

const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['CAST', readCast],
  ['TRY_CAST', readCast],
  ['SAFE_CAST', readCast],
  ['EXTRACT', readExtract],
  ['FLOOR', readFloor],
  ['CEIL', readFloor],
  ['CEILING', readFloor],
  ['TRIM', readTrim],
  ['POSITION', readPosition],
  ['SUBSTRING', readSubstring],
  ['OVERLAY', readOverlay],
  ['EXISTS', readExists],
  ['ROW', readRow],
  ['TIMESTAMPADD', readTimestampCall],
  ['TIMESTAMPDIFF', readTimestampCall],
  ['JSON_VALUE', readJsonValue],
  ['JSON_OBJECT', readJsonObject],
]);

/** The word is followed by a parenthesis. Null when it is an ordinary call. */
export function readSpecialCall(reader: Reader, word: string): Expr | null {
  const rule = rules.get(word);
  return rule === undefined ? null : reader.nest(() => rule(reader));
}

function expression(reader: Reader): Expr {
  return reader.grammar.expression(reader);
}

function readCast(reader: Reader): Expr {
  const word = reader.next();
  reader.expect('(');
  const operand = expression(reader);
  reader.expect('AS');
  if (reader.sees('INTERVAL'))
    throw new SqlProblem('CAST to an INTERVAL is not supported: use INTERVAL literals', reader.peek());
  const type = readType(reader);
  reader.expect(')');
  return { kind: 'cast', operand, type, tries: word.value !== 'CAST', ...reader.spanFrom(word.at) };
}

function readExtract(reader: Reader): Expr {
  const { at } = reader.next();
  reader.expect('(');
  const unit = readUnit(reader);
  reader.expect('FROM');
  const operand = expression(reader);
  reader.expect(')');
  return { kind: 'extract', unit, operand, ...reader.spanFrom(at) };
}

/** Also the names of ODBC: `SQL_TSI_DAY`. */
function readUnit(reader: Reader): string {
  const token = reader.peek();
  const unit = token.value.startsWith('SQL_TSI_') ? token.value.slice(8) : token.value;
  if (token.kind !== 'word' || !isTimeUnit(unit)) {
    const units = ['YEAR', 'QUARTER', 'MONTH', 'WEEK', 'DAY', 'HOUR', 'MINUTE', 'SECOND'];
    reader.expected(...units.map((name) => `"${name}"`));
    throw reader.unexpected();
  }
  reader.next();
  return unit;
}

/** `FLOOR(x TO DAY)`, or the ordinary call. */
function readFloor(reader: Reader): Expr {
  const name = readFunctionName(reader);
  reader.expect('(');
  const operand = expression(reader);
  const args = [operand];
  const unit = reader.accept('TO') ? readUnit(reader) : null;
  while (unit === null && reader.accept(',')) args.push(expression(reader));
  reader.expect(')');
  if (unit === null) return callOf(reader, name, args);
  const direction = name.text === 'FLOOR' ? 'FLOOR' : 'CEIL';
  return { kind: 'roundTime', direction, operand, unit, ...reader.spanFrom(name.at) };
}

/** `TRIM([BOTH | LEADING | TRAILING] [characters] FROM x)`; `TRIM(x)` and `TRIM(x, characters)` as Druid adds. */
function readTrim(reader: Reader): Expr {
  const { at } = reader.next();
  reader.expect('(');
  const side = (['BOTH', 'LEADING', 'TRAILING'] as const).find((word) => reader.accept(word));
  const first = side !== undefined && reader.is('FROM') ? null : expression(reader);
  const arms = readTrimArms(reader, first, side !== undefined);
  reader.expect(')');
  return { kind: 'trim', side: side ?? 'BOTH', ...arms, ...reader.spanFrom(at) };
}

function readTrimArms(
  reader: Reader,
  first: Expr | null,
  isSideGiven: boolean,
): { characters: Expr | null; operand: Expr } {
  if (first === null || isSideGiven || reader.is('FROM')) {
    reader.expect('FROM');
    return { characters: first, operand: expression(reader) };
  }
  return { characters: reader.accept(',') ? expression(reader) : null, operand: first };
}

function readPosition(reader: Reader): Expr {
  const { at } = reader.next();
  reader.expect('(');
  // Tighter than IN, which here is a word between the arguments.
  const needle = reader.grammar.expression(reader, 32);
  reader.expect('IN');
  const haystack = expression(reader);
  const start = reader.accept('FROM') ? expression(reader) : null;
  reader.expect(')');
  return { kind: 'position', needle, haystack, start, ...reader.spanFrom(at) };
}

/** `SUBSTRING(x FROM a FOR b)` and `SUBSTRING(x, a, b)` are the same call. */
function readSubstring(reader: Reader): Expr {
  return readWithWords(reader, ['FROM', 'FOR']);
}

/** `OVERLAY(x PLACING y FROM a FOR b)` */
function readOverlay(reader: Reader): Expr {
  return readWithWords(reader, ['PLACING', 'FROM', 'FOR']);
}

function readWithWords(reader: Reader, words: readonly string[]): Call {
  const name = readFunctionName(reader);
  reader.expect('(');
  const args = [expression(reader)];
  if (reader.is(',')) while (reader.accept(',')) args.push(expression(reader));
  else for (const word of words) if (reader.accept(word)) args.push(expression(reader));
  reader.expect(')');
  return callOf(reader, name, args);
}

function readExists(reader: Reader): Expr {
  const { at } = reader.next();
  const inside = reader.grammar.parenthesized(reader);
  if (inside.kind !== 'query')
    throw new SqlProblem('EXISTS expects a query: EXISTS (SELECT ...)', { at, end: inside.end });
  return { kind: 'exists', query: inside.query, at, end: inside.end };
}

function readRow(reader: Reader): Expr {
  const { at } = reader.next();
  reader.expect('(');
  const items = reader.list(() => expression(reader));
  reader.expect(')');
  return { kind: 'row', items, ...reader.spanFrom(at) };
}

/** The unit of `TIMESTAMPADD(DAY, 1, t)` becomes a text argument in upper case. */
function readTimestampCall(reader: Reader): Expr {
  const name = readFunctionName(reader);
  reader.expect('(');
  const token = reader.peek();
  const args: Expr[] = [{ kind: 'string', value: readUnit(reader), at: token.at, end: token.end }];
  while (reader.accept(',')) args.push(expression(reader));
  reader.expect(')');
  return callOf(reader, name, args);
}

/** `JSON_VALUE(x, '$.a' RETURNING BIGINT)` is the call in a cast that gives null for what does not fit. */
function readJsonValue(reader: Reader): Expr {
  const name = readFunctionName(reader);
  reader.expect('(');
  const args = reader.list(() => expression(reader));
  const type = reader.accept('RETURNING') ? readType(reader) : null;
  reader.expect(')');
  const call = callOf(reader, name, args);
  return type === null
    ? call
    : { kind: 'cast', operand: call, type, tries: true, at: call.at, end: call.end };
}

/** `JSON_OBJECT(KEY 'a' VALUE b, 'c': d)` is the call with keys and values in turn. */
function readJsonObject(reader: Reader): Expr {
  if (reader.is(')', 2)) return readCall(reader);
  const name = readFunctionName(reader);
  reader.expect('(');
  const args: Expr[] = [];
  do {
    reader.accept('KEY');
    args.push(expression(reader));
    if (!reader.accept(':')) reader.expect('VALUE');
    args.push(expression(reader));
  } while (reader.accept(','));
  reader.expect(')');
  return callOf(reader, name, args);
}
