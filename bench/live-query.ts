/**
 * `npm run bench:query`: SQL over rows just ingested, and over the same rows once published, against DuckDB alone.
 *
 * One stack, one ingest worker. Rows go into a fresh topic and are all read but not published (a long taskDuration); then the
 * same question is asked in the order A B C A B C ...: A through `POST /druid/v2/sql`, B in this process with a warm DuckDB over
 * one Parquet file of the same rows, C the same with a DuckDB opened for the question, as a script would and as Headgate does
 * for its walls' sake. Then the supervisor is suspended, so that all is published, and A B C is asked again.
 */
import { once } from 'node:events';
import { createWriteStream, readdirSync, rmSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { Kafka, logLevel } from 'kafkajs';
import { startDev } from '../stack/dev-stack.ts';
import { terminalLog } from '../stack/progress.ts';
import { benchRow } from './rows.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '2000000' },
    runs: { type: 'string', default: '15' },
    port: { type: 'string', default: '18989' },
    rollup: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const rows = Number(values.rows);
const runs = Number(values.runs);
const partitions = 4;
const dataSource = 'bench_query';
const question = values.rollup
  ? `select count(*) as n, sum("count") as events, sum(bytes) as bytes from "${dataSource}"`
  : `select count(*) as n, sum(bytes) as bytes, sum(latency) as latency from "${dataSource}"`;

/** Questions answered fast in a row. */
let lastFast = 0;

const dataDir = await mkdtemp(join(tmpdir(), 'headgate-bench-'));
const dev = await startDev({
  dataDir,
  port: Number(values.port),
  ingestWorkers: 1,
  capacity: null,
  env: process.env,
  log: terminalLog(),
});
try {
  await produce();
  await post('/druid/indexer/v1/supervisor', spec());
  await until('all rows to be seen', async () => Number((await ask())[0]) >= 0 && (await isEverythingSeen()));
  // Nothing new comes now: the worker brings each sequence down to one piece.
  await until('a quiet worker', isSettled);
  const live = await compare('live');
  await post(`/druid/indexer/v1/supervisor/${dataSource}/suspend`, undefined);
  await until('all rows to be published', isEverythingPublished);
  const published = await compare('published');
  report([live, published]);
} finally {
  await dev.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

type Comparison = {
  readonly what: string;
  readonly headgate: readonly number[];
  readonly duckdb: readonly number[];
  readonly opened: readonly number[];
};

/** A B A B, and the answers must agree. */
async function compare(what: string): Promise<Comparison> {
  const reference = await oneFile();
  try {
    const headgate: number[] = [];
    const duckdb: number[] = [];
    const opened: number[] = [];
    for (let run = 0; run < runs + 2; run += 1) {
      const [ours, oursMs] = await timed(ask);
      const [theirs, theirsMs] = await timed(reference.ask);
      if (JSON.stringify(ours) !== JSON.stringify(theirs))
        throw new Error(`${what}: Headgate says ${ours.join(', ')}, DuckDB ${theirs.join(', ')}`);
      // The first two warm both up.
      if (run < 2) continue;
      headgate.push(oursMs);
      duckdb.push(theirsMs);
      opened.push((await timed(reference.askAnew))[1]);
    }
    return { what, headgate, duckdb, opened };
  } finally {
    reference.close();
  }
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const startedMs = performance.now();
  const answer = await work();
  return [answer, performance.now() - startedMs];
}

/** The published or live rows themselves, through the door, as one Parquet file, and a warm DuckDB over it. */
async function oneFile(): Promise<{
  ask: () => Promise<number[]>;
  askAnew: () => Promise<void>;
  close: () => void;
}> {
  const path = join(dataDir, 'one.parquet');
  const lines = join(dataDir, 'rows.ndjson');
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection = await instance.connect();
  await connection.run(`set TimeZone = 'UTC'`);
  if (!readdirSync(dataDir).includes('one.parquet')) {
    const out = createWriteStream(lines);
    for (let index = 0; index < rows; index += 1)
      if (!out.write(`${benchRow(index)}\n`)) await once(out, 'drain');
    out.end();
    await once(out, 'finish');
    const time = 'make_timestamp(ts * 1000)';
    const rolledUp = `select date_trunc('minute', ${time}) as __time, country, device, browser, count(*) as "count",
        sum(bytes)::bigint as bytes, sum(price) as price, max(latency)::bigint as "latencyMax" from source group by 1, 2, 3, 4`;
    const raw = `select ${time} as __time, country, device, browser, page, "user", bytes, price, latency from source`;
    await connection.run(
      `copy (with source as (select * from read_json('${lines}', format = 'newline_delimited')) ${values.rollup ? rolledUp : raw}
        order by 1) to '${path}' (format parquet, compression zstd)`,
    );
    rmSync(lines);
    console.error(`one file of ${statSync(path).size} bytes`);
  }
  const sql = question.replace(`"${dataSource}"`, `read_parquet('${path}')`);
  return {
    ask: async () => (await connection.runAndReadAll(sql)).getRows()[0]?.map(Number) ?? [],
    askAnew: async () => {
      const fresh = await DuckDBInstance.create(':memory:', { threads: '2' });
      const own = await fresh.connect();
      await own.runAndReadAll(sql);
      own.closeSync();
      fresh.closeSync();
    },
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

async function ask(): Promise<number[]> {
  const answer = await post('/druid/v2/sql', { query: question, resultFormat: 'array' });
  const [row] = (await answer.json()) as (number | null)[][];
  return (row ?? []).map(Number);
}

async function isEverythingSeen(): Promise<boolean> {
  const seen = await ask();
  return (values.rollup ? seen[1] : seen[0]) === rows;
}

/** Compaction is over when the question has not become faster for a while. */
async function isSettled(): Promise<boolean> {
  const [, ms] = await timed(ask);
  lastFast = ms < 1_000 ? lastFast + 1 : 0;
  return lastFast >= 20;
}

async function isEverythingPublished(): Promise<boolean> {
  const answer = await post('/druid/v2/sql', {
    query: `select sum(num_rows) as n from sys.segments where datasource = '${dataSource}' and is_published = 1`,
    resultFormat: 'array',
  });
  const [[published]] = (await answer.json()) as [[number | null]];
  const [seen] = await ask();
  return published !== null && published === seen;
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 900_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited 15 minutes for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function produce(): Promise<void> {
  const kafka = new Kafka({ brokers: [dev.stack.addresses.kafka ?? ''], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: dataSource, numPartitions: partitions }] });
  await admin.disconnect();
  const producer = kafka.producer();
  await producer.connect();
  const batch = 5_000;
  for (let first = 0; first < rows; first += batch) {
    const messages = Array.from({ length: Math.min(batch, rows - first) }, (_, index) => ({
      partition: (first + index) % partitions,
      value: benchRow(first + index),
    }));
    await producer.send({ topic: dataSource, messages });
  }
  await producer.disconnect();
}

function spec(): unknown {
  const dimensions = ['country', 'device', 'browser'];
  const rolledUp = {
    dimensionsSpec: { dimensions },
    metricsSpec: [
      { type: 'count', name: 'count' },
      { type: 'longSum', name: 'bytes', fieldName: 'bytes' },
      { type: 'doubleSum', name: 'price', fieldName: 'price' },
      { type: 'longMax', name: 'latencyMax', fieldName: 'latency' },
    ],
    granularitySpec: { segmentGranularity: 'day', queryGranularity: 'minute', rollup: true },
  };
  const raw = {
    dimensionsSpec: { dimensions: [...dimensions, 'page', 'user'] },
    metricsSpec: [
      { type: 'longSum', name: 'bytes', fieldName: 'bytes' },
      { type: 'doubleSum', name: 'price', fieldName: 'price' },
      { type: 'longSum', name: 'latency', fieldName: 'latency' },
    ],
    granularitySpec: { segmentGranularity: 'day', queryGranularity: 'none', rollup: false },
  };
  return {
    type: 'kafka',
    spec: {
      dataSchema: {
        dataSource,
        timestampSpec: { column: 'ts', format: 'millis' },
        ...(values.rollup ? rolledUp : raw),
      },
      ioConfig: {
        topic: dataSource,
        inputFormat: { type: 'json' },
        consumerProperties: { 'bootstrap.servers': dev.stack.addresses.kafka },
        taskCount: 1,
        replicas: 1,
        taskDuration: 'PT1H',
        startDelay: 'PT1S',
        period: 'PT1S',
        useEarliestOffset: true,
      },
      tuningConfig: { type: 'kafka', maxRowsPerSegment: 2 * rows },
    },
  };
}

async function post(path: string, body: unknown): Promise<Response> {
  const answer = await fetch(`${dev.api}${path}`, {
    method: 'POST',
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer;
}

function report(comparisons: readonly Comparison[]): void {
  if (values.json) return console.log(JSON.stringify({ rows, rollup: values.rollup, comparisons }));
  console.log(
    '| rows are | Headgate, ms: median (range) | warm DuckDB | DuckDB opened for it | to warm | to opened |',
  );
  console.log('| --- | --- | --- | --- | --- | --- |');
  for (const { what, headgate, duckdb, opened } of comparisons) {
    const ratio = (other: readonly number[]): string => (median(headgate) / median(other)).toFixed(2);
    console.log(
      `| ${what} | ${figures(headgate)} | ${figures(duckdb)} | ${figures(opened)} | ${ratio(duckdb)} | ${ratio(opened)} |`,
    );
  }
}

function figures(ms: readonly number[]): string {
  return `${median(ms).toFixed(1)} (${Math.min(...ms).toFixed(1)} to ${Math.max(...ms).toFixed(1)})`;
}

function median(values_: readonly number[]): number {
  const sorted = [...values_].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
