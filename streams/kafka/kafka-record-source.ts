/**
 * A Kafka topic, or every topic that matches a pattern, behind the `RecordSource` port: own sockets, explicit partitions
 * and positions, no consumer group. Topics are looked for anew by every `describe`; a topic that the user may not describe
 * does not exist for a pattern.
 *
 * A reader stays with the incarnation of each topic that `describe` saw last, so that nothing can slip in between
 * comparing the identity and reading. `describe` and `positions` ask the brokers each time and give up with
 * STREAM_UNREACHABLE after 10 s without an answer, readers after 30 s.
 */
import { assert } from '../../domain/assert.ts';
import { HeadgateError, isHeadgateError } from '../../domain/errors.ts';
import { comparePartitions } from '../../domain/partition-key.ts';
import type { LogBound, RecordReader, RecordSource, StreamDescription } from '../record-source.ts';
import { Backoff } from './backoff.ts';
import { Cluster, unreachable, type Topics } from './cluster.ts';
import { KafkaRecordReader } from './kafka-record-reader.ts';
import { askLeaders, type LedPartition } from './offsets.ts';
import { kafkaSettings, type KafkaSettings, type KafkaSourceOptions } from './settings.ts';
import { Signal } from './signal.ts';
import { keyOf, placeOf, type TopicPartition } from './topic-choice.ts';

/** Leaders move; a partition that three rounds do not answer is one that cannot be answered now. */
const offsetRounds = 3;

/** Opens no socket by itself. */
export function openKafkaRecordSource(options: KafkaSourceOptions): RecordSource {
  return new KafkaRecordSource(kafkaSettings(options));
}

class KafkaRecordSource implements RecordSource {
  readonly #settings: KafkaSettings;
  readonly #cluster: Cluster;
  readonly #readers = new Set<KafkaRecordReader>();
  readonly #closing = new Signal();
  #describedIds = new Map<string, string>();
  #closed = false;

  constructor(settings: KafkaSettings) {
    this.#settings = settings;
    this.#cluster = new Cluster(settings);
  }

  async describe(): Promise<StreamDescription> {
    const { only, text } = this.#settings.topics;
    const topics = await this.#topics(only === null ? null : [only]);
    if (topics.size === 0)
      throw new HeadgateError(
        'STREAM_NOT_FOUND',
        `the cluster has no ${text} that this user may see; create one, or change topicPattern under a new id`,
      );
    const identities = new Map<string, string>();
    const described = new Map<string, string>();
    for (const [name, topic] of topics) {
      if (topic.kind !== 'found') continue;
      described.set(name, topic.topicId);
      for (const number of topic.leaders.keys())
        identities.set(keyOf(this.#settings.topics, name, number), topic.topicId);
    }
    this.#describedIds = described;
    return { identities, partitions: [...identities.keys()].sort(comparePartitions) };
  }

  async positions(partitions: readonly string[], bound: LogBound): Promise<ReadonlyMap<string, bigint>> {
    const places = this.#places(partitions);
    const found = new Map<string, bigint>();
    const backoff = new Backoff(this.#settings.retry);
    for (let round = 1; ; round += 1) {
      const open = [...places].filter(([key]) => !found.has(key));
      const topics = await this.#topics(this.#namesOf(open));
      const led = ledBy(topics, open);
      const { isCommittedOnly } = this.#settings;
      const answers = await askLeaders(this.#cluster, { bound, isCommittedOnly, partitions: led });
      for (const [key, position] of answers) found.set(key, position);
      // A partition that does not exist will not in the next round either.
      const isComplete = open.every(([key, place]) => found.has(key) || !exists(topics, place));
      if (isComplete || round === offsetRounds) return found;
      await this.#closing.wait(backoff.next());
    }
  }

  read(starts: ReadonlyMap<string, bigint>): RecordReader {
    assert(!this.#closed, `the source of ${this.#settings.topics.text} is closed`);
    const reader = new KafkaRecordReader(this.#settings, this.#cluster, {
      starts,
      topicIds: this.#describedIds,
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

  /** Those that can exist. */
  #places(partitions: readonly string[]): ReadonlyMap<string, TopicPartition> {
    const places = new Map<string, TopicPartition>();
    for (const key of partitions) {
      const place = placeOf(this.#settings.topics, key);
      if (place !== null) places.set(key, place);
    }
    return places;
  }

  #namesOf(places: readonly (readonly [string, TopicPartition])[]): readonly string[] {
    const { only } = this.#settings.topics;
    return only === null ? [...new Set(places.map(([, { topic }]) => topic))] : [only];
  }

  /** Asks until there is an answer, or nobody gave one for too long. A topic that was named to us must exist. */
  async #topics(names: readonly string[] | null): Promise<Topics> {
    const { topics: choice, retry, askUnreachableAfterMs } = this.#settings;
    if (names?.length === 0) return new Map();
    const startedMs = Date.now();
    const backoff = new Backoff(retry);
    for (;;) {
      assert(!this.#closed, `the source of ${choice.text} is closed`);
      const outcome = await this.#attempt(names);
      if (!(outcome instanceof HeadgateError)) {
        const only = choice.only === null ? undefined : outcome.get(choice.only);
        if (only?.kind === 'missing')
          throw new HeadgateError(
            'STREAM_NOT_FOUND',
            `${choice.text} does not exist (${only.why}); create it`,
          );
        return outcome;
      }
      const elapsedMs = Date.now() - startedMs;
      if (elapsedMs >= askUnreachableAfterMs) throw unreachable(this.#settings, elapsedMs, outcome);
      await this.#closing.wait(backoff.next());
    }
  }

  /** A server that speaks another protocol, or too old a version of it, is not waited for. */
  async #attempt(names: readonly string[] | null): Promise<Topics | HeadgateError> {
    try {
      return await this.#cluster.topics(names);
    } catch (error) {
      if (isHeadgateError(error) && error.code === 'STREAM_UNREACHABLE') return error;
      throw error;
    }
  }
}

function ledBy(
  topics: Topics,
  places: readonly (readonly [string, TopicPartition])[],
): ReadonlyMap<string, LedPartition> {
  const led = new Map<string, LedPartition>();
  for (const [key, place] of places) {
    const topic = topics.get(place.topic);
    const leader = topic?.kind === 'found' ? topic.leaders.get(place.number) : undefined;
    if (leader !== undefined && leader !== null) led.set(key, { ...place, leader });
  }
  return led;
}

function exists(topics: Topics, { topic: name, number }: TopicPartition): boolean {
  const topic = topics.get(name);
  return topic?.kind === 'found' && topic.leaders.has(number);
}
