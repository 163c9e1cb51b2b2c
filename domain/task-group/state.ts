/**
 * One generation of a task group: reading, then publishing, then done. References only: positions are rows in Postgres.
 *
 * `next` says what its workflow does now; `apply` folds what happened. Both are pure and total.
 */
import { unreachable } from '../assert.ts';
import type { Satisfies } from '../json.ts';

export type GroupSettings = Satisfies<{
  readonly taskDurationMs: number;
  readonly completionTimeoutMs: number;
  /**
   * Whether reading ends by taskDuration alone. Otherwise (stopTaskCount) the supervisor says when: then taskDuration is
   * only what it goes by. Absent in old histories: it does.
   */
  readonly stopsItself?: boolean;
}>;

/** Why the open sequence is to end. `bound`: nothing is left to read, ever. */
export const checkpointReasons = {
  rows: 'a segment has maxRowsPerSegment rows',
  totalRows: 'the sequence has maxTotalRows rows',
  period: 'intermediateHandoffPeriod is over',
  operator: 'an operator asked for it',
  bound: 'everything up to the ends of boundedStreamConfig is read',
} as const;
export type CheckpointReason = keyof typeof checkpointReasons;

export type GroupOutcome = Satisfies<{ readonly kind: 'published' | 'discarded'; readonly why: string }>;

export type GroupState = {
  readonly settings: GroupSettings;
  /** When the first replica began to read: taskDuration counts from here. */
  readonly startedAtMs: number | null;
  /** Ordinal of the newest sequence whose ends are written; -1: none. */
  readonly endedOrdinal: number;
  /** When the final ends were written; null while reading. */
  readonly readEndedAtMs: number | null;
  /** The predecessor was seen published or discarded last at. */
  readonly predecessorAtMs: number | null;
  /** A replica wants the open sequence ended. */
  readonly checkpoint: { readonly ordinal: number; readonly reason: CheckpointReason } | null;
  /** The supervisor wants reading ended, or there is nothing left to read. */
  readonly finish: string | null;
  /** How often completionTimeout has passed. */
  readonly expiries: number;
  /** When Postgres was last asked how the publish stands, at the end of a completionTimeout. */
  readonly askedAtMs: number | null;
  /** Publishing can never succeed: why. */
  readonly hopeless: string | null;
  readonly outcome: GroupOutcome | null;
};

export type GroupEvent =
  | { readonly kind: 'replicaStarted'; readonly atMs: number }
  | { readonly kind: 'checkpointRequested'; readonly ordinal: number; readonly reason: CheckpointReason }
  | { readonly kind: 'finishRequested'; readonly why: string }
  | {
      readonly kind: 'sequenceEnded';
      readonly ordinal: number;
      readonly final: boolean;
      readonly atMs: number;
    }
  | { readonly kind: 'predecessorSettled'; readonly atMs: number }
  /** completionTimeout passed, and Postgres says that the predecessor does not hold this one up. */
  | { readonly kind: 'completionExpired'; readonly atMs: number }
  | { readonly kind: 'publishHopeless'; readonly why: string }
  | { readonly kind: 'settled'; readonly outcome: GroupOutcome };

export type GroupStep =
  | { readonly kind: 'wait'; readonly untilMs: number | null }
  | { readonly kind: 'checkpoint'; readonly final: boolean; readonly why: string }
  /** Ask Postgres whether the predecessor, or this group, is published. */
  | { readonly kind: 'askStanding' }
  | { readonly kind: 'discard'; readonly why: string }
  | { readonly kind: 'end'; readonly outcome: GroupOutcome };

export function initialGroup(
  settings: GroupSettings,
  facts: {
    readonly startedAtMs: number | null;
    readonly endedOrdinal: number;
    readonly readEndedAtMs: number | null;
  },
): GroupState {
  return {
    settings,
    ...facts,
    predecessorAtMs: null,
    checkpoint: null,
    finish: null,
    expiries: 0,
    askedAtMs: null,
    hopeless: null,
    outcome: null,
  };
}

export function next(state: GroupState, nowMs: number): GroupStep {
  if (state.outcome) return { kind: 'end', outcome: state.outcome };
  if (state.hopeless) return { kind: 'discard', why: state.hopeless };
  if (state.readEndedAtMs === null) return whileReading(state, nowMs);
  if (state.expiries >= 2)
    return {
      kind: 'discard',
      why: `completionTimeout of ${seconds(state.settings.completionTimeoutMs)} passed twice without a publish`,
    };
  const due = completionDue(state);
  return nowMs < due ? { kind: 'wait', untilMs: due } : { kind: 'askStanding' };
}

function whileReading(state: GroupState, nowMs: number): GroupStep {
  if (state.finish) return { kind: 'checkpoint', final: true, why: state.finish };
  const due = stopDue(state);
  if (due !== null && nowMs >= due)
    return {
      kind: 'checkpoint',
      final: true,
      why: `taskDuration of ${seconds(state.settings.taskDurationMs)} is over`,
    };
  if (state.checkpoint)
    return { kind: 'checkpoint', final: false, why: checkpointReasons[state.checkpoint.reason] };
  return { kind: 'wait', untilMs: due };
}

/** When taskDuration ends reading; null: not known yet, or the supervisor says when. */
function stopDue({ settings, startedAtMs }: GroupState): number | null {
  return startedAtMs === null || settings.stopsItself === false
    ? null
    : startedAtMs + settings.taskDurationMs;
}

/** The later of the own end of reading, the predecessor's end and the last expiry, plus completionTimeout (design 6). */
function completionDue(state: GroupState): number {
  const from = Math.max(state.readEndedAtMs ?? 0, state.predecessorAtMs ?? 0, state.askedAtMs ?? 0);
  return from + state.settings.completionTimeoutMs;
}

export function apply(state: GroupState, event: GroupEvent): GroupState {
  switch (event.kind) {
    case 'replicaStarted':
      return state.startedAtMs === null ? { ...state, startedAtMs: event.atMs } : state;
    case 'checkpointRequested':
      // Repeated every few seconds by every replica: one that asks for a sequence already ended is late.
      if (event.ordinal <= state.endedOrdinal || state.readEndedAtMs !== null) return state;
      if (event.reason === 'bound') return { ...state, finish: state.finish ?? checkpointReasons.bound };
      if (state.checkpoint) return state;
      return { ...state, checkpoint: { ordinal: event.ordinal, reason: event.reason } };
    case 'finishRequested':
      return state.finish !== null || state.readEndedAtMs !== null ? state : { ...state, finish: event.why };
    case 'sequenceEnded':
      return {
        ...state,
        endedOrdinal: Math.max(state.endedOrdinal, event.ordinal),
        checkpoint: null,
        readEndedAtMs: event.final ? (state.readEndedAtMs ?? event.atMs) : state.readEndedAtMs,
      };
    case 'predecessorSettled':
      return { ...state, predecessorAtMs: Math.max(state.predecessorAtMs ?? 0, event.atMs) };
    case 'completionExpired':
      return { ...state, expiries: state.expiries + 1, askedAtMs: event.atMs };
    case 'publishHopeless':
      return { ...state, hopeless: state.hopeless ?? event.why };
    case 'settled':
      return state.outcome ? state : { ...state, outcome: event.outcome };
    default:
      return unreachable(event);
  }
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}
