/** Reads `granularitySpec` (druid.md 1.2): queryGranularity must nest in segmentGranularity. */
import { nestsIn } from '../granularity.ts';
import type { SectionReader } from './parse-reader.ts';
import { flag, granularity, word } from './parse-values.ts';
import type { DataSchema, Granularity } from './spec.ts';

const day: Granularity = { kind: 'duration', durationMs: 86_400_000 };
const none: Granularity = { kind: 'none' };

export function readGranularitySpec(
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
