/** `dataSchema` as a GET shows it: Druid's fields in Druid's order, with what follows from others written out. */
import { defaultK, defaultLgK, defaultMaxStringBytes } from './metric-defaults.ts';
import { filled, given, part, rest, timeText } from './render-parts.ts';
import { isShownObject, type Shown, type ShownObject } from './shown-json.ts';
import type { DataSchema } from './spec.ts';

export function shownDataSchema(raw: ShownObject, schema: DataSchema): ShownObject {
  const shown: ShownObject = {
    dataSource: schema.dataSource,
    timestampSpec: shownTimestamp(part(raw, 'timestampSpec'), schema),
    dimensionsSpec: given(raw, 'dimensionsSpec') === undefined ? null : shownDimensions(raw, schema),
    metricsSpec: items(raw, 'metricsSpec').filter(isShownObject).map(shownMetric),
    granularitySpec: shownGranularities(part(raw, 'granularitySpec')),
    transformSpec: shownTransforms(part(raw, 'transformSpec')),
  };
  return { ...shown, ...rest(raw, 'dataSchema', Object.keys(shown)) };
}

function items(raw: ShownObject, name: string): readonly Shown[] {
  const value = given(raw, name);
  return Array.isArray(value) ? (value as readonly Shown[]) : [];
}

function shownTimestamp(raw: ShownObject, { timestampSpec }: DataSchema): ShownObject {
  return {
    ...filled(raw, { column: 'timestamp', format: 'auto' }),
    missingValue: timeText(timestampSpec.missingValueMs),
  };
}

function shownDimensions(schemaRaw: ShownObject, schema: DataSchema): ShownObject {
  const raw = part(schemaRaw, 'dimensionsSpec');
  const dimensions = items(raw, 'dimensions').map(shownDimension);
  const listed = new Set(dimensions.map((dimension) => dimension['name']));
  const shown: ShownObject = {
    dimensions,
    // Listed here too, they would be refused when the answer is posted.
    dimensionExclusions: schema.dimensionExclusions.filter((name) => !listed.has(name)),
    ...filled(raw, { includeAllDimensions: false, useSchemaDiscovery: false }),
  };
  return { ...shown, ...rest(raw, 'dataSchema.dimensionsSpec', Object.keys(shown)) };
}

function shownDimension(raw: Shown): ShownObject {
  const dimension = isShownObject(raw) ? raw : { name: raw };
  const type = given(dimension, 'type') ?? 'string';
  const handling = given(dimension, 'multiValueHandling');
  const shown: ShownObject = {
    type,
    name: given(dimension, 'name') ?? null,
    multiValueHandling: typeof handling === 'string' ? handling.toUpperCase() : 'SORTED_ARRAY',
    // Where Druid's default is another one it is left out: posted again it would look like a wish.
    ...(type === 'string' ? filled(dimension, { createBitmapIndex: true }) : {}),
  };
  return { ...shown, ...rest(dimension, 'dataSchema.dimensionsSpec.dimensions[]', Object.keys(shown)) };
}

function shownMetric(raw: ShownObject): ShownObject {
  const type = given(raw, 'type');
  const shown = {
    ...filled(raw, { type: null, name: null }),
    ...filled(raw, typeof type === 'string' ? metricDefaults(type) : {}),
  };
  const { type: ownType, name, ...options } = shown;
  const others = rest(raw, 'dataSchema.metricsSpec[]', Object.keys(shown));
  return { type: ownType ?? null, name: name ?? null, ...others, ...options };
}

function metricDefaults(type: string): ShownObject {
  if (type === 'HLLSketchBuild') return { lgK: defaultLgK };
  if (type === 'quantilesDoublesSketch') return { k: defaultK };
  if (!/(First|Last)$/.test(type)) return {};
  const timed = { timeColumn: '__time' };
  return type.startsWith('string') ? { ...timed, maxStringBytes: defaultMaxStringBytes } : timed;
}

function shownGranularities(raw: ShownObject): ShownObject {
  return {
    type: 'uniform',
    segmentGranularity: shownGranularity(given(raw, 'segmentGranularity') ?? 'DAY'),
    queryGranularity: shownGranularity(given(raw, 'queryGranularity') ?? 'NONE'),
    ...filled(raw, { rollup: true, intervals: [] }),
  };
}

/** A name, but for the two that Druid writes as objects; periods and durations with their zone and origin. */
function shownGranularity(value: Shown): Shown {
  if (typeof value === 'string') {
    const name = value.trim().toUpperCase();
    return name === 'NONE' || name === 'ALL' ? { type: name.toLowerCase() } : name;
  }
  if (!isShownObject(value)) return value;
  switch (given(value, 'type')) {
    case 'period':
      return filled(value, { type: 'period', period: null, timeZone: 'UTC', origin: null });
    case 'duration':
      return filled(value, { type: 'duration', duration: null, origin: '1970-01-01T00:00:00.000Z' });
    default:
      return value;
  }
}

function shownTransforms(raw: ShownObject): ShownObject {
  const place = 'dataSchema.transformSpec.transforms[]';
  return {
    filter: given(raw, 'filter') ?? null,
    transforms: items(raw, 'transforms')
      .filter(isShownObject)
      .map((transform) => rest(transform, place, [])),
  };
}
