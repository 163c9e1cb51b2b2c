/**
 * What is told of attempts: how each one ends, in its row, and where the next one goes on, in the story. For people and
 * `explain`; an attempt neither fails nor waits for it.
 */
import { CancelledFailure } from '@temporalio/common';
import { isHeadgateError, messageOf } from '../../domain/errors.ts';
import type { Positions } from '../../domain/positions.ts';
import { positionsText } from '../../domain/positions-text.ts';
import { noteEnding } from '../../storage/attempts.ts';
import type { AttemptEnding, Lease, PreviousAttempt } from '../../storage/attempts.ts';
import { tellStory } from '../../storage/stories.ts';
import type { IngestInput } from '../../workflows/contract.ts';
import type { IngestDeps } from './deps.ts';

const errorLimit = 1_000;
/** Postgres may be what the attempt ends for. */
const notePatienceMs = 2_000;
/** Of a task that fails again and again, these attempts are told; its row counts all of them. */
const toldAttempts = 5;

/** The attempt's own word; what says nothing is found to be lost by the next one. Never throws. */
export async function noteFailure(deps: IngestDeps, lease: Lease, error: unknown): Promise<void> {
  const ending = endingOf(error);
  await note(deps, lease, { ending, error: ending === 'failed' ? textOf(error) : null });
}

/** Read to its ends, but a predecessor is not published. */
export function noteGivingWay(deps: IngestDeps, lease: Lease): Promise<void> {
  return note(deps, lease, { ending: 'gaveWay', error: null });
}

function endingOf(error: unknown): Exclude<AttemptEnding, 'lost'> {
  if (error instanceof CancelledFailure) return 'cancelled';
  return isHeadgateError(error) && error.code === 'WORKER_SHUTDOWN' ? 'handedOver' : 'failed';
}

function textOf(error: unknown): string {
  const code = isHeadgateError(error) ? `${error.code}: ` : '';
  return `${code}${messageOf(error)}`.slice(0, errorLimit);
}

async function note(deps: IngestDeps, lease: Lease, ending: Parameters<typeof noteEnding>[2]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, notePatienceMs)));
  const said = noteEnding(deps.pool, lease, ending).catch((error: unknown) =>
    deps.log.warn({ taskId: lease.taskId }, `its end could not be noted: ${messageOf(error)}`),
  );
  await Promise.race([said, late]);
  clearTimeout(timer);
}

/** Told once for each attempt that follows another one: when it reads, or when it fails before. */
export class HandOverStory {
  readonly #deps: IngestDeps;
  readonly #input: IngestInput;
  readonly #previous: PreviousAttempt | null;
  #isTold = false;

  constructor(deps: IngestDeps, input: IngestInput, previous: PreviousAttempt | null) {
    this.#deps = deps;
    this.#input = input;
    this.#previous = previous;
  }

  reads(from: Positions, checkpointId: string | null): void {
    const where =
      checkpointId === null ? 'from the start of its sequence' : `from checkpoint ${checkpointId}`;
    this.#tell(`goes on ${where}, at ${positionsText(from)}`, { checkpointId, positions: from });
  }

  failed(): void {
    this.#tell('did not come to reading', {});
  }

  #tell(then: string, more: { readonly checkpointId?: string | null; readonly positions?: Positions }): void {
    const previous = this.#previous;
    if (this.#isTold || previous === null || !isWorthTelling(previous)) return;
    this.#isTold = true;
    const { taskId, supervisorId, groupId, generation } = this.#input;
    const { workerId } = this.#deps;
    const { attempt, ending, error, lastHeardMs } = previous;
    const line = {
      supervisorId,
      groupId,
      generation,
      taskId,
      kind: 'taskLost' as const,
      text: `Task ${taskId}: ${howItEnded(previous)}; attempt ${attempt + 1} on worker ${workerId} ${then}.`,
      details: {
        attempt,
        worker: previous.workerId,
        nextWorker: workerId,
        ending,
        error,
        lastHeardMs,
        ...more,
      },
      key: `attempt/${taskId}/${attempt + 1}`,
    };
    tellStory(this.#deps.pool, line).catch((cause: unknown) =>
      this.#deps.log.warn({ taskId }, `not in the story: ${line.text}: ${messageOf(cause)}`),
    );
  }
}

/** Waiting for another group to publish is the ordinary course; and of a loop of failures a few lines are enough. */
function isWorthTelling({ attempt, ending }: PreviousAttempt): boolean {
  if (ending === 'gaveWay') return false;
  return attempt <= toldAttempts || (attempt & (attempt - 1)) === 0;
}

function howItEnded({ attempt, workerId, ending, error, lastHeardMs }: PreviousAttempt): string {
  const which = `attempt ${attempt} on worker ${workerId ?? '?'}`;
  switch (ending) {
    case 'lost':
      return `${which} was lost (last heard ${new Date(lastHeardMs).toISOString().slice(11, 19)} UTC)`;
    case 'failed':
      return `${which} failed (${error ?? 'no message'})`;
    case 'handedOver':
      return `worker ${workerId ?? '?'} was stopped in order after attempt ${attempt}`;
    case 'cancelled':
      return `${which} was ended so that a new one begins`;
    case 'gaveWay':
      return `${which} waited for another group to publish`;
    default:
      return ending satisfies never;
  }
}
