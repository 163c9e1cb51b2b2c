/**
 * The api process: HTTP and SQL over Postgres and deep storage, with Temporal only as somebody to notify. It holds no
 * state: it may be killed at any moment and run any number of times.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism, hostname, totalmem } from 'node:os';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { metricsReader } from '../api/metrics-routes.ts';
import { createServer } from '../api/server.ts';
import { shownProperties } from '../api/status-routes.ts';
import type { Properties } from '../api/status-routes.ts';
import { openStore } from '../api/store.ts';
import { openSupervisorStarter } from '../api/supervisor-starter.ts';
import { openTaskStore } from '../api/task-store.ts';
import type { OwnProcess } from '../query/system-rows/world.ts';
import { dataSourceNames } from '../storage/catalog.ts';
import { migrate } from '../storage/migrate.ts';
import { openPool } from '../storage/pool.ts';
import { queuesOf } from '../workflows/contract.ts';
import { settings } from './config.ts';
import type { RoleConfig } from './config.ts';
import { untilReached } from './patience.ts';
import { announcePresence } from './presence.ts';
import { openQueries } from './queries.ts';
import { exitAfter, stopOrder } from './shutdown.ts';

export type RunningApi = { readonly url: string; readonly stop: () => Promise<void> };

const stopBoundMs = 10_000;

/** Serves until SIGTERM, SIGINT or the end of the parent. */
export async function runApi(config: RoleConfig): Promise<void> {
  const logger = pino({ level: config.logLevel, base: { role: 'api', worker: config.workerId } });
  const order = stopOrder();
  const starting = new AbortController();
  void order.then(() => starting.abort());
  const api = await startApi(config, logger, starting.signal).catch((error: unknown) => {
    if (starting.signal.aborted) return null;
    throw error;
  });
  if (!api) return;
  process.send?.({ kind: 'ready' });
  logger.info({ why: await order }, 'stopping');
  // A request that never ends must not keep the process: whoever waits for it asks again elsewhere.
  exitAfter(stopBoundMs);
  await api.stop();
}

export async function startApi(
  config: RoleConfig,
  logger: Logger,
  signal?: AbortSignal,
): Promise<RunningApi> {
  const startedAt = new Date().toISOString();
  const pool = openPool({ url: config.postgresUrl, max: 20, applicationName: 'headgate api' });
  await untilReached('Postgres', logger, () => migrate(pool), signal);
  const starter = openSupervisorStarter({
    address: config.temporalAddress,
    namespace: config.temporalNamespace,
    queues: queuesOf(config.taskQueuePrefix),
  });
  // The port is not known before it listens, and nobody asks before it does.
  const self = { ...describeSelf(config, startedAt), server: '' };
  const queries = await openQueries(config, { pool, logger, self });
  const server = createServer(
    {
      store: openStore(pool),
      tasks: openTaskStore(pool),
      readMetrics: metricsReader(pool),
      starter,
      engine: queries.engine,
      dataSourceNames: () => dataSourceNames(pool),
      version: self.version,
      system: queries.system,
      properties: propertiesOf(config, self.version),
      secretEnvPrefixes: config.secretEnvPrefixes,
      rolloverOnUpdate: config.rolloverOnUpdate,
      isLoopback: /^(localhost|127\.|::1$)/.test(config.apiHost),
    },
    logger,
  );
  await server.listen({ host: config.apiHost, port: config.apiPort });
  const address = server.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : config.apiPort;
  self.server = `${hostName(config.apiHost)}:${port}`;
  const url = `http://${self.server}`;
  const stopPresence = announcePresence(
    pool,
    { workerId: config.workerId, role: 'api', address: url, token: null, slots: null },
    logger,
  );
  logger.info({ url }, 'serving');
  return {
    url,
    stop: async () => {
      await stopPresence();
      await server.close();
      await queries.close();
      await starter.close();
      await pool.end();
    },
  };
}

/** All addresses are no address: then the machine's name is. */
function hostName(host: string): string {
  if (host === '0.0.0.0' || host === '::') return hostname();
  return host.includes(':') ? `[${host}]` : host;
}

function describeSelf(config: RoleConfig, startedAt: string): Omit<OwnProcess, 'server'> {
  return {
    workerId: config.workerId,
    startedAt,
    version: ownVersion(),
    processors: availableParallelism(),
    memoryBytes: totalmem(),
  };
}

/** The settings of this role as they are in effect, under the names of their variables. */
function propertiesOf(config: RoleConfig, version: string): Properties {
  const used = Object.entries(settings).filter(([, setting]) => setting.roles.includes('api'));
  return shownProperties([
    { name: 'headgate.version', value: version },
    ...used.map(([key, { env, secret }]) => ({
      name: env,
      value: config[key as keyof typeof settings],
      secret,
    })),
  ]);
}

function ownVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
