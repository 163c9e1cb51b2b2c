/**
 * Asks the leaders for first and last offsets, or those of a time: for many partitions at once, leaving out those that cannot answer,
 * and for one partition whose position was refused.
 */
import { assert } from '../../domain/assert.ts';
import { HeadgateError, isHeadgateError } from '../../domain/errors.ts';
import { partitionKey } from '../../domain/partition-key.ts';
import type { LogBound } from '../record-source.ts';
import type { Cluster, PartitionLeader } from './cluster.ts';
import { kafkaError, nameKafkaError } from './kafka-errors.ts';
import type { AskedOffset } from './messages/list-offsets.ts';
import type { PartitionFeed } from './partition-feed.ts';
import type { KafkaSettings } from './settings.ts';
import type { TopicPartition } from './topic-choice.ts';

export type LedPartition = TopicPartition & { readonly leader: PartitionLeader };

type Question = {
  readonly bound: LogBound;
  readonly isCommittedOnly: boolean;
  /** By the key under which the answer is wanted. */
  readonly partitions: ReadonlyMap<string, LedPartition>;
};

/** What the leaders of these partitions answer; a partition without an answer is absent. Never throws for a broker's fault. */
export async function askLeaders(cluster: Cluster, question: Question): Promise<Map<string, bigint>> {
  if (typeof question.bound === 'string') return askOnce(cluster, question);
  // The end is asked for first: a record that arrives in between is not passed over then.
  const ends = await askOnce(cluster, { ...question, bound: 'latest' });
  const answered = new Map([...question.partitions].filter(([key]) => ends.has(key)));
  const found = await askOnce(cluster, { ...question, partitions: answered });
  for (const [key, position] of found) if (position < 0n) found.set(key, ends.get(key) ?? position);
  return found;
}

/** -1: the log has no such record. */
async function askOnce(cluster: Cluster, question: Question): Promise<Map<string, bigint>> {
  const byNode = new Map<number, AskedOffset[]>();
  const keys = new Map<string, string>();
  for (const [key, { topic, number, leader }] of question.partitions) {
    const asked = byNode.get(leader.nodeId) ?? [];
    asked.push({ topic, partition: number, leaderEpoch: leader.epoch });
    byNode.set(leader.nodeId, asked);
    keys.set(partitionKey(topic, number), key);
  }
  const found = new Map<string, bigint>();
  const { bound, isCommittedOnly } = question;
  await Promise.all(
    [...byNode].map(async ([nodeId, partitions]) => {
      try {
        const answer = await cluster.offsets(nodeId, { bound, isCommittedOnly, partitions });
        for (const { topic, partition, errorCode, offset } of answer.partitions) {
          const key = keys.get(partitionKey(topic, partition));
          if (
            key !== undefined &&
            errorCode === kafkaError.NONE &&
            (offset >= 0n || typeof bound !== 'string')
          )
            found.set(key, offset);
        }
      } catch (error) {
        if (!isHeadgateError(error)) throw error;
      }
    }),
  );
  return found;
}

/** `latest` is as far as the reader's isolation reaches, `end` the end of the log whatever the isolation. Throws STREAM_UNREACHABLE. */
export async function askBounds(
  cluster: Cluster,
  settings: KafkaSettings,
  feed: PartitionFeed,
): Promise<{ earliest: bigint; latest: bigint; end: bigint }> {
  const leader = feed.leader;
  assert(leader !== null, 'a broker refused the position, so there is a leader');
  const ask = async (bound: LogBound, isCommittedOnly: boolean): Promise<bigint> => {
    const partitions = [{ topic: feed.topic, partition: feed.number, leaderEpoch: leader.epoch }];
    const answer = await cluster.offsets(leader.nodeId, { bound, isCommittedOnly, partitions });
    const [first] = answer.partitions;
    if (first?.errorCode === kafkaError.NONE && first.offset >= 0n) return first.offset;
    throw new HeadgateError(
      'STREAM_UNREACHABLE',
      `${feed.name}: its bounds cannot be asked for: ${nameKafkaError(first?.errorCode ?? -1)}`,
    );
  };
  const [earliest, latest, end] = await Promise.all([
    ask('earliest', false),
    ask('latest', settings.isCommittedOnly),
    ask('latest', false),
  ]);
  return { earliest, latest, end };
}
