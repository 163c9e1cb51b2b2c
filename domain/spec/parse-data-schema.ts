/** Reads `dataSchema`: values, and the rules between columns (druid.md 1.2). */
import { nameComplaint } from './names.ts';
import { readDimensions } from './parse-dimensions.ts';
import { readGranularitySpec } from './parse-granularity-spec.ts';
import { readMetrics } from './parse-metrics.ts';
import type { SectionReader } from './parse-reader.ts';
import { readTimestampSpec } from './parse-timestamp-spec.ts';
import { readTransforms } from './parse-transforms.ts';
import { text } from './parse-values.ts';
import type { DataSchema } from './spec.ts';

export function readDataSchema(section: SectionReader): DataSchema {
  const timestampSpec = readTimestampSpec(section);
  const { dimensions, discover, discoverTypes, exclusions, timeSortPosition } = readDimensions(
    section.section('dimensionsSpec', 'optional'),
  );
  const metrics = readMetrics(section, new Set(dimensions.map((dimension) => dimension.name)));
  const inputs = metrics.flatMap((metric) => [
    metric.name,
    ...(metric.fieldName === null ? [] : [metric.fieldName]),
  ]);
  return {
    dataSource: readName(section, 'dataSource'),
    timestampSpec,
    dimensions,
    ...(timeSortPosition > 0 ? { timeSortPosition } : {}),
    discoverDimensions: discover,
    dimensionExclusions: [...new Set([...exclusions, '__time', timestampSpec.column, ...inputs])].sort(),
    discoverTypes,
    ...readTransforms(section.section('transformSpec', 'optional')),
    metrics,
    ...readGranularitySpec(section.section('granularitySpec', 'optional')),
  };
}

/** A name for a data source or a supervisor; '' after a problem. */
export function readName(section: SectionReader, field: string): string {
  const name = section.require(field, text('a name that is not empty'), '');
  const complaint = name === '' ? null : nameComplaint(name);
  if (complaint === null) return name;
  section.problem(field, complaint);
  return '';
}
