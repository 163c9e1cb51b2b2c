/**
 * Whether an attempt gets on, and what it waits for while it does not.
 *
 * Progress is anything that moves: records, an empty poll, a step of a merge, an uploaded file. Waiting for Postgres or deep
 * storage is not progress, but it is borne for a while (reading may go on meanwhile, bounded by memory).
 */
/** Shorter calls are always under way somewhere; they say nothing about a stall. */
const longCallMs = 900;

export class ProgressMeter {
  readonly #now: () => number;
  readonly #calls = new Set<OutsideCall>();
  #progressAtMs: number;
  #hasProgressed = true;

  constructor(now: () => number) {
    this.#now = now;
    this.#progressAtMs = now();
  }

  mark(): void {
    this.#progressAtMs = this.#now();
    this.#hasProgressed = true;
  }

  /** True once after each progress. */
  takeProgress(): boolean {
    const has = this.#hasProgressed;
    this.#hasProgressed = false;
    return has;
  }

  get stalledMs(): number {
    return this.#now() - this.#progressAtMs;
  }

  /** A call to an outside system begins; give it to `ended` when it is over. */
  began(what: string): OutsideCall {
    const call = { what, sinceMs: this.#now(), error: null };
    this.#calls.add(call);
    return call;
  }

  ended(call: OutsideCall): void {
    this.#calls.delete(call);
  }

  /** The call to blame for a stall: one that keeps failing, else one that takes long. Null: nothing outside is to blame. */
  get waitingFor(): OutsideCall | null {
    const calls = [...this.#calls];
    const failing = calls.find(({ error }) => error !== null);
    return failing ?? calls.find(({ sinceMs }) => this.#now() - sinceMs >= longCallMs) ?? null;
  }
}

/** `error`: why it is being repeated. */
export type OutsideCall = { readonly what: string; readonly sinceMs: number; error: unknown };
