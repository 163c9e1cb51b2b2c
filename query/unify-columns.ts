/**
 * One type for each column over all files that have it, the least restrictive. Numbers widen, text beats numbers, one
 * multi-value anywhere makes the column multi-value. Pure: a query process uses it too.
 */
import { isMetricTime, metricTimeOf } from '../domain/metric-time.ts';
import { unknownType } from '../segments/found-values.ts';
import { settledType } from '../segments/variant-columns.ts';
import { elementType, isArray } from './found-columns.ts';
import { arrayOf, types } from './sql/typed-sql.ts';
import type { SqlType } from './sql/typed-sql.ts';

export const timeColumn = '__time';

/** `field` is the name in the files, `name` the one in SQL: names that differ in case alone need two. */
export type SourceColumn = {
  readonly name: string;
  readonly field: string;
  readonly type: SqlType;
  /** What every file's column is cast to. */
  readonly duckdbType: string;
  /** A first or last metric: its time is in a column beside it (domain/metric-time.ts), in files that have it as a metric. */
  readonly hasTime?: true;
};

/** As in a file or a live piece; types are DuckDB's. */
export type FileColumn = { readonly name: string; readonly type: string };

/** `__time` first, then the specs' columns in their order, then those only files know, by name. */
export function unifyColumns(
  shapes: readonly (readonly FileColumn[])[],
  known: readonly FileColumn[],
): SourceColumn[] {
  const found = new Map<string, Set<string>>([[timeColumn, new Set(['TIMESTAMP'])]]);
  for (const { name, type } of [...known, ...shapes.flat()])
    if (name !== timeColumn) {
      const types = found.get(name) ?? new Set();
      found.set(name, type === unknownType ? types : types.add(type));
    }
  const knownNames = [timeColumn, ...known.map(({ name }) => name)];
  const others = [...found.keys()].filter((name) => !knownNames.includes(name)).sort();
  const taken = new Set<string>();
  return [...new Set([...knownNames, ...others])]
    .filter((field) => !isMetricTime(field))
    .map((field) => {
      const widest = widestType([...(found.get(field) ?? [])]);
      const type = sqlTypeOf(widest);
      const duckdbType = type.name === 'SKETCH' ? 'BLOB' : widest;
      const hasTime = found.has(metricTimeOf(field));
      return { name: freeName(field, taken), field, type, duckdbType, ...(hasTime ? { hasTime } : {}) };
    });
}

const wholes = new Set(['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'UTINYINT', 'USMALLINT', 'UINTEGER']);
const wideWholes = new Set([...wholes, 'UBIGINT', 'HUGEINT']);
const numbers = new Set([...wideWholes, 'UHUGEINT', 'FLOAT', 'DOUBLE']);
/** Types that stay what they are as long as every file agrees. */
const plain = new Set([
  'FLOAT',
  'BOOLEAN',
  'DATE',
  'TIMESTAMP',
  'COMPLEX<HLLSketch>',
  'COMPLEX<quantilesDoublesSketch>',
]);

/**
 * One of BIGINT, HUGEINT, FLOAT, DOUBLE, BOOLEAN, DATE, TIMESTAMP, VARCHAR, VARCHAR[], the types of sketches, and those that only
 * found columns have: BIGINT[], DOUBLE[], ARRAY<VARCHAR>, JSON.
 */
function widestType(fileTypes: readonly string[]): string {
  const distinct = new Set(fileTypes.map(withoutDetails));
  if (distinct.size === 0) return 'VARCHAR';
  if (distinct.has('JSON')) return 'JSON';
  if ([...distinct].some(isArray)) return arrayOfElement(widestType([...distinct].map(elementType)));
  const all = (allowed: ReadonlySet<string>): boolean => [...distinct].every((type) => allowed.has(type));
  if ([...distinct].some((type) => type.endsWith('[]'))) return 'VARCHAR[]';
  const only = distinct.size === 1 ? [...distinct][0] : undefined;
  if (only !== undefined && plain.has(only)) return only;
  if (all(wholes)) return 'BIGINT';
  if (all(wideWholes)) return 'HUGEINT';
  return all(numbers) ? 'DOUBLE' : 'VARCHAR';
}

function arrayOfElement(element: string): string {
  if (element === 'BIGINT') return 'BIGINT[]';
  return numbers.has(element) ? 'DOUBLE[]' : 'ARRAY<VARCHAR>';
}

function withoutDetails(variant: string): string {
  const type = settledType(variant);
  if (type.startsWith('TIMESTAMP')) return 'TIMESTAMP';
  return type.startsWith('DECIMAL') ? 'DOUBLE' : type;
}

const sqlTypes: Readonly<Record<string, SqlType>> = {
  BIGINT: types.bigint,
  HUGEINT: types.bigint,
  FLOAT: types.float,
  DOUBLE: types.double,
  BOOLEAN: types.boolean,
  DATE: types.date,
  TIMESTAMP: types.timestamp,
  VARCHAR: types.varchar,
  'VARCHAR[]': types.multi,
  'BIGINT[]': arrayOf(types.bigint),
  'DOUBLE[]': arrayOf(types.double),
  'ARRAY<VARCHAR>': arrayOf(types.varchar),
  JSON: types.complex,
  'COMPLEX<HLLSketch>': types.hll,
  'COMPLEX<quantilesDoublesSketch>': types.quantiles,
};

function sqlTypeOf(duckdbType: string): SqlType {
  return sqlTypes[duckdbType] ?? types.varchar;
}

/** As DuckDB names the second of two: `Page`, `page_1`. */
export function freeName(field: string, taken: Set<string>): string {
  let name = field;
  for (let number = 1; taken.has(name.toLowerCase()); number++) name = `${field}_${number}`;
  taken.add(name.toLowerCase());
  return name;
}
