/**
 * Fetches from one broker for one reader: one request under way at a time, for all partitions the broker leads, in a
 * fetch session. The next request leaves before the records of an answer are walked: that is done by whoever polls.
 *
 * Partitions that gave something move to the end of the order, so each is the first one sooner or later and a batch
 * of any size arrives. An answer is used only for a partition that is still here and still where the request said.
 * When everything is read, fetches keep a distance, so that a trickle of records does not become a storm of requests.
 */
import { assert } from '../../domain/assert.ts';
import { HeadgateError, isHeadgateError } from '../../domain/errors.ts';
import { forbidden } from './access-problems.ts';
import { Backoff } from './backoff.ts';
import type { Broker } from './broker.ts';
import { planFetch } from './fetch-plan.ts';
import { FetchSession, isSessionError } from './fetch-session.ts';
import { fetchVerdict, kafkaError, nameKafkaError } from './kafka-errors.ts';
import { fetch, type FetchedPartition, type FetchResponse, type FetchTarget } from './messages/fetch.ts';
import { decodePartition } from './partition-records.ts';
import type { PartitionFeed } from './partition-feed.ts';
import type { KafkaSettings } from './settings.ts';
import { Signal } from './signal.ts';

/** What a lane tells its reader. */
export type LaneHost = {
  readonly settings: KafkaSettings;
  /** Of how many lanes the reader's buffer is the sum. */
  laneCount(): number;
  /** The broker answered, for some partition at least without error. */
  answered(): void;
  /** Something did not work; `sinceMs` is when it was tried. */
  troubled(error: HeadgateError, sinceMs: number): void;
  /** Leaders or the topic itself may have changed. */
  wantMetadata(): void;
  /** Batches or an error wait to be polled. */
  arrived(): void;
  /** The broker says that the position is not in its log. */
  outOfRange(feed: PartitionFeed): void;
};

/** Distance between fetches once everything is read. */
const calmFetchMs = 50;
/**
 * How long a broker may hold a fetch when the one before brought nothing, if that is longer than `fetch.max.wait.ms`: records end
 * it at once.
 */
const quietFetchWaitMs = 4_000;
/** An answer from here on is worth fetching for without a pause. */
const busyAnswerBytes = 64 * 1024;
const throttleMsMax = 30_000;
/** Bytes can break on the way; broken in the log they are broken every time. */
const damagedReadsMax = 3;

type Asked = { readonly feed: PartitionFeed; readonly offset: bigint };
/** By topic id, then by number. */
type AskedByTopic = ReadonlyMap<string, ReadonlyMap<number, Asked>>;

export class BrokerLane {
  readonly broker: Broker;
  /** Ends after `close`; fails only by a bug of ours. */
  readonly done: Promise<void>;
  readonly #host: LaneHost;
  /** In the order in which the next fetch asks. */
  readonly #feeds = new Map<string, PartitionFeed>();
  readonly #changed = new Signal();
  readonly #closing = new Signal();
  readonly #backoff: Backoff;
  readonly #session = new FetchSession();
  #closed = false;
  /** The last answer had no record and no error. */
  #isQuiet = false;
  /** A fetch of a quiet lane is under way. */
  #isDozing = false;

  constructor(broker: Broker, host: LaneHost) {
    this.broker = broker;
    this.#host = host;
    this.#backoff = new Backoff(host.settings.reconnect);
    this.done = this.#run();
  }

  /** Another partition would have to wait until its long fetch is over: a new lane is quicker. */
  isTooSlowFor(feeds: readonly PartitionFeed[]): boolean {
    return this.#isDozing && feeds.some((feed) => this.#feeds.get(feed.key) !== feed);
  }

  /** Exactly these partitions from now on. */
  assign(feeds: readonly PartitionFeed[]): void {
    const wanted = new Set(feeds);
    for (const feed of [...this.#feeds.values()]) if (!wanted.has(feed)) this.#feeds.delete(feed.key);
    for (const feed of feeds) if (!this.#feeds.has(feed.key)) this.#feeds.set(feed.key, feed);
    this.wake();
  }

  remove(feed: PartitionFeed): void {
    if (this.#feeds.get(feed.key) === feed) this.#feeds.delete(feed.key);
  }

  /** There may be room, or a partition may be ready again. */
  wake(): void {
    this.#changed.notify();
  }

  close(): void {
    this.#closed = true;
    this.broker.close();
    this.#changed.notify();
    this.#closing.notify();
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      const { settings } = this.#host;
      const nowMs = Date.now();
      const lanes = Math.max(1, this.#host.laneCount());
      const plan = planFetch(this.#feeds.values(), {
        nowMs,
        bufferedBytesMax: Math.ceil(settings.bufferedBytesMax / lanes),
        fetchBytesMax: Math.ceil(settings.fetchBytesMax / lanes),
        partitionBytesMax: settings.partitionBytesMax,
      });
      if (plan.kind === 'wait') {
        await this.#changed.wait(plan.untilMs === null ? null : plan.untilMs - nowMs);
        continue;
      }
      const pauseMs = await this.#fetch(plan.feeds, plan.maxBytes);
      if (pauseMs > 0 && !this.#closed) await this.#closing.wait(pauseMs);
    }
  }

  /** How long to wait before the next fetch. */
  async #fetch(feeds: readonly PartitionFeed[], maxBytes: number): Promise<number> {
    const startedMs = Date.now();
    const targets = feeds.map(targetOf);
    const asked = askedOf(feeds);
    try {
      this.#isDozing = this.#mayDoze(targets.length);
      this.#isQuiet = false;
      const answer = await this.#request(targets, maxBytes);
      this.#isDozing = false;
      if (answer.errorCode !== kafkaError.NONE) return this.#refusedWhole(answer.errorCode, startedMs);
      this.#session.accept(answer.sessionId);
      this.#backoff.reset();
      return this.#closed ? 0 : this.#apply(answer, asked, { startedMs, count: targets.length });
    } catch (error) {
      this.#isDozing = false;
      this.#session.restart(null);
      if (this.#closed) return 0;
      if (!isHeadgateError(error)) throw error;
      this.#host.troubled(error, startedMs);
      this.#host.wantMetadata();
      return this.#backoff.next();
    }
  }

  /** Whoever waits for many bytes waits for as long as the settings say, and no partition rests that may be ready soon. */
  #mayDoze(asked: number): boolean {
    return this.#isQuiet && asked === this.#feeds.size && this.#host.settings.fetchBytesMin <= 1;
  }

  #request(targets: readonly FetchTarget[], maxBytes: number): Promise<FetchResponse> {
    const { settings } = this.#host;
    // A broker that answers tells that the stream is there: often enough for the reader's patience with the others.
    const quietWaitMs = Math.min(quietFetchWaitMs, settings.unreachableAfterMs / 5);
    const maxWaitMs = this.#isDozing ? Math.max(settings.fetchWaitMs, quietWaitMs) : settings.fetchWaitMs;
    return this.broker.request(
      fetch,
      {
        isCommittedOnly: settings.isCommittedOnly,
        maxWaitMs,
        minBytes: settings.fetchBytesMin,
        maxBytes,
        partitionMaxBytes: settings.partitionBytesMax,
        ...this.#session.next(targets),
      },
      maxWaitMs + settings.requestTimeoutMs,
    );
  }

  /** A session that is lost is made anew; it is trouble only when that does not help for long. */
  #refusedWhole(errorCode: number, startedMs: number): number {
    this.#session.restart(errorCode);
    this.#host.troubled(this.#refused('the fetch', errorCode), startedMs);
    if (!isSessionError(errorCode)) this.#host.wantMetadata();
    return this.#backoff.next();
  }

  #apply(
    answer: FetchResponse,
    asked: AskedByTopic,
    { startedMs, count }: { readonly startedMs: number; readonly count: number },
  ): number {
    let bytes = 0;
    let hasMore = false;
    let refused = 0;
    for (const fetched of answer.partitions) {
      const question = asked.get(fetched.topicId ?? '')?.get(fetched.partition);
      if (question === undefined) continue;
      const { feed, offset } = question;
      if (this.#feeds.get(feed.key) !== feed || feed.position !== offset) continue;
      if (fetched.errorCode !== kafkaError.NONE) {
        this.#applyError(feed, fetched.errorCode, startedMs);
        refused += 1;
        continue;
      }
      this.#applyRecords(feed, fetched, bytes === 0);
      bytes += fetched.records.length;
      hasMore ||= feed.position < readableEnd(fetched, this.#host.settings.isCommittedOnly);
    }
    // In a session, a partition that is not mentioned has nothing new: that is a good answer, too.
    if (refused < count) this.#host.answered();
    if (bytes > 0) this.#host.arrived();
    this.#isQuiet = bytes === 0 && refused === 0;
    const isBusy = bytes >= busyAnswerBytes || (bytes > 0 && hasMore);
    const calmMs = isBusy ? 0 : calmFetchMs - (Date.now() - startedMs);
    return Math.max(Math.min(answer.throttleMs, throttleMsMax), calmMs);
  }

  #applyRecords(feed: PartitionFeed, fetched: FetchedPartition, isFirst: boolean): void {
    const { records } = fetched;
    const { isCommittedOnly, decompressedBytesMax } = this.#host.settings;
    const place = { topic: feed.topic, partition: feed.key, decompressedBytesMax };
    const aborted = isCommittedOnly ? fetched.aborted : null;
    const before = feed.position;
    const decoded = decodePartition({ ...place, position: before, records, aborted });
    feed.advance(decoded.batches, decoded.next);
    if (records.length === 0) return;
    this.#feeds.delete(feed.key);
    this.#feeds.set(feed.key, feed);
    if (decoded.error !== null) return this.#unusable(feed, decoded.error);
    // Only the first partition with records is promised a whole batch (KIP-74).
    if (decoded.isCutShort && isFirst) return this.#unusable(feed, noWholeBatch(feed, records.length));
    if (!decoded.isCutShort && decoded.next === before) this.#unusable(feed, onlyOlderBatches(feed));
  }

  /** What follows in this partition cannot be read: now, or ever. */
  #unusable(feed: PartitionFeed, error: HeadgateError): void {
    feed.damagedReads += 1;
    const mayBeTheWay = error.code === 'STREAM_CORRUPT' && feed.damagedReads < damagedReadsMax;
    if (mayBeTheWay) feed.rest(Date.now());
    else feed.fail(error);
    this.#host.arrived();
  }

  #applyError(feed: PartitionFeed, errorCode: number, startedMs: number): void {
    const error = this.#refused(feed.name, errorCode);
    const verdict = fetchVerdict(errorCode);
    switch (verdict) {
      case 'outOfRange':
        feed.restsUntilMs = Infinity;
        this.#host.outOfRange(feed);
        return;
      case 'corrupt':
        return this.#unusable(feed, withCode('STREAM_CORRUPT', error, feed));
      case 'codec':
        return this.#unusable(feed, withCode('STREAM_CODEC_UNSUPPORTED', error, feed));
      case 'forbidden':
        return this.#unusable(feed, forbidden(feed.topic, this.broker.name, errorCode, 'Read') ?? error);
      case 'refresh':
        this.#host.wantMetadata();
        break;
      case 'retry':
        break;
    }
    feed.rest(Date.now());
    this.#host.troubled(error, startedMs);
  }

  #refused(what: string, errorCode: number): HeadgateError {
    return new HeadgateError(
      'STREAM_UNREACHABLE',
      `${what}: Kafka broker ${this.broker.name} answers ${nameKafkaError(errorCode)}`,
      { details: { broker: this.broker.name } },
    );
  }
}

function targetOf(feed: PartitionFeed): FetchTarget {
  const { key, topicId, number: partition, position: offset, leader } = feed;
  assert(topicId !== null, `${feed.name} is fetched from a known topic`);
  return { key, topicId, partition, leaderEpoch: leader?.epoch ?? -1, offset };
}

function askedOf(feeds: readonly PartitionFeed[]): AskedByTopic {
  const byTopic = new Map<string, Map<number, Asked>>();
  for (const feed of feeds) {
    const topicId = feed.topicId ?? '';
    const asked = byTopic.get(topicId) ?? new Map<number, Asked>();
    asked.set(feed.number, { feed, offset: feed.position });
    byTopic.set(topicId, asked);
  }
  return byTopic;
}

function readableEnd(fetched: FetchedPartition, isCommittedOnly: boolean): bigint {
  const { highWatermark, lastStableOffset } = fetched;
  return isCommittedOnly && lastStableOffset >= 0n && lastStableOffset < highWatermark
    ? lastStableOffset
    : highWatermark;
}

function withCode(
  code: 'STREAM_CORRUPT' | 'STREAM_CODEC_UNSUPPORTED',
  error: HeadgateError,
  feed: PartitionFeed,
): HeadgateError {
  const details = { partition: feed.key, position: String(feed.position), codec: 'unknown' };
  return new HeadgateError(code, error.message, { details, cause: error });
}

function noWholeBatch(feed: PartitionFeed, bytes: number): HeadgateError {
  return new HeadgateError(
    'STREAM_CORRUPT',
    `${feed.name}: the batch at position ${feed.position} is longer than the ${bytes} bytes answered`,
    { details: { partition: feed.key, position: String(feed.position) } },
  );
}

function onlyOlderBatches(feed: PartitionFeed): HeadgateError {
  return new HeadgateError(
    'STREAM_PROTOCOL',
    `${feed.name}: asked for position ${feed.position}, only older batches were answered`,
    { details: { partition: feed.key, position: String(feed.position) } },
  );
}
