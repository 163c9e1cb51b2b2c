/**
 * `npm run chaos:live`: rows by SQL while they arrive. A steady stream, short rollovers, two replicas, an ingest worker killed
 * again and again; count and sum are asked all the time. Exit code 0 only when no answer ever fell, none was above what was
 * produced, the last one is equal to it, and rows were visible in time while nothing was being killed.
 */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startDev } from '../../stack/dev-stack.ts';
import { silentLog } from '../../stack/progress.ts';
import { freePort } from '../support/dev.ts';
import { IdProducer } from '../support/id-producer.ts';
import { lagOf, LiveWatch, quantile } from '../support/live-watch.ts';
import type { Seen } from '../support/live-watch.ts';
import { waitFor } from '../support/wait-for.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    rate: { type: 'string', default: '20000' },
    'task-duration': { type: 'string', default: 'PT20S' },
    'kill-every': { type: 'string', default: '30' },
    'kill-after': { type: 'string', default: '60' },
    'ask-every': { type: 'string', default: '200' },
    partitions: { type: 'string', default: '4' },
    'task-count': { type: 'string', default: '2' },
    workers: { type: 'string', default: '2' },
    raw: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const seconds = Number(values.seconds);
const rate = Number(values.rate);
const dataSource = 'live';
/** A killed worker's tasks read again after the heartbeat timeout and catch up; until then a question may wait. */
const recoveryMs = 20_000;
const visibleWithinMs = 2_000;

const say = (line: string): void => console.error(`${new Date().toISOString()} ${line}`);
const dataDir = await mkdtemp(join(tmpdir(), 'headgate-live-'));
const dev = await startDev({
  dataDir,
  port: await freePort(),
  ingestWorkers: Number(values.workers),
  capacity: null,
  env: process.env,
  log: silentLog,
});

try {
  const kafka = dev.stack.addresses.kafka ?? '';
  const partitions = Number(values.partitions);
  const producer = await IdProducer.open({
    bootstrap: kafka,
    topic: dataSource,
    partitions,
    total: seconds * rate,
    rowsPerSecond: rate,
    firstTimestampMs: Date.UTC(2026, 0, 1),
    spanMs: 3_600_000,
  });
  await post('/druid/indexer/v1/supervisor', spec(kafka));
  const acknowledged: [number, number][] = [];
  const noting = setInterval(() => acknowledged.push([Date.now(), producer.produced]), 20);
  const watch = new LiveWatch({ ask, everyMs: Number(values['ask-every']), produced: () => producer.sent });
  const kills = await killAgainAndAgain(producer);
  await producer.done;
  say(`${producer.produced} rows produced; waiting until all are seen`);
  await waitFor(async () => (await ask()).count >= producer.produced, {
    what: 'every row to be seen',
    timeoutMs: 120_000,
    everyMs: 500,
  }).catch((error: unknown) => watch.breaches.push(String(error)));
  clearInterval(noting);
  await watch.stop();
  const last = await ask();
  await producer.close();
  report(producer.produced, last, watch, kills, acknowledged);
} finally {
  await dev.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

async function killAgainAndAgain(producer: IdProducer): Promise<number[]> {
  const kills: number[] = [];
  const everyMs = Number(values['kill-every']) * 1000;
  let due = Date.now() + Number(values['kill-after']) * 1000;
  let over = everyMs === 0;
  void producer.done.finally(() => (over = true));
  while (!over) {
    await waitFor(() => over || Date.now() >= due, {
      what: 'the next kill',
      timeoutMs: 3_600_000,
      everyMs: 50,
    });
    if (over) break;
    const index = kills.length % Number(values.workers);
    kills.push(Date.now());
    dev.kill('ingest', 'SIGKILL', index);
    say(`${producer.produced} rows: kill -9 ingest worker ${index + 1}`);
    due += everyMs;
  }
  return kills;
}

async function ask(): Promise<Seen & { incomplete: string | null }> {
  const query = values.raw
    ? `select count(*) as groups_, count(*) as count_, sum(id) as sum_ from "${dataSource}"`
    : `select count(*) as groups_, sum(cnt) as count_, sum(ids) as sum_ from "${dataSource}"`;
  const answer = await post('/druid/v2/sql', { query });
  const [row] = (await answer.json()) as { groups_: number; count_: number | null; sum_: number | null }[];
  return {
    groups: row?.groups_ ?? 0,
    count: row?.count_ ?? 0,
    sum: row?.sum_ ?? 0,
    incomplete: answer.headers.get('x-headgate-incomplete'),
  };
}

async function post(path: string, body: unknown): Promise<Response> {
  const answer = await fetch(`${dev.api}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer;
}

function spec(bootstrap: string): unknown {
  const rolledUp = {
    dimensionsSpec: { dimensions: [{ type: 'long', name: 'p' }, 'site'] },
    metricsSpec: [
      { type: 'count', name: 'cnt' },
      { type: 'longSum', name: 'ids', fieldName: 'id' },
    ],
    granularitySpec: { segmentGranularity: 'hour', queryGranularity: 'minute', rollup: true },
  };
  const raw = {
    dimensionsSpec: { dimensions: [{ type: 'long', name: 'id' }, { type: 'long', name: 'p' }, 'site'] },
    granularitySpec: { segmentGranularity: 'hour', queryGranularity: 'none', rollup: false },
  };
  return {
    type: 'kafka',
    spec: {
      dataSchema: {
        dataSource,
        timestampSpec: { column: 'ts', format: 'iso' },
        ...(values.raw ? raw : rolledUp),
      },
      ioConfig: {
        topic: dataSource,
        inputFormat: { type: 'json' },
        consumerProperties: { 'bootstrap.servers': bootstrap },
        taskCount: Number(values['task-count']),
        replicas: 2,
        taskDuration: values['task-duration'],
        startDelay: 'PT1S',
        period: 'PT2S',
        useEarliestOffset: true,
      },
      tuningConfig: { type: 'kafka', intermediatePersistPeriod: 'PT10S' },
    },
  };
}

function report(
  produced: number,
  last: Seen,
  watch: LiveWatch,
  kills: readonly number[],
  acknowledged: readonly (readonly [number, number])[],
): void {
  const sum = (produced * (produced - 1)) / 2;
  const quiet = watch.answers.filter(
    ({ askedAtMs, answeredAtMs, count }) =>
      count > 0 &&
      count < produced &&
      !kills.some((kill) => answeredAtMs >= kill && askedAtMs <= kill + recoveryMs),
  );
  const lags = quiet.map((answer) => lagOf(answer, acknowledged));
  const took = watch.answers.map((answer) => answer.answeredAtMs - answer.askedAtMs);
  const lines = [
    [
      `no answer fell or was above what was produced`,
      watch.breaches.length === 0,
      watch.breaches.slice(0, 5).join(' | '),
    ],
    [
      `at the end count and sum are equal`,
      last.count === produced && last.sum === sum,
      `${last.count} of ${produced}, ${last.sum} of ${sum}`,
    ],
    [`every question was answered`, watch.errors.length === 0, watch.errors.slice(0, 3).join(' | ')],
    [
      `visible within ${visibleWithinMs} ms at p95`,
      quantile(lags, 0.95) <= visibleWithinMs,
      `p50 ${quantile(lags, 0.5)}, p95 ${quantile(lags, 0.95)}, max ${quantile(lags, 1)} ms over ${lags.length} answers`,
    ],
  ] as const;
  const incomplete = watch.answers.filter((answer) => answer.incomplete !== null).length;
  for (const [what, ok, detail] of lines) console.log(`${ok ? 'ok  ' : 'FAIL'} ${what}: ${detail}`);
  console.log(
    `${produced} rows, ${watch.answers.length} answers (${incomplete} incomplete), ${kills.length} kills; ` +
      `answers took p50 ${quantile(took, 0.5)}, p95 ${quantile(took, 0.95)}, max ${quantile(took, 1)} ms`,
  );
  process.exitCode = lines.every(([, ok]) => ok) ? 0 : 1;
}
