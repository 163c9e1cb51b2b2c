/** Looking at expressions as trees: their parts, whether some part is of a kind, and whether two are the same. */
import type { Expr, OrderItem, Query, Window } from '../ast.ts';
import type { FunctionTable } from '../function-table.ts';

/** The direct operands, in the order they are written. Queries inside are not looked into. */
export function operandsOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'null':
    case 'time':
    case 'interval':
    case 'parameter':
    case 'column':
    case 'exists':
    case 'scalarQuery':
      return [];
    case 'unary':
    case 'is':
    case 'cast':
    case 'extract':
    case 'roundTime':
      return [expr.operand];
    case 'binary':
      return [expr.left, expr.right];
    case 'quantified':
      return isQuery(expr.right) ? [expr.left] : [expr.left, expr.right];
    case 'between':
      return [expr.operand, expr.low, expr.high];
    case 'like':
      return present([expr.operand, expr.pattern, expr.escape]);
    case 'in':
      return isQuery(expr.options) ? [expr.operand] : [expr.operand, ...expr.options];
    case 'case':
      return present([
        expr.operand,
        ...expr.branches.flatMap(({ when, then }) => [when, then]),
        expr.otherwise,
      ]);
    case 'trim':
      return present([expr.characters, expr.operand]);
    case 'position':
      return present([expr.needle, expr.haystack, expr.start]);
    case 'array':
    case 'row':
      return expr.items;
    case 'element':
      return [expr.operand, expr.index];
    case 'call':
      return present([
        ...expr.args,
        ...expr.orderBy.map((item) => item.expr),
        expr.filter,
        ...windowOperands(expr.over),
      ]);
  }
}

export function isQuery(part: Expr | Query | readonly Expr[]): part is Query {
  return 'body' in part;
}

function windowOperands(over: Extract<Expr, { kind: 'call' }>['over']): readonly Expr[] {
  return over === null || 'text' in over ? [] : operandsOfWindow(over);
}

export function operandsOfWindow(window: Window): readonly Expr[] {
  return [...window.partitionBy, ...window.orderBy.map(({ expr }) => expr)];
}

function present(exprs: readonly (Expr | null)[]): readonly Expr[] {
  return exprs.filter((expr) => expr !== null);
}

/** Iterative: a chain of operators is as deep as it is long. */
function someExpression(root: Expr, holds: (expr: Expr) => boolean): boolean {
  const open = [root];
  for (let expr = open.pop(); expr !== undefined; expr = open.pop()) {
    if (holds(expr)) return true;
    for (const operand of operandsOf(expr)) open.push(operand);
  }
  return false;
}

export function hasAggregate(root: Expr, functions: FunctionTable): boolean {
  return someExpression(root, (expr) => {
    if (expr.kind !== 'call' || expr.over !== null) return false;
    const entry = functions.get(expr.name.text);
    return entry?.verdict === 'works' && entry.kind === 'aggregate';
  });
}

/** The calls with OVER, wherever they are. */
export function windowCalls(root: Expr): readonly Extract<Expr, { kind: 'call' }>[] {
  const found: Extract<Expr, { kind: 'call' }>[] = [];
  someExpression(root, (expr) => {
    if (expr.kind === 'call' && expr.over !== null) found.push(expr);
    return false;
  });
  return found;
}

/** What tells two nodes of one kind apart, beside their operands. Null: never the same. */
function mark(expr: Expr): string | null {
  switch (expr.kind) {
    case 'string':
      return expr.value;
    case 'number':
      return expr.text;
    case 'boolean':
      return String(expr.value);
    case 'time':
      return `${expr.type} ${expr.value}`;
    case 'interval':
      return `${expr.negative} ${expr.value} ${expr.from} ${expr.to ?? ''}`;
    case 'unary':
    case 'binary':
      return expr.operator;
    case 'is':
      return `${expr.test} ${expr.negated}`;
    case 'between':
      return `${expr.negated} ${expr.symmetric}`;
    case 'like':
      return `${expr.operator} ${expr.negated} ${expr.escape !== null}`;
    case 'in':
      return isQuery(expr.options) ? null : String(expr.negated);
    case 'case':
      return `${expr.operand !== null} ${expr.otherwise !== null}`;
    case 'cast':
      return `${expr.tries} ${expr.type.name} ${expr.type.precision.join(' ')} ${expr.type.array}`;
    case 'extract':
      return expr.unit;
    case 'roundTime':
      return `${expr.direction} ${expr.unit}`;
    case 'trim':
      return `${expr.side} ${expr.characters !== null}`;
    case 'position':
    case 'null':
    case 'array':
    case 'row':
    case 'element':
      return '';
    case 'call':
      return callMark(expr);
    case 'parameter':
    case 'column':
    case 'exists':
    case 'scalarQuery':
    case 'quantified':
      return null;
  }
}

function callMark(expr: Extract<Expr, { kind: 'call' }>): string | null {
  if (expr.over !== null) return null;
  const order = (item: OrderItem): string => `${item.descending} ${item.nulls ?? ''}`;
  const flags = [expr.distinct, expr.star, expr.filter !== null, expr.nulls ?? ''];
  return `${expr.name.text} ${flags.join(' ')} ${expr.orderBy.map(order).join(' ')}`;
}

/** Whether both mean the same; `sameLeaf` decides for columns and parameters. */
export function sameExpression(a: Expr, b: Expr, sameLeaf: (a: Expr, b: Expr) => boolean): boolean {
  const open: [Expr, Expr][] = [[a, b]];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [left, right] = pair;
    if (left === right) continue;
    if (isLeaf(left) || isLeaf(right)) {
      if (!sameLeaf(left, right)) return false;
      continue;
    }
    if (left.kind !== right.kind) return false;
    const marked = mark(left);
    if (marked === null || marked !== mark(right)) return false;
    const [lefts, rights] = [operandsOf(left), operandsOf(right)];
    if (lefts.length !== rights.length) return false;
    for (const [index, operand] of lefts.entries()) {
      const other = rights[index];
      if (other !== undefined) open.push([operand, other]);
    }
  }
  return true;
}

function isLeaf(expr: Expr): boolean {
  return expr.kind === 'column' || expr.kind === 'parameter';
}
