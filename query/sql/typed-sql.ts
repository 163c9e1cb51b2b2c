/**
 * A piece of DuckDB SQL with the Druid type of its value: what translating an expression gives.
 *
 * `sql` can stand anywhere an operand can (it carries its own parentheses where it needs them).
 */
import type { Span } from './ast.ts';

/**
 * Druid's SQL types. How DuckDB holds them: INTEGER and BIGINT as BIGINT (a sum of longs may be HUGEINT), FLOAT, DOUBLE,
 * DECIMAL (shown as Druid shows it, held as DECIMAL or DOUBLE), BOOLEAN, TIMESTAMP as TIMESTAMP in UTC, DATE, VARCHAR,
 * ARRAY as a list, COMPLEX as text.
 */
export type SqlType =
  | {
      readonly name:
        | 'INTEGER'
        | 'BIGINT'
        | 'FLOAT'
        | 'DOUBLE'
        | 'DECIMAL'
        | 'BOOLEAN'
        | 'TIMESTAMP'
        | 'DATE'
        | 'INTERVAL'
        | 'NULL'
        | 'COMPLEX';
    }
  /** `multi`: a multi-value dimension, held as VARCHAR[]; a missing value is null, never an empty list. */
  | { readonly name: 'VARCHAR'; readonly multi: boolean }
  | { readonly name: 'ARRAY'; readonly element: SqlType }
  /** Of a metric, or made by a function; a BLOB (domain/sketches). */
  | { readonly name: 'SKETCH'; readonly sketch: SketchName };

export type SketchName = 'HLLSketch' | 'quantilesDoublesSketch';

export type TypedSql = {
  readonly sql: string;
  readonly type: SqlType;
  /** Present when the value is known now. Numbers as written, times as milliseconds. */
  readonly constant?: { readonly value: string | number | boolean | null } | undefined;
};

export const types = {
  integer: { name: 'INTEGER' },
  bigint: { name: 'BIGINT' },
  float: { name: 'FLOAT' },
  double: { name: 'DOUBLE' },
  decimal: { name: 'DECIMAL' },
  boolean: { name: 'BOOLEAN' },
  timestamp: { name: 'TIMESTAMP' },
  date: { name: 'DATE' },
  interval: { name: 'INTERVAL' },
  null: { name: 'NULL' },
  complex: { name: 'COMPLEX' },
  varchar: { name: 'VARCHAR', multi: false },
  multi: { name: 'VARCHAR', multi: true },
  hll: { name: 'SKETCH', sketch: 'HLLSketch' },
  quantiles: { name: 'SKETCH', sketch: 'quantilesDoublesSketch' },
} as const satisfies Record<string, SqlType>;

export function arrayOf(element: SqlType): SqlType {
  return { name: 'ARRAY', element };
}

export function isMulti(type: SqlType): boolean {
  return type.name === 'VARCHAR' && type.multi;
}

const wholeTypes: ReadonlySet<SqlType['name']> = new Set(['INTEGER', 'BIGINT']);
const numberTypes: ReadonlySet<SqlType['name']> = new Set([
  'INTEGER',
  'BIGINT',
  'FLOAT',
  'DOUBLE',
  'DECIMAL',
]);

export function isWhole(type: SqlType): boolean {
  return wholeTypes.has(type.name);
}

export function isNumber(type: SqlType): boolean {
  return numberTypes.has(type.name);
}

/** As in Druid's messages and headers: `VARCHAR`, `BIGINT ARRAY`. */
export function typeText(type: SqlType): string {
  if (type.name === 'SKETCH') return `COMPLEX<${type.sketch}>`;
  return type.name === 'ARRAY' ? `${typeText(type.element)} ARRAY` : type.name;
}

/** Where a call stands in the text and what the caller asked for; given to every function of the table. */
export type CallContext = {
  readonly span: Span;
  /** Upper case. */
  readonly name: string;
  /** IANA name; `UTC` unless the query says otherwise. */
  readonly timeZone: string;
  /** The moment of the query, for CURRENT_TIMESTAMP: one for the whole statement. */
  readonly nowMs: number;
  readonly approximateCountDistinct: boolean;
};
