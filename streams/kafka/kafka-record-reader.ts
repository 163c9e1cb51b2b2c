/**
 * A reader over explicit partitions of one topic or of several from explicit positions, without a consumer group.
 *
 * From the first poll on a background loop keeps the leaders known, and one lane per broker fetches ahead into a
 * bounded buffer; `poll` only hands out what has arrived. The reader stays with one incarnation of each topic.
 * Trouble is retried inside; what a retry cannot help is thrown by `poll`, again each time; where it is about a partition,
 * until that partition is dropped.
 */
import { assert } from '../../domain/assert.ts';
import { HeadgateError, isHeadgateError } from '../../domain/errors.ts';
import type { RecordBatch, RecordReader } from '../record-source.ts';
import { Backoff } from './backoff.ts';
import { Broker } from './broker.ts';
import { BrokerLane, type LaneHost } from './broker-lane.ts';
import { prepareCodecs } from './codecs/codecs.ts';
import { unreachable, type Cluster, type Topics } from './cluster.ts';
import { formatAddress } from './connection.ts';
import { askBounds } from './offsets.ts';
import { PartitionFeed } from './partition-feed.ts';
import type { KafkaSettings } from './settings.ts';
import { Signal } from './signal.ts';
import { placeOf } from './topic-choice.ts';

/** Leaders are not asked for more often than this, however much goes wrong. */
const metadataEveryMs = 100;

export class KafkaRecordReader implements RecordReader {
  readonly #settings: KafkaSettings;
  readonly #cluster: Cluster;
  readonly #onClose: () => void;
  readonly #feeds: Map<string, PartitionFeed>;
  readonly #lanes = new Map<number, BrokerLane>();
  readonly #lanesDone = new Set<Promise<void>>();
  readonly #arrived = new Signal();
  readonly #metadataWanted = new Signal();
  readonly #closing = new Signal();
  readonly #host: LaneHost;
  /** The incarnation of each topic: the one described last by the source, else the first one found. */
  readonly #topicIds: Map<string, string>;
  #isStarted = false;
  #isMetadataStale = true;
  /** Nothing can be read any more: a HeadgateError, or a bug of ours. */
  #failure: unknown = null;
  #trouble: { sinceMs: number; last: HeadgateError } | null = null;
  readonly #missingSinceMs = new Map<string, number>();
  #closed = false;

  constructor(
    settings: KafkaSettings,
    cluster: Cluster,
    options: {
      readonly starts: ReadonlyMap<string, bigint>;
      readonly topicIds: ReadonlyMap<string, string>;
      readonly onClose: () => void;
    },
  ) {
    this.#settings = settings;
    this.#cluster = cluster;
    this.#topicIds = new Map(options.topicIds);
    this.#onClose = options.onClose;
    this.#feeds = new Map(
      [...options.starts].map(([key, position]) => [key, newFeed(key, position, settings)]),
    );
    this.#host = {
      settings,
      laneCount: () => this.#lanes.size,
      answered: () => {
        this.#trouble = null;
      },
      troubled: (error, sinceMs) => this.#troubled(error, sinceMs),
      wantMetadata: () => this.#wantMetadata(),
      arrived: () => this.#arrived.notify(),
      outOfRange: (feed) => void this.#checkBounds(feed).catch((bug: unknown) => this.#fail(bug)),
    };
  }

  async poll(maxWaitMs: number): Promise<readonly RecordBatch[]> {
    assert(!this.#closed, `the reader of ${this.#settings.topics.text} is closed`);
    this.#start();
    const deadlineMs = Date.now() + maxWaitMs;
    for (;;) {
      const batches = this.#take();
      const leftMs = deadlineMs - Date.now();
      if (batches.length > 0 || leftMs <= 0) return batches;
      await this.#arrived.wait(Math.min(leftMs, this.#patienceMs()));
      if (this.#closed) return [];
    }
  }

  drop(partitions: readonly string[]): void {
    for (const key of partitions) {
      const feed = this.#feeds.get(key);
      if (feed === undefined) continue;
      this.#feeds.delete(key);
      for (const lane of this.#lanes.values()) lane.remove(feed);
    }
    this.#wakeLanes();
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#onClose();
      this.#arrived.notify();
      this.#metadataWanted.notify();
      this.#closing.notify();
      for (const lane of this.#lanes.values()) lane.close();
    }
    await Promise.all([...this.#lanesDone]);
  }

  /** Not awaited by `close`: it may wait for an answer that only closing the source ends, and does nothing after it. */
  #start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#conduct().catch((bug: unknown) => this.#fail(bug));
  }

  #take(): RecordBatch[] {
    if (this.#failure !== null) throw this.#failure;
    for (const feed of this.#feeds.values()) if (feed.dueError !== null) throw feed.dueError;
    const batches = [...this.#feeds.values()].flatMap((feed) => feed.take());
    if (batches.length > 0) {
      // As long as there is something to hand out, nobody misses an answer.
      if (this.#trouble !== null) this.#trouble.sinceMs = Date.now();
      this.#wakeLanes();
      return batches;
    }
    if (this.#trouble !== null && this.#patienceMs() <= 0)
      throw unreachable(this.#settings, Date.now() - this.#trouble.sinceMs, this.#trouble.last);
    return batches;
  }

  #patienceMs(): number {
    if (this.#trouble === null) return Infinity;
    return this.#trouble.sinceMs + this.#settings.unreachableAfterMs - Date.now();
  }

  #troubled(error: HeadgateError, sinceMs: number): void {
    if (this.#trouble === null) {
      this.#trouble = { sinceMs, last: error };
      // A poll that waits has a nearer deadline now.
      this.#arrived.notify();
    }
    this.#trouble.last = error;
  }

  #wantMetadata(): void {
    this.#isMetadataStale = true;
    this.#metadataWanted.notify();
  }

  #wakeLanes(): void {
    for (const lane of this.#lanes.values()) lane.wake();
  }

  /** Keeps every partition assigned to its leader, until the reader is closed or can do nothing any more. */
  async #conduct(): Promise<void> {
    const backoff = new Backoff({ minMs: metadataEveryMs, maxMs: Math.max(1_000, metadataEveryMs) });
    // Records are walked without waiting; nothing is fetched before every codec can be.
    await prepareCodecs();
    while (!this.#closed && this.#failure === null) {
      if (!this.#isMetadataStale) {
        backoff.reset();
        await this.#metadataWanted.wait(null);
        continue;
      }
      this.#isMetadataStale = false;
      const startedMs = Date.now();
      const names = [...new Set(this.#readable().map(({ topic }) => topic))];
      if (names.length === 0) continue;
      try {
        const topics = await this.#cluster.topics(names);
        if (this.#closed) return;
        this.#assign(topics, startedMs);
      } catch (error) {
        if (!isHeadgateError(error)) throw error;
        this.#troubled(error, startedMs);
        this.#isMetadataStale = true;
      }
      if (!this.#closed) await this.#closing.wait(backoff.next());
    }
  }

  #readable(): PartitionFeed[] {
    return [...this.#feeds.values()].filter((feed) => !feed.hasFailed);
  }

  #assign(topics: Topics, startedMs: number): void {
    const byNode = new Map<number, PartitionFeed[]>();
    for (const feed of this.#readable()) {
      const nodeId = this.#locate(feed, topics, startedMs);
      if (nodeId !== null) byNode.set(nodeId, [...(byNode.get(nodeId) ?? []), feed]);
    }
    this.#arrangeLanes(byNode);
  }

  /** The broker to read it from; null: none, for now or for good. */
  #locate(feed: PartitionFeed, topics: Topics, startedMs: number): number | null {
    const topic = topics.get(feed.topic);
    // It stays where it is until that is certain.
    if (topic?.kind !== 'found') {
      this.#missing(feed, `does not exist (${topic?.why ?? 'not asked for'})`);
      return feed.hasFailed ? null : (feed.leader?.nodeId ?? null);
    }
    const expected = this.#topicIds.get(feed.topic) ?? topic.topicId;
    this.#topicIds.set(feed.topic, expected);
    if (topic.topicId !== expected) {
      this.#failPartition(feed, identityChanged(feed, topic.topicId, expected));
      return null;
    }
    feed.topicId = expected;
    const leader = topic.leaders.get(feed.number);
    if (leader === undefined) {
      this.#missing(feed, `has no partition ${feed.number}, found ${topic.leaders.size}`);
      return null;
    }
    this.#missingSinceMs.delete(feed.key);
    feed.leader = leader;
    if (leader === null) this.#leaderless(feed, startedMs);
    return leader?.nodeId ?? null;
  }

  #arrangeLanes(byNode: ReadonlyMap<number, readonly PartitionFeed[]>): void {
    for (const [nodeId, lane] of this.#lanes) {
      const address = this.#cluster.addressOf(nodeId);
      if (byNode.has(nodeId) && address !== undefined && formatAddress(address) === lane.broker.name)
        continue;
      lane.close();
      this.#lanes.delete(nodeId);
    }
    for (const [nodeId, feeds] of byNode) {
      let lane = this.#lanes.get(nodeId);
      if (lane?.isTooSlowFor(feeds) === true) {
        lane.close();
        lane = undefined;
      }
      if (lane === undefined) {
        const address = this.#cluster.addressOf(nodeId);
        if (address === undefined) {
          this.#isMetadataStale = true;
          continue;
        }
        lane = new BrokerLane(new Broker(address, this.#cluster.connectionOptions), this.#host);
        this.#lanes.set(nodeId, lane);
        this.#await(lane.done);
      }
      lane.assign(feeds);
    }
  }

  #await(done: Promise<void>): void {
    const ended = done.catch((bug: unknown) => this.#fail(bug));
    this.#lanesDone.add(ended);
    void ended.finally(() => this.#lanesDone.delete(ended));
  }

  #leaderless(feed: PartitionFeed, sinceMs: number): void {
    this.#isMetadataStale = true;
    this.#troubled(new HeadgateError('STREAM_UNREACHABLE', `${feed.name} has no leader`), sinceMs);
  }

  /** News of a creation spreads from broker to broker, so one answer proves nothing. */
  #missing(feed: PartitionFeed, what: string): void {
    const nowMs = Date.now();
    const sinceMs = this.#missingSinceMs.get(feed.key) ?? nowMs;
    this.#missingSinceMs.set(feed.key, sinceMs);
    this.#isMetadataStale = true;
    if (nowMs - sinceMs < this.#settings.missingAfterMs) return;
    const details = { partition: feed.key, topic: feed.topic };
    this.#failPartition(
      feed,
      new HeadgateError('STREAM_NOT_FOUND', `topic ${feed.topic} ${what}`, { details }),
    );
  }

  #failPartition(feed: PartitionFeed, failure: HeadgateError): void {
    feed.fail(failure);
    this.#arrived.notify();
  }

  #fail(failure: unknown): void {
    this.#failure ??= failure;
    for (const lane of this.#lanes.values()) lane.close();
    this.#lanes.clear();
    this.#arrived.notify();
  }

  /** What it finds out becomes the partition's error, or another attempt. */
  async #checkBounds(feed: PartitionFeed): Promise<void> {
    const startedMs = Date.now();
    try {
      const bounds = await askBounds(this.#cluster, this.#settings, feed);
      if (feed.position < bounds.earliest || feed.position > bounds.end) feed.fail(outOfRange(feed, bounds));
      else
        this.#troubled(
          new HeadgateError(
            'STREAM_UNREACHABLE',
            `${feed.name}: position ${feed.position} was refused, though the log holds ${bounds.earliest} to ${bounds.end}`,
          ),
          startedMs,
        );
    } catch (error) {
      if (isHeadgateError(error)) this.#troubled(error, startedMs);
      else throw error;
      this.#wantMetadata();
    } finally {
      feed.rest(Date.now());
      this.#arrived.notify();
      this.#wakeLanes();
    }
  }
}

function newFeed(key: string, position: bigint, settings: KafkaSettings): PartitionFeed {
  const place = placeOf(settings.topics, key);
  assert(
    place !== null,
    `a Kafka partition is ${settings.topics.only === null ? 'topic:number' : 'a number'}, found ${JSON.stringify(key)}`,
  );
  assert(
    position >= 0n && position < 2n ** 63n,
    `a Kafka offset is an int64 of 0 or more, found ${position}`,
  );
  return new PartitionFeed(key, place, position, settings.retry);
}

function identityChanged(feed: PartitionFeed, found: string, expected: string): HeadgateError {
  return new HeadgateError(
    'STREAM_IDENTITY_CHANGED',
    `topic ${feed.topic} was deleted and created again: found id ${found}, expected ${expected}; reset the supervisor`,
    { details: { found, expected, partition: feed.key, topic: feed.topic } },
  );
}

function outOfRange(
  feed: PartitionFeed,
  bounds: { readonly earliest: bigint; readonly latest: bigint },
): HeadgateError {
  return new HeadgateError(
    'STREAM_OFFSET_OUT_OF_RANGE',
    `${feed.name}: position ${feed.position} is not in the log, which holds ${bounds.earliest} to ${bounds.latest}`,
    {
      details: {
        partition: feed.key,
        position: String(feed.position),
        earliest: String(bounds.earliest),
        latest: String(bounds.latest),
      },
    },
  );
}
