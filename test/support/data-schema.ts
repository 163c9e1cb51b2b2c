/** Schemas and records for tests of the data path that write their own. */
import type { DataSchema, DimensionSpec, Granularity } from '../../domain/spec/spec.ts';
import type { InputRecord } from '../../formats/input-reader.ts';

/** A schema for tests that write their own. */
export function aSchema(changes: Partial<DataSchema> = {}): DataSchema {
  const day: Granularity = { kind: 'duration', durationMs: 86_400_000 };
  return {
    dataSource: 'test',
    timestampSpec: { column: 't', format: 'auto', missingValueMs: null },
    dimensions: [],
    discoverDimensions: false,
    discoverTypes: false,
    transforms: [],
    filter: null,
    dimensionExclusions: [],
    metrics: [],
    segmentGranularity: day,
    queryGranularity: { kind: 'none' },
    rollup: true,
    ...changes,
  };
}

export function anInput(value: Uint8Array | null): InputRecord {
  return { value, key: null, headers: [], timestampMs: 0, topic: 'test', partition: '0', position: 0n };
}

export function aDimension(name: string, type: DimensionSpec['type'] = 'string'): DimensionSpec {
  return { name, type, multiValueHandling: 'sorted_array' };
}
