/**
 * `npm run bench:kafka`: the data plane alone, broker to records in hand: our reader and kafkajs' `eachBatch` over the
 * same topic of a real broker, in the order A B A B ..., then our reader over each codec.
 *
 * Every record is visited: length and first byte of its value. CPU-seconds are those of this process, which holds the
 * reader and nothing else; the broker is a process of its own. kafkajs is counted from the moment its group has joined,
 * ours from opening the source.
 */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { terminalLog } from '../stack/progress.ts';
import { startStack } from '../stack/stack.ts';
import { openKafkaRecordSource } from '../streams/kafka/kafka-record-source.ts';
import type { RecordBatch } from '../streams/record-source.ts';
import { javaClient, produceByJava } from './java-producer.ts';
import { benchRow } from './rows.ts';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '2000000' },
    runs: { type: 'string', default: '5' },
    /** Times that a run of ours reads the topic: a task reads for hours, and V8 drops code of readers that are gone. */
    passes: { type: 'string', default: '5' },
    partitions: { type: 'string', default: '4' },
    codecs: { type: 'string', default: 'none,gzip,snappy,lz4,zstd' },
    /** Ours only, for a profile. */
    alone: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const records = Number(values.records);
const runs = Number(values.runs);
const passes = Number(values.passes);
const partitions = Number(values.partitions);
const valueBytes = 211;

type Visit = { readonly count: number; readonly bytes: number; readonly firstBytes: number };
type Result = { readonly variant: string; readonly cpuSeconds: number; readonly wallSeconds: number };

const ways = {
  cursor: (batch: RecordBatch, seen: { count: number; bytes: number; firstBytes: number }): void => {
    for (const cursor = batch.walk(); cursor.advance();) {
      seen.count += 1;
      seen.bytes += cursor.valueLength;
      seen.firstBytes += cursor.bytes[cursor.valueStart] ?? 0;
    }
  },
  objects: (batch: RecordBatch, seen: { count: number; bytes: number; firstBytes: number }): void => {
    for (const { value } of batch.records) {
      seen.count += 1;
      seen.bytes += value?.length ?? 0;
      seen.firstBytes += value?.[0] ?? 0;
    }
  },
};

const java = await javaClient();
if (java === null)
  throw new Error('bench:kafka writes its records by the Java client: it needs a JDK and the Kafka jars');
const dataDir = await mkdtemp(join(tmpdir(), 'headgate-bench-'));
const stack = await startStack({ dataDir, with: ['kafka'], env: process.env, log: terminalLog() });
const bootstrap = stack.addresses.kafka ?? '';
const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING });
let groups = 0;
try {
  for (const codec of values.codecs.split(',')) await produce(codec);
  await compare();
} finally {
  await stack.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

async function compare(): Promise<void> {
  const results: Result[] = [];
  const measure = async (variant: string, read: () => Promise<Measured>): Promise<void> => {
    const { visit, ...used } = await read();
    const wanted = variant === 'kafkajs' ? records : passes * records;
    if (visit.count !== wanted || visit.bytes !== wanted * valueBytes)
      throw new Error(`${variant} read ${visit.count} records of ${visit.bytes} bytes`);
    results.push({ variant, ...used });
    console.error(
      `${variant}: ${rate(used.cpuSeconds)} records per CPU-second, ${used.wallSeconds.toFixed(2)} s`,
    );
  };
  for (let run = 0; run < runs; run += 1) {
    await measure('ours', () => readOurs('none', 'cursor'));
    if (values.alone) continue;
    await measure('kafkajs', () => readKafkajs('none'));
  }
  if (!values.alone) {
    for (let run = 0; run < Math.min(runs, 3); run += 1) {
      await measure('ours, an object a record', () => readOurs('none', 'objects'));
      for (const codec of values.codecs.split(',').filter((name) => name !== 'none'))
        await measure(`ours, ${codec}`, () => readOurs(codec, 'cursor'));
    }
  }
  report(results);
}

type Measured = { readonly visit: Visit; readonly cpuSeconds: number; readonly wallSeconds: number };

async function readOurs(codec: string, way: keyof typeof ways): Promise<Measured> {
  const stop = stopwatch();
  const source = openKafkaRecordSource({
    topic: topicOf(codec),
    bootstrapServers: [bootstrap],
    isolationLevel: 'read_committed',
    clientId: 'bench',
  });
  const seen = { count: 0, bytes: 0, firstBytes: 0 };
  const { partitions: found } = await source.describe();
  const starts = await source.positions(found, 'earliest');
  const visit = ways[way];
  for (let pass = 1; pass <= passes; pass += 1) {
    const reader = source.read(starts);
    while (seen.count < pass * records) for (const batch of await reader.poll(1_000)) visit(batch, seen);
    await reader.close();
  }
  const used = perPass(stop());
  await source.close();
  return { visit: seen, ...used };
}

async function readKafkajs(codec: string): Promise<Measured> {
  const consumer = kafka.consumer({
    groupId: `bench-${process.pid}-${(groups += 1)}`,
    maxBytesPerPartition: 1024 * 1024,
  });
  await consumer.connect();
  await consumer.subscribe({ topic: topicOf(codec), fromBeginning: true });
  const seen = { count: 0, bytes: 0, firstBytes: 0 };
  let stop = stopwatch();
  consumer.on(consumer.events.GROUP_JOIN, () => (stop = stopwatch()));
  const used = await new Promise<ReturnType<typeof stop>>((resolve, reject) => {
    consumer
      .run({
        eachBatchAutoResolve: true,
        eachBatch: async ({ batch }) => {
          for (const { value } of batch.messages) {
            seen.count += 1;
            seen.bytes += value?.length ?? 0;
            seen.firstBytes += value?.[0] ?? 0;
          }
          if (seen.count >= records) resolve(stop());
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return { visit: seen, ...used };
}

function perPass(used: { cpuSeconds: number; wallSeconds: number }): typeof used {
  return { cpuSeconds: used.cpuSeconds / passes, wallSeconds: used.wallSeconds / passes };
}

function stopwatch(): () => { cpuSeconds: number; wallSeconds: number } {
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { cpuSeconds: (user + system) / 1e6, wallSeconds: (performance.now() - startedMs) / 1_000 };
  };
}

function topicOf(codec: string): string {
  return `bench-${codec}-${records}`;
}

/** Kafka's own producer with its defaults but for the linger, which makes its batches full. */
async function produce(codec: string): Promise<void> {
  if (java === null) return;
  const admin = kafka.admin();
  await admin.connect();
  const topics = [{ topic: topicOf(codec), numPartitions: partitions }];
  const isNew = await admin.createTopics({ topics });
  await admin.disconnect();
  // A broker given by HEADGATE_KAFKA_BOOTSTRAP has the topic from the run before.
  if (!isNew) return;
  const properties = { 'compression.type': codec, 'linger.ms': '50' };
  await produceByJava(java, { bootstrap, topic: topicOf(codec), partitions, properties, lines: lines() });
}

/** Rows of exactly `valueBytes` bytes. */
function* lines(): Generator<string> {
  for (let index = 0; index < records; index += 1) {
    const row = benchRow(index);
    const open = `${row.slice(0, -1)},"trace":"`;
    const pad = `${(Math.imul(index, 2654435761) >>> 0).toString(36)}.`.repeat(40);
    yield `${open}${pad.slice(0, valueBytes - open.length - 2)}"}`;
  }
}

function rate(cpuSeconds: number): string {
  return `${(records / cpuSeconds / 1e6).toFixed(2)} M`;
}

function report(results: readonly Result[]): void {
  if (values.json) return console.log(JSON.stringify({ records, results }));
  const variants = [...new Set(results.map(({ variant }) => variant))];
  console.log(
    '| reader | runs | records per CPU-second: median (range) | records per second: median (range) |',
  );
  console.log('| --- | --- | --- | --- |');
  const figures = (variant: string, of: 'cpuSeconds' | 'wallSeconds'): number[] =>
    results.filter((result) => result.variant === variant).map((result) => records / result[of] / 1e6);
  for (const variant of variants) {
    const cpu = figures(variant, 'cpuSeconds');
    console.log(
      `| ${variant} | ${cpu.length} | ${spread(cpu)} | ${spread(figures(variant, 'wallSeconds'))} |`,
    );
  }
  const ratio = median(figures('ours', 'cpuSeconds')) / median(figures('kafkajs', 'cpuSeconds'));
  if (!values.alone) console.log(`\nours to kafkajs, records per CPU-second: ${ratio.toFixed(1)}`);
}

function spread(numbers: readonly number[]): string {
  const ends = [Math.min(...numbers), Math.max(...numbers)].map((value) => `${value.toFixed(2)} M`);
  return `${median(numbers).toFixed(2)} M (${ends.join(' to ')})`;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
