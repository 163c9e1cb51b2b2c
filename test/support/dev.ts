/** A whole Headgate for one test file, on its own data folder and ports, with the few calls a test makes through the doors. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import type { Admin } from 'kafkajs';
import { startDev } from '../../stack/dev-stack.ts';
import type { DevStack } from '../../stack/dev-stack.ts';
import { freePort } from '../../stack/ports.ts';
import { silentLog } from '../../stack/progress.ts';
import { waitFor } from './wait-for.ts';

export type TestDev = DevStack & AsyncDisposable;

export function newDataDir(): string {
  return mkdtempSync(join(tmpdir(), 'headgate-e2e-'));
}

/** Started on `dataDir`, or on a new folder that goes with it. */
export async function openDev(
  options: { dataDir?: string; ingestWorkers?: number; env?: Readonly<Record<string, string>> } = {},
): Promise<TestDev> {
  const dataDir = options.dataDir ?? newDataDir();
  const dev = await startDev({
    dataDir,
    port: await freePort(),
    ingestWorkers: options.ingestWorkers ?? 2,
    capacity: null,
    env: { ...process.env, ...options.env },
    log: silentLog,
  });
  const dispose = async () => {
    await dev.stop();
    if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
  };
  return Object.assign(dev, { [Symbol.asyncDispose]: dispose });
}

/** What the roles said last: the log of a failed run is all that is left of its stack. */
export function lastWords(dev: DevStack, lines = 60): string {
  const folder = join(dev.dataDir, 'logs');
  const roles = readdirSync(folder).filter((name) => /^(control|ingest|api)/.test(name));
  return roles
    .map((name) => [name, ...readFileSync(join(folder, name), 'utf8').split('\n').slice(-lines)].join('\n'))
    .join('\n\n');
}

export type SmallSpec = {
  readonly id: string;
  readonly topic: string;
  readonly bootstrap: string;
  readonly taskCount?: number;
  readonly replicas?: number;
  readonly taskDuration?: string;
};

/** A spec over rows `{ts, id, site}`, without rollup, so that ids can be counted. */
export function smallSpec(options: SmallSpec): unknown {
  return {
    type: 'kafka',
    spec: {
      dataSchema: {
        dataSource: options.id,
        timestampSpec: { column: 'ts', format: 'iso' },
        dimensionsSpec: { dimensions: [{ type: 'long', name: 'id' }, 'site'] },
        granularitySpec: { segmentGranularity: 'day', queryGranularity: 'none', rollup: false },
      },
      ioConfig: {
        topic: options.topic,
        inputFormat: { type: 'json' },
        consumerProperties: { 'bootstrap.servers': options.bootstrap },
        taskCount: options.taskCount ?? 1,
        replicas: options.replicas ?? 1,
        taskDuration: options.taskDuration ?? 'PT5S',
        startDelay: 'PT1S',
        period: 'PT2S',
        useEarliestOffset: true,
      },
      tuningConfig: { type: 'kafka' },
    },
  };
}

export async function postSpec(dev: DevStack, spec: unknown): Promise<void> {
  const answer = await fetch(`${dev.api}/druid/indexer/v1/supervisor`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(spec),
  });
  if (!answer.ok) throw new Error(`the spec was refused: ${answer.status} ${await answer.text()}`);
}

export async function sql<Row>(
  dev: DevStack,
  query: string,
  context: Readonly<Record<string, unknown>> = {},
): Promise<Row[]> {
  const answer = await fetch(`${dev.api}/druid/v2/sql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, context }),
  });
  if (!answer.ok) throw new Error(`${query}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Row[];
}

/** How many ids of a data source are published, and how many of them are different. */
export async function publishedIds(
  dev: DevStack,
  dataSource: string,
): Promise<{ rows: number; ids: number }> {
  const [found] = await sql<{ rows: number; ids: number }>(
    dev,
    `select count(*) as "rows", count(distinct id) as ids from "${dataSource}"`,
    { publishedOnly: true },
  );
  return found ?? { rows: 0, ids: 0 };
}

/** Makes the topic if needed and writes ids `first` to `first + count - 1`, spread over its partitions. */
export async function produceIds(
  dev: DevStack,
  options: { topic: string; partitions: number; first: number; count: number },
): Promise<void> {
  const kafka = new Kafka({ brokers: [dev.stack.addresses.kafka ?? ''], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: options.topic, numPartitions: options.partitions }] });
  // A new topic's partitions get their leaders one after the other; until then kafkajs answers with an error.
  const { before } = await waitFor(async () => ({ before: await recordsIn(admin, options.topic) }), {
    what: `leaders of topic ${options.topic}`,
  });
  // Idempotent: kafkajs sends a whole request again when one of its partitions has no leader yet.
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const messages = Array.from({ length: options.count }, (_, index) => {
    const id = options.first + index;
    const ts = new Date(Date.UTC(2026, 0, 1) + id * 1000).toISOString();
    return { partition: id % options.partitions, value: JSON.stringify({ ts, id, site: `s${id % 7}` }) };
  });
  for (let at = 0; at < messages.length; at += 5_000)
    await producer.send({ topic: options.topic, acks: -1, messages: messages.slice(at, at + 5_000) });
  await producer.disconnect();
  const written = (await recordsIn(admin, options.topic)) - before;
  await admin.disconnect();
  if (written !== options.count)
    throw new Error(
      `the producer wrote ${written} records instead of ${options.count}; the test cannot count on them`,
    );
}

async function recordsIn(admin: Admin, topic: string): Promise<number> {
  const offsets = await admin.fetchTopicOffsets(topic);
  return offsets.reduce((sum, entry) => sum + Number(entry.high), 0);
}
