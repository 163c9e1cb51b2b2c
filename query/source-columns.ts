/**
 * The columns of a data source over all its segments, the rows running tasks hold, and its specs: one type each, the least
 * restrictive. Numbers widen, text beats numbers, one multi-value anywhere makes the column multi-value.
 *
 * All segments, whatever a query's bounds: the type of a column must not depend on the hour asked for.
 */
import { parseSupervisorSpec } from '../domain/spec/parse.ts';
import type { DataSchema, DimensionType, MetricType, SupervisorSpec } from '../domain/spec/spec.ts';
import type { Database } from '../storage/call.ts';
import { dataSourceSpecs } from '../storage/catalog.ts';
import { segmentShapes } from '../storage/visible-segments.ts';
import type { Shapes } from '../storage/visible-segments.ts';
import type { Bounds } from './sql/bounds.ts';
import { types } from './sql/typed-sql.ts';
import type { SqlType } from './sql/typed-sql.ts';

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

export type SourceShapes = {
  readonly shapes: Shapes;
  /** What the specs say, in their order and named as in the files they will write. */
  readonly known: readonly FileColumn[];
};

const timeColumn = '__time';

/** Data sources that have neither segments nor a supervisor are absent. */
export async function readSourceColumns(
  database: Database,
  dataSources: readonly string[] | null,
): Promise<Map<string, SourceColumn[]>> {
  const found = await readSourceShapes(database, dataSources);
  return new Map(
    [...found].map(([name, { shapes, known }]) => [name, unifyColumns([...shapes.values()], known)]),
  );
}

/** For a query, which adds the columns of live pieces before it unifies. */
export async function readSourceShapes(
  database: Database,
  dataSources: readonly string[] | null,
): Promise<Map<string, SourceShapes>> {
  const shapes = await segmentShapes(database, dataSources);
  const specs = await dataSourceSpecs(database, dataSources);
  const names = [...new Set([...shapes.keys(), ...specs.map(({ dataSource }) => dataSource)])].sort();
  return new Map(
    names.map((name) => {
      const texts = specs.filter(({ dataSource }) => dataSource === name).map(({ specText }) => specText);
      return [
        name,
        { shapes: shapes.get(name) ?? new Map<string, FileColumn[]>(), known: specColumns(texts) },
      ];
    }),
  );
}

/** `__time` first, then the specs' columns in their order, then those only files know, by name. */
export function unifyColumns(
  shapes: readonly (readonly FileColumn[])[],
  known: readonly FileColumn[],
): SourceColumn[] {
  const found = new Map<string, Set<string>>([[timeColumn, new Set(['TIMESTAMP'])]]);
  for (const { name, type } of [...known, ...shapes.flat()])
    if (name !== timeColumn) found.set(name, (found.get(name) ?? new Set()).add(type));
  const knownNames = [timeColumn, ...known.map(({ name }) => name)];
  const others = [...found.keys()].filter((name) => !knownNames.includes(name)).sort();
  const taken = new Set<string>();
  return [...new Set([...knownNames, ...others])].map((field) => {
    const duckdbType = widestType([...(found.get(field) ?? [])]);
    return { name: freeName(field, taken), field, type: sqlTypeOf(duckdbType), duckdbType };
  });
}

/**
 * Bounds by the names SQL has, as bounds by the names the files have. One on an unknown column says nothing, nor does a number
 * against a column that is text over all files: the comparison may be one of texts.
 */
export function boundsInFiles(bounds: Bounds, columns: readonly SourceColumn[]): Bounds {
  const byName = new Map(columns.map((column) => [column.name, column]));
  return {
    ...bounds,
    columns: bounds.columns.flatMap((bound) => {
      const column = byName.get(bound.column);
      if (column === undefined) return [];
      const isNumber = typeof bound.low === 'number' || typeof bound.high === 'number';
      return isNumber && column.type.name === 'VARCHAR' ? [] : [{ ...bound, column: column.field }];
    }),
  };
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

/** Of all specs of a data source: dimensions first, then metrics; a column of several specs stands where it came first. */
function specColumns(specTexts: readonly string[]): FileColumn[] {
  const schemas = specTexts.flatMap((text) => specOf(text)?.dataSchema ?? []);
  const listed = schemas.map(schemaColumns);
  return [...listed.map(({ dimensions }) => dimensions), ...listed.map(({ metrics }) => metrics)].flat();
}

/** Named as `segmentColumns` names them: without regard to case a name occurs once in a file. */
function schemaColumns(schema: DataSchema): { dimensions: FileColumn[]; metrics: FileColumn[] } {
  const taken = new Set<string>([timeColumn]);
  return {
    dimensions: schema.dimensions.map(({ name, type }) => ({
      name: freeName(name, taken),
      type: dimensionTypes[type],
    })),
    metrics: schema.metrics.map(({ name, type }) => ({
      name: freeName(name, taken),
      type: metricType(type),
    })),
  };
}

const dimensionTypes = {
  string: 'VARCHAR',
  long: 'BIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
} as const satisfies Record<DimensionType, string>;

function metricType(type: MetricType): string {
  if (type.startsWith('float')) return 'FLOAT';
  return type.startsWith('double') ? 'DOUBLE' : 'BIGINT';
}

/** Specs change seldom, and every query asks. */
const parsedSpecsMax = 200;
const parsedSpecs = new Map<string, SupervisorSpec | null>();

function specOf(specText: string): SupervisorSpec | null {
  const known = parsedSpecs.get(specText);
  if (known !== undefined) return known;
  const spec = parseSpec(specText);
  const oldest = parsedSpecs.keys().next();
  if (parsedSpecs.size >= parsedSpecsMax && oldest.done !== true) parsedSpecs.delete(oldest.value);
  parsedSpecs.set(specText, spec);
  return spec;
}

function parseSpec(specText: string): SupervisorSpec | null {
  try {
    const parsed = parseSupervisorSpec(JSON.parse(specText));
    return parsed.kind === 'ok' ? parsed.spec : null;
  } catch {
    return null;
  }
}

/** As DuckDB names the second of two: `Page`, `page_1`. */
function freeName(field: string, taken: Set<string>): string {
  let name = field;
  for (let number = 1; taken.has(name.toLowerCase()); number++) name = `${field}_${number}`;
  taken.add(name.toLowerCase());
  return name;
}
