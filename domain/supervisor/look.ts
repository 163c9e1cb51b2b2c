/**
 * One look, folded: how it changes health, what would be done, and whether the workflow must hear of it now.
 *
 * `watch` folds look after look with this and comes back only when something changed, so that a steady supervisor
 * costs no history; the workflow does what the same functions say.
 */
import { finishRun, initialHealth, propose, recordError } from './health.ts';
import type { Health } from './health.ts';
import { learned, steadyOf } from './evolve.ts';
import { errorsOf, overruledBy } from './observation.ts';
import type { Observation } from './observation.ts';
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
    seenKnown.idle?.isIdle !== known.idle?.isIdle ||
    seenKnown.desired !== known.desired;
  return { known: seenKnown, health: next, actions, isNews };
}

/**
 * With actions to perform, the run ends when they are performed (`runFinished`); without, here. Looks between two
 * periods, woken by notices, are not runs of their own: thresholds count in periods.
 */
function folded(known: Known, health: Health, observation: Observation, willAct: boolean): Health {
  if (known.desired === 'terminated') return propose(health, 'STOPPING', 'RUNNING');
  const { atMs } = observation;
  const errors = errorsOf(observation);
  // Before startDelay nothing has begun; while failed actions pause, a good look does not make them good.
  if (atMs < known.notBeforeMs && (known.failures === 0 || errors.length === 0)) return health;
  const steady = steadyOf(known, observation);
  let next = propose(health, 'CONNECTING_TO_STREAM', steady);
  const connected = observation.kind === 'seen' && observation.stream.kind === 'ok';
  if (connected) next = propose(next, 'DISCOVERING_INITIAL_TASKS', steady);
  // Awake again: that shows before its tasks are made (druid.md 4.15).
  if (isAsleep(next) && errors.length === 0) next = propose(next, steady, steady);
  if (willAct && errors.length === 0) return propose(next, 'CREATING_TASKS', steady);
  if (willAct) next = errors.reduce((sum, error) => recordError(sum, error, atMs), next);
  else if (isDue(known, health, atMs)) next = finishRun(next, { errors, steady, atMs });
  else if (errors.length === 0) next = propose(next, steady, steady);
  const overruled = overruledBy(observation);
  return overruled === null ? next : { ...next, detailed: overruled };
}

function isAsleep({ detailed }: Health): boolean {
  return detailed === 'IDLE' || detailed === 'COMPLETED';
}

function isDue(known: Known, health: Health, atMs: number): boolean {
  const period = known.settings?.periodMs ?? 0;
  return health.ranAtMs === null || atMs - health.ranAtMs >= period / 2;
}
