/**
 * How fast a task goes, from the reports of its thread: moving averages and the share of time it waits for records.
 *
 * An attempt goes on from the averages that the attempt before it left in Postgres, decayed by the time in between, in which
 * nothing was processed: a worker that dies shows as a dip, not as a task without a past. The share begins anew.
 */
import { counted, smoothedShare, startMeter } from '../../domain/moving-averages.ts';
import type { Meter, MovingAverages, Rates } from '../../domain/moving-averages.ts';
import type { TaskRow } from '../../storage/generations.ts';
import type { ProgressReport } from './protocol.ts';

export class RateMeter {
  #meter: Meter;
  #last: Pick<ProgressReport, 'atMs' | 'waitedMs'> | null = null;
  #share: number | null = null;

  /** `before`: what is stored of this task; null or without averages: it is new. */
  constructor(before: TaskRow['progress'], nowMs: number) {
    const averages = before?.movingAverages ?? null;
    this.#meter = startMeter(nowMs, before && averages ? { averages, atMs: before.atMs } : null);
  }

  /** The same report twice changes nothing. */
  note(report: Pick<ProgressReport, 'atMs' | 'waitedMs' | 'counters'>): void {
    const last = this.#last;
    if (last !== null && report.atMs <= last.atMs) return;
    this.#meter = counted(this.#meter, report.counters, report.atMs);
    this.#last = report;
    if (last === null) return;
    const passedMs = report.atMs - last.atMs;
    this.#share = smoothedShare(this.#share, (report.waitedMs - last.waitedMs) / passedMs, passedMs / 1_000);
  }

  /** Null before there was anything to compare. */
  get averages(): MovingAverages | null {
    const { averages } = this.#meter;
    return (
      averages && {
        '1m': rounded(averages['1m']),
        '5m': rounded(averages['5m']),
        '15m': rounded(averages['15m']),
      }
    );
  }

  get pollIdleRatio(): number | null {
    return this.#share === null ? null : thousandths(this.#share);
  }
}

/** What decays for days is zero; and it is written every second. */
function rounded(rates: Rates): Rates {
  return {
    processed: thousandths(rates.processed),
    processedBytes: thousandths(rates.processedBytes),
    processedWithError: thousandths(rates.processedWithError),
    unparseable: thousandths(rates.unparseable),
    thrownAway: thousandths(rates.thrownAway),
  };
}

function thousandths(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
