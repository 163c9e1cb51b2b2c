/**
 * Which replica of a sequence is asked first: the one that answered last time, while its epoch is the same, so that
 * its pieces are here already; else the furthest by `task_progress` of its current epoch. Silent workers come last.
 */
import { type Position, type Positions, comparePositions, maxPosition } from '../../domain/positions.ts';
import type { LiveSequence, LiveTask } from '../../storage/live-sequences.ts';
import { setBounded } from './bounded.ts';

const rememberedMax = 10_000;

export class ReplicaChoice {
  readonly #sticky = new Map<string, string>();
  readonly #silentUntilMs = new Map<string, number>();
  readonly #silentAsideMs: number;

  constructor(silentAsideMs: number) {
    this.#silentAsideMs = silentAsideMs;
  }

  order(sequence: LiveSequence, tasks: readonly LiveTask[], nowMs: number): LiveTask[] {
    const sticky = this.#sticky.get(sequence.sequenceId);
    const ranked = tasks.map((task) => ({
      task,
      silent: (this.#silentUntilMs.get(workerOf(task)) ?? 0) > nowMs,
      isSticky: attemptOf(task) === sticky,
      records: recordsRead(sequence, task),
    }));
    ranked.sort(
      (left, right) =>
        Number(left.silent) - Number(right.silent) ||
        Number(right.isSticky) - Number(left.isSticky) ||
        (left.records > right.records ? -1 : left.records < right.records ? 1 : 0) ||
        (left.task.taskId < right.task.taskId ? -1 : 1),
    );
    return ranked.map(({ task }) => task);
  }

  answered(sequence: LiveSequence, task: LiveTask): void {
    setBounded(this.#sticky, sequence.sequenceId, attemptOf(task), rememberedMax);
  }

  wasSilent(task: LiveTask, nowMs: number): void {
    setBounded(this.#silentUntilMs, workerOf(task), nowMs + this.#silentAsideMs, rememberedMax);
  }
}

export function attemptOf(task: LiveTask): string {
  return `${task.taskId}/${task.epoch}`;
}

function workerOf(task: LiveTask): string {
  return task.workerId ?? task.taskId;
}

/** Of the sequence, by what the current attempt said last; an older attempt's word counts for nothing. */
export function positionsRead(sequence: LiveSequence, task: LiveTask): Positions | null {
  if (task.progress?.epoch !== task.epoch) return null;
  const read: Record<string, Position> = {};
  for (const [partition, { start, end }] of Object.entries(sequence.partitions)) {
    const at = maxPosition(task.progress.positions[partition] ?? start, start);
    read[partition] = end !== null && comparePositions(at, end) > 0 ? end : at;
  }
  return read;
}

function recordsRead(sequence: LiveSequence, task: LiveTask): bigint {
  const read = positionsRead(sequence, task);
  if (read === null) return -1n;
  return Object.entries(sequence.partitions).reduce(
    (records, [partition, { start }]) => records + BigInt(read[partition] ?? start) - BigInt(start),
    0n,
  );
}
