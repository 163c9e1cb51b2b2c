/**
 * The frame of every control activity: our errors become Temporal failures, long polls heartbeat while they make
 * progress, and a worker that shuts down gives its long polls to another one at once.
 */
import { CancelledFailure, Context } from '@temporalio/activity';
import { HeadgateError } from '../domain/errors.ts';
import { toApplicationFailure } from '../workflows/failure.ts';

/** Wraps every function of a group, so that none can throw anything but a Temporal failure. */
export function attended<T extends Record<string, (input: never) => Promise<unknown>>>(group: T): T {
  const wrapped = Object.entries(group).map(([name, run]) => [
    name,
    async (input: never) => {
      try {
        return await run(input);
      } catch (error) {
        throw failureOf(error);
      }
    },
  ]);
  return Object.fromEntries(wrapped) as T;
}

function failureOf(error: unknown): Error {
  // Reported as a failure, not as a cancellation, so that the next attempt begins at once, elsewhere.
  if (error instanceof CancelledFailure && error.message === 'WORKER_SHUTDOWN')
    return toApplicationFailure(new HeadgateError('WORKER_SHUTDOWN', 'this worker is stopping'));
  return toApplicationFailure(error);
}

const beatMs = 2_000;
/** Of long polls: each beat costs the server, and there are hundreds of them. */
export const longPollBeatMs = 30_000;

/**
 * Heartbeats while `work` runs, every `everyMs`, and twice within the activity's heartbeat timeout at least; `progress` must be called at every turn of its loop, for a loop that
 * hangs longer than `hangMs` must lose its heartbeat.
 */
export async function heartbeating<T>(
  work: (progress: () => void) => Promise<T>,
  { hangMs = 60_000, everyMs = beatMs } = {},
): Promise<T> {
  const context = Context.current();
  let last = Date.now();
  const progress = () => void (last = Date.now());
  const timeoutMs = context.info.heartbeatTimeoutMs ?? Infinity;
  const timer = setInterval(
    () => {
      if (Date.now() - last < hangMs) context.heartbeat();
    },
    Math.min(everyMs, timeoutMs / 2),
  );
  context.heartbeat();
  try {
    return await work(progress);
  } finally {
    clearInterval(timer);
  }
}
