/**
 * A Postgres of our own, on loopback, with its data in the data folder and fsync on: a proof of exactly-once on a
 * database that may lose commits would prove nothing.
 */
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { PortMemory } from './ports.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { canEnter, openForPassing } from './postgres-user.ts';
import type { SystemUser } from './postgres-user.ts';
import type { StackLog } from './progress.ts';
import { runTool } from './run-tool.ts';
import type { ServerRecipe } from './server.ts';

export type PostgresOptions = {
  readonly binaries: PostgresBinaries;
  readonly user: SystemUser | null;
  readonly dataDir: string;
  readonly ports: PortMemory;
  readonly log: StackLog;
};

const database = 'headgate';
/** Where root keeps data of a folder that the user of Postgres cannot enter. */
const systemData = '/var/lib/headgate';

export async function postgresServer(
  options: PostgresOptions,
): Promise<{ recipe: ServerRecipe; url: string; dataFolder: string }> {
  const { binaries, user, dataDir, ports, log } = options;
  const port = await ports.take('postgres', log);
  const home = homeOf(dataDir, user, log);
  const data = join(home, 'data');
  const runAs = {
    ...(user === null ? {} : { uid: user.uid, gid: user.gid }),
    cwd: home,
    env: { PATH: process.env['PATH'], LC_ALL: 'C', HOME: home },
  };
  const settings = [
    'max_connections=300',
    'shared_buffers=64MB',
    'fsync=on',
    'synchronous_commit=on',
    'log_min_messages=warning',
  ];
  const url = `postgres://headgate@127.0.0.1:${port}/${database}`;
  const recipe: ServerRecipe = {
    name: 'postgres',
    title: 'Postgres',
    port,
    logFile: join(dataDir, 'logs', 'postgres.log'),
    prepare: async () => {
      mkdirSync(home, { recursive: true, mode: 0o755 });
      if (user !== null) chownSync(home, user.uid, user.gid);
      if (!existsSync(data)) await initialise(binaries.bin, data, runAs);
    },
    command: {
      file: join(binaries.bin, 'postgres'),
      args: [
        ...['-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', ''],
        ...settings.flatMap((setting) => ['-c', setting]),
      ],
      options: runAs,
    },
    probe: () => probePostgres(port),
    stage: 3,
    // "Fast": sessions are ended, everything committed is on disk.
    stopSignal: 'SIGINT',
    stopBoundMs: 15_000,
    // Backends of a killed server need a moment to notice.
    passing: /pre-existing shared memory block|lock file "postmaster\.pid" already exists/,
  };
  return { recipe, url, dataFolder: home };
}

/**
 * The data folder's own `postgres/`, or for root, when that is closed to its user, a folder under /var/lib. Its name is
 * random and kept in the data folder: a data folder made anew must not find the positions of the one before.
 */
function homeOf(dataDir: string, user: SystemUser | null, log: StackLog): string {
  const real = realpathSync(dataDir);
  const pointer = join(real, 'postgres-data');
  if (existsSync(pointer)) return readFileSync(pointer, 'utf8').trim();
  if (user !== null) openForPassing(real);
  if (canEnter(real, user)) return join(real, 'postgres');
  const elsewhere = join(systemData, `postgres-${randomBytes(8).toString('hex')}`);
  writeFileSync(pointer, `${elsewhere}\n`);
  log.line(
    `Postgres runs as user ${user?.name}, who cannot enter ${real}: its data is in ${elsewhere}, to be deleted with this folder.`,
  );
  return elsewhere;
}

type RunAs = { uid?: number; gid?: number; cwd: string; env: Record<string, string | undefined> };

/** Made aside and renamed: a folder called `data` is a whole cluster. */
async function initialise(bin: string, data: string, runAs: RunAs): Promise<void> {
  const draft = `${data}.new`;
  rmSync(draft, { recursive: true, force: true });
  const locale = process.platform === 'linux' ? 'C.UTF-8' : 'C';
  await runTool({
    file: join(bin, 'initdb'),
    args: ['-D', draft, '-U', 'headgate', '-A', 'trust', '-E', 'UTF8', `--locale=${locale}`, '--no-sync'],
    options: runAs,
    doing: "Making Postgres' data folder",
  });
  renameSync(draft, data);
}

/** Answers a select in our own database, which the first call makes. */
async function probePostgres(port: number): Promise<void> {
  await withClient(`postgres://headgate@127.0.0.1:${port}/postgres`, async (client) => {
    const found = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`create database ${database}`);
  });
  await probePostgresUrl(`postgres://headgate@127.0.0.1:${port}/${database}`);
}

export async function probePostgresUrl(url: string): Promise<void> {
  await withClient(url, async (client) => void (await client.query('select 1')));
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
