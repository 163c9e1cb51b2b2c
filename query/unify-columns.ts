/**
 * One type for each column over all files that have it, the least restrictive. Numbers widen, text beats numbers, one
 * multi-value anywhere makes the column multi-value. Pure: a query process uses it too.
 */
import { types } from './sql/typed-sql.ts';
import type { SqlType } from './sql/typed-sql.ts';

export const timeColumn = '__time';

/** Of a column whose type is found: what the files say, or text when none has it. */
export const unknownType = 'UNKNOWN';

/** `field` is the name in the files, `name` the one in SQL: names that differ in case alone need two. */
export type SourceColumn = {
  readonly name: string;
  readonly field: string;
  readonly type: SqlType;
  /** What every file's column is cast to. */
  readonly duckdbType: string;
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
    if (name !== timeColumn && type !== unknownType)
      found.set(name, (found.get(name) ?? new Set()).add(type));
  const knownNames = [timeColumn, ...known.map(({ name }) => name)];
  const others = [...found.keys()].filter((name) => !knownNames.includes(name)).sort();
  const taken = new Set<string>();
  return [...new Set([...knownNames, ...others])].map((field) => {
    const duckdbType = widestType([...(found.get(field) ?? [])]);
    return { name: freeName(field, taken), field, type: sqlTypeOf(duckdbType), duckdbType };
  });
}

const wholes = new Set(['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'UTINYINT', 'USMALLINT', 'UINTEGER']);
const wideWholes = new Set([...wholes, 'UBIGINT', 'HUGEINT']);
const numbers = new Set([...wideWholes, 'UHUGEINT', 'FLOAT', 'DOUBLE']);
/** Types that stay what they are as long as every file agrees. */
const plain = new Set(['FLOAT', 'BOOLEAN', 'DATE', 'TIMESTAMP']);

/** One of BIGINT, HUGEINT, FLOAT, DOUBLE, BOOLEAN, DATE, TIMESTAMP, VARCHAR, VARCHAR[]. */
function widestType(fileTypes: readonly string[]): string {
  const distinct = new Set(fileTypes.map(withoutDetails));
  const all = (allowed: ReadonlySet<string>): boolean => [...distinct].every((type) => allowed.has(type));
  if ([...distinct].some((type) => type.endsWith('[]'))) return 'VARCHAR[]';
  const only = distinct.size === 1 ? [...distinct][0] : undefined;
  if (only !== undefined && plain.has(only)) return only;
  if (all(wholes)) return 'BIGINT';
  if (all(wideWholes)) return 'HUGEINT';
  return all(numbers) ? 'DOUBLE' : 'VARCHAR';
}

function withoutDetails(type: string): string {
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
