/**
 * The live rows of one sequence for one query: exactly one replica's answer, that lies within the ends of the query's
 * snapshot and holds all that queries were answered before. Replicas are asked in turn until one does, the sequence
 * turns out to be published, or it has been waited long enough: then what is there is used and said to be incomplete.
 */
import { type Positions, comparePositions, maxPosition } from '../../domain/positions.ts';
import type { LiveSequence, LiveTask } from '../../storage/live-sequences.ts';
import type { HeldAnswer } from './ask-worker.ts';
import type { LiveClock } from './clock.ts';
import type { Holders } from './holders.ts';
import type { LiveLimits } from './limits.ts';
import { type ReplicaChoice, positionsRead } from './replicas.ts';
import { type ServedPositions, stricter } from './served.ts';
import type { PinnedAnswer, SharedAnswer, SharedAnswers } from './shared-answers.ts';

export type SequenceOutcome =
  | {
      readonly kind: 'rows';
      /** Null: nobody holds rows of it, or nobody could be asked. */
      readonly answer: PinnedAnswer | null;
      /** Why it holds less than it should; null: it does not. */
      readonly missing: string | null;
    }
  | { readonly kind: 'stale'; readonly why: string };

export type QuestionDeps = {
  readonly answers: SharedAnswers;
  readonly served: ServedPositions;
  readonly replicas: ReplicaChoice;
  readonly clock: LiveClock;
  readonly limits: LiveLimits;
  readonly holders: Holders;
};

export type QuestionOptions = {
  /** Until when it may be waited for a replica that must catch up. */
  readonly waitUntilMs: number;
  /** The same, when nothing of the sequence was served yet. */
  readonly graceUntilMs: number;
  /** No other snapshot will be taken. */
  readonly final: boolean;
  /** Nobody wants the outcome any more. */
  readonly signal: AbortSignal;
};

/** What an answer means for the query. */
type Verdict =
  | { readonly kind: 'settled'; readonly outcome: SequenceOutcome }
  /** `passes`: it can be otherwise in a moment. */
  | { readonly kind: 'next'; readonly why: string; readonly passes: boolean };

export class SequenceQuestion {
  readonly #sequence: LiveSequence;
  readonly #deps: QuestionDeps;
  readonly #options: QuestionOptions;
  #tasks: readonly LiveTask[];
  /** Owed when the question came up. A publish that the snapshot does not have may take it from `served` meanwhile. */
  readonly #owed: Positions | null;
  /** The furthest answer so far that holds less than it should. */
  #short: PinnedAnswer | null = null;
  #why = 'no task of it is running';
  #passes = false;
  /** Some replica may get there if it is given time. */
  #isBehind = false;

  constructor(sequence: LiveSequence, deps: QuestionDeps, options: QuestionOptions) {
    this.#sequence = sequence;
    this.#deps = deps;
    this.#options = options;
    this.#tasks = sequence.tasks;
    this.#owed = deps.served.required(sequence);
  }

  async outcome(): Promise<SequenceOutcome> {
    if (!this.#sequence.began && this.#required() === null)
      return { kind: 'rows', answer: null, missing: null };
    try {
      for (;;) {
        const outcome = (await this.#askInTurn()) ?? (await this.#waitOrGiveUp());
        if (outcome !== null) return outcome;
      }
    } finally {
      this.#short?.pin.release();
    }
  }

  /** Null: no answer will do. */
  async #askInTurn(): Promise<SequenceOutcome | null> {
    this.#passes = false;
    const { clock, replicas } = this.#deps;
    for (const task of replicas.order(this.#sequence, this.#tasks, clock.now())) {
      if (this.#options.signal.aborted) return this.#abandoned();
      const answer = await this.#answerOf(task);
      if (answer === null) return this.#abandoned();
      const verdict = this.#judge(task, answer);
      if (verdict.kind === 'settled') return verdict.outcome;
      this.#why = verdict.why;
      this.#passes ||= verdict.passes;
    }
    return null;
  }

  #judge(task: LiveTask, answer: SharedAnswer): Verdict {
    switch (answer.kind) {
      case 'held':
        return this.#judgeHeld(task, answer);
      case 'published':
        return this.#staleOr(`task ${task.taskId} has published it`);
      case 'refused':
        return this.#judgeRefused(task, answer.reason);
      case 'gone':
        return { kind: 'next', why: 'its pieces were removed meanwhile', passes: true };
      case 'unreachable':
        if (answer.wasSilent) this.#deps.replicas.wasSilent(task, this.#deps.clock.now());
        return { kind: 'next', why: `task ${task.taskId}: ${answer.why}`, passes: false };
    }
  }

  #judgeRefused(task: LiveTask, reason: 'epoch' | 'unknown'): Verdict {
    // A first attempt that has not said yet how far it is has nothing to lose: what it did not take up, nobody holds.
    const areNew = this.#tasks.every(({ attempts, progress }) => attempts <= 1 && progress === null);
    if (areNew && reason === 'unknown' && this.#sequence.ordinal === 0 && this.#required() === null)
      return { kind: 'settled', outcome: { kind: 'rows', answer: null, missing: null } };
    const why = reason === 'epoch' ? 'runs under another epoch by now' : 'does not hold it yet';
    return { kind: 'next', why: `task ${task.taskId} ${why}`, passes: true };
  }

  #judgeHeld(task: LiveTask, answer: PinnedAnswer): Verdict {
    if (!isWithinEnds(this.#sequence, answer)) {
      answer.pin.release();
      return { kind: 'next', why: `task ${task.taskId} has read beyond the ends`, passes: true };
    }
    const required = this.#required();
    if (covers(answer.positions, this.#wanted(task))) {
      this.#deps.replicas.answered(this.#sequence, task);
      return { kind: 'settled', outcome: { kind: 'rows', answer, missing: null } };
    }
    if (answer.ends !== null && !covers(answer.ends, required)) {
      const why = 'it ended before what was served; the rest is in a later sequence';
      if (this.#options.final) return { kind: 'settled', outcome: { kind: 'rows', answer, missing: why } };
      answer.pin.release();
      return this.#staleOr(why);
    }
    this.#keepFurthest(answer);
    this.#isBehind = true;
    const what = covers(answer.positions, required) ? 'what it has read' : 'what was served before';
    return { kind: 'next', why: `task ${task.taskId} is behind ${what}`, passes: true };
  }

  /** Null: asked again. After a while without any answer that will do, nothing more is waited for. */
  async #waitOrGiveUp(): Promise<SequenceOutcome | null> {
    const { clock, limits } = this.#deps;
    const leftMs = this.#waitUntilMs() - clock.now();
    if (leftMs <= 0) return this.#whatIsThere();
    await clock.sleep(Math.min(limits.pauseMs, leftMs), this.#options.signal);
    if (this.#options.signal.aborted) return this.#abandoned();
    const tasks = await this.#deps.holders.tasksOf(this.#sequence);
    if (tasks === null) {
      this.#why = 'it is published or discarded by now';
      return this.#options.final ? this.#whatIsThere() : { kind: 'stale', why: this.#why };
    }
    if (tasks !== undefined) this.#tasks = tasks;
    return null;
  }

  #whatIsThere(): SequenceOutcome {
    const answer = this.#short;
    this.#short = null;
    return { kind: 'rows', answer, missing: this.#why };
  }

  #waitUntilMs(): number {
    if (this.#required() !== null || this.#isBehind) return this.#options.waitUntilMs;
    return this.#passes ? this.#options.graceUntilMs : 0;
  }

  /** With several replicas none is waited for long: another may be further. Null: nobody wants to know any more. */
  async #answerOf(task: LiveTask): Promise<SharedAnswer | null> {
    const { answers, clock, limits } = this.#deps;
    const wanted = this.#wanted(task);
    const { waitUntilMs, graceUntilMs } = this.#options;
    const leftMs = (wanted === null ? graceUntilMs : waitUntilMs) - clock.now();
    const question = {
      task,
      sequence: this.#sequence,
      atLeast: wanted,
      waitMs: Math.max(0, Math.min(limits.sliceMs, Math.round(leftMs))),
    };
    const asked = answers.get(
      question,
      (answer) => isWithinEnds(this.#sequence, answer) && covers(answer.positions, wanted),
    );
    return unlessAborted(asked, this.#options.signal);
  }

  #keepFurthest(answer: PinnedAnswer): void {
    if (this.#short !== null && !isFurther(answer.positions, this.#short.positions)) {
      answer.pin.release();
      return;
    }
    this.#short?.pin.release();
    this.#short = answer;
  }

  #required(): Positions | null {
    return stricter(this.#owed, this.#deps.served.required(this.#sequence));
  }

  /** Also what it has read itself by its own word: it may not have made it ready for queries yet. */
  #wanted(task: LiveTask): Positions | null {
    return stricter(this.#required(), positionsRead(this.#sequence, task));
  }

  #staleOr(why: string): Verdict {
    return this.#options.final
      ? { kind: 'next', why, passes: false }
      : { kind: 'settled', outcome: { kind: 'stale', why } };
  }

  #abandoned(): SequenceOutcome {
    this.#why = 'the query had no more time to wait';
    return this.#whatIsThere();
  }
}

function covers(positions: Positions, required: Positions | null): boolean {
  return Object.entries(required ?? {}).every(([partition, wanted]) => {
    const position = positions[partition];
    return position !== undefined && comparePositions(position, wanted) >= 0;
  });
}

/** Beyond them, a replica has not heard its ends yet, and holds rows that belong to the next sequence. */
function isWithinEnds(sequence: LiveSequence, answer: HeldAnswer): boolean {
  return Object.entries(sequence.partitions).every(([partition, { end }]) => {
    const position = answer.positions[partition];
    return end === null || (position !== undefined && comparePositions(position, end) <= 0);
  });
}

/** In some partition, and behind in none. */
function isFurther(left: Positions, right: Positions): boolean {
  return Object.entries(left).every(([partition, position]) => {
    const other = right[partition];
    return other === undefined || maxPosition(position, other) === position;
  });
}

async function unlessAborted(
  asked: Promise<SharedAnswer>,
  signal: AbortSignal,
): Promise<SharedAnswer | null> {
  let stop = (): void => undefined;
  const aborted = new Promise<null>((resolve) => {
    stop = () => resolve(null);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
  try {
    const first = await Promise.race([asked, aborted]);
    // Nobody will use it, so nobody else would let go of its files.
    if (first === null)
      void asked.then(
        (answer) => (answer.kind === 'held' ? answer.pin.release() : undefined),
        () => undefined,
      );
    return first;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
