/**
 * Takes the task over and reads what comes with it; or finds that there is nothing left to do for it (protocol.md 3.1).
 *
 * One try each: nothing is held yet, so while Postgres is away the next attempt tries again a second later.
 */
import { unreachable } from '../../domain/assert.ts';
import { HeadgateError } from '../../domain/errors.ts';
import { describeProblems, parseSupervisorSpec } from '../../domain/spec/parse.ts';
import type { SupervisorSpec } from '../../domain/spec/spec.ts';
import { acquireTask, finishTask } from '../../storage/attempts.ts';
import type { AcquireOutcome, PreviousAttempt } from '../../storage/attempts.ts';
import type { CheckpointRow } from '../../storage/checkpoints.ts';
import { readGeneration } from '../../storage/generations.ts';
import type { IngestInput, IngestResult } from '../../workflows/contract.ts';
import { leaseLost } from './attempt.ts';
import { noteFailure } from './attempt-story.ts';
import type { Held } from './attempt.ts';
import type { IngestDeps } from './deps.ts';

export type Acquired = {
  readonly kind: 'acquired';
  readonly held: Held;
  readonly checkpoint: CheckpointRow | null;
  /** Null: nobody had the task before. */
  readonly previous: PreviousAttempt | null;
};

export type AcquireResult = Acquired | { readonly kind: 'over'; readonly result: IngestResult };

export async function acquire(
  deps: IngestDeps,
  input: IngestInput,
  context: { readonly activityRun: string; readonly attempt: number },
): Promise<AcquireResult> {
  const { supervisorId, taskId } = input;
  const outcome = await acquireTask(deps.pool, {
    taskId,
    activityRun: context.activityRun,
    attempt: context.attempt,
    workerId: deps.workerId,
    ...deps.highWater.of(supervisorId),
  });
  if (outcome.kind === 'refused') return { kind: 'over', result: await refused(deps, input, outcome) };
  const { timeline, commitSeq, lease, generation, checkpoint, previous } = outcome;
  deps.highWater.acquired({ supervisorId, timeline, commitSeq });
  if (generation.state === 'published') {
    await finishTask(deps.pool, { taskId, state: 'SUCCESS', error: null, counted: false });
    return { kind: 'over', result: { kind: 'published' } };
  }
  const held = { lease, generation, spec: await specOfTask(deps, input, outcome) };
  return { kind: 'acquired', held, checkpoint, previous };
}

async function specOfTask(
  deps: IngestDeps,
  input: IngestInput,
  { lease, specText }: Extract<AcquireOutcome, { kind: 'acquired' }>,
): Promise<SupervisorSpec> {
  try {
    return specOf(specText, input);
  } catch (error) {
    await noteFailure(deps, lease, error);
    throw error;
  }
}

async function refused(
  deps: IngestDeps,
  input: IngestInput,
  { reason, detail }: Extract<AcquireOutcome, { kind: 'refused' }>,
): Promise<IngestResult> {
  switch (reason) {
    case 'DISCARDED':
      return { kind: 'discarded', why: detail };
    case 'TERM':
      throw leaseLost(input.taskId, 'term');
    case 'LOWER_ATTEMPT':
      throw leaseLost(input.taskId, 'lease');
    case 'TASK_TERMINAL': {
      // An earlier attempt may have finished it without being able to say so.
      const { supervisorId, groupId, generation } = input;
      const row = await readGeneration(deps.pool, { supervisorId, groupId, generation });
      const isDone = row?.tasks.some(({ taskId, state }) => taskId === input.taskId && state === 'SUCCESS');
      if (isDone === true) return { kind: 'published' };
      throw leaseLost(input.taskId, 'lease');
    }
    case 'UNKNOWN':
      throw new HeadgateError(
        'METADATA_TIME_TRAVEL',
        `task ${input.taskId}: ${detail}; was postgres restored? run headgate doctor`,
        { details: { taskId: input.taskId } },
      );
    default:
      return unreachable(reason);
  }
}

function specOf(specText: string, input: IngestInput): SupervisorSpec {
  const parsed = parseSupervisorSpec(JSON.parse(specText));
  if (parsed.kind === 'ok') return parsed.spec;
  throw new HeadgateError(
    'SPEC_INVALID',
    `task ${input.taskId}: the stored spec of supervisor ${input.supervisorId} is not valid for this version: ${describeProblems(parsed.problems)}`,
  );
}
