/**
 * One partition of a reader: where its next fetch begins, what has arrived and is not polled yet, and what is wrong.
 *
 * An error stands behind the batches that came before it and stays: it is thrown when they are taken, by every poll,
 * until the partition is dropped.
 */
import type { HeadgateError } from '../../domain/errors.ts';
import type { RecordBatch } from '../record-source.ts';
import { Backoff, type BackoffLimits } from './backoff.ts';
import type { PartitionLeader } from './cluster.ts';
import type { TopicPartition } from './topic-choice.ts';

export class PartitionFeed {
  readonly key: string;
  readonly topic: string;
  readonly number: number;
  position: bigint;
  leader: PartitionLeader | null = null;
  /** Of the incarnation of the topic that is read; null before it is known. */
  topicId: string | null = null;
  /** Not fetched before this time. */
  restsUntilMs = 0;
  /** Damaged batches seen in a row at `position`: bytes can break on the way, too. */
  damagedReads = 0;
  readonly #backoff: Backoff;
  #batches: RecordBatch[] = [];
  #bufferedBytes = 0;
  #error: HeadgateError | null = null;

  constructor(key: string, place: TopicPartition, position: bigint, retry: BackoffLimits) {
    this.key = key;
    this.topic = place.topic;
    this.number = place.number;
    this.position = position;
    this.#backoff = new Backoff(retry);
  }

  /** For messages. */
  get name(): string {
    return `topic ${this.topic} partition ${this.number}`;
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** Set once everything before it is taken. */
  get dueError(): HeadgateError | null {
    return this.#batches.length === 0 ? this.#error : null;
  }

  get hasFailed(): boolean {
    return this.#error !== null;
  }

  get hasBatches(): boolean {
    return this.#batches.length > 0;
  }

  /** The broker answered well. */
  advance(batches: readonly RecordBatch[], next: bigint): void {
    this.#backoff.reset();
    if (next > this.position) this.damagedReads = 0;
    this.position = next;
    for (const batch of batches) {
      this.#batches.push(batch);
      this.#bufferedBytes += batch.bytes;
    }
  }

  take(): RecordBatch[] {
    const batches = this.#batches;
    this.#batches = [];
    this.#bufferedBytes = 0;
    return batches;
  }

  fail(error: HeadgateError): void {
    this.#error ??= error;
  }

  /** Leaves the partition alone for a while, longer each time until it is answered well. */
  rest(nowMs: number): void {
    this.restsUntilMs = nowMs + this.#backoff.next();
  }
}
