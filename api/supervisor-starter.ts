/**
 * Tells a supervisor's workflow to look again, and starts it when there is none. The spec is stored before, so a
 * notice that is lost costs time only: housekeeping starts what should run.
 */
import { Client, Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import { HeadgateError, messageOf } from '../domain/errors.ts';
import { runNoticeSignal, supervisorWorkflowId, workflowTypes } from '../workflows/contract.ts';
import type { Queues } from '../workflows/contract.ts';

export interface SupervisorStarter {
  /** Throws TEMPORAL_UNAVAILABLE, soon. */
  notify(supervisorId: string, specVersion: number): Promise<void>;
  close(): Promise<void>;
}

const patienceMs = 5_000;

export function openSupervisorStarter(options: {
  address: string;
  namespace: string;
  queues: Queues;
}): SupervisorStarter {
  // Lazy: the API starts and answers while Temporal is down.
  const connection = Connection.lazy({
    address: options.address,
    connectTimeout: patienceMs / 2,
    // A refused connection is answered as a warning at once; housekeeping is who tries again.
    interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: 3 }))],
  });
  const client = new Client({ connection, namespace: options.namespace });
  return {
    notify: async (supervisorId, specVersion) => {
      try {
        await client.withDeadline(Date.now() + patienceMs, () =>
          client.workflow.signalWithStart(workflowTypes.supervisor, {
            workflowId: supervisorWorkflowId(supervisorId),
            taskQueue: options.queues.control,
            args: [{ kind: 'start', supervisorId, specVersion, queues: options.queues }],
            signal: runNoticeSignal,
            signalArgs: [{ by: 'api' }],
          }),
        );
      } catch (error) {
        throw new HeadgateError(
          'TEMPORAL_UNAVAILABLE',
          `Temporal at ${options.address}: the notice failed: ${messageOf(error)}`,
          { cause: error },
        );
      }
    },
    close: () => connection.close(),
  };
}
