/**
 * One replica: its task is run until the generation is published or discarded, replaced when it fails for good.
 *
 * Infrastructure failures never get here: Temporal repeats the attempt. What gets here is an answer, a cancellation
 * of ours, or a failure no repetition helps against.
 */
import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import { replacementDelayMs } from '../domain/task-group/back-off.ts';
import { awaitPublished, ingestOn, persistent } from './task-group-activities.ts';
import { fromFailure } from './failure.ts';
import { happened } from './task-group-cell.ts';
import type { GroupCell } from './task-group-cell.ts';

export async function runReplica(
  cell: GroupCell,
  task: { readonly replica: number; readonly taskId: string },
): Promise<void> {
  const { replica } = task;
  let taskId = task.taskId;
  let failures = 0;
  for (let run = 0; cell.state.outcome === null; run++) {
    const by = cell.shutdowns.get(taskId);
    if (by !== undefined) {
      taskId = await shutDown(cell, { replica, taskId }, by);
      continue;
    }
    const scope = new CancellationScope();
    cell.attempts.set(replica, { taskId, scope });
    try {
      await scope.run(() => attempt(cell, replica, taskId, run));
    } catch (error) {
      // Ours: the group has its outcome, a new attempt of the same task is wanted, or an operator wants another task.
      if (isCancellation(error)) continue;
      failures += 1;
      taskId = await replace(cell, { replica, taskId }, error, failures);
    }
  }
}

async function attempt(cell: GroupCell, replica: number, taskId: string, run: number): Promise<void> {
  const { key } = cell;
  const ingest = ingestOn(cell.input.queues.ingest, cell.state.settings, run);
  const result = await ingest({ ...key, replica, taskId });
  if (result.kind === 'published')
    return happened(cell, {
      kind: 'settled',
      outcome: { kind: 'published', why: `published by replica ${replica}` },
    });
  if (result.kind === 'discarded')
    return happened(cell, { kind: 'settled', outcome: { kind: 'discarded', why: result.why } });
  const { kind } = await awaitPublished({ key, sequenceId: result.sequenceId });
  if (kind !== 'waiting') happened(cell, { kind: 'predecessorSettled', atMs: Date.now() });
}

/** An operator's word: the task is FAILED and nobody's fault, another one goes on at once. */
async function shutDown(
  cell: GroupCell,
  task: { readonly replica: number; readonly taskId: string },
  by: string,
): Promise<string> {
  cell.shutdowns.delete(task.taskId);
  const error = `shut down by ${by}`;
  const answer = await persistent.replaceFailedTask({
    key: cell.key,
    ...task,
    code: 'TASK_SHUT_DOWN',
    error,
    shutDownBy: by,
  });
  if (answer.kind !== 'replaced') {
    const why = answer.kind === 'discarded' ? answer.why : `published before its task was ${error}`;
    happened(cell, { kind: 'settled', outcome: { kind: answer.kind, why } });
    return task.taskId;
  }
  cell.reports.send('taskFailed', `${task.taskId}: ${error}`, false);
  return answer.taskId;
}

/** The next task id of this replica, after a pause; or the old one when the group turns out to be settled. */
async function replace(
  cell: GroupCell,
  task: { readonly replica: number; readonly taskId: string },
  error: unknown,
  failures: number,
): Promise<string> {
  const { code, message } = fromFailure(error);
  const answer = await persistent.replaceFailedTask({ key: cell.key, ...task, code, error: message });
  if (answer.kind !== 'replaced') {
    const why = answer.kind === 'discarded' ? answer.why : 'published before this task failed';
    happened(cell, { kind: 'settled', outcome: { kind: answer.kind, why } });
    return task.taskId;
  }
  cell.reports.send('taskFailed', `${task.taskId}: ${message}`, answer.counted);
  // Stale without a published sibling: no task can ever commit these rows (protocol.md 3.4).
  if (code === 'PUBLISH_STALE') {
    happened(cell, { kind: 'publishHopeless', why: message });
    return answer.taskId;
  }
  const scope = new CancellationScope();
  cell.attempts.set(task.replica, { taskId: answer.taskId, scope });
  try {
    await scope.run(() =>
      sleep(replacementDelayMs(failures), { summary: `replica ${task.replica}: pause before the next task` }),
    );
  } catch (cancelled) {
    if (!isCancellation(cancelled)) throw cancelled;
  }
  return answer.taskId;
}
