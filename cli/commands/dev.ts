/**
 * `headgate dev`: everything on one machine, until Ctrl-C.
 *
 * The first signal stops all in order and leaves the data folder for the next run; a second one ends this process at
 * once, and the watchdog stops the rest.
 */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { HeadgateError } from '../../domain/errors.ts';
import type { DevStack } from '../../stack/dev-stack.ts';
import { print } from '../output.ts';
import { wholeNumber } from '../whole-number.ts';

export type DevArguments = {
  readonly data: string;
  readonly port: number;
  readonly ingestWorkers: number;
  readonly capacity?: number;
  readonly with?: readonly string[];
};

export function register(program: Command): void {
  program
    .command('dev')
    .description('run Temporal, Kafka, Postgres and every role of Headgate on this machine, until Ctrl-C')
    .option('--data <folder>', 'where everything is kept; the same folder goes on where it was', '.headgate')
    .option('--port <n>', 'port of the API', wholeNumber(1, 65_535), 8888)
    .option('--ingest-workers <n>', 'ingest worker processes', wholeNumber(1, 100), 2)
    .option(
      '--capacity <n>',
      'ingestion tasks at the same time, all workers together',
      wholeNumber(1, 100_000),
    )
    .option('--with <part...>', 'more servers to start (kinesis, s3: not supported yet)')
    .addHelpText(
      'after',
      `
Servers of your own are used instead when their address is set: HEADGATE_TEMPORAL_ADDRESS, HEADGATE_KAFKA_BOOTSTRAP,
HEADGATE_POSTGRES_URL. FOLDER/stack.json names all addresses and pids while everything is ready.`,
    )
    .action(runDev);
}

async function runDev(given: DevArguments): Promise<void> {
  refuseExtraParts(given.with ?? []);
  // Loaded here: no other command needs the clients of three servers.
  const { startDev } = await import('../../stack/dev-stack.ts');
  const { terminalLog } = await import('../../stack/progress.ts');
  const { starterGone } = await import('../../stack/starter.ts');
  const log = terminalLog();
  const orders = ordersToStop(starterGone(process.env));
  const starting = startDev({
    dataDir: resolve(given.data),
    port: given.port,
    ingestWorkers: given.ingestWorkers,
    capacity: given.capacity ?? null,
    env: process.env,
    log,
  });
  // Stopped while starting: there is nothing to keep in order yet that the watchdog would not.
  const first = await Promise.race([starting, orders.first]);
  if (typeof first === 'string') process.exit(exitCode(first));
  print(describe(first));
  log.line('Ctrl-C stops everything and keeps the data.');
  const name = await orders.first;
  log.line(`${name}: stopping everything in order; once more ends it at once.`);
  await first.stop();
  log.line(`Stopped. \`headgate dev --data ${given.data}\` goes on where it was.`);
  process.exit(0);
}

/** The first order to stop, from a signal or the end of npm. A second signal ends this process at once. */
function ordersToStop(starterGone: Promise<void>): { first: Promise<NodeJS.Signals> } {
  const first = new Promise<NodeJS.Signals>((resolvePromise) => {
    let seen = false;
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(name, () => {
        if (seen) process.exit(exitCode(name));
        seen = true;
        resolvePromise(name);
      });
    void starterGone.then(() => resolvePromise('SIGTERM'));
  });
  return { first };
}

function exitCode(name: NodeJS.Signals): number {
  return name === 'SIGTERM' ? 143 : name === 'SIGHUP' ? 129 : 130;
}

function refuseExtraParts(parts: readonly string[]): void {
  const extra = parts.flatMap((part) => part.split(','));
  if (extra.length > 0)
    throw new HeadgateError('NOT_SUPPORTED', `--with ${extra.join(',')} is not supported yet; leave it out`);
}

export function describe({ api, dataDir, stack: { addresses } }: DevStack): string {
  const rows: [string, string | null | undefined][] = [
    ['API and SQL', api],
    ['Temporal UI', addresses.temporal?.ui ?? addresses.temporal?.address],
    ['Kafka', addresses.kafka],
    ['Postgres', withoutPassword(addresses.postgres)],
    ['Data', dataDir],
  ];
  const shown = rows.map(([name, value]) => `  ${name.padEnd(12)} ${value ?? 'none'}`);
  return ['Headgate is ready.', ...shown].join('\n');
}

function withoutPassword(url: string | null): string | null {
  return url?.replace(/^(\w+:\/\/[^/@:]*):[^@]*@/, '$1:***@') ?? null;
}
