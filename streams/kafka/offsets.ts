/**
 * Asks the leaders for first and last offsets, or those of a time: for many partitions at once, leaving out those that cannot answer,
 * and for one partition whose position was refused.
 */
import { assert } from '../../domain/assert.ts';
import { HeadgateError, isHeadgateError } from '../../domain/errors.ts';
import type { LogBound } from '../record-source.ts';
import type { Cluster, PartitionLeader } from './cluster.ts';
import { kafkaError, nameKafkaError } from './kafka-errors.ts';
import type { PartitionFeed } from './partition-feed.ts';
import type { KafkaSettings } from './settings.ts';

type Question = {
  readonly bound: LogBound;
  readonly isCommittedOnly: boolean;
  readonly leaders: ReadonlyMap<number, PartitionLeader>;
};

/** What the leaders of these partitions answer; a partition without an answer is absent. Never throws for a broker's fault. */
export async function askLeaders(cluster: Cluster, question: Question): Promise<Map<number, bigint>> {
  if (typeof question.bound === 'string') return askOnce(cluster, question);
  // The end is asked for first: a record that arrives in between is not passed over then.
  const ends = await askOnce(cluster, { ...question, bound: 'latest' });
  const answered = new Map([...question.leaders].filter(([partition]) => ends.has(partition)));
  const found = await askOnce(cluster, { ...question, leaders: answered });
  for (const [partition, position] of found)
    if (position < 0n) found.set(partition, ends.get(partition) ?? position);
  return found;
}

/** -1: the log has no such record. */
async function askOnce(cluster: Cluster, question: Question): Promise<Map<number, bigint>> {
  const byNode = new Map<number, { partition: number; leaderEpoch: number }[]>();
  for (const [partition, { nodeId, epoch }] of question.leaders) {
    const partitions = byNode.get(nodeId) ?? [];
    partitions.push({ partition, leaderEpoch: epoch });
    byNode.set(nodeId, partitions);
  }
  const found = new Map<number, bigint>();
  const { bound, isCommittedOnly } = question;
  await Promise.all(
    [...byNode].map(async ([nodeId, partitions]) => {
      try {
        const answer = await cluster.offsets(nodeId, { bound, isCommittedOnly, partitions });
        for (const { partition, errorCode, offset } of answer.partitions)
          if (errorCode === kafkaError.NONE && (offset >= 0n || typeof bound !== 'string'))
            found.set(partition, offset);
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
    const partitions = [{ partition: feed.number, leaderEpoch: leader.epoch }];
    const answer = await cluster.offsets(leader.nodeId, { bound, isCommittedOnly, partitions });
    const [first] = answer.partitions;
    if (first?.errorCode === kafkaError.NONE && first.offset >= 0n) return first.offset;
    throw new HeadgateError(
      'STREAM_UNREACHABLE',
      `topic ${settings.topic} partition ${feed.key}: its bounds cannot be asked for: ${nameKafkaError(first?.errorCode ?? -1)}`,
    );
  };
  const [earliest, latest, end] = await Promise.all([
    ask('earliest', false),
    ask('latest', settings.isCommittedOnly),
    ask('latest', false),
  ]);
  return { earliest, latest, end };
}
