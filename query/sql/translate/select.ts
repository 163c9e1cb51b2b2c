/** One SELECT: its tables, its WHERE, what its items are called, and whether it is grouped. */
import type { OrderItem, Select, SelectItem, Window } from '../ast.ts';
import { SqlProblem } from '../errors.ts';
import { windowOf } from './calls.ts';
import { hasAggregate, windowCalls } from './expression-tree.ts';
import { sourceOf } from './from.ts';
import type { Around, Source } from './from.ts';
import { groupedRows } from './grouping.ts';
import { exploded, projected, selected } from './projection.ts';
import type { Output, SelectParts, SortedRows } from './projection.ts';
import { relationsOf } from './scope.ts';
import type { Scope } from './scope.ts';
import { plainSite } from './session.ts';
import type { RowsUse, Session } from './session.ts';

export function selectRows(
  session: Session,
  select: Select,
  orderBy: readonly OrderItem[],
  around: Around,
  use: RowsUse,
): SortedRows {
  const source = sourceOf(session, select.from, around);
  const scope: Scope = { ...source, ...around, exploded: new Map() };
  const items = outputsOf(session, select, source);
  const where = select.where === null ? null : session.condition(select.where, plainSite(scope, 'WHERE'));
  const windows = windowsOf(select);
  const parts = [...items.map(({ expr }) => expr), ...orderBy.map(({ expr }) => expr)];
  const isGrouped =
    select.groupBy !== null ||
    select.having !== null ||
    parts.some((expr) => hasAggregate(expr, session.options.functions));
  const input = { from: source.sql, where, scope };
  if (isGrouped) return groupedRows(session, { select, items, orderBy, windows, input, source });
  return plainRows(session, { select, items, orderBy, windows, input, source }, use);
}

function plainRows(session: Session, parts: SelectParts, use: RowsUse): SortedRows {
  const { select, items, orderBy, windows } = parts;
  const exprs = items.map(({ expr }) => expr);
  const site = { ...plainSite(parts.input.scope, 'SELECT'), windows };
  const partitions = [...exprs, ...orderBy.map(({ expr }) => expr)]
    .flatMap(windowCalls)
    .flatMap((call) => windowOf(call, site).partitionBy);
  const single = select.distinct || use === 'set' ? exprs : [];
  const input = exploded(session, parts, [...single, ...partitions], windows);
  return selected(projected(session, parts, { ...site, scope: input.scope }), input);
}

function outputsOf(session: Session, select: Select, source: Source): readonly Output[] {
  const outputs: Output[] = [];
  for (const item of select.items) {
    if (item.kind === 'star') outputs.push(...starOf(session, item, source));
    else {
      const column = item.expr.kind === 'column' ? item.expr.path.at(-1)?.text : undefined;
      const name = item.alias?.text ?? column ?? `EXPR$${outputs.length}`;
      outputs.push({ name, expr: item.expr, isAlias: item.alias !== null });
    }
  }
  return outputs;
}

function starOf(
  session: Session,
  item: Extract<SelectItem, { kind: 'star' }>,
  source: Source,
): readonly Output[] {
  if (source.sql === null) throw new SqlProblem('SELECT * requires a FROM clause', item);
  const relations = relationsOf(
    { ...source, outer: null, ctes: new Map(), exploded: new Map() },
    item.qualifier,
  );
  if (item.qualifier.length > 0 && relations.length === 0)
    throw new SqlProblem(`Unknown identifier '${item.qualifier.map(({ text }) => text).join('.')}'`, item);
  const columns =
    item.qualifier.length === 0 ? source.visible : relations.flatMap((relation) => relation.columns);
  return columns.map((column) => {
    const name = { text: column.name, quoted: true, at: item.at, end: item.end };
    const expr = { kind: 'column' as const, path: [...item.qualifier, name], at: item.at, end: item.end };
    const position = source.visible.indexOf(column);
    const same = position >= 0 ? position : source.visible.findIndex(({ sql }) => sql === column.sql);
    if (same >= 0) session.starColumns.set(expr, same);
    return { name: column.name, expr, isAlias: false };
  });
}

function windowsOf(select: Select): ReadonlyMap<string, Window> {
  return new Map(select.windows.map(({ name, window }) => [name.text, window]));
}
