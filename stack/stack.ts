/**
 * Temporal, Kafka and Postgres for one data folder: found or installed, started in parallel, stopped in order.
 *
 * A server given by an address in the environment is the user's: it is only asked whether it answers. Everything else
 * listens on loopback, on ports the data folder remembers, and ends with this process however that ends.
 */
import { resolve } from 'node:path';
import { HeadgateError, messageOf } from '../domain/errors.ts';
import { installOnce } from './cache.ts';
import { claimDataFolder } from './data-folder.ts';
import type { DataFolder } from './data-folder.ts';
import { kafkaServer, locateKafka, probeKafka } from './kafka.ts';
import type { KafkaJars } from './kafka.ts';
import type { Located } from './located.ts';
import { temporalPin } from './pins.ts';
import type { ServerName } from './pins.ts';
import { PortMemory } from './ports.ts';
import { locatePostgres } from './postgres-binaries.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { postgresUser } from './postgres-user.ts';
import { postgresServer, probePostgresUrl } from './postgres.ts';
import { inStep } from './progress.ts';
import type { StackLog } from './progress.ts';
import { Server } from './server.ts';
import type { ServerRecipe } from './server.ts';
import { locateTemporal, prepareExternalTemporal, probeTemporal, temporalServer } from './temporal.ts';
import type { TemporalBinary } from './temporal.ts';
import { toolsMissing } from './tools.ts';
import type { Env } from './tools.ts';

export type StackOptions = {
  readonly dataDir: string;
  readonly with: readonly ServerName[];
  readonly env: Env;
  readonly log: StackLog;
  /** `history.timerProcessorMaxTimeShift` -> `"20ms"`: values are JSON. */
  readonly temporalDynamicConfig?: Readonly<Record<string, string>>;
  /** Servers that die are started again, on the same port and data. */
  readonly keepAlive?: boolean;
  /** A folder the caller has claimed and will release; else it is claimed here. */
  readonly folder?: DataFolder;
  /** Called whenever a pid has changed. */
  readonly onChange?: () => void;
};

export type TemporalAddress = {
  readonly address: string;
  readonly namespace: string;
  /** Null for a server of the user's own whose UI we do not know. */
  readonly ui: string | null;
};

/** Null where a server was not asked for. */
export type StackAddresses = {
  readonly postgres: string | null;
  readonly kafka: string | null;
  readonly temporal: TemporalAddress | null;
};

export type Stack = {
  readonly addresses: StackAddresses;
  /** Null for a server that is not ours, not asked for, or down. */
  pids(): Readonly<Record<ServerName, number | null>>;
  /** The HEADGATE_ variables a role or a test needs to find these servers. */
  environment(): Record<string, string>;
  /** Stops the server if it still runs, and starts it on the same port and data. */
  restart(name: ServerName): Promise<void>;
  kill(name: ServerName, signal: NodeJS.Signals): void;
  stop(): Promise<void>;
};

export async function startStack(options: StackOptions): Promise<Stack> {
  const { env, log } = options;
  const dataDir = resolve(options.dataDir);
  const found = await locateAll(options.with, env);
  const folder = options.folder ?? (await claimDataFolder(dataDir, log));
  const servers = new Map<ServerName, Server>();
  const stop = async () => {
    await stopInOrder([...servers.values()]);
    if (options.folder === undefined) folder.release();
  };
  try {
    await installAll(found, log);
    const recipes = await makeRecipes(found, { ...options, dataDir });
    for (const recipe of recipes.list) servers.set(recipe.name, new Server(recipe, log, changed));
    await startAll(recipes.list, servers, log);
    await greetExternal(found, env);
    if (options.keepAlive) for (const server of servers.values()) server.keepAlive();
    return makeStack(recipes.addresses, servers, stop);
  } catch (error) {
    await stop();
    throw error;
  }

  function changed(): void {
    folder.record('servers', pidsOf(servers));
    options.onChange?.();
  }
}

type Found = {
  readonly temporal: Located<TemporalBinary> | null;
  readonly kafka: Located<KafkaJars> | null;
  readonly postgres: Located<PostgresBinaries> | null;
};

/** All missing tools are named in one error, before anything is downloaded. */
async function locateAll(names: readonly ServerName[], env: Env): Promise<Found> {
  const [temporal, kafka, postgres] = await Promise.all([
    names.includes('temporal') ? locateTemporal(env) : null,
    names.includes('kafka') ? locateKafka(env) : null,
    names.includes('postgres') ? locatePostgres(env, postgresUser()) : null,
  ]);
  const missing = [temporal, kafka, postgres].flatMap((located) =>
    located?.kind === 'missing' ? located.missing : [],
  );
  if (missing.length > 0) throw toolsMissing(missing);
  return { temporal, kafka, postgres };
}

async function installAll(found: Found, log: StackLog): Promise<void> {
  const located = [found.temporal, found.kafka, found.postgres];
  for (const server of located)
    if (server?.kind === 'present' && server.warning !== undefined) log.line(server.warning);
  const installs = located.flatMap((server) => (server?.kind === 'installable' ? [server.install] : []));
  await Promise.all(installs.map((install) => installOnce(install, log)));
}

async function makeRecipes(
  found: Found,
  options: StackOptions,
): Promise<{ list: ServerRecipe[]; addresses: StackAddresses }> {
  const { dataDir, env, log } = options;
  const ports = new PortMemory(dataDir);
  const common = { dataDir, ports, log };
  const list: ServerRecipe[] = [];
  let addresses: StackAddresses = { postgres: null, kafka: null, temporal: null };
  if (found.temporal?.kind === 'external') {
    const namespace = env['HEADGATE_TEMPORAL_NAMESPACE'] || temporalPin.namespace;
    const temporal = { address: found.temporal.address, namespace, ui: env['HEADGATE_TEMPORAL_UI'] || null };
    addresses = { ...addresses, temporal };
  } else if (found.temporal !== null && 'source' in found.temporal) {
    const dynamicConfig = options.temporalDynamicConfig ?? {};
    const server = await temporalServer({ ...common, binary: found.temporal.source, dynamicConfig });
    list.push(server.recipe);
    const temporal = { address: server.address, namespace: temporalPin.namespace, ui: server.ui };
    addresses = { ...addresses, temporal };
  }
  if (found.kafka?.kind === 'external') addresses = { ...addresses, kafka: found.kafka.address };
  else if (found.kafka !== null && 'source' in found.kafka) {
    const server = await kafkaServer({ ...common, jars: found.kafka.source });
    list.push(server.recipe);
    addresses = { ...addresses, kafka: server.bootstrap };
  }
  if (found.postgres?.kind === 'external') addresses = { ...addresses, postgres: found.postgres.address };
  else if (found.postgres !== null && 'source' in found.postgres) {
    const server = await postgresServer({ ...common, binaries: found.postgres.source, user: postgresUser() });
    list.push(server.recipe);
    addresses = { ...addresses, postgres: server.url };
  }
  return { list, addresses };
}

/** The user's own servers must answer too. Addresses may hold a password and are not shown. */
async function greetExternal(found: Found, env: Env): Promise<void> {
  const greet = async (variable: string, probe: () => Promise<void>) => {
    try {
      await probe();
    } catch (error) {
      throw new HeadgateError(
        'SERVER_START_FAILED',
        `The server that ${variable} names does not answer (${messageOf(error)}); start it, correct the variable, or unset it to have one started`,
        { cause: error },
      );
    }
  };
  const { temporal, kafka, postgres } = found;
  if (temporal?.kind === 'external')
    await greet('HEADGATE_TEMPORAL_ADDRESS', async () => {
      const namespace = env['HEADGATE_TEMPORAL_NAMESPACE'] || temporalPin.namespace;
      await prepareExternalTemporal(temporal.address, namespace);
      await probeTemporal(temporal.address, namespace);
    });
  if (kafka?.kind === 'external') await greet('HEADGATE_KAFKA_BOOTSTRAP', () => probeKafka(kafka.address));
  if (postgres?.kind === 'external')
    await greet('HEADGATE_POSTGRES_URL', () => probePostgresUrl(postgres.address));
}

async function startAll(
  recipes: readonly ServerRecipe[],
  servers: ReadonlyMap<ServerName, Server>,
  log: StackLog,
): Promise<void> {
  if (recipes.length === 0) return;
  await inStep(log, `Starting ${recipes.map(({ title }) => title).join(', ')}`, () =>
    Promise.all([...servers.values()].map((server) => server.start())),
  );
}

function makeStack(
  addresses: StackAddresses,
  servers: ReadonlyMap<ServerName, Server>,
  stop: () => Promise<void>,
): Stack {
  let stopped: Promise<void> | null = null;
  const own = (name: ServerName): Server => {
    const server = servers.get(name);
    if (server === undefined) throw new Error(`${name} is not a server this stack started`);
    return server;
  };
  return {
    addresses,
    pids: () => pidsOf(servers),
    environment: () => environmentOf(addresses),
    restart: (name) => own(name).restart(),
    kill: (name, signal) => own(name).kill(signal),
    stop: () => (stopped ??= stop()),
  };
}

function environmentOf({ postgres, kafka, temporal }: StackAddresses): Record<string, string> {
  return {
    ...(postgres === null ? {} : { HEADGATE_POSTGRES_URL: postgres }),
    ...(kafka === null ? {} : { HEADGATE_KAFKA_BOOTSTRAP: kafka }),
    ...(temporal === null
      ? {}
      : {
          HEADGATE_TEMPORAL_ADDRESS: temporal.address,
          HEADGATE_TEMPORAL_NAMESPACE: temporal.namespace,
          ...(temporal.ui === null ? {} : { HEADGATE_TEMPORAL_UI: temporal.ui }),
        }),
  };
}

function pidsOf(servers: ReadonlyMap<ServerName, Server>): Record<ServerName, number | null> {
  const pid = (name: ServerName) => servers.get(name)?.pid ?? null;
  return { temporal: pid('temporal'), kafka: pid('kafka'), postgres: pid('postgres') };
}

/** Temporal first, so that nothing starts new work; Postgres last, so that nothing loses its truth. */
async function stopInOrder(servers: readonly Server[]): Promise<void> {
  const stages = [...new Set(servers.map(({ stage }) => stage))].sort((a, b) => a - b);
  for (const stage of stages)
    await Promise.all(servers.filter((server) => server.stage === stage).map((server) => server.stop()));
}
