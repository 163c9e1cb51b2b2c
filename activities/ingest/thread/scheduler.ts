/**
 * One scheduler per ingest thread: every task that can run gets one slice in turn, whatever its neighbours hold.
 *
 * A slice is at most 10 ms (the task looks at the clock every few records), and between two slices the event loop turns,
 * so that a pause is answered within about one slice (temporal-measured.md 4) and sockets are served.
 */
export interface Sliced {
  /** Whether a slice would do anything now. A task without input asks for some here. */
  wantsSlice(): boolean;
  /** Works until `deadlineMs` of the scheduler's clock at most. Never throws: a task reports its own failure. */
  slice(deadlineMs: number): void;
}

export const sliceMs = 10;

export type SchedulerOptions = {
  readonly now: () => number;
  /** Lets messages and sockets be served. */
  readonly breathe: () => Promise<void>;
};

export class Scheduler {
  readonly #now: () => number;
  readonly #breathe: () => Promise<void>;
  readonly #tasks: Sliced[] = [];
  #next = 0;
  #stopped = false;
  #wake: (() => void) | null = null;

  constructor(options: SchedulerOptions) {
    this.#now = options.now;
    this.#breathe = options.breathe;
  }

  add(task: Sliced): void {
    this.#tasks.push(task);
    this.wake();
  }

  remove(task: Sliced): void {
    const at = this.#tasks.indexOf(task);
    if (at < 0) return;
    this.#tasks.splice(at, 1);
    // The turn stays with the task it was with.
    if (at < this.#next) this.#next -= 1;
  }

  /** Something may be runnable again. All that wake it in one turn of the event loop cost one look. */
  wake(): void {
    const wake = this.#wake;
    this.#wake = null;
    if (wake !== null) void this.#breathe().then(wake);
  }

  stop(): void {
    this.#stopped = true;
    this.wake();
  }

  /** One slice for the next task in turn that can run; false when none can. */
  turn(): boolean {
    for (let looked = 0; looked < this.#tasks.length; looked += 1) {
      if (this.#next >= this.#tasks.length) this.#next = 0;
      const task = this.#tasks[this.#next];
      this.#next += 1;
      if (task?.wantsSlice() !== true) continue;
      task.slice(this.#now() + sliceMs);
      return true;
    }
    return false;
  }

  /** Ends with `stop`. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      if (this.turn()) await this.#breathe();
      else await this.#asleep();
    }
  }

  /** No await between the look at the tasks and the wait: a wake-up in between cannot be lost. */
  #asleep(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
