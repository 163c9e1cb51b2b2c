/**
 * Answers live queries about the sequences of one task: freezes what is in memory, has pieces made of it, says how far
 * they reach. Nothing is done until somebody asks, and trouble here never touches ingestion.
 *
 * A request waits until the rows it wants have been read and have pieces, or its time is over; then it gets what there is.
 */
import { rm } from 'node:fs/promises';
import type { DataSchema } from '../../../domain/spec/spec.ts';
import type { HeldPiece, HeldRows, ToThread } from '../protocol.ts';
import type { Part } from './live-coverage.ts';
import { asError, LiveWork } from './live-work.ts';
import { partsToMerge } from './piece-compaction.ts';
import type { SlicedSteps } from './sliced-steps.ts';
import { toBigints, toPositions } from './thread-sequence.ts';
import type { PartitionPositions, ThreadSequence } from './thread-sequence.ts';

/** Requests within this time share a freeze. */
const freezeEveryMs = 250;
/** Even when each of them wants a little more than the one before. */
const freezeAtMostEveryMs = 25;
/** No new rows for this long: the pieces are made one. */
const restAfterMs = 2_000;
const mergeAgainAfterMs = 60_000;
/** Nobody asked for this long: the engine is closed. Pieces stay. */
const quietAfterMs = 30_000;

type LiveOrder = Extract<ToThread, { kind: 'live' }>;

export type LiveRowsOptions = {
  readonly schema: DataSchema;
  readonly folder: string;
  readonly now: () => number;
  /** `look` may find something to do. */
  readonly wake: () => void;
  readonly find: (sequenceId: string) => ThreadSequence | undefined;
  readonly positionsIn: (sequence: ThreadSequence) => PartitionPositions;
  readonly answer: (requestNo: number, held: HeldRows | null, trouble: string | null) => void;
};

type Request = {
  readonly requestNo: number;
  readonly sequenceId: string;
  readonly atLeast: PartitionPositions | null;
  readonly deadlineMs: number;
  readonly timer: NodeJS.Timeout;
  /** Answered when this has a piece. Null: not known yet. */
  target: Part | 'nothing' | null;
};

export class LiveRows {
  readonly #options: LiveRowsOptions;
  readonly #work: LiveWork;
  readonly #requests = new Set<Request>();
  /** Those that were asked for. */
  readonly #sequences = new Set<ThreadSequence>();
  readonly #frozenAtMs = new WeakMap<ThreadSequence, number>();
  /** When the newest piece was made. */
  readonly #grewAtMs = new WeakMap<ThreadSequence, number>();
  /** Files named in answers that are still being sent. */
  readonly #sending = new Map<number, readonly string[]>();
  #retired: string[] = [];
  #askedAtMs = 0;
  #again: NodeJS.Timeout | null = null;
  #quietTimer: NodeJS.Timeout | undefined;

  constructor(options: LiveRowsOptions) {
    this.#options = options;
    this.#work = new LiveWork(options);
  }

  ask({ requestNo, sequenceId, atLeast, waitMs }: LiveOrder): void {
    const { now, wake } = this.#options;
    this.#askedAtMs = now();
    this.#restLater();
    this.#requests.add({
      requestNo,
      sequenceId,
      atLeast: atLeast === null ? null : toBigints(atLeast),
      deadlineMs: now() + waitMs,
      timer: setTimeout(wake, waitMs + 1),
      target: null,
    });
    wake();
  }

  /** The answer is sent; what was only kept for it may go. */
  sent(requestNo: number): void {
    this.#sending.delete(requestNo);
    this.#removeRetired();
  }

  /** What wants a slice. */
  get ready(): Pick<SlicedSteps<unknown>, 'advance'> | null {
    return this.#work.ready;
  }

  /** Rows that are in memory for pieces alone. */
  get heldAlone(): { readonly rows: number; readonly bytes: number } {
    let rows = 0;
    let bytes = 0;
    for (const { live } of this.#sequences) {
      const held = live.heldAlone;
      rows += held.rows;
      bytes += held.bytes;
    }
    return { rows, bytes };
  }

  /** Between two slices: answers what can be answered, begins what is wanted next. Cheap when nobody asks. */
  look(): void {
    try {
      for (const request of this.#requests) this.#lookAt(request);
      if (this.#sequences.size > 0 && !this.#work.isWriting) this.#writeNext();
      if (this.#sequences.size > 0 && !this.#work.isMerging) this.#mergeNext();
    } catch (error) {
      // Thrown on it would end the thread with all its tasks.
      this.#allFailed(asError(error));
    }
    // Also of sequences that were dropped while their pieces were merged.
    this.#removeRetired();
  }

  /** The sequence is gone. */
  drop(sequence: ThreadSequence): void {
    sequence.live.turnOff();
    this.#retired.push(...sequence.live.takeRetired());
    this.#sequences.delete(sequence);
    this.#removeRetired();
  }

  #restLater(): void {
    clearTimeout(this.#quietTimer);
    this.#quietTimer = setTimeout(() => {
      if (this.#work.isBusy) this.#restLater();
      else void this.#work.rest().catch(() => undefined);
    }, quietAfterMs).unref();
  }

  async close(): Promise<void> {
    clearTimeout(this.#quietTimer);
    clearTimeout(this.#again ?? undefined);
    for (const request of this.#requests) this.#finish(request, null);
    this.#sequences.clear();
    await this.#work.close();
  }

  // Requests.

  #lookAt(request: Request): void {
    const sequence = this.#options.find(request.sequenceId);
    if (sequence === undefined) return this.#finish(request, null);
    this.#sequences.add(sequence);
    if (request.target === null) this.#aim(request, sequence);
    const { target } = request;
    const isDone = target === 'nothing' || (target !== null && target.piece !== null);
    if (isDone || this.#options.now() >= request.deadlineMs) return this.#finish(request, sequence);
    // A rewind took it away; what comes instead is not known yet.
    if (target !== null && !sequence.live.parts.includes(target)) request.target = null;
  }

  #aim(request: Request, sequence: ThreadSequence): void {
    const { now, positionsIn } = this.#options;
    const { live } = sequence;
    const agoMs = now() - (this.#frozenAtMs.get(sequence) ?? -Infinity);
    const isKnown = live.isOn && isReached(request.atLeast, live.end);
    if (!isKnown || agoMs >= freezeEveryMs) {
      const positions = positionsIn(sequence);
      const isLast = now() >= request.deadlineMs;
      if (!isLast && !isReached(request.atLeast, positions)) return;
      if (!isLast && live.isOn && agoMs < freezeAtMostEveryMs) return this.#lookAgainIn(freezeAtMostEveryMs);
      sequence.freeze(positions);
      this.#frozenAtMs.set(sequence, now());
    }
    request.target = live.parts.at(-1) ?? 'nothing';
  }

  #lookAgainIn(ms: number): void {
    this.#again ??= setTimeout(() => {
      this.#again = null;
      this.#options.wake();
    }, ms);
  }

  #finish(request: Request, sequence: ThreadSequence | null): void {
    clearTimeout(request.timer);
    this.#requests.delete(request);
    this.#options.answer(request.requestNo, sequence === null ? null : this.#held(request, sequence), null);
  }

  #held({ requestNo }: Request, sequence: ThreadSequence): HeldRows {
    const { positions, pieces } = sequence.live.pieced;
    this.#sending.set(
      requestNo,
      pieces.map(({ localPath }) => localPath),
    );
    return {
      positions: toPositions(sequence.live.isOn ? positions : sequence.starts),
      ends: sequence.ends === null ? null : toPositions(sequence.ends),
      rollup: this.#options.schema.rollup,
      pieces,
    };
  }

  // Pieces.

  #writeNext(): void {
    for (const sequence of this.#sequences) {
      const { next, holdsRows } = sequence.live;
      if (next === null || !(holdsRows || this.#isWaitedFor(sequence))) continue;
      const { part, source } = next;
      return this.#work.write(source, (made) => {
        this.#grewAtMs.set(sequence, this.#options.now());
        if (made instanceof Error) this.#failed(sequence, made);
        else if (!sequence.live.made(part, made)) this.#retired.push(made.localPath);
      });
    }
  }

  #isWaitedFor({ id }: ThreadSequence): boolean {
    for (const { sequenceId } of this.#requests) if (sequenceId === id) return true;
    return false;
  }

  #mergeNext(): void {
    for (const sequence of this.#sequences) {
      const parts = partsToMerge(sequence.live.parts, {
        isAtRest: this.#isAtRest(sequence),
        nowMs: this.#options.now(),
      });
      if (parts.length === 0) continue;
      const pieces = parts.flatMap(({ piece }) => piece ?? []);
      return this.#work.merge(pieces, (made) => this.#merged(sequence, parts, made));
    }
  }

  #merged(sequence: ThreadSequence, parts: readonly Part[], made: HeldPiece | Error): void {
    if (made instanceof Error) {
      // They are right as they are. Tried again at once they would fail again; a full disk, say, passes.
      for (const part of parts) part.aloneUntilMs = this.#options.now() + mergeAgainAfterMs;
    } else if (!sequence.live.merged(parts, made)) this.#retired.push(made.localPath);
  }

  /** No new rows for a while, and somebody asked since. */
  #isAtRest(sequence: ThreadSequence): boolean {
    const grewAtMs = this.#grewAtMs.get(sequence);
    return grewAtMs !== undefined && this.#askedAtMs - grewAtMs >= restAfterMs;
  }

  /** Every request for it is answered with the reason; the next one begins anew. */
  #failed(sequence: ThreadSequence, error: Error): void {
    sequence.live.turnOff();
    this.#retired.push(...sequence.live.takeRetired());
    for (const request of this.#requests)
      if (request.sequenceId === sequence.id) this.#refuse(request, error);
  }

  #allFailed(error: Error): void {
    for (const sequence of this.#sequences) this.#failed(sequence, error);
    // Of sequences that could not be found out about.
    for (const request of this.#requests) this.#refuse(request, error);
  }

  #refuse(request: Request, error: Error): void {
    clearTimeout(request.timer);
    this.#requests.delete(request);
    try {
      this.#options.answer(request.requestNo, null, error.message);
    } catch {
      // The asker waits for its time to be over, and asks another replica.
    }
  }

  #removeRetired(): void {
    for (const { live } of this.#sequences) this.#retired.push(...live.takeRetired());
    if (this.#retired.length === 0) return;
    const kept = new Set([...this.#sending.values()].flat());
    const gone = this.#retired.filter((path) => !kept.has(path));
    this.#retired = this.#retired.filter((path) => kept.has(path));
    for (const path of gone) void rm(path, { force: true }).catch(() => undefined);
  }
}

function isReached(wanted: PartitionPositions | null, positions: PartitionPositions): boolean {
  for (const [partition, position] of wanted ?? [])
    if ((positions.get(partition) ?? position) < position) return false;
  return true;
}
