/**
 * Druid's health rules: counters and thresholds of runs and tasks, and which proposed state is accepted
 * (druid.md 3.2, 3.3). Beside them, a trouble (offsets lost, topic re-created, ...) is unhealthy at once:
 * no threshold may hide that nothing is read.
 */
import type { Satisfies } from '../json.ts';
import type { ObservedError } from './observation.ts';
import type { DetailedState, RecentError } from './status.ts';
import { detailedStateFacts } from './status.ts';

/** Druid's defaults of `druid.supervisor.*`; the error ring holds the larger of the two run thresholds. */
export const thresholds = {
  healthiness: 3,
  unhealthiness: 3,
  taskHealthiness: 3,
  taskUnhealthiness: 3,
  errors: 3,
} as const;

const messageLimit = 1_000;

export type Health = Satisfies<{
  readonly detailed: DetailedState;
  readonly everSucceeded: boolean;
  /** End of the last counted run. */
  readonly ranAtMs: number | null;
  readonly successRuns: number;
  readonly failedRuns: number;
  readonly successTasks: number;
  readonly failedTasks: number;
  /** A threshold was passed once. Cleared on recovery, unlike Druid's, which then asks for more than it says. */
  readonly hitRuns: boolean;
  readonly hitTasks: boolean;
  readonly errors: readonly RecentError[];
}>;

export const initialHealth: Health = {
  detailed: 'PENDING',
  everSucceeded: false,
  ranAtMs: null,
  successRuns: 0,
  failedRuns: 0,
  successTasks: 0,
  failedTasks: 0,
  hitRuns: false,
  hitTasks: false,
  errors: [],
};

export type SteadyState = 'RUNNING' | 'SUSPENDED' | 'IDLE' | 'COMPLETED';

/** Applies rule by rule, in Druid's order (druid.md 3.3). */
export function propose(health: Health, proposed: DetailedState, steady: SteadyState): Health {
  if (health.detailed === 'STOPPING' || proposed === 'STOPPING') return withDetailed(health, 'STOPPING');
  const hitRuns = health.failedRuns >= thresholds.unhealthiness;
  const hitTasks = health.failedTasks >= thresholds.taskUnhealthiness;
  let next: Health = health;
  if (hitRuns) next = { ...next, hitRuns: true, detailed: unhealthyByRuns(health) };
  else if (hitTasks) next = { ...next, hitTasks: true, detailed: 'UNHEALTHY_TASKS' };
  if (hitRuns && hitTasks) next = { ...next, hitTasks: true };
  if (!detailedStateFacts[next.detailed].healthy) {
    const needsRuns = next.hitRuns && next.successRuns < thresholds.healthiness;
    const needsTasks = next.hitTasks && next.successTasks < thresholds.taskHealthiness;
    if (needsRuns || needsTasks) return next;
  }
  if (proposed === steady && !health.everSucceeded) return next;
  if (detailedStateFacts[proposed].firstRunOnly && health.everSucceeded) return next;
  return { ...next, detailed: proposed, hitRuns: false, hitTasks: false };
}

function unhealthyByRuns(health: Health): DetailedState {
  if (!health.errors.at(-1)?.streamException) return 'UNHEALTHY_SUPERVISOR';
  return health.everSucceeded ? 'LOST_CONTACT_WITH_STREAM' : 'UNABLE_TO_CONNECT_TO_STREAM';
}

function withDetailed(health: Health, detailed: DetailedState): Health {
  return health.detailed === detailed ? health : { ...health, detailed };
}

export function recordError(health: Health, error: ObservedError, atMs: number): Health {
  const entry: RecentError = {
    timestamp: new Date(atMs).toISOString(),
    exceptionClass: error.code,
    message: error.message.length > messageLimit ? `${error.message.slice(0, messageLimit)}…` : error.message,
    streamException: error.streamException,
  };
  return { ...health, errors: [...health.errors, entry].slice(-thresholds.errors) };
}

/** The end of one run: counts it as good or failed, then proposes the steady state. */
export function finishRun(
  health: Health,
  run: {
    /** To be recorded; a run with any has failed. */
    readonly errors: readonly ObservedError[];
    /** Failed for errors that are recorded already. */
    readonly failed?: boolean;
    readonly steady: SteadyState;
    readonly atMs: number;
  },
): Health {
  const failed = run.errors.length > 0 || run.failed === true;
  let next = run.errors.reduce((folded, error) => recordError(folded, error, run.atMs), health);
  next = failed
    ? { ...next, failedRuns: capped(next.failedRuns + 1), successRuns: 0, ranAtMs: run.atMs }
    : {
        ...next,
        successRuns: capped(next.successRuns + 1),
        failedRuns: 0,
        everSucceeded: true,
        ranAtMs: run.atMs,
      };
  return propose(next, run.steady, run.steady);
}

export function taskEnded(health: Health, outcome: 'succeeded' | 'failed'): Health {
  return outcome === 'succeeded'
    ? { ...health, successTasks: capped(health.successTasks + 1), failedTasks: 0 }
    : { ...health, failedTasks: capped(health.failedTasks + 1), successTasks: 0 };
}

/** Counters only ever meet thresholds; a bound keeps a steady supervisor's state from changing for ever. */
function capped(count: number): number {
  return Math.min(count, 1_000);
}
