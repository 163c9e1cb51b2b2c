/** Reads `dataSchema`: values, and the rules between columns (druid.md 1.2). */
import { nestsIn } from '../granularity.ts';
import { nameComplaint } from './names.ts';
import { readDimensions } from './parse-dimensions.ts';
import { readMetrics } from './parse-metrics.ts';
import type { SectionReader } from './parse-reader.ts';
import { flag, granularity, instant, text, word } from './parse-values.ts';
import type { DataSchema, Granularity } from './spec.ts';

const formats = ['auto', 'iso', 'posix', 'millis', 'micro', 'nano'] as const;
const day: Granularity = { kind: 'duration', durationMs: 86_400_000 };
const none: Granularity = { kind: 'none' };

export function readDataSchema(section: SectionReader): DataSchema {
  const timestampSpec = readTimestampSpec(section);
  const { dimensions, discover, exclusions } = readDimensions(section.section('dimensionsSpec', 'optional'));
  const metrics = readMetrics(section, new Set(dimensions.map((dimension) => dimension.name)));
  const inputs = metrics.flatMap((metric) => [
    metric.name,
    ...(metric.fieldName === null ? [] : [metric.fieldName]),
  ]);
  return {
    dataSource: readName(section, 'dataSource'),
    timestampSpec,
    dimensions,
    discoverDimensions: discover,
    dimensionExclusions: [...new Set([...exclusions, '__time', timestampSpec.column, ...inputs])],
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

function readTimestampSpec(section: SectionReader): DataSchema['timestampSpec'] {
  const reader = section.section('timestampSpec', 'required', 'an object; {} reads the field "timestamp"');
  const missingValueMs = reader.read('missingValue', instant, null);
  // Druid takes an empty column when every row gets missingValue.
  const everyRowMisses = reader.get('column') === '' && missingValueMs !== null;
  const column = everyRowMisses ? '' : reader.read('column', text('the name of a field'), 'timestamp');
  const format = reader.read(
    'format',
    word(formats),
    'auto' as const,
    'other formats and patterns are not supported yet',
  );
  return { column, format, missingValueMs };
}

function readGranularitySpec(
  reader: SectionReader,
): Pick<DataSchema, 'segmentGranularity' | 'queryGranularity' | 'rollup'> {
  reader.read('type', word(['uniform']), null, 'arbitrary is for batch ingestion');
  const segmentGranularity = reader.read('segmentGranularity', granularity, null);
  const queryGranularity = reader.read('queryGranularity', granularity, null);
  if (segmentGranularity?.kind === 'none')
    reader.problem(
      'segmentGranularity',
      'HOUR, DAY or another interval',
      'NONE would write one file per millisecond',
    );
  const wrote = (name: string, parsed: Granularity | null) => parsed !== null || !reader.has(name);
  const segment = segmentGranularity ?? day;
  const query = queryGranularity ?? none;
  if (wrote('segmentGranularity', segmentGranularity) && wrote('queryGranularity', queryGranularity)) {
    if (segment.kind !== 'none' && !nestsIn(query, segment))
      reader.problem(
        'queryGranularity',
        'a granularity whose intervals each lie within one segment',
        'make it finer, or segmentGranularity coarser',
      );
  }
  return { segmentGranularity: segment, queryGranularity: query, rollup: reader.read('rollup', flag, true) };
}
