/**
 * What one translation shares: what the caller gave, fresh names, and the three things every part of it needs of the
 * others. A session belongs to one statement.
 */
import type { Expr, OrderItem, Query, Span, Window } from '../ast.ts';
import { SqlProblem } from '../errors.ts';
import type { FunctionTable } from '../function-table.ts';
import { typeText } from '../typed-sql.ts';
import type { CallContext, SqlType, TypedSql } from '../typed-sql.ts';
import type { Scope } from './scope.ts';
import type { Value } from './value.ts';

/** A table as SQL sees it: `field` is a column's name in `relation`. */
export type TableShape = {
  readonly relation: string;
  readonly columns: readonly {
    readonly name: string;
    readonly field: string;
    readonly type: SqlType;
    /** Of a first or last metric: the column that has its time, in milliseconds. */
    readonly timeField?: string;
  }[];
};

export type TranslateOptions = {
  /** Null: there is no such table. */
  readonly tables: (schema: string, name: string) => TableShape | null;
  readonly functions: FunctionTable;
  readonly parameters: readonly {
    readonly type: string;
    readonly value: string | number | boolean | null;
  }[];
  readonly timeZone: string;
  readonly nowMs: number;
  readonly approximateCountDistinct: boolean;
  /** No more rows than this, whatever the statement's own LIMIT says. */
  readonly outerLimit: number | null;
};

/** A query in DuckDB's words; its columns are called c0, c1, ... there. */
export type Rows = { readonly sql: string; readonly columns: readonly RowsColumn[] };

export type RowsColumn = { readonly name: string; readonly type: SqlType };

/** Where an expression stands: which columns it sees and what may be written there. */
export type Site = {
  readonly scope: Scope;
  /** For messages: `WHERE`, `SELECT`, ... */
  readonly clause: string;
  /** Present after GROUP BY: only keys and aggregates may stand here. */
  readonly grouping: Grouping | null;
  /** Output names that ORDER BY may use. */
  readonly aliases: ReadonlyMap<string, Expr> | null;
  /** Named windows; null where no window function may stand. */
  readonly windows: ReadonlyMap<string, Window> | null;
  readonly insideAggregate: boolean;
};

/** Where only columns and scalars may stand. */
export function plainSite(scope: Scope, clause: string): Site {
  return { scope, clause, grouping: null, aliases: null, windows: null, insideAggregate: false };
}

/** A query after its GROUP BY. */
export type Grouping = {
  /** Where arguments of aggregates stand. */
  readonly input: Site;
  readonly keys: readonly { readonly expr: Expr; readonly sql: string; readonly value: TypedSql }[];
  /** The aggregate as a column; the same one twice is computed once. */
  readonly aggregate: (sql: string, type: SqlType) => TypedSql;
};

export type Ctes = ReadonlyMap<string, CteRows>;

export type CteRows = { readonly name: string; readonly columns: readonly RowsColumn[]; uses: number };

export type Session = {
  readonly options: TranslateOptions;
  /** A name no other part of the statement has. */
  readonly fresh: (letter: string) => string;
  /** Columns that a star stands for, by the node made for each: their position among the visible ones. */
  readonly starColumns: WeakMap<Expr, number>;
  /** Parameters of lambdas, by the list they run over. */
  readonly lambdas: Map<string, string>;
  /** Every step down into a statement; too many are refused before the stack ends. */
  readonly deeper: <T>(span: Span, work: () => T) => T;
  readonly value: (expr: Expr, site: Site) => Value;
  readonly condition: (expr: Expr, site: Site) => string;
  readonly orderBy: (items: readonly OrderItem[], site: Site) => string;
  readonly rows: (query: Query, outer: Site | null, ctes: Ctes, use: RowsUse) => Rows;
};

/** `set`: only which values there are matters, so a multi-value is as good as its values (IN). */
export type RowsUse = 'rows' | 'set';

export function contextOf(session: Session, span: Span, name = ''): CallContext {
  const { timeZone, nowMs, approximateCountDistinct } = session.options;
  return { span, name, timeZone, nowMs, approximateCountDistinct };
}

/** The SQL of a condition. */
export function asBoolean(value: TypedSql, expr: Expr, site: Site): string {
  if (value.type.name === 'BOOLEAN') return value.sql;
  if (value.type.name === 'NULL') return 'cast(null as boolean)';
  const where = ['WHERE', 'HAVING', 'FILTER', 'ON'].includes(site.clause)
    ? ` in the ${site.clause} clause`
    : '';
  throw new SqlProblem(`Expected a condition${where}, found a value of type ${typeText(value.type)}`, expr);
}
