/**
 * Orders to running task groups: a checkpoint now, a task to be replaced. The groups' own workflows carry them out; here
 * they are told, and waited for so long that whoever asked hears the outcome.
 *
 * What a checkpoint is about (which sequence of which group) is settled before anybody is told: a repeated order ends no
 * second sequence.
 */
import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { GenerationKey } from '../../domain/ids.ts';
import { generationLabel } from '../../domain/ids.ts';
import { messageOf } from '../../domain/errors.ts';
import type { Json, Satisfies } from '../../domain/json.ts';
import { positionsText } from '../../domain/positions-text.ts';
import { liveGenerations, newestGenerations, readGeneration } from '../../storage/generations.ts';
import { readOrderedTask, settleOrder } from '../../storage/task-orders.ts';
import type { OrderedTask } from '../../storage/task-orders.ts';
import {
  checkpointRequestedSignal,
  taskGroupWorkflowId,
  taskShutdownRequestedSignal,
} from '../../workflows/contract.ts';
import { Bell } from '../bell.ts';
import type { ControlDeps } from '../control-deps.ts';
import type { ApplyCommandInput, ApplyCommandResult } from './contract.ts';

/** Within the 15 s a door waits for the outcome, and the 20 s of this activity. */
const patienceMs = 12_000;
const pollMs = 500;

/** One sequence of one group that is to end. */
type Wanted = Satisfies<{ readonly groupId: number; readonly generation: number; readonly ordinal: number }>;

type Ended = Satisfies<{
  readonly groupId: number;
  readonly generation: number;
  readonly ordinal: number;
  readonly kind: 'ended' | 'discarded' | 'waiting';
  readonly ends: { readonly [partition: string]: string } | null;
}>;

export async function applyCheckpoint(
  deps: ControlDeps,
  input: ApplyCommandInput,
): Promise<ApplyCommandResult> {
  const { supervisorId } = input;
  const groups = (input.input?.['taskGroupIds'] ?? null) as readonly number[] | null;
  const unknown = groups === null ? null : await unknownGroups(deps, supervisorId, groups);
  if (unknown !== null) return { kind: 'refused', outcome: { summary: unknown } };
  const wanted = (await settleOrder(deps.pool, {
    ...orderOf(input),
    settled: await openSequences(deps, supervisorId, groups),
  })) as readonly Wanted[];
  if (wanted.length === 0) return done('no group reads: there is nothing to checkpoint', { groups: [] });
  const untold = new Set<number>();
  for (const { ordinal, ...group } of wanted) {
    const request = { ordinal, reason: 'operator' };
    const isTold = await signal(deps, { supervisorId, ...group }, checkpointRequestedSignal.name, request);
    if (!isTold) untold.add(group.groupId);
  }
  const ended = await until(
    deps,
    supervisorId,
    () => Promise.all(wanted.map((one) => standingOf(deps, supervisorId, one))),
    (all) => all.every(({ kind }) => kind !== 'waiting'),
  );
  return done(ended.map((one) => sentenceOf(one, untold.has(one.groupId))).join('; '), { groups: ended });
}

async function unknownGroups(
  deps: ControlDeps,
  supervisorId: string,
  wanted: readonly number[],
): Promise<string | null> {
  const known = (await newestGenerations(deps.pool, supervisorId)).map(({ groupId }) => groupId);
  const unknown = wanted.filter((group) => !known.includes(group));
  if (unknown.length === 0) return null;
  const there = known.length === 0 ? 'it has none yet' : `it has ${known.join(', ')}`;
  return `supervisor ${supervisorId} has no task group ${unknown.join(', ')}; ${there}`;
}

/** Groups that do not read are left out: what they have read is on its way to be published anyway. */
async function openSequences(
  deps: ControlDeps,
  supervisorId: string,
  groups: readonly number[] | null,
): Promise<readonly Wanted[]> {
  const rows = await liveGenerations(deps.pool, supervisorId);
  return rows.flatMap(({ key, sequences }) => {
    const open = sequences.find(({ state }) => state === 'open');
    if (open === undefined || (groups !== null && !groups.includes(key.groupId))) return [];
    return [{ groupId: key.groupId, generation: key.generation, ordinal: open.ordinal }];
  });
}

async function standingOf(deps: ControlDeps, supervisorId: string, wanted: Wanted): Promise<Ended> {
  const { groupId, generation, ordinal } = wanted;
  const row = await readGeneration(deps.pool, { supervisorId, groupId, generation });
  const sequence = row?.sequences.find((one) => one.ordinal === ordinal);
  if (sequence === undefined || sequence.state === 'discarded')
    return { ...wanted, kind: 'discarded', ends: null };
  if (sequence.ends === null) return { ...wanted, kind: 'waiting', ends: null };
  return { ...wanted, kind: 'ended', ends: sequence.ends };
}

function sentenceOf({ kind, groupId, ordinal, ends }: Ended, isUntold: boolean): string {
  if (kind === 'ended') return `group ${groupId} ended sequence ${ordinal} at ${positionsText(ends ?? {})}`;
  if (kind === 'discarded') return `sequence ${ordinal} of group ${groupId} was discarded meanwhile`;
  if (isUntold)
    return `group ${groupId} could not be told to end sequence ${ordinal}: its workflow does not run just now, the supervisor starts it again; order it again then`;
  return `group ${groupId} has not ended sequence ${ordinal} within ${patienceMs / 1_000} s; it does when it can`;
}

export async function applyShutdownTask(
  deps: ControlDeps,
  input: ApplyCommandInput,
): Promise<ApplyCommandResult> {
  const { supervisorId, by } = input;
  const taskId = String(input.input?.['taskId']);
  const task = await readOrderedTask(deps.pool, { supervisorId, taskId });
  if (task === null) return refused(`supervisor ${supervisorId} has no task ${taskId}`);
  const settled = (await settleOrder(deps.pool, {
    ...orderOf(input),
    settled: { state: task.state },
  })) as { readonly state: OrderedTask['state'] };
  if (settled.state !== 'RUNNING') return refused(`task ${taskId} is ${settled.state} already`);
  const isTold = await signal(deps, task.key, taskShutdownRequestedSignal.name, { taskId, by });
  const after = await until(
    deps,
    supervisorId,
    async () => (await readOrderedTask(deps.pool, { supervisorId, taskId })) ?? task,
    ({ state }) => state !== 'RUNNING',
  );
  if (after.state === 'SUCCESS') return done(`task ${taskId} had published before it could be shut down`);
  if (after.replacedBy !== null)
    return done(`task ${taskId} is shut down; task ${after.replacedBy} goes on from its checkpoint`, {
      replacedBy: after.replacedBy,
    });
  if (after.state === 'RUNNING' && !isTold)
    return refused(
      `task ${taskId} could not be shut down: the workflow of its group does not run just now, the supervisor starts it again; order it again then`,
    );
  if (after.state === 'FAILED') return done(`task ${taskId} is over, with its group: ${after.error ?? ''}`);
  return done(
    `task ${taskId} has not ended within ${patienceMs / 1_000} s; it does when its worker answers or is given up`,
  );
}

function orderOf({ commandId, supervisorId, verb, input, by }: ApplyCommandInput) {
  return { commandId, supervisorId, verb, input: input ?? {}, by };
}

/** False: a group whose workflow is not there just now is told nothing; the supervisor starts it again, and the outcome says what is missing. */
async function signal(deps: ControlDeps, key: GenerationKey, name: string, payload: Json): Promise<boolean> {
  try {
    await deps.client.workflow.getHandle(taskGroupWorkflowId(key)).signal(name, payload);
    return true;
  } catch (error) {
    deps.log('warn', `${generationLabel(key)} could not be told ${name}: ${messageOf(error)}`);
    // Of any other failure it is not known whether the word came through.
    return !(error instanceof WorkflowNotFoundError);
  }
}

/** What `look` found when `isDone`, or when patience is over. */
async function until<T>(
  deps: ControlDeps,
  supervisorId: string,
  look: () => Promise<T>,
  isDone: (found: T) => boolean,
): Promise<T> {
  const { cancellationSignal } = Context.current();
  const bell = await Bell.listen(deps.notifications, 'headgate_supervisor', supervisorId);
  const end = deps.now() + patienceMs;
  try {
    for (;;) {
      const { rings } = bell;
      const found = await look();
      const rest = end - deps.now();
      if (isDone(found) || rest <= 0) return found;
      await bell.wait(rings, Math.min(pollMs, rest), cancellationSignal);
    }
  } finally {
    bell.close();
  }
}

function done(summary: string, more: { readonly [key: string]: Json } = {}): ApplyCommandResult {
  return { kind: 'done', outcome: { summary, ...more } };
}

function refused(summary: string): ApplyCommandResult {
  return { kind: 'refused', outcome: { summary } };
}
