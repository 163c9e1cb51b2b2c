/**
 * Druid's `parseErrors` payload (druid.md 2.5), with partition and offset, which Druid leaves out. Newest first, at most
 * what the spec keeps per task times its tasks; none where the first bad row fails a task.
 */
import type { ParseReport } from '../domain/parse-report.ts';
import type { SupervisorSpec } from '../domain/spec/spec.ts';
import type { Answer } from './json-answer.ts';

/** `spec` null: none to go by, and everything kept is shown. */
export function parseErrorsPayload(reports: readonly ParseReport[], spec: SupervisorSpec | null): Answer {
  return shownReports(reports, spec).map(({ input, errorType, details, atMs, partition, position }) => ({
    input,
    errorType,
    details,
    timeOfExceptionMillis: atMs,
    partition,
    offset: position,
  }));
}

function shownReports(reports: readonly ParseReport[], spec: SupervisorSpec | null): readonly ParseReport[] {
  if (spec === null) return reports;
  if (spec.tuning.maxParseExceptions === 0) return [];
  return reports.slice(0, spec.tuning.maxSavedParseExceptions * spec.io.taskCount);
}
