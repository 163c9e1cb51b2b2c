/** Resets: positions are moved in one transaction, and what that skips or reads again is told (protocol.md 5). */
import type { ControlDeps } from '../control-deps.ts';
import type { ApplyCommandInput, ApplyCommandResult } from './contract.ts';

export async function applyReset(_deps: ControlDeps, input: ApplyCommandInput): Promise<ApplyCommandResult> {
  return { kind: 'refused', outcome: { summary: `${input.verb} is not supported yet` } };
}

export async function applyBackfill(
  _deps: ControlDeps,
  input: ApplyCommandInput,
): Promise<ApplyCommandResult> {
  return { kind: 'refused', outcome: { summary: `${input.verb} is not supported yet` } };
}
