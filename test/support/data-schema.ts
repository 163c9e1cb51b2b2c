/**
 * A `DataSchema` from Druid's raw `dataSchema`, for tests of the data path: only what issue 3 supports.
 *
 * Deliberately independent of `domain/spec/parse.ts`, and short: it names the first feature that is out of scope.
 */
import { namedGranularity, periodGranularity } from '../../domain/granularity.ts';
import type {
  DataSchema,
  DimensionSpec,
  Granularity,
  MetricSpec,
  MetricType,
  TimestampFormat,
} from '../../domain/spec/spec.ts';
import { parseIsoTime } from '../../formats/iso-time.ts';

export type SchemaOrFeature =
  { readonly schema: DataSchema } | { readonly outOfScope: string } | { readonly refused: string };

type Raw = { readonly [key: string]: unknown };

class OutOfScope extends Error {}
class Refused extends Error {}

export function dataSchemaFrom(raw: unknown): SchemaOrFeature {
  try {
    return { schema: schemaOf(asObject(raw)) };
  } catch (error) {
    if (error instanceof OutOfScope) return { outOfScope: error.message };
    if (error instanceof Refused) return { refused: error.message };
    throw error;
  }
}

/** A schema for tests that write their own. */
export function aSchema(changes: Partial<DataSchema> = {}): DataSchema {
  const day: Granularity = { kind: 'duration', durationMs: 86_400_000 };
  return {
    dataSource: 'test',
    timestampSpec: { column: 't', format: 'auto', missingValueMs: null },
    dimensions: [],
    discoverDimensions: false,
    dimensionExclusions: [],
    metrics: [],
    segmentGranularity: day,
    queryGranularity: { kind: 'none' },
    rollup: true,
    ...changes,
  };
}

export function aDimension(name: string, type: DimensionSpec['type'] = 'string'): DimensionSpec {
  return { name, type, multiValueHandling: 'sorted_array' };
}

function schemaOf(raw: Raw): DataSchema {
  if (raw['transformSpec'] !== undefined) throw new OutOfScope('transformSpec');
  const metrics = asList(raw['metricsSpec']).map((metric) => metricOf(asObject(metric)));
  const dimensionsSpec = asObject(raw['dimensionsSpec'] ?? {});
  for (const flag of ['useSchemaDiscovery', 'includeAllDimensions'])
    if (dimensionsSpec[flag] === true) throw new OutOfScope(flag);
  if (dimensionsSpec['forceSegmentSortByTime'] === false) throw new OutOfScope('forceSegmentSortByTime');
  const listed = asList(dimensionsSpec['dimensions']).map(dimensionOf);
  const exclusions = asList(dimensionsSpec['dimensionExclusions']) as string[];
  const names = [...listed.map(({ name }) => name), ...metrics.map(({ name }) => name)];
  if (new Set(names).size !== names.length) throw new Refused('duplicate column names');
  if (listed.some(({ name }) => exclusions.includes(name))) throw new Refused('listed and excluded');
  const timestampSpec = timestampSpecOf(asObject(raw['timestampSpec'] ?? {}));
  const granularities = asObject(raw['granularitySpec'] ?? {});
  return {
    dataSource: String(raw['dataSource'] ?? 'vectors'),
    timestampSpec,
    dimensions: listed.filter(({ name }, at) => name !== '__time' || !timeDimension(listed, at)),
    discoverDimensions: listed.length === 0,
    dimensionExclusions: [
      ...exclusions,
      timestampSpec.column,
      ...metrics.flatMap(({ name, fieldName }) => (fieldName === null ? [name] : [name, fieldName])),
    ],
    metrics,
    segmentGranularity: granularityOf(granularities['segmentGranularity'] ?? 'day'),
    queryGranularity: granularityOf(granularities['queryGranularity'] ?? 'none'),
    rollup: granularities['rollup'] !== false,
  };
}

function timeDimension(listed: readonly DimensionSpec[], at: number): boolean {
  if (at !== 0 || listed[at]?.type !== 'long')
    throw new Refused('__time must be the first dimension and a long');
  return true;
}

const timestampFormats = ['auto', 'iso', 'posix', 'millis', 'micro', 'nano'];

function timestampSpecOf(raw: Raw): DataSchema['timestampSpec'] {
  const format = String(raw['format'] ?? 'auto');
  if (format === '') throw new Refused('empty timestamp format');
  if (!timestampFormats.includes(format.toLowerCase()))
    throw new OutOfScope('timestampSpec.format: Joda or ruby');
  const missing = raw['missingValue'] ?? null;
  const missingValueMs =
    missing === null ? null : typeof missing === 'number' ? missing : parseIsoTime(String(missing), 'strict');
  if (missing !== null && missingValueMs === null) throw new Refused('missingValue is no timestamp');
  return {
    column: String(raw['column'] ?? 'timestamp'),
    format: format.toLowerCase() as TimestampFormat,
    missingValueMs,
  };
}

function dimensionOf(raw: unknown): DimensionSpec {
  if (raw === '') throw new Refused('dimension without a name');
  if (typeof raw === 'string') return aDimension(raw);
  if (raw === null) throw new Refused('null dimension');
  const object = asObject(raw);
  const type = object['type'] ?? 'string';
  const name = object['name'];
  if (typeof name !== 'string') throw new Refused('dimension without a name');
  if (type === 'json' || type === 'auto') throw new OutOfScope(`dimension type ${type}`);
  if (!['string', 'long', 'float', 'double'].includes(String(type)))
    throw new Refused(`dimension type ${String(type)}`);
  const handling = String(object['multiValueHandling'] ?? 'sorted_array').toLowerCase();
  if (!['sorted_array', 'sorted_set', 'array'].includes(handling))
    throw new Refused(`multiValueHandling ${handling}`);
  return {
    name,
    type: type as DimensionSpec['type'],
    multiValueHandling: handling as DimensionSpec['multiValueHandling'],
  };
}

const metricTypes =
  'count longSum longMin longMax floatSum floatMin floatMax doubleSum doubleMin doubleMax'.split(' ');
const laterMetrics = /First$|Last$|Any$|^filtered$|Sketch|^hyperUnique|expression/;

function metricOf(raw: Raw): MetricSpec {
  const type = String(raw['type']);
  if (raw['expression'] !== undefined) throw new OutOfScope('metric expression');
  if (laterMetrics.test(type))
    throw new OutOfScope(`metric ${type.replace(/^(long|double|float|string)/, '*')}`);
  if (!metricTypes.includes(type)) throw new Refused(`metric type ${type}`);
  const name = raw['name'];
  if (typeof name !== 'string' || name === '' || name === '__time') throw new Refused('metric name');
  const fieldName = raw['fieldName'];
  if (type !== 'count' && typeof fieldName !== 'string') throw new Refused('metric without fieldName');
  return { type: type as MetricType, name, fieldName: type === 'count' ? null : (fieldName as string) };
}

function granularityOf(raw: unknown): Granularity {
  if (typeof raw === 'string') {
    const granularity = raw.startsWith('P') && /\d/.test(raw) ? null : namedGranularity(raw);
    if (granularity === null) throw new Refused(`granularity ${raw}`);
    return granularity;
  }
  const object = asObject(raw);
  const type = String(object['type']).toLowerCase();
  if (type === 'all' || type === 'none') return { kind: type };
  if (object['origin'] !== undefined) throw new OutOfScope('granularity origin');
  if (object['timeZone'] !== undefined) throw new OutOfScope('granularity timeZone');
  if (type === 'duration') {
    const durationMs = Number(object['duration']);
    if (!(durationMs > 0)) throw new Refused('granularity duration');
    return { kind: 'duration', durationMs };
  }
  const period = String(object['period']);
  if (/^-|^P(T?0[A-Z])+$/.test(period)) throw new Refused(`granularity period ${period}`);
  const granularity = periodGranularity(period);
  if (granularity === null) throw new OutOfScope('granularity period of several units');
  return granularity;
}

function asObject(raw: unknown): Raw {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw new Refused('not an object');
  return raw as Raw;
}

function asList(raw: unknown): readonly unknown[] {
  return Array.isArray(raw) ? raw : [];
}
