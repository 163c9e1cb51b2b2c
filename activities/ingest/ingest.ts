/**
 * The `ingest` activity: Temporal's side of an attempt. It knows heartbeats, cancellation and failures, and nothing else.
 *
 * A worker that stops in order is not a cancellation: the attempt seals what it has and fails with WORKER_SHUTDOWN, so that
 * the next one starts at once elsewhere. Every error leaves as a failure of `workflows/failure.ts`.
 */
import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import { toApplicationFailure } from '../../workflows/failure.ts';
import type { IngestInput, IngestResult } from '../../workflows/contract.ts';
import { workFields } from '../work-log.ts';
import type { IngestDeps, Log } from './deps.ts';
import { sparingHeartbeat } from './sparing-heartbeat.ts';
import { runAttempt } from './task-runner.ts';
import type { StopReason } from './task-runner.ts';

export type IngestActivities = { ingest(input: IngestInput): Promise<IngestResult> };

export function createIngestActivities(deps: IngestDeps): IngestActivities {
  return {
    async ingest(input) {
      const { info, cancelled, heartbeat } = contextParts();
      const stop = new AbortController();
      cancelled.catch((error: unknown) => stop.abort(stopReasonOf(error)));
      try {
        return await runAttempt({ ...deps, log: boundLog(deps.log, input) }, input, {
          activityRun: `${info.workflowExecution?.runId ?? ''}/${info.activityId}`,
          attempt: info.attempt,
          heartbeat: sparingHeartbeat(heartbeat, Date.now),
          stop: stop.signal,
        });
      } catch (error) {
        throw toApplicationFailure(error);
      }
    },
  };
}

/** Whose work it is, in every line of an attempt. */
function boundLog(log: Log, input: IngestInput): Log {
  const about = workFields(input);
  return {
    info: (facts, message) => log.info({ ...about, ...facts }, message),
    warn: (facts, message) => log.warn({ ...about, ...facts }, message),
  };
}

function contextParts() {
  const context = Context.current();
  return {
    info: context.info,
    cancelled: context.cancelled,
    heartbeat: (details: unknown) => context.heartbeat(details),
  };
}

function stopReasonOf(error: unknown): StopReason {
  const isShutdown = error instanceof CancelledFailure && error.message === 'WORKER_SHUTDOWN';
  return isShutdown ? { kind: 'shutdown' } : { kind: 'cancelled', error };
}
