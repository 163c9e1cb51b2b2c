/**
 * Names of partitions: the number alone where a supervisor reads one topic, `topic:number` where it reads every topic that
 * matches a pattern (druid.md 1.5). A topic's name holds no colon, so the last one parts them.
 */

/** `topic` null: the stream is one topic. */
export type PartitionKey = { readonly topic: string | null; readonly number: string };

export function readPartitionKey(key: string): PartitionKey {
  const colon = key.lastIndexOf(':');
  return colon < 0
    ? { topic: null, number: key }
    : { topic: key.slice(0, colon), number: key.slice(colon + 1) };
}

export function partitionKey(topic: string | null, number: number | string): string {
  return topic === null ? String(number) : `${topic}:${number}`;
}

/** The topic a partition belongs to; `stream` is the one topic where keys are plain numbers. */
export function topicOf(key: string, stream: string): string {
  return readPartitionKey(key).topic ?? stream;
}

/** By topic as text, then by number, so that "10" comes after "9". Total: only equal keys compare as equal. */
export function comparePartitions(left: string, right: string): number {
  const [one, other] = [readPartitionKey(left), readPartitionKey(right)];
  if (one.topic === null || other.topic === null)
    return (
      Number(one.topic !== null) - Number(other.topic !== null) || compareNumbers(one.number, other.number)
    );
  return compareTexts(one.topic, other.topic) || compareNumbers(one.number, other.number);
}

function compareNumbers(left: string, right: string): number {
  return left.length - right.length || compareTexts(left, right);
}

function compareTexts(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
