/**
 * `npm run bench:ingest`: the plain path, broker to published, in rows per CPU-second of the ingest worker.
 *
 * One stack, one ingest worker, one task; the same rows again and again into fresh topics in the order A B A B ...
 * (A with rollup, B without). Wall time depends on the neighbours of this machine; CPU-seconds are the steadier figure.
 */
import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { startDev } from '../stack/dev-stack.ts';
import type { DevStack } from '../stack/dev-stack.ts';
import { terminalLog } from '../stack/progress.ts';
import { openPool } from '../storage/pool.ts';
import { benchRow } from './rows.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '500000' },
    runs: { type: 'string', default: '3' },
    port: { type: 'string', default: '18988' },
    json: { type: 'boolean', default: false },
  },
});
const rows = Number(values.rows);
const runs = Number(values.runs);
const partitions = 4;

type Variant = 'rollup' | 'raw';
type Result = {
  readonly variant: Variant;
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly rowsPerCpuSecond: number;
};

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
  const results: Result[] = [];
  for (let run = 0; run < runs * 2; run += 1) {
    const variant: Variant = run % 2 === 0 ? 'rollup' : 'raw';
    const result = await measure(dev, variant, run);
    results.push(result);
    console.error(
      `${variant}: ${Math.round(result.rowsPerCpuSecond)} rows per CPU-second, ${result.cpuSeconds.toFixed(2)} CPU-s, ${result.wallSeconds.toFixed(1)} s`,
    );
  }
  report(results);
} finally {
  await dev.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

async function measure(stack: DevStack, variant: Variant, run: number): Promise<Result> {
  const name = `bench_${variant}_${run}`;
  await produce(stack, name);
  const pid = stack.describe().pids.ingest[0] ?? 0;
  const cpuBefore = cpuSecondsOf(pid);
  const startedMs = performance.now();
  await post(stack, '/druid/indexer/v1/supervisor', specOf(stack, name, variant));
  await published(stack, name);
  const cpuSeconds = cpuSecondsOf(pid) - cpuBefore;
  const wallSeconds = (performance.now() - startedMs) / 1000;
  await post(stack, `/druid/indexer/v1/supervisor/${name}/terminate`, undefined);
  return { variant, cpuSeconds, wallSeconds, rowsPerCpuSecond: rows / cpuSeconds };
}

/** User and system time of the whole process, its threads included. */
function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  const ticksPerSecond = 100;
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

async function produce(stack: DevStack, topic: string): Promise<void> {
  const kafka = new Kafka({ brokers: [stack.stack.addresses.kafka ?? ''], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions }] });
  await admin.disconnect();
  const producer = kafka.producer();
  await producer.connect();
  const batch = 5_000;
  for (let first = 0; first < rows; first += batch) {
    const messages = Array.from({ length: Math.min(batch, rows - first) }, (_, index) => ({
      partition: (first + index) % partitions,
      value: benchRow(first + index),
    }));
    await producer.send({ topic, messages });
  }
  await producer.disconnect();
}

function specOf(stack: DevStack, name: string, variant: Variant): unknown {
  return {
    type: 'kafka',
    spec: {
      dataSchema: {
        dataSource: name,
        timestampSpec: { column: 'ts', format: 'millis' },
        dimensionsSpec: {
          dimensions:
            variant === 'rollup'
              ? ['country', 'device', 'browser']
              : ['country', 'device', 'browser', 'page', 'user'],
        },
        metricsSpec:
          variant === 'rollup'
            ? [
                { type: 'count', name: 'count' },
                { type: 'longSum', name: 'bytes', fieldName: 'bytes' },
                { type: 'doubleSum', name: 'price', fieldName: 'price' },
                { type: 'longMax', name: 'latencyMax', fieldName: 'latency' },
              ]
            : [
                { type: 'longSum', name: 'bytes', fieldName: 'bytes' },
                { type: 'doubleSum', name: 'price', fieldName: 'price' },
                { type: 'longSum', name: 'latency', fieldName: 'latency' },
              ],
        granularitySpec: {
          segmentGranularity: 'hour',
          queryGranularity: variant === 'rollup' ? 'minute' : 'none',
          rollup: variant === 'rollup',
        },
      },
      ioConfig: {
        topic: name,
        inputFormat: { type: 'json' },
        consumerProperties: { 'bootstrap.servers': stack.stack.addresses.kafka },
        taskCount: 1,
        replicas: 1,
        taskDuration: 'PT20S',
        startDelay: 'PT1S',
        period: 'PT1S',
        useEarliestOffset: true,
      },
      tuningConfig: { type: 'kafka' },
    },
  };
}

async function post(stack: DevStack, path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${stack.api}${path}`, {
    method: 'POST',
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}

async function published(stack: DevStack, supervisorId: string): Promise<void> {
  const pool = openPool({
    url: stack.stack.addresses.postgres ?? '',
    applicationName: 'headgate-bench',
    max: 1,
  });
  const deadline = performance.now() + 600_000;
  try {
    for (;;) {
      const { rows: found } = await pool.query<{ sum: string | null }>(
        'select sum(next_position) as sum from partition_state where supervisor_id = $1',
        [supervisorId],
      );
      if (Number(found[0]?.sum ?? 0) >= rows) return;
      if (performance.now() > deadline)
        throw new Error(`${supervisorId} did not publish all rows in ten minutes`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  } finally {
    await pool.end();
  }
}

function report(results: readonly Result[]): void {
  if (values.json) return console.log(JSON.stringify({ rows, results }));
  console.log(
    '| variant | runs | rows per CPU-second: median (range) | CPU-seconds: median | wall: median |',
  );
  console.log('| --- | --- | --- | --- | --- |');
  for (const variant of ['rollup', 'raw'] as const) {
    const own = results.filter((result) => result.variant === variant);
    const rates = own.map((result) => result.rowsPerCpuSecond).sort((a, b) => a - b);
    const range = `${thousands(rates[0])} to ${thousands(rates.at(-1))}`;
    console.log(
      `| ${variant} | ${own.length} | ${thousands(median(rates))} (${range}) | ${median(own.map((r) => r.cpuSeconds)).toFixed(1)} | ${median(own.map((r) => r.wallSeconds)).toFixed(1)} s |`,
    );
  }
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function thousands(value: number | undefined): string {
  return `${Math.round((value ?? 0) / 1000)} k`;
}
