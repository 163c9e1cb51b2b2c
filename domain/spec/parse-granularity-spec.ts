/** Reads `granularitySpec` (druid.md 1.2): queryGranularity must nest in segmentGranularity. */
import { nestsIn } from '../granularity-nesting.ts';
import { readGranularity } from './granularity-value.ts';
import type { SectionReader } from './parse-reader.ts';
import { flag, word } from './parse-values.ts';
import type { DataSchema, Granularity } from './spec.ts';

const day: Granularity = { kind: 'duration', durationMs: 86_400_000 };
const none: Granularity = { kind: 'none' };

export function readGranularitySpec(
  reader: SectionReader,
): Pick<DataSchema, 'segmentGranularity' | 'queryGranularity' | 'rollup'> {
  reader.read('type', word(['uniform']), null, 'arbitrary is for batch ingestion');
  const segment = read(reader, 'segmentGranularity', day);
  const query = read(reader, 'queryGranularity', none);
  if (segment?.kind === 'none')
    reader.problem(
      'segmentGranularity',
      'HOUR, DAY or another interval',
      'NONE would write one file per millisecond',
    );
  else if (segment !== null && query !== null && !nestsIn(query, segment))
    reader.problem(
      'queryGranularity',
      'a granularity whose intervals each lie within one segment',
      'make it finer, or segmentGranularity coarser; in a time zone, give both the same one',
    );
  return {
    segmentGranularity: segment ?? day,
    queryGranularity: query ?? none,
    rollup: reader.read('rollup', flag, true),
  };
}

/** Null after a problem. */
function read(reader: SectionReader, name: string, fallback: Granularity): Granularity | null {
  const value = reader.get(name);
  if (value === undefined) return fallback;
  const reading = readGranularity(value);
  if (reading.kind === 'wrong') {
    reader.problem(name, reading.expected);
    return null;
  }
  if (reading.warning !== null) reader.warning(name, reading.warning.expected, reading.warning.remedy);
  return reading.granularity;
}
