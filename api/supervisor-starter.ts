/**
 * Who talks with Temporal: tells a supervisor's workflow to look again, carries orders to it, and starts it when there
 * is none. The spec is stored before, so a notice that is lost costs time only: housekeeping starts what should run.
 */
import { Client, Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import { HeadgateError, messageOf } from '../domain/errors.ts';
import { runNoticeSignal, supervisorWorkflowId, workflowTypes } from '../workflows/contract.ts';
import type { CommandAnswer, Queues } from '../workflows/contract.ts';
import { tellSupervisor } from './order-door.ts';
import type { SentOrder } from './order-door.ts';

export interface SupervisorStarter {
  /** Throws TEMPORAL_UNAVAILABLE, soon. */
  notify(supervisorId: string, specVersion: number): Promise<void>;
  /** Taken by the workflow, which is started with this spec version when there is none; see `order-door.ts`. */
  order(order: SentOrder, specVersion: number): Promise<CommandAnswer['kind']>;
  close(): Promise<void>;
}

const patienceMs = 5_000;

export function openSupervisorStarter(options: {
  address: string;
  namespace: string;
  queues: Queues;
}): SupervisorStarter {
  const { address, queues } = options;
  // Lazy: the API starts and answers while Temporal is down.
  const connection = Connection.lazy({
    address,
    connectTimeout: patienceMs / 2,
    // A refused connection is answered as a warning at once; housekeeping is who tries again.
    interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: 3 }))],
  });
  const client = new Client({ connection, namespace: options.namespace });
  const notify = async (supervisorId: string, specVersion: number): Promise<void> => {
    try {
      await client.withDeadline(Date.now() + patienceMs, () =>
        client.workflow.signalWithStart(workflowTypes.supervisor, {
          workflowId: supervisorWorkflowId(supervisorId),
          taskQueue: queues.control,
          args: [{ kind: 'start', supervisorId, specVersion, queues }],
          signal: runNoticeSignal,
          signalArgs: [{ by: 'api' }],
        }),
      );
    } catch (error) {
      throw new HeadgateError(
        'TEMPORAL_UNAVAILABLE',
        `Temporal at ${address}: the notice failed: ${messageOf(error)}`,
        { cause: error },
      );
    }
  };
  return {
    notify,
    order: (order, specVersion) =>
      tellSupervisor({ client, address, start: (id) => notify(id, specVersion) }, order),
    close: () => connection.close(),
  };
}
