/** The control worker as it is, over real Temporal, Postgres and Kafka; only the rows are not read. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { Kafka, logLevel } from 'kafkajs';
import type { Admin } from 'kafkajs';
import type pg from 'pg';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readGeneration } from '../../storage/generations.ts';
import { readPartitions, readStreamPositions } from '../../storage/partitions.ts';
import { openPool } from '../../storage/pool.ts';
import { readSupervisor, storeSupervisorVersion } from '../../storage/supervisors.ts';
import { openKafkaRecordSource } from '../../streams/kafka/kafka-record-source.ts';
import type { RecordSource } from '../../streams/record-source.ts';
import { queuesOf, supervisorWorkflowId } from '../../workflows/contract.ts';
import { readConfig } from '../../workers/config.ts';
import { startControl } from '../../workers/control.ts';
import type { RunningControl } from '../../workers/control.ts';
import { kafkaBootstrap, temporalServer } from '../support/addresses.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { waitFor } from '../support/wait-for.ts';
import { createFakeIngest } from './support/fake-ingest.ts';

const quiet = pino({ level: process.env['TEST_LOG'] ?? 'silent' });
let database: TestDatabase;
let pool: pg.Pool;
let folder: string;
let admin: Admin;
let kafka: Kafka;
let client: Client;
let native: NativeConnection;
let connection: Connection;

let prefix: string;
let control: RunningControl;
let ingest: Worker;
let ingestRun: Promise<void>;
let source: RecordSource;
let mayPublish: () => boolean;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined), shutdownSignals: [] });
  database = await createTestDatabase();
  pool = openPool({ url: database.url, applicationName: 'test' });
  folder = await mkdtemp(join(tmpdir(), 'headgate-control-'));
  kafka = new Kafka({ brokers: [kafkaBootstrap()], logLevel: logLevel.NOTHING });
  admin = kafka.admin();
  await admin.connect();
  const { address, namespace } = temporalServer();
  connection = await Connection.connect({ address });
  native = await NativeConnection.connect({ address });
  client = new Client({ connection, namespace });
});

afterAll(async () => {
  await admin.disconnect();
  await pool.end();
  await connection.close();
  await native.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  prefix = `ctl-${randomBytes(4).toString('hex')}`;
  mayPublish = () => true;
  await admin.createTopics({ topics: [{ topic: prefix, numPartitions: 3 }], waitForLeaders: true });
  source = openKafkaRecordSource({
    topic: prefix,
    bootstrapServers: [kafkaBootstrap()],
    isolationLevel: 'read_committed',
    clientId: 'test',
  });
  control = await startWorker();
  ingest = await Worker.create({
    connection: native,
    namespace: temporalServer().namespace,
    taskQueue: queuesOf(prefix).ingest,
    activities: createFakeIngest({ pool, source, mayPublish: () => mayPublish() }),
    maxHeartbeatThrottleInterval: '200ms',
  });
  ingestRun = ingest.run();
});

afterEach(async () => {
  for (const workflowId of [`${prefix}:housekeeping`, supervisorWorkflowId(prefix)])
    await client.workflow
      .getHandle(workflowId)
      .terminate('over')
      .catch(() => undefined);
  for await (const found of client.workflow.list({
    query: `HeadgateSupervisor = "${prefix}" AND ExecutionStatus = "Running"`,
  }))
    await client.workflow
      .getHandle(found.workflowId)
      .terminate('over')
      .catch(() => undefined);
  ingest.shutdown();
  await ingestRun;
  await control.stop();
  await source.close();
  await admin.deleteTopics({ topics: [prefix] }).catch(() => undefined);
});

function startWorker(): Promise<RunningControl> {
  const { address, namespace } = temporalServer();
  const config = readConfig('control', {
    HEADGATE_POSTGRES_URL: database.url,
    HEADGATE_TEMPORAL_ADDRESS: address,
    HEADGATE_TEMPORAL_NAMESPACE: namespace,
    HEADGATE_TASK_QUEUE_PREFIX: prefix,
    HEADGATE_DEEP_STORAGE: `file://${folder}`,
    HEADGATE_REAPER_GRACE: 'PT10S',
  });
  return startControl(config, quiet, {
    intervals: { supervisorsEveryMs: 500, reaperEveryMs: 1_000, invariantsEveryMs: 1_000 },
  });
}

function specOf(changes: { taskCount?: number; taskDuration?: string; suspended?: boolean } = {}) {
  return {
    type: 'kafka',
    id: prefix,
    suspended: changes.suspended ?? false,
    spec: {
      dataSchema: {
        dataSource: prefix,
        timestampSpec: { column: 'ts', format: 'iso' },
        dimensionsSpec: { dimensions: ['site'] },
        granularitySpec: { segmentGranularity: 'HOUR', queryGranularity: 'NONE', rollup: false },
      },
      ioConfig: {
        topic: prefix,
        inputFormat: { type: 'json' },
        consumerProperties: { 'bootstrap.servers': kafkaBootstrap() },
        taskCount: changes.taskCount ?? 1,
        replicas: 1,
        taskDuration: changes.taskDuration ?? 'PT1H',
        startDelay: 'PT0S',
        period: 'PT1S',
        useEarliestOffset: true,
        completionTimeout: 'PT10M',
      },
      tuningConfig: { type: 'kafka' },
    },
  };
}

function start(changes: Parameters<typeof specOf>[0] = {}) {
  return client.workflow.start('supervisorWorkflow', {
    workflowId: supervisorWorkflowId(prefix),
    taskQueue: queuesOf(prefix).control,
    args: [{ kind: 'start', spec: specOf(changes) }],
  });
}

async function generationStates(groups: number, upTo: number) {
  const states: string[] = [];
  for (let groupId = 0; groupId < groups; groupId++)
    for (let generation = 1; generation <= upTo; generation++) {
      const row = await readGeneration(pool, { supervisorId: prefix, groupId, generation });
      if (row) states.push(`${groupId}/${generation} ${row.state}`);
    }
  return states;
}

const status = async () => (await readSupervisor(pool, prefix))?.status ?? null;

describe('the control worker', () => {
  test('a plain client starts a supervisor: seeded, grouped, reading; a rollover publishes and reads on', async () => {
    await start({ taskCount: 2, taskDuration: 'PT2S' });
    await waitFor(async () => (await generationStates(2, 1)).length === 2, { what: 'two generations' });
    const rows = await readPartitions(pool, prefix);
    expect(rows.map((row) => [row.partition, row.nextPosition])).toEqual([
      ['0', '0'],
      ['1', '0'],
      ['2', '0'],
    ]);
    await produce(30);
    await waitFor(
      async () => (await generationStates(2, 2)).filter((s) => s.endsWith('published')).length >= 4,
      {
        what: 'two published generations of each group',
        timeoutMs: 60_000,
      },
    );
    expect((await status())?.detailedState).toBe('RUNNING');
    await waitFor(
      async () => (await readPartitions(pool, prefix)).every((row) => row.nextPosition === '10'),
      {
        what: 'positions at the ends',
      },
    );
    expect((await readStreamPositions(pool, prefix)).map((row) => row.latest)).toEqual(['10', '10', '10']);
  });

  test('a supervisor stored in Postgres is started by housekeeping', async () => {
    await storeSupervisorVersion(pool, {
      supervisorId: prefix,
      dataSource: prefix,
      specText: JSON.stringify(specOf()),
      by: 'test',
      desired: 'running',
    });
    await waitFor(async () => (await status())?.detailedState === 'RUNNING', {
      what: 'RUNNING',
      timeoutMs: 30_000,
    });
  });
});

async function produce(count: number): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  const messages = Array.from({ length: count }, (_, index) => ({
    partition: index % 3,
    value: JSON.stringify({ ts: '2026-01-01T00:00:00Z', site: 'a', id: index }),
  }));
  await producer.send({ topic: prefix, messages });
  await producer.disconnect();
}
