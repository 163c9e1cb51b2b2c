/**
 * Which transactional batches of one fetched range were aborted.
 *
 * A broker lists with each read_committed answer every aborted transaction that overlaps the range answered, also
 * one that began long before it. So the list of the newest answer decides alone, and a transaction of any length is
 * filtered across any number of answers. Nothing is carried over on purpose: when compaction removes an abort
 * marker between two fetches, a remembered producer would stay "aborted" and its later, committed records be lost.
 *
 * Within a range a producer is aborted from the first offset of its transaction to the abort marker.
 */
import type { AbortedTransaction } from './messages/fetch.ts';

export class AbortedTransactions {
  /** Ascending by first offset. */
  readonly #ahead: readonly AbortedTransaction[];
  readonly #producers = new Set<bigint>();
  #taken = 0;

  constructor(list: readonly AbortedTransaction[]) {
    this.#ahead = [...list].sort((left, right) =>
      left.firstOffset < right.firstOffset ? -1 : left.firstOffset > right.firstOffset ? 1 : 0,
    );
  }

  /** To be called with the last offset of every batch, in order, before asking about it. */
  reach(lastOffset: bigint): void {
    for (;;) {
      const next = this.#ahead[this.#taken];
      if (next === undefined || next.firstOffset > lastOffset) return;
      this.#producers.add(next.producerId);
      this.#taken += 1;
    }
  }

  isAborted(producerId: bigint): boolean {
    return this.#producers.has(producerId);
  }

  /** The abort marker of this producer was passed: what it writes from here on is another transaction. */
  passAbortMarker(producerId: bigint): void {
    this.#producers.delete(producerId);
  }
}
