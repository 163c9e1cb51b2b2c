/**
 * Merges one sequence that was read to its ends into segment files, slice by slice.
 *
 * A step may wait for the disk; the other tasks of the thread go on meanwhile. Many short steps fill a slice, so that a
 * merge beside busy readers gets its share. The rows in memory stay where they are: a checkpoint may still need them
 * before the commit.
 */
import type { Json } from '../../../domain/json.ts';
import type { DataSchema } from '../../../domain/spec/spec.ts';
import { buildSegments } from '../../../segments/build-segments.ts';
import type { SegmentFile } from '../../../segments/build-segments.ts';
import type { RowIndex } from '../../../segments/row-index.ts';

export type SegmentBuildOptions = {
  readonly schema: DataSchema;
  readonly spills: readonly string[];
  readonly memory: RowIndex | null;
  readonly folder: string;
  readonly header: Json;
  /** The slice is over and another one is wanted. */
  readonly onSlice: () => void;
  readonly onBuilt: (files: readonly SegmentFile[]) => void;
  readonly onFailed: (error: unknown) => void;
};

export class SegmentBuild {
  readonly #options: SegmentBuildOptions;
  readonly #steps: AsyncGenerator<void, readonly SegmentFile[]>;
  #state: 'ready' | 'waiting' | 'over' = 'ready';

  constructor(options: SegmentBuildOptions) {
    this.#options = options;
    const { schema, spills, memory, folder, header } = options;
    this.#steps = buildSegments({ schema, spills, memory, folder, header });
  }

  get isReady(): boolean {
    return this.#state === 'ready';
  }

  /** A step is under way, on this thread or off it. */
  get isWaiting(): boolean {
    return this.#state === 'waiting';
  }

  /** Until `isLate` or built. Returns at once; what happens is told by the callbacks. */
  advance(isLate: () => boolean): void {
    this.#state = 'waiting';
    this.#run(isLate).catch((error: unknown) => {
      if (this.#state === 'over') return;
      this.#state = 'over';
      this.#options.onFailed(error);
    });
  }

  /** Its files are no longer wanted. */
  cancel(): void {
    this.#state = 'over';
    this.#steps.return([]).catch(() => undefined);
  }

  async #run(isLate: () => boolean): Promise<void> {
    for (;;) {
      const step = await this.#steps.next();
      // Cancelled while it waited.
      if (this.#state !== 'waiting') return;
      if (step.done === true) {
        this.#state = 'over';
        return this.#options.onBuilt(step.value);
      }
      if (isLate()) break;
    }
    this.#state = 'ready';
    this.#options.onSlice();
  }
}
