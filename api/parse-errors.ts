/** Druid's `parseErrors` payload (druid.md 2.5), with partition and offset, which Druid leaves out. Newest first. */
import type { ParseReport } from '../domain/parse-report.ts';
import type { Answer } from './json-answer.ts';

export function parseErrorsPayload(reports: readonly ParseReport[]): Answer {
  return reports.map(({ input, errorType, details, atMs, partition, position }) => ({
    input,
    errorType,
    details,
    timeOfExceptionMillis: atMs,
    partition,
    offset: position,
  }));
}
