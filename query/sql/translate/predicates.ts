/** BETWEEN, LIKE, IN, ANY and ALL, and the comparison of rows. */
import type { Expr, Query, Span } from '../ast.ts';
import { castTo, coerceBoth, sameType } from '../casts.ts';
import { SqlProblem } from '../errors.ts';
import { isMulti, types } from '../typed-sql.ts';
import type { TypedSql } from '../typed-sql.ts';
import { balanced, comparison, short } from './operators.ts';
import type { Comparison } from './operators.ts';
import { contextOf } from './session.ts';
import type { Rows, Session, Site } from './session.ts';
import { anyOf, combine, wholeOf } from './value.ts';
import type { Value } from './value.ts';

export function between(
  session: Session,
  expr: Extract<Expr, { kind: 'between' }>,
  operand: Value,
  low: Value,
  high: Value,
): Value {
  return combine([operand, low, high], expr, ([x, a, b]) => {
    if (x === undefined || a === undefined || b === undefined) throw new Error('three operands were given');
    const positive = expr.symmetric
      ? `(${range(session, x, a, b, expr)} or ${range(session, x, b, a, expr)})`
      : range(session, x, a, b, expr);
    return { sql: expr.negated ? `(not ${positive})` : positive, type: types.boolean };
  });
}

function range(session: Session, x: TypedSql, low: TypedSql, high: TypedSql, span: Span): string {
  const context = contextOf(session, span);
  const [below, a] = coerceBoth(x, low, context);
  const [above, b] = coerceBoth(x, high, context);
  if (below.sql === above.sql) return `(${below.sql} between ${short(a)} and ${short(b)})`;
  return `(${below.sql} >= ${a.sql} and ${above.sql} <= ${b.sql})`;
}

export function like(
  session: Session,
  expr: Extract<Expr, { kind: 'like' }>,
  value: (part: Expr) => Value,
): Value {
  if (expr.operator === 'SIMILAR TO')
    throw new SqlProblem('SIMILAR TO is not supported: use REGEXP_LIKE', expr);
  const parts = [expr.operand, expr.pattern, ...(expr.escape === null ? [] : [expr.escape])];
  return combine(parts.map(value), expr, (operands) => {
    const context = contextOf(session, expr);
    const [x, pattern, escape] = operands.map((operand) => castTo(operand, types.varchar, context));
    const escaped = escape === undefined ? '' : ` escape ${escapeCharacter(escape, expr)}`;
    const operator = expr.negated ? 'not like' : 'like';
    return { sql: `(${x?.sql} ${operator} ${pattern?.sql}${escaped})`, type: types.boolean };
  });
}

function escapeCharacter(escape: TypedSql, span: Span): string {
  const character = escape.constant?.value;
  if (typeof character !== 'string' || [...character].length !== 1)
    throw new SqlProblem('ESCAPE must be a literal of one character', span);
  return escape.sql;
}

export function inList(
  session: Session,
  expr: Extract<Expr, { kind: 'in' }>,
  options: readonly Expr[],
  value: (part: Expr) => Value,
): Value {
  if (expr.operand.kind === 'row') return rowInList(session, expr, expr.operand, options, value);
  const operands = [expr.operand, ...options].map(value);
  return combine(operands, expr, ([x, ...others]) => {
    if (x === undefined) throw new Error('an operand was given');
    const context = contextOf(session, expr);
    const pairs = others.map((option) => coerceBoth(x, option, context));
    const isOne = pairs.every(([side]) => side.sql === pairs[0]?.[0].sql);
    const positive = isOne
      ? `(${pairs[0]?.[0].sql ?? x.sql} in (${pairs.map(([, option]) => short(option)).join(', ')}))`
      : balanced(
          pairs.map(([a, b]) => `(${a.sql} = ${b.sql})`),
          'or',
        );
    return { sql: expr.negated ? `(not ${positive})` : positive, type: types.boolean };
  });
}

function rowInList(
  session: Session,
  expr: Extract<Expr, { kind: 'in' }>,
  operand: Extract<Expr, { kind: 'row' }>,
  options: readonly Expr[],
  value: (part: Expr) => Value,
): Value {
  const lefts = operand.items.map(value);
  const equal = options.map((option) => {
    const items = option.kind === 'row' ? option.items : [option];
    return equalRows(session, '=', lefts, items.map(value), option);
  });
  const positive = balanced(equal, 'or');
  return { sql: expr.negated ? `(not ${positive})` : positive, type: types.boolean };
}

export function rowComparison(
  session: Session,
  operator: Comparison,
  left: Expr,
  right: Expr,
  site: Site,
): Value {
  const itemsOf = (expr: Expr): Value[] =>
    (expr.kind === 'row' ? expr.items : [expr]).map((item) => session.value(item, site));
  const span = { at: left.at, end: right.end };
  if (operator !== '=' && operator !== '<>')
    throw new SqlProblem(`Rows can only be compared with = and <>, found ${operator}`, span);
  const equal = equalRows(session, '=', itemsOf(left), itemsOf(right), span);
  return { sql: operator === '=' ? equal : `(not ${equal})`, type: types.boolean };
}

function equalRows(
  session: Session,
  operator: Comparison,
  lefts: readonly Value[],
  rights: readonly Value[],
  span: Span,
): string {
  if (lefts.length !== rights.length)
    throw new SqlProblem(`Rows of ${lefts.length} and ${rights.length} values cannot be compared`, span);
  const pairs = lefts.flatMap((left, index) => {
    const right = rights[index];
    return right === undefined ? [] : [anyOf(comparison(session, operator, left, right, span))];
  });
  return balanced(pairs, 'and');
}

export function inQuery(
  session: Session,
  expr: Extract<Expr, { kind: 'in' }>,
  query: Query,
  site: Site,
): Value {
  const items = expr.operand.kind === 'row' ? expr.operand.items : [expr.operand];
  const operands = items.map((item) => session.value(item, site));
  const rows = session.rows(query, site, site.scope.ctes, 'set');
  if (rows.columns.length !== operands.length)
    throw new SqlProblem(
      `The query of IN must have ${operands.length === 1 ? 'one column' : `${operands.length} columns`}, found ${rows.columns.length}`,
      query,
    );
  const not = expr.negated ? 'not ' : '';
  const [only] = operands;
  if (only?.lift !== undefined && operands.length === 1) return listInQuery(session, only, rows, expr, not);
  const sides = sidesOf(session, operands, rows, expr);
  const left = sides.lefts.length === 1 ? sides.lefts[0] : `(${sides.lefts.join(', ')})`;
  return { sql: `(${left} ${not}in (${sides.sql}))`, type: types.boolean, hasQuery: true };
}

/** DuckDB has no query inside a lambda: the options come as one list. */
function listInQuery(session: Session, operand: Value, rows: Rows, span: Span, not: string): Value {
  const query = session.fresh('q');
  const option = castTo(
    { sql: `${query}.c0`, type: rows.columns[0]?.type ?? types.null },
    types.varchar,
    contextOf(session, span),
  );
  const options = `coalesce((select list(${option.sql}) from (${rows.sql}) as ${query}), [])`;
  return {
    sql: `(${not}list_has_any(${wholeOf(operand).sql}, ${options}))`,
    type: types.boolean,
    hasQuery: true,
  };
}

function sidesOf(
  session: Session,
  operands: readonly Value[],
  rows: Rows,
  span: Span,
): { lefts: string[]; sql: string } {
  const query = session.fresh('q');
  const context = contextOf(session, span);
  const pairs = operands.map((operand, index) => {
    if (operand.lift !== undefined)
      throw new SqlProblem('A multi-value dimension in a row of values is not supported', span);
    const type = rows.columns[index]?.type ?? types.null;
    return coerceBoth(operand, { sql: `${query}.c${index}`, type }, context);
  });
  const isPlain = pairs.every(([, right], index) => right.sql === `${query}.c${index}`);
  const items = pairs.map(([, right], index) => `${right.sql} as c${index}`);
  return {
    lefts: pairs.map(([left]) => left.sql),
    sql: isPlain ? rows.sql : `select ${items.join(', ')} from (${rows.sql}) as ${query}`,
  };
}

/** `x = ANY (query)`, `x > ALL (query)`, and the same of an array. */
export function quantified(session: Session, expr: Extract<Expr, { kind: 'quantified' }>, site: Site): Value {
  const operand = session.value(expr.left, site);
  if (operand.lift !== undefined)
    throw new SqlProblem(`${expr.quantifier} of a multi-value dimension is not supported: use UNNEST`, expr);
  const operator = expr.operator.toLowerCase();
  const quantifier = expr.quantifier.toLowerCase();
  if (!('body' in expr.right)) return ofArray(session, expr, operand, session.value(expr.right, site));
  const rows = session.rows(expr.right, site, site.scope.ctes, 'set');
  if (rows.columns.length !== 1)
    throw new SqlProblem(`The query of ${expr.quantifier} must have one column`, expr.right);
  const sides = sidesOf(session, [operand], rows, expr);
  return {
    sql: `(${sides.lefts[0]} ${operator} ${quantifier} (${sides.sql}))`,
    type: types.boolean,
    hasQuery: true,
  };
}

function ofArray(
  session: Session,
  expr: Extract<Expr, { kind: 'quantified' }>,
  operand: Value,
  array: Value,
): Value {
  const { type } = array;
  if (type.name !== 'ARRAY' || isMulti(type))
    throw new SqlProblem(`${expr.quantifier} expects a query or an array`, expr);
  const parameter = session.fresh('m');
  const item = { sql: parameter, type: type.element };
  const [x, y] = coerceBoth(operand, item, contextOf(session, expr));
  if (!sameType(x.type, y.type)) throw new SqlProblem(`${expr.quantifier} expects values of one type`, expr);
  const call = expr.quantifier === 'ANY' ? 'list_bool_or' : 'list_bool_and';
  const test = `${x.sql} ${expr.operator.toLowerCase()} ${y.sql}`;
  return {
    sql: `coalesce(${call}(list_transform(${array.sql}, lambda ${parameter}: ${test})), ${expr.quantifier === 'ALL'})`,
    type: types.boolean,
  };
}
