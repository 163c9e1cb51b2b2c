/**
 * Everything one can ask of a supervisor or a task group: names, ids, queues, inputs and answers (design 5, 6).
 *
 * Nothing here needs the workflow sandbox; plain Node (activities, API, tests) imports it too. Wire names are
 * never renamed. Signals are notices; the update of the same name answers accepted or refused at once.
 */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { Json, Satisfies } from '../domain/json.ts';
import type { GenerationKey } from '../domain/ids.ts';
import { generationLabel } from '../domain/ids.ts';
import type { CarryOver } from '../domain/supervisor/carry-over.ts';
import type { SupervisorStatus } from '../domain/supervisor/status.ts';
import type { CheckpointReason } from '../domain/task-group/state.ts';

// Queues and ids.

/** The task queues a supervisor and its groups use; they travel in the inputs, so one server can hold several systems. */
export type Queues = { readonly control: string; readonly ingest: string };

export function queuesOf(prefix: string, tier: string | null = null): Queues {
  return { control: `${prefix}-control`, ingest: tier ? `${prefix}-ingest-${tier}` : `${prefix}-ingest` };
}

/** The queues that belong to a supervisor somebody started on `controlQueue` without naming any. */
export function queuesFromControl(controlQueue: string): Queues {
  return { control: controlQueue, ingest: controlQueue.replace(/(-control)?$/, '-ingest') };
}

export function supervisorWorkflowId(supervisorId: string): string {
  return `supervisor:${supervisorId}`;
}

export function taskGroupWorkflowId(key: GenerationKey): string {
  return `supervisor:${generationLabel(key)}`;
}

export function housekeepingWorkflowId(prefix: string): string {
  return `${prefix}:housekeeping`;
}

/** The wire names of the workflow types. */
export const workflowTypes = {
  supervisor: 'supervisorWorkflow',
  taskGroup: 'taskGroupWorkflow',
  housekeeping: 'housekeepingWorkflow',
} as const;

export const searchAttributes = {
  supervisor: defineSearchAttributeKey('HeadgateSupervisor', 'KEYWORD'),
  dataSource: defineSearchAttributeKey('HeadgateDataSource', 'KEYWORD'),
  state: defineSearchAttributeKey('HeadgateState', 'KEYWORD'),
};

/** Above this an input or carry-over is refused by us: above 2 MiB the server would terminate the workflow. */
export const payloadLimitBytes = 64 * 1024;

// Inputs.

/** `rolloverEvents`: continue as new after so many events; for tests. */
type StartOptions = { readonly queues?: Queues; readonly rolloverEvents?: number };

export type SupervisorInput =
  /** A plain Druid spec from a Temporal client. */
  | (StartOptions & { readonly kind: 'start'; readonly spec: Json })
  /** A spec already stored, as the API does it. */
  | (StartOptions & {
      readonly kind: 'start';
      readonly supervisorId: string;
      readonly specVersion: number;
    })
  | { readonly kind: 'continued'; readonly carryOver: CarryOver };

export type TaskGroupInput = Satisfies<{
  readonly supervisorId: string;
  readonly groupId: number;
  readonly generation: number;
  readonly queues: { readonly control: string; readonly ingest: string };
}>;

export type TaskGroupResult = Satisfies<{ readonly kind: 'published' | 'discarded'; readonly why: string }>;

export type HousekeepingInput = Satisfies<{
  readonly prefix: string;
  readonly supervisorsEveryMs: number;
  readonly reaperEveryMs: number;
  readonly invariantsEveryMs: number;
}>;

/** One attempt of one ingestion task: which row of `task` to work on. Everything else is read from Postgres. */
export type IngestInput = Satisfies<{
  readonly supervisorId: string;
  readonly groupId: number;
  readonly generation: number;
  readonly replica: number;
  readonly taskId: string;
}>;

export type IngestResult =
  /** Every sequence of the generation is published. */
  | { readonly kind: 'published' }
  | { readonly kind: 'discarded'; readonly why: string }
  /** Read and checkpointed to its ends; run me again when this sequence is published or discarded. */
  | { readonly kind: 'waitingForPredecessor'; readonly sequenceId: string };

// Messages to a supervisor.

/** Every verb may carry a command id of the caller's; the same id twice is applied once and answered `duplicate`. */
export type Command = { readonly commandId?: string; readonly by?: string };
export type RunNotice = Command & {
  /** Look also whether every live generation has its workflow. */
  readonly reconcile?: boolean;
};
export type AutoscaleInput = Command & { readonly taskCount: number; readonly reason: string };
export type HandoffInput = Command & { readonly taskGroupIds: readonly number[] };
/**
 * Bodies of the orders that move positions: Druid's of `resetOffsets`, or `{type: 'timestamp', timestamp}`; `force`
 * takes offsets the stream does not have, `dryRun` changes nothing and tells what would be.
 */
export type ResetInput = Command & { readonly [key: string]: Json | undefined };
export type CheckpointInput = Command & { readonly taskGroupIds?: readonly number[] };
export type ShutdownTaskInput = Command & { readonly taskId: string };

export type CommandAnswer = Satisfies<{
  readonly kind: 'accepted' | 'duplicate';
  readonly commandId: string;
}>;

/** What a task group tells its supervisor; `taskGroupReported`. Postgres holds the same facts: a lost one costs time only. */
export type TaskGroupReport = Satisfies<{
  readonly groupId: number;
  readonly generation: number;
  readonly kind: 'readingFinished' | 'done' | 'discarded' | 'taskFailed';
  /** For people: the failure, the reason, the outcome. */
  readonly detail: string;
  /** A failed task counts towards UNHEALTHY_TASKS unless a reset fenced it. */
  readonly counted: boolean;
  readonly atMs: number;
}>;

export const runNoticeSignal = defineSignal<[RunNotice?]>('runNotice');
export const suspendSignal = defineSignal<[Command?]>('suspend');
export const resumeSignal = defineSignal<[Command?]>('resume');
export const resetSignal = defineSignal<[ResetInput?]>('reset');
export const resetOffsetsSignal = defineSignal<[ResetInput?]>('resetOffsets');
export const resetToLatestAndBackfillSignal = defineSignal<[ResetInput?]>('resetToLatestAndBackfill');
export const autoscaleSignal = defineSignal<[AutoscaleInput?]>('autoscale');
export const handoffTaskGroupsSignal = defineSignal<[HandoffInput?]>('handoffTaskGroups');
export const checkpointSignal = defineSignal<[CheckpointInput?]>('checkpoint');
export const shutdownTaskSignal = defineSignal<[ShutdownTaskInput?]>('shutdownTask');
export const terminateSignal = defineSignal<[Command?]>('terminate');
export const taskGroupReportedSignal = defineSignal<[TaskGroupReport]>('taskGroupReported');

/** Of an update the input is required by the client's types; `{}` will do. */
export const runNoticeUpdate = defineUpdate<CommandAnswer, [RunNotice]>('runNotice');
export const suspendUpdate = defineUpdate<CommandAnswer, [Command]>('suspend');
export const resumeUpdate = defineUpdate<CommandAnswer, [Command]>('resume');
export const resetUpdate = defineUpdate<CommandAnswer, [ResetInput]>('reset');
export const resetOffsetsUpdate = defineUpdate<CommandAnswer, [ResetInput]>('resetOffsets');
export const resetToLatestAndBackfillUpdate = defineUpdate<CommandAnswer, [ResetInput]>(
  'resetToLatestAndBackfill',
);
export const autoscaleUpdate = defineUpdate<CommandAnswer, [AutoscaleInput]>('autoscale');
export const handoffTaskGroupsUpdate = defineUpdate<CommandAnswer, [HandoffInput]>('handoffTaskGroups');
export const checkpointUpdate = defineUpdate<CommandAnswer, [CheckpointInput]>('checkpoint');
export const shutdownTaskUpdate = defineUpdate<CommandAnswer, [ShutdownTaskInput]>('shutdownTask');
export const terminateUpdate = defineUpdate<CommandAnswer, [Command]>('terminate');

/** Answered from the carried state, as of its last look at the world. */
export const getStatusQuery = defineQuery<SupervisorStatus>('getStatus');
export const getStatsQuery = defineQuery<Json>('getStats');
export const getSpecQuery = defineQuery<Json>('getSpec');

// Messages to a task group, from its ingest activities and its supervisor.

/** Sent by the first attempt of a task; the first one starts the taskDuration timer. */
export type ReplicaStarted = Satisfies<{ readonly replica: number }>;
/**
 * The open sequence is to end: a replica reached a limit of it (repeated until the control row changes), or an operator
 * asked. `bound`: everything a bounded supervisor is to read is read, so nothing follows it.
 */
export type CheckpointRequested = Satisfies<{
  readonly ordinal: number;
  readonly reason: CheckpointReason;
}>;
/** Stop reading now: the supervisor's word (suspend, update, new partitions, handoff, terminate). */
export type FinishReading = Satisfies<{ readonly why: string }>;

/** An operator wants a task replaced by a new one, which goes on from its checkpoint. */
export type TaskShutdownRequested = Satisfies<{ readonly taskId: string; readonly by: string }>;

export const replicaStartedSignal = defineSignal<[ReplicaStarted]>('replicaStarted');
export const checkpointRequestedSignal = defineSignal<[CheckpointRequested]>('checkpointRequested');
export const taskShutdownRequestedSignal = defineSignal<[TaskShutdownRequested]>('taskShutdownRequested');
export const finishSignal = defineSignal<[FinishReading]>('finish');
