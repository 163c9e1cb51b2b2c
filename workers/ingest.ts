/**
 * The ingest process: runs ingestion tasks, as many as it has slots, over its ingest threads.
 *
 * It may be killed at any moment: leases fence what it held, checkpoints say where others go on. A stop in order seals what
 * was read first, so that nothing is read twice.
 */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { KafkaConfig } from 'kafkajs';
import type pg from 'pg';
import { pino } from 'pino';
import type { Logger } from 'pino';
import type { IngestDeps } from '../activities/ingest/deps.ts';
import { Failpoints, signalSelf } from '../activities/ingest/failpoints.ts';
import { HighWater } from '../activities/ingest/high-water.ts';
import { createIngestActivities } from '../activities/ingest/ingest.ts';
import { LetterFolder } from '../activities/ingest/letter-folder.ts';
import { LetterTopic } from '../activities/ingest/letter-topic.ts';
import { LiveBoard } from '../activities/ingest/live-board.ts';
import { MemoryBudget } from '../activities/ingest/memory-budget.ts';
import { NoticeBoard } from '../activities/ingest/notice-board.ts';
import { kafkaJsSecurity } from '../streams/kafka/kafkajs-security.ts';
import type { SourceSetup } from '../activities/ingest/protocol.ts';
import { Siblings } from '../activities/ingest/siblings.ts';
import { ThreadPool } from '../activities/ingest/thread-pool.ts';
import { spawnWorkerThread } from '../activities/ingest/worker-thread.ts';
import { messageOf } from '../domain/errors.ts';
import type { IoConfig } from '../domain/spec/spec.ts';
import { openLocalDeepStorage } from '../segments/deep-storage/local.ts';
import { migrate } from '../storage/migrate.ts';
import { Notifications } from '../storage/notifications.ts';
import { openPool } from '../storage/pool.ts';
import { queuesOf, taskGroupWorkflowId } from '../workflows/contract.ts';
import type { RoleConfig } from './config.ts';
import { startLiveServer } from './live-server.ts';
import type { LiveServer } from './live-server.ts';
import { untilReached } from './patience.ts';
import { announcePresence } from './presence.ts';
import { installRuntime } from './runtime.ts';
import { ownScratch } from './scratch.ts';
import { exitAfter, stopOrder } from './shutdown.ts';

/** Sealing takes at most 6 s (activities/ingest/conclude.ts); after this the process goes, whatever runs. */
const shutdownForceTime = '10s';
const stopBoundMs = 15_000;
const startFailedBoundMs = 1_000;
const mebibyte = 1024 * 1024;

export type RunningIngest = { readonly stopped: Promise<void>; stop(): Promise<void> };

/** Serves until SIGTERM, SIGINT or the end of the parent; rejects when the worker dies, so that its parent starts it again. */
export async function runIngestWorker(config: RoleConfig): Promise<void> {
  const logger = pino({ level: config.logLevel, base: { role: 'ingest', worker: config.workerId } });
  const order = stopOrder();
  installRuntime(logger);
  const starting = new AbortController();
  void order.then(() => starting.abort());
  const ingest = await startIngest(config, logger, starting.signal).catch((error: unknown) => {
    if (starting.signal.aborted) return null;
    // Connections that were made already must not keep a process that serves nothing.
    exitAfter(startFailedBoundMs, 1);
    throw error;
  });
  if (ingest === null) return;
  process.send?.({ kind: 'ready' });
  logger.info({ slots: config.ingestSlots, threads: config.ingestThreads }, 'serving');
  const why = await Promise.race([order, ingest.stopped.then(() => null)]);
  logger.info({ why }, 'stopping');
  exitAfter(stopBoundMs);
  await ingest.stop();
}

export async function startIngest(
  config: RoleConfig,
  logger: Logger,
  signal?: AbortSignal,
): Promise<RunningIngest> {
  const pool = openPool({ url: config.postgresUrl, max: 12, applicationName: connectionName(config) });
  await untilReached('Postgres', logger, () => migrate(pool), signal);
  const address = { address: config.temporalAddress };
  const connection = await untilReached('Temporal', logger, () => Connection.connect(address), signal);
  const native = await untilReached('Temporal', logger, () => NativeConnection.connect(address), signal);
  const client = new Client({ connection, namespace: config.temporalNamespace });
  const scratch = await ownScratch(config, 'ingest');
  const notifications = new Notifications(config.postgresUrl);
  const threads = new ThreadPool({
    spawn: spawnWorkerThread({ memoryBytes: config.ingestMemoryBytes }),
    threads: config.ingestThreads,
    log: (message) => logger.warn(message),
  });
  const notices = new NoticeBoard();
  await notices.listen(notifications);
  const live = new LiveBoard((message) => logger.warn(message));
  const deps = depsOf(config, logger, { pool, client, notices, threads, scratch, live });
  const door = await openLiveDoor(config, live, logger);
  const worker = await untilReached('Temporal', logger, () => createWorker(config, native, deps), signal);
  const stopped = worker.run();
  const { address: liveAddress, token } = door;
  const stopPresence = announcePresence(
    pool,
    {
      workerId: config.workerId,
      role: 'ingest',
      address: liveAddress,
      token,
      slots: config.ingestSlots,
    },
    logger,
  );
  return {
    stopped,
    async stop() {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      // A task that could not be sealed in time goes on elsewhere all the same.
      await stopped.catch((error: unknown) => logger.warn(`not stopped in order: ${messageOf(error)}`));
      await stopPresence();
      await door.server.close();
      await Promise.allSettled([threads.close(), notifications.close(), connection.close(), native.close()]);
      await Promise.allSettled([pool.end(), rm(scratch, { recursive: true, force: true })]);
    },
  };
}

function createWorker(config: RoleConfig, connection: NativeConnection, deps: IngestDeps): Promise<Worker> {
  return Worker.create({
    connection,
    namespace: config.temporalNamespace,
    identity: config.workerId,
    taskQueue: queuesOf(config.taskQueuePrefix, config.tier).ingest,
    activities: createIngestActivities(deps),
    maxConcurrentActivityTaskExecutions: config.ingestSlots,
    // Heartbeats carry cancellations back; 2 s of 10 s (temporal-measured.md 2).
    maxHeartbeatThrottleInterval: '2s',
    // Attempts are told of a stop at once: all the time there is belongs to sealing.
    shutdownGraceTime: 0,
    shutdownForceTime,
  });
}

function depsOf(
  config: RoleConfig,
  logger: Logger,
  parts: Pick<IngestDeps, 'notices' | 'threads' | 'scratch' | 'live'> & {
    readonly pool: pg.Pool;
    readonly client: Client;
  },
): IngestDeps {
  const { client, pool, notices, threads, scratch, live } = parts;
  const deepStorage = openLocalDeepStorage(config.deepStorage);
  return {
    pool,
    live,
    notices,
    threads,
    scratch,
    deepStorage,
    memory: new MemoryBudget(config.ingestMemoryBytes),
    siblings: new Siblings(),
    highWater: new HighWater(),
    // Not a setting of the role: only a chaos run arms it.
    failpoints: new Failpoints(
      process.env['HEADGATE_FAILPOINTS'],
      signalSelf(() => cutConnections(config, pool)),
    ),
    workerId: config.workerId,
    sourceOf: (io, taskId) => kafkaSource(config, io, taskId),
    letterSink: (io, task) =>
      io.deadLetters?.type === 'topic'
        ? new LetterTopic(io.deadLetters.topic, kafkaClient(config, io, task.taskId))
        : new LetterFolder(deepStorage, task),
    signalGroup: (key, name, payload) =>
      client.workflow.getHandle(taskGroupWorkflowId(key)).signal(name, payload),
    log: {
      info: (facts, message) => logger.info(facts, message),
      warn: (facts, message) => logger.warn(facts, message),
    },
  };
}

/** Records waiting in sockets count too: a quarter of the budget over all slots, within what makes sense for one reader. */
function kafkaSource(config: RoleConfig, io: IoConfig, taskId: string): SourceSetup {
  const share = Math.floor(config.ingestMemoryBytes / 4 / config.ingestSlots);
  return {
    kind: 'kafka',
    topic: io.topic,
    isPattern: io.isPattern,
    bootstrapServers: io.bootstrapServers,
    isolationLevel: io.isolationLevel,
    consumerProperties: io.consumerProperties,
    secretEnvPrefixes: config.secretEnvPrefixes,
    clientId: `headgate-${taskId}`,
    maxBufferedBytes: Math.min(8 * mebibyte, Math.max(mebibyte, share)),
  };
}

function kafkaClient(config: RoleConfig, io: IoConfig, taskId: string): KafkaConfig {
  const secrets = { variables: process.env, prefixes: config.secretEnvPrefixes };
  return {
    clientId: `headgate-${taskId}`,
    brokers: [...io.bootstrapServers],
    ...kafkaJsSecurity(io.consumerProperties, io.bootstrapServers, secrets),
  };
}

/** Unique, and short enough for Postgres to keep whole. */
function connectionName(config: RoleConfig): string {
  return `headgate ingest ${config.workerId.slice(-40)}`;
}

function cutConnections(config: RoleConfig, pool: pg.Pool): void {
  pool
    .query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [
      connectionName(config),
    ])
    .catch(() => undefined);
}

type LiveDoorway = { readonly server: LiveServer; readonly address: string; readonly token: string };

/** The token is new with every process: who reads the table `worker` may ask, nobody else. */
async function openLiveDoor(config: RoleConfig, registry: LiveBoard, logger: Logger): Promise<LiveDoorway> {
  const token = randomBytes(32).toString('hex');
  const { liveHost: host, livePort: port } = config;
  const server = await startLiveServer({ host, port, registry, token, log: logger });
  return { server, token, address: config.liveUrl ?? server.url };
}
