/**
 * Which task group reads a partition: Kafka's rules of Druid (druid.md 4.4). One topic: the number modulo taskCount.
 * Several topics of a pattern: abs(31 x hash(topic) + number) modulo taskCount, with Java's hash of a text, in 32 bits.
 */
import { comparePartitions, readPartitionKey } from '../partition-key.ts';

export function groupOf(partition: string, taskCount: number): number {
  const { topic, number } = readPartitionKey(partition);
  if (topic === null) return Number(BigInt(number) % BigInt(taskCount));
  // Java has no positive -2^31, so Druid could name a group below 0 there. Here its amount is taken, 2^31: a valid group.
  return Math.abs((Math.imul(31, javaHash(topic)) + Number(number)) | 0) % taskCount;
}

/** `String.hashCode`: s[0] x 31^(n-1) + ... + s[n-1] over UTF-16 units, wrapping at 32 bits. */
function javaHash(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index += 1)
    hash = (Math.imul(31, hash) + text.charCodeAt(index)) | 0;
  return hash;
}

/** Group id to its partitions, both ascending. Groups without a partition are absent. */
export function groupsOf(
  partitions: readonly string[],
  taskCount: number,
): ReadonlyMap<number, readonly string[]> {
  const groups = new Map<number, string[]>();
  for (const partition of [...partitions].sort(comparePartitions)) {
    const group = groupOf(partition, taskCount);
    const members = groups.get(group);
    if (members) members.push(partition);
    else groups.set(group, [partition]);
  }
  return new Map([...groups].sort(([left], [right]) => left - right));
}
