/** Cuts a list into runs of neighbours that go together, in order: requests name a topic once for each run of its partitions. */

export type Run<T> = readonly [T, ...T[]];

export function runsOf<T>(list: readonly T[], goTogether: (left: T, right: T) => boolean): Run<T>[] {
  const runs: [T, ...T[]][] = [];
  for (const element of list) {
    const last = runs.at(-1);
    if (last !== undefined && goTogether(last[0], element)) last.push(element);
    else runs.push([element]);
  }
  return runs;
}
