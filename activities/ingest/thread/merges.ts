/** The merges of a task: asked for, waiting until their last spill is written, under way, or cancelled. */
import type { Json } from '../../../domain/json.ts';
import type { SegmentBuild } from './segment-build.ts';

export class Merges {
  readonly #start: (sequenceId: string, header: Json) => SegmentBuild | null;
  readonly #wanted = new Map<string, Json>();
  readonly #running = new Map<string, SegmentBuild>();

  /** `start` answers null for a sequence that is no longer there. */
  constructor(start: (sequenceId: string, header: Json) => SegmentBuild | null) {
    this.#start = start;
  }

  want(sequenceId: string, header: Json): void {
    this.#wanted.set(sequenceId, header);
  }

  startWanted(): void {
    for (const [sequenceId, header] of this.#wanted) {
      const build = this.#start(sequenceId, header);
      if (build !== null) this.#running.set(sequenceId, build);
    }
    this.#wanted.clear();
  }

  /** One that wants a slice. */
  get ready(): SegmentBuild | null {
    for (const build of this.#running.values()) if (build.isReady) return build;
    return null;
  }

  /** Some step is under way, on this thread or off it. */
  get isWaiting(): boolean {
    return [...this.#running.values()].some((build) => build.isWaiting);
  }

  finished(sequenceId: string): void {
    this.#running.delete(sequenceId);
  }

  cancel(sequenceId: string): void {
    this.#wanted.delete(sequenceId);
    void this.#running.get(sequenceId)?.cancel();
    this.#running.delete(sequenceId);
  }

  cancelAll(): void {
    for (const sequenceId of [...this.#running.keys(), ...this.#wanted.keys()]) this.cancel(sequenceId);
  }
}
