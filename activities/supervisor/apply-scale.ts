/**
 * An outside notice to run with another number of task groups: a new spec version, as the autoscaler makes one.
 *
 * It waits for no cooldown and for no window, for whoever sends it knows something; but the bounds of an enabled autoscaler
 * hold, and its cooldown begins, so that it does not undo the order in its next breath.
 */
import type { Json } from '../../domain/json.ts';
import type { AutoScalerConfig } from '../../domain/spec/spec.ts';
import { readPartitions } from '../../storage/partitions.ts';
import { readSupervisor } from '../../storage/supervisors.ts';
import type { SupervisorRow } from '../../storage/supervisors.ts';
import type { ControlDeps } from '../control-deps.ts';
import { parseStored } from '../read-spec.ts';
import type { ApplyCommandInput, ApplyCommandResult } from './contract.ts';
import { scaleSupervisor } from './scale-supervisor.ts';

const attemptsMost = 10;

export async function applyScale(deps: ControlDeps, input: ApplyCommandInput): Promise<ApplyCommandResult> {
  const { supervisorId } = input;
  for (let attempt = 1; ; attempt += 1) {
    const row = await readSupervisor(deps.pool, supervisorId);
    if (!row?.specText || row.desired === 'terminated') return refused(terminated(supervisorId));
    const result = await scaleOnce(deps, input, { ...row, specText: row.specText });
    if (result !== 'overtaken') return result;
    if (attempt === attemptsMost)
      return refused(`the spec of ${supervisorId} keeps changing meanwhile; order it again`);
  }
}

async function scaleOnce(
  deps: ControlDeps,
  input: ApplyCommandInput,
  row: SupervisorRow & { readonly specText: string },
): Promise<ApplyCommandResult | 'overtaken'> {
  const { supervisorId, commandId, by } = input;
  const { taskCount, reason, dryRun } = input.input as {
    taskCount: number;
    reason?: string;
    dryRun?: boolean;
  };
  const { io } = parseStored(supervisorId, row.version, row.specText);
  const from = io.taskCount;
  const outside = outsideOf(io.autoScaler, taskCount);
  if (outside) return refused(outside);
  if (from === taskCount)
    return done(`it is ${taskCount} already`, { from, to: taskCount, specVersion: row.version });
  if (dryRun) return done(`would scale from ${from} to ${taskCount}`, { from, to: taskCount, dryRun: true });
  const { kind, version } = await scaleSupervisor(deps, {
    supervisorId,
    specVersion: row.version,
    from,
    taskCount,
    why: reason ?? 'no reason given',
    by,
    key: commandId,
  });
  if (kind === 'overtaken') return 'overtaken';
  if (kind === 'terminated') return refused(terminated(supervisorId));
  const effect =
    row.desired === 'suspended' ? 'it counts from the next resume on' : 'its groups are handed off now';
  const words = `scaled from ${from} to ${taskCount} as of spec version ${version}: ${effect}`;
  return done(`${words}${await manyGroups(deps, supervisorId, io.topic, taskCount)}`, {
    from,
    to: taskCount,
    specVersion: version,
  });
}

/** Null: it is within the bounds of the autoscaler, or there is none. */
function outsideOf(config: AutoScalerConfig | null, taskCount: number): string | null {
  if (config === null || (taskCount >= config.taskCountMin && taskCount <= config.taskCountMax)) return null;
  return (
    `taskCount is ${taskCount}, but the autoscaler of this supervisor keeps it from taskCountMin ${config.taskCountMin} ` +
    `to taskCountMax ${config.taskCountMax}; order a count between them, or change autoScalerConfig first`
  );
}

/** More groups than partitions are accepted: partitions may be added. It is said, because nothing will happen yet. */
async function manyGroups(
  deps: ControlDeps,
  supervisorId: string,
  stream: string,
  taskCount: number,
): Promise<string> {
  const rows = await readPartitions(deps.pool, supervisorId);
  const open = rows.filter((row) => row.stream === stream && row.state === 'open').length;
  return open > 0 && taskCount > open ? `; the stream has ${open} partitions, so ${open} groups read it` : '';
}

function terminated(supervisorId: string): string {
  return `supervisor ${supervisorId} is terminated; post its spec again to start it`;
}

function done(summary: string, more: { readonly [key: string]: Json }): ApplyCommandResult {
  return { kind: 'done', outcome: { summary, ...more } };
}

function refused(summary: string): ApplyCommandResult {
  return { kind: 'refused', outcome: { summary } };
}
