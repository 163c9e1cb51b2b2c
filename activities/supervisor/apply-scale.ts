/** An outside notice to run with another number of task groups: a new spec version, as the autoscaler makes one. */
import type { ControlDeps } from '../control-deps.ts';
import type { ApplyCommandInput, ApplyCommandResult } from './contract.ts';

export async function applyScale(_deps: ControlDeps, input: ApplyCommandInput): Promise<ApplyCommandResult> {
  return { kind: 'refused', outcome: { summary: `${input.verb} is not supported yet` } };
}
