/** The columns a metric has in a file, in the order in which its state is finished, and how values of one group are joined. */
import { metricTimeOf } from '../../domain/metric-time.ts';
import type { MetricSpec, MetricType } from '../../domain/spec/spec.ts';
import type { Merge } from '../group-merge.ts';

/** A BLOB in a file. */
export type SketchType = 'COMPLEX<HLLSketch>' | 'COMPLEX<quantilesDoublesSketch>';

export function isSketchType(type: string): type is SketchType {
  return type === 'COMPLEX<HLLSketch>' || type === 'COMPLEX<quantilesDoublesSketch>';
}

export type MetricColumn = {
  readonly field: string;
  readonly type: 'BIGINT' | 'FLOAT' | 'DOUBLE' | 'VARCHAR' | SketchType;
  readonly merge: Merge;
};

export function metricColumns({ name, type }: Pick<MetricSpec, 'name' | 'type'>): readonly MetricColumn[] {
  const merge = mergeOf(type);
  const value: MetricColumn = { field: name, type: valueType(type), merge };
  if (merge !== 'first' && merge !== 'last') return [value];
  return [value, { field: metricTimeOf(name), type: 'BIGINT', merge: merge === 'first' ? 'min' : 'max' }];
}

function valueType(type: MetricType): MetricColumn['type'] {
  if (type.startsWith('float')) return 'FLOAT';
  if (type.startsWith('double')) return 'DOUBLE';
  if (type.startsWith('string')) return 'VARCHAR';
  if (type === 'HLLSketchBuild') return 'COMPLEX<HLLSketch>';
  return type === 'quantilesDoublesSketch' ? 'COMPLEX<quantilesDoublesSketch>' : 'BIGINT';
}

function mergeOf(type: MetricType): Merge {
  if (type === 'HLLSketchBuild') return 'hll';
  if (type === 'quantilesDoublesSketch') return 'quantiles';
  if (type.endsWith('First')) return 'first';
  if (type.endsWith('Last')) return 'last';
  if (type.endsWith('Any')) return 'any';
  if (type.endsWith('Min')) return 'min';
  return type.endsWith('Max') ? 'max' : 'sum';
}
