/** Literals and parameters, and nothing else, put a caller's text into the SQL: as literals of ours, with a known value. */
import type { Expr, Span } from '../ast.ts';
import { castTo } from '../casts.ts';
import { SqlProblem } from '../errors.ts';
import { text } from '../functions/fragments.ts';
import { types } from '../typed-sql.ts';
import type { SqlType, TypedSql } from '../typed-sql.ts';
import { contextOf } from './session.ts';
import type { Session } from './session.ts';
import { typeNamed } from './type-names.ts';
import type { Duration, Value } from './value.ts';

export function textLiteral(value: string): TypedSql {
  return { sql: text(value), type: types.varchar, constant: { value } };
}

export function booleanLiteral(value: boolean): TypedSql {
  return { sql: String(value), type: types.boolean, constant: { value } };
}

export const nullLiteral: TypedSql = { sql: 'null', type: types.null, constant: { value: null } };

const integerMax = 2n ** 31n - 1n;
const bigintMax = 2n ** 63n - 1n;

/** `written` may have a minus in front. Whole numbers are longs, everything else is a double, as Druid computes. */
export function numberLiteral(written: string, span: Span): TypedSql {
  if (/^-?\d+$/.test(written)) {
    const whole = BigInt(written);
    if (whole > bigintMax || whole < -bigintMax - 1n) throw outOfRange(written, span);
    const isSmall = whole <= integerMax && whole >= -integerMax - 1n;
    const type = isSmall ? types.integer : types.bigint;
    return { sql: `cast(${whole} as bigint)`, type, constant: { value: String(whole) } };
  }
  const value = Number(written);
  if (!Number.isFinite(value)) throw outOfRange(written, span);
  const shortest = String(value);
  const sql = shortest.includes('e') ? shortest : `${shortest}e0`;
  const type = /e/i.test(written) ? types.double : types.decimal;
  return { sql: value < 0 ? `(${sql})` : sql, type, constant: { value: shortest } };
}

function outOfRange(written: string, span: Span): SqlProblem {
  const shown = written.length > 60 ? `${written.slice(0, 60)}...` : written;
  return new SqlProblem(`Numeric literal '${shown}' out of range`, span);
}

export function timeLiteral(session: Session, expr: Extract<Expr, { kind: 'time' }>): TypedSql {
  const type = expr.type === 'DATE' ? types.date : types.timestamp;
  return castTo(textLiteral(expr.value), type, contextOf(session, expr));
}

export function parameterLiteral(session: Session, expr: Extract<Expr, { kind: 'parameter' }>): TypedSql {
  const given = session.options.parameters[expr.index];
  if (given === undefined)
    throw new SqlProblem(
      `Parameter at position [${expr.index}] is not bound: found ${session.options.parameters.length} parameters`,
      expr,
    );
  const type = typeNamed(given.type);
  if (type === null)
    throw new SqlProblem(
      `Parameter at position [${expr.index}] has the type [${given.type}], expected a SQL type such as VARCHAR, BIGINT, DOUBLE, BOOLEAN or TIMESTAMP`,
      expr,
    );
  if (given.value === null) return castTo(nullLiteral, type, contextOf(session, expr));
  return givenValue(session, given.value, type, expr);
}

function givenValue(
  session: Session,
  value: string | number | boolean,
  type: SqlType,
  expr: Extract<Expr, { kind: 'parameter' }>,
): TypedSql {
  const context = contextOf(session, expr);
  const wrong = new SqlProblem(
    `Parameter at position [${expr.index}] is not a ${type.name}: found ${JSON.stringify(value).slice(0, 80)}`,
    expr,
  );
  switch (type.name) {
    case 'VARCHAR':
      return textLiteral(String(value));
    case 'BOOLEAN':
      if (!/^(true|false)$/i.test(String(value))) throw wrong;
      return booleanLiteral(/^true$/i.test(String(value)));
    case 'INTEGER':
    case 'BIGINT':
      if (!/^-?\d+$/.test(String(value))) throw wrong;
      return { ...numberLiteral(String(value), expr), type };
    case 'FLOAT':
    case 'DOUBLE':
    case 'DECIMAL':
      if (typeof value === 'boolean' || !/^-?[\d.]+(e[+-]?\d+)?$/i.test(String(value).trim())) throw wrong;
      if (!Number.isFinite(Number(value))) throw wrong;
      return { ...numberLiteral(`${Number(value)}e0`.replace(/(e.*)e0$/, '$1'), expr), type };
    case 'TIMESTAMP':
    case 'DATE':
      // Druid also takes milliseconds.
      if (typeof value === 'number') return castTo(numberLiteral(String(value), expr), type, context);
      if (typeof value === 'boolean') throw wrong;
      return castTo(textLiteral(value), type, context);
    default:
      throw wrong;
  }
}

const monthUnits: ReadonlyMap<string, number> = new Map([
  ['YEAR', 12],
  ['QUARTER', 3],
  ['MONTH', 1],
]);
const msUnits: ReadonlyMap<string, number> = new Map([
  ['WEEK', 604_800_000],
  ['DAY', 86_400_000],
  ['HOUR', 3_600_000],
  ['MINUTE', 60_000],
  ['SECOND', 1000],
]);
const fields = ['YEAR', 'MONTH', 'DAY', 'HOUR', 'MINUTE', 'SECOND'];

/** `'1' DAY`, `'1-2' YEAR TO MONTH`, `'1 02:03:04.5' DAY TO SECOND`. */
export function intervalLiteral(expr: Extract<Expr, { kind: 'interval' }>): Value {
  const from = fields.indexOf(expr.from);
  const units = expr.to === null ? [expr.from] : fields.slice(from, fields.indexOf(expr.to) + 1);
  const written = expr.value.trim();
  const parts = (/^[+-]/.test(written) ? written.slice(1) : written).split(/[-: ]/);
  const isRight = parts.length === units.length && parts.every((part) => /^\d{1,12}(\.\d{1,9})?$/.test(part));
  if (!isRight)
    throw new SqlProblem(
      `Illegal interval literal format '${expr.value}' for INTERVAL ${expr.from}${expr.to === null ? '' : ` TO ${expr.to}`}`,
      expr,
    );
  const sign = written.startsWith('-') === expr.negative ? 1 : -1;
  const sum = (sizes: ReadonlyMap<string, number>): number =>
    units.reduce((total, unit, index) => total + Number(parts[index]) * (sizes.get(unit) ?? 0), 0);
  return interval({ months: sign * sum(monthUnits), ms: sign * Math.round(sum(msUnits)) });
}

export function interval(duration: Duration): Value {
  const { months, ms } = duration;
  const sql = months === 0 ? `to_milliseconds(${ms})` : `to_months(${months})`;
  return { sql, type: types.interval, duration };
}
