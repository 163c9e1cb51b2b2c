/**
 * One byte budget for all tasks of a process: the largest task spills first; when that is not enough, nobody fetches.
 *
 * `judge` decides; the class only remembers who said what. A budget per task would leave most of it unused: 64 quiet tasks
 * and one busy one are the normal case.
 */
export type MemoryUse = { readonly bytes: number; readonly isSpilling: boolean };

export type MemoryVerdict<Key> = {
  /** The task to spill now; null: none. */
  readonly spill: Key | null;
  /** Whether fetching pauses, for all. */
  readonly hold: boolean;
};

/** Above this share of the budget somebody spills; at all of it nobody fetches, until it is below this again. */
const spillShare = 0.75;

export function judge<Key>(
  uses: ReadonlyMap<Key, MemoryUse>,
  budgetBytes: number,
  isHolding: boolean,
): MemoryVerdict<Key> {
  let total = 0;
  let freeing = 0;
  let largest: { key: Key; bytes: number } | null = null;
  for (const [key, { bytes, isSpilling }] of uses) {
    total += bytes;
    if (isSpilling) freeing += bytes;
    else if (bytes > 0 && (largest === null || bytes > largest.bytes)) largest = { key, bytes };
  }
  const limit = budgetBytes * spillShare;
  return {
    spill: total - freeing >= limit && largest !== null ? largest.key : null,
    hold: total >= budgetBytes || (isHolding && total >= limit),
  };
}

export interface MemoryUser {
  use(): MemoryUse;
  /** Asked to spill soon. */
  spill(): void;
  hold(hold: boolean): void;
}

export class MemoryBudget {
  readonly #budgetBytes: number;
  readonly #users = new Set<MemoryUser>();
  #isHolding = false;

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  /** Returns the way out. */
  enter(user: MemoryUser): () => void {
    this.#users.add(user);
    if (this.#isHolding) user.hold(true);
    return () => {
      this.#users.delete(user);
      this.changed();
    };
  }

  /** Some task's use changed. */
  changed(): void {
    const uses = new Map([...this.#users].map((user) => [user, user.use()]));
    const verdict = judge(uses, this.#budgetBytes, this.#isHolding);
    verdict.spill?.spill();
    if (verdict.hold === this.#isHolding) return;
    this.#isHolding = verdict.hold;
    for (const user of this.#users) user.hold(verdict.hold);
  }
}
