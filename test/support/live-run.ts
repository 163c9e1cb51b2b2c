/**
 * One run over rows that arrive: a steady stream, short rollovers, two replicas, ingest workers killed in turn, and one SQL
 * question asked all the time. The short form is a test, the long form `npm run chaos:live`.
 */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDev } from '../../stack/dev-stack.ts';
import type { DevStack } from '../../stack/dev-stack.ts';
import { freePort } from '../../stack/ports.ts';
import { silentLog } from '../../stack/progress.ts';
import { IdProducer } from './id-producer.ts';
import { lagOf, LiveWatch } from './live-watch.ts';
import type { Seen } from './live-watch.ts';
import { waitFor } from './wait-for.ts';

export type LivePlan = {
  readonly seconds: number;
  readonly rowsPerSecond: number;
  readonly taskDuration: string;
  /** Milliseconds from the start to the first kill of an ingest worker, and between two; null: none. */
  readonly kills: { readonly firstMs: number; readonly everyMs: number } | null;
  readonly askEveryMs: number;
  readonly partitions: number;
  readonly taskCount: number;
  readonly ingestWorkers: number;
  /** Without rollup: every row by itself. */
  readonly raw: boolean;
  readonly say: (line: string) => void;
};

export type LiveReport = {
  readonly produced: number;
  readonly sum: number;
  readonly last: Seen;
  readonly breaches: readonly string[];
  readonly errors: readonly string[];
  readonly kills: number;
  readonly answers: number;
  readonly incomplete: number;
  /** Questions not asked because too many were open. */
  readonly skipped: number;
  /** How far behind answers were while nothing was being killed, ms. */
  readonly lagMs: readonly number[];
  readonly tookMs: readonly number[];
};

const dataSource = 'live';
/** A killed worker's tasks read again after the heartbeat timeout and catch up; until then a question may wait. */
const recoveryMs = 20_000;

export async function runLive(plan: LivePlan): Promise<LiveReport> {
  const dataDir = await mkdtemp(join(tmpdir(), 'headgate-live-'));
  const dev = await startDev({
    dataDir,
    port: await freePort(),
    ingestWorkers: plan.ingestWorkers,
    capacity: null,
    env: process.env,
    log: silentLog,
  });
  try {
    return await drive(dev, plan);
  } finally {
    await dev.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function drive(dev: DevStack, plan: LivePlan): Promise<LiveReport> {
  const producer = await IdProducer.open({
    bootstrap: dev.stack.addresses.kafka ?? '',
    topic: dataSource,
    partitions: plan.partitions,
    total: plan.seconds * plan.rowsPerSecond,
    rowsPerSecond: plan.rowsPerSecond,
    firstTimestampMs: Date.UTC(2026, 0, 1),
    spanMs: 3_600_000,
  });
  const ask = (): Promise<Seen & { incomplete: string | null }> => askOnce(dev, plan);
  const acknowledged: [number, number][] = [];
  const noting = setInterval(() => acknowledged.push([Date.now(), producer.produced]), 20);
  try {
    await post(dev, '/druid/indexer/v1/supervisor', specOf(plan, dev.stack.addresses.kafka ?? ''));
    const watch = new LiveWatch({ ask, everyMs: plan.askEveryMs, produced: () => producer.sent });
    const breaches: string[] = [];
    const kills = await killInTurn(dev, producer, plan);
    await producer.done;
    plan.say(`${producer.produced} rows produced; waiting until all are seen`);
    await waitFor(async () => (await ask()).count >= producer.produced, {
      what: 'every row to be seen',
      timeoutMs: 120_000,
      everyMs: 500,
    }).catch((error: unknown) => breaches.push(String(error)));
    await watch.stop();
    const { produced } = producer;
    return {
      ...reportOf(watch, kills, { produced, acknowledged }),
      produced,
      sum: (produced * (produced - 1)) / 2,
      last: await ask(),
      breaches: [...watch.breaches, ...breaches],
    };
  } finally {
    clearInterval(noting);
    await producer.close();
  }
}

function reportOf(
  watch: LiveWatch,
  kills: readonly number[],
  { produced, acknowledged }: { produced: number; acknowledged: readonly (readonly [number, number])[] },
): Omit<LiveReport, 'produced' | 'sum' | 'last' | 'breaches'> {
  const { answers, errors } = watch;
  const quiet = answers.filter(
    ({ askedAtMs, answeredAtMs, count }) =>
      count > 0 &&
      count < produced &&
      !kills.some((kill) => answeredAtMs >= kill && askedAtMs <= kill + recoveryMs),
  );
  return {
    errors,
    kills: kills.length,
    answers: answers.length,
    skipped: watch.skipped,
    incomplete: answers.filter((answer) => answer.incomplete !== null).length,
    lagMs: quiet.map((answer) => lagOf(answer, acknowledged)),
    tookMs: answers.map((answer) => answer.answeredAtMs - answer.askedAtMs),
  };
}

async function killInTurn(dev: DevStack, producer: IdProducer, plan: LivePlan): Promise<number[]> {
  const killedAt: number[] = [];
  if (plan.kills === null) return killedAt;
  let over = false;
  void producer.done.finally(() => (over = true));
  for (let due = Date.now() + plan.kills.firstMs; ; due += plan.kills.everyMs) {
    await waitFor(() => over || Date.now() >= due, {
      what: 'the next kill',
      timeoutMs: 3_600_000,
      everyMs: 50,
    });
    if (over) return killedAt;
    const index = killedAt.length % plan.ingestWorkers;
    killedAt.push(Date.now());
    dev.kill('ingest', 'SIGKILL', index);
    plan.say(`${producer.produced} rows: kill -9 ingest worker ${index + 1}`);
  }
}

async function askOnce(dev: DevStack, { raw }: LivePlan): Promise<Seen & { incomplete: string | null }> {
  const query = raw
    ? `select count(*) as groups_, count(*) as count_, sum(id) as sum_ from "${dataSource}"`
    : `select count(*) as groups_, sum(cnt) as count_, sum(ids) as sum_ from "${dataSource}"`;
  const answer = await post(dev, '/druid/v2/sql', { query });
  const [row] = (await answer.json()) as { groups_: number; count_: number | null; sum_: number | null }[];
  return {
    groups: row?.groups_ ?? 0,
    count: row?.count_ ?? 0,
    sum: row?.sum_ ?? 0,
    incomplete: answer.headers.get('x-headgate-incomplete'),
  };
}

async function post(dev: DevStack, path: string, body: unknown): Promise<Response> {
  const answer = await fetch(`${dev.api}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer;
}

function specOf(plan: LivePlan, bootstrap: string): unknown {
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
        ...(plan.raw ? raw : rolledUp),
      },
      ioConfig: {
        topic: dataSource,
        inputFormat: { type: 'json' },
        consumerProperties: { 'bootstrap.servers': bootstrap },
        taskCount: plan.taskCount,
        replicas: 2,
        taskDuration: plan.taskDuration,
        startDelay: 'PT1S',
        period: 'PT2S',
        useEarliestOffset: true,
      },
      tuningConfig: { type: 'kafka', intermediatePersistPeriod: 'PT10S' },
    },
  };
}
