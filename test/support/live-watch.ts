/**
 * Asks one SQL question again and again while rows are produced, and holds every answer against the two rules of live rows:
 * what has once been seen never goes away, and nothing is seen that was not produced.
 *
 * Questions overlap when they are slow; an answer must not be below any answer that was complete before it was asked.
 */
export type Seen = { readonly count: number; readonly sum: number; readonly groups: number };

/** `incomplete`: the answer said of itself that rows are missing. */
export type Asked = Seen & {
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
  readonly incomplete: string | null;
};

export type WatchOptions = {
  readonly ask: () => Promise<Seen & { readonly incomplete: string | null }>;
  readonly everyMs: number;
  /** Everything that may have reached the stream by now, unacknowledged rows included. */
  readonly produced: () => { readonly count: number; readonly sum: number };
};

/** On a machine that is slower than the questions, they must not push each other out. */
const openMax = 12;

export class LiveWatch {
  readonly answers: Asked[] = [];
  readonly breaches: string[] = [];
  readonly errors: string[] = [];
  readonly #options: WatchOptions;
  readonly #open = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #skipped = 0;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#askOnce(), options.everyMs);
  }

  /** Questions that were due while too many were still open. */
  get skipped(): number {
    return this.#skipped;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
  }

  #askOnce(): void {
    if (this.#open.size >= openMax) {
      this.#skipped += 1;
      return;
    }
    const asking = this.#ask().finally(() => this.#open.delete(asking));
    this.#open.add(asking);
  }

  async #ask(): Promise<void> {
    const askedAtMs = Date.now();
    const floor = this.#floor(askedAtMs);
    try {
      const seen = await this.#options.ask();
      const answer = { ...seen, askedAtMs, answeredAtMs: Date.now() };
      this.#judge(answer, floor);
      this.answers.push(answer);
    } catch (error) {
      this.errors.push(
        `${new Date(askedAtMs).toISOString()} ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  /** The most that was seen before the question was asked. Answers that called themselves incomplete count as well. */
  #floor(askedAtMs: number): Seen {
    const floor = { count: 0, sum: 0, groups: 0 };
    for (const answer of this.answers) {
      if (answer.answeredAtMs > askedAtMs) continue;
      floor.count = Math.max(floor.count, answer.count);
      floor.sum = Math.max(floor.sum, answer.sum);
      floor.groups = Math.max(floor.groups, answer.groups);
    }
    return floor;
  }

  #judge(answer: Asked, floor: Seen): void {
    const at = new Date(answer.askedAtMs).toISOString();
    const note = answer.incomplete === null ? '' : ` (said to be incomplete: ${answer.incomplete})`;
    for (const key of ['count', 'sum', 'groups'] as const)
      if (answer[key] < floor[key])
        this.breaches.push(`${at} ${key} fell from ${floor[key]} to ${answer[key]}${note}`);
    const produced = this.#options.produced();
    for (const key of ['count', 'sum'] as const)
      if (answer[key] > produced[key])
        this.breaches.push(`${at} ${key} is ${answer[key]}, produced ${produced[key]}${note}`);
  }
}

/** How far behind an answer is: the age of the newest row it can hold. `acknowledged`: [time, rows so far], rising. */
export function lagOf(answer: Asked, acknowledged: readonly (readonly [ms: number, rows: number])[]): number {
  let low = 0;
  let high = acknowledged.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((acknowledged[middle]?.[1] ?? 0) <= answer.count) low = middle + 1;
    else high = middle;
  }
  const firstUnseen = acknowledged[low];
  return firstUnseen === undefined ? 0 : Math.max(0, answer.answeredAtMs - firstUnseen[0]);
}

export function quantile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? 0;
}
