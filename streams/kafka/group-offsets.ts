/**
 * Commits offsets to a consumer group without being one of its members, so that Kafka's own tools show how far a reader
 * is that has no group. Nothing is ever read back: the group is a mirror, not where positions live.
 *
 * Every way to fail is an answer with one sentence, in bounded time; trying again is the caller's business.
 */
import { HeadgateError, isHeadgateError, messageOf } from '../../domain/errors.ts';
import { Backoff } from './backoff.ts';
import { Broker } from './broker.ts';
import { parseAddress } from './cluster.ts';
import { formatAddress, type Address } from './connection.ts';
import { kafkaError, nameKafkaError } from './kafka-errors.ts';
import { findCoordinator } from './messages/find-coordinator.ts';
import { offsetCommit, type CommittedOffset } from './messages/offset-commit.ts';
import { kafkaSettings, type KafkaSettings, type KafkaSourceOptions } from './settings.ts';
import { Signal } from './signal.ts';
import { placeOf } from './topic-choice.ts';

export type CommitOutcome =
  | { readonly kind: 'committed' }
  /** Some of the offsets may have been taken all the same. */
  | { readonly kind: 'failed'; readonly why: string };

export interface GroupOffsets {
  /** Positions are the next to read, under the keys that a source of the same options gives its partitions. */
  commit(group: string, positions: ReadonlyMap<string, bigint>): Promise<CommitOutcome>;
  close(): void;
}

/** Opens no socket by itself. */
export function openGroupOffsets(options: KafkaSourceOptions): GroupOffsets {
  return new KafkaGroupOffsets(kafkaSettings({ ...options, patience: { unreachableAfterMs: 9_000 } }));
}

/** A coordinator that is not there yet, or elsewhere now, is asked for again this long. */
const limitMs = 5_000;
const note = 'headgate';

const passing: ReadonlySet<number> = new Set([
  kafkaError.COORDINATOR_LOAD_IN_PROGRESS,
  kafkaError.COORDINATOR_NOT_AVAILABLE,
  kafkaError.NOT_COORDINATOR,
  kafkaError.REQUEST_TIMED_OUT,
]);
const inUse: ReadonlySet<number> = new Set([
  kafkaError.UNKNOWN_MEMBER_ID,
  kafkaError.ILLEGAL_GENERATION,
  kafkaError.REBALANCE_IN_PROGRESS,
]);

class KafkaGroupOffsets implements GroupOffsets {
  readonly #settings: KafkaSettings;
  readonly #bootstrap: readonly Address[];
  readonly #brokers = new Map<string, Broker>();
  readonly #closing = new Signal();
  #coordinator: { readonly group: string; readonly broker: Broker } | null = null;
  #closed = false;

  constructor(settings: KafkaSettings) {
    this.#settings = settings;
    this.#bootstrap = settings.bootstrapServers.map(parseAddress);
  }

  async commit(group: string, positions: ReadonlyMap<string, bigint>): Promise<CommitOutcome> {
    const offsets = this.#offsetsOf(positions);
    if (offsets.length === 0) return { kind: 'committed' };
    const untilMs = Date.now() + limitMs;
    const backoff = new Backoff(this.#settings.retry);
    for (;;) {
      const answer = await this.#attempt(group, offsets);
      if (answer.kind !== 'again') return answer;
      this.#coordinator = null;
      if (Date.now() >= untilMs || this.#closed) return { kind: 'failed', why: answer.why };
      await this.#closing.wait(backoff.next());
    }
  }

  close(): void {
    this.#closed = true;
    this.#closing.notify();
    for (const broker of this.#brokers.values()) broker.close();
  }

  /** By topic: it is named once for its partitions. */
  #offsetsOf(positions: ReadonlyMap<string, bigint>): readonly CommittedOffset[] {
    const offsets = [...positions].flatMap(([key, offset]) => {
      const place = placeOf(this.#settings.topics, key);
      return place === null ? [] : [{ topic: place.topic, partition: place.number, offset }];
    });
    return offsets.sort((left, right) => (left.topic < right.topic ? -1 : left.topic > right.topic ? 1 : 0));
  }

  async #attempt(
    group: string,
    offsets: readonly CommittedOffset[],
  ): Promise<CommitOutcome | { readonly kind: 'again'; readonly why: string }> {
    try {
      const broker = await this.#coordinatorOf(group);
      const { partitions } = await broker.request(offsetCommit, { group, note, offsets });
      const refused = partitions.filter(({ errorCode }) => errorCode !== kafkaError.NONE);
      const [first] = refused;
      if (first === undefined) return { kind: 'committed' };
      if (passing.has(first.errorCode)) return { kind: 'again', why: whyOf(group, first.errorCode) };
      const rest = refused.length === 1 ? '' : `, and ${refused.length - 1} more partitions`;
      return {
        kind: 'failed',
        why: `${whyOf(group, first.errorCode)} (topic ${first.topic} partition ${first.partition}${rest})`,
      };
    } catch (error) {
      if (!isHeadgateError(error)) throw error;
      return { kind: error.code === 'STREAM_UNREACHABLE' ? 'again' : 'failed', why: messageOf(error) };
    }
  }

  /** Throws what the last broker that was asked says. */
  async #coordinatorOf(group: string): Promise<Broker> {
    if (this.#coordinator?.group === group) return this.#coordinator.broker;
    let last: unknown;
    for (const address of this.#bootstrap) {
      try {
        const { errorCode, host, port } = await this.#brokerAt(address).request(findCoordinator, { group });
        if (errorCode === kafkaError.NONE) {
          this.#coordinator = { group, broker: this.#brokerAt({ host, port }) };
          return this.#coordinator.broker;
        }
        const code = passing.has(errorCode) ? 'STREAM_UNREACHABLE' : 'STREAM_AUTH_FAILED';
        last = new HeadgateError(code, whyOf(group, errorCode));
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  #brokerAt(address: Address): Broker {
    const name = formatAddress(address);
    const known = this.#brokers.get(name);
    if (known !== undefined) return known;
    const broker = new Broker(address, this.#settings);
    if (this.#closed) broker.close();
    this.#brokers.set(name, broker);
    return broker;
  }
}

function whyOf(group: string, errorCode: number): string {
  const name = nameKafkaError(errorCode);
  if (inUse.has(errorCode))
    return (
      `consumer group ${group} has live members, and Kafka lets only them commit (${name}); ` +
      'stop those consumers, or name another group in mirrorConsumerGroup'
    );
  if (errorCode === kafkaError.GROUP_AUTHORIZATION_FAILED)
    return `this user may not use consumer group ${group} (${name}); grant it Read on the group`;
  if (errorCode === kafkaError.TOPIC_AUTHORIZATION_FAILED)
    return `this user may not commit offsets of a topic to consumer group ${group} (${name}); grant it Read on the topic`;
  return `Kafka does not take offsets of consumer group ${group}: ${name}`;
}
