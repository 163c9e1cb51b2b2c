/** The queries that run now: for cancelling by id and for `sys.queries`. Several may carry the same id; cancelling means all. */
import { limitExceeded } from './limits.ts';

export type RunningQuery = { readonly id: string; readonly sql: string; readonly startedMs: number };

export class QueryRegister {
  readonly #entries = new Set<Entry>();

  enter(query: RunningQuery): Entry {
    const entry = new Entry(query, () => this.#entries.delete(entry));
    this.#entries.add(entry);
    return entry;
  }

  /** False when there is none. */
  cancel(id: string): boolean {
    const meant = [...this.#entries].filter((entry) => entry.id === id);
    for (const entry of meant) entry.cancel();
    return meant.length > 0;
  }

  list(): RunningQuery[] {
    return [...this.#entries].map(({ query }) => query);
  }
}

class Entry {
  readonly query: RunningQuery;
  readonly leave: () => void;
  #isCancelled = false;
  #stop: (() => void) | null = null;

  constructor(query: RunningQuery, leave: () => void) {
    this.query = query;
    this.leave = leave;
  }

  get id(): string {
    return this.query.id;
  }

  /** What to do when it is cancelled from now on. */
  on(stop: (() => void) | null): void {
    this.#stop = stop;
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#stop?.();
  }

  throwIfCancelled(): void {
    if (this.#isCancelled) throw limitExceeded('time', 'the query was cancelled');
  }

  /** Leaves the wait as soon as the query is cancelled. */
  async orCancelled<T extends { release: () => void }>(waiting: Promise<T>): Promise<T> {
    let isLeft = false;
    const cancelled = new Promise<never>((_, reject) => {
      this.on(() => {
        isLeft = true;
        reject(limitExceeded('time', 'the query was cancelled'));
      });
    });
    waiting.then((opened) => isLeft && opened.release()).catch(() => undefined);
    try {
      isLeft = this.#isCancelled;
      this.throwIfCancelled();
      return await Promise.race([waiting, cancelled]);
    } finally {
      this.on(null);
    }
  }
}
