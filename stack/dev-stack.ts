/**
 * The whole of Headgate on one machine: the servers, one control worker, some ingest workers and one api, each a process
 * of its own. Used by `headgate dev`, the demo and the chaos harness.
 *
 * `stack.json` exists exactly while everything is ready. Whatever dies is started again; whatever ends this process ends
 * all of it.
 */
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { HeadgateError } from '../domain/errors.ts';
import { claimDataFolder } from './data-folder.ts';
import type { DataFolder } from './data-folder.ts';
import type { ServerName } from './pins.ts';
import { isFree } from './ports.ts';
import { inStep } from './progress.ts';
import type { StackLog } from './progress.ts';
import { RoleProcess, roleNames } from './role-process.ts';
import type { RoleName } from './role-process.ts';
import { removeStackFile, writeStackFile } from './stack-file.ts';
import type { StackFile } from './stack-file.ts';
import { startStack } from './stack.ts';
import type { Stack } from './stack.ts';
import type { Env } from './tools.ts';

export type DevOptions = {
  readonly dataDir: string;
  readonly port: number;
  readonly ingestWorkers: number;
  /** Ingestion tasks of all ingest workers together; null is each worker's own default. */
  readonly capacity: number | null;
  readonly env: Env;
  readonly log: StackLog;
  readonly temporalDynamicConfig?: Readonly<Record<string, string>>;
  /** Another program in place of our own roles, for tests. */
  readonly main?: string;
};

export type DevStack = {
  readonly dataDir: string;
  readonly api: string;
  readonly stack: Stack;
  /** The content of stack.json as of now. */
  describe(): StackFile;
  kill(target: RoleName | ServerName, signal: NodeJS.Signals, index?: number): void;
  stop(): Promise<void>;
};

const host = '127.0.0.1';
const serversOfDev: readonly ServerName[] = ['temporal', 'kafka', 'postgres'];

export async function startDev(options: DevOptions): Promise<DevStack> {
  const dataDir = resolve(options.dataDir);
  checkCapacity(options);
  const folder = await claimDataFolder(dataDir, options.log);
  try {
    removeStackFile(dataDir);
    await checkPort(options.port);
    return await startAll({ ...options, dataDir }, folder);
  } catch (error) {
    folder.release();
    throw error;
  }
}

async function startAll(options: DevOptions, folder: DataFolder): Promise<DevStack> {
  const { dataDir, port, env, log } = options;
  const api = `http://${host}:${port}`;
  const deepStorage = env['HEADGATE_DEEP_STORAGE'] || pathToFileURL(join(dataDir, 'segments')).href;
  const roles = new Map<RoleName, RoleProcess[]>();
  let isReady = false;
  const stack = await startStack({
    dataDir,
    with: serversOfDev,
    env,
    log,
    folder,
    keepAlive: true,
    temporalDynamicConfig: options.temporalDynamicConfig ?? {},
    onChange: changed,
  });
  const describe = () => describeStack({ api, deepStorage, stack, roles });
  const stop = async () => {
    isReady = false;
    removeStackFile(dataDir);
    await Promise.all([...roles.values()].flat().map((role) => role.stop()));
    await stack.stop();
    folder.release();
  };
  try {
    for (const role of roleNames)
      roles.set(role, makeRoles(role, { options, stack, deepStorage, onChange: changed }));
    await inStep(log, `Starting the roles: control, ${options.ingestWorkers} x ingest, api`, async () => {
      await Promise.all([...roles.values()].flat().map((role) => role.start()));
      await untilHealthy(api);
    });
    isReady = true;
    changed();
  } catch (error) {
    await stop();
    throw error;
  }
  let stopped: Promise<void> | null = null;
  return {
    dataDir,
    api,
    stack,
    describe,
    kill: (target, signal, index = 0) => {
      if (target === 'temporal' || target === 'kafka' || target === 'postgres') stack.kill(target, signal);
      else roles.get(target)?.[index]?.kill(signal);
    },
    stop: () => (stopped ??= stop()),
  };

  function changed(): void {
    folder.record('roles', pidsByTitle(roles));
    if (isReady) writeStackFile(dataDir, describe());
  }
}

type RoleSetting = { options: DevOptions; stack: Stack; deepStorage: string; onChange: () => void };

function makeRoles(role: RoleName, { options, stack, deepStorage, onChange }: RoleSetting): RoleProcess[] {
  const { dataDir, env, log, port } = options;
  const count = role === 'ingest' ? options.ingestWorkers : 1;
  return Array.from({ length: count }, (_, index) => {
    const name = count === 1 ? role : `${role}-${index + 1}`;
    const slots = slotsOf(options, index);
    return new RoleProcess({
      role,
      title: count === 1 ? role : `${role} ${index + 1}`,
      env: {
        ...env,
        ...stack.environment(),
        HEADGATE_DEEP_STORAGE: deepStorage,
        HEADGATE_SCRATCH: join(dataDir, 'scratch', name),
        HEADGATE_API_HOST: host,
        HEADGATE_API_PORT: String(port),
        ...(slots === null ? {} : { HEADGATE_INGEST_SLOTS: String(slots) }),
      },
      logFile: join(dataDir, 'logs', `${name}.log`),
      log,
      onChange,
      main: options.main ?? null,
    });
  });
}

/** The share of worker `index` in the capacity; the first ones take what does not divide. */
export function slotsOf(
  { capacity, ingestWorkers }: Pick<DevOptions, 'capacity' | 'ingestWorkers'>,
  index: number,
): number | null {
  if (capacity === null) return null;
  return Math.floor(capacity / ingestWorkers) + (index < capacity % ingestWorkers ? 1 : 0);
}

function checkCapacity({ capacity, ingestWorkers }: DevOptions): void {
  if (ingestWorkers < 1 || (capacity !== null && capacity < ingestWorkers))
    throw new HeadgateError(
      'CONFIG_INVALID',
      `capacity ${capacity ?? 'default'} cannot be shared out over ${ingestWorkers} ingest workers; each needs at least one slot, and there must be at least one worker`,
    );
}

async function checkPort(port: number): Promise<void> {
  if (await isFree(port, host)) return;
  throw new HeadgateError(
    'SERVER_START_FAILED',
    `Port ${port} of ${host}, meant for the API, is taken by another program; stop that one or choose another port with --port`,
    { details: { port } },
  );
}

async function untilHealthy(api: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const answer = await fetch(`${api}/status/health`, { signal: AbortSignal.timeout(5_000) }).catch(
      () => null,
    );
    if (answer?.ok) return;
    if (performance.now() > deadline)
      throw new HeadgateError(
        'SERVER_START_FAILED',
        `The API at ${api} says it is ready, but GET /status/health answers ${answer?.status ?? 'nothing'}; see logs/api.log in the data folder`,
      );
    await delay(100);
  }
}

type Parts = { api: string; deepStorage: string; stack: Stack; roles: ReadonlyMap<RoleName, RoleProcess[]> };

function describeStack({ api, deepStorage, stack, roles }: Parts): StackFile {
  const pids = (role: RoleName) => (roles.get(role) ?? []).flatMap(({ pid }) => (pid === null ? [] : [pid]));
  const { kafka, postgres, temporal } = stack.addresses;
  return {
    api,
    kafka,
    kinesis: null,
    s3: null,
    postgres,
    temporal,
    deepStorage,
    pids: {
      control: pids('control'),
      ingest: pids('ingest'),
      api: pids('api'),
      ...stack.pids(),
      kinesis: null,
      s3: null,
    },
  };
}

function pidsByTitle(roles: ReadonlyMap<RoleName, RoleProcess[]>): Record<string, number | null> {
  const entries = [...roles].flatMap(([role, list]) =>
    list.map(({ pid }, index) => [`${role} ${index + 1}`, pid] as const),
  );
  return Object.fromEntries(entries);
}
