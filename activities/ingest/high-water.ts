/**
 * The highest commit this process has seen of each supervisor. Postgres compares it in every acquire and commit: knowing
 * less means that it went back in time, and publishing stops (protocol.md 7). An accepted restore brings a new timeline.
 */
import type { Seen } from '../../storage/attempts.ts';

export class HighWater {
  readonly #seen = new Map<string, Seen>();

  of(supervisorId: string): { readonly seen?: Seen } {
    const seen = this.#seen.get(supervisorId);
    return seen === undefined ? {} : { seen };
  }

  /** What an acquire answered: it begins a timeline, or goes on in the known one. */
  acquired(now: Seen): void {
    const before = this.#seen.get(now.supervisorId);
    if (before?.timeline !== now.timeline || BigInt(now.commitSeq) > BigInt(before.commitSeq))
      this.#seen.set(now.supervisorId, now);
  }

  committed(supervisorId: string, commitSeq: string): void {
    const before = this.#seen.get(supervisorId);
    if (before !== undefined && BigInt(commitSeq) > BigInt(before.commitSeq))
      this.#seen.set(supervisorId, { ...before, commitSeq });
  }
}
