/**
 * `headgate demo`: the main job on real data, from nothing to a proof. Starts everything, produces flights, kills an
 * ingest worker on the way, waits until all is published, and compares it with the source. Exit code 0 is the proof.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { HeadgateError } from '../../domain/errors.ts';
import type { DevStack } from '../../stack/dev-stack.ts';
import type { StackLog } from '../../stack/progress.ts';
import { ApiClient } from '../client.ts';
import { openFlights, flightRecords, flightsMax } from '../demo/flights.ts';
import { createTopic, produce, recordsInTopic } from '../demo/produce.ts';
import type { Production } from '../demo/produce.ts';
import { count, holds, proofLine, prove } from '../demo/proof.ts';
import { flightsSpec } from '../demo/supervisor.ts';
import type { DemoNames } from '../demo/supervisor.ts';
import { look, query, segmentPaths } from '../demo/watch.ts';
import type { Sight } from '../demo/watch.ts';
import { print, printTable } from '../output.ts';
import { wholeNumber } from '../whole-number.ts';
import { describe } from './dev.ts';

type DemoArguments = { readonly rows: number; readonly port?: number; readonly keep?: boolean };

const partitions = 4;
const ingestWorkers = 2;
const lookEveryMs = 1_000;
/** Without any progress for this long the demo has failed. */
const patienceMs = 180_000;

export function register(program: Command): void {
  program
    .command('demo')
    .description('the main job on three million real flights, from Kafka to SQL, with a kill and a proof')
    .option('--rows <n>', 'flights to produce', wholeNumber(1, flightsMax), flightsMax)
    .option('--port <n>', 'port of the API (default 8888, or a free one)', wholeNumber(1, 65_535))
    .option('--keep', 'leave everything running at the end, until Ctrl-C')
    .action(runDemo);
}

async function runDemo(given: DemoArguments): Promise<void> {
  const { startDev } = await import('../../stack/dev-stack.ts');
  const { openForPassing } = await import('../../stack/postgres-user.ts');
  const { terminalLog } = await import('../../stack/progress.ts');
  const { starterGone } = await import('../../stack/starter.ts');
  const log = terminalLog();
  const dataDir = mkdtempSync(join(tmpdir(), 'headgate-demo-'));
  openForPassing(dataDir);
  let dev: DevStack | null = null;
  const interrupted = new Promise<'interrupted'>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(name, () => resolve('interrupted'));
    void starterGone(process.env).then(() => resolve('interrupted'));
  });
  const whole = async () => {
    dev = await startDev({
      dataDir,
      port: given.port ?? (await apiPort()),
      ingestWorkers,
      capacity: null,
      env: process.env,
      log,
    });
    print(describe(dev));
    const proved = await theJob(dev, given.rows, log);
    if (given.keep) print('Everything is left running (--keep) until Ctrl-C, which removes it.');
    return proved;
  };
  try {
    const outcome = await Promise.race([whole(), interrupted]);
    if (given.keep && outcome !== 'interrupted') await interrupted;
    process.exitCode = outcome === true ? 0 : outcome === 'interrupted' ? 130 : 1;
  } finally {
    await (dev as DevStack | null)?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
  process.exit();
}

async function apiPort(): Promise<number> {
  const { freePort, isFree } = await import('../../stack/ports.ts');
  return (await isFree(8888)) ? 8888 : freePort();
}

/** True when the proof holds. */
async function theJob(dev: DevStack, rows: number, log: StackLog): Promise<boolean> {
  const kafka = dev.stack.addresses.kafka ?? '';
  const api = new ApiClient({ url: dev.api });
  const names = demoNames(dev);
  const flights = await openFlights(rows);
  try {
    await createTopic(kafka, names.topic, partitions);
    const spec = JSON.stringify(flightsSpec(names, kafka));
    await api.post('/druid/indexer/v1/supervisor', spec);
    print(
      `Posted supervisor ${names.supervisor}: topic ${names.topic}, ${partitions} partitions, 2 task groups.`,
    );
    const production = produce(kafka, names.topic, partitions, flightRecords(flights));
    await Promise.all([production.done, untilPublished({ dev, api, names, rows, production, log })]);
    const inTopic = await recordsInTopic(kafka, names.topic);
    if (inTopic !== rows)
      throw new Error(`the topic holds ${count(inTopic)} records, produced ${count(rows)}`);
    await printWorstRoutes(api, names.supervisor);
    const proof = await prove(flights, await segmentPaths(api, names.supervisor));
    print(proofLine(proof));
    return holds(proof);
  } finally {
    flights.closeSync();
  }
}

/** On servers of the user's own nothing of an earlier demo may be met. */
function demoNames({ stack }: DevStack): DemoNames {
  const pids = Object.values(stack.pids());
  const name = pids.includes(null) ? `flights-${randomBytes(3).toString('hex')}` : 'flights';
  return { supervisor: name, topic: name };
}

type Job = {
  readonly dev: DevStack;
  readonly api: ApiClient;
  readonly names: DemoNames;
  readonly rows: number;
  readonly production: Production;
  readonly log: StackLog;
};

async function untilPublished(job: Job): Promise<void> {
  const { dev, api, names, rows, production, log } = job;
  const step = log.step('Ingesting', { everyMs: 5_000 });
  let killed = false;
  let before = { ingested: 0, published: 0, atMs: performance.now() };
  let progressMs = performance.now();
  let failure: unknown = null;
  production.done.catch((error: unknown) => {
    failure = error;
  });
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    if (failure !== null) {
      step.failed();
      throw failure;
    }
    // A killed api, a Postgres that restarts: the next look says more.
    const sight = await look(api, names.supervisor).catch(() => null);
    const nowMs = performance.now();
    if (sight !== null) {
      const rate = ((sight.ingested - before.ingested) * 1_000) / (nowMs - before.atMs);
      step.detail(describeSight(sight, production.produced(), rate));
      if (sight.ingested !== before.ingested || sight.published !== before.published) progressMs = nowMs;
      before = { ingested: sight.ingested, published: sight.published, atMs: nowMs };
      if (!killed && sight.ingested >= rows * 0.4) killed = killBusyWorker(dev, sight, log);
      if (sight.published >= rows) return step.done();
    }
    if (nowMs - progressMs > patienceMs) {
      step.failed();
      throw stalled(sight, rows);
    }
  }
}

export function describeSight(sight: Sight, produced: number, rate: number): string {
  const lag = Math.max(produced - sight.ingested, 0);
  const groups = sight.groups.length === 0 ? 'no task group' : `groups ${sight.groups.join(' ')}`;
  return [
    `${count(Math.max(Math.round(rate), 0))} rows/s`,
    `lag ${count(lag)}`,
    `published ${count(sight.published)}`,
    groups,
    ...(sight.healthy ? [] : [sight.state]),
  ].join(' | ');
}

/** One that holds a task, so that something is taken over. */
function killBusyWorker(dev: DevStack, { workers }: Sight, log: StackLog): boolean {
  const pids = dev.describe().pids.ingest;
  const busy = pids.findIndex((pid) => workers.some((worker) => worker.includes(`-${pid}-`)));
  if (busy < 0) return false;
  dev.kill('ingest', 'SIGKILL', busy);
  log.line(`SIGKILL to ingest worker ${busy + 1}, pid ${pids[busy]}, in the middle of a task.`);
  return true;
}

function stalled(sight: Sight | null, rows: number): HeadgateError {
  const seen = sight
    ? `published ${count(sight.published)} of ${count(rows)}, state ${sight.state}: ${sight.reason}`
    : 'the API does not answer';
  return new HeadgateError('SERVER_START_FAILED', `No progress for ${patienceMs / 1000} s; ${seen}`);
}

async function printWorstRoutes(api: ApiClient, dataSource: string): Promise<void> {
  const sql = `SELECT "origin", "destination", SUM("flights") AS "flights",
      SUM("delay") * 1.0 / SUM("flights") AS "mean", MAX("worst_delay") AS "worst"
    FROM "${dataSource}" GROUP BY 1, 2 HAVING SUM("flights") >= 100 ORDER BY 4 DESC LIMIT 8`;
  const rows = await query<[string, string, number, number, number]>(api, sql);
  print('The most delayed routes, by SQL:');
  printTable(
    ['origin', 'destination', 'flights', 'mean delay (min)', 'worst (min)'],
    rows.map(([origin, destination, flights, mean, worst]) => [
      origin,
      destination,
      count(flights),
      mean.toFixed(1),
      count(worst),
    ]),
  );
}
