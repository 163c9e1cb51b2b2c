/**
 * The columns of a data source over all its segments, the rows running tasks hold, and its specs: one type each, the least
 * restrictive. Numbers widen, text beats numbers, one multi-value anywhere makes the column multi-value.
 *
 * All segments, whatever a query's bounds: the type of a column must not depend on the hour asked for.
 */
import { parseSupervisorSpec } from '../domain/spec/parse.ts';
import type { DataSchema, DimensionType, SupervisorSpec } from '../domain/spec/spec.ts';
import { columnTypes, unknownType } from '../segments/found-values.ts';
import { metricColumns } from '../segments/metrics/columns.ts';
import type { Database } from '../storage/call.ts';
import { dataSourceSpecs } from '../storage/catalog.ts';
import { segmentShapes } from '../storage/visible-segments.ts';
import type { Shapes } from '../storage/visible-segments.ts';
import type { Bounds } from './sql/bounds.ts';
import { freeName, timeColumn, unifyColumns } from './unify-columns.ts';
import type { FileColumn, SourceColumn } from './unify-columns.ts';

export type SourceShapes = {
  readonly shapes: Shapes;
  /** What the specs say, in their order and named as in the files they will write. */
  readonly known: readonly FileColumn[];
};

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
  const [shapes, specs] = await Promise.all([
    segmentShapes(database, dataSources),
    dataSourceSpecs(database, dataSources),
  ]);
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

/**
 * Bounds by the names SQL has, as bounds by the names the files have. One on an unknown column says nothing, nor does a number
 * against a column that is text over all files: the comparison may be one of texts. Lists and JSON have no bounds.
 */
export function boundsInFiles(bounds: Bounds, columns: readonly SourceColumn[]): Bounds {
  const byName = new Map(columns.map((column) => [column.name, column]));
  return {
    ...bounds,
    columns: bounds.columns.flatMap((bound) => {
      const column = byName.get(bound.column);
      if (column === undefined || column.type.name === 'COMPLEX' || column.type.name === 'ARRAY') return [];
      const isNumber = typeof bound.low === 'number' || typeof bound.high === 'number';
      return isNumber && column.type.name === 'VARCHAR' ? [] : [{ ...bound, column: column.field }];
    }),
  };
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
    dimensions: schema.dimensions.map(({ name, type, castToType }) => ({
      name: freeName(name, taken),
      type: castToType === undefined ? dimensionTypes[type] : columnTypes[castToType],
    })),
    metrics: schema.metrics.flatMap((metric) => {
      const name = freeName(metric.name, taken);
      return metricColumns({ ...metric, name }).map(({ field, type }) => ({ name: field, type }));
    }),
  };
}

const dimensionTypes = {
  string: 'VARCHAR',
  long: 'BIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  json: 'JSON',
  auto: unknownType,
} as const satisfies Record<DimensionType, string>;

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
