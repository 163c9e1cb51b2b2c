/**
 * Kafka's own producer, for records as users' producers write them: batching, and above all its codecs (Java frames
 * Snappy in its own way and writes zstd without a size). Compiled from source by `java` itself, which takes a JDK.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { locateKafka, type KafkaJars } from '../stack/kafka.ts';

export async function javaClient(): Promise<KafkaJars | null> {
  const found = await locateKafka({ ...process.env, HEADGATE_KAFKA_BOOTSTRAP: '' });
  if (found.kind !== 'present') return null;
  const modules = execFileSync(found.source.java, ['--list-modules'], { encoding: 'utf8' });
  return modules.includes('jdk.compiler') ? found.source : null;
}

export async function produceByJava(
  { java, libs }: KafkaJars,
  order: {
    readonly bootstrap: string;
    readonly topic: string;
    readonly partitions: number;
    /** Of the producer: `compression.type` and others. */
    readonly properties: Readonly<Record<string, string>>;
    readonly lines: Iterable<string>;
  },
): Promise<void> {
  const jars = readdirSync(libs).filter((file) => file.endsWith('.jar'));
  const properties = { ...order.properties, 'bootstrap.servers': order.bootstrap };
  const child = spawn(
    java,
    [
      '-Xmx256m',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-cp',
      jars.map((file) => join(libs, file)).join(':'),
      join(import.meta.dirname, 'JavaProducer.java'),
      order.topic,
      String(order.partitions),
      ...Object.entries(properties).map(([name, value]) => `${name}=${value}`),
    ],
    { stdio: ['pipe', 'inherit', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said = (said + text.toString()).slice(-4_000)));
  const ended = once(child, 'close');
  await pipeline(Readable.from(inBlocks(order.lines)), child.stdin).catch(() => undefined);
  const [status] = (await ended) as [number | null];
  if (status !== 0) throw new Error(`the Java producer ended with ${status}: ${said}`);
}

function* inBlocks(lines: Iterable<string>): Generator<string> {
  let block = '';
  for (const line of lines) {
    block += `${line}\n`;
    if (block.length < 64 * 1024) continue;
    yield block;
    block = '';
  }
  yield block;
}
