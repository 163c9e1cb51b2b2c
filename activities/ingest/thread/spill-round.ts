/**
 * Writes the sealed rows of a task to local files, a few milliseconds at a time, while reading goes on.
 *
 * The rows count as memory until their file is complete; only then is the round done.
 */
import type { DataSchema } from '../../../domain/spec/spec.ts';
import { writeSpill } from '../../../segments/spill.ts';
import type { WrittenSpill } from '../../../segments/spill.ts';
import type { Sealing } from './thread-sequence.ts';

export type PlannedSpill = Sealing & { readonly localPath: string };

export class SpillRound {
  readonly round: number;
  readonly #schema: DataSchema;
  #waiting: PlannedSpill[];
  #writing: Generator<void, WrittenSpill> | null = null;

  constructor(round: number, schema: DataSchema, spills: readonly PlannedSpill[]) {
    this.round = round;
    this.#schema = schema;
    this.#waiting = [...spills];
  }

  get isDone(): boolean {
    return this.#waiting.length === 0;
  }

  get rows(): number {
    return this.#sum(({ rows }) => rows);
  }

  get bytes(): number {
    return this.#sum(({ bytes }) => bytes);
  }

  /** Until `isLate` or done. */
  advance(isLate: () => boolean): void {
    do this.#step();
    while (!this.isDone && !isLate());
  }

  #sum(of: (index: PlannedSpill['indexes'][number]) => number): number {
    return this.#waiting.reduce(
      (sum, { indexes }) => sum + indexes.reduce((inner, index) => inner + of(index), 0),
      0,
    );
  }

  #step(): void {
    const spill = this.#waiting[0];
    if (spill === undefined) return;
    this.#writing ??= writeSpill(spill.indexes, this.#schema, spill.localPath);
    const step = this.#writing.next();
    if (step.done !== true) return;
    spill.written({ localPath: spill.localPath, ...step.value });
    this.#writing = null;
    this.#waiting.shift();
  }
}
