/** Arithmetic, comparison and concatenation of values whose types are known, as Druid computes them. */
import type { BinaryOperator, Span } from '../ast.ts';
import { castTo, coerceBoth } from '../casts.ts';
import { SqlProblem } from '../errors.ts';
import { once } from '../functions/fragments.ts';
import { isNumber, isWhole, types, typeText } from '../typed-sql.ts';
import type { SqlType, TypedSql } from '../typed-sql.ts';
import { interval, numberLiteral, textLiteral } from './literals.ts';
import { contextOf } from './session.ts';
import type { Session } from './session.ts';
import { combine } from './value.ts';
import type { Duration, Value } from './value.ts';

type Arithmetic = '+' | '-' | '*' | '/' | '%';

export function arithmetic(
  session: Session,
  operator: Arithmetic,
  left: Value,
  right: Value,
  span: Span,
): Value {
  const moved = withDuration(session, operator, left, right, span);
  if (moved !== null) return moved;
  return combine([left, right], span, ([a, b]) => {
    if (a === undefined || b === undefined) throw new Error('two operands were given');
    const [x, y] = asNumbers(session, operator, a, b, span);
    return isWhole(x.type) && isWhole(y.type) ? whole(operator, x, y) : fraction(operator, x, y);
  });
}

/** A text becomes what stands against it; `'a' + 1` is null. */
function asNumbers(
  session: Session,
  operator: Arithmetic,
  a: TypedSql,
  b: TypedSql,
  span: Span,
): [TypedSql, TypedSql] {
  const known = (type: SqlType): boolean => isNumber(type) || ['VARCHAR', 'NULL'].includes(type.name);
  if (!known(a.type) || !known(b.type)) throw cannotApply(operator, a.type, b.type, span);
  const against = (other: SqlType): SqlType => (isNumber(other) ? other : types.double);
  const context = contextOf(session, span);
  return [
    isNumber(a.type) ? a : castTo(a, against(b.type), context),
    isNumber(b.type) ? b : castTo(b, against(a.type), context),
  ];
}

function whole(operator: Arithmetic, x: TypedSql, y: TypedSql): TypedSql {
  const type = x.type.name === 'INTEGER' && y.type.name === 'INTEGER' ? types.integer : types.bigint;
  const folded = foldedWhole(operator, x, y, type);
  if (folded !== null) return folded;
  if (operator !== '/' && operator !== '%') return { sql: `(${x.sql} ${operator} ${y.sql})`, type };
  const engine = operator === '/' ? '//' : '%';
  return { sql: `(${x.sql} ${engine} ${divisor(y)})`, type };
}

/** Of two known longs: a chain of literals is one, and `SUBSTRING(x, 1 + 1)` has a known position. */
function foldedWhole(operator: Arithmetic, x: TypedSql, y: TypedSql, type: SqlType): TypedSql | null {
  const [a, b] = [knownLong(x), knownLong(y)];
  if (a === null || b === null || ((operator === '/' || operator === '%') && b === 0n)) return null;
  const results = {
    '+': a + b,
    '-': a - b,
    '*': a * b,
    '/': b === 0n ? 0n : a / b,
    '%': b === 0n ? 0n : a % b,
  };
  const result = results[operator];
  if (BigInt.asIntN(64, result) !== result) return null;
  return { ...numberLiteral(String(result), nowhere), type };
}

const nowhere: Span = { at: 0, end: 0 };

function knownLong({ constant }: TypedSql): bigint | null {
  return typeof constant?.value === 'string' && /^-?\d+$/.test(constant.value)
    ? BigInt(constant.value)
    : null;
}

/** A long divided by zero is an error in Druid, where DuckDB has null. */
function divisor(value: TypedSql): string {
  if (value.constant !== undefined && Number(value.constant.value) !== 0) return value.sql;
  return once([value.sql], (y) => `case when ${y} = 0 then error('/ by zero') else ${y} end`);
}

function fraction(operator: Arithmetic, x: TypedSql, y: TypedSql): TypedSql {
  const names = [x.type.name, y.type.name];
  const type = names.every((name) => name === 'FLOAT')
    ? types.float
    : names.includes('DOUBLE') || names.includes('FLOAT')
      ? types.double
      : types.decimal;
  const [a, b] = [asDouble(x), asDouble(y)];
  if (operator !== '/') return { sql: `(${a} ${operator} ${b})`, type };
  if (y.constant !== undefined && Number(y.constant.value) !== 0) return { sql: `(${a} / ${b})`, type };
  // 1.0 / 0 is infinite in Druid; DuckDB has null for it when `/` also divides longs.
  return { sql: once([a, b], (p, q) => `coalesce(${p} / ${q}, ${p} * pow(${q}, -1))`), type };
}

function asDouble(value: TypedSql): string {
  if (value.type.name === 'DOUBLE' || value.type.name === 'DECIMAL') return value.sql;
  return `cast(${value.sql} as double)`;
}

export function negated(session: Session, value: Value, span: Span): Value {
  if (value.duration !== undefined) return interval(timesOf(value.duration, -1));
  if (value.constant !== undefined && isNumber(value.type)) {
    const written = String(value.constant.value);
    const sign = written.startsWith('-') ? written.slice(1) : `-${written}`;
    return { ...numberLiteral(sign, span), type: value.type };
  }
  return combine([value], span, ([operand]) => {
    if (operand === undefined) throw new Error('one operand was given');
    const known = isNumber(operand.type) ? operand : castTo(operand, types.double, contextOf(session, span));
    return { sql: `(-${known.sql})`, type: known.type };
  });
}

function withDuration(
  session: Session,
  operator: Arithmetic,
  left: Value,
  right: Value,
  span: Span,
): Value | null {
  const [a, b] = [left.duration, right.duration];
  if (a === undefined && b === undefined) return null;
  const sign = operator === '-' ? -1 : 1;
  if (operator === '+' || operator === '-') {
    if (a !== undefined && b !== undefined) {
      const second = timesOf(b, sign);
      return interval({ months: a.months + second.months, ms: a.ms + second.ms });
    }
    if (b !== undefined && isTime(left.type)) return shifted(session, left, timesOf(b, sign), span);
    if (a !== undefined && operator === '+' && isTime(right.type)) return shifted(session, right, a, span);
  }
  if (operator === '*') {
    const duration = a ?? b;
    const factor = Number((a === undefined ? left : right).constant?.value ?? Number.NaN);
    if (duration !== undefined && Number.isFinite(factor)) return interval(timesOf(duration, factor));
  }
  throw cannotApply(operator, left.type, right.type, span);
}

function timesOf({ months, ms }: Duration, factor: number): Duration {
  return { months: Math.trunc(months * factor), ms: Math.round(ms * factor) };
}

function isTime(type: SqlType): boolean {
  return type.name === 'TIMESTAMP' || type.name === 'DATE';
}

/** Days and less are so many milliseconds, months follow the calendar of the query's time zone. */
function shifted(session: Session, value: Value, { months, ms }: Duration, span: Span): Value {
  const context = contextOf(session, span, 'TIME_SHIFT');
  return combine([value], span, ([operand]) => {
    if (operand === undefined) throw new Error('one operand was given');
    const isDate = operand.type.name === 'DATE' && ms % 86_400_000 === 0;
    let result = castTo(operand, types.timestamp, context);
    if (months !== 0) result = monthsLater(session, result, months, span);
    if (ms !== 0) result = { sql: `(${result.sql} + to_milliseconds(${ms}))`, type: types.timestamp };
    return isDate ? castTo(result, types.date, context) : result;
  });
}

function monthsLater(session: Session, value: TypedSql, months: number, span: Span): TypedSql {
  const plain = { sql: `(${value.sql} + to_months(${months}))`, type: types.timestamp };
  const entry = session.options.functions.get('TIME_SHIFT');
  if (entry?.verdict !== 'works' || session.options.timeZone === 'UTC') return plain;
  const nothing = { distinct: false, star: false, orderBy: [], filter: null, over: null, nulls: null };
  const name = { text: 'TIME_SHIFT', quoted: false, ...span };
  const args = [value, textLiteral('P1M'), numberLiteral(String(months), span)];
  const call = { kind: 'call' as const, name, args: [], ...nothing, at: span.at, end: span.end };
  return entry.translate(
    [...args, textLiteral(session.options.timeZone)],
    contextOf(session, span, 'TIME_SHIFT'),
    call,
  );
}

export type Comparison = Exclude<BinaryOperator, Arithmetic | '||' | 'AND' | 'OR'>;

export function comparison(
  session: Session,
  operator: Comparison,
  left: Value,
  right: Value,
  span: Span,
): Value {
  return combine([left, right], span, ([a, b]) => {
    if (a === undefined || b === undefined) throw new Error('two operands were given');
    const [x, y] = coerceBoth(a, b, contextOf(session, span));
    return { sql: `(${short(x)} ${operator.toLowerCase()} ${short(y)})`, type: types.boolean };
  });
}

/** A known long where its size does not matter, as in a comparison: without a cast. */
export function short(value: TypedSql): string {
  const written = value.constant?.value;
  return isWhole(value.type) && typeof written === 'string' ? written : value.sql;
}

/** Null when any part is. Balanced, so that a long chain is not a deep one. */
export function concatenation(session: Session, parts: readonly Value[], span: Span): Value {
  return combine(parts, span, (operands) => {
    const texts = operands.map((operand) => castTo(operand, types.varchar, contextOf(session, span)).sql);
    return { sql: balanced(texts, '||'), type: types.varchar };
  });
}

/** `(a op b) op (c op d)`: as deep as the logarithm of its length. */
export function balanced(operands: readonly string[], operator: string): string {
  let level = operands;
  while (level.length > 1) {
    const next: string[] = [];
    for (let index = 0; index < level.length; index += 2) {
      const [a, b] = [level[index] ?? '', level[index + 1]];
      next.push(b === undefined ? a : `(${a} ${operator} ${b})`);
    }
    level = next;
  }
  return level[0] ?? 'null';
}

export function cannotApply(operator: string, a: SqlType, b: SqlType, span: Span): SqlProblem {
  const [left, right] = [`<${typeText(a)}>`, `<${typeText(b)}>`];
  const hint = isTime(a) && isTime(b) && operator === '-' ? '; use TIMESTAMPDIFF' : '';
  return new SqlProblem(
    `Cannot apply '${operator}' to arguments of type '${left} ${operator} ${right}'${hint}`,
    span,
  );
}
