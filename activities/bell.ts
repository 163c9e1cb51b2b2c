/**
 * Waits for a notice of Postgres or a time, whichever comes first. Notices are counted before the caller looks, so that
 * one that comes during the look is not slept through (measured: that cost 200 ms per checkpoint).
 */
import type { Channel, Notifications } from '../storage/notifications.ts';

export class Bell {
  #rings = 0;
  readonly #waiters = new Set<() => void>();
  #stop: (() => void) | null = null;

  /**
   * `payload` null in a notice means "look again" after a reconnect: it concerns everybody. `wanted`: the payload, or what
   * tells one that concerns the listener.
   */
  static async listen(
    notifications: Pick<Notifications, 'listen'>,
    channel: Channel,
    wanted: string | ((payload: string) => boolean),
  ): Promise<Bell> {
    const bell = new Bell();
    bell.#stop = await notifications.listen(channel, (got) => {
      if (got === null || (typeof wanted === 'string' ? got === wanted : wanted(got))) bell.ring();
    });
    return bell;
  }

  get rings(): number {
    return this.#rings;
  }

  ring(): void {
    this.#rings += 1;
    for (const wake of [...this.#waiters]) wake();
  }

  /** Returns at once when it rang since `seen` was read. Rejects when `signal` aborts. */
  wait(seen: number, limitMs: number, signal: AbortSignal): Promise<'rang' | 'time'> {
    signal.throwIfAborted();
    if (this.#rings !== seen) return Promise.resolve('rang');
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiters.delete(wake);
        signal.removeEventListener('abort', abort);
      };
      const wake = () => {
        done();
        resolve('rang');
      };
      const abort = () => {
        done();
        reject(signal.reason as Error);
      };
      const timer = setTimeout(() => {
        done();
        resolve('time');
      }, limitMs);
      this.#waiters.add(wake);
      signal.addEventListener('abort', abort);
    });
  }

  close(): void {
    this.#stop?.();
    this.#stop = null;
  }
}
