/**
 * An order, as a row in `command` and, for suspend, resume and terminate, as a new spec version: the same thing the
 * HTTP API does. Safe to repeat: an order that is done answers its outcome again.
 */
import { Context } from '@temporalio/activity';
import { unreachable } from '../../domain/assert.ts';
import { isHeadgateError, messageOf } from '../../domain/errors.ts';
import type { Json } from '../../domain/json.ts';
import type { Verb } from '../../domain/supervisor/commands.ts';
import { setSuspended } from '../../domain/spec/with-suspended.ts';
import { liveGenerations } from '../../storage/generations.ts';
import { tellStory } from '../../storage/stories.ts';
import {
  readCommand,
  readSupervisor,
  recordCommand,
  replaceSupervisorVersion,
  storeTombstone,
} from '../../storage/supervisors.ts';
import type { ControlDeps } from '../control-deps.ts';
import { applyReset } from './apply-reset.ts';
import { applyScale } from './apply-scale.ts';
import { applyCheckpoint, applyShutdownTask } from './apply-task-orders.ts';
import type { ApplyCommandInput, ApplyCommandResult, CommandOutcome } from './contract.ts';
import { applyBackfill } from './reset-backfill.ts';

export async function applyCommand(deps: ControlDeps, input: ApplyCommandInput): Promise<ApplyCommandResult> {
  const { pool } = deps;
  const base = { commandId: input.commandId, supervisorId: input.supervisorId, verb: input.verb };
  const before = await readCommand(pool, input.commandId);
  if (before && (before.supervisorId !== input.supervisorId || before.verb !== input.verb))
    return refused(
      `command id ${input.commandId} belongs to ${before.verb} of supervisor ${before.supervisorId}; nothing was done: give each order an id of its own`,
    );
  if (before && before.state !== 'accepted')
    return { kind: before.state, outcome: { summary: outcomeOf(before.outcome).summary } };
  const result: ApplyCommandResult = input.refusal
    ? refused(input.refusal.message)
    : await effect(deps, input).catch(givenUp);
  await recordCommand(pool, {
    ...base,
    input: input.input ?? {},
    by: input.by,
    state: result.kind,
    outcome: result.outcome,
  });
  await tellOrder(deps, input, result);
  // Long outcomes are for whoever asked; the workflow's history needs the sentence.
  return { kind: result.kind, outcome: { summary: result.outcome.summary } };
}

/** Outages are waited for, however long. A mistake of ours is not: the orders behind this one must not wait for ever. */
function givenUp(error: unknown): ApplyCommandResult {
  const { attempt } = Context.current().info;
  if (isHeadgateError(error) || attempt < triesMost) throw error;
  return refused(
    `it was tried ${attempt} times and failed each time: ${messageOf(error)}; it is a mistake of this program, and nothing more is tried`,
  );
}

const triesMost = 10;

/** These tell their own story when they have an effect. */
const told: ReadonlySet<Verb> = new Set<Verb>([
  'reset',
  'resetOffsets',
  'resetToLatestAndBackfill',
  'autoscale',
  'checkpoint',
]);

async function tellOrder(
  deps: ControlDeps,
  { supervisorId, verb, by, commandId }: ApplyCommandInput,
  { kind, outcome }: ApplyCommandResult,
): Promise<void> {
  if (kind === 'done' && told.has(verb)) return;
  const what = kind === 'done' ? '' : ' was refused';
  await tellStory(deps.pool, {
    supervisorId,
    kind: 'order',
    text: `${verb} by ${by}${what}: ${outcome.summary}`,
    details: { verb, by, kind, commandId },
    key: `order ${commandId}`,
  }).catch((error: unknown) =>
    deps.log('warn', 'a line of the story was not written', { supervisorId, error: String(error) }),
  );
}

async function effect(deps: ControlDeps, input: ApplyCommandInput): Promise<ApplyCommandResult> {
  const { supervisorId, verb, by } = input;
  switch (verb) {
    case 'suspend':
      return changeSuspended(deps, supervisorId, true, by);
    case 'resume':
      return changeSuspended(deps, supervisorId, false, by);
    case 'terminate':
      await storeTombstone(deps.pool, { supervisorId, by });
      return done('terminated: groups are being finished');
    case 'handoffTaskGroups':
      return handOff(deps, supervisorId, (input.input?.['taskGroupIds'] ?? []) as readonly number[]);
    case 'reset':
    case 'resetOffsets':
      return applyReset(deps, input);
    case 'resetToLatestAndBackfill':
      return applyBackfill(deps, input);
    case 'autoscale':
      return applyScale(deps, input);
    case 'checkpoint':
      return applyCheckpoint(deps, input);
    case 'shutdownTask':
      return applyShutdownTask(deps, input);
    case 'runNotice':
      return done('noted');
    default:
      return unreachable(verb);
  }
}

/** The plan does it at its next look; here it is said which of the groups there are (unknown ones are ignored, as in Druid). */
async function handOff(
  deps: ControlDeps,
  supervisorId: string,
  taskGroupIds: readonly number[],
): Promise<ApplyCommandResult> {
  const live = await liveGenerations(deps.pool, supervisorId);
  const reading = new Set(live.filter(({ state }) => state === 'reading').map(({ key }) => key.groupId));
  const found = taskGroupIds.filter((groupId) => reading.has(groupId));
  const others = taskGroupIds.filter((groupId) => !reading.has(groupId));
  const parts = [
    ...(found.length > 0 ? [`${groups(found)} being handed off`] : []),
    ...(others.length > 0 ? [`${groups(others)} not reading: nothing to hand off`] : []),
  ];
  return { kind: 'done', outcome: { summary: parts.join('; '), handedOff: found, ignored: others } };
}

function groups(ids: readonly number[]): string {
  return ids.length === 1 ? `group ${ids[0]} is` : `groups ${ids.join(', ')} are`;
}

async function changeSuspended(
  deps: ControlDeps,
  supervisorId: string,
  suspended: boolean,
  by: string,
): Promise<ApplyCommandResult> {
  const row = await readSupervisor(deps.pool, supervisorId);
  const desired = suspended ? 'suspended' : 'running';
  if (!row?.specText || row.desired === 'terminated')
    return refused(`supervisor ${supervisorId} is terminated`);
  if (row.desired === desired) return done(`it is ${desired} already`);
  const { kind, version } = await replaceSupervisorVersion(deps.pool, {
    supervisorId,
    expectedVersion: row.version,
    dataSource: row.dataSource,
    specText: setSuspended(row.specText, suspended),
    by,
    desired,
  });
  // Another version came in between: the order is for that one.
  if (kind === 'overtaken') return changeSuspended(deps, supervisorId, suspended, by);
  return done(`${desired} as of spec version ${version}`);
}

/** Outcomes of the first version were plain texts. */
function outcomeOf(stored: Json): CommandOutcome {
  if (typeof stored === 'object' && stored !== null && 'summary' in stored) return stored as CommandOutcome;
  return { summary: typeof stored === 'string' ? stored : JSON.stringify(stored ?? '') };
}

function done(summary: string): ApplyCommandResult {
  return { kind: 'done', outcome: { summary } };
}

function refused(summary: string): ApplyCommandResult {
  return { kind: 'refused', outcome: { summary } };
}
