/** A topic on a real broker as a stream under test, written to and changed by kafkajs: a second implementation on purpose. */
import { ConfigResourceTypes, Kafka, logLevel, type Admin, type Message, type Producer } from 'kafkajs';
import { openKafkaRecordSource } from '../../../streams/kafka/kafka-record-source.ts';
import type { RecordSource } from '../../../streams/record-source.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { AppendedRecord, StreamUnderTest } from '../conformance.ts';

let topics = 0;

export class KafkaTopic implements StreamUnderTest {
  readonly name: string;
  readonly bootstrap: string;
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly producer: Producer;
  readonly #transactional: Producer[] = [];
  #exists = false;

  private constructor(bootstrap: string, name: string) {
    this.name = name;
    this.bootstrap = bootstrap;
    this.kafka = new Kafka({
      brokers: [bootstrap],
      clientId: 'headgate-test',
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 50, retries: 20, maxRetryTime: 1_000 },
    });
    this.admin = this.kafka.admin();
    this.producer = this.kafka.producer();
  }

  static async create(
    bootstrap: string,
    options: { partitions: number; name?: string },
  ): Promise<KafkaTopic> {
    const topic = new KafkaTopic(bootstrap, options.name ?? freshName());
    await topic.admin.connect();
    await topic.producer.connect();
    await topic.#create(options);
    return topic;
  }

  openSource(): RecordSource {
    return openKafkaRecordSource({
      topic: this.name,
      bootstrapServers: [this.bootstrap],
      isolationLevel: 'read_committed',
      clientId: 'headgate-test',
      patience: { missingAfterMs: 1_000 },
    });
  }

  /** Of all topics that a pattern means. */
  static openPattern(bootstrap: string, pattern: string, matches: (topic: string) => boolean): RecordSource {
    return openKafkaRecordSource({
      topic: pattern,
      matches,
      bootstrapServers: [bootstrap],
      isolationLevel: 'read_committed',
      clientId: 'headgate-test',
      patience: { missingAfterMs: 1_000 },
    });
  }

  async append(partition: string, ...records: readonly AppendedRecord[]): Promise<void> {
    await this.send(this.producer, partition, records);
  }

  async send(
    producer: Pick<Producer, 'send'>,
    partition: string,
    records: readonly AppendedRecord[],
  ): Promise<void> {
    const messages = records.map((record) => toMessage(Number(partition), record));
    await producer.send({ topic: this.name, messages });
  }

  async appendGap(partition: string): Promise<void> {
    const transaction = await (await this.transactionalProducer()).transaction();
    await this.send(transaction, partition, [{ value: 'aborted' }, { value: 'aborted too' }]);
    await transaction.abort();
  }

  async hold(partition: string, value: string): Promise<{ release(): Promise<void> }> {
    const transaction = await (await this.transactionalProducer()).transaction();
    await this.send(transaction, partition, [{ value }]);
    return { release: () => transaction.commit() };
  }

  async transactionalProducer(): Promise<Producer> {
    const producer = this.kafka.producer({
      transactionalId: `${this.name}-${this.#transactional.length}`,
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    this.#transactional.push(producer);
    return producer;
  }

  async trim(partition: string, earliest: bigint): Promise<void> {
    // kafkajs looks for leaders before it asks for them; asking for offsets makes it ask.
    await this.admin.fetchTopicOffsets(this.name);
    await this.admin.deleteTopicRecords({
      topic: this.name,
      partitions: [{ partition: Number(partition), offset: String(earliest) }],
    });
  }

  async addPartitions(total: number): Promise<void> {
    await this.admin.createPartitions({ topicPartitions: [{ topic: this.name, count: total }] });
  }

  async delete(): Promise<void> {
    await this.admin.deleteTopics({ topics: [this.name] });
    this.#exists = false;
    await waitFor(async () => !(await this.admin.listTopics()).includes(this.name), {
      what: 'the topic to be gone',
    });
  }

  async recreate(partitions: number): Promise<void> {
    await this.delete();
    await this.#create({ partitions });
  }

  async dispose(): Promise<void> {
    if (this.#exists) await this.admin.deleteTopics({ topics: [this.name] });
    const producers = [this.producer, ...this.#transactional];
    await Promise.all(producers.map((producer) => producer.disconnect()));
    await this.admin.disconnect();
  }

  /** Settings of the topic; those not named go back to the broker's. */
  async configure(config: Readonly<Record<string, string>>): Promise<void> {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    await this.admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: this.name, configEntries }],
    });
  }

  async #create(options: { partitions: number }): Promise<void> {
    // Records of tests carry times of long ago, which a broker that looks every second deletes at once.
    const configEntries = [{ name: 'retention.ms', value: '-1' }];
    await this.admin.createTopics({
      topics: [{ topic: this.name, numPartitions: options.partitions, configEntries }],
      waitForLeaders: false,
    });
    this.#exists = true;
    await waitFor(() => this.#hasLeaders(options.partitions), { what: 'the leaders of the topic' });
  }

  /** kafkajs' own wait fails when the news of the topic is late. */
  async #hasLeaders(partitions: number): Promise<boolean> {
    try {
      const { topics: found } = await this.admin.fetchTopicMetadata({ topics: [this.name] });
      const known = found[0]?.partitions ?? [];
      return known.length === partitions && known.every(({ leader }) => leader >= 0);
    } catch {
      return false;
    }
  }
}

/** That no other topic has, nor begins with. */
export function freshName(): string {
  topics += 1;
  return `streams-test-${process.pid}-${Date.now()}-${topics}`;
}

function toMessage(partition: number, record: AppendedRecord): Message {
  return {
    partition,
    key: record.key ?? null,
    value: record.value,
    ...(record.timestampMs === undefined ? {} : { timestamp: String(record.timestampMs) }),
    headers: record.headers ?? {},
  };
}
