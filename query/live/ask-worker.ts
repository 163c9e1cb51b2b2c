/**
 * Asks one replica for one sequence over `POST /live` and has all its pieces on disk before it answers. Only the
 * address that Postgres gave is spoken to, no redirect is followed, and everything that comes back is bounded.
 *
 * Whatever goes wrong with the worker is an answer (`unreachable`), never an error: another replica may do.
 */
import { isHeadgateError, messageOf } from '../../domain/errors.ts';
import type { Positions } from '../../domain/positions.ts';
import type { LiveSequence, LiveTask } from '../../storage/live-sequences.ts';
import { ByteReader } from './byte-reader.ts';
import type { LiveLimits, LiveLog } from './limits.ts';
import type { PieceStore, Pin, StoredPiece } from './piece-store.ts';
import { attemptOf } from './replicas.ts';
import { type HeldHeader, NonsenseError, type SequenceHeader, parseHeader } from './wire.ts';

export type LiveQuestion = {
  readonly task: LiveTask;
  readonly sequence: LiveSequence;
  readonly atLeast: Positions | null;
  /** How long the worker may wait until it covers `atLeast`. */
  readonly waitMs: number;
};

export type HeldAnswer = {
  readonly kind: 'held';
  readonly positions: Positions;
  /** As the worker knows them. */
  readonly ends: Positions | null;
  readonly rollup: boolean;
  readonly pieces: readonly StoredPiece[];
};

export type WorkerAnswer =
  | HeldAnswer
  | { readonly kind: 'published' }
  | { readonly kind: 'refused'; readonly reason: 'epoch' | 'unknown' }
  | { readonly kind: 'unreachable'; readonly why: string; readonly wasSilent: boolean };

export type AskWorker = (question: LiveQuestion) => Promise<WorkerAnswer>;

/** The worker is there, but does not answer this. */
class RefusalError extends Error {
  override readonly name = 'RefusalError';
}

/** Nothing came for too long. */
class SilenceError extends Error {
  override readonly name = 'SilenceError';
}

type Deps = {
  readonly fetch: typeof fetch;
  readonly store: PieceStore;
  readonly limits: LiveLimits;
  readonly log: LiveLog;
  /** Ends all exchanges. */
  readonly signal: AbortSignal;
};

/** The pieces of one sequence by one attempt; ids are theirs. */
export function scopeOf(question: Pick<LiveQuestion, 'task' | 'sequence'>): string {
  return `${attemptOf(question.task)}/${question.sequence.sequenceId}`;
}

export function askOverHttp(deps: Deps): AskWorker {
  return async (question) => {
    // What the worker need not send must still be here when its answer comes.
    const pins = [deps.store.pinAll(scopeOf(question))];
    try {
      return await askUntilComplete(deps, question, pins);
    } catch (error) {
      if (isHeadgateError(error)) throw error;
      const { taskId, workerId } = question.task;
      if (error instanceof NonsenseError) {
        // Nor is anything believed that it has sent so far.
        deps.store.keepOnly(scopeOf(question), []);
        const why = error.message;
        deps.log.warn({ taskId, workerId, why }, 'a worker answered nonsense to a live question');
      }
      return { kind: 'unreachable', why: reasonOf(error), wasSilent: error instanceof SilenceError };
    } finally {
      for (const pin of pins) pin.release();
    }
  };
}

/** A worker sends at most so many bytes at once; it is asked again for the rest. */
async function askUntilComplete(deps: Deps, question: LiveQuestion, pins: Pin[]): Promise<WorkerAnswer> {
  const { store, limits } = deps;
  const scope = scopeOf(question);
  for (let round = 0; round < limits.piecesMax; round++) {
    const have = pins.flatMap((pin) => pin.pieces.map(({ id }) => id));
    const header = await exchange(deps, question, { have, pins });
    if (header.state === 'refused') return { kind: 'refused', reason: header.reason };
    if (header.state === 'published') return { kind: 'published' };
    const ids = header.pieces.map(({ id }) => id);
    const complete = store.pin(scope, ids);
    if (complete !== null) {
      pins.push(complete);
      store.keepOnly(scope, ids);
      const { positions, ends, rollup } = header;
      return { kind: 'held', positions, ends, rollup, pieces: complete.pieces };
    }
    if (header.sent.length === 0) throw new NonsenseError('pieces are missing and none was sent');
  }
  throw new NonsenseError(`pieces are still missing after ${limits.piecesMax} answers`);
}

async function exchange(
  deps: Deps,
  question: LiveQuestion,
  state: { have: readonly string[]; pins: Pin[] },
): Promise<SequenceHeader> {
  const { limits } = deps;
  const watch = new SilenceWatch(deps.signal, limits.exchangeMs + question.waitMs);
  watch.expect(question.waitMs + limits.silenceMs);
  try {
    const response = await deps.fetch(liveUrl(question.task), {
      method: 'POST',
      redirect: 'manual',
      headers: { authorization: `Bearer ${question.task.token ?? ''}`, 'content-type': 'application/json' },
      body: JSON.stringify(bodyOf(question, state.have, limits)),
      signal: watch.signal,
    });
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel().catch(() => undefined);
      throw new RefusalError(`the worker answered ${response.status}`);
    }
    const reader = new ByteReader(response.body, () => watch.expect(limits.silenceMs));
    try {
      return await readAnswer(deps, question, { reader, pins: state.pins });
    } finally {
      await reader.cancel();
    }
  } catch (error) {
    throw watch.reason ?? error;
  } finally {
    watch.stop();
  }
}

async function readAnswer(
  deps: Deps,
  question: LiveQuestion,
  { reader, pins }: { reader: ByteReader; pins: Pin[] },
): Promise<SequenceHeader> {
  const { limits, store } = deps;
  const length = Buffer.from(await reader.exactly(4)).readUInt32BE();
  if (length > limits.headerBytesMax)
    throw new NonsenseError(`a header of ${length} bytes, at most ${limits.headerBytesMax} may be`);
  const header = parseHeader(await reader.exactly(length), question.sequence, limits.piecesMax);
  if (header.state === 'held') {
    checkBytes(header, limits);
    for (const piece of header.sent)
      pins.push(await store.write(scopeOf(question), piece, reader.chunks(piece.bytes)));
  }
  if (!(await reader.isAtEnd())) throw new NonsenseError('bytes follow the last piece');
  return header;
}

/** One piece may be larger than what was asked for at once. */
function checkBytes(header: HeldHeader, limits: LiveLimits): void {
  const bytes = header.sent.reduce((sum, piece) => sum + piece.bytes, 0);
  if (header.sent.length > 1 && bytes > limits.answerBytesMax)
    throw new NonsenseError(`${bytes} bytes in an answer, asked for at most ${limits.answerBytesMax}`);
}

function bodyOf(
  { task, sequence, atLeast, waitMs }: LiveQuestion,
  have: readonly string[],
  limits: LiveLimits,
) {
  return {
    taskId: task.taskId,
    epoch: task.epoch,
    sequences: [{ sequenceId: sequence.sequenceId, atLeast, have }],
    waitMs,
    maxBytes: limits.answerBytesMax,
  };
}

function liveUrl(task: LiveTask): string {
  const { address } = task;
  if (address === null || task.token === null) throw new RefusalError('its worker process is not registered');
  const url = new URL('/live', address);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new RefusalError(`address of its worker process: expected http, found ${url.protocol}`);
  return url.href;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? messageOf(error.cause) : error.message;
}

/** Aborts when nothing comes for as long as expected, at the end of all time, or when told to from outside. */
class SilenceWatch {
  readonly #controller = new AbortController();
  readonly #stopOutside: () => void;
  readonly #whole: NodeJS.Timeout;
  #silence: NodeJS.Timeout | null = null;
  reason: Error | null = null;

  constructor(outside: AbortSignal, wholeMs: number) {
    this.#whole = setTimeout(() => this.#abort(`not done within ${wholeMs} ms`), wholeMs);
    const abort = (): void => this.#abort('queries are stopping');
    outside.addEventListener('abort', abort, { once: true });
    this.#stopOutside = () => outside.removeEventListener('abort', abort);
    if (outside.aborted) abort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  expect(withinMs: number): void {
    if (this.#silence !== null) clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#abort(`nothing came within ${withinMs} ms`), withinMs);
  }

  stop(): void {
    if (this.#silence !== null) clearTimeout(this.#silence);
    clearTimeout(this.#whole);
    this.#stopOutside();
  }

  #abort(why: string): void {
    this.reason ??= new SilenceError(why);
    this.#controller.abort(this.reason);
  }
}
