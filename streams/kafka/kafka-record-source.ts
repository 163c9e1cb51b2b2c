/**
 * A Kafka topic behind the `RecordSource` port: own sockets, explicit partitions and positions, no consumer group.
 *
 * A reader stays with the incarnation of the topic that `describe` saw last, so that nothing can slip in between
 * comparing the identity and reading. `describe` and `positions` ask the brokers each time and give up with
 * STREAM_UNREACHABLE after 10 s without an answer, readers after 30 s.
 */
import { assert } from '../../domain/assert.ts';
import { HeadgateError, isHeadgateError } from '../../domain/errors.ts';
import type { LogBound, RecordReader, RecordSource, StreamDescription } from '../record-source.ts';
import { Backoff } from './backoff.ts';
import { Cluster, unreachable, type PartitionLeader, type TopicState } from './cluster.ts';
import { KafkaRecordReader } from './kafka-record-reader.ts';
import { askLeaders } from './offsets.ts';
import { kafkaSettings, type KafkaSettings, type KafkaSourceOptions } from './settings.ts';
import { Signal } from './signal.ts';

/** Leaders move; a partition that three rounds do not answer is one that cannot be answered now. */
const offsetRounds = 3;

type FoundTopic = Extract<TopicState, { kind: 'found' }>;

/** Opens no socket by itself. */
export function openKafkaRecordSource(options: KafkaSourceOptions): RecordSource {
  return new KafkaRecordSource(kafkaSettings(options));
}

class KafkaRecordSource implements RecordSource {
  readonly #settings: KafkaSettings;
  readonly #cluster: Cluster;
  readonly #readers = new Set<KafkaRecordReader>();
  readonly #closing = new Signal();
  #describedId: string | null = null;
  #closed = false;

  constructor(settings: KafkaSettings) {
    this.#settings = settings;
    this.#cluster = new Cluster(settings);
  }

  async describe(): Promise<StreamDescription> {
    const topic = await this.#topic();
    this.#describedId = topic.topicId;
    const partitions = [...topic.leaders.keys()].sort((left, right) => left - right);
    return { identity: topic.topicId, partitions: partitions.map(String) };
  }

  async positions(partitions: readonly string[], bound: LogBound): Promise<ReadonlyMap<string, bigint>> {
    const found = new Map<string, bigint>();
    const backoff = new Backoff(this.#settings.retry);
    for (let round = 1; ; round += 1) {
      const topic = await this.#topic();
      const leaders = new Map<number, PartitionLeader>();
      for (const key of partitions) {
        const leader = found.has(key) ? null : topic.leaders.get(Number(key));
        if (leader !== null && leader !== undefined) leaders.set(Number(key), leader);
      }
      const { isCommittedOnly } = this.#settings;
      const answers = await askLeaders(this.#cluster, { bound, isCommittedOnly, leaders });
      for (const [partition, position] of answers) found.set(String(partition), position);
      // A partition that does not exist will not in the next round either.
      const isComplete = partitions.every((key) => found.has(key) || !topic.leaders.has(Number(key)));
      if (isComplete || round === offsetRounds) return found;
      await this.#closing.wait(backoff.next());
    }
  }

  read(starts: ReadonlyMap<string, bigint>): RecordReader {
    assert(!this.#closed, `the source of topic ${this.#settings.topic} is closed`);
    const reader = new KafkaRecordReader(this.#settings, this.#cluster, {
      starts,
      topicId: this.#describedId,
      onClose: () => this.#readers.delete(reader),
    });
    this.#readers.add(reader);
    return reader;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#closing.notify();
    this.#cluster.close();
    await Promise.all([...this.#readers].map((reader) => reader.close()));
  }

  /** Asks until there is an answer, or nobody gave one for too long. */
  async #topic(): Promise<FoundTopic> {
    const { topic: name, retry, askUnreachableAfterMs } = this.#settings;
    const startedMs = Date.now();
    const backoff = new Backoff(retry);
    for (;;) {
      assert(!this.#closed, `the source of topic ${name} is closed`);
      const outcome = await this.#attempt();
      if (outcome.kind === 'found') return outcome;
      if (outcome.kind === 'missing')
        throw new HeadgateError(
          'STREAM_NOT_FOUND',
          `topic ${name} does not exist (${outcome.why}); create it`,
        );
      const elapsedMs = Date.now() - startedMs;
      if (elapsedMs >= askUnreachableAfterMs) throw unreachable(this.#settings, elapsedMs, outcome.error);
      await this.#closing.wait(backoff.next());
    }
  }

  /** A server that speaks another protocol, or too old a version of it, is not waited for. */
  async #attempt(): Promise<TopicState | { readonly kind: 'failed'; readonly error: HeadgateError }> {
    try {
      return await this.#cluster.topic();
    } catch (error) {
      if (isHeadgateError(error) && error.code === 'STREAM_UNREACHABLE') return { kind: 'failed', error };
      throw error;
    }
  }
}
