/**
 * One generation of a task group: its replicas read to common ends, one of them publishes, then it returns.
 *
 * Lives one taskDuration plus publishing, never continues as new. Holds references only; a restarted or re-created
 * workflow goes on from the rows. It must not fail: whatever goes wrong is answered from Postgres (design 6).
 */
import {
  condition,
  CancellationScope,
  setHandler,
  setWorkflowOptions,
  workflowInfo,
} from '@temporalio/workflow';
import { unreachable } from '../domain/assert.ts';
import { checkpointReasons, initialGroup, next } from '../domain/task-group/state.ts';
import type { CheckpointReason, GroupOutcome, GroupStep } from '../domain/task-group/state.ts';
import {
  checkpointRequestedSignal,
  finishSignal,
  replicaStartedSignal,
  taskShutdownRequestedSignal,
} from './contract.ts';
import type { TaskGroupInput, TaskGroupResult } from './contract.ts';
import { fromFailure } from './failure.ts';
import { coordinator, persistent } from './task-group-activities.ts';
import { cancelAttempts, happened } from './task-group-cell.ts';
import type { GroupCell } from './task-group-cell.ts';
import { presentGroup } from './task-group-page.ts';
import { runReplica } from './task-group-replica.ts';
import { Reports } from './task-group-reports.ts';

/** The server's timers have a floor of one second (measured). */
const leastWaitMs = 1_000;
/** Of tasks that are not known here: a bound, for anybody can send signals. */
const mostShutdowns = 100;

/** A cancellation from outside is not obeyed: half a group cannot be taken back, `handoffTaskGroups` ends one in order. */
export function taskGroupWorkflow(input: TaskGroupInput): Promise<TaskGroupResult> {
  return CancellationScope.nonCancellable(() => runGroup(input));
}

async function runGroup(input: TaskGroupInput): Promise<TaskGroupResult> {
  const { supervisorId, groupId, generation } = input;
  const key = { supervisorId, groupId, generation };
  const cell: GroupCell = {
    input,
    key,
    state: initialGroup(
      { taskDurationMs: 0, completionTimeoutMs: 0 },
      { startedAtMs: null, endedOrdinal: -1, readEndedAtMs: null },
    ),
    changes: 0,
    attempts: new Map(),
    shutdowns: new Map(),
    reports: new Reports(key),
  };
  bindHandlers(cell);
  const prepared = await persistent.prepareGroup({ key });
  if (prepared.kind !== 'ready')
    return end(cell, [], {
      kind: prepared.kind,
      why: prepared.kind === 'discarded' ? prepared.why : 'published before',
    });
  const { settings, startedAtMs, endedOrdinal, readEndedAtMs } = prepared;
  const facts = { startedAtMs: cell.state.startedAtMs ?? startedAtMs, endedOrdinal, readEndedAtMs };
  // A signal that came before the rows were read stays valid. An operator asks for a checkpoint once, a replica again.
  const { finish, checkpoint: asked } = cell.state;
  const isWanted = asked?.reason === 'operator' && asked.ordinal > endedOrdinal;
  cell.state = {
    ...initialGroup(settings, facts),
    finish: readEndedAtMs === null ? finish : null,
    checkpoint: readEndedAtMs === null && isWanted ? asked : null,
  };
  const replicas = prepared.replicas.map((task) =>
    // Unhandled, it would fail every workflow task of this group from here on.
    runReplica(cell, task).catch((error: unknown) =>
      happened(cell, {
        kind: 'publishHopeless',
        why: `replica ${task.replica}: ${fromFailure(error).message}`,
      }),
    ),
  );
  for (;;) {
    const step = next(cell.state, Date.now());
    presentGroup(cell, prepared);
    if (step.kind === 'end') return end(cell, replicas, step.outcome);
    await perform(cell, step);
  }
}

setWorkflowOptions(
  // Pinned to the code it began on; empty without a deployment, where naming a behaviour fails every workflow task.
  () => (workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior: 'PINNED' } : {}),
  taskGroupWorkflow,
);

function bindHandlers(cell: GroupCell): void {
  setHandler(replicaStartedSignal, () => happened(cell, { kind: 'replicaStarted', atMs: Date.now() }));
  setHandler(checkpointRequestedSignal, (request) => noteCheckpoint(cell, request));
  setHandler(taskShutdownRequestedSignal, (request) => noteShutdown(cell, request));
  setHandler(finishSignal, (request) => noteFinish(cell, request));
}

// Whoever sent these: a handler that throws would stop the workflow.

function noteCheckpoint(cell: GroupCell, payload: unknown): void {
  const { ordinal, reason } = (payload ?? {}) as { ordinal?: unknown; reason?: unknown };
  if (!Number.isSafeInteger(ordinal) || typeof reason !== 'string') return;
  if (!Object.hasOwn(checkpointReasons, reason)) return;
  happened(cell, {
    kind: 'checkpointRequested',
    ordinal: ordinal as number,
    reason: reason as CheckpointReason,
  });
}

function noteFinish(cell: GroupCell, payload: unknown): void {
  const { why } = (payload ?? {}) as { why?: unknown };
  happened(cell, {
    kind: 'finishRequested',
    why: typeof why === 'string' ? why : 'it was told to, without a reason',
  });
}

function noteShutdown(cell: GroupCell, payload: unknown): void {
  const { taskId, by } = (payload ?? {}) as { taskId?: unknown; by?: unknown };
  if (typeof taskId !== 'string' || cell.shutdowns.size >= mostShutdowns) return;
  cell.shutdowns.set(taskId, typeof by === 'string' ? by : 'an operator');
  cancelAttempts(cell, [taskId]);
}

async function perform(cell: GroupCell, step: Exclude<GroupStep, { kind: 'end' }>): Promise<void> {
  switch (step.kind) {
    case 'wait':
      return wait(cell, step.untilMs);
    case 'checkpoint':
      return checkpoint(cell, step);
    case 'askStanding':
      return askStanding(cell);
    case 'discard':
      return discard(cell, step.why);
    default:
      return unreachable(step);
  }
}

async function wait(cell: GroupCell, untilMs: number | null): Promise<void> {
  const seen = cell.changes;
  const changed = () => cell.changes !== seen;
  if (untilMs !== null) await condition(changed, Math.max(leastWaitMs, untilMs - Date.now()));
  // The supervisor says when to stop.
  else if (cell.state.startedAtMs !== null) await condition(changed);
  // Nothing has started: if its signal was lost, the rows know.
  else if (!(await condition(changed, Math.max(60_000, cell.state.settings.taskDurationMs))))
    await askStarted(cell);
}

async function askStarted(cell: GroupCell): Promise<void> {
  const standing = await persistent.groupStanding({ key: cell.key });
  if (standing.kind === 'waiting' && standing.started)
    happened(cell, { kind: 'replicaStarted', atMs: Date.now() });
}

async function checkpoint(cell: GroupCell, step: Extract<GroupStep, { kind: 'checkpoint' }>): Promise<void> {
  const summary = step.final ? `stop reading: ${step.why}` : `checkpoint: ${step.why}`;
  const ordinal = step.final ? null : (cell.state.checkpoint?.ordinal ?? null);
  const result = await coordinator(summary)([{ key: cell.key, final: step.final, ordinal, why: step.why }]);
  if (result.kind === 'discarded')
    return happened(cell, { kind: 'settled', outcome: { kind: 'discarded', why: result.why } });
  const { final } = result;
  const wasReading = cell.state.readEndedAtMs === null;
  happened(cell, { kind: 'sequenceEnded', ordinal: result.ordinal, final, atMs: Date.now() });
  if (final && wasReading) cell.reports.send('readingFinished', step.why);
  cancelAttempts(cell, result.mute ?? []);
}

async function askStanding(cell: GroupCell): Promise<void> {
  const standing = await persistent.groupStanding({ key: cell.key });
  if (standing.kind === 'published')
    return happened(cell, { kind: 'settled', outcome: { kind: 'published', why: 'published' } });
  if (standing.kind === 'discarded')
    return happened(cell, { kind: 'settled', outcome: { kind: 'discarded', why: standing.why } });
  if (standing.predecessorUnpublished)
    return happened(cell, { kind: 'predecessorSettled', atMs: Date.now() });
  happened(cell, { kind: 'completionExpired', atMs: Date.now() });
  if (cell.state.expiries === 1) await newAttempt(cell);
}

/** The same tasks get a new attempt, which goes on from their checkpoints: each replica begins again when cancelled. */
async function newAttempt(cell: GroupCell): Promise<void> {
  for (const { scope } of cell.attempts.values()) scope.cancel();
}

async function discard(cell: GroupCell, why: string): Promise<void> {
  const result = await persistent.discardGroup({ key: cell.key, why });
  const outcome: GroupOutcome =
    result.kind === 'discarded'
      ? { kind: 'discarded', why }
      : { kind: 'published', why: 'published after all' };
  happened(cell, { kind: 'settled', outcome });
}

/** The other replicas are told to stop and waited for, the task rows closed, the supervisor told; then it is over. */
async function end(
  cell: GroupCell,
  replicas: readonly Promise<void>[],
  outcome: GroupOutcome,
): Promise<TaskGroupResult> {
  for (const { scope } of cell.attempts.values()) scope.cancel();
  await Promise.all(replicas);
  await persistent.finishGroup({ key: cell.key, outcome: outcome.kind, why: outcome.why });
  cell.reports.send(outcome.kind === 'published' ? 'done' : 'discarded', outcome.why);
  await cell.reports.allSent();
  return { kind: outcome.kind, why: outcome.why };
}
