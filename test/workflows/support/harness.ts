/** One bundle per test file, one queue prefix per test: workers over mock activities on the run's Temporal server. */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { temporalServer } from '../../support/addresses.ts';
import { queuesOf, supervisorWorkflowId } from '../../../workflows/contract.ts';
import type { Queues } from '../../../workflows/contract.ts';
import type { World } from './world.ts';

const quiet = new DefaultLogger('WARN', () => undefined);

export type Harness = {
  readonly client: Client;
  readonly queues: Queues;
  /** A supervisor id of this test alone. */
  readonly supervisorId: string;
  readonly workflowId: string;
  runWorkers(world: World): Promise<{ stop(): Promise<void> }>;
  close(): Promise<void>;
};

let bundle: Promise<{ code: string }> | undefined;

export function workflowBundle(): Promise<{ code: string }> {
  bundle ??= bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../../workflows/index.ts', import.meta.url)),
    logger: quiet,
  });
  return bundle;
}

let installed = false;

export async function openHarness(name: string): Promise<Harness> {
  if (!installed) Runtime.install({ logger: quiet });
  installed = true;
  const { address, namespace } = temporalServer();
  const unique = `${name}-${randomBytes(4).toString('hex')}`;
  const queues = queuesOf(`test-${unique}`);
  const [connection, native, workflow] = await Promise.all([
    Connection.connect({ address }),
    NativeConnection.connect({ address }),
    workflowBundle(),
  ]);
  const client = new Client({ connection, namespace });
  const stops: (() => Promise<void>)[] = [];
  return {
    client,
    queues,
    supervisorId: unique,
    workflowId: supervisorWorkflowId(unique),
    async runWorkers(world) {
      const common = { connection: native, namespace, maxHeartbeatThrottleInterval: '200ms' as const };
      const control = await Worker.create({
        ...common,
        taskQueue: queues.control,
        workflowBundle: workflow,
        activities: { ...world.supervisorActivities, ...world.groupActivities },
      });
      const ingest = await Worker.create({
        ...common,
        taskQueue: queues.ingest,
        activities: { ...world.ingestActivities },
      });
      const running = Promise.all([control.run(), ingest.run()]);
      let stopped = false;
      const stop = async () => {
        if (stopped) return;
        stopped = true;
        control.shutdown();
        ingest.shutdown();
        await running;
      };
      stops.push(stop);
      return { stop };
    },
    async close() {
      const running = client.workflow.list({
        query: `HeadgateSupervisor = "${unique}" AND ExecutionStatus = "Running"`,
      });
      for await (const found of running)
        await client.workflow
          .getHandle(found.workflowId)
          .terminate('the test is over')
          .catch(() => undefined);
      await client.workflow
        .getHandle(supervisorWorkflowId(unique))
        .terminate('over')
        .catch(() => undefined);
      await Promise.all(stops.map((stop) => stop()));
      await Promise.all([connection.close(), native.close()]);
    },
  };
}

export async function eventsOf(client: Client, workflowId: string): Promise<string[]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).map((event) => String(event.eventType));
}
