/** Which partitions each task group should read: those that have a position, spread as the spec says. */
import type { Positions } from '../positions.ts';
import type { PartitionFact } from './facts.ts';
import { groupsOf } from './grouping.ts';

export type Spread = {
  readonly stream: string;
  readonly taskCount: number;
  /** Only partitions that have an end here; null: all of the stream. */
  readonly ends: Positions | null;
};

export function wantedGroups(
  rows: readonly Pick<PartitionFact, 'stream' | 'partition' | 'nextPosition' | 'state'>[],
  spread: Spread,
): ReadonlyMap<number, readonly string[]> {
  const readable = rows.filter(
    (row) =>
      row.stream === spread.stream &&
      row.nextPosition !== null &&
      row.state === 'open' &&
      (spread.ends === null || spread.ends[row.partition] !== undefined),
  );
  return groupsOf(
    readable.map((row) => row.partition),
    spread.taskCount,
  );
}
