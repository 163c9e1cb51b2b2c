/** The calls of a task group, by how they are repeated. */
import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/common';
import type {
  CheckpointGroupInput,
  CheckpointGroupResult,
  IngestActivities,
  TaskGroupActivities,
} from '../activities/task-group/contract.ts';
import type { GroupSettings } from '../domain/task-group/state.ts';
import type { IngestInput, IngestResult } from './contract.ts';

const untilDone: ActivityOptions = {
  startToCloseTimeout: '20s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
};

/** Repeated until they answer: the rows behind them decide, and Postgres may be away for long. */
export const persistent = proxyActivities<TaskGroupActivities>(untilDone);

const { checkpointGroup, awaitPredecessor } = proxyActivities<TaskGroupActivities>(untilDone);

/** Pause, collect, end, resume: one short activity over the control row; no workflow task lies within the pause. */
export function coordinator(
  summary: string,
): (args: [CheckpointGroupInput]) => Promise<CheckpointGroupResult> {
  return (args) =>
    checkpointGroup.executeWithOptions(
      {
        startToCloseTimeout: '60s',
        // Replicas are paused: a worker that dies meanwhile must be replaced before their lease of 30 s is over.
        heartbeatTimeout: '8s',
        retry: { initialInterval: '1s', backoffCoefficient: 1 },
        summary,
      },
      args,
    );
}

/** A long poll: the replica's slot is free meanwhile. */
export function awaitPublished(
  input: Parameters<typeof awaitPredecessor>[0],
): ReturnType<typeof awaitPredecessor> {
  return awaitPredecessor.executeWithOptions(
    {
      startToCloseTimeout: '20m',
      heartbeatTimeout: '60s',
      cancellationType: ActivityCancellationType.TRY_CANCEL,
      retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10s' },
      summary: `waits until ${input.sequenceId} is published`,
    },
    [input],
  );
}

const hourMs = 60 * 60 * 1000;
/** Of a group that waits for its turn to stop: as good as no limit, its heartbeat tells whether it gets on. */
const waitingForTurnMs = 365 * 24 * hourMs;

function readingLimitMs(settings: GroupSettings): number {
  return settings.taskDurationMs + (settings.stopsItself === false ? waitingForTurnMs : 0);
}

/** One run of one task: all its attempts, on whichever workers. The activity id names the replica and the run. */
export function ingestOn(
  queue: string,
  settings: GroupSettings,
  run: number,
): (input: IngestInput) => Promise<IngestResult> {
  const options: ActivityOptions = {
    taskQueue: queue,
    heartbeatTimeout: '10s',
    startToCloseTimeout: readingLimitMs(settings) + settings.completionTimeoutMs + hourMs,
    // An outage is bridged by attempts of the same task, once a second; no back-off, it would only add waiting.
    retry: { initialInterval: '1s', backoffCoefficient: 1 },
    // The replica has let go of its rows when this call ends.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  };
  const { ingest } = proxyActivities<IngestActivities>(options);
  return (input) =>
    ingest.executeWithOptions(
      {
        ...options,
        activityId: run === 0 ? `ingest-r${input.replica}` : `ingest-r${input.replica}-${run}`,
        summary: `replica ${input.replica}: ${input.taskId}`,
      },
      [input],
    );
}
