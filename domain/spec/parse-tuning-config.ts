/** Reads `tuningConfig` (druid.md 1.9): limits. What does nothing here is in the field table and has been warned of. */
import type { SectionReader } from './parse-reader.ts';
import { flag, intMax, period, periodOfAnyLength, periodOrNever, wholeNumber } from './parse-values.ts';
import type { TuningConfig } from './spec.ts';

export function readTuningConfig(section: SectionReader): TuningConfig {
  return {
    maxRowsInMemory: section.read('maxRowsInMemory', wholeNumber(1, intMax), 150_000),
    maxBytesInMemory: readMaxBytes(section),
    intermediatePersistPeriodMs: section.readPeriod(
      'intermediatePersistPeriod',
      period({ min: 'aboveZero' }),
      600_000,
    ),
    maxRowsPerSegment: section.read('maxRowsPerSegment', wholeNumber(1, intMax), 5_000_000),
    maxTotalRows: section.read('maxTotalRows', wholeNumber(1), 20_000_000),
    intermediateHandoffPeriodMs: section.readPeriod('intermediateHandoffPeriod', periodOrNever, null),
    maxParseExceptions: readMaxParseExceptions(section),
    logParseExceptions: section.read('logParseExceptions', flag, false),
    maxSavedParseExceptions: readMaxSaved(section),
    resetOffsetAutomatically: section.read('resetOffsetAutomatically', flag, false),
    offsetFetchPeriodMs: readFetchPeriod(section),
  };
}

const fetchPeriodMinMs = 5000;

/** Druid raises shorter ones in silence. */
function readFetchPeriod(section: SectionReader): number {
  const ms = section.readPeriod('offsetFetchPeriod', periodOfAnyLength, 30_000);
  if (ms >= fetchPeriodMinMs) return ms;
  section.warning('offsetFetchPeriod', 'PT5S or more; it is raised to PT5S');
  return fetchPeriodMinMs;
}

/** No limit at all would be the end of a worker that other tasks share; rows are the same either way. */
function readMaxBytes(section: SectionReader): number | null {
  const bytes = section.read('maxBytesInMemory', wholeNumber(-1), 0);
  if (bytes > 0) return bytes;
  if (bytes === -1)
    section.warning(
      'maxBytesInMemory',
      "0 or more; -1 is taken for 0, the worker's own share",
      'memory is always bounded',
    );
  return null;
}

function readMaxParseExceptions(section: SectionReader): number | null {
  const limit = section.read('maxParseExceptions', wholeNumber(0, intMax), intMax);
  if (section.read('reportParseExceptions', flag, false)) {
    section.warning('reportParseExceptions', 'maxParseExceptions 0, which it means', 'it is deprecated');
    return 0;
  }
  return limit === intMax ? null : limit;
}

/** More would make every task's report, and the answer, of a size nobody reads. */
const savedMax = 5_000;

function readMaxSaved(section: SectionReader): number {
  const wanted = section.read('maxSavedParseExceptions', wholeNumber(0, intMax), 0);
  if (wanted > savedMax)
    section.warning('maxSavedParseExceptions', `at most ${savedMax}; more are not kept`, 'lower it');
  return Math.min(wanted, savedMax);
}
