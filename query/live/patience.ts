/**
 * How long queries wait for a group that lacks rows: together, not each anew. Once it was waited for in full, the next
 * query takes what is there, until the group has recovered. A query with a short deadline uses up no more than its part.
 */
import { setBounded } from './bounded.ts';

const rememberedMax = 10_000;

type Lack = { readonly sinceMs: number; readonly seenMs: number; readonly isGivenUp: boolean };

export class Patience {
  readonly #lacking = new Map<string, Lack>();

  isGivenUp(key: string): boolean {
    return this.#lacking.get(key)?.isGivenUp ?? false;
  }

  /** Until when a query that begins now may wait. */
  waitUntilMs(key: string, nowMs: number, waitMs: number): number {
    const lack = this.#current(key, nowMs, waitMs);
    if (lack === null) return nowMs + waitMs;
    return lack.isGivenUp ? nowMs : lack.sinceMs + waitMs;
  }

  /** A query that began at `startMs` went without. True: this uses up the patience. */
  lacked(key: string, query: { startMs: number; nowMs: number; waitMs: number }): boolean {
    const { startMs, nowMs, waitMs } = query;
    const lack = this.#current(key, nowMs, waitMs);
    const sinceMs = lack?.sinceMs ?? startMs;
    const isGivenUp = nowMs - sinceMs >= waitMs;
    setBounded(
      this.#lacking,
      key,
      { sinceMs, seenMs: nowMs, isGivenUp: isGivenUp || lack?.isGivenUp === true },
      rememberedMax,
    );
    return isGivenUp && lack?.isGivenUp !== true;
  }

  /** True: it had been given up. */
  recovered(key: string): boolean {
    const wasGivenUp = this.isGivenUp(key);
    this.#lacking.delete(key);
    return wasGivenUp;
  }

  /** What nobody has looked at for a while is another occasion, unless it was given up. */
  #current(key: string, nowMs: number, waitMs: number): Lack | null {
    const lack = this.#lacking.get(key);
    if (lack === undefined) return null;
    return lack.isGivenUp || nowMs - lack.seenMs <= waitMs ? lack : null;
  }
}
