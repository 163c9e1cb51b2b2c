/** The columns of a sample: those the spec lists and those its rows have shown, with the types a segment would give them. */
import { floatText } from '../../domain/double-text.ts';
import { JavaDouble } from '../../domain/java-double.ts';
import type { DataSchema, DimensionSpec, MetricType } from '../../domain/spec/spec.ts';
import { typeOfKinds } from '../../domain/value-kinds.ts';
import { allColumns, type ColumnsFound } from '../../segments/column-census.ts';
import { MetricStates } from '../../segments/metric-states.ts';
import type { RowIndex } from '../../segments/row-index.ts';
import type { StoredRow } from '../../segments/stored-row.ts';
import { jsonOf, type JsonText } from './sample-json.ts';

export type SampledDimension = Pick<DimensionSpec, 'name' | 'multiValueHandling'> & { readonly type: string };

export class SampleColumns {
  /** As the spec has them, with those that were found. */
  readonly physical: readonly SampledDimension[];
  /** With the types of the values. */
  readonly logical: readonly SampledDimension[];
  readonly schema: readonly { readonly name: string; readonly type: string }[];
  readonly #schema: DataSchema;
  readonly #discovered: readonly string[];
  readonly #states: MetricStates;

  constructor(schema: DataSchema, index: RowIndex) {
    const found = allColumns(index.census());
    this.#schema = schema;
    this.#states = new MetricStates(schema.metrics);
    this.#discovered = [...found.discovered].sort();
    this.physical = [
      ...schema.dimensions,
      ...this.#discovered.map((name): SampledDimension => ({
        name,
        type: schema.discoverTypes ? 'auto' : 'string',
        multiValueHandling: 'sorted_array',
      })),
    ];
    this.logical = this.physical.map((dimension) => ({ ...dimension, type: logicalType(dimension, found) }));
    this.schema = [
      { name: '__time', type: 'LONG' },
      ...this.physical.map((dimension) => ({ name: dimension.name, type: columnType(dimension, found) })),
      ...schema.metrics.map(({ name, type }) => ({ name, type: metricType(type) })),
    ];
  }

  /** Nulls are left out, as in Druid. */
  rowText(row: StoredRow): JsonText {
    const fields: string[] = [`"__time":${row.timeMs}`];
    const add = (name: string, value: Parameters<typeof jsonOf>[0]): void => {
      if (value !== null) fields.push(`${JSON.stringify(name)}:${jsonOf(value)}`);
    };
    this.#schema.dimensions.forEach(({ name, type }, at) => {
      const value = row.dimensions[at] ?? null;
      add(name, type === 'float' && typeof value === 'number' ? new JavaDouble(shortFloat(value)) : value);
    });
    for (const { name, value } of row.discovered) add(name, value);
    this.#states.finish(row.cells).forEach((value, at) => add(this.#schema.metrics[at]?.name ?? '', value));
    return `{${fields.join(',')}}`;
  }
}

/** The double with a float's own shortest digits. */
function shortFloat(value: number): number {
  return Number.isFinite(value) ? Number(floatText(value)) : value;
}

/** Druid's type of a column. */
function columnType({ name, type }: SampledDimension, found: ColumnsFound): string {
  switch (type) {
    case 'auto':
      return typeOfKinds(found.kinds.get(name) ?? new Set());
    case 'json':
      return 'COMPLEX<json>';
    default:
      return type.toUpperCase();
  }
}

/** The dimension a user would write for what was found. */
function logicalType(dimension: SampledDimension, found: ColumnsFound): string {
  if (dimension.type !== 'auto') return dimension.type;
  const type = columnType(dimension, found);
  if (type === 'COMPLEX<json>') return 'json';
  return type.startsWith('ARRAY') ? 'auto' : type.toLowerCase();
}

const complexTypes: { readonly [type: string]: string } = {
  HLLSketchBuild: 'COMPLEX<HLLSketchBuild>',
  quantilesDoublesSketch: 'COMPLEX<quantilesDoublesSketch>',
};

function metricType(type: MetricType): string {
  const complex = complexTypes[type];
  if (complex !== undefined) return complex;
  if (type.startsWith('float')) return 'FLOAT';
  if (type.startsWith('double')) return 'DOUBLE';
  return type.startsWith('string') ? 'STRING' : 'LONG';
}
