/** Lets one part of a reader wait until another has news, or until a time is over. No timer outlives its wait. */

export class Signal {
  readonly #waiting = new Set<() => void>();

  /** Resolves at the next `notify` or after `maxMs`, whichever comes first. Null: only by `notify`. */
  wait(maxMs: number | null): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = maxMs === null ? undefined : setTimeout(done, Math.max(0, maxMs));
      this.#waiting.add(done);
    });
  }

  notify(): void {
    for (const done of [...this.#waiting]) done();
  }
}
