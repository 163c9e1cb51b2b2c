/**
 * Everything a supervisor workflow knows, in one plain object: nothing may live in locals of the workflow function,
 * for it would be lost at the next continue-as-new (a spike lost a `stop` that way).
 *
 * `known` is what `plan` reads, `health` what Druid's thresholds need, `inbox` what nobody has worked on yet.
 */
import type { ErrorCode } from '../errors.ts';
import type { Json, Satisfies } from '../json.ts';
import type { Verb } from './commands.ts';
import type { DesiredState, Observation } from './observation.ts';
import { initialHealth } from './health.ts';
import type { Health } from './health.ts';
import type { Settings } from './settings.ts';
import type { SupervisorStatus } from './status.ts';
import { detailedStateFacts } from './status.ts';

/** A generation of one of this supervisor's groups. */
export type GenerationRef = { readonly groupId: number; readonly generation: number };

export function sameGeneration(left: GenerationRef, right: GenerationRef): boolean {
  return left.groupId === right.groupId && left.generation === right.generation;
}

export type Known = Satisfies<{
  readonly supervisorId: string;
  readonly specVersion: number;
  readonly desired: DesiredState;
  /** Of the newest spec seen; null before the first look and for a tombstone. */
  readonly settings: Settings | null;
  /** Highest seen; a fall within one timeline means that Postgres was restored (protocol.md 7). */
  readonly commitSeq: string;
  readonly timeline: string | null;
  readonly everSeeded: boolean;
  /** Generations already told to finish reading, when, how often. */
  readonly handOffs: readonly (GenerationRef & { readonly atMs: number; readonly times: number })[];
  /** Groups an operator wants handed off, up to this generation; null: the one that reads at the next look. */
  readonly handOffWanted: readonly {
    readonly groupId: number;
    readonly generation: number | null;
    readonly why: string;
  }[];
  /** Groups whose next generation was refused, until when not to ask again. */
  readonly blocked: readonly { readonly groupId: number; readonly why: string; readonly untilMs: number }[];
  /** Generations whose workflow this run has started or found running. Empty in every new run: reconcile. */
  readonly children: readonly GenerationRef[];
  /** Failed actions in a row, and when to act again. */
  readonly failures: number;
  readonly notBeforeMs: number;
  /** Acting runs since a moment; bounds how fast they follow each other. */
  readonly pace: { readonly runs: number; readonly sinceMs: number };
  /** Since when nothing has arrived, with all read; null: it cannot be IDLE, or nothing was seen yet. */
  readonly idle: IdleWatch | null;
}>;

export type IdleWatch = Satisfies<{
  readonly latestTotal: string;
  readonly activeAtMs: number;
  readonly isIdle: boolean;
}>;

/**
 * What only `watch` may know: it folds many looks and hands over the last. A fall of the commit sequence between two of
 * its looks would be forgotten without this (protocol.md 7), and the start delay served twice.
 */
export type WatchLearned = Pick<Known, 'commitSeq' | 'timeline' | 'settings' | 'notBeforeMs'> & {
  /** Absent in old histories. */
  readonly idle?: IdleWatch | null;
};

export type InboxItem =
  | {
      readonly kind: 'command';
      readonly verb: Verb;
      readonly commandId: string;
      readonly by: string;
      readonly reconcile: boolean;
      /** What its reader made of it (commands.ts). */
      readonly input: { readonly [key: string]: Json };
      /** Set when it can only be refused: malformed, or not supported. */
      readonly refusal: { readonly code: ErrorCode; readonly message: string } | null;
    }
  | {
      readonly kind: 'report';
      readonly groupId: number;
      readonly generation: number;
      readonly report: 'readingFinished' | 'done' | 'discarded' | 'taskFailed';
      readonly detail: string;
      readonly counted: boolean;
      readonly atMs: number;
    };

export type RunCounters = Satisfies<{
  /** Lives of the workflow: one more at every continue-as-new. */
  readonly lives: number;
  readonly runs: number;
  readonly commands: number;
  readonly reports: number;
  readonly generationsCreated: number;
  readonly generationsPublished: number;
  readonly generationsDiscarded: number;
  readonly tasksFailed: number;
}>;

export type SupervisorState = {
  readonly known: Known;
  readonly health: Health;
  readonly inbox: readonly InboxItem[];
  /** The last 200 command ids applied or refused. */
  readonly processed: readonly string[];
  readonly counters: RunCounters;
  readonly status: SupervisorStatus;
  readonly lastPublish: (GenerationRef & { readonly atMs: number }) | null;
  readonly queues: { readonly control: string; readonly ingest: string };
  /** Continue as new after this many events. */
  readonly rolloverEvents: number;
  /** The newest look; for queries and the details page only, and not carried over. */
  readonly observation: Observation | null;
};

export function initialState(input: {
  readonly supervisorId: string;
  readonly specVersion: number;
  readonly queues: { readonly control: string; readonly ingest: string };
  readonly rolloverEvents: number;
  readonly nowMs: number;
}): SupervisorState {
  const health = initialHealth;
  return {
    known: {
      supervisorId: input.supervisorId,
      specVersion: input.specVersion,
      desired: 'running',
      settings: null,
      commitSeq: '0',
      timeline: null,
      everSeeded: false,
      handOffs: [],
      handOffWanted: [],
      blocked: [],
      children: [],
      failures: 0,
      notBeforeMs: 0,
      pace: { runs: 0, sinceMs: 0 },
      idle: null,
    },
    health,
    inbox: [],
    processed: [],
    counters: {
      lives: 1,
      runs: 0,
      commands: 0,
      reports: 0,
      generationsCreated: 0,
      generationsPublished: 0,
      generationsDiscarded: 0,
      tasksFailed: 0,
    },
    status: {
      state: detailedStateFacts[health.detailed].state,
      detailedState: health.detailed,
      healthy: true,
      suspended: false,
      reason: 'starting',
      remedy: null,
      recentErrors: [],
      asOfMs: input.nowMs,
    },
    lastPublish: null,
    queues: input.queues,
    rolloverEvents: input.rolloverEvents,
    observation: null,
  };
}
