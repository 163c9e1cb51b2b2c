/** The SELECT list over rows that are ready for it, and the values of multi-value dimensions made rows before it. */
import type { Expr, OrderItem, Select, Window } from '../ast.ts';
import { SqlProblem } from '../errors.ts';
import { types } from '../typed-sql.ts';
import type { TypedSql } from '../typed-sql.ts';
import { withValues } from './from.ts';
import type { Source } from './from.ts';
import { direction, outputOf, refuseMulti, sortable } from './order.ts';
import type { OutputExpr } from './order.ts';
import type { Scope } from './scope.ts';
import { plainSite } from './session.ts';
import type { RowsColumn, Session, Site } from './session.ts';
import { nullAsValue, wholeOf } from './value.ts';

/** A body with what its query sorts by: positions of its outputs, or columns after them. */
export type SortedRows = {
  readonly sql: string;
  readonly columns: readonly RowsColumn[];
  /** `c1 desc nulls last`; o0, o1, ... are columns after the outputs that the query's own rows do not have. */
  readonly order: readonly string[];
  readonly hidden: number;
};

/** Rows to select from; `where` is still to be applied. */
export type Input = { readonly from: string | null; readonly where: string | null; readonly scope: Scope };

export type SelectParts = {
  readonly select: Select;
  readonly items: readonly Output[];
  readonly orderBy: readonly OrderItem[];
  readonly windows: ReadonlyMap<string, Window>;
  readonly input: Input;
  readonly source: Source;
};

/** `isAlias`: the statement gave the name, so ORDER BY may use it inside an expression. */
export type Output = OutputExpr & { readonly isAlias: boolean };

/** Every list that one of the expressions runs over becomes rows; DISTINCT, GROUP BY and PARTITION BY see values. */
export function exploded(
  session: Session,
  { input, source }: SelectParts,
  exprs: readonly Expr[],
  windows: ReadonlyMap<string, Window>,
): Input {
  const listsAt = (scope: Scope): (string | undefined)[] =>
    exprs.map((expr) => session.value(expr, { ...plainSite(scope, 'GROUP BY'), windows }).lift?.list);
  const found = listsAt(input.scope);
  const lists = [...new Set(found)].filter((list) => list !== undefined);
  if (lists.length === 0) return input;
  const moved = withValues(session, source, lists.map(nullAsValue), input.where);
  const scope: Scope = { ...input.scope, ...moved.source, exploded: new Map() };
  const columns = new Map<string, string>();
  for (const [index, list] of listsAt(scope).entries()) {
    const before = found[index];
    const column = before === undefined ? undefined : moved.values[lists.indexOf(before)];
    if (list !== undefined && column !== undefined) columns.set(list, column);
  }
  return { from: moved.source.sql, where: null, scope: { ...scope, exploded: columns } };
}

/** The SELECT list, as `sql`, over rows that are already grouped, or need no grouping. */
export function projected(session: Session, parts: SelectParts, site: Site): SortedRows {
  const { select, items, orderBy } = parts;
  const values = items.map(({ expr }) => outputValue(session, expr, site));
  const columns = items.map(({ name }, index) => ({
    name,
    type: values[index]?.type ?? types.null,
  }));
  const list = values.map(({ sql }, index) => `${sql} as c${index}`);
  const aliases = new Map(items.filter(({ isAlias }) => isAlias).map(({ name, expr }) => [name, expr]));
  const order: string[] = [];
  const hidden: string[] = [];
  for (const item of orderBy) {
    const position = outputOf(session, item, items, site);
    if (position !== null) refuseMulti(columns[position], item.expr);
    if (position === null && select.distinct)
      throw new SqlProblem('An expression of ORDER BY is not in the SELECT DISTINCT list', item.expr);
    if (position === null)
      hidden.push(
        `${sortable(session, item.expr, { ...site, clause: 'ORDER BY', aliases })} as o${hidden.length}`,
      );
    order.push(`${position === null ? `o${hidden.length - 1}` : `c${position}`} ${direction(item)}`);
  }
  const sql = `select ${select.distinct ? 'distinct ' : ''}${[...list, ...hidden].join(', ')}`;
  return { sql, columns, order, hidden: hidden.length };
}

/** A condition over a multi-value dimension means what it means in WHERE. */
function outputValue(session: Session, expr: Expr, site: Site): TypedSql {
  const value = session.value(expr, site);
  if (value.lift === undefined || value.type.name !== 'BOOLEAN') return wholeOf(value);
  return { sql: session.condition(expr, site), type: value.type };
}

export function selected(list: SortedRows, input: Pick<Input, 'from' | 'where'>): SortedRows {
  return { ...list, sql: `${list.sql}${fromText(input)}` };
}

export function fromText({ from, where }: Pick<Input, 'from' | 'where'>): string {
  return `${from === null ? '' : ` from ${from}`}${where === null ? '' : ` where ${where}`}`;
}
