/**
 * The control process: all workflows, their light activities, and the long polls of every supervisor. It holds no
 * state; it may be killed at any moment, and several may run.
 */
import { existsSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { pino } from 'pino';
import type { Logger } from 'pino';
import type { ControlDeps } from '../activities/control-deps.ts';
import { createControlActivities } from '../activities/index.ts';
import { HeadgateError, messageOf } from '../domain/errors.ts';
import type { SupervisorSpec } from '../domain/spec/spec.ts';
import { topicsOf } from '../formats/topic-pattern.ts';
import { openLocalDeepStorage } from '../segments/deep-storage/local.ts';
import { migrate } from '../storage/migrate.ts';
import { Notifications } from '../storage/notifications.ts';
import { openPool } from '../storage/pool.ts';
import { openGroupOffsets } from '../streams/kafka/group-offsets.ts';
import { openKafkaRecordSource } from '../streams/kafka/kafka-record-source.ts';
import type { KafkaSourceOptions } from '../streams/kafka/settings.ts';
import { queuesOf } from '../workflows/contract.ts';
import type { RoleConfig } from './config.ts';
import { keepOrder, registerSearchAttributes, usualIntervals } from './order.ts';
import type { HousekeepingIntervals } from './order.ts';
import { untilReached } from './patience.ts';
import { installRuntime } from './runtime.ts';
import { exitAfter, stopOrder } from './shutdown.ts';

/** Every supervisor holds one long poll; the rest is short. */
const activitySlots = 2_000;
/** About 220 KiB each (measured). */
const cachedWorkflows = 600;
const stopBoundMs = 15_000;

export type RunningControl = { readonly stopped: Promise<void>; stop(): Promise<void> };

/** Serves until SIGTERM, SIGINT or the end of the parent; rejects when the worker dies, so that its parent starts it again. */
export async function runControlWorker(config: RoleConfig): Promise<void> {
  const logger = pino({ level: config.logLevel, base: { role: 'control', worker: config.workerId } });
  const order = stopOrder();
  installRuntime(logger);
  const starting = new AbortController();
  void order.then(() => starting.abort());
  const control = await startControl(config, logger, { signal: starting.signal }).catch((error: unknown) => {
    if (starting.signal.aborted) return null;
    throw error;
  });
  if (!control) return;
  process.send?.({ kind: 'ready' });
  logger.info('serving');
  const why = await Promise.race([order, control.stopped.then(() => null)]);
  logger.info({ why }, 'stopping');
  exitAfter(stopBoundMs);
  await control.stop();
}

export async function startControl(
  config: RoleConfig,
  logger: Logger,
  options: {
    readonly signal?: AbortSignal;
    readonly intervals?: HousekeepingIntervals;
    readonly watchLimitMs?: number;
  } = {},
): Promise<RunningControl> {
  const { signal } = options;
  const pool = openPool({ url: config.postgresUrl, max: 20, applicationName: 'headgate control' });
  await untilReached('Postgres', logger, () => migrate(pool), signal);
  const address = { address: config.temporalAddress };
  const connection = await untilReached('Temporal', logger, () => Connection.connect(address), signal);
  const native = await untilReached('Temporal', logger, () => NativeConnection.connect(address), signal);
  const client = new Client({ connection, namespace: config.temporalNamespace });
  await registerSearchAttributes(client, logger);
  const notifications = new Notifications(config.postgresUrl);
  const activities = createControlActivities(
    depsOf(config, logger, {
      pool,
      notifications,
      client,
      watchLimitMs: options.watchLimitMs ?? 15 * 60_000,
    }),
  );
  const worker = await untilReached(
    'Temporal',
    logger,
    () => createWorker(config, native, activities),
    signal,
  );
  const stopped = worker.run();
  const housekeeping = keepOrder(client, config, options.intervals ?? usualIntervals, logger);
  return {
    stopped,
    async stop() {
      housekeeping.stop();
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await stopped.catch((error: unknown) =>
        logger.warn(`the worker did not stop in order: ${messageOf(error)}`),
      );
      await notifications.close();
      await Promise.allSettled([connection.close(), native.close(), pool.end()]);
    },
  };
}

function createWorker(
  config: RoleConfig,
  connection: NativeConnection,
  activities: ReturnType<typeof createControlActivities>,
): Promise<Worker> {
  return Worker.create({
    connection,
    namespace: config.temporalNamespace,
    identity: config.workerId,
    taskQueue: queuesOf(config.taskQueuePrefix).control,
    workflowBundle: { codePath: bundlePath() },
    activities,
    maxConcurrentActivityTaskExecutions: activitySlots,
    maxCachedWorkflows: cachedWorkflows,
    maxHeartbeatThrottleInterval: '5s',
    // Long polls are given back at once, so that another control worker takes them over.
    shutdownGraceTime: 0,
    shutdownForceTime: '10s',
  });
}

/** Prebuilt by scripts/build.mjs; a worker that bundled by itself would start seconds later. */
export function bundlePath(): string {
  const here = import.meta.url;
  const path = fileURLToPath(
    new URL(here.endsWith('.ts') ? '../dist/workflow-bundle.js' : '../workflow-bundle.js', here),
  );
  if (!existsSync(path))
    throw new HeadgateError(
      'CONFIG_INVALID',
      `the workflow bundle ${path} is missing; run \`node scripts/build.mjs\``,
    );
  return path;
}

const mebibyte = 1024 * 1024;

/** Records are only read for their times here: a few bytes do. */
function kafkaOptions(config: RoleConfig, { id, io }: SupervisorSpec): KafkaSourceOptions {
  return {
    topic: io.topic,
    matches: topicsOf(io),
    bootstrapServers: io.bootstrapServers,
    isolationLevel: io.isolationLevel,
    clientId: `headgate-control-${id}`,
    consumerProperties: io.consumerProperties,
    secrets: { variables: process.env, prefixes: config.secretEnvPrefixes },
    maxBufferedBytes: 2 * mebibyte,
    maxPartitionBytes: 16 * 1024,
  };
}

function depsOf(
  config: RoleConfig,
  logger: Logger,
  parts: Pick<ControlDeps, 'pool' | 'notifications' | 'client' | 'watchLimitMs'>,
): ControlDeps {
  return {
    ...parts,
    deepStorage: openLocalDeepStorage(config.deepStorage),
    queues: queuesOf(config.taskQueuePrefix),
    openSource: (spec) => openKafkaRecordSource(kafkaOptions(config, spec)),
    openGroupOffsets: (spec) => openGroupOffsets(kafkaOptions(config, spec)),
    now: Date.now,
    newLetters: () => Array.from({ length: 8 }, () => 'abcdefghijklmnop'[randomInt(16)]).join(''),
    reaperGraceMs: config.reaperGraceMs,
    log: (level, message, fields = {}) => logger[level](fields, message),
  };
}
