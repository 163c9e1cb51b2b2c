/**
 * The columns of one segment file, in file order: `__time`, the listed dimensions, discovered ones by name, metrics.
 *
 * Types are DuckDB's, as `describe` on the file says them. Readers take column names without regard to case, so a name
 * that differs from an earlier one in case alone gets a suffix (`Page`, `page_1`), as DuckDB's own reader would give it.
 */
import type { DataSchema, MetricType } from '../domain/spec/spec.ts';
import { compareUtf8 } from './stored-row.ts';

export type SegmentColumn = {
  /** In the file; unique whatever the case. */
  readonly name: string;
  /** What the spec or the record calls it. */
  readonly field: string;
  readonly type: 'TIMESTAMP WITH TIME ZONE' | 'VARCHAR' | 'VARCHAR[]' | 'BIGINT' | 'FLOAT' | 'DOUBLE';
  readonly role: 'time' | 'dimension' | 'discovered' | 'metric';
};

const dimensionTypes = { string: 'VARCHAR', long: 'BIGINT', float: 'FLOAT', double: 'DOUBLE' } as const;

export function segmentColumns(
  schema: DataSchema,
  found: { readonly multi: ReadonlySet<string>; readonly discovered: ReadonlySet<string> },
): SegmentColumn[] {
  const text = (name: string): 'VARCHAR' | 'VARCHAR[]' => (found.multi.has(name) ? 'VARCHAR[]' : 'VARCHAR');
  const columns: Omit<SegmentColumn, 'name'>[] = [
    { field: '__time', type: 'TIMESTAMP WITH TIME ZONE', role: 'time' },
    ...schema.dimensions.map(({ name, type }) => ({
      field: name,
      type: type === 'string' ? text(name) : dimensionTypes[type],
      role: 'dimension' as const,
    })),
    ...[...found.discovered]
      .sort(compareUtf8)
      .map((field) => ({ field, type: text(field), role: 'discovered' as const })),
    ...schema.metrics.map(({ name, type }) => ({
      field: name,
      type: metricType(type),
      role: 'metric' as const,
    })),
  ];
  const taken = new Set<string>();
  return columns.map((column) => ({ name: freeName(column.field, taken), ...column }));
}

function metricType(type: MetricType): 'BIGINT' | 'FLOAT' | 'DOUBLE' {
  if (type.startsWith('float')) return 'FLOAT';
  return type.startsWith('double') ? 'DOUBLE' : 'BIGINT';
}

function freeName(field: string, taken: Set<string>): string {
  let name = field;
  for (let number = 1; taken.has(name.toLowerCase()); number++) name = `${field}_${number}`;
  taken.add(name.toLowerCase());
  return name;
}
