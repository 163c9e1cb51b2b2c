/** The columns an expression can name: those of the FROM clause of its own query, then those of the queries around it. */
import type { Expr, Name, Span } from '../ast.ts';
import { SqlProblem } from '../errors.ts';
import type { SqlType } from '../typed-sql.ts';
import type { Ctes, Session, Site } from './session.ts';

export type ScopeColumn = {
  readonly name: string;
  readonly sql: string;
  readonly type: SqlType;
  /** Of a first or last metric: its time. */
  readonly timeSql?: string;
};

/** One table of a FROM clause. `schema` is null when an alias hides the table's own name. */
export type Relation = {
  readonly name: string | null;
  readonly schema: string | null;
  readonly columns: readonly ScopeColumn[];
};

export type Scope = {
  /** In the order of a star; columns joined by USING once. */
  readonly visible: readonly ScopeColumn[];
  readonly relations: readonly Relation[];
  readonly outer: Site | null;
  readonly ctes: Ctes;
  /** Lists of this query that were made rows -> the column that has their values. */
  readonly exploded: ReadonlyMap<string, string>;
};

export type ColumnExpr = Extract<Expr, { kind: 'column' }>;

/** The column of this scope alone; null when it has none. Throws when it has several. */
export function ownColumn(session: Session, expr: ColumnExpr, scope: Scope): ScopeColumn | null {
  const star = session.starColumns.get(expr);
  if (star !== undefined) return scope.visible[star] ?? null;
  const name = expr.path.at(-1);
  if (name === undefined) return null;
  const qualifier = expr.path.slice(0, -1);
  const candidates =
    qualifier.length === 0
      ? scope.visible
      : relationsOf(scope, qualifier).flatMap((relation) => relation.columns);
  const found = candidates.filter((column) => column.name === name.text);
  if (found.length > 1) throw new SqlProblem(`Column '${name.text}' is ambiguous`, expr);
  return found[0] ?? null;
}

export function relationsOf(scope: Scope, qualifier: readonly Name[]): readonly Relation[] {
  const path = qualifier.length === 3 && qualifier[0]?.text === 'druid' ? qualifier.slice(1) : qualifier;
  const name = path.at(-1)?.text;
  const schema = path.length > 1 ? path[0]?.text : undefined;
  if (path.length > 2) return [];
  return scope.relations.filter(
    (relation) => relation.name === name && (schema === undefined || relation.schema === schema),
  );
}

export function columnNotFound(expr: ColumnExpr, scope: Scope): SqlProblem {
  const name = expr.path.at(-1)?.text ?? '';
  const qualifier = expr.path.slice(0, -1);
  if (qualifier.length === 0)
    return new SqlProblem(
      `Column '${name}' not found in any table${inAnotherCase(name, reachable(scope))}`,
      expr,
    );
  const table = qualifier.map(({ text }) => text).join('.');
  const first = qualifier[0];
  const span: Span = { at: expr.at, end: qualifier.at(-1)?.end ?? expr.end };
  const relations = scopesAround(scope).flatMap((around) => relationsOf(around, qualifier));
  if (relations.length === 0 || first === undefined)
    return new SqlProblem(`Table '${table}' not found`, span);
  const columns = relations.flatMap((relation) => relation.columns);
  return new SqlProblem(
    `Column '${name}' not found in table '${table}'${inAnotherCase(name, columns)}`,
    expr,
  );
}

/** Druid's names are case-sensitive, which surprises whoever comes from another database. */
function inAnotherCase(name: string, columns: readonly ScopeColumn[]): string {
  const wanted = name.toLowerCase();
  const near = columns.find((column) => column.name.toLowerCase() === wanted);
  return near === undefined ? '' : `; did you mean '${near.name}'?`;
}

function reachable(scope: Scope): readonly ScopeColumn[] {
  return scopesAround(scope).flatMap((around) => around.visible);
}

function scopesAround(scope: Scope): readonly Scope[] {
  const scopes = [scope];
  for (let outer = scope.outer; outer !== null; outer = outer.scope.outer) scopes.push(outer.scope);
  return scopes;
}
