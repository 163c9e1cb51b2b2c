/**
 * Which topics a source reads, and how it names their partitions: one topic, whose partitions are plain numbers, or every
 * topic of the cluster that is chosen by its name, whose partitions are `topic:number`.
 */
import { partitionKey, readPartitionKey } from '../../domain/partition-key.ts';

export type TopicPartition = { readonly topic: string; readonly number: number };

export type TopicChoice = {
  /** "topic clicks", "topics matching clicks-.*". */
  readonly text: string;
  /** Null: the topics are not known before the cluster is asked. */
  readonly only: string | null;
  /** Of the topics of a cluster. */
  readonly has: (topic: string) => boolean;
};

export function oneTopic(topic: string): TopicChoice {
  return { text: `topic ${topic}`, only: topic, has: (name) => name === topic };
}

export function topicsMatching(pattern: string, matches: (topic: string) => boolean): TopicChoice {
  return { text: `topics matching ${pattern}`, only: null, has: matches };
}

export function keyOf(choice: TopicChoice, topic: string, number: number): string {
  return partitionKey(choice.only === null ? topic : null, number);
}

/** Null: no partition of the choice can have this key. */
export function placeOf(choice: TopicChoice, key: string): TopicPartition | null {
  const { topic, number } = readPartitionKey(key);
  if (!/^\d{1,9}$/.test(number)) return null;
  if (choice.only !== null) return topic === null ? { topic: choice.only, number: Number(number) } : null;
  return topic === null || topic === '' ? null : { topic, number: Number(number) };
}

/** For messages; the key of a partition may hold its topic already. */
export function placeText(topic: string, key: string): string {
  return `topic ${topic} partition ${readPartitionKey(key).number}`;
}
