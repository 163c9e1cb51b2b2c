/** CASE, CAST, IS and what is made of several values: arrays, their elements, and queries that give one value. */
import type { Expr } from '../ast.ts';
import { castTo, commonType } from '../casts.ts';
import { SqlProblem } from '../errors.ts';
import { arrayOf, types, typeText } from '../typed-sql.ts';
import { nullLiteral } from './literals.ts';
import { comparison } from './operators.ts';
import { asBoolean, contextOf } from './session.ts';
import type { Session, Site } from './session.ts';
import { castType } from './type-names.ts';
import { anyOf, combine, commonLift, lifted, wholeOf } from './value.ts';
import type { Value } from './value.ts';

export function isTest(session: Session, expr: Extract<Expr, { kind: 'is' }>, operand: Value): Value {
  const not = expr.negated ? 'not ' : '';
  return combine([operand], expr, ([value]) => {
    if (value === undefined) throw new Error('one operand was given');
    const test = expr.test === 'UNKNOWN' ? 'null' : expr.test.toLowerCase();
    const tested =
      test === 'null' || value.type.name === 'BOOLEAN'
        ? value
        : castTo(value, types.boolean, contextOf(session, expr));
    return { sql: `(${tested.sql} is ${not}${test})`, type: types.boolean };
  });
}

export function scalarQuery(
  session: Session,
  expr: Extract<Expr, { kind: 'scalarQuery' }>,
  site: Site,
): Value {
  const rows = session.rows(expr.query, site, site.scope.ctes, 'rows');
  const [column] = rows.columns;
  if (column === undefined || rows.columns.length !== 1)
    throw new SqlProblem(`A query in an expression must have one column, found ${rows.columns.length}`, expr);
  const sql = `(${rows.sql})`;
  return column.type.name === 'VARCHAR' && column.type.multi
    ? lifted(session, sql, site.scope.exploded)
    : { sql, type: column.type, hasQuery: true };
}

/**
 * Over a multi-value dimension CASE is applied to each value. Inside an aggregate its conditions are filters instead:
 * SUM(CASE WHEN m = 'a' THEN 1 ELSE 0 END) counts the rows that have the value.
 */
export function caseOf(session: Session, expr: Extract<Expr, { kind: 'case' }>, site: Site): Value {
  const results = [
    ...expr.branches.map(({ then }) => then),
    ...(expr.otherwise === null ? [] : [expr.otherwise]),
  ].map((part) => session.value(part, site));
  const whens = expr.branches.map(({ when }) => whenOf(session, expr.operand, when, site));
  const asFilter = site.insideAggregate && results.every(({ lift }) => lift === undefined);
  const conditions = asFilter ? whens.map((when) => ({ sql: anyOf(when), type: types.boolean })) : whens;
  const span = { at: expr.at, end: expr.end };
  const count = conditions.length;
  return combine([...conditions, ...results], span, (operands) => {
    const values = operands.slice(count);
    const type = commonType(values.map((value) => value.type));
    const cast = values.map((value) => castTo(value, type, contextOf(session, span)).sql);
    const branches = operands.slice(0, count).map((when, index) => `when ${when.sql} then ${cast[index]}`);
    const otherwise = expr.otherwise === null ? '' : ` else ${cast[count]}`;
    return { sql: `(case ${branches.join(' ')}${otherwise} end)`, type };
  });
}

function whenOf(session: Session, operand: Expr | null, when: Expr, site: Site): Value {
  if (operand !== null)
    return comparison(session, '=', session.value(operand, site), session.value(when, site), when);
  if (site.insideAggregate) return { sql: session.condition(when, site), type: types.boolean };
  const value = session.value(when, site);
  return { ...value, sql: asBoolean(value, when, site), type: types.boolean };
}

const numberText = /^\s*[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?\s*$/i;

export function castOf(session: Session, expr: Extract<Expr, { kind: 'cast' }>, operand: Value): Value {
  const type = castType(expr.type);
  const context = contextOf(session, expr);
  const isNumberType = !['VARCHAR', 'BOOLEAN', 'TIMESTAMP', 'DATE', 'ARRAY', 'COMPLEX'].includes(type.name);
  // Druid refuses a literal that cannot become a number; of a column the same value is null.
  if (!expr.tries && expr.operand.kind === 'string' && isNumberType && !numberText.test(expr.operand.value))
    throw new SqlProblem(
      `Cannot cast '${expr.operand.value}' to ${typeText(type)}; use TRY_CAST for null`,
      expr,
    );
  if (type.name === 'ARRAY') return castTo(wholeOf(operand), type, context);
  try {
    return combine([operand], expr, ([value]) => castTo(value ?? nullLiteral, type, context));
  } catch (error) {
    if (expr.tries && error instanceof SqlProblem && operand.constant !== undefined)
      return castTo(nullLiteral, type, context);
    throw error;
  }
}

export function arrayValue(session: Session, expr: Expr, items: readonly Value[]): Value {
  const element = commonType(items.map(({ type }) => type));
  const lift = commonLift(items, expr);
  if (lift !== undefined)
    throw new SqlProblem('ARRAY[...] of a multi-value dimension is not supported: use MV_TO_ARRAY', expr);
  const cast = items.map((item) => castTo(item, element, contextOf(session, expr)).sql);
  return { sql: `[${cast.join(', ')}]`, type: arrayOf(element) };
}

export function elementOf(session: Session, expr: Expr, operand: Value, index: Value): Value {
  if (operand.type.name !== 'ARRAY')
    throw new SqlProblem(`Cannot apply 'ITEM' to arguments of type '<${typeText(operand.type)}>[]'`, expr);
  const position = castTo(index, types.bigint, contextOf(session, expr));
  return { sql: `(${operand.sql})[${position.sql}]`, type: operand.type.element };
}
