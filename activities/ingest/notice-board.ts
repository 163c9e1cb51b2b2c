/**
 * Postgres notices for the tasks of this process: one subscription for all, handed out by generation and by supervisor.
 *
 * A notice only says "look again"; each task also looks by itself every 500 ms, so a lost one costs time, never truth.
 */
import { generationLabel } from '../../domain/ids.ts';
import type { GenerationKey } from '../../domain/ids.ts';
import type { Notifications } from '../../storage/notifications.ts';
import type { Bell } from './bell.ts';

export class NoticeBoard {
  readonly #bells = new Map<string, Set<Bell>>();

  /** Resolves when both channels are listened to. */
  async listen(notifications: Notifications): Promise<void> {
    const ring = (payload: string | null): void => this.#ring(payload);
    await notifications.listen('headgate_control', ring);
    await notifications.listen('headgate_supervisor', ring);
  }

  /** The bell rings whenever something of this generation or its supervisor changed. Returns the way out. */
  attach(key: GenerationKey, bell: Bell): () => void {
    const names = [generationLabel(key), key.supervisorId];
    for (const name of names) {
      const bells = this.#bells.get(name) ?? new Set();
      this.#bells.set(name, bells.add(bell));
    }
    return () => {
      for (const name of names) {
        const bells = this.#bells.get(name);
        bells?.delete(bell);
        if (bells?.size === 0) this.#bells.delete(name);
      }
    };
  }

  /** Null: the connection was lost for a while, anything may have changed. */
  #ring(payload: string | null): void {
    const named = payload === null ? [...this.#bells.values()] : [this.#bells.get(payload) ?? []];
    for (const bells of named) for (const bell of bells) bell.ring();
  }
}
