/** Puts records into a topic, each exactly once: the producer is idempotent, so a retry of its own doubles nothing. */
import { Kafka, Partitioners, logLevel } from 'kafkajs';
import type { Producer } from 'kafkajs';

export type Production = {
  /** Records the broker has confirmed so far. */
  produced(): number;
  readonly done: Promise<void>;
};

/** Records in one request. Partitions are filled in turn, a request at a time. */
const batchRecords = 10_000;

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
      let partition = 0;
      for await (const batch of batches(records)) {
        await send(producer, topic, partition, batch);
        produced += batch.length;
        partition = (partition + 1) % partitions;
      }
    } finally {
      await producer.disconnect();
    }
  };
  return { produced: () => produced, done: run() };
}

async function send(producer: Producer, topic: string, partition: number, batch: string[]): Promise<void> {
  await producer.send({ topic, acks: -1, messages: batch.map((value) => ({ value, partition })) });
}

async function* batches(records: AsyncIterable<readonly string[]>): AsyncGenerator<string[]> {
  let batch: string[] = [];
  for await (const some of records) {
    batch.push(...some);
    if (batch.length >= batchRecords) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

function client(bootstrap: string): Kafka {
  return new Kafka({ brokers: bootstrap.split(','), clientId: 'headgate-demo', logLevel: logLevel.NOTHING });
}
