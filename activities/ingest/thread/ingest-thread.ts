/**
 * The whole inside of an ingest thread, given a port to the main thread: orders in, reports out, one scheduler.
 *
 * It knows neither worker_threads nor Kafka, so a test runs it in its own thread over a stream in memory.
 */
import { HeadgateError } from '../../../domain/errors.ts';
import { topicOf } from '../../../domain/partition-key.ts';
import type { RecordSource } from '../../../streams/record-source.ts';
import { asToThread, sendError } from '../protocol.ts';
import type { FromThread, SourceSetup, TaskKey, TaskSetup, ToThread } from '../protocol.ts';
import { Scheduler } from './scheduler.ts';
import { ThreadTask } from './thread-task.ts';

/** Progress of a task that gets on, and of every other one once a second, as long as the thread lives. */
const reportEveryMs = 200;

export type IngestThreadOptions = {
  readonly post: (message: FromThread) => void;
  readonly openSource: (setup: SourceSetup) => RecordSource;
};

export class IngestThread {
  readonly #options: IngestThreadOptions;
  readonly #tasks = new Map<TaskKey, ThreadTask>();
  readonly #opening = new Set<TaskKey>();
  readonly #scheduler = new Scheduler({
    now: () => performance.now(),
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
  });
  /** Runs while there are tasks. */
  #timer: NodeJS.Timeout | null = null;
  readonly #running: Promise<void>;

  constructor(options: IngestThreadOptions) {
    this.#options = options;
    this.#running = this.#scheduler.run();
  }

  receive(message: unknown): void {
    const order = asToThread(message);
    if (order.kind === 'start') {
      this.#opening.add(order.taskKey);
      this.#start(order.taskKey, order.setup).catch((error: unknown) => this.#refuse(order.taskKey, error));
      return;
    }
    if (order.kind === 'stop') {
      this.#stop(order.taskKey).catch((error: unknown) => this.#refuse(order.taskKey, error));
      return;
    }
    const task = this.#tasks.get(order.taskKey);
    // A task that has just failed: its answer is on the way.
    if (task !== undefined) obey(task, order);
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#scheduler.stop();
    await this.#running;
    await Promise.all([...this.#tasks.values()].map((task) => task.close()));
    this.#tasks.clear();
  }

  async #start(taskKey: TaskKey, setup: TaskSetup): Promise<void> {
    const source = this.#options.openSource(setup.source);
    try {
      await checkIdentity(source, setup);
      if (!this.#opening.delete(taskKey)) return await source.close();
      const task = new ThreadTask({
        taskKey,
        setup,
        source,
        post: this.#options.post,
        wake: () => this.#scheduler.wake(),
        now: () => performance.now(),
      });
      this.#tasks.set(taskKey, task);
      this.#timer ??= setInterval(() => this.#report(), reportEveryMs);
      this.#scheduler.add(task);
      task.begin();
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  #report(): void {
    for (const task of this.#tasks.values()) task.reportNews();
    if (this.#tasks.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  async #stop(taskKey: TaskKey): Promise<void> {
    this.#opening.delete(taskKey);
    const task = this.#tasks.get(taskKey);
    this.#tasks.delete(taskKey);
    if (task !== undefined) {
      this.#scheduler.remove(task);
      await task.close();
    }
    this.#options.post({ kind: 'stopped', taskKey });
  }

  #refuse(taskKey: TaskKey, error: unknown): void {
    this.#opening.delete(taskKey);
    this.#options.post({ kind: 'failed', taskKey, error: sendError(error), rowsKept: false });
  }
}

/** Handled between two slices, so between two records. */
function obey(task: ThreadTask, order: Exclude<ToThread, { kind: 'start' | 'stop' }>): void {
  try {
    switch (order.kind) {
      case 'pause':
        return task.pause(order.requestNo);
      case 'resume':
        return task.resume();
      case 'ends':
        return task.cut(order.sequenceId, order.ends, order.next);
      case 'spill':
        return task.spill(order.round);
      case 'build':
        return task.build(order.sequenceId, order.header);
      case 'drop':
        return task.drop(order.sequenceId);
      case 'live':
        return task.live(order);
      case 'liveSent':
        return task.liveSent(order.requestNo);
      case 'hold':
        return task.hold(order.hold);
      default:
        order satisfies never;
    }
  } catch (error) {
    task.fail(error);
  }
}

/** Positions only mean something in the stream they were taken from (protocol.md 3.2). */
async function checkIdentity(source: RecordSource, setup: TaskSetup): Promise<void> {
  const { identities } = await source.describe();
  const { taskId, topic } = setup;
  for (const [partition, expected] of Object.entries(setup.identities)) {
    const found = identities.get(partition);
    if (found === undefined || found === expected) continue;
    const name = topicOf(partition, topic);
    throw new HeadgateError(
      'STREAM_IDENTITY_CHANGED',
      `task ${taskId}: topic ${name} was created again: found ${found}, expected ${expected}; reset the supervisor to read the new one`,
      { details: { found, expected, partition, topic: name } },
    );
  }
  const missing = setup.partitions.filter((partition) => !identities.has(partition));
  if (missing.length > 0)
    throw new HeadgateError(
      'STREAM_NOT_FOUND',
      `task ${taskId}: the stream has no partition ${missing.join(', ')}, found ${identities.size} partitions; restore the stream or reset the supervisor`,
      { details: { missing, found: identities.size } },
    );
}
