/**
 * Postgres notices for the tasks of this process: one subscription for all, handed out by generation and by supervisor.
 *
 * A notice says "look again", or that a pause begins; each task also looks by itself every few seconds, so a lost one costs
 * time, never truth.
 */
import { generationLabel } from '../../domain/ids.ts';
import type { GenerationKey } from '../../domain/ids.ts';
import { readControlNotice } from '../../storage/control-notices.ts';
import type { Notifications } from '../../storage/notifications.ts';
import type { Bell } from './bell.ts';

export type AnnouncedPause = { readonly ordinal: number; readonly requestNo: number };

type Listener = { readonly bell: Bell; readonly onPause: (pause: AnnouncedPause) => void };

export class NoticeBoard {
  readonly #listeners = new Map<string, Set<Listener>>();

  /** Resolves when both channels are listened to. */
  async listen(notifications: Notifications): Promise<void> {
    await notifications.listen('headgate_control', (payload) => this.#control(payload));
    await notifications.listen('headgate_supervisor', (payload) => this.#ring(payload));
  }

  /**
   * The bell rings whenever something of this generation or its supervisor changed; before that `onPause` hears of a
   * pause. Returns the way out.
   */
  attach(
    key: GenerationKey,
    bell: Bell,
    onPause: (pause: AnnouncedPause) => void = () => undefined,
  ): () => void {
    const names = [generationLabel(key), key.supervisorId];
    const listener = { bell, onPause };
    for (const name of names) {
      const listeners = this.#listeners.get(name) ?? new Set();
      this.#listeners.set(name, listeners.add(listener));
    }
    return () => {
      for (const name of names) {
        const listeners = this.#listeners.get(name);
        listeners?.delete(listener);
        if (listeners?.size === 0) this.#listeners.delete(name);
      }
    };
  }

  #control(payload: string | null): void {
    if (payload === null) return this.#ring(null);
    const { label, notice } = readControlNotice(payload);
    // Answers are for the coordinator.
    if (notice.kind === 'answered') return;
    if (notice.kind === 'pause') for (const { onPause } of this.#listeners.get(label) ?? []) onPause(notice);
    this.#ring(label);
  }

  /** Null: the connection was lost for a while, anything may have changed. */
  #ring(name: string | null): void {
    const named = name === null ? [...this.#listeners.values()] : [this.#listeners.get(name) ?? []];
    for (const listeners of named) for (const { bell } of listeners) bell.ring();
  }
}
