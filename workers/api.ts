/**
 * The api process: HTTP and SQL over Postgres and deep storage, with Temporal only as somebody to notify. It holds no
 * state: it may be killed at any moment and run any number of times.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { createServer } from '../api/server.ts';
import { openStore } from '../api/store.ts';
import { openSupervisorStarter } from '../api/supervisor-starter.ts';
import { openQueryCatalog } from '../query/catalog.ts';
import { QueryEngine } from '../query/engine.ts';
import { openLocalDeepStorage } from '../segments/deep-storage/local.ts';
import { dataSourceNames } from '../storage/catalog.ts';
import { migrate } from '../storage/migrate.ts';
import { openPool } from '../storage/pool.ts';
import { queuesOf } from '../workflows/contract.ts';
import type { RoleConfig } from './config.ts';
import { untilReached } from './patience.ts';
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
  const pool = openPool({ url: config.postgresUrl, max: 20, applicationName: 'headgate api' });
  await untilReached('Postgres', logger, () => migrate(pool), signal);
  const storage = openLocalDeepStorage(config.deepStorage);
  const engine = new QueryEngine(openQueryCatalog(pool, storage), {
    scratch: join(config.scratch, 'queries'),
  });
  const starter = openSupervisorStarter({
    address: config.temporalAddress,
    namespace: config.temporalNamespace,
    queues: queuesOf(config.taskQueuePrefix),
  });
  const server = createServer(
    {
      store: openStore(pool),
      starter,
      engine,
      dataSourceNames: () => dataSourceNames(pool),
      version: ownVersion(),
      isLoopback: /^(localhost|127\.|::1$)/.test(config.apiHost),
    },
    logger,
  );
  await server.listen({ host: config.apiHost, port: config.apiPort });
  const address = server.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : config.apiPort;
  const url = `http://${config.apiHost.includes(':') ? `[${config.apiHost}]` : config.apiHost}:${port}`;
  logger.info({ url }, 'serving');
  return {
    url,
    stop: async () => {
      await server.close();
      await engine.close();
      await starter.close();
      await pool.end();
    },
  };
}

function ownVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
