/**
 * One question to a replica serves every query that asks the same at that time, and for a moment after: what a
 * running task holds is asked for as often as the answers get old, not as often as there are queries.
 */
import type { AskWorker, HeldAnswer, LiveQuestion, WorkerAnswer } from './ask-worker.ts';
import { scopeOf } from './ask-worker.ts';
import { setBounded } from './bounded.ts';
import type { LiveClock } from './clock.ts';
import type { PieceStore, Pin } from './piece-store.ts';

const keptMax = 10_000;

export type PinnedAnswer = HeldAnswer & { readonly pin: Pin };

/** `gone`: its pieces were removed before they could be pinned; ask again. */
export type SharedAnswer = PinnedAnswer | Exclude<WorkerAnswer, { kind: 'held' }> | { readonly kind: 'gone' };

type Kept = { readonly answer: HeldAnswer; readonly atMs: number };

export class SharedAnswers {
  readonly #ask: AskWorker;
  readonly #store: PieceStore;
  readonly #clock: LiveClock;
  readonly #limits: { readonly freshMs: number; readonly exchangesMax: number };
  readonly #kept = new Map<string, Kept>();
  readonly #underWay = new Map<string, Promise<WorkerAnswer>>();
  readonly #waiting: (() => void)[] = [];
  #exchanges = 0;

  constructor(
    deps: { ask: AskWorker; store: PieceStore; clock: LiveClock },
    limits: { readonly freshMs: number; readonly exchangesMax: number },
  ) {
    this.#ask = deps.ask;
    this.#store = deps.store;
    this.#clock = deps.clock;
    this.#limits = limits;
  }

  /** `suits`: whether an answer that is there already will do. */
  async get(question: LiveQuestion, suits: (answer: HeldAnswer) => boolean): Promise<SharedAnswer> {
    const key = scopeOf(question);
    const kept = this.#kept.get(key);
    if (
      kept !== undefined &&
      this.#clock.now() - kept.atMs < this.#limits.freshMs &&
      this.#clock.now() >= kept.atMs &&
      suits(kept.answer)
    ) {
      const pinned = this.#pinned(key, kept.answer);
      if (pinned !== null) return pinned;
    }
    const answer = await this.#joined(key, question);
    return answer.kind === 'held' ? (this.#pinned(key, answer) ?? { kind: 'gone' }) : answer;
  }

  #joined(key: string, question: LiveQuestion): Promise<WorkerAnswer> {
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay;
    const asked = this.#asked(key, question).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, asked);
    return asked;
  }

  async #asked(key: string, question: LiveQuestion): Promise<WorkerAnswer> {
    if (this.#exchanges >= this.#limits.exchangesMax)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#exchanges++;
    try {
      const answer = await this.#ask(question);
      if (answer.kind === 'held') setBounded(this.#kept, key, { answer, atMs: this.#clock.now() }, keptMax);
      else this.#kept.delete(key);
      return answer;
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#exchanges--;
      else next();
    }
  }

  #pinned(key: string, answer: HeldAnswer): PinnedAnswer | null {
    const pin = this.#store.pin(
      key,
      answer.pieces.map(({ id }) => id),
    );
    return pin === null ? null : { ...answer, pin };
  }
}
