/**
 * What people see of a supervisor: Druid's states (reference names kept), a sentence, and what to do about it.
 *
 * It is stored as JSON beside the supervisor row, so status can be answered while Temporal is down.
 */
import type { Satisfies } from '../json.ts';

export const supervisorStates = [
  'PENDING',
  'RUNNING',
  'IDLE',
  'SUSPENDED',
  'STOPPING',
  'COMPLETED',
  'UNHEALTHY_SUPERVISOR',
  'UNHEALTHY_TASKS',
] as const;
export type SupervisorStateName = (typeof supervisorStates)[number];

export const detailedStates = [
  'PENDING',
  'CONNECTING_TO_STREAM',
  'DISCOVERING_INITIAL_TASKS',
  'CREATING_TASKS',
  'RUNNING',
  'IDLE',
  'SUSPENDED',
  'STOPPING',
  'COMPLETED',
  'UNHEALTHY_SUPERVISOR',
  'UNABLE_TO_CONNECT_TO_STREAM',
  'LOST_CONTACT_WITH_STREAM',
  'UNHEALTHY_TASKS',
] as const;
export type DetailedState = (typeof detailedStates)[number];

/** One of the newest errors, in the form Druid's console shows. */
export type RecentError = Satisfies<{
  /** ISO instant. */
  readonly timestamp: string;
  /** Our error code. */
  readonly exceptionClass: string;
  readonly message: string;
  readonly streamException: boolean;
}>;

export type SupervisorStatus = Satisfies<{
  readonly state: SupervisorStateName;
  readonly detailedState: DetailedState;
  readonly healthy: boolean;
  readonly suspended: boolean;
  /** One sentence: what it is doing, or what is wrong. */
  readonly reason: string;
  /** What an operator can do; null when nothing is wrong. */
  readonly remedy: string | null;
  readonly recentErrors: readonly RecentError[];
  readonly asOfMs: number;
}>;

/** Which detailed states belong to which state, whether they are healthy, and whether they are left for good after the first good run (druid.md 3.1). */
export const detailedStateFacts = {
  PENDING: { state: 'PENDING', healthy: true, firstRunOnly: true },
  CONNECTING_TO_STREAM: { state: 'RUNNING', healthy: true, firstRunOnly: true },
  DISCOVERING_INITIAL_TASKS: { state: 'RUNNING', healthy: true, firstRunOnly: true },
  CREATING_TASKS: { state: 'RUNNING', healthy: true, firstRunOnly: true },
  RUNNING: { state: 'RUNNING', healthy: true, firstRunOnly: false },
  IDLE: { state: 'IDLE', healthy: true, firstRunOnly: false },
  SUSPENDED: { state: 'SUSPENDED', healthy: true, firstRunOnly: false },
  COMPLETED: { state: 'COMPLETED', healthy: true, firstRunOnly: false },
  STOPPING: { state: 'STOPPING', healthy: true, firstRunOnly: false },
  UNHEALTHY_SUPERVISOR: { state: 'UNHEALTHY_SUPERVISOR', healthy: false, firstRunOnly: false },
  UNABLE_TO_CONNECT_TO_STREAM: { state: 'UNHEALTHY_SUPERVISOR', healthy: false, firstRunOnly: true },
  LOST_CONTACT_WITH_STREAM: { state: 'UNHEALTHY_SUPERVISOR', healthy: false, firstRunOnly: false },
  UNHEALTHY_TASKS: { state: 'UNHEALTHY_TASKS', healthy: false, firstRunOnly: false },
} as const satisfies Record<
  DetailedState,
  { readonly state: SupervisorStateName; readonly healthy: boolean; readonly firstRunOnly: boolean }
>;
