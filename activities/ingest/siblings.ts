/**
 * Which task of a group generation runs in this process. Two replicas of one group never do: they would die together
 * (design.md 6). An earlier attempt of the same task may still be here, cut off from Temporal: it is told to stop.
 */
import { HeadgateError } from '../../domain/errors.ts';
import { generationLabel } from '../../domain/ids.ts';
import type { GenerationKey } from '../../domain/ids.ts';

type Present = { readonly taskId: string; readonly leave: () => void };

export class Siblings {
  readonly #present = new Map<string, Present>();

  /** Throws SIBLING_HERE. `leave` is called when a newer attempt of the same task comes. Returns the way out. */
  enter(key: GenerationKey, present: Present): () => void {
    const label = generationLabel(key);
    const other = this.#present.get(label);
    if (other !== undefined && other.taskId !== present.taskId)
      throw new HeadgateError(
        'SIBLING_HERE',
        `task ${present.taskId}: its replica ${other.taskId} already runs in this worker process; another worker process is needed for it`,
        { details: { taskId: present.taskId, sibling: other.taskId } },
      );
    other?.leave();
    this.#present.set(label, present);
    return () => {
      if (this.#present.get(label) === present) this.#present.delete(label);
    };
  }
}
