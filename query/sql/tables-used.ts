/**
 * Every table that a statement reads, with its place in the text and what the WHERE clause of its own SELECT says about
 * its rows. Names of WITH clauses count only where they are visible: a table of the same name elsewhere is a table.
 */
import type { Expr, Name, Query, QueryBody, Select, Span, Statement, TableExpr } from './ast.ts';
import { noBounds, type Bounds } from './bounds.ts';
import { SqlProblem } from './errors.ts';
import { boundsOf } from './prune.ts';
import type { Surroundings } from './prune-constants.ts';

export type TableSchema = 'druid' | 'sys' | 'INFORMATION_SCHEMA';

export type TableUse = {
  readonly schema: TableSchema;
  readonly name: string;
  readonly span: Span;
  readonly bounds: Bounds;
};

/** Throws SqlProblem for a schema that is not there. Whether the table exists is not known here. */
export function tablesUsed(statement: Statement, surroundings: Surroundings): TableUse[] {
  const walk: Walk = { surroundings, found: [] };
  walkQuery(statement.query, { ctes: null, isInner: false }, walk);
  return walk.found;
}

type Walk = { readonly surroundings: Surroundings; readonly found: TableUse[] };

type Scope = {
  /** The names of WITH that are visible, innermost first. */
  readonly ctes: CteNames | null;
  /** Within an expression of another query, whose columns are visible too. */
  readonly isInner: boolean;
};

type CteNames = { readonly name: string; readonly outer: CteNames | null };

function isCte(name: string, scope: Scope): boolean {
  for (let names = scope.ctes; names !== null; names = names.outer) if (names.name === name) return true;
  return false;
}

function walkQuery(query: Query, outer: Scope, walk: Walk): void {
  let scope = outer;
  for (const cte of query.with) {
    walkQuery(cte.query, scope, walk);
    scope = { ...scope, ctes: { name: cte.name.text, outer: scope.ctes } };
  }
  walkBody(query.body, scope, walk);
  for (const item of query.orderBy) walkExpressions(item, scope, walk);
}

function walkBody(body: QueryBody, scope: Scope, walk: Walk): void {
  switch (body.kind) {
    case 'select':
      return walkSelect(body, scope, walk);
    case 'nested':
      return walkQuery(body.query, scope, walk);
    case 'values':
      return walkExpressions(body.rows, scope, walk);
    case 'set':
      walkBody(body.left, scope, walk);
      return walkBody(body.right, scope, walk);
  }
}

/** Queries inside expressions, whatever the expressions are. Iterative: lists can be as long as the text. */
function walkExpressions(root: object, scope: Scope, walk: Walk): void {
  const inner: Scope = { ...scope, isInner: true };
  const open: object[] = [root];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (isQuery(value)) {
      walkQuery(value, inner, walk);
      continue;
    }
    const children = Object.values(value) as readonly unknown[];
    for (const child of children.toReversed())
      if (typeof child === 'object' && child !== null) open.push(child);
  }
}

function isQuery(value: object): value is Query {
  return 'body' in value && 'with' in value;
}

function walkSelect(select: Select, scope: Scope, walk: Walk): void {
  const { from, ...rest } = select;
  const sources = from === null ? [] : sourcesOf(from, false, scope);
  for (const source of sources) {
    if (source.use === null) continue;
    const { schema, name, span } = source.use;
    const bounds = schema === 'druid' ? boundsOfSource(source, sources, select.where, scope, walk) : noBounds;
    walk.found.push({ schema, name, span, bounds });
  }
  if (from !== null) walkFrom(from, scope, walk);
  walkExpressions(rest, scope, walk);
}

/** Subqueries, and the queries in expressions of joins. */
function walkFrom(from: TableExpr, scope: Scope, walk: Walk): void {
  switch (from.kind) {
    case 'table':
      return;
    case 'subquery':
      return walkQuery(from.query, scope, walk);
    case 'unnest':
      return walkExpressions([from.expr], scope, walk);
    case 'function':
      return walkTableFunction(from, scope, walk);
    case 'join':
      walkFrom(from.left, scope, walk);
      walkFrom(from.right, scope, walk);
      if (from.on !== null) walkExpressions([from.on], scope, walk);
  }
}

/** `TABLE(APPEND('a', 'b'))` names data sources in texts. */
function walkTableFunction(from: TableExpr & { kind: 'function' }, scope: Scope, walk: Walk): void {
  for (const arg of from.call.args) {
    if (from.call.name.text === 'APPEND' && arg.kind === 'string')
      walk.found.push({ schema: 'druid', name: arg.value, span: spanOf(arg), bounds: noBounds });
    else walkExpressions([arg], scope, walk);
  }
}

/** One thing that the FROM clause puts into the scope of columns. */
type Source = {
  readonly table: TableExpr;
  readonly alias: string | null;
  readonly path: readonly string[];
  /** Rows of it may be made up by an outer join. */
  readonly isNullable: boolean;
  readonly use: { readonly schema: TableSchema; readonly name: string; readonly span: Span } | null;
};

function sourcesOf(from: TableExpr, isNullable: boolean, scope: Scope): Source[] {
  if (from.kind === 'join') {
    const left = sourcesOf(from.left, isNullable || from.type === 'RIGHT' || from.type === 'FULL', scope);
    const right = sourcesOf(from.right, isNullable || from.type === 'LEFT' || from.type === 'FULL', scope);
    return [...left, ...right];
  }
  const alias = from.alias?.name.text ?? null;
  if (from.kind !== 'table') return [{ table: from, alias, path: [], isNullable, use: null }];
  const path = from.path.map((name) => name.text);
  const isOwn = path.length === 1 && isCte(path[0] ?? '', scope);
  return [{ table: from, alias, path, isNullable, use: isOwn ? null : useOf(from.path) }];
}

const refusedSchemas: ReadonlyMap<string, string> = new Map([
  ['lookup', 'there are no lookups; join with a data source, or use CASE'],
  ['view', 'there are no views; write the query in a WITH clause'],
  ['ext', 'a query reads data sources and system tables, nothing outside'],
]);

function useOf(path: readonly Name[]): NonNullable<Source['use']> {
  const [first, second, third] = path;
  if (first === undefined) throw new SqlProblem('A table has no name', null);
  const last = second ?? first;
  const span = { at: first.at, end: last.end };
  if (second === undefined) return { schema: 'druid', name: first.text, span };
  const hint = refusedSchemas.get(first.text);
  if (hint !== undefined)
    throw new SqlProblem(`Schema '${first.text}' is not supported: ${hint}`, spanOf(first));
  const schema =
    first.text === 'druid' || first.text === 'sys'
      ? first.text
      : first.text.toUpperCase() === 'INFORMATION_SCHEMA'
        ? 'INFORMATION_SCHEMA'
        : null;
  if (schema === null || third !== undefined)
    throw new SqlProblem(`Object '${first.text}' not found`, spanOf(first));
  return { schema, name: second.text, span };
}

function spanOf({ at, end }: Span): Span {
  return { at, end };
}

function boundsOfSource(
  source: Source,
  sources: readonly Source[],
  where: Expr | null,
  scope: Scope,
  walk: Walk,
): Bounds {
  // A row that the outer join makes up would not be made up if the table were read in part. Renamed columns are
  // not looked through.
  const isRenamed = source.table.kind === 'table' && (source.table.alias?.columns.length ?? 0) > 0;
  if (source.isNullable || isRenamed) return noBounds;
  const isAlone = sources.every((other) => other === source || isUnnestWithout(other, '__time'));
  const column = (path: readonly Name[]): string | null => {
    const last = path.at(-1)?.text ?? '';
    if (path.length === 1) {
      // In an inner query another name may be the outer query's; every data source has __time.
      if (last === '__time') return isAlone ? last : null;
      return sources.length === 1 && !scope.isInner ? last : null;
    }
    const qualifier = path.slice(0, -1).map((name) => name.text);
    const owners = sources.filter((other) => isCalled(other, qualifier));
    return owners.length === 1 && owners[0] === source ? last : null;
  };
  return boundsOf(where, { ...walk.surroundings, column });
}

/** `UNNEST(...) AS t(a)` brings the column `a` and no other. */
function isUnnestWithout(source: Source, column: string): boolean {
  if (source.table.kind !== 'unnest') return false;
  const columns = source.table.alias?.columns ?? [];
  return columns.length > 0 && columns.every((name) => name.text !== column);
}

/** Do these names, before a column, mean this source? */
function isCalled(source: Source, qualifier: readonly string[]): boolean {
  if (source.alias !== null) return qualifier.length === 1 && qualifier[0] === source.alias;
  const whole = source.path.length === 1 ? ['druid', ...source.path] : source.path;
  const name = whole.slice(-qualifier.length);
  return qualifier.length <= whole.length && name.every((part, index) => part === qualifier[index]);
}
