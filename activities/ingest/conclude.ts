/**
 * How an attempt ends. Where rows in memory still matter they are sealed first, within what time is left: an orderly stop, a
 * stream that gave up (its old rows may be gone from it by now), and a predecessor that is not published.
 */
import { unreachable } from '../../domain/assert.ts';
import { HeadgateError, messageOf } from '../../domain/errors.ts';
import type { IngestResult } from '../../workflows/contract.ts';
import type { Attempt, Ending } from './attempt.ts';
import type { Checkpointer } from './checkpointer.ts';

/** Below the worker's shutdownForceTime. */
const shutdownPatienceMs = 6_000;
const sealPatienceMs = 30_000;

export async function conclude(
  attempt: Attempt,
  ending: Ending,
  checkpointer: Checkpointer,
): Promise<IngestResult> {
  switch (ending.kind) {
    case 'result':
      return ending.result;
    case 'failed':
      throw ending.error;
    case 'shutdown':
      await seal(attempt, checkpointer, shutdownPatienceMs);
      throw new HeadgateError(
        'WORKER_SHUTDOWN',
        `task ${attempt.input.taskId}: worker ${attempt.deps.workerId} is stopping; the task goes on elsewhere`,
      );
    case 'streamFailed':
      await seal(attempt, checkpointer, sealPatienceMs);
      throw ending.error;
    case 'waiting':
      await seal(attempt, checkpointer, sealPatienceMs);
      return { kind: 'waitingForPredecessor', sequenceId: ending.sequenceId };
    default:
      return unreachable(ending);
  }
}

/** One more round, with nothing read beside it. When it fails the rows are read again: that costs time only. */
async function seal(attempt: Attempt, checkpointer: Checkpointer, patienceMs: number): Promise<void> {
  // Nothing was read yet: what there is came from a checkpoint.
  if (attempt.report === null) return;
  attempt.channel.hold(true);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not sealed within ${patienceMs / 1_000} s`)), patienceMs);
  });
  try {
    await Promise.race([checkpointer.persist(), late]);
  } catch (error) {
    const { taskId } = attempt.input;
    attempt.deps.log.warn(
      { taskId },
      `the last rows were not sealed and are read again: ${messageOf(error)}`,
    );
  } finally {
    clearTimeout(timer);
  }
}
