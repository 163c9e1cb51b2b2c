/**
 * An expression of Druid SQL as DuckDB SQL with its Druid type. Names are resolved here, so every identifier in the result
 * is ours.
 *
 * `valueOf` keeps a multi-value dimension lifted; `conditionOf` asks whether any of its values makes the condition true,
 * and for a negated condition whether none does.
 */
import type { Expr } from '../ast.ts';
import { SqlProblem } from '../errors.ts';
import { types } from '../typed-sql.ts';
import { callNamed, callOf } from './calls.ts';
import { arrayValue, caseOf, castOf, elementOf, isTest, scalarQuery } from './composites.ts';
import { sameExpression } from './expression-tree.ts';
import {
  booleanLiteral,
  intervalLiteral,
  nullLiteral,
  numberLiteral,
  parameterLiteral,
  textLiteral,
  timeLiteral,
} from './literals.ts';
import { arithmetic, balanced, comparison, concatenation, negated } from './operators.ts';
import type { Comparison } from './operators.ts';
import { between, inList, inQuery, like, quantified, rowComparison } from './predicates.ts';
import { columnNotFound, ownColumn } from './scope.ts';
import type { ColumnExpr } from './scope.ts';
import { asBoolean } from './session.ts';
import type { Session, Site } from './session.ts';
import { anyOf, combine, lifted } from './value.ts';
import type { Value } from './value.ts';

const operatorsMax = 400;

export function valueOf(session: Session, expr: Expr, site: Site): Value {
  const key = keyValue(session, expr, site);
  if (key !== null) return key;
  return session.deeper(expr, () => kindOf(session, expr, site));
}

function kindOf(session: Session, expr: Expr, site: Site): Value {
  switch (expr.kind) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'null':
    case 'time':
    case 'interval':
    case 'parameter':
      return literalOf(session, expr);
    case 'column':
      return columnOf(session, expr, site);
    case 'unary':
      return unaryOf(session, expr, site);
    case 'binary':
      return binaryOf(session, expr, site);
    case 'is':
    case 'between':
    case 'like':
    case 'in':
    case 'quantified':
      return predicateOf(session, expr, site);
    case 'exists':
      return existsOf(session, expr, site);
    case 'scalarQuery':
      return scalarQuery(session, expr, site);
    case 'case':
      return caseOf(session, expr, site);
    case 'cast':
      return castOf(session, expr, session.value(expr.operand, site));
    case 'array':
    case 'element':
    case 'row':
      return compositeOf(session, expr, site);
    case 'extract':
    case 'roundTime':
    case 'trim':
    case 'position':
      return worded(session, expr, site);
    case 'call':
      return callOf(session, expr, site);
  }
}

type Kinds<Kind extends Expr['kind']> = Extract<Expr, { kind: Kind }>;

function literalOf(
  session: Session,
  expr: Kinds<'string' | 'number' | 'boolean' | 'null' | 'time' | 'interval' | 'parameter'>,
): Value {
  switch (expr.kind) {
    case 'string':
      return textLiteral(expr.value);
    case 'number':
      return numberLiteral(expr.text, expr);
    case 'boolean':
      return booleanLiteral(expr.value);
    case 'null':
      return nullLiteral;
    case 'time':
      return timeLiteral(session, expr);
    case 'interval':
      return intervalLiteral(expr);
    case 'parameter':
      return parameterLiteral(session, expr);
  }
}

function predicateOf(
  session: Session,
  expr: Kinds<'is' | 'between' | 'like' | 'in' | 'quantified'>,
  site: Site,
): Value {
  const value = (part: Expr): Value => session.value(part, site);
  switch (expr.kind) {
    case 'is':
      return isTest(session, expr, value(expr.operand));
    case 'between':
      return between(session, expr, value(expr.operand), value(expr.low), value(expr.high));
    case 'like':
      return like(session, expr, value);
    case 'in':
      return 'body' in expr.options
        ? inQuery(session, expr, expr.options, site)
        : inList(session, expr, expr.options, value);
    case 'quantified':
      return quantified(session, expr, site);
  }
}

/** The functions that are written with words between their arguments. */
function worded(
  session: Session,
  expr: Kinds<'extract' | 'roundTime' | 'trim' | 'position'>,
  site: Site,
): Value {
  const value = (part: Expr): Value => session.value(part, site);
  const call = (name: string, ...args: readonly Value[]): Value => callNamed(session, name, args, expr, site);
  switch (expr.kind) {
    case 'extract':
      return call('EXTRACT', textLiteral(expr.unit), value(expr.operand));
    case 'roundTime':
      return call(`${expr.direction} TO`, value(expr.operand), textLiteral(expr.unit));
    case 'trim': {
      const name = { BOTH: 'BTRIM', LEADING: 'LTRIM', TRAILING: 'RTRIM' }[expr.side];
      return call(name, value(expr.operand), ...(expr.characters === null ? [] : [value(expr.characters)]));
    }
    case 'position': {
      const start = expr.start === null ? [] : [value(expr.start)];
      return call('POSITION', value(expr.needle), value(expr.haystack), ...start);
    }
  }
}

function compositeOf(session: Session, expr: Kinds<'array' | 'element' | 'row'>, site: Site): Value {
  const value = (part: Expr): Value => session.value(part, site);
  switch (expr.kind) {
    case 'array':
      return arrayValue(session, expr, expr.items.map(value));
    case 'element':
      return elementOf(session, expr, value(expr.operand), value(expr.index));
    case 'row':
      throw new SqlProblem('A row of values can only be compared: (a, b) = (c, d), (a, b) IN (...)', expr);
  }
}

function existsOf(session: Session, expr: Kinds<'exists'>, site: Site): Value {
  const { sql } = session.rows(expr.query, site, site.scope.ctes, 'rows');
  return { sql: `exists (${sql})`, type: types.boolean, hasQuery: true };
}

/** After GROUP BY: the key this expression is, if it is one. */
function keyValue(session: Session, expr: Expr, site: Site): Value | null {
  if (site.grouping === null) return null;
  const sameLeaf = (a: Expr, b: Expr): boolean => isSameLeaf(session, a, b, site);
  const key = site.grouping.keys.find((candidate) => sameExpression(expr, candidate.expr, sameLeaf));
  return key?.value ?? null;
}

function isSameLeaf(session: Session, a: Expr, b: Expr, site: Site): boolean {
  if (a.kind === 'column' && b.kind === 'column') {
    if (site.aliases?.has(a.path[0]?.text ?? '') === true && a.path.length === 1) return false;
    const [x, y] = [ownColumn(session, a, site.scope), ownColumn(session, b, site.scope)];
    return x !== null && x.sql === y?.sql;
  }
  const given = (expr: Expr): unknown =>
    expr.kind === 'parameter' ? session.options.parameters[expr.index] : expr.kind;
  const [x, y] = [given(a), given(b)];
  return a.kind === b.kind && a.kind === 'parameter' && JSON.stringify(x) === JSON.stringify(y);
}

function columnOf(session: Session, expr: ColumnExpr, site: Site): Value {
  const [name] = expr.path;
  const aliased = expr.path.length === 1 ? site.aliases?.get(name?.text ?? '') : undefined;
  if (aliased !== undefined) return session.value(aliased, { ...site, aliases: null });
  const own = ownColumn(session, expr, site.scope);
  if (own === null) return outerColumn(session, expr, site);
  if (site.grouping !== null)
    throw new SqlProblem(`Expression '${expr.path.at(-1)?.text ?? own.name}' is not being grouped`, expr);
  if (own.type.name === 'VARCHAR' && own.type.multi) return lifted(session, own.sql, site.scope.exploded);
  return { sql: own.sql, type: own.type };
}

function outerColumn(session: Session, expr: ColumnExpr, site: Site): Value {
  for (let outer = site.scope.outer; outer !== null; outer = outer.scope.outer)
    if (ownColumn(session, expr, outer.scope) !== null) return session.value(expr, outer);
  throw columnNotFound(expr, site.scope);
}

function unaryOf(session: Session, expr: Extract<Expr, { kind: 'unary' }>, site: Site): Value {
  if (expr.operator === '-' && expr.operand.kind === 'number')
    return numberLiteral(`-${expr.operand.text}`, expr);
  const operand = session.value(expr.operand, site);
  if (expr.operator === '+') return operand;
  if (expr.operator === '-') return negated(session, operand, expr);
  return combine([operand], expr, ([value]) => ({
    sql: `(not ${asBoolean(value ?? nullLiteral, expr.operand, site)})`,
    type: types.boolean,
  }));
}

function binaryOf(session: Session, expr: Extract<Expr, { kind: 'binary' }>, site: Site): Value {
  const { operator } = expr;
  switch (operator) {
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return arithmeticChain(session, expr, site);
    case 'AND':
    case 'OR':
      return combine(
        chainOf(expr, operator).map((term) => session.value(term, site)),
        expr,
        (terms) => ({
          sql: balanced(
            terms.map((term) => asBoolean(term, expr, site)),
            operator.toLowerCase(),
          ),
          type: types.boolean,
        }),
      );
    case '||':
      return concatenation(
        session,
        chainOf(expr, operator).map((part) => session.value(part, site)),
        expr,
      );
    default:
      if (expr.left.kind === 'row' || expr.right.kind === 'row')
        return rowComparison(session, operator, expr.left, expr.right, site);
      return comparisonOf(session, operator, expr, site);
  }
}

function comparisonOf(
  session: Session,
  operator: Comparison,
  expr: Extract<Expr, { kind: 'binary' }>,
  site: Site,
): Value {
  const [left, right] = [session.value(expr.left, site), session.value(expr.right, site)];
  const isMultiJoin = (a: Value, b: Value): boolean => a.lift !== undefined && b.constant === undefined;
  if (site.clause === 'ON' && (isMultiJoin(left, right) || isMultiJoin(right, left)))
    throw new SqlProblem('A multi-value dimension cannot be joined on: join a query that groups by it', expr);
  return comparison(session, operator, left, right, expr);
}

/** From the left, without recursion: a chain may be long. */
function arithmeticChain(session: Session, expr: Extract<Expr, { kind: 'binary' }>, site: Site): Value {
  const steps: Extract<Expr, { kind: 'binary' }>[] = [];
  let first: Expr = expr;
  while (first.kind === 'binary' && '+-*/%'.includes(first.operator)) {
    if (steps.length > 0 && keyValue(session, first, site) !== null) break;
    steps.push(first);
    if (steps.length > operatorsMax)
      throw new SqlProblem(`More than ${operatorsMax} operators in a row are not supported`, expr);
    first = first.left;
  }
  let result = session.value(first, site);
  for (const step of steps.reverse()) {
    const operator = step.operator as '+' | '-' | '*' | '/' | '%';
    result = arithmetic(session, operator, result, session.value(step.right, site), step);
  }
  return result;
}

/** All operands of `a AND b AND c`, in order. */
function chainOf(expr: Expr, operator: 'AND' | 'OR' | '||'): readonly Expr[] {
  const found: Expr[] = [];
  const open = [expr];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.kind === 'binary' && next.operator === operator) open.push(next.right, next.left);
    else found.push(next);
  }
  return found;
}

/** In WHERE, ON, HAVING, FILTER and CASE WHEN. */
export function conditionOf(session: Session, expr: Expr, site: Site): string {
  const key = keyValue(session, expr, site);
  if (key !== null) return anyOf({ ...key, sql: asBoolean(key, expr, site) });
  if (expr.kind === 'binary' && (expr.operator === 'AND' || expr.operator === 'OR')) {
    const terms = chainOf(expr, expr.operator).map((term) => session.condition(term, site));
    return balanced(terms, expr.operator.toLowerCase());
  }
  if (expr.kind === 'unary' && expr.operator === 'NOT')
    return session.deeper(expr, () => `(not ${session.condition(expr.operand, site)})`);
  const positive = positiveOf(expr);
  if (positive !== null) return `(not ${positiveCondition(session, positive, site)})`;
  return positiveCondition(session, expr, site);
}

function positiveCondition(session: Session, expr: Expr, site: Site): string {
  const value = session.value(expr, site);
  return anyOf({ ...value, sql: asBoolean(value, expr, site) });
}

/** `m <> 'a'` asks that no value of `m` is `a`: it is NOT (m = 'a'), not "some value is another". */
function positiveOf(expr: Expr): Expr | null {
  switch (expr.kind) {
    case 'binary':
      if (expr.operator === '<>') return { ...expr, operator: '=' };
      return expr.operator === 'IS DISTINCT FROM' ? { ...expr, operator: 'IS NOT DISTINCT FROM' } : null;
    case 'is':
    case 'between':
    case 'like':
    case 'in':
      return expr.negated ? { ...expr, negated: false } : null;
    default:
      return null;
  }
}
