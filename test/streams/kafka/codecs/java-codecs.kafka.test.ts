/** Records compressed by Kafka's own producer, read by us: xerial's framing of Snappy, LZ4 frames of 64 KiB blocks, zstd without a size. */
import { afterEach, describe, expect, it } from 'vitest';
import { javaClient, produceByJava } from '../../../../bench/java-producer.ts';
import { openKafkaRecordSource } from '../../../../streams/kafka/kafka-record-source.ts';
import { kafkaBootstrap } from '../../../support/addresses.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { KafkaTopic } from '../topic.ts';

const java = await javaClient();
const count = 20_000;

let topic: KafkaTopic | null = null;

afterEach(async () => {
  await topic?.dispose();
  topic = null;
});

/** Some short, some long, some that hardly compress. */
function line(index: number): string {
  const noise = (Math.imul(index + 1, 2_654_435_761) >>> 0).toString(36);
  return `${index} ${noise.repeat(index % 13)}${'text that repeats; '.repeat(index % 7)}`;
}

describe.skipIf(java === null)('what Java producers compress', () => {
  it.each(
    ['none', 'gzip', 'snappy', 'lz4', 'zstd'].flatMap((codec) =>
      ['16384', '1000000'].map((batchSize) => [codec, batchSize] as const),
    ),
  )('with %s in batches of %s bytes is read', async (codec, batchSize) => {
    const created = await KafkaTopic.create(kafkaBootstrap(), { partitions: 2 });
    topic = created;
    if (java === null) return;
    await produceByJava(java, {
      bootstrap: created.bootstrap,
      topic: created.name,
      partitions: 2,
      properties: { 'compression.type': codec, 'batch.size': batchSize, 'linger.ms': '200' },
      lines: Array.from({ length: count }, (_, index) => line(index)),
    });
    const source = openKafkaRecordSource({
      topic: created.name,
      bootstrapServers: [created.bootstrap],
      isolationLevel: 'read_committed',
      clientId: 'codecs',
    });
    const reader = source.read(await source.positions(['0', '1'], 'earliest'));
    const seen: Record<string, string[]> = { '0': [], '1': [] };
    let compressedBytes = 0;
    await waitFor(
      async () => {
        for (const batch of await reader.poll(100)) {
          compressedBytes += batch.bytes;
          for (const { value } of batch.records) seen[batch.partition]?.push(String(value));
        }
        return (seen['0']?.length ?? 0) + (seen['1']?.length ?? 0) >= count;
      },
      { what: `${count} records`, everyMs: 1 },
    );
    await source.close();
    for (const partition of [0, 1])
      expect(seen[String(partition)]).toEqual(
        Array.from({ length: count / 2 }, (_, index) => line(index * 2 + partition)),
      );
    const plainBytes = Object.values(seen).flat().join('').length;
    // A producer that did not compress would prove nothing.
    if (codec === 'none') expect(compressedBytes).toBeGreaterThan(plainBytes);
    else expect(compressedBytes).toBeLessThan(plainBytes / 2);
  });
});
