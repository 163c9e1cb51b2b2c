/** `tuningConfig` as a GET shows it: Druid's fields in Druid's order, those without effect here too. */
import { intMax } from './parse-values.ts';
import { formatPeriod } from './period.ts';
import { durationText, filled, rest, shownDuration } from './render-parts.ts';
import type { Shown, ShownObject } from './shown-json.ts';
import type { TuningConfig } from './spec.ts';

const indexSpec: ShownObject = {
  bitmap: { type: 'roaring' },
  dimensionCompression: 'lz4',
  stringDictionaryEncoding: { type: 'utf8' },
  metricCompression: 'lz4',
  longEncoding: 'longs',
};

const defaults: ShownObject = {
  type: 'kafka',
  appendableIndexSpec: { type: 'onheap', preserveExistingMetrics: false },
  maxRowsInMemory: 150_000,
  maxBytesInMemory: 0,
  skipBytesInMemoryOverheadCheck: false,
  maxRowsPerSegment: 5_000_000,
  maxTotalRows: null,
  intermediatePersistPeriod: 'PT10M',
  maxPendingPersists: 0,
  indexSpec,
  indexSpecForIntermediatePersists: indexSpec,
  reportParseExceptions: false,
  handoffConditionTimeout: 900_000,
  resetOffsetAutomatically: false,
  segmentWriteOutMediumFactory: null,
  workerThreads: null,
  chatRetries: 8,
  httpTimeout: 'PT10S',
  shutdownTimeout: 'PT80S',
  offsetFetchPeriod: 'PT30S',
  intermediateHandoffPeriod: 'P2147483647D',
  logParseExceptions: false,
  maxParseExceptions: intMax,
  maxSavedParseExceptions: 0,
  numPersistThreads: 1,
  maxColumnsToMerge: -1,
  skipSequenceNumberAvailabilityCheck: false,
  repartitionTransitionDuration: 'PT120S',
};

const durations = ['httpTimeout', 'shutdownTimeout', 'repartitionTransitionDuration'];
const periods = ['intermediatePersistPeriod', 'intermediateHandoffPeriod'];

export function shownTuningConfig(raw: ShownObject, tuning: TuningConfig): ShownObject {
  // Spills follow the segments' format where they have none of their own.
  const segments = filled(raw, { indexSpec })['indexSpec'] ?? indexSpec;
  const shown = filled(raw, { ...defaults, indexSpecForIntermediatePersists: segments });
  const inForm = Object.entries(shown).map(([name, value]): [string, Shown] => {
    if (durations.includes(name)) return [name, shownDuration(value)];
    return [name, periods.includes(name) && typeof value === 'number' ? formatPeriod(value) : value];
  });
  return {
    ...Object.fromEntries(inForm),
    type: 'kafka',
    offsetFetchPeriod: durationText(tuning.offsetFetchPeriodMs),
    // What reportParseExceptions makes of it.
    maxParseExceptions: tuning.maxParseExceptions ?? intMax,
    ...rest(raw, 'tuningConfig', Object.keys(defaults)),
  };
}
