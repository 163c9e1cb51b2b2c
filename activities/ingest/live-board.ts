/**
 * The running attempts of a process for whoever asks for their rows: finds the attempt, checks its epoch, asks its thread.
 *
 * It says `published` for a sequence that is over, so that the asker takes a new snapshot, and refuses what it cannot answer
 * for. No row passes through here: an answer names files, which stay until it is released.
 */
import { messageOf } from '../../domain/errors.ts';
import type { Positions } from '../../domain/positions.ts';
import type { HeldPiece } from './protocol.ts';
import type { SequenceBook } from './sequence-book.ts';
import type { LiveAnswer, TaskChannel } from './task-channel.ts';

export type LiveRequest = {
  readonly taskId: string;
  readonly epoch: string;
  readonly sequences: readonly LiveWish[];
  /** How long to wait for `atLeast`, and for a task that is just starting. */
  readonly waitMs: number;
  /** Of all pieces sent; one is sent in any case, and no more than `filesPerAnswer`. */
  readonly maxBytes: number;
};

export type LiveWish = {
  readonly sequenceId: string;
  readonly atLeast: Positions | null;
  /** Pieces the asker has. */
  readonly have: readonly string[];
};

export type LiveState =
  | {
      readonly sequenceId: string;
      readonly state: 'held';
      readonly positions: Positions;
      readonly ends: Positions | null;
      readonly rollup: boolean;
      readonly pieces: readonly Omit<HeldPiece, 'localPath'>[];
      /** Whose bytes follow, in order. */
      readonly sent: readonly string[];
    }
  | { readonly sequenceId: string; readonly state: 'published' }
  | { readonly sequenceId: string; readonly state: 'refused'; readonly reason: 'epoch' | 'unknown' };

export type LiveReply = {
  readonly sequences: readonly LiveState[];
  readonly files: readonly { readonly localPath: string; readonly bytes: number }[];
  /** Call it once the files are sent, or will not be. */
  readonly release: () => void;
};

export type LiveAttempt = {
  readonly epoch: string;
  readonly book: Pick<SequenceBook, 'find' | 'changed'>;
  readonly channel: Pick<TaskChannel, 'live' | 'liveSent'>;
  /** When the thread reads; sequences are known from then on. */
  readonly started: Promise<void>;
};

/** Of attempts that are over, so that a late asker need not wait for the lease to tell him. */
const rememberedTasks = 1_000;
/** All files of an answer are open at once, and a process has so many answers under way. */
export const filesPerAnswer = 32;
/** A thread answers in time by itself; this is for one that hangs. */
const threadGraceMs = 5_000;

type Ended = { readonly epoch: string; readonly book: LiveAttempt['book'] };
type Found = { readonly held: NonNullable<LiveAnswer['held']>; readonly release: () => void };

export class LiveBoard {
  readonly #warn: (message: string) => void;
  readonly #attempts = new Map<string, LiveAttempt>();
  readonly #ended = new Map<string, Ended>();

  constructor(warn: (message: string) => void = () => undefined) {
    this.#warn = warn;
  }

  /** Returns the way out. */
  enter(taskId: string, attempt: LiveAttempt): () => void {
    this.#attempts.set(taskId, attempt);
    return () => {
      if (this.#attempts.get(taskId) !== attempt) return;
      this.#attempts.delete(taskId);
      this.#remember(taskId, attempt);
    };
  }

  async ask(request: LiveRequest): Promise<LiveReply> {
    const deadlineMs = performance.now() + request.waitMs;
    const found = await Promise.all(request.sequences.map((wish) => this.#find(request, wish, deadlineMs)));
    return replyOf(request, found);
  }

  async #find(request: LiveRequest, wish: LiveWish, deadlineMs: number): Promise<Found | LiveState> {
    const { sequenceId } = wish;
    const attempt = this.#attempts.get(request.taskId);
    if (attempt === undefined) return this.#over(request, sequenceId);
    if (attempt.epoch !== request.epoch) return refused(sequenceId, 'epoch');
    const booked = await this.#known(attempt, sequenceId, deadlineMs);
    if (booked === undefined) return refused(sequenceId, 'unknown');
    const answer = booked.state === 'live' ? await this.#fromThread(attempt, wish, deadlineMs) : null;
    if (answer !== null && answer.held !== null)
      return { held: answer.held, release: () => attempt.channel.liveSent(answer.requestNo) };
    if (answer !== null && answer.trouble !== null)
      this.#warn(`task ${request.taskId}: no live rows of sequence ${sequenceId}: ${answer.trouble}`);
    return booked.state === 'live' ? refused(sequenceId, 'unknown') : { sequenceId, state: 'published' };
  }

  /** Postgres may know of a sequence before this process does. */
  async #known(
    attempt: LiveAttempt,
    sequenceId: string,
    deadlineMs: number,
  ): Promise<ReturnType<LiveAttempt['book']['find']>> {
    await within(attempt.started, deadlineMs - performance.now());
    for (;;) {
      const seen = attempt.book.changed.count;
      const booked = attempt.book.find(sequenceId);
      const leftMs = deadlineMs - performance.now();
      if (booked !== undefined || leftMs <= 0) return booked;
      await attempt.book.changed.wait(seen, leftMs, new AbortController().signal);
    }
  }

  /** Null: the thread is gone, or hangs. */
  async #fromThread(attempt: LiveAttempt, wish: LiveWish, deadlineMs: number): Promise<LiveAnswer | null> {
    const { sequenceId, atLeast } = wish;
    const waitMs = Math.max(0, Math.round(deadlineMs - performance.now()));
    const asked = attempt.channel.live({ sequenceId, atLeast, waitMs });
    try {
      const answer = await within(asked, waitMs + threadGraceMs);
      if (answer !== undefined) return answer;
      // Its files must not be kept for nobody.
      void asked.then(({ requestNo }) => attempt.channel.liveSent(requestNo)).catch(() => undefined);
      this.#warn(`live rows of sequence ${sequenceId}: the ingest thread did not answer in time`);
    } catch (error) {
      this.#warn(`live rows of sequence ${sequenceId}: ${messageOf(error)}`);
    }
    return null;
  }

  #over({ taskId, epoch }: LiveRequest, sequenceId: string): LiveState {
    const ended = this.#ended.get(taskId);
    if (ended === undefined) return refused(sequenceId, 'unknown');
    if (ended.epoch !== epoch) return refused(sequenceId, 'epoch');
    const booked = ended.book.find(sequenceId);
    return booked === undefined || booked.state === 'live'
      ? refused(sequenceId, 'unknown')
      : { sequenceId, state: 'published' };
  }

  #remember(taskId: string, { epoch, book }: LiveAttempt): void {
    this.#ended.delete(taskId);
    this.#ended.set(taskId, { epoch, book });
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > rememberedTasks && oldest !== undefined) this.#ended.delete(oldest);
  }
}

function refused(sequenceId: string, reason: 'epoch' | 'unknown'): LiveState {
  return { sequenceId, state: 'refused', reason };
}

function replyOf(
  { sequences: wishes, maxBytes }: LiveRequest,
  found: readonly (Found | LiveState)[],
): LiveReply {
  const files: { localPath: string; bytes: number }[] = [];
  let bytes = 0;
  const sequences = wishes.map(({ sequenceId, have }, at): LiveState => {
    const one = found[at];
    if (one === undefined || !('held' in one)) return one ?? refused(sequenceId, 'unknown');
    const { positions, ends, rollup, pieces } = one.held;
    const has = new Set(have);
    const sent: string[] = [];
    for (const piece of pieces) {
      if (has.has(piece.id)) continue;
      if (files.length >= filesPerAnswer) break;
      if (files.length > 0 && bytes + piece.bytes > maxBytes) continue;
      bytes += piece.bytes;
      files.push({ localPath: piece.localPath, bytes: piece.bytes });
      sent.push(piece.id);
    }
    const told = pieces.map(({ localPath: _, ...piece }) => piece);
    return { sequenceId, state: 'held', positions, ends, rollup, pieces: told, sent };
  });
  const release = (): void => {
    for (const one of found) if ('held' in one) one.release();
  };
  return { sequences, files, release };
}

/** Undefined: not in time. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.max(0, ms));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
