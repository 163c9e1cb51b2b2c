/** ORDER BY: nulls are the smallest values unless the statement says otherwise, as in Druid. */
import type { Expr, OrderItem } from '../ast.ts';
import { SqlProblem } from '../errors.ts';
import { sameExpression } from './expression-tree.ts';
import { ownColumn } from './scope.ts';
import type { RowsColumn, Session, Site } from './session.ts';
import { isMulti } from '../typed-sql.ts';

/** How a sorted column is sorted: ` asc nulls first`. */
export function direction(item: OrderItem): string {
  const nulls = item.nulls ?? (item.descending ? 'last' : 'first');
  return `${item.descending ? 'desc' : 'asc'} nulls ${nulls}`;
}

/** Inside OVER and aggregates, where every item is an expression. */
export function orderByText(session: Session, items: readonly OrderItem[], site: Site): string {
  return items.map((item) => `${sortable(session, item.expr, site)} ${direction(item)}`).join(', ');
}

/** A value that has an order. */
export function sortable(session: Session, expr: Expr, site: Site): string {
  const value = session.value(expr, site);
  if (value.lift !== undefined) throw noOrder(expr);
  return value.sql;
}

function noOrder(expr: Expr): SqlProblem {
  return new SqlProblem(
    "A multi-value dimension has no order of its own: GROUP BY it, or ORDER BY MV_TO_STRING(column, ',')",
    expr,
  );
}

export type OutputExpr = { readonly name: string; readonly expr: Expr };

/** The position of the output an item sorts by, from 0; null for an expression that is none of them. */
export function outputOf(
  session: Session,
  item: OrderItem,
  outputs: readonly OutputExpr[],
  site: Site,
): number | null {
  const { expr } = item;
  if (expr.kind === 'number' && /^\d+$/.test(expr.text)) return ordinal(expr.text, expr, outputs.length);
  if (expr.kind === 'column' && expr.path.length === 1) {
    const name = expr.path[0]?.text;
    const named = outputs.findIndex((output) => output.name === name);
    if (named >= 0) return named;
  }
  const sameLeaf = (a: Expr, b: Expr): boolean => {
    if (a.kind !== 'column' || b.kind !== 'column') return false;
    const [x, y] = [ownColumn(session, a, site.scope), ownColumn(session, b, site.scope)];
    return x !== null && x.sql === y?.sql;
  };
  const same = outputs.findIndex((output) => sameExpression(expr, output.expr, sameLeaf));
  return same >= 0 ? same : null;
}

export function ordinal(text: string, expr: Expr, count: number): number {
  const position = Number(text);
  if (position < 1 || position > count)
    throw new SqlProblem(`Ordinal out of range: found ${text}, expected 1 to ${count}`, expr);
  return position - 1;
}

export function refuseMulti(column: RowsColumn | undefined, expr: Expr): void {
  if (column !== undefined && isMulti(column.type)) throw noOrder(expr);
}
