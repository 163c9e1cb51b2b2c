/** A query around its body: WITH, UNION ALL, VALUES, ORDER BY, LIMIT and OFFSET. */
import type { Expr, OrderItem, Query, QueryBody, SetOperation, Span, Values } from '../ast.ts';
import { castTo, commonType, sameType } from '../casts.ts';
import { SqlProblem } from '../errors.ts';
import type { Around } from './from.ts';
import { balanced } from './operators.ts';
import { direction, outputOf, refuseMulti, sortable } from './order.ts';
import type { OutputExpr } from './order.ts';
import type { Scope } from './scope.ts';
import type { SortedRows } from './projection.ts';
import { selectRows } from './select.ts';
import { contextOf, plainSite } from './session.ts';
import type { CteRows, Ctes, Rows, RowsColumn, RowsUse, Session, Site } from './session.ts';
import { isMulti, types } from '../typed-sql.ts';
import { nullAsValue, wholeOf } from './value.ts';

export function rowsOf(
  session: Session,
  query: Query,
  outer: Site | null,
  ctes: Ctes,
  use: RowsUse,
  outerLimit: number | null = null,
): Rows {
  const known = new Map<string, CteRows>(ctes);
  const own = query.with.map((cte) => {
    const rows = session.rows(cte.query, outer, new Map(known), 'rows');
    const entry: CteRows = { name: session.fresh('w'), columns: cteColumns(rows, cte), uses: 0 };
    known.set(cte.name.text, entry);
    return { entry, sql: rows.sql };
  });
  // A limit counts rows, so values can only be taken apart after it.
  const isLimited = query.limit !== null || query.offset !== null;
  const bodyUse = isLimited ? 'rows' : use;
  const body = bodyRows(session, query.body, query.orderBy, { outer, ctes: known }, bodyUse);
  const limited = {
    sql: `${sorted(session, body)}${limitText(session, query, outerLimit)}`,
    columns: body.columns,
  };
  const { sql, columns } = use === 'set' && isLimited ? asValues(session, limited, query) : limited;
  // One use is as if it stood there; more are computed once.
  const used = own.filter(({ entry }) => entry.uses > 0);
  const defined = used.map(
    ({ entry, sql: text }) => `${entry.name} as ${entry.uses === 1 ? 'not materialized ' : ''}(${text})`,
  );
  return { sql: defined.length === 0 ? sql : `with ${defined.join(', ')} ${sql}`, columns };
}

/** Multi-value columns as their values, for IN. */
function asValues(session: Session, rows: Rows, span: Span): Rows {
  const count = rows.columns.filter(({ type }) => isMulti(type)).length;
  if (count === 0) return rows;
  if (count > 1)
    throw new SqlProblem('Two multi-value dimensions in a query of IN with a LIMIT are not supported', span);
  const own = session.fresh('q');
  const items = rows.columns.map(({ type }, index) => {
    const column = `${own}.c${index}`;
    return `${isMulti(type) ? `unnest(${nullAsValue(column)})` : column} as c${index}`;
  });
  const columns = rows.columns.map((column) =>
    isMulti(column.type) ? { ...column, type: types.varchar } : column,
  );
  return { sql: `select ${items.join(', ')} from (${rows.sql}) as ${own}`, columns };
}

function cteColumns(rows: Rows, cte: Query['with'][number]): readonly RowsColumn[] {
  if (cte.columns.length === 0) return rows.columns;
  if (cte.columns.length !== rows.columns.length)
    throw new SqlProblem(
      `Number of columns must match number of query columns: '${cte.name.text}' has ${cte.columns.length}, its query ${rows.columns.length}`,
      cte.name,
    );
  return rows.columns.map((column, index) => ({
    ...column,
    name: cte.columns[index]?.text ?? column.name,
  }));
}

function bodyRows(
  session: Session,
  body: QueryBody,
  orderBy: readonly OrderItem[],
  around: Around,
  use: RowsUse,
): SortedRows {
  if (body.kind === 'select') return selectRows(session, body, orderBy, around, use);
  return sortedBody(session, plainBody(session, body, around, use), orderBy, around);
}

/** Without an ORDER BY of the query around it. */
function plainBody(session: Session, body: QueryBody, around: Around, use: RowsUse): Rows {
  switch (body.kind) {
    case 'select':
      return selectRows(session, body, [], around, use);
    case 'nested':
      return session.rows(body.query, around.outer, around.ctes, use);
    case 'values':
      return valuesRows(session, body, around);
    case 'set':
      return unionRows(session, body, around, use);
  }
}

/** ORDER BY over rows that are not one SELECT: only their outputs can be named. */
function sortedBody(session: Session, rows: Rows, orderBy: readonly OrderItem[], around: Around): SortedRows {
  const own = session.fresh('q');
  const visible = rows.columns.map((column, index) => ({ ...column, sql: `${own}.c${index}` }));
  const scope: Scope = { visible, relations: [], ...around, exploded: new Map() };
  const site = plainSite(scope, 'ORDER BY');
  const outputs = rows.columns.map(({ name }, index): OutputExpr => ({
    name,
    expr: outputExpr(session, index),
  }));
  const order = orderBy.map((item) => {
    const position = outputOf(session, item, outputs, site);
    if (position !== null) refuseMulti(rows.columns[position], item.expr);
    const key = position === null ? sortable(session, item.expr, site) : `${own}.c${position}`;
    return `${key} ${direction(item)}`;
  });
  const items = rows.columns.map((_, index) => `${own}.c${index} as c${index}`);
  return {
    sql: `select ${items.join(', ')} from (${rows.sql}) as ${own}`,
    columns: rows.columns,
    order,
    hidden: 0,
  };
}

function outputExpr(session: Session, index: number): Expr {
  const expr: Expr = { kind: 'column', path: [], at: 0, end: 0 };
  session.starColumns.set(expr, index);
  return expr;
}

function sorted(session: Session, rows: SortedRows): string {
  if (rows.order.length === 0) return rows.sql;
  const order = ` order by ${rows.order.join(', ')}`;
  if (rows.hidden === 0) return `${rows.sql}${order}`;
  const own = session.fresh('q');
  const items = rows.columns.map((_, index) => `${own}.c${index} as c${index}`);
  return `select ${items.join(', ')} from (${rows.sql}) as ${own}${order}`;
}

function unionRows(session: Session, body: SetOperation, around: Around, use: RowsUse): Rows {
  const members = unionMembers(body).map((member) => plainBody(session, member, around, use));
  const [first] = members;
  if (first === undefined) throw new Error('a union has members');
  const count = first.columns.length;
  const wrong = members.find((member) => member.columns.length !== count);
  if (wrong !== undefined)
    throw new SqlProblem(
      `Column count mismatch in UNION ALL: found ${wrong.columns.length}, expected ${count}`,
      body,
    );
  const columns = first.columns.map((column, index) => ({
    name: column.name,
    type: commonType(members.map((member) => member.columns[index]?.type ?? column.type)),
  }));
  const parts = members.map((member) => `(${memberAs(session, member, columns, body)})`);
  return { sql: balanced(parts, 'union all'), columns };
}

/** From left to right, without recursion: a union may have many members. */
function unionMembers(body: SetOperation): readonly QueryBody[] {
  const members: QueryBody[] = [];
  const open: QueryBody[] = [body];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.kind !== 'set') members.push(next);
    else {
      const name = next.operator === 'UNION' || !next.all ? next.operator : `${next.operator} ALL`;
      if (next.operator !== 'UNION' || !next.all)
        throw new SqlProblem(`SQL requires '${name}' but only 'UNION ALL' is supported`, next);
      open.push(next.right, next.left);
    }
  }
  return members;
}

function memberAs(
  session: Session,
  member: Rows,
  columns: readonly RowsColumn[],
  body: SetOperation,
): string {
  if (member.columns.every((column, index) => sameType(column.type, columns[index]?.type ?? column.type)))
    return member.sql;
  const own = session.fresh('q');
  const items = member.columns.map((column, index) => {
    const type = columns[index]?.type ?? column.type;
    const cast = castTo({ sql: `${own}.c${index}`, type: column.type }, type, contextOf(session, body));
    return `${cast.sql} as c${index}`;
  });
  return `select ${items.join(', ')} from (${member.sql}) as ${own}`;
}

function valuesRows(session: Session, body: Values, around: Around): Rows {
  const scope: Scope = { visible: [], relations: [], ...around, exploded: new Map() };
  const site = plainSite(scope, 'VALUES');
  const rows = body.rows.map((row) => row.map((expr) => wholeOf(session.value(expr, site))));
  const count = rows[0]?.length ?? 0;
  const wrong = rows.find((row) => row.length !== count);
  if (wrong !== undefined)
    throw new SqlProblem(
      `Values passed to VALUES operator must have compatible types: found rows of ${count} and of ${wrong.length} values`,
      body,
    );
  const columns = Array.from({ length: count }, (_, index) => ({
    name: `EXPR$${index}`,
    type: commonType(rows.map((row) => row[index]?.type ?? { name: 'NULL' })),
  }));
  const texts = rows.map((row) => {
    const cells = row.map(
      (value, index) => castTo(value, columns[index]?.type ?? value.type, contextOf(session, body)).sql,
    );
    return `(${cells.join(', ')})`;
  });
  const own = session.fresh('q');
  const names = columns.map((_, index) => `c${index}`);
  const items = names.map((name) => `${own}.${name} as ${name}`);
  return {
    sql: `select ${items.join(', ')} from (values ${texts.join(', ')}) as ${own}(${names.join(', ')})`,
    columns,
  };
}

function limitText(session: Session, query: Query, outerLimit: number | null): string {
  const limit = query.limit === null ? null : rowCount(session, query.limit, 'LIMIT');
  const offset = query.offset === null ? null : rowCount(session, query.offset, 'OFFSET');
  const least = limit === null || outerLimit === null ? (limit ?? outerLimit) : Math.min(limit, outerLimit);
  return `${least === null ? '' : ` limit ${least}`}${offset === null || offset === 0 ? '' : ` offset ${offset}`}`;
}

function rowCount(session: Session, expr: Expr, clause: string): number {
  const scope: Scope = { visible: [], relations: [], outer: null, ctes: new Map(), exploded: new Map() };
  const value = session.value(expr, plainSite(scope, clause)).constant?.value;
  const count = Number(typeof value === 'string' && /^\d{1,15}$/.test(value) ? value : Number.NaN);
  if (Number.isNaN(count)) throw new SqlProblem(`${clause} must be a whole number, zero or more`, expr);
  return count;
}
