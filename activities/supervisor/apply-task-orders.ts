/** Orders to running task groups: a checkpoint now, a task to be replaced. */
import type { ControlDeps } from '../control-deps.ts';
import type { ApplyCommandInput, ApplyCommandResult } from './contract.ts';

export async function applyCheckpoint(
  _deps: ControlDeps,
  input: ApplyCommandInput,
): Promise<ApplyCommandResult> {
  return { kind: 'refused', outcome: { summary: `${input.verb} is not supported yet` } };
}

export async function applyShutdownTask(
  _deps: ControlDeps,
  input: ApplyCommandInput,
): Promise<ApplyCommandResult> {
  return { kind: 'refused', outcome: { summary: `${input.verb} is not supported yet` } };
}
