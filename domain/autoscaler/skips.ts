/** Which skipped decisions are worth a line of the story: each reason once, and again after a while if it still holds. */
import type { AutoscalerState } from './autoscaler-state.ts';
import type { Decision } from './facts.ts';

const tellAgainMs = 6 * 3_600_000;

export type ToldSkip = { readonly state: AutoscalerState; readonly isNews: boolean };

export function noteSkip(state: AutoscalerState, decision: Decision, nowMs: number): ToldSkip {
  if (decision.kind !== 'skip') return { state, isNews: false };
  const { code, desired } = decision;
  const told = state.toldSkip;
  const isKnown =
    told !== null && told.code === code && told.desired === desired && nowMs - told.atMs < tellAgainMs;
  return isKnown
    ? { state, isNews: false }
    : { state: { ...state, toldSkip: { code, desired, atMs: nowMs } }, isNews: true };
}
