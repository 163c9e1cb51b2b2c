/**
 * Performs what `plan` decided, one action after the other, and folds each result back. An action that fails is an
 * error of this run, never of the workflow: the next look plans again, after a pause.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { ActivityOptions } from '@temporalio/common';
import {
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  proxyActivities,
  startChild,
} from '@temporalio/workflow';
import type { SupervisorActivities } from '../activities/supervisor/contract.ts';
import { unreachable } from '../domain/assert.ts';
import { commandItem, enqueue, ownNotice } from '../domain/supervisor/commands.ts';
import type { SupervisorEvent } from '../domain/supervisor/events.ts';
import { evolve } from '../domain/supervisor/evolve.ts';
import { assertInvariants } from '../domain/supervisor/invariants.ts';
import type { ObservedError, ScaleWish } from '../domain/supervisor/observation.ts';
import type { Action } from '../domain/supervisor/plan.ts';
import type { GenerationRef } from '../domain/supervisor/state.ts';
import { finishSignal, searchAttributes, taskGroupWorkflowId } from './contract.ts';
import type { TaskGroupInput } from './contract.ts';
import { fromFailure } from './failure.ts';
import type { Cell } from './supervisor-handlers.ts';
import type { taskGroupWorkflow } from './task-group.ts';

const briefly: ActivityOptions = {
  startToCloseTimeout: '20s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumAttempts: 3 },
};
const activities = proxyActivities<SupervisorActivities>(briefly);

export function happen(cell: Cell, event: SupervisorEvent): void {
  cell.state = evolve(cell.state, event);
  assertInvariants(cell.state);
}

/** Answers `completed` when the supervisor has come to its end. */
export async function perform(
  cell: Cell,
  actions: readonly Action[],
  atMs: number,
): Promise<'goOn' | 'completed'> {
  const errors: ObservedError[] = [];
  let completed = false;
  for (const action of actions) {
    try {
      completed = (await performOne(cell, action, atMs)) || completed;
    } catch (error) {
      if (isCancellation(error)) throw error;
      errors.push(errorOf(action, error));
    }
  }
  happen(cell, { kind: 'runFinished', errors, actions: actions.length, atMs });
  return completed ? 'completed' : 'goOn';
}

async function performOne(cell: Cell, action: Action, atMs: number): Promise<boolean> {
  const { supervisorId } = cell.state.known;
  switch (action.kind) {
    case 'seedPartitions': {
      const { seeded } = await activities.seedPartitions({ supervisorId });
      happen(cell, { kind: 'partitionsSeeded', partitions: seeded });
      return false;
    }
    case 'createGenerations':
      await createGenerations(cell, action.groups, atMs);
      return false;
    case 'ensureChild':
      await ensureChild(cell, action);
      return false;
    case 'handOff':
      await getExternalWorkflowHandle(taskGroupWorkflowId({ supervisorId, ...refOf(action) })).signal(
        finishSignal,
        { why: action.why },
      );
      happen(cell, { kind: 'handOffAsked', ...refOf(action), atMs });
      return false;
    case 'halt':
      await activities.haltSupervisor({ supervisorId, why: action.why });
      return false;
    case 'scale':
      await activities.scaleSupervisor.executeWithOptions(
        { ...briefly, summary: `scale to ${action.taskCount}: ${action.why}`.slice(0, 200) },
        [{ supervisorId, ...wishOf(action), by: 'autoscaler' }],
      );
      return false;
    case 'resetLost':
      await activities.resetLost({ supervisorId });
      return false;
    case 'complete':
      return (await activities.completeTermination({ supervisorId })).kind === 'completed';
    default:
      return unreachable(action);
  }
}

async function createGenerations(
  cell: Cell,
  groups: readonly { readonly groupId: number; readonly expectedGeneration: number }[],
  atMs: number,
): Promise<void> {
  const { supervisorId } = cell.state.known;
  const names = groups.map((group) => `${group.groupId}/${group.expectedGeneration + 1}`);
  const summary = `next generation of ${names.slice(0, 8).join(', ')}${names.length > 8 ? ` and ${names.length - 8} more` : ''}`;
  const { generations } = await activities.createGenerations.executeWithOptions(
    {
      startToCloseTimeout: '60s',
      // Many groups take long, a dead worker must not.
      heartbeatTimeout: '10s',
      retry: { initialInterval: '1s', maximumAttempts: 3 },
      summary,
    },
    [{ supervisorId, groups }],
  );
  for (const answer of generations) {
    if (answer.kind === 'refused') {
      happen(cell, { kind: 'generationRefused', groupId: answer.groupId, why: answer.why, atMs });
      continue;
    }
    happen(cell, { kind: 'generationCreated', ...refOf(answer) });
    await ensureChild(cell, answer);
  }
}

/** The id is the lock: a second start of a running group is refused by the server, and that is as good. */
async function ensureChild(cell: Cell, ref: GenerationRef): Promise<void> {
  const { known, queues } = cell.state;
  const input: TaskGroupInput = { supervisorId: known.supervisorId, ...refOf(ref), queues };
  try {
    const child = await startChild<typeof taskGroupWorkflow>('taskGroupWorkflow', {
      workflowId: taskGroupWorkflowId(input),
      taskQueue: queues.control,
      args: [input],
      // Children outlive every life of this workflow; they report by signal and are reconciled by id.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      typedSearchAttributes: [
        { key: searchAttributes.supervisor, value: known.supervisorId },
        { key: searchAttributes.dataSource, value: known.settings?.dataSource ?? '' },
      ],
      staticSummary: `task group ${ref.groupId} of ${known.supervisorId}, generation ${ref.generation}`,
    });
    child.result().then(
      () => happen(cell, { kind: 'childGone', ...refOf(ref) }),
      () => childLost(cell, ref),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  happen(cell, { kind: 'childEnsured', ...refOf(ref) });
}

/** Terminated or failed by somebody: look at once, the plan starts it again if its rows are still live. */
function childLost(cell: Cell, ref: GenerationRef): void {
  happen(cell, { kind: 'childGone', ...refOf(ref) });
  const name = `child-lost-${ref.groupId}/${ref.generation}-${cell.state.counters.runs}`;
  cell.state = enqueue(cell.state, commandItem('runNotice', { by: ownNotice }, name));
}

function wishOf({ taskCount, from, specVersion, why }: ScaleWish): ScaleWish {
  return { taskCount, from, specVersion, why };
}

function errorOf(action: Action, error: unknown): ObservedError {
  const { code, message } = fromFailure(error);
  return { code, message: `${action.kind}: ${message}`, streamException: code.startsWith('STREAM_') };
}

function refOf({ groupId, generation }: GenerationRef): GenerationRef {
  return { groupId, generation };
}
