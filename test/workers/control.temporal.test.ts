/** The control worker as it is, over real Temporal, Postgres and Kafka; only the rows are not read. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
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
import { discardSequence } from '../../storage/publish.ts';
import {
  listSupervisors,
  readCommand,
  readSupervisor,
  storeSupervisorVersion,
} from '../../storage/supervisors.ts';
import { openKafkaRecordSource } from '../../streams/kafka/kafka-record-source.ts';
import type { RecordSource } from '../../streams/record-source.ts';
import { queuesOf, supervisorWorkflowId } from '../../workflows/contract.ts';
import { fromFailure } from '../../workflows/failure.ts';
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
  await connection.close();
  await native.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  prefix = `ctl-${randomBytes(4).toString('hex')}`;
  mayPublish = () => true;
  database = await createTestDatabase();
  pool = openPool({ url: database.url, applicationName: 'test' });
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
  await pool.end();
  await database.drop();
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

function specOf(changes: { taskCount?: number; taskDuration?: string; useEarliestOffset?: boolean } = {}) {
  return {
    type: 'kafka',
    id: prefix,
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
        useEarliestOffset: changes.useEarliestOffset ?? true,
        completionTimeout: 'PT10M',
      },
      tuningConfig: { type: 'kafka' },
    },
  };
}

function start(changes: Parameters<typeof specOf>[0] = {}) {
  return startWith(specOf(changes));
}

function startWith(spec: unknown) {
  return client.workflow.start('supervisorWorkflow', {
    workflowId: supervisorWorkflowId(prefix),
    taskQueue: queuesOf(prefix).control,
    args: [{ kind: 'start', spec }],
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

  test('the script of docs/start-with-temporal.md starts one, and the page shows the script', async () => {
    const script = fileURLToPath(new URL('../../docs/examples/start-supervisor.mjs', import.meta.url));
    const specFile = join(folder, `${prefix}.json`);
    await writeFile(specFile, JSON.stringify(specOf()));
    const env = {
      ...process.env,
      HEADGATE_TEMPORAL_ADDRESS: temporalServer().address,
      HEADGATE_TASK_QUEUE_PREFIX: prefix,
    };
    const { stdout } = await promisify(execFile)(process.execPath, [script, specFile], { env });
    expect(stdout.trim()).toBe(`started ${supervisorWorkflowId(prefix)}`);
    await waitFor(async () => (await generationStates(1, 1)).includes('0/1 reading'), { what: '0/1' });
    const page = await readFile(new URL('../../docs/start-with-temporal.md', import.meta.url), 'utf8');
    const code = (await readFile(script, 'utf8')).split('\n').slice(1).join('\n');
    expect(page).toContain(code);
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

  test('a spec with problems, a secret or another id ends the workflow with what is wrong, and stores nothing', async () => {
    const secret = 'org.apache.kafka.common.security.plain.PlainLoginModule required password="hunter2";';
    const withSecret = specOf();
    Object.assign(withSecret.spec.ioConfig.consumerProperties, { 'sasl.jaas.config': secret });
    const cases: [unknown, string, string][] = [
      [{ ...specOf(), spec: { ...specOf().spec, ioConfig: {} } }, 'SPEC_INVALID', 'ioConfig.topic'],
      [withSecret, 'SPEC_SECRET_INLINE', 'sasl.jaas.config'],
      [{ ...specOf(), id: 'another' }, 'SUPERVISOR_ID_MISMATCH', 'expected supervisor:another'],
    ];
    for (const [spec, code, says] of cases) {
      const handle = await startWith(spec);
      const failure = await handle.result().then(() => null, fromFailure);
      expect(failure).toMatchObject({ code });
      expect(failure?.message).toContain(says);
      expect(failure?.message).not.toContain('hunter2');
    }
    expect(await listSupervisors(pool)).toEqual([]);
  });

  test('useEarliestOffset false: the first discovery at latest, partitions added later at earliest', async () => {
    await produce(30);
    await start({ useEarliestOffset: false });
    await waitFor(async () => (await readPartitions(pool, prefix)).length === 3, { what: 'seeds' });
    expect((await readPartitions(pool, prefix)).map((row) => row.nextPosition)).toEqual(['10', '10', '10']);
    await waitFor(async () => (await generationStates(1, 1)).length === 1, { what: '0/1' });
    await admin.createPartitions({ topicPartitions: [{ topic: prefix, count: 4 }] });
    await waitFor(async () => (await readPartitions(pool, prefix)).length === 4, {
      what: 'the fourth',
      timeoutMs: 30_000,
    });
    expect((await readPartitions(pool, prefix)).at(-1)?.nextPosition).toBe('0');
    await waitFor(
      async () =>
        (await readGeneration(pool, { supervisorId: prefix, groupId: 0, generation: 2 }))?.partitions
          .length === 4,
      {
        what: 'a generation with four partitions',
        timeoutMs: 30_000,
      },
    );
  });

  test('suspend, resume, terminate and post again: positions and numbers go on', async () => {
    await start();
    const handle = client.workflow.getHandle(supervisorWorkflowId(prefix));
    await waitFor(async () => (await generationStates(1, 1)).includes('0/1 reading'), { what: '0/1' });
    await produce(30);
    await handle.executeUpdate('suspend', { args: [{ commandId: `${prefix}-s`, by: 'ops' }] });
    await waitFor(async () => (await status())?.detailedState === 'SUSPENDED', { what: 'SUSPENDED' });
    await waitFor(async () => (await generationStates(1, 2)).join() === '0/1 published', {
      what: 'published',
    });
    expect(await readCommand(pool, `${prefix}-s`)).toMatchObject({
      state: 'done',
      outcome: { summary: 'suspended as of spec version 2' },
    });
    expect(JSON.parse((await readSupervisor(pool, prefix))!.specText!)).toMatchObject({ suspended: true });
    await handle.signal('resume', {});
    await waitFor(async () => (await generationStates(1, 2)).includes('0/2 reading'), { what: '0/2' });
    await handle.signal('terminate', {});
    await handle.result();
    expect(await readSupervisor(pool, prefix)).toMatchObject({ desired: 'terminated', terminatedDone: true });
    expect(await generationStates(1, 3)).toEqual(['0/1 published', '0/2 published']);
    await start();
    await waitFor(async () => (await generationStates(1, 3)).includes('0/3 reading'), {
      what: '0/3',
      timeoutMs: 30_000,
    });
    expect((await readPartitions(pool, prefix)).map((row) => row.nextPosition)).toEqual(['10', '10', '10']);
  });

  test('a control worker that is gone for a while: everything goes on where it was', async () => {
    await start({ taskDuration: 'PT3S' });
    await waitFor(async () => (await generationStates(1, 1)).length === 1, { what: '0/1' });
    await control.stop();
    control = await startWorker();
    await waitFor(async () => (await generationStates(1, 2)).includes('0/1 published'), {
      what: 'published',
      timeoutMs: 60_000,
    });
  });

  test('everything in Temporal is lost: supervisor and groups come back by themselves', async () => {
    await start();
    await waitFor(async () => (await status())?.detailedState === 'RUNNING', { what: 'RUNNING' });
    const group = `${supervisorWorkflowId(prefix)}/group-0/1`;
    await waitFor(() => client.workflow.getHandle(group).describe(), { what: 'the group' });
    await client.workflow.getHandle(supervisorWorkflowId(prefix)).terminate('lost');
    await client.workflow.getHandle(group).terminate('lost');
    await waitFor(
      async () =>
        (await client.workflow.getHandle(supervisorWorkflowId(prefix)).describe()).status.name === 'RUNNING',
      {
        what: 'the supervisor',
        timeoutMs: 30_000,
      },
    );
    await waitFor(async () => (await client.workflow.getHandle(group).describe()).status.name === 'RUNNING', {
      what: 'its group',
      timeoutMs: 30_000,
    });
    await produce(30);
    await client.workflow
      .getHandle(supervisorWorkflowId(prefix))
      .signal('handoffTaskGroups', { taskGroupIds: [0] });
    await waitFor(async () => (await generationStates(1, 2)).includes('0/2 reading'), {
      what: '0/2',
      timeoutMs: 30_000,
    });
    await waitFor(
      async () => (await readPartitions(pool, prefix)).every((row) => row.nextPosition === '10'),
      { what: 'positions' },
    );
  });

  test('a topic created anew: UNHEALTHY within two periods with both ids and a remedy, nothing is created', async () => {
    await start();
    await waitFor(async () => (await status())?.detailedState === 'RUNNING', { what: 'RUNNING' });
    await admin.deleteTopics({ topics: [prefix] });
    await waitFor(
      () =>
        admin
          .createTopics({ topics: [{ topic: prefix, numPartitions: 3 }], waitForLeaders: true })
          .catch(() => false),
      { what: 'the topic to be created anew' },
    );
    const seen = await waitFor(
      async () => {
        const found = await status();
        return found?.state === 'UNHEALTHY_SUPERVISOR' && found.reason.includes('created again')
          ? found
          : null;
      },
      { what: 'UNHEALTHY', timeoutMs: 30_000 },
    );
    expect(seen.remedy).toContain(`headgate reset ${prefix}`);
    expect(seen.recentErrors.at(-1)).toMatchObject({
      exceptionClass: 'STREAM_IDENTITY_CHANGED',
      streamException: true,
    });
  });

  test('a discarded generation is read again from where the last publish ended', async () => {
    mayPublish = () => false;
    await start({ taskDuration: 'PT1S' });
    await waitFor(async () => (await generationStates(1, 3)).length === 3, {
      what: 'three unpublished',
      timeoutMs: 60_000,
    });
    const first = await readGeneration(pool, { supervisorId: prefix, groupId: 0, generation: 1 });
    await discardSequence(pool, { sequenceId: first!.sequences[0]!.sequenceId, why: 'by the test' });
    await waitFor(
      async () => (await generationStates(1, 4)).slice(0, 3).every((state) => state.endsWith('discarded')),
      {
        what: 'all of them discarded',
      },
    );
    await waitFor(async () => (await generationStates(1, 4)).length === 4, {
      what: '0/4',
      timeoutMs: 30_000,
    });
    mayPublish = () => true;
    await waitFor(async () => (await generationStates(1, 4)).includes('0/4 published'), {
      what: 'published',
      timeoutMs: 60_000,
    });
    const groups = [1, 2, 3].map((generation) => `${supervisorWorkflowId(prefix)}/group-0/${generation}`);
    for (const id of groups)
      expect(await client.workflow.getHandle(id).result()).toMatchObject({ kind: 'discarded' });
  });

  test('the page in the Temporal UI says state, groups, positions and last publish', async () => {
    await start();
    await produce(30);
    const group = { taskGroupIds: [0] };
    await waitFor(async () => (await generationStates(1, 1)).includes('0/1 reading'), { what: '0/1' });
    await client.workflow.getHandle(supervisorWorkflowId(prefix)).signal('handoffTaskGroups', group);
    await waitFor(async () => (await generationStates(1, 2)).join() === '0/1 published,0/2 reading', {
      what: '0/2',
      timeoutMs: 30_000,
    });
    const handle = client.workflow.getHandle(supervisorWorkflowId(prefix));
    const page = await waitFor(
      async () => {
        const text = await handle
          .query<string, []>('__temporal_workflow_metadata')
          .then((meta) => JSON.stringify(meta));
        return text.includes('Last publish: group 0, generation') ? text : null;
      },
      { what: 'the page', timeoutMs: 30_000 },
    );
    expect(page).toContain('It is **RUNNING**');
    expect(page).toMatch(/\| 0 \| 2 \| reading \| starting \| 0:\d+ 1:\d+ 2:\d+ \| \d+ \|/);
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
