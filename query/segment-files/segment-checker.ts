/**
 * Looks at every published segment file once, newest first, in the background of an api process: whether it is as published,
 * and what its footer says of its values, for pruning. Several processes share the work through claims in Postgres.
 *
 * One file at a time: queries come first. An outage is not a finding: nothing is written, and it is tried again.
 */
import { isHeadgateError, messageOf } from '../../domain/errors.ts';
import type { Database } from '../../storage/call.ts';
import { claimUnchecked, recordChecks } from '../../storage/segment-checks.ts';
import type { SegmentCheck, UncheckedSegment } from '../../storage/segment-checks.ts';
import { readFileStatistics } from './footer-statistics.ts';
import type { SegmentFiles } from './segment-files.ts';

export type SegmentCheckerOptions = {
  readonly database: Database;
  readonly files: Pick<SegmentFiles, 'open'>;
  readonly workerId: string;
  readonly log: { readonly warn: (facts: object, message: string) => void };
  readonly everyMs?: number;
  readonly recheckMs?: number;
  readonly claimMs?: number;
  readonly now?: () => number;
};

const batch = 32;
const everyMs = 1_000;
const claimMs = 120_000;
const recheckMs = 120_000;
/** Every segment is looked for now and then; in between only new ones, which one small index range holds. */
const wholeEveryMs = 15 * 60_000;
const recentMs = 10 * 60_000;

export class SegmentChecker {
  readonly #options: SegmentCheckerOptions;
  #wholeAtMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | null = null;
  #stopping = false;
  #wake: (() => void) | null = null;

  constructor(options: SegmentCheckerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends after the file in hand. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake?.();
    await this.#running;
  }

  /** One batch; how many files it took. Throws when Postgres cannot be asked. */
  async pass(): Promise<number> {
    const now = this.#options.now ?? Date.now;
    const startedMs = now();
    const isWhole = startedMs - this.#wholeAtMs >= wholeEveryMs;
    const segments = await claimUnchecked(this.#options.database, {
      workerId: this.#options.workerId,
      limit: batch,
      claimMs: this.#options.claimMs ?? claimMs,
      recheckMs: this.#options.recheckMs ?? recheckMs,
      recentMs: isWhole ? null : recentMs,
    });
    if (isWhole && segments.length < batch) this.#wholeAtMs = startedMs;
    const checks: SegmentCheck[] = [];
    for (const segment of segments) {
      if (this.#stopping) break;
      const check = await this.#check(segment);
      if (check !== null) checks.push(check);
    }
    await recordChecks(this.#options.database, checks);
    return segments.length;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const taken = await this.pass().catch((error: unknown) => {
        this.#options.log.warn({ error: messageOf(error) }, 'segment files cannot be checked now');
        return 0;
      });
      if (taken < batch) await this.#rest();
    }
  }

  #rest(): Promise<void> {
    if (this.#stopping) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#options.everyMs ?? everyMs);
      timer.unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Null: it could not be looked at; the claim runs out by itself. */
  async #check(segment: UncheckedSegment): Promise<SegmentCheck | null> {
    const { log } = this.#options;
    const { segmentId } = segment;
    try {
      const found = await this.#found(segment);
      if (found.problem !== null) log.warn({ segmentId, problem: found.problem }, 'segment file is corrupt');
      return { segmentId, ...found };
    } catch (error) {
      log.warn({ segmentId, error: messageOf(error) }, 'segment file was not checked');
      return null;
    }
  }

  async #found(
    segment: UncheckedSegment,
  ): Promise<{ problem: string | null; statistics: Readonly<Record<string, unknown>> }> {
    let opened;
    try {
      opened = await this.#options.files.open([segment]);
    } catch (error) {
      const problem = isHeadgateError(error) ? error.details['problem'] : undefined;
      if (typeof problem !== 'string') throw error;
      return { problem, statistics: {} };
    }
    try {
      const { rows, columns } = await readFileStatistics(opened.paths.get(segment.segmentId) ?? '');
      if (rows === segment.rows) return { problem: null, statistics: columns };
      return { problem: `its footer says ${rows} rows, expected ${segment.rows}`, statistics: {} };
    } catch (error) {
      if (error instanceof Error && 'syscall' in error) throw error;
      return { problem: messageOf(error), statistics: {} };
    } finally {
      opened.release();
    }
  }
}
