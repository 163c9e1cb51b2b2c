/** Keeps the newest reports of an attempt's unreadable records until Postgres has them: one write a second at most. */
import { createHash } from 'node:crypto';
import type { ParseReport } from '../../domain/parse-report.ts';
import type { TuningConfig } from '../../domain/spec/spec.ts';
import { noteParseReports, parseReportsMost } from '../../storage/bad-records.ts';
import type { Database } from '../../storage/call.ts';

export class ParseReportLog {
  readonly #atMost: number;
  readonly #keep: number;
  #waiting: ParseReport[] = [];

  constructor(tuning: TuningConfig, taskCount: number) {
    // A limit of 0 fails the task at the first one: its message says what there is to say (druid.md 2.5).
    this.#atMost = tuning.maxParseExceptions === 0 ? 0 : tuning.maxSavedParseExceptions;
    this.#keep = Math.min(this.#atMost * taskCount, parseReportsMost);
  }

  /** Oldest first. */
  add(reports: readonly ParseReport[]): void {
    if (this.#atMost === 0 || reports.length === 0) return;
    this.#waiting = [...this.#waiting, ...reports].slice(-this.#atMost);
  }

  /** Throws as Postgres does; what could not be written is tried again with the next call. */
  async flush(database: Database, supervisorId: string): Promise<void> {
    const writing = this.#waiting;
    if (writing.length === 0) return;
    this.#waiting = [];
    try {
      const reports = writing.map((report) => ({ digest: digestOf(report), atMs: report.atMs, report }));
      await noteParseReports(database, { supervisorId, keep: this.#keep, reports });
    } catch (error) {
      this.#waiting = [...writing, ...this.#waiting].slice(-this.#atMost);
      throw error;
    }
  }
}

function digestOf({ partition, position, errorType, details }: ParseReport): string {
  return createHash('sha256')
    .update(JSON.stringify([partition, position, errorType, details]))
    .digest('hex');
}
