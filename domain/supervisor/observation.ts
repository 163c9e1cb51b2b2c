/**
 * What one look at Postgres and the stream showed, small enough for a workflow: no offsets but in texts for people.
 *
 * Errors are data here: a look never fails, it says what it could not see.
 */
import type { Satisfies } from '../json.ts';
import type { Settings } from './settings.ts';

export type DesiredState = 'running' | 'suspended' | 'terminated';

/** Something wrong that a threshold must not hide: it makes the supervisor UNHEALTHY at once (design 9). */
export type Trouble = Satisfies<{
  readonly code: string;
  /** The group it stops; null: all of them. */
  readonly groupId: number | null;
  /** With the offsets. */
  readonly message: string;
  readonly remedy: string;
  readonly streamException: boolean;
  /** Records were gone before they were read, and nobody holds the partition: `resetOffsetAutomatically` may reset it. */
  readonly isLost?: boolean;
  /** As `isLost`, but a live generation holds the partition: what it has read comes first. */
  readonly publishFirst?: boolean;
}>;

/** Another number of groups than `from`, which the spec version has, and the sentence that says why. */
export type ScaleWish = Satisfies<{
  readonly taskCount: number;
  readonly from: number;
  readonly specVersion: number;
  readonly why: string;
}>;

export type ObservedError = Satisfies<{
  readonly code: string;
  readonly message: string;
  readonly streamException: boolean;
}>;

export type ObservedGeneration = Satisfies<{
  readonly generation: number;
  readonly specVersion: number;
  /** Reading: its last sequence has no final end yet. Publishing: it has, and is not published. */
  readonly phase: 'reading' | 'publishing';
  /** Its partitions are exactly those its group should have now, by the spec version it runs. */
  readonly matchesWanted: boolean;
  /** It holds partitions that a group of the newest version could read, were they not held. */
  readonly isInTheWay?: boolean;
  /** Its taskDuration is over by the spec it runs, at this time; null: nobody reads yet. */
  readonly dueAtMs?: number | null;
  /** Attempts of a task that end without getting anywhere, and how; absent: all is well. */
  readonly stuck?: string;
  readonly createdAtMs: number;
  /** For people: how its tasks stand. */
  readonly tasks: string;
  /** Code and message of the newest task that failed, if one did; cut off when long. */
  readonly lastError?: string;
}>;

export type ObservedGroup = Satisfies<{
  readonly groupId: number;
  /** Partitions the group should have under the newest spec; 0: none, it only holds old generations. */
  readonly partitions: number;
  /** The newest generation ever created, whatever became of it; 0: none. */
  readonly newestGeneration: number;
  /** Every wanted partition has a position to start from. */
  readonly seeded: boolean;
  /** Some wanted partition is held by a generation that still reads, of this group or another. */
  readonly heldByReading: boolean;
  /** Bounded: every partition has been read to its end, or will have been when what is ended is published. */
  readonly isRead?: boolean;
  /** Generations not yet published: of this group, or in a row before it on one of its partitions, whichever are more. */
  readonly unpublished: number;
  readonly live: readonly ObservedGeneration[];
  /** For people: partition:position, cut off when long. */
  readonly positions: string;
  /** Records behind; null: unknown. */
  readonly lag: number | null;
}>;

export type StreamLook =
  | { readonly kind: 'ok'; readonly partitions: number }
  | { readonly kind: 'failed'; readonly error: ObservedError };

export type Observation =
  /** Postgres did not answer: nothing is known and nothing may be done. */
  | { readonly kind: 'blind'; readonly atMs: number; readonly error: ObservedError }
  | {
      readonly kind: 'seen';
      readonly atMs: number;
      readonly version: number;
      readonly desired: DesiredState;
      /** Generations of older versions make way at once; absent in old histories: for every new version. */
      readonly handOffBelow?: number;
      /** Bounded, and everything published. */
      readonly isComplete?: boolean;
      /** All latest offsets in one number: changes when anything arrives. Absent: unknown. */
      readonly latestTotal?: string;
      readonly scale?: ScaleWish | null;
      /** For people: the newest lines of the story. */
      readonly story?: string;
      /** Null for a tombstone. */
      readonly settings: Settings | null;
      readonly commitSeq: string;
      readonly timeline: string;
      /** Why publishing was stopped for this supervisor; null: it was not. */
      readonly halted: string | null;
      readonly stream: StreamLook;
      /** Partitions of the stream without a position; `firstDiscovery`: none has one yet. */
      readonly unseeded: number;
      readonly firstDiscovery: boolean;
      readonly groups: readonly ObservedGroup[];
      readonly troubles: readonly Trouble[];
      readonly lag: number | null;
      readonly lastPublishAtMs: number | null;
    };

export type Seen = Extract<Observation, { readonly kind: 'seen' }>;

/** What a look shows overrules what thresholds say: nothing may hide that nothing is read. */
export function overruledBy(observation: Observation): 'UNHEALTHY_SUPERVISOR' | 'UNHEALTHY_TASKS' | null {
  if (isTroubled(observation)) return 'UNHEALTHY_SUPERVISOR';
  return stuckTask(observation) === null ? null : 'UNHEALTHY_TASKS';
}

/** The first task whose attempts get nowhere, in words; null: none. */
export function stuckTask(observation: Observation): string | null {
  if (observation.kind === 'blind') return null;
  for (const group of observation.groups)
    for (const { stuck } of group.live) if (stuck !== undefined) return `group ${group.groupId}: ${stuck}`;
  return null;
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
