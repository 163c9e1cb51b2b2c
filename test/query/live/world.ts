/**
 * A supervisor's life as far as live rows see it: a log that grows, replicas that read it, cuts at the maximum,
 * publishes, deaths, attempts from checkpoints, zombies, discards. One row per position, so that rows can be counted.
 *
 * Every step is one atomic change, as one call of a function in Postgres is; a tape of bytes chooses among them.
 */
import { type Positions, toPosition } from '../../../domain/positions.ts';
import type { WorkerAnswer, LiveQuestion } from '../../../query/live/ask-worker.ts';
import type { StoredPiece } from '../../../query/live/piece-store.ts';
import type { LiveSequence, LiveSnapshot, LiveTask } from '../../../storage/live-sequences.ts';

type At = Record<string, number>;
const partitions = ['0', '1'];

type Sequence = {
  readonly id: string;
  readonly generation: number;
  readonly ordinal: number;
  readonly start: At;
  end: At | null;
  isFinal: boolean;
  state: 'live' | 'published' | 'discarded';
};

/** One attempt of a task, in the memory of a process; it may live on after it lost its lease. */
type Attempt = {
  readonly task: Task;
  readonly epoch: number;
  isAlive: boolean;
  /** Held rows of each sequence it knows, up to here. */
  readonly held: Map<string, At>;
  /** Ends it has heard. */
  readonly ends: Map<string, At>;
  readonly finished: Set<string>;
};

type Task = {
  readonly id: string;
  readonly generation: number;
  readonly replica: number;
  epoch: number;
  attempts: number;
  progress: { epoch: number; at: At } | null;
  current: Attempt | null;
};

export class World {
  readonly produced: At = { 0: 0, 1: 0 };
  readonly #published: At = { 0: 0, 1: 0 };
  readonly #sequences: Sequence[] = [];
  readonly #tasks: Task[] = [];
  readonly #attempts = new Map<string, Attempt>();
  readonly #checkpoints = new Map<string, At>();
  readonly #choose: (below: number) => number;
  #generations = 0;

  constructor(choose: (below: number) => number) {
    this.#choose = choose;
    this.#create();
  }

  get total(): number {
    return sum(this.produced);
  }

  /** One step of the world, by chance. */
  step(): void {
    const steps = [
      () => this.#produce(),
      () => this.#read(this.#anyAttempt()),
      () => this.#read(this.#anyAttempt()),
      () => this.#read(this.#anyAttempt()),
      () => this.#say(this.#anyAttempt()),
      () => this.#checkpoint(this.#anyAttempt()),
      () => this.#hear(this.#anyAttempt()),
      () => this.#hear(this.#anyAttempt()),
      () => this.#cut(),
      () => this.#publish(this.#anyAttempt()),
      () => this.#publish(this.#anyAttempt()),
      () => this.#begin(this.#pick(this.#running())),
      () => this.#begin(this.#pick(this.#running())),
      () => this.#kill(this.#anyAttempt()),
      () => this.#takeOver(this.#anyAttempt()),
      () => this.#create(),
      () => (this.#choose(4) === 0 ? this.#discard() : undefined),
    ];
    this.#pick(steps)?.();
  }

  /** Everybody alive, and everything read. */
  rest(): void {
    this.#create();
    for (const task of this.#running()) this.#begin(task);
    for (const attempt of this.#current())
      for (let turn = 0; turn < 20; turn++) {
        this.#hear(attempt);
        this.#read(attempt, Number.MAX_SAFE_INTEGER);
      }
  }

  snapshot(): LiveSnapshot {
    const published = partitions.map((partition) => ({
      ...names,
      partition,
      term: '1',
      incarnation: '1',
      position: toPosition(this.#published[partition] ?? 0),
    }));
    return { sequences: this.live(), published };
  }

  /** Rows in segments. */
  segmentRows(snapshot: LiveSnapshot): number {
    return snapshot.published.reduce((rows, { position }) => rows + Number(position), 0);
  }

  live(): LiveSequence[] {
    return this.#sequences
      .filter(({ state }) => state === 'live')
      .map((sequence) => ({
        ...names,
        sequenceId: sequence.id,
        groupId: 0,
        generation: sequence.generation,
        ordinal: sequence.ordinal,
        term: '1',
        partitions: Object.fromEntries(
          partitions.map((partition) => [
            partition,
            {
              start: toPosition(sequence.start[partition] ?? 0),
              end: sequence.end === null ? null : toPosition(sequence.end[partition] ?? 0),
              incarnation: '1',
            },
          ]),
        ),
        tasks: this.#tasksOf(sequence.generation).map(taskRow),
        began: this.#tasksOf(sequence.generation).some(({ attempts }) => attempts > 0),
      }));
  }

  /** What the worker says that the question goes to. */
  answer({ task, sequence, atLeast }: LiveQuestion): WorkerAnswer | 'wait' {
    const attempt = this.#attempts.get(`${task.taskId}/${task.epoch}`);
    if (attempt === undefined || !attempt.isAlive)
      return { kind: 'unreachable', why: 'connection refused', wasSilent: false };
    if (attempt.task.current !== attempt && this.#choose(2) === 0)
      return { kind: 'refused', reason: 'epoch' };
    if (this.#choose(20) === 0) return { kind: 'unreachable', why: 'nothing came', wasSilent: true };
    if (attempt.finished.has(sequence.sequenceId)) return { kind: 'published' };
    const held = attempt.held.get(sequence.sequenceId);
    if (held === undefined) return { kind: 'refused', reason: 'unknown' };
    const isBehind = Object.entries(atLeast ?? {}).some(([p, wanted]) => (held[p] ?? 0) < Number(wanted));
    if (isBehind && this.#choose(2) === 0) return 'wait';
    const starts = Object.fromEntries(partitions.map((p) => [p, Number(sequence.partitions[p]?.start)]));
    return {
      kind: 'held',
      positions: toPositions(held),
      ends: mapped(attempt.ends.get(sequence.sequenceId)),
      rollup: true,
      pieces: [pieceOf(sum(held) - sum(starts))],
    };
  }

  #produce(): void {
    const partition = partitions[this.#choose(2)] ?? '0';
    this.produced[partition] = (this.produced[partition] ?? 0) + 1 + this.#choose(20);
  }

  /** Within the ends it knows, which may be beyond those that were written. */
  #read(attempt: Attempt | undefined, records = 1 + this.#choose(10)): void {
    if (attempt === undefined) return;
    for (const [id, held] of attempt.held) {
      const ends = attempt.ends.get(id);
      for (const partition of partitions) {
        const until = Math.min(this.produced[partition] ?? 0, ends?.[partition] ?? Infinity);
        held[partition] = Math.max(held[partition] ?? 0, Math.min(until, (held[partition] ?? 0) + records));
      }
    }
  }

  #say(attempt: Attempt | undefined): void {
    const newest = [...(attempt?.held.values() ?? [])].at(-1);
    if (attempt === undefined || newest === undefined || attempt.task.current !== attempt) return;
    attempt.task.progress = { epoch: attempt.epoch, at: { ...newest } };
  }

  #checkpoint(attempt: Attempt | undefined): void {
    if (attempt === undefined || attempt.task.current !== attempt) return;
    for (const [id, held] of attempt.held) {
      const end = this.#sequence(id)?.end;
      if (end !== null && end !== undefined && isBeyond(held, end)) return;
      this.#checkpoints.set(`${id}/${attempt.task.replica}`, { ...held });
    }
  }

  /** Ends, the next sequence, and what became of earlier ones; rows beyond the ends are dropped. */
  #hear(attempt: Attempt | undefined): void {
    if (attempt === undefined) return;
    for (const sequence of this.#sequences.filter(
      ({ generation }) => generation === attempt.task.generation,
    )) {
      const { id, end, state } = sequence;
      if (state !== 'live') {
        if (attempt.held.delete(id) && state === 'published') attempt.finished.add(id);
        continue;
      }
      const held = attempt.held.get(id);
      if (held === undefined) attempt.held.set(id, this.#resumed(sequence, attempt.task.replica));
      if (end === null) continue;
      attempt.ends.set(id, end);
      if (held !== undefined && isBeyond(held, end))
        attempt.held.set(id, this.#resumed(sequence, attempt.task.replica));
    }
  }

  /** At the maximum of what some replicas answer, what was said and what is checkpointed. */
  #cut(): void {
    const open = this.#sequences.find(({ state, end }) => state === 'live' && end === null);
    if (open === undefined || this.#sequences.filter(({ state }) => state === 'live').length >= 4) return;
    const end = { ...open.start };
    const raise = (at: At | undefined): void => {
      for (const partition of partitions)
        end[partition] = Math.max(end[partition] ?? 0, at?.[partition] ?? 0);
    };
    for (const task of this.#tasksOf(open.generation)) {
      const attempt = task.current;
      if (attempt?.isAlive === true && this.#choose(3) > 0) raise(attempt.held.get(open.id));
      if (task.progress?.epoch === task.epoch) raise(task.progress.at);
      raise(this.#checkpoints.get(`${open.id}/${task.replica}`));
    }
    open.end = end;
    if (this.#choose(2) === 0) this.#addSequence(open.generation, open.ordinal + 1, end);
    else {
      open.isFinal = true;
      if (this.#choose(2) === 0) this.#create();
    }
  }

  #publish(attempt: Attempt | undefined): void {
    if (attempt === undefined || attempt.task.current !== attempt) return;
    const next = this.#sequences.find(({ state }) => state === 'live');
    const held = next === undefined ? undefined : attempt.held.get(next.id);
    if (next === undefined || next.end === null || held === undefined) return;
    const { start, end } = next;
    if (partitions.some((p) => held[p] !== end[p] || this.#published[p] !== start[p])) return;
    next.state = 'published';
    Object.assign(this.#published, end);
    if (this.#choose(2) === 0) this.#hear(attempt);
  }

  #begin(task: Task | undefined): void {
    if (task === undefined || task.current?.isAlive === true) return;
    this.#attempt(task);
  }

  /** Its process lives on without the lease. */
  #takeOver(attempt: Attempt | undefined): void {
    if (attempt !== undefined && attempt.task.current === attempt) this.#attempt(attempt.task);
  }

  #attempt(task: Task): void {
    task.epoch++;
    task.attempts++;
    const attempt: Attempt = {
      task,
      epoch: task.epoch,
      isAlive: true,
      held: new Map(),
      ends: new Map(),
      finished: new Set(),
    };
    task.current = attempt;
    this.#attempts.set(`${task.id}/${task.epoch}`, attempt);
    if (this.#choose(4) > 0) this.#hear(attempt);
  }

  #kill(attempt: Attempt | undefined): void {
    if (attempt !== undefined) attempt.isAlive = false;
  }

  /** A new generation where the newest sequence ended, unless one is still open. */
  #create(): void {
    const live = this.#sequences.filter(({ state }) => state === 'live');
    const newest = live.at(-1);
    if (newest !== undefined && !(newest.isFinal && newest.end !== null)) return;
    const generation = ++this.#generations;
    for (const replica of [0, 1])
      this.#tasks.push({
        id: `task-${generation}-${replica}`,
        generation,
        replica,
        epoch: 0,
        attempts: 0,
        progress: null,
        current: null,
      });
    this.#addSequence(generation, 0, newest?.end ?? this.#published);
  }

  /** A sequence and everything after it. */
  #discard(): void {
    const live = this.#sequences.filter(({ state }) => state === 'live');
    const first = live[this.#choose(live.length)];
    if (first === undefined) return;
    for (const sequence of live.slice(live.indexOf(first))) sequence.state = 'discarded';
    const before = live[live.indexOf(first) - 1];
    if (before !== undefined) before.isFinal = true;
  }

  #addSequence(generation: number, ordinal: number, start: At): void {
    const id = `sequence-${generation}-${ordinal}`;
    const state = 'live';
    this.#sequences.push({ id, generation, ordinal, start: { ...start }, end: null, isFinal: false, state });
  }

  #resumed(sequence: Sequence, replica: number): At {
    const checkpoint = this.#checkpoints.get(`${sequence.id}/${replica}`);
    return { ...(checkpoint ?? sequence.start) };
  }

  #sequence(id: string): Sequence | undefined {
    return this.#sequences.find((sequence) => sequence.id === id);
  }

  #tasksOf(generation: number): Task[] {
    return this.#tasks.filter((task) => task.generation === generation);
  }

  #running(): Task[] {
    const live = new Set(
      this.#sequences.filter(({ state }) => state === 'live').map(({ generation }) => generation),
    );
    return this.#tasks.filter(({ generation }) => live.has(generation));
  }

  #current(): Attempt[] {
    return this.#running().flatMap(({ current }) => (current?.isAlive === true ? [current] : []));
  }

  #anyAttempt(): Attempt | undefined {
    const alive = [...this.#attempts.values()].filter(({ isAlive }) => isAlive);
    return this.#pick(this.#choose(4) > 0 ? this.#current() : alive);
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items.length === 0 ? undefined : items[this.#choose(items.length)];
  }
}

const names = { dataSource: 'clicks', supervisorId: 'clicks', stream: 'clicks' };

function taskRow(task: Task): LiveTask {
  return {
    taskId: task.id,
    epoch: String(task.epoch),
    attempts: task.attempts,
    workerId: task.epoch === 0 ? null : `worker-${task.id}-${task.epoch}`,
    address: 'http://127.0.0.1:1',
    token: 'token',
    workerSeenMs: 0,
    progress:
      task.progress === null
        ? null
        : { epoch: String(task.progress.epoch), positions: toPositions(task.progress.at) },
  };
}

function pieceOf(rows: number): StoredPiece {
  return { id: `piece-${rows}`, rows, bytes: 1, wide: false, columns: [], path: 'nowhere' };
}

function toPositions(at: At): Positions {
  return Object.fromEntries(partitions.map((partition) => [partition, toPosition(at[partition] ?? 0)]));
}

function mapped(at: At | undefined): Positions | null {
  return at === undefined ? null : toPositions(at);
}

function isBeyond(at: At, end: At): boolean {
  return partitions.some((partition) => (at[partition] ?? 0) > (end[partition] ?? 0));
}

function sum(at: At): number {
  return partitions.reduce((rows, partition) => rows + (at[partition] ?? 0), 0);
}
