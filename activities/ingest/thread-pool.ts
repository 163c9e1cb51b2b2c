/**
 * The ingest threads of a process: each task is pinned to the thread with the fewest tasks.
 *
 * A thread that dies, or says nothing for long while it has tasks, loses its tasks (their attempts fail and are retried)
 * and is replaced when the next task needs one.
 */
import { messageOf } from '../../domain/errors.ts';
import { asFromThread } from './protocol.ts';
import type { TaskKey, ToThread } from './protocol.ts';
import { TaskChannel } from './task-channel.ts';
import type { TaskEvents } from './task-channel.ts';

export type ThreadHandlers = {
  readonly onMessage: (message: unknown) => void;
  /** It ended, whatever the reason. */
  readonly onExit: (why: string) => void;
};

export interface ThreadHandle {
  post(message: ToThread): void;
  terminate(): Promise<void>;
}

export type SpawnThread = (handlers: ThreadHandlers) => ThreadHandle;

/** Counted in ticks of our own timer: a process that was stopped and goes on has not seen its thread silent. */
const tickMs = 1_000;
const silentTicksAllowed = 20;

type PoolThread = {
  readonly handle: ThreadHandle;
  readonly tasks: Map<TaskKey, TaskChannel>;
  silentTicks: number;
  isDead: boolean;
};

export class ThreadPool {
  readonly #spawn: SpawnThread;
  readonly #size: number;
  readonly #log: (message: string) => void;
  readonly #timer: NodeJS.Timeout;
  #threads: PoolThread[] = [];
  #lastKey = 0;

  constructor(options: { spawn: SpawnThread; threads: number; log: (message: string) => void }) {
    this.#spawn = options.spawn;
    this.#size = options.threads;
    this.#log = options.log;
    this.#timer = setInterval(() => this.#watch(), tickMs);
    this.#timer.unref();
  }

  /** A channel on the thread with the fewest tasks. Close it with `release`. */
  open(events: TaskEvents): TaskChannel {
    const thread = this.#leastLoaded();
    this.#lastKey += 1;
    const channel = new TaskChannel({
      taskKey: this.#lastKey,
      send: (message) => thread.handle.post(message),
      events,
    });
    thread.tasks.set(channel.taskKey, channel);
    return channel;
  }

  /** Stops the task in its thread and forgets it. */
  async release(channel: TaskChannel): Promise<void> {
    await channel.stop();
    for (const thread of this.#threads) thread.tasks.delete(channel.taskKey);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    const threads = this.#threads;
    this.#threads = [];
    await Promise.all(threads.map((thread) => thread.handle.terminate()));
  }

  #leastLoaded(): PoolThread {
    if (this.#threads.length < this.#size) return this.#start();
    return this.#threads.reduce((least, thread) => (thread.tasks.size < least.tasks.size ? thread : least));
  }

  #start(): PoolThread {
    const handle = this.#spawn({
      onMessage: (message) => this.#received(thread, message),
      onExit: (why) => this.#died(thread, why),
    });
    const thread: PoolThread = { handle, tasks: new Map(), silentTicks: 0, isDead: false };
    this.#threads.push(thread);
    return thread;
  }

  #received(thread: PoolThread, message: unknown): void {
    thread.silentTicks = 0;
    const answer = asFromThread(message);
    // A task that was released meanwhile hears nothing more.
    thread.tasks.get(answer.taskKey)?.receive(answer);
  }

  #died(thread: PoolThread, why: string): void {
    if (thread.isDead) return;
    thread.isDead = true;
    this.#threads = this.#threads.filter((other) => other !== thread);
    if (thread.tasks.size > 0) this.#log(`an ingest thread with ${thread.tasks.size} tasks ended: ${why}`);
    for (const channel of thread.tasks.values())
      channel.threadLost(new Error(`the ingest thread of this task ended: ${why}; the next attempt goes on`));
  }

  #watch(): void {
    for (const thread of this.#threads) {
      thread.silentTicks = thread.tasks.size === 0 ? 0 : thread.silentTicks + 1;
      if (thread.silentTicks <= silentTicksAllowed) continue;
      this.#died(thread, `it has said nothing for ${silentTicksAllowed} s`);
      thread.handle
        .terminate()
        .catch((error: unknown) => this.#log(`an ingest thread could not be ended: ${messageOf(error)}`));
    }
  }
}
