/** What is read from Postgres and the stream before it is made sense of; and what can be said of a single generation. */
import type { Position, Positions } from '../positions.ts';
import { comparePositions } from '../positions.ts';
import type { DesiredState, ObservedError, ScaleWish } from './observation.ts';
import type { Settings } from './settings.ts';

export type PartitionFact = {
  readonly stream: string;
  readonly partition: string;
  readonly sourceIdentity: string | null;
  readonly nextPosition: Position | null;
  readonly state: 'open' | 'closed' | 'expired';
};

export type GenerationFact = {
  readonly groupId: number;
  readonly generation: number;
  readonly specVersion: number;
  readonly stream: string;
  readonly partitions: readonly string[];
  readonly createdAtMs: number;
  /** By the spec version it runs, when that is not the newest: the spread of the partitions, and how long it reads. */
  readonly taskCount?: number;
  readonly taskDurationMs?: number;
  /** By ordinal. */
  readonly sequences: readonly {
    readonly state: 'open' | 'ended' | 'published' | 'discarded';
    readonly final: boolean;
    readonly starts: Positions;
    readonly ends: Positions | null;
  }[];
  readonly tasks: readonly {
    readonly replica: number;
    readonly state: 'RUNNING' | 'SUCCESS' | 'FAILED';
    readonly attempts: number;
    /** When its first attempt began; null: none has. */
    readonly startedAtMs?: number | null;
    readonly error: string | null;
    readonly positions: Positions | null;
    /** Attempts since it last got anywhere, and what ended the newest of them. */
    readonly fruitlessAttempts?: number;
    readonly lastFailure?: string | null;
  }[];
};

export type StreamFacts =
  | {
      readonly kind: 'ok';
      /** Of a stream that is one topic; '' where several are read. */
      readonly identity: string;
      /** Of each partition there is. */
      readonly identities?: Readonly<Record<string, string>>;
      readonly partitions: readonly string[];
      readonly earliest: Positions;
      readonly latest: Positions;
    }
  | { readonly kind: 'failed'; readonly error: ObservedError };

export type Facts = {
  readonly atMs: number;
  readonly version: number;
  /** Generations of versions below this one make way at once; the others at their rollover. Absent: the newest. */
  readonly handOffBelow?: number;
  readonly desired: DesiredState;
  /** Of the newest spec; for a tombstone those of the spec before it, so that positions can still be told. */
  readonly settings: Settings | null;
  readonly commitSeq: string;
  readonly timeline: string;
  readonly halted: string | null;
  readonly stream: StreamFacts;
  readonly partitions: readonly PartitionFact[];
  /** Every generation with an unpublished, undiscarded sequence. */
  readonly generations: readonly GenerationFact[];
  /** Group id to the newest generation ever created. */
  readonly newestGenerations: Readonly<Record<string, number>>;
  readonly lastPublishAtMs: number | null;
  /** Of a spec that reads one range only. */
  readonly bounded?: { readonly starts: Positions; readonly ends: Positions } | null;
  /** What the autoscaler wants now. */
  readonly scale?: ScaleWish | null;
};

/** The furthest replica's position, or the start of the first unpublished sequence. */
export function readUpTo(generation: GenerationFact, partition: string): Position | null {
  const start = unpublishedOf(generation)[0]?.starts[partition] ?? null;
  return generation.tasks.reduce<Position | null>((furthest, task) => {
    const position = task.state === 'RUNNING' ? task.positions?.[partition] : undefined;
    return position && (!furthest || comparePositions(position, furthest) > 0) ? position : furthest;
  }, start);
}

/** When the first of these tasks had a slot: taskDuration counts from here, not from when they were made. */
export function firstStart(tasks: readonly { readonly startedAtMs?: number | null }[]): number | null {
  return tasks.reduce<number | null>(
    (first, { startedAtMs = null }) =>
      startedAtMs !== null && (first === null || startedAtMs < first) ? startedAtMs : first,
    null,
  );
}

export function unpublishedOf(generation: GenerationFact): GenerationFact['sequences'] {
  return generation.sequences.filter((sequence) => sequence.state === 'open' || sequence.state === 'ended');
}
