/** The FROM clause: tables, subqueries, joins and UNNEST, each under an alias of ours. */
import type { Expr, Name, Query, Span, TableAlias, TableExpr } from '../ast.ts';
import { coerceBoth } from '../casts.ts';
import { SqlProblem } from '../errors.ts';
import { types, typeText } from '../typed-sql.ts';
import type { SqlType } from '../typed-sql.ts';
import type { Relation, Scope, ScopeColumn } from './scope.ts';
import { contextOf, plainSite } from './session.ts';
import type { Ctes, RowsColumn, Session, Site } from './session.ts';

/** `sql` is null when there is no FROM clause. */
export type Source = {
  readonly sql: string | null;
  readonly relations: readonly Relation[];
  readonly visible: readonly ScopeColumn[];
};

export const noSource: Source = { sql: null, relations: [], visible: [] };

/** What a FROM clause sees from outside. */
export type Around = { readonly outer: Site | null; readonly ctes: Ctes };

export function sourceOf(session: Session, from: TableExpr | null, around: Around): Source {
  if (from === null) return noSource;
  const source = tableOf(session, from, around);
  for (const [index, { name }] of source.relations.entries())
    if (name !== null && source.relations.findIndex((other) => other.name === name) !== index)
      throw new SqlProblem(`Duplicate relation name '${name}' in FROM clause`, from);
  return source;
}

function tableOf(session: Session, from: TableExpr, around: Around): Source {
  switch (from.kind) {
    case 'table':
      return namedTable(session, from.path, from.alias, around);
    case 'subquery':
      return subquery(session, from.query, from.alias, around);
    case 'unnest':
      return unnested(session, from, around, noSource, false);
    case 'function':
      throw new SqlProblem(
        `Table function ${from.call.name.text} is not supported: a query reads data sources, system tables and UNNEST`,
        from.call,
      );
    case 'join':
      return session.deeper(from, () => joined(session, from, around));
  }
}

function namedTable(
  session: Session,
  path: readonly Name[],
  alias: TableAlias | null,
  around: Around,
): Source {
  const name = path.at(-1);
  if (name === undefined) throw new Error('a table has a name');
  const cte = path.length === 1 ? around.ctes.get(name.text) : undefined;
  if (cte !== undefined) {
    cte.uses += 1;
    return aliased(session, cte.name, cte.columns, alias, name.text);
  }
  const schema = schemaOf(path);
  const table = session.options.tables(schema, name.text);
  if (table === null) {
    const within = path.length > 1 ? ` within '${schema}'` : '';
    throw new SqlProblem(`Object '${name.text}' not found${within}`, name);
  }
  const own = session.fresh('t');
  const columns = table.columns.map((column) => ({
    name: column.name,
    sql: `${own}.${quoted(column.field)}`,
    type: column.type,
    ...(column.timeField === undefined ? {} : { timeSql: `${own}.${quoted(column.timeField)}` }),
  }));
  const named = renamed(columns, alias);
  const relation = { name: alias?.name.text ?? name.text, schema: alias === null ? schema : null };
  return { sql: `${table.relation} as ${own}`, relations: [{ ...relation, columns: named }], visible: named };
}

function schemaOf(path: readonly Name[]): string {
  const [first, second] = path;
  if (first === undefined || second === undefined) return 'druid';
  if (path.length > 3 || (path.length === 3 && first.text !== 'druid'))
    throw new SqlProblem(`Object '${first.text}' not found`, first);
  const schema = path.length === 3 ? second.text : first.text;
  const written = /^information_schema$/i.test(schema) ? 'INFORMATION_SCHEMA' : schema;
  if (!['druid', 'sys', 'INFORMATION_SCHEMA'].includes(written))
    throw new SqlProblem(`Object '${schema}' not found`, path.length === 3 ? second : first);
  return written;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function subquery(session: Session, query: Query, alias: TableAlias | null, around: Around): Source {
  const rows = session.rows(query, around.outer, around.ctes, 'rows');
  return aliased(session, `(${rows.sql})`, rows.columns, alias, null);
}

/** Rows of ours, whose columns are c0, c1, ... */
function aliased(
  session: Session,
  sql: string,
  columns: readonly RowsColumn[],
  alias: TableAlias | null,
  name: string | null,
): Source {
  const own = session.fresh('t');
  const visible = renamed(
    columns.map((column, index) => ({ ...column, sql: `${own}.c${index}` })),
    alias,
  );
  const relation = { name: alias?.name.text ?? name, schema: null, columns: visible };
  return { sql: `${sql} as ${own}`, relations: [relation], visible };
}

function renamed(columns: readonly ScopeColumn[], alias: TableAlias | null): readonly ScopeColumn[] {
  if (alias === null || alias.columns.length === 0) return columns;
  if (alias.columns.length !== columns.length)
    throw new SqlProblem(
      `List of column aliases must have same degree as table; table has ${columns.length} columns, whereas alias list has ${alias.columns.length} columns`,
      alias,
    );
  return columns.map((column, index) => ({ ...column, name: alias.columns[index]?.text ?? column.name }));
}

/**
 * UNNEST makes a row of each value. What stands before it becomes a subquery that has the values as one more column:
 * DuckDB runs that many times faster than a lateral join.
 */
function unnested(
  session: Session,
  from: Extract<TableExpr, { kind: 'unnest' }>,
  around: Around,
  left: Source,
  keepsEmpty: boolean,
): Source {
  const scope: Scope = { ...left, ...around, exploded: new Map() };
  const array = session.value(from.expr, plainSite(scope, 'FROM'));
  if (array.type.name !== 'ARRAY' && array.type.name !== 'NULL')
    throw new SqlProblem(
      `Cannot apply 'UNNEST' to arguments of type 'UNNEST(<${typeText(array.type)}>)'; expected an array${array.lift === undefined ? '' : ': use MV_TO_ARRAY'}`,
      from.expr,
    );
  const list = array.type.name === 'ARRAY' ? array.sql : 'cast(null as varchar[])';
  const type = array.type.name === 'ARRAY' ? array.type.element : types.varchar;
  const rows = withValues(session, left, [keepsEmpty ? `coalesce(nullif(${list}, []), [null])` : list]);
  const [value] = rows.values;
  const column = { name: 'EXPR$0', sql: value ?? '', type };
  const columns = renamed([column], from.alias);
  return {
    sql: rows.source.sql,
    relations: [...rows.source.relations, { name: from.alias?.name.text ?? null, schema: null, columns }],
    visible: [...rows.source.visible, ...columns],
  };
}

/** The source with each list made rows, after `where`; `values` are their columns. */
export function withValues(
  session: Session,
  source: Source,
  lists: readonly string[],
  where: string | null = null,
): { source: Source; values: readonly string[] } {
  const all = new Map<string, string>();
  for (const column of [...source.visible, ...source.relations.flatMap((relation) => relation.columns)])
    for (const sql of column.timeSql === undefined ? [column.sql] : [column.sql, column.timeSql])
      if (!all.has(sql)) all.set(sql, `d${all.size}`);
  const kept = [...all].map(([sql, name]) => `${sql} as ${name}`);
  // One list a level: several in one SELECT would be walked side by side.
  const items = lists.map((list, index) => `${index === 0 ? `unnest(${list})` : list} as e${index}`);
  const filter = where === null ? '' : ` where ${where}`;
  let sql = `select ${[...kept, ...items].join(', ')}${source.sql === null ? '' : ` from ${source.sql}`}${filter}`;
  for (let index = 1; index < lists.length; index++) {
    const inner = session.fresh('x');
    const others = lists.map(
      (_, at) => `${at === index ? `unnest(${inner}.e${at})` : `${inner}.e${at}`} as e${at}`,
    );
    const names = [...all.values()].map((name) => `${inner}.${name} as ${name}`);
    sql = `select ${[...names, ...others].join(', ')} from (${sql}) as ${inner}`;
  }
  const own = session.fresh('x');
  const moved = (column: ScopeColumn): ScopeColumn => ({
    ...column,
    sql: `${own}.${all.get(column.sql) ?? ''}`,
    ...(column.timeSql === undefined ? {} : { timeSql: `${own}.${all.get(column.timeSql) ?? ''}` }),
  });
  return {
    source: {
      sql: `(${sql}) as ${own}`,
      relations: source.relations.map((relation) => ({ ...relation, columns: relation.columns.map(moved) })),
      visible: source.visible.map(moved),
    },
    values: lists.map((_, index) => `${own}.e${index}`),
  };
}

type Join = Extract<TableExpr, { kind: 'join' }>;

function joined(session: Session, from: Join, around: Around): Source {
  const left = tableOf(session, from.left, around);
  if (from.right.kind === 'unnest') return joinedUnnest(session, from, from.right, around, left);
  const right = tableOf(session, from.right, around);
  const names = commonNames(from, left, right);
  const relations = [...left.relations, ...right.relations];
  if (names !== null) return joinedBy(session, from, left, right, names);
  const visible = [...left.visible, ...right.visible];
  if (from.type === 'CROSS' || from.on === null)
    return { sql: `${left.sql} cross join ${grouped(from.right, right)}`, relations, visible };
  const scope: Scope = { relations, visible, ...around, exploded: new Map() };
  const on = joinCondition(session, from.on, scope);
  return {
    sql: `${left.sql} ${from.type.toLowerCase()} join ${grouped(from.right, right)} on ${on}`,
    relations,
    visible,
  };
}

function grouped(from: TableExpr, source: Source): string {
  return from.kind === 'join' ? `(${source.sql})` : (source.sql ?? '');
}

function joinCondition(session: Session, on: Expr, scope: Scope): string {
  return session.condition(on, plainSite(scope, 'ON'));
}

function joinedUnnest(
  session: Session,
  from: Join,
  right: Extract<TableExpr, { kind: 'unnest' }>,
  around: Around,
  left: Source,
): Source {
  const onTrue = from.on === null || (from.on.kind === 'boolean' && from.on.value);
  if (!onTrue || !['CROSS', 'INNER', 'LEFT'].includes(from.type) || from.using !== null || from.natural)
    throw new SqlProblem(
      'UNNEST can only be joined by a comma, CROSS JOIN, or INNER or LEFT JOIN ON TRUE: filter in WHERE instead',
      right,
    );
  return unnested(session, right, around, left, from.type === 'LEFT');
}

/** The columns of USING or NATURAL; null for other joins. */
function commonNames(from: Join, left: Source, right: Source): readonly (Span & { text: string })[] | null {
  if (from.using !== null) return from.using;
  if (!from.natural) return null;
  const rights = new Set(right.visible.map(({ name }) => name));
  return left.visible
    .filter(({ name }) => rights.has(name))
    .map(({ name }) => ({ text: name, at: from.at, end: from.end }));
}

function joinedBy(
  session: Session,
  from: Join,
  left: Source,
  right: Source,
  names: readonly (Span & { text: string })[],
): Source {
  const common = names.map((name) => {
    const [a, b] = [only(left, name), only(right, name)];
    const [x, y] = coerceBoth(a, b, contextOf(session, name));
    return {
      name: name.text,
      left: a,
      right: b,
      on: `${x.sql} = ${y.sql}`,
      x: x.sql,
      y: y.sql,
      type: x.type,
    };
  });
  const merged = common.map((column): ScopeColumn => {
    if (from.type === 'RIGHT') return { ...column.right };
    if (from.type !== 'FULL') return { ...column.left };
    return { name: column.name, sql: `coalesce(${column.x}, ${column.y})`, type: column.type };
  });
  const isMerged = ({ name }: ScopeColumn): boolean => common.some((column) => column.name === name);
  const on = common.length === 0 ? 'true' : common.map((column) => column.on).join(' and ');
  const type = from.type === 'CROSS' ? 'inner' : from.type.toLowerCase();
  return {
    sql: `${left.sql} ${type} join ${grouped(from.right, right)} on ${on}`,
    relations: [...left.relations, ...right.relations],
    visible: [
      ...merged,
      ...left.visible.filter((column) => !isMerged(column)),
      ...right.visible.filter((column) => !isMerged(column)),
    ],
  };
}

function only(source: Source, name: Span & { text: string }): ScopeColumn {
  const found = source.visible.filter((column) => column.name === name.text);
  const [column] = found;
  if (column === undefined) throw new SqlProblem(`Column '${name.text}' not found in any table`, name);
  if (found.length > 1)
    throw new SqlProblem(
      `Column name '${name.text}' in NATURAL join or USING clause is not unique on one side of join`,
      name,
    );
  return refuseMultiJoin(column, column.type, name);
}

function refuseMultiJoin(column: ScopeColumn, type: SqlType, span: Span): ScopeColumn {
  if (type.name === 'VARCHAR' && type.multi)
    throw new SqlProblem(
      `Column '${column.name}' is a multi-value dimension and cannot be joined on: join a query that groups by it`,
      span,
    );
  return column;
}
