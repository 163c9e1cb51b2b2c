/**
 * `npm run bench:supervisors`: what supervisors cost while nothing happens. A hundred of them on a real stack: first with
 * tasks that wait for records, then IDLE without tasks.
 *
 * CPU is that of the Temporal server, the control worker and the ingest workers, from /proc, over a time in which nobody
 * does anything; history is counted in Temporal itself; memory is the control worker's before and after.
 */
import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { Kafka, logLevel } from 'kafkajs';
import { startDev } from '../stack/dev-stack.ts';
import type { DevStack } from '../stack/dev-stack.ts';
import { freePort } from '../stack/ports.ts';
import { terminalLog } from '../stack/progress.ts';
import { readStackFile } from '../stack/stack-file.ts';
import { workflowTypes } from '../workflows/contract.ts';

const { values } = parseArgs({
  options: {
    supervisors: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '120' },
    settle: { type: 'string', default: '60' },
    workers: { type: 'string', default: '2' },
    /** Not the time in which they are IDLE. */
    'tasks-only': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const count = Number(values.supervisors);
const seconds = Number(values.seconds);
const settleMs = Number(values.settle) * 1_000;
const ticksPerSecond = 100;
const topic = 'quiet';
const ids = Array.from({ length: count }, (_, index) => `quiet_${index}`);

type Parts = 'temporal' | 'control' | 'ingest' | 'postgres' | 'kafka' | 'api';
type Sample = Record<Parts, number>;

const dataDir = await mkdtemp(join(tmpdir(), 'headgate-bench-'));
const dev = await startDev({
  dataDir,
  port: await freePort(),
  ingestWorkers: Number(values.workers),
  capacity: null,
  env: process.env,
  log: terminalLog(),
});
try {
  await makeTopic(dev);
  await pause(settleMs);
  const before = residentMb('control');
  const base = await measure([]);
  for (const id of ids) await post(dev, spec(id, {}));
  await everyone(dev, 'RUNNING', true);
  await pause(settleMs);
  const tasks = await measure(ids);
  const perSupervisorMb = (residentMb('control') - before) / count;
  const idle = values['tasks-only'] ? null : await measureIdle();
  report({ count, seconds, base, tasks, idle, perSupervisorMb });
} finally {
  await dev.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

async function measureIdle(): Promise<Measured> {
  // No task has to change for it; those that wait for records are told to stop.
  for (const id of ids) {
    await post(dev, spec(id, { idleConfig: { enabled: true, inactiveAfterMillis: 1_000 } }));
    await post(dev, { taskGroupIds: [0] }, `/${id}/taskGroups/handoff`);
  }
  await everyone(dev, 'IDLE', false);
  await pause(settleMs);
  return measure(ids);
}

type Measured = { readonly cores: Record<Parts, number>; readonly eventsAnHour: number };

async function measure(counted: readonly string[]): Promise<Measured> {
  // To count events costs the server, too.
  const countedAtMs = Date.now();
  const events = await eventsOf(counted);
  const from = cpuSeconds();
  const started = Date.now();
  await pause(seconds * 1_000);
  const took = (Date.now() - started) / 1_000;
  const to = cpuSeconds();
  const hours = (Date.now() - countedAtMs) / 3_600_000;
  const later = await eventsOf(counted);
  const cores = Object.fromEntries(
    Object.keys(from).map((part) => [part, (to[part as Parts] - from[part as Parts]) / took]),
  ) as Record<Parts, number>;
  return { cores, eventsAnHour: (later - events) / count / hours };
}

function pidsOf(part: Parts): readonly number[] {
  const { pids } = readStackFile(dataDir);
  const found = pids[part];
  return found === null ? [] : Array.isArray(found) ? (found as number[]) : [found as number];
}

/** User and system time of each part's processes, with those of postgres' children that live. */
function cpuSeconds(): Sample {
  const parts: readonly Parts[] = ['temporal', 'control', 'ingest', 'postgres', 'kafka', 'api'];
  return Object.fromEntries(
    parts.map((part) => [part, pidsOf(part).reduce((sum, pid) => sum + ticksOf(pid), 0) / ticksPerSecond]),
  ) as Sample;
}

function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  // utime, stime, and what children that have ended left.
  return [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
}

function residentMb(part: Parts): number {
  return pidsOf(part).reduce((sum, pid) => {
    const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
    return sum + Number(kb) / 1_024;
  }, 0);
}

/** Of all supervisors, over all their lives and groups, closed ones too. */
async function eventsOf(counted: readonly string[]): Promise<number> {
  if (counted.length === 0) return 0;
  const { temporal } = dev.stack.addresses;
  const connection = await Connection.connect({ address: temporal?.address ?? '' });
  try {
    const client = new Client({ connection, namespace: temporal?.namespace ?? 'default' });
    let events = 0;
    for await (const { workflowId, runId, type } of client.workflow.list()) {
      if (type !== workflowTypes.supervisor && type !== workflowTypes.taskGroup) continue;
      events += (await client.workflow.getHandle(workflowId, runId).describe()).historyLength;
    }
    return events;
  } finally {
    await connection.close();
  }
}

async function everyone(stack: DevStack, state: string, withTasks: boolean): Promise<void> {
  for (;;) {
    const answer = await fetch(`${stack.api}/druid/indexer/v1/supervisor?state=true`);
    const listed = (await answer.json()) as { state: string }[];
    const running = await fetch(`${stack.api}/druid/indexer/v1/runningTasks`);
    const tasks = ((await running.json()) as unknown[]).length;
    const there = listed.filter((entry) => entry.state === state).length;
    console.error(`${there} of ${count} are ${state}, ${tasks} tasks run`);
    if (there === count && (withTasks ? tasks >= count : tasks === 0)) return;
    await pause(5_000);
  }
}

async function makeTopic(stack: DevStack): Promise<void> {
  const kafka = new Kafka({ brokers: [stack.stack.addresses.kafka ?? ''], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  await admin.disconnect();
}

async function post(stack: DevStack, body: unknown, query = ''): Promise<void> {
  const answer = await fetch(`${stack.api}/druid/indexer/v1/supervisor${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`the spec was refused: ${answer.status} ${await answer.text()}`);
}

function spec(id: string, ioConfig: object): unknown {
  return {
    type: 'kafka',
    id,
    spec: {
      dataSchema: {
        dataSource: id,
        timestampSpec: { column: 'ts', format: 'iso' },
        dimensionsSpec: { dimensions: ['site'] },
        granularitySpec: { segmentGranularity: 'day', queryGranularity: 'none', rollup: false },
      },
      ioConfig: {
        topic,
        inputFormat: { type: 'json' },
        consumerProperties: { 'bootstrap.servers': dev.stack.addresses.kafka },
        useEarliestOffset: true,
        ...ioConfig,
      },
      tuningConfig: { type: 'kafka' },
    },
  };
}

function report(result: {
  count: number;
  seconds: number;
  base: Measured;
  tasks: Measured;
  idle: Measured | null;
  perSupervisorMb: number;
}): void {
  if (values.json) return console.log(JSON.stringify(result));
  const line = (what: string, { cores, eventsAnHour }: Measured, limit: number | null): void => {
    const counted = cores.temporal + cores.control + cores.ingest;
    const parts = Object.entries(cores)
      .map(([part, share]) => `${part} ${percent(share)}`)
      .join(', ');
    console.log(
      `${what}: ${percent(counted)} of a core${limit === null ? '' : ` (at most ${limit} %)`}: ${parts}`,
    );
    console.log(`  ${eventsAnHour.toFixed(0)} events an hour and supervisor`);
  };
  console.log(`${result.count} supervisors, ${result.seconds} s each, period PT30S`);
  line('no supervisor', result.base, null);
  line('with waiting tasks', result.tasks, 25);
  if (result.idle !== null) line('IDLE, no tasks', result.idle, 5);
  console.log(`control worker: ${result.perSupervisorMb.toFixed(1)} MB resident for each (at most 4)`);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
