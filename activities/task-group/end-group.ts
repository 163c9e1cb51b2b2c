/** Failures and ends of a generation's tasks: replaced, discarded, finished. Each is safe to repeat. */
import { finishTask, replaceTask } from '../../storage/attempts.ts';
import { readGeneration } from '../../storage/generations.ts';
import { discardSequence } from '../../storage/publish.ts';
import type { ControlDeps } from '../control-deps.ts';
import { tell } from '../tell.ts';
import { about, groupOver } from './group-story.ts';
import { settledAs, unpublished } from './standing.ts';
import type {
  DiscardGroupInput,
  FinishGroupInput,
  ReplaceFailedTaskInput,
  ReplaceFailedTaskResult,
} from './contract.ts';

const errorLimit = 2_000;
/** Druid's console takes a task with exactly this text for one that was cancelled. */
const shutDownText = 'Shutdown request from user';

/**
 * The task row is FAILED and counted (not when an operator shut it down), unless the generation turns out to be settled: then nobody
 * failed.
 */
export async function replaceFailedTask(
  deps: ControlDeps,
  input: ReplaceFailedTaskInput,
): Promise<ReplaceFailedTaskResult> {
  const row = await readGeneration(deps.pool, input.key);
  if (!row) return { kind: 'discarded', why: 'Postgres does not know this generation' };
  const settled = settledAs(row);
  if (settled) return settled;
  const { shutDownBy } = input;
  const counted = shutDownBy === undefined;
  const { taskId } = await replaceTask(deps.pool, {
    taskId: input.taskId,
    letters: deps.newLetters(),
    error: counted ? `${input.code}: ${input.error}`.slice(0, errorLimit) : shutDownText,
    counted,
  });
  const what = counted ? `failed: ${input.code}: ${input.error}` : `was shut down by ${shutDownBy}`;
  await tell(deps, {
    ...about(input.key),
    kind: 'taskFailed',
    taskId: input.taskId,
    text: `Task ${input.taskId} ${what}. Task ${taskId} takes its place and goes on from its checkpoint.`,
    details: { code: input.code, error: input.error.slice(0, errorLimit), counted, replacedBy: taskId },
    key: `failed/${input.taskId}`,
  });
  return { kind: 'replaced', taskId, counted };
}

/** Discards what is not yet published of it and everything read on from there (protocol.md 5). */
export async function discardGroup(
  deps: ControlDeps,
  { key, why }: DiscardGroupInput,
): Promise<{ readonly kind: 'discarded' | 'published'; readonly sequences: number }> {
  for (;;) {
    const row = await readGeneration(deps.pool, key);
    if (!row) return { kind: 'discarded', sequences: 0 };
    const first = unpublished(row)[0];
    if (!first) return { kind: settledAs(row)?.kind ?? 'discarded', sequences: 0 };
    const answer = await discardSequence(deps.pool, { sequenceId: first.sequenceId, why });
    // Published in the last moment: the next one of the generation may still have to go.
    if (answer.kind === 'discarded') return { kind: 'discarded', sequences: answer.sequenceIds.length };
  }
}

/** Task rows of a settled generation: the one that published, and those that were only told, all succeeded. */
export async function finishGroup(deps: ControlDeps, input: FinishGroupInput): Promise<void> {
  const { key, outcome, why } = input;
  const row = await readGeneration(deps.pool, key);
  if (row) await tell(deps, groupOver(row, input));
  for (const task of row?.tasks ?? []) {
    if (task.state !== 'RUNNING') continue;
    const isDone = outcome === 'published';
    await finishTask(deps.pool, {
      taskId: task.taskId,
      state: isDone ? 'SUCCESS' : 'FAILED',
      error: isDone ? null : `the sequence was discarded: ${why}`.slice(0, errorLimit),
      counted: false,
    });
  }
}
