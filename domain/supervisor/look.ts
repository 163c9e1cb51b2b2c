/**
 * One look, folded: how it changes health, what would be done, and whether the workflow must hear of it now.
 *
 * `watch` folds look after look with this and comes back only when something changed, so that a steady supervisor
 * costs no history; the workflow does what the same functions say.
 */
import { finishRun, initialHealth, propose, recordError } from './health.ts';
import type { Health } from './health.ts';
import { learned, steadyOf } from './evolve.ts';
import type { ObservedError, Observation } from './observation.ts';
import { plan } from './plan.ts';
import type { Action } from './plan.ts';
import type { Known } from './state.ts';

export type Look = {
  readonly known: Known;
  readonly health: Health;
  readonly actions: readonly Action[];
  /** The plan acts, the state people see changed, or the orders did. */
  readonly isNews: boolean;
};

export function takeLook(known: Known, health: Health, observation: Observation): Look {
  const seenKnown = observation.kind === 'seen' ? learned(known, observation) : known;
  const actions = plan(seenKnown, observation, observation.atMs);
  // An id that was terminated and posted again is a new supervisor as far as its health goes.
  const revived = known.desired === 'terminated' && seenKnown.desired !== 'terminated';
  const next = folded(seenKnown, revived ? initialHealth : health, observation, actions.length > 0);
  const isNews =
    actions.length > 0 ||
    next.detailed !== health.detailed ||
    seenKnown.specVersion !== known.specVersion ||
    seenKnown.desired !== known.desired;
  return { known: seenKnown, health: next, actions, isNews };
}

/** With actions to perform, the run ends when they are performed (`runFinished`); without, here. */
function folded(known: Known, health: Health, observation: Observation, willAct: boolean): Health {
  if (known.desired === 'terminated') return propose(health, 'STOPPING', 'RUNNING');
  if (observation.atMs < known.notBeforeMs && known.failures === 0) return health;
  const steady = steadyOf(known.desired);
  const errors = errorsOf(observation);
  let next = propose(health, 'CONNECTING_TO_STREAM', steady);
  const connected = observation.kind === 'seen' && observation.stream.kind === 'ok';
  if (connected) next = propose(next, 'DISCOVERING_INITIAL_TASKS', steady);
  if (connected && willAct && errors.length === 0) return propose(next, 'CREATING_TASKS', steady);
  next = willAct
    ? errors.reduce((sum, error) => recordError(sum, error, observation.atMs), next)
    : finishRun(next, { errors, steady, atMs: observation.atMs });
  return isTroubled(observation) ? { ...next, detailed: 'UNHEALTHY_SUPERVISOR' } : next;
}

/** Unhealthy at once, whatever the thresholds say. */
export function isTroubled(observation: Observation): boolean {
  return observation.kind === 'seen' && (observation.troubles.length > 0 || observation.halted !== null);
}

export function errorsOf(observation: Observation): readonly ObservedError[] {
  if (observation.kind === 'blind') return [observation.error];
  const stream = observation.stream.kind === 'failed' ? [observation.stream.error] : [];
  const halted = observation.halted
    ? [{ code: 'INVARIANT_VIOLATED', message: observation.halted, streamException: false }]
    : [];
  return [
    ...stream,
    ...halted,
    ...observation.troubles.map(({ code, message, streamException }) => ({ code, message, streamException })),
  ];
}
