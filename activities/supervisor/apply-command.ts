/**
 * An order, as a row in `command` and, for suspend, resume and terminate, as a new spec version: the same thing the
 * HTTP API does. Safe to repeat: an order that is done answers its outcome again.
 */
import { setSuspended } from '../../domain/spec/with-suspended.ts';
import {
  readCommand,
  readSupervisor,
  recordCommand,
  replaceSupervisorVersion,
  storeTombstone,
} from '../../storage/supervisors.ts';
import type { ControlDeps } from '../control-deps.ts';
import type { ApplyCommandInput, ApplyCommandResult } from './contract.ts';

export async function applyCommand(deps: ControlDeps, input: ApplyCommandInput): Promise<ApplyCommandResult> {
  const { pool } = deps;
  const base = { commandId: input.commandId, supervisorId: input.supervisorId, verb: input.verb };
  const before = await readCommand(pool, input.commandId);
  if (before && before.state !== 'accepted') return { kind: before.state, outcome: textOf(before.outcome) };
  const result: ApplyCommandResult = input.refusal
    ? { kind: 'refused', outcome: input.refusal.message }
    : await effect(deps, input);
  await recordCommand(pool, { ...base, state: result.kind, outcome: result.outcome });
  return result;
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
      return { kind: 'done', outcome: 'terminated: groups are being finished' };
    case 'handoffTaskGroups':
      return { kind: 'done', outcome: `groups ${input.taskGroupIds.join(', ')} are being handed off` };
    default:
      return { kind: 'done', outcome: 'noted' };
  }
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
    return { kind: 'refused', outcome: `supervisor ${supervisorId} is terminated` };
  if (row.desired === desired) return { kind: 'done', outcome: `it is ${desired} already` };
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
  return { kind: 'done', outcome: `${desired} as of spec version ${version}` };
}

function textOf(outcome: unknown): string {
  return typeof outcome === 'string' ? outcome : JSON.stringify(outcome ?? '');
}
