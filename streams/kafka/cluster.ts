/**
 * What a source knows of the cluster: brokers, and the ids, partitions and leaders of its topics; asked over connections
 * of its own, so that no answer waits behind a long fetch.
 *
 * A question goes to one broker after another - known ones first, then the bootstrap servers - until one answers.
 * Trying again is the caller's business. Answers are never reused, except that questions asked at the same time
 * share one.
 */
import { HeadgateError, messageOf } from '../../domain/errors.ts';
import type { LogBound } from '../record-source.ts';
import { forbidden, isAccessProblem } from './access-problems.ts';
import { Broker } from './broker.ts';
import { formatAddress, type Address, type ConnectionOptions } from './connection.ts';
import { kafkaError, nameKafkaError } from './kafka-errors.ts';
import { listOffsets, type AskedOffset, type ListOffsetsResponse } from './messages/list-offsets.ts';
import { metadata, type MetadataResponse } from './messages/metadata.ts';
import type { KafkaSettings } from './settings.ts';

export type PartitionLeader = { readonly nodeId: number; readonly epoch: number };

export type TopicState =
  | { readonly kind: 'missing'; readonly why: string }
  | {
      readonly kind: 'found';
      readonly topicId: string;
      /** Every partition; null: no leader now. */
      readonly leaders: ReadonlyMap<number, PartitionLeader | null>;
    };

/** By name. */
export type Topics = ReadonlyMap<string, TopicState>;

export class Cluster {
  readonly #settings: KafkaSettings;
  readonly #bootstrap: readonly Address[];
  readonly #byAddress = new Map<string, Broker>();
  #nodes = new Map<number, Address>();
  readonly #asking = new Map<string, Promise<Topics>>();
  #closed = false;

  constructor(settings: KafkaSettings) {
    this.#settings = settings;
    this.#bootstrap = settings.bootstrapServers.map(parseAddress);
  }

  /** For connections beside those of the cluster. */
  get connectionOptions(): ConnectionOptions {
    return this.#settings;
  }

  addressOf(nodeId: number): Address | undefined {
    return this.#nodes.get(nodeId);
  }

  /**
   * One round over the brokers. Each of these topics is in the answer; null: those of the cluster that the source chooses.
   * Throws the last error when no broker answers, or the first that somebody has to mend.
   */
  topics(names: readonly string[] | null): Promise<Topics> {
    const question = names === null ? '' : names.join(',');
    let asking = this.#asking.get(question);
    if (asking === undefined) {
      asking = this.#askTopics(names).finally(() => this.#asking.delete(question));
      this.#asking.set(question, asking);
    }
    return asking;
  }

  /** One attempt at the leader of these partitions. Throws as `Connection.request`. */
  async offsets(
    nodeId: number,
    question: {
      readonly bound: LogBound;
      readonly isCommittedOnly: boolean;
      readonly partitions: readonly AskedOffset[];
    },
  ): Promise<ListOffsetsResponse> {
    const address = this.#nodes.get(nodeId);
    if (address === undefined)
      throw new HeadgateError('STREAM_UNREACHABLE', `the address of Kafka broker ${nodeId} is not known`);
    return this.#brokerAt(address).request(listOffsets, question);
  }

  close(): void {
    this.#closed = true;
    for (const broker of this.#byAddress.values()) broker.close();
  }

  async #askTopics(names: readonly string[] | null): Promise<Topics> {
    let last: unknown;
    for (const broker of this.#candidates()) {
      if (this.#closed) break;
      try {
        const answer = await broker.request(metadata, { topics: names });
        this.#remember(answer);
        return this.#readTopics(answer, names, broker.name);
      } catch (error) {
        // What somebody has to mend tells more than a broker that is away.
        if (!isAccessProblem(last)) last = error;
      }
    }
    throw (
      last ?? new HeadgateError('STREAM_UNREACHABLE', `${this.#settings.topics.text}: the source was closed`)
    );
  }

  /** Connected ones first: they answer at once. Then any, in another order each time. */
  #candidates(): Broker[] {
    const addresses = [...this.#nodes.values(), ...this.#bootstrap];
    const brokers = [...new Set(shuffled(addresses).map((address) => this.#brokerAt(address)))];
    return brokers.sort((left, right) => Number(right.isConnected) - Number(left.isConnected));
  }

  #brokerAt(address: Address): Broker {
    const name = formatAddress(address);
    let broker = this.#byAddress.get(name);
    if (broker === undefined) {
      broker = new Broker(address, this.#settings);
      if (this.#closed) broker.close();
      this.#byAddress.set(name, broker);
    }
    return broker;
  }

  #remember(answer: MetadataResponse): void {
    if (answer.brokers.length === 0) return;
    this.#nodes = new Map(answer.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    const known = new Set([...this.#nodes.values(), ...this.#bootstrap].map(formatAddress));
    for (const [name, broker] of this.#byAddress) {
      if (known.has(name)) continue;
      broker.close();
      this.#byAddress.delete(name);
    }
  }

  #readTopics(answer: MetadataResponse, names: readonly string[] | null, from: string): Topics {
    const answered = new Map(answer.topics.map((topic) => [topic.name ?? '', topic]));
    const wanted = names ?? [...answered.keys()].filter(this.#settings.topics.has);
    const isPattern = this.#settings.topics.only === null;
    const topics = wanted.map(
      (name) => [name, readTopic(answered.get(name), name, { from, isPattern })] as const,
    );
    return new Map(names === null ? topics.filter(([, { kind }]) => kind === 'found') : topics);
  }
}

/** Throws STREAM_UNREACHABLE for a topic that the broker knows but cannot tell of now. */
function readTopic(
  topic: MetadataResponse['topics'][number] | undefined,
  name: string,
  { from, isPattern }: { readonly from: string; readonly isPattern: boolean },
): TopicState {
  const errorCode = topic?.errorCode ?? kafkaError.UNKNOWN_TOPIC_OR_PARTITION;
  if (errorCode === kafkaError.UNKNOWN_TOPIC_OR_PARTITION || errorCode === kafkaError.INVALID_TOPIC_EXCEPTION)
    return { kind: 'missing', why: nameKafkaError(errorCode) };
  const refusal = forbidden(name, from, errorCode, 'Describe');
  // One of many that may not be seen any more does not keep the others from being read.
  if (refusal !== null && isPattern) return { kind: 'missing', why: nameKafkaError(errorCode) };
  if (refusal !== null) throw refusal;
  if (topic === undefined || errorCode !== kafkaError.NONE)
    throw new HeadgateError(
      'STREAM_UNREACHABLE',
      `topic ${name}: Kafka broker ${from} answers ${nameKafkaError(errorCode)}`,
      { details: { broker: from } },
    );
  if (topic.topicId === null)
    throw new HeadgateError('STREAM_PROTOCOL', `topic ${name}: Kafka broker ${from} gives it no topic id`);
  const leaders = new Map<number, PartitionLeader | null>();
  for (const { partition, leaderId, leaderEpoch } of topic.partitions)
    leaders.set(partition, leaderId < 0 ? null : { nodeId: leaderId, epoch: leaderEpoch });
  if (leaders.size === 0) return { kind: 'missing', why: 'no partitions' };
  return { kind: 'found', topicId: topic.topicId, leaders };
}

/** "host:port", "[::1]:port", or the same after a listener name ("PLAINTEXT://host:port"), as Kafka's own clients take it. */
export function parseAddress(text: string): Address {
  const match = /^(?:[A-Za-z][A-Za-z0-9_+.-]*:\/\/)?(?:\[([0-9A-Fa-f:.%]+)\]|([^:[\]/\s]+)):(\d{1,5})$/.exec(
    text.trim(),
  );
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65_535)
    throw new HeadgateError(
      'SPEC_INVALID',
      `bootstrap.servers: found ${JSON.stringify(text)}, expected host:port with a port from 1 to 65535`,
    );
  return { host, port };
}

/** The last error, told as what it means for the source; one that somebody has to mend speaks for itself. */
export function unreachable(settings: KafkaSettings, sinceMs: number, last: unknown): HeadgateError {
  if (isAccessProblem(last)) return last;
  return new HeadgateError(
    'STREAM_UNREACHABLE',
    `${settings.topics.text}: no answer from Kafka brokers ${settings.bootstrapServers.join(', ')} for ${Math.round(sinceMs / 100) / 10} s; ` +
      `last error: ${messageOf(last)}`,
    { details: { brokers: [...settings.bootstrapServers] }, cause: last },
  );
}

function shuffled<T>(list: readonly T[]): T[] {
  const result = [...list];
  for (let index = result.length - 1; index > 0; index -= 1) {
    const other = Math.floor(Math.random() * (index + 1));
    const [left, right] = [result[index], result[other]];
    if (left === undefined || right === undefined) continue;
    result[index] = right;
    result[other] = left;
  }
  return result;
}
