/**
 * Tells a supervisor's workflow to look again, and starts it when there is none. The spec is stored before, so a
 * notice that is lost costs time only: housekeeping starts what should run.
 */
import { Client, Connection } from '@temporalio/client';
import { HeadgateError, messageOf } from '../domain/errors.ts';
import { runNoticeSignal, supervisorWorkflowId, workflowTypes } from '../workflows/contract.ts';
import type { Queues } from '../workflows/contract.ts';

export interface SupervisorStarter {
  /** Throws TEMPORAL_UNAVAILABLE, soon. */
  notify(supervisorId: string, specVersion: number): Promise<void>;
  /** Whether the server answers now. */
  check(): Promise<void>;
  close(): Promise<void>;
}

const patienceMs = 5_000;

export function openSupervisorStarter(options: {
  address: string;
  namespace: string;
  queues: Queues;
}): SupervisorStarter {
  // Lazy: the API starts and answers while Temporal is down.
  const connection = Connection.lazy({ address: options.address });
  const client = new Client({ connection, namespace: options.namespace });
  const within = async <T>(what: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await client.withDeadline(Date.now() + patienceMs, call);
    } catch (error) {
      throw new HeadgateError(
        'TEMPORAL_UNAVAILABLE',
        `Temporal at ${options.address}: ${what} failed: ${messageOf(error)}`,
        { cause: error },
      );
    }
  };
  return {
    notify: async (supervisorId, specVersion) => {
      await within(`notice to supervisor ${supervisorId}`, () =>
        client.workflow.signalWithStart(workflowTypes.supervisor, {
          workflowId: supervisorWorkflowId(supervisorId),
          taskQueue: options.queues.control,
          args: [{ kind: 'start', supervisorId, specVersion, queues: options.queues }],
          signal: runNoticeSignal,
          signalArgs: [{ by: 'api' }],
        }),
      );
    },
    check: async () => {
      await within('a look at the namespace', () =>
        connection.workflowService.describeNamespace({ namespace: options.namespace }),
      );
    },
    close: () => connection.close(),
  };
}
