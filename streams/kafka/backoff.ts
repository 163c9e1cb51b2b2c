/** Growing pauses between attempts, with jitter so that many readers do not come back in step. */

export type BackoffLimits = { readonly minMs: number; readonly maxMs: number };

export class Backoff {
  readonly #limits: BackoffLimits;
  readonly #random: () => number;
  #failures = 0;

  constructor(limits: BackoffLimits, random: () => number = Math.random) {
    this.#limits = limits;
    this.#random = random;
  }

  /** Doubles from `minMs` to `maxMs`; the pause is between half of that and all of it. */
  next(): number {
    const full = Math.min(this.#limits.maxMs, this.#limits.minMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return full * (0.5 + this.#random() / 2);
  }

  reset(): void {
    this.#failures = 0;
  }
}
