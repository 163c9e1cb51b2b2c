/**
 * The columns of one segment file, in file order: `__time`, the listed dimensions, discovered ones by name, metrics.
 *
 * Types are DuckDB's, as `describe` on the file says them, but for `ARRAY<VARCHAR>` (found-values.ts) and sketches (metrics/columns.ts). Readers take column names without regard to case, so a name
 * that differs from an earlier one in case alone gets a suffix (`Page`, `page_1`), as DuckDB's own reader would give it.
 */
import { isMetricTime, metricTimeOf } from '../domain/metric-time.ts';
import type { DataSchema, DimensionSpec } from '../domain/spec/spec.ts';
import { typeOfKinds, type ValueKind } from '../domain/value-kinds.ts';
import type { ColumnsFound } from './column-census.ts';
import { columnTypes, unknownType, type FoundColumnType } from './found-values.ts';
import { metricColumns, type SketchType } from './metrics/columns.ts';
import { compareUtf8 } from './stored-row.ts';
import type { VariantType } from './variant-columns.ts';

export type SegmentColumn = {
  /** In the file; unique whatever the case. */
  readonly name: string;
  /** What the spec or the record calls it. */
  readonly field: string;
  readonly type:
    | 'TIMESTAMP WITH TIME ZONE'
    | 'VARCHAR'
    | 'VARCHAR[]'
    | 'FLOAT'
    | SketchType
    | FoundColumnType
    | VariantType
    | typeof unknownType;
  readonly role: 'time' | 'dimension' | 'discovered' | 'metric';
};

const dimensionTypes = { long: 'BIGINT', float: 'FLOAT', double: 'DOUBLE', json: 'JSON' } as const;

export function segmentColumns(schema: DataSchema, found: ColumnsFound): SegmentColumn[] {
  const typeOf = ({ name, type, castToType }: TypedName): SegmentColumn['type'] => {
    if (type === 'string') return found.multi.has(name) ? 'VARCHAR[]' : 'VARCHAR';
    if (type !== 'auto') return dimensionTypes[type];
    return castToType === undefined ? foundType(found.kinds.get(name)) : columnTypes[castToType];
  };
  const discoveredType = schema.discoverTypes ? 'auto' : 'string';
  const columns: Omit<SegmentColumn, 'name'>[] = [
    { field: '__time', type: 'TIMESTAMP WITH TIME ZONE', role: 'time' },
    ...schema.dimensions.map((dimension) => ({
      field: dimension.name,
      type: typeOf(dimension),
      role: 'dimension' as const,
    })),
    ...[...found.discovered].sort(compareUtf8).map((field) => ({
      field,
      type: typeOf({ name: field, type: discoveredType }),
      role: 'discovered' as const,
    })),
    ...schema.metrics
      .flatMap(metricColumns)
      .map(({ field, type }) => ({ field, type, role: 'metric' as const })),
  ];
  const taken = new Set<string>();
  let before = '';
  return columns.map((column) => {
    // The time of a metric is called after the metric's column, which stands before it.
    const name = isMetricTime(column.field) ? metricTimeOf(before) : freeName(column.field, taken);
    before = name;
    return { name, ...column };
  });
}

type TypedName = Pick<DimensionSpec, 'name' | 'type' | 'castToType'>;

function foundType(kinds: ReadonlySet<ValueKind> | undefined): SegmentColumn['type'] {
  return kinds === undefined ? unknownType : columnTypes[typeOfKinds(kinds)];
}

function freeName(field: string, taken: Set<string>): string {
  let name = field;
  for (let number = 1; taken.has(name.toLowerCase()); number++) name = `${field}_${number}`;
  taken.add(name.toLowerCase());
  return name;
}
