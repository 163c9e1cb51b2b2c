/**
 * Writes the sealed rows of a task to local files, a few milliseconds at a time, while reading goes on.
 *
 * The rows count as memory until their file is complete; only then is the round done.
 */
import { writeSpill } from '../../../segments/spill.ts';
import type { LocalSpill } from '../protocol.ts';
import type { Sealing } from './thread-sequence.ts';

export type PlannedSpill = Sealing & { readonly localPath: string };

type Writing = Generator<void, { size: number; sha256: string; rows: number }>;

export class SpillRound {
  readonly round: number;
  #waiting: PlannedSpill[];
  #writing: Writing | null = null;

  constructor(round: number, spills: readonly PlannedSpill[]) {
    this.round = round;
    this.#waiting = [...spills];
  }

  get isDone(): boolean {
    return this.#waiting.length === 0;
  }

  get rows(): number {
    return this.#waiting.reduce((sum, spill) => sum + spill.index.rows, 0);
  }

  get bytes(): number {
    return this.#waiting.reduce((sum, spill) => sum + spill.index.bytes, 0);
  }

  /** Until `isLate` or done. */
  advance(isLate: () => boolean): void {
    do this.#step();
    while (!this.isDone && !isLate());
  }

  #step(): void {
    const spill = this.#waiting[0];
    if (spill === undefined) return;
    this.#writing ??= writeSpill(spill.index, spill.localPath);
    const step = this.#writing.next();
    if (step.done !== true) return;
    const file: LocalSpill = { localPath: spill.localPath, ...step.value };
    spill.written(file);
    this.#writing = null;
    this.#waiting.shift();
  }
}
