/** Which task group reads a partition: Kafka's rule of Druid, partition number modulo taskCount (druid.md 4.4). */

export function groupOf(partition: string, taskCount: number): number {
  return Number(BigInt(partition) % BigInt(taskCount));
}

/** By number, so that "10" comes after "9". */
export function comparePartitions(left: string, right: string): number {
  return left.length - right.length || (left < right ? -1 : left > right ? 1 : 0);
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
