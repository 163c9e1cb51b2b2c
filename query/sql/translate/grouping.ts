/**
 * GROUP BY: keys and aggregates are computed in a query of their own, and everything after it works on its columns. So an
 * aggregate is computed once however often it is written, and HAVING, ORDER BY and windows are plain expressions.
 */
import type { Expr, GroupingElement } from '../ast.ts';
import { SqlProblem } from '../errors.ts';
import type { SqlType, TypedSql } from '../typed-sql.ts';
import { hasAggregate, sameExpression } from './expression-tree.ts';
import { ordinal } from './order.ts';
import type { OutputExpr } from './order.ts';
import { exploded, fromText, projected, selected } from './projection.ts';
import type { SelectParts, SortedRows } from './projection.ts';
import { plainSite } from './session.ts';
import type { Grouping, Session, Site } from './session.ts';
import { wholeOf } from './value.ts';

/** More sets than this is a CUBE nobody meant. */
const setsMax = 4096;

export function groupedRows(session: Session, parts: SelectParts): SortedRows {
  const { select, items, windows } = parts;
  const sets = setsOf(session, select.groupBy ?? [], items);
  const exprs = [...new Set(sets.flat())];
  const input = exploded(session, parts, exprs, windows);
  const site = { ...plainSite(input.scope, 'GROUP BY'), windows };
  const own = session.fresh('g');
  const keys = exprs.map((expr, index) => {
    const { sql, type } = wholeOf(session.value(expr, { ...site, windows: null }));
    return { expr, sql, value: { sql: `${own}.k${index}`, type } };
  });
  const aggregates = new Map<string, TypedSql>();
  const grouping: Grouping = {
    input: site,
    keys,
    aggregate: (sql, type) => aggregateColumn(aggregates, own, sql, type),
  };
  const after: Site = { ...site, clause: 'SELECT', grouping };
  const having =
    select.having === null
      ? null
      : session.condition(select.having, { ...after, clause: 'HAVING', windows: null });
  // The SELECT list first: it says which aggregates there are.
  const list = projected(session, parts, after);
  const columns = [
    ...keys.map(({ sql }, index) => `${sql} as k${index}`),
    ...[...aggregates.keys()].map((sql, index) => `${sql} as a${index}`),
  ];
  if (columns.length === 0) columns.push('count(*) as a0');
  const positions = new Map(exprs.map((expr, index) => [expr, index + 1]));
  const groupBy = groupByText(sets, positions, select.groupBy !== null);
  const inner = `select ${columns.join(', ')}${fromText(input)}${groupBy}`;
  return selected(list, { from: `(${inner}) as ${own}`, where: having });
}

function aggregateColumn(known: Map<string, TypedSql>, own: string, sql: string, type: SqlType): TypedSql {
  const column = known.get(sql) ?? { sql: `${own}.a${known.size}`, type };
  known.set(sql, column);
  return column;
}

function groupByText(
  sets: readonly (readonly Expr[])[],
  positions: ReadonlyMap<Expr, number>,
  isWritten: boolean,
): string {
  const [only] = sets;
  const list = (set: readonly Expr[]): string => set.map((expr) => positions.get(expr)).join(', ');
  if (!isWritten || only === undefined || (sets.length === 1 && only.length === 0)) return '';
  if (sets.length === 1) return ` group by ${list(only)}`;
  return ` group by grouping sets (${sets.map((set) => `(${list(set)})`).join(', ')})`;
}

/** GROUP BY written out: each set of keys that rows are grouped by. The same key is the same object in all of them. */
function setsOf(
  session: Session,
  elements: readonly GroupingElement[],
  items: readonly OutputExpr[],
): readonly (readonly Expr[])[] {
  const keys: Expr[] = [];
  const keyOf = (expr: Expr): Expr => {
    const meant = keyExpr(session, expr, items);
    const known = keys.find((key) => sameExpression(key, meant, (a, b) => samePath(a, b)));
    if (known === undefined) keys.push(meant);
    return known ?? meant;
  };
  return elements.reduce<readonly (readonly Expr[])[]>(
    (sets, element) => product(sets, setsOfElement(element, keyOf), element),
    [[]],
  );
}

function samePath(a: Expr, b: Expr): boolean {
  if (a.kind !== 'column' || b.kind !== 'column') return false;
  const text = (expr: typeof a): string => JSON.stringify(expr.path.map((name) => name.text));
  return a.path.length > 0 && text(a) === text(b);
}

function keyExpr(session: Session, expr: Expr, items: readonly OutputExpr[]): Expr {
  const isOrdinal = expr.kind === 'number' && /^\d+$/.test(expr.text);
  const meant = isOrdinal ? (items[ordinal(expr.text, expr, items.length)]?.expr ?? expr) : expr;
  if (hasAggregate(meant, session.options.functions))
    throw new SqlProblem('Aggregate expression is illegal in GROUP BY clause', expr);
  return meant;
}

function setsOfElement(element: GroupingElement, keyOf: (expr: Expr) => Expr): readonly (readonly Expr[])[] {
  switch (element.kind) {
    case 'expr':
      return [[keyOf(element.expr)]];
    case 'set':
      return [element.exprs.map(keyOf)];
    case 'GROUPING SETS':
      return element.elements.flatMap((inner) => setsOfElement(inner, keyOf));
    case 'ROLLUP': {
      const parts = element.elements.map((inner) => setsOfElement(inner, keyOf).flat());
      return [...parts.keys(), parts.length].reverse().map((count) => parts.slice(0, count).flat());
    }
    case 'CUBE': {
      const parts = element.elements.map((inner) => setsOfElement(inner, keyOf).flat());
      return parts.reduce<readonly (readonly Expr[])[]>(
        (sets, part) => product(sets, [part, []], element),
        [[]],
      );
    }
  }
}

function product(
  left: readonly (readonly Expr[])[],
  right: readonly (readonly Expr[])[],
  element: GroupingElement,
): readonly (readonly Expr[])[] {
  if (left.length * right.length > setsMax)
    throw new SqlProblem(`GROUP BY has more than ${setsMax} grouping sets`, element);
  return left.flatMap((a) => right.map((b) => [...new Set([...a, ...b])]));
}
