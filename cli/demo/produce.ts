/** Puts records into a topic, each exactly once: the producer is idempotent, so a retry of its own doubles nothing. */
import { Kafka, Partitioners, logLevel } from 'kafkajs';
import type { Producer } from 'kafkajs';

export type Production = {
  /** Records the broker has confirmed so far. */
  produced(): number;
  readonly done: Promise<void>;
};

/** Records of one partition in one request: with these records well under a broker's usual limit of 1 MB. */
const batchRecords = 5_000;

export async function createTopic(bootstrap: string, topic: string, partitions: number): Promise<void> {
  const admin = client(bootstrap).admin();
  await admin.connect();
  try {
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: partitions }] });
  } finally {
    await admin.disconnect();
  }
}

/** What the broker holds, counted by the broker. */
export async function recordsInTopic(bootstrap: string, topic: string): Promise<number> {
  const admin = client(bootstrap).admin();
  await admin.connect();
  try {
    const partitions = await admin.fetchTopicOffsets(topic);
    return partitions.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  } finally {
    await admin.disconnect();
  }
}

export function produce(
  bootstrap: string,
  topic: string,
  partitions: number,
  records: AsyncIterable<readonly string[]>,
): Production {
  let produced = 0;
  const run = async () => {
    const producer = client(bootstrap).producer({
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    try {
      for await (const batch of batches(records, batchRecords * partitions)) {
        await send(producer, topic, partitions, batch);
        produced += batch.length;
      }
    } finally {
      await producer.disconnect();
    }
  };
  return { produced: () => produced, done: run() };
}

/** Records go round the partitions. */
async function send(producer: Producer, topic: string, partitions: number, batch: string[]): Promise<void> {
  const messages = batch.map((value, index) => ({ value, partition: index % partitions }));
  await producer.send({ topic, acks: -1, messages });
}

async function* batches(records: AsyncIterable<readonly string[]>, size: number): AsyncGenerator<string[]> {
  let batch: string[] = [];
  for await (const some of records) {
    batch.push(...some);
    while (batch.length >= size) {
      yield batch.slice(0, size);
      batch = batch.slice(size);
    }
  }
  if (batch.length > 0) yield batch;
}

function client(bootstrap: string): Kafka {
  return new Kafka({ brokers: bootstrap.split(','), clientId: 'headgate-demo', logLevel: logLevel.NOTHING });
}
