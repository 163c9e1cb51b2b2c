/** Inputs and answers of the activities a task group workflow calls. Each is one object of plain JSON. */
import type { GenerationKey } from '../../domain/ids.ts';
import type { GroupSettings } from '../../domain/task-group/state.ts';
import type { IngestInput, IngestResult } from '../../workflows/contract.ts';

export type PreparedGroup =
  | {
      readonly kind: 'ready';
      readonly dataSource: string;
      readonly stream: string;
      readonly settings: GroupSettings;
      readonly replicas: readonly { readonly replica: number; readonly taskId: string }[];
      /** Set when a task of it ran before: this workflow continues the work of a lost one. */
      readonly startedAtMs: number | null;
      readonly endedOrdinal: number;
      readonly readEndedAtMs: number | null;
    }
  | { readonly kind: 'published' }
  | { readonly kind: 'discarded'; readonly why: string };

export type CheckpointGroupInput = {
  readonly key: GenerationKey;
  /** No more reading after these ends. */
  readonly final: boolean;
  /** Only this sequence; null: whichever is open. */
  readonly ordinal: number | null;
  /** For the story; absent in old histories. */
  readonly why?: string;
};
export type CheckpointGroupResult =
  | {
      readonly kind: 'ended';
      readonly ordinal: number;
      readonly final: boolean;
      readonly answers: number;
      /** From the request to the written ends: the longest any replica can have been paused. */
      readonly tookMs: number;
      /** Tasks that read but keep leaving pauses unanswered: each needs a new attempt. */
      readonly mute?: readonly string[];
    }
  | { readonly kind: 'discarded'; readonly why: string };

export type AwaitPredecessorInput = { readonly key: GenerationKey; readonly sequenceId: string };

export type ReplaceFailedTaskInput = {
  readonly key: GenerationKey;
  readonly replica: number;
  readonly taskId: string;
  readonly code: string;
  readonly error: string;
  /** An operator did it: not counted as a failure. */
  readonly shutDownBy?: string;
};
export type ReplaceFailedTaskResult =
  | { readonly kind: 'replaced'; readonly taskId: string; readonly counted: boolean }
  | { readonly kind: 'published' }
  | { readonly kind: 'discarded'; readonly why: string };

export type GroupStanding =
  | { readonly kind: 'published' }
  | { readonly kind: 'discarded'; readonly why: string }
  | { readonly kind: 'waiting'; readonly predecessorUnpublished: boolean; readonly started: boolean };

export type DiscardGroupInput = { readonly key: GenerationKey; readonly why: string };

export type FinishGroupInput = {
  readonly key: GenerationKey;
  readonly outcome: 'published' | 'discarded';
  readonly why: string;
};

/** What `taskGroupWorkflow` calls on the control queue; tests give it mocks of this shape. */
export type TaskGroupActivities = {
  prepareGroup(input: { readonly key: GenerationKey }): Promise<PreparedGroup>;
  checkpointGroup(input: CheckpointGroupInput): Promise<CheckpointGroupResult>;
  awaitPredecessor(
    input: AwaitPredecessorInput,
  ): Promise<{ readonly kind: 'published' | 'discarded' | 'waiting' }>;
  replaceFailedTask(input: ReplaceFailedTaskInput): Promise<ReplaceFailedTaskResult>;
  groupStanding(input: { readonly key: GenerationKey }): Promise<GroupStanding>;
  discardGroup(
    input: DiscardGroupInput,
  ): Promise<{ readonly kind: 'discarded' | 'published'; readonly sequences: number }>;
  finishGroup(input: FinishGroupInput): Promise<void>;
};

/** What it calls on the ingest queue. */
export type IngestActivities = { ingest(input: IngestInput): Promise<IngestResult> };
