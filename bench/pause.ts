/**
 * `npm run bench:pause`: how long replicas stand still for a checkpoint. Three replicas in processes of their own read 50
 * partitions with rollup as fast as they can; the real coordinator ends one sequence after the other.
 *
 * `request to ends` is the coordinator's time; `standing still` is each replica's, from the moment its thread stood until
 * it was told the ends. The rest says where time goes: how soon the thread stops, and how long it took from the
 * coordinator's call to the replica's order (nobody stands still then).
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { ControlDeps } from '../activities/control-deps.ts';
import { checkpointGroup } from '../activities/task-group/checkpoint-group.ts';
import type { CheckpointGroupResult } from '../activities/task-group/contract.ts';
import { toPosition } from '../domain/positions.ts';
import { startStack } from '../stack/stack.ts';
import { terminalLog } from '../stack/progress.ts';
import { createGeneration, readGeneration } from '../storage/generations.ts';
import { migrate } from '../storage/migrate.ts';
import { Notifications } from '../storage/notifications.ts';
import { seedPartitions } from '../storage/partitions.ts';
import { openPool } from '../storage/pool.ts';
import { storeSupervisorVersion } from '../storage/supervisors.ts';
import type { PauseTimes, WorkerOrder } from './pause-worker.ts';

const { values } = parseArgs({
  options: {
    pauses: { type: 'string', default: '200' },
    replicas: { type: 'string', default: '3' },
    partitions: { type: 'string', default: '50' },
    /** Milliseconds between two pauses. */
    every: { type: 'string', default: '500' },
    /** Of each replica; without it as many as it can. */
    rate: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const pauses = Number(values.pauses);
const replicas = Number(values.replicas);
const partitions = Array.from({ length: Number(values.partitions) }, (_, number) => String(number));
const everyMs = Number(values.every);
const supervisorId = 'pause';

const folder = await mkdtemp(join(tmpdir(), 'headgate-pause-'));
const stack = await startStack({
  dataDir: join(folder, 'stack'),
  with: ['postgres'],
  env: process.env,
  log: terminalLog(),
});
const children: ChildProcess[] = [];
try {
  report(await measure(stack.addresses.postgres ?? ''));
} finally {
  for (const child of children) child.kill('SIGKILL');
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
}

type Measured = {
  readonly tookMs: number;
  readonly answers: number;
  readonly replicas: readonly PauseTimes[];
  readonly beganMs: number;
};

async function measure(url: string): Promise<Measured[]> {
  const pool = openPool({ url, applicationName: 'bench-pause' });
  const notifications = new Notifications(url);
  await migrate(pool);
  const key = await prepare(pool);
  const times: PauseTimes[] = [];
  const { tasks } = (await readGeneration(pool, key)) ?? { tasks: [] };
  for (const { taskId, replica } of tasks) {
    const child = fork(fileURLToPath(new URL('./pause-worker.ts', import.meta.url)), {
      execArgv: ['--enable-source-maps', '--import', 'tsx'],
    });
    children.push(child);
    child.once('exit', (code) => {
      console.error(`replica ${replica} ended with code ${code}`);
      process.exitCode = 1;
    });
    child.on('message', (message) => times.push(message as PauseTimes));
    const rowsPerSecond = values.rate === undefined ? null : Number(values.rate);
    child.send({
      url,
      folder,
      name: `replica-${replica}`,
      rowsPerSecond,
      input: { ...key, taskId, replica },
    } satisfies WorkerOrder);
  }
  const isReading = async () =>
    ((await readGeneration(pool, key))?.tasks ?? []).every(
      ({ progress }) => (progress?.counters.records ?? 0) > 10_000,
    );
  while (!(await isReading())) await pause(200);
  const deps = {
    pool,
    notifications,
    now: () => performance.timeOrigin + performance.now(),
    log: (_level: string, message: string) => console.error(message),
  } as unknown as ControlDeps;
  const endSequence = () => checkpointGroup(deps, { key, final: false, ordinal: null, why: 'bench' });
  const measured: Measured[] = [];
  for (let done = 0; done < pauses; done += 1) {
    await pause(everyMs);
    times.length = 0;
    const beganMs = deps.now();
    const result = await new MockActivityEnvironment().run<[], CheckpointGroupResult, typeof endSequence>(
      endSequence,
    );
    if (result.kind !== 'ended') throw new Error(result.why);
    while (times.length < result.answers) await pause(5);
    measured.push({ tookMs: result.tookMs, answers: result.answers, replicas: [...times], beganMs });
  }
  await notifications.close();
  await pool.end();
  return measured;
}

async function prepare(pool: ReturnType<typeof openPool>) {
  await storeSupervisorVersion(pool, {
    supervisorId,
    dataSource: supervisorId,
    specText: JSON.stringify(specOf()),
    by: 'bench',
    desired: 'running',
  });
  await seedPartitions(pool, {
    supervisorId,
    stream: 'rows',
    sourceIdentity: 'rows-1',
    why: 'bench',
    positions: partitions.map((partition) => ({ partition, position: toPosition(0) })),
  });
  const created = await createGeneration(pool, {
    supervisorId,
    groupId: 0,
    expectedGeneration: 0,
    specVersion: 1,
    stream: 'rows',
    partitions,
    replicas,
    windowMinMs: null,
    windowMaxMs: null,
    taskLetters: Array.from({ length: replicas }, (_, replica) => `aaaaaaa${'abcdefgh'[replica]}`),
  });
  if (created.kind === 'refused') throw new Error(created.detail);
  return created.key;
}

function specOf(): unknown {
  return {
    type: 'kafka',
    id: supervisorId,
    spec: {
      dataSchema: {
        dataSource: supervisorId,
        timestampSpec: { column: 'ts', format: 'millis' },
        dimensionsSpec: { dimensions: ['country', 'device', 'browser'] },
        metricsSpec: [
          { type: 'count', name: 'count' },
          { type: 'longSum', name: 'bytes', fieldName: 'bytes' },
          { type: 'doubleSum', name: 'price', fieldName: 'price' },
        ],
        granularitySpec: { segmentGranularity: 'hour', queryGranularity: 'minute', rollup: true },
      },
      ioConfig: {
        topic: 'rows',
        inputFormat: { type: 'json' },
        consumerProperties: { 'bootstrap.servers': '127.0.0.1:1' },
        replicas,
      },
      tuningConfig: { type: 'kafka' },
    },
  };
}

function report(measured: readonly Measured[]): void {
  const all = measured.flatMap(({ replicas: each, beganMs }) => each.map((times) => ({ ...times, beganMs })));
  const rows = {
    'request to ends': measured.map(({ tookMs }) => tookMs),
    'standing still': all.map(({ stood, freed }) => freed - stood),
    'thread stops': all.map(({ ordered, stood }) => stood - ordered),
    'call to order': all.map(({ ordered, beganMs }) => ordered - beganMs),
  };
  const missed = measured.filter(({ answers }) => answers < replicas).length;
  if (values.json) return console.log(JSON.stringify({ pauses, replicas, missed, rows: mapOf(rows) }));
  console.log(
    `${measured.length} pauses, ${replicas} replicas, ${partitions.length} partitions, ${missed} with a replica that did not answer in time`,
  );
  for (const [name, times] of Object.entries(rows)) {
    const { p50, p95, p99, max } = percentiles(times);
    console.log(`${name.padEnd(16)} p50 ${ms(p50)}  p95 ${ms(p95)}  p99 ${ms(p99)}  max ${ms(max)}`);
  }
}

function mapOf(rows: Readonly<Record<string, readonly number[]>>) {
  return Object.fromEntries(Object.entries(rows).map(([name, times]) => [name, percentiles(times)]));
}

function percentiles(times: readonly number[]) {
  const sorted = [...times].sort((left, right) => left - right);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

function ms(value: number): string {
  return `${value.toFixed(1).padStart(7)} ms`;
}
