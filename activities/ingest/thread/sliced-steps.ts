/**
 * Work given as steps that may wait (for the disk, for DuckDB), done a slice at a time.
 *
 * While a step waits the other tasks of the thread go on. Many short steps fill a slice, so that this work gets its share
 * beside busy readers. What happens is told by the callbacks, and nothing any more after `cancel`.
 */
export type SlicedStepsOptions<T> = {
  readonly steps: AsyncGenerator<void, T>;
  /** The slice is over and another one is wanted. */
  readonly onSlice: () => void;
  readonly onDone: (result: T) => void;
  readonly onFailed: (error: unknown) => void;
};

export class SlicedSteps<T> {
  readonly #options: SlicedStepsOptions<T>;
  #state: 'ready' | 'waiting' | 'over' = 'ready';

  constructor(options: SlicedStepsOptions<T>) {
    this.#options = options;
  }

  get isReady(): boolean {
    return this.#state === 'ready';
  }

  /** A step is under way, on this thread or off it. */
  get isWaiting(): boolean {
    return this.#state === 'waiting';
  }

  /** Until `isLate` or done. Returns at once. */
  advance(isLate: () => boolean): void {
    this.#state = 'waiting';
    this.#run(isLate).catch((error: unknown) => {
      if (this.#state === 'over') return;
      this.#state = 'over';
      this.#options.onFailed(error);
    });
  }

  /** Resolves when nothing of it is under way any more. */
  async cancel(): Promise<void> {
    this.#state = 'over';
    await this.#options.steps.return(undefined as never).catch(() => undefined);
  }

  async #run(isLate: () => boolean): Promise<void> {
    for (;;) {
      const step = await this.#options.steps.next();
      // Cancelled while it waited.
      if (this.#state !== 'waiting') return;
      if (step.done === true) {
        this.#state = 'over';
        return this.#options.onDone(step.value);
      }
      if (isLate()) break;
    }
    this.#state = 'ready';
    this.#options.onSlice();
  }
}
