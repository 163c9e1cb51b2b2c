/** How far behind each partition is, from what a look at Postgres and the stream showed. */
import { distance } from '../positions.ts';
import type { Facts } from '../supervisor/facts.ts';
import { currentPositions } from '../supervisor/summarize.ts';

export type PartitionLags = {
  readonly partitions: number;
  /** Null: of some partition it is unknown, so of none a sum can be made. */
  readonly lag: Readonly<Record<string, number>> | null;
};

/** Latest minus the position of the furthest replica. Partitions that are closed or gone have no lag. */
export function partitionLagsOf(facts: Facts): PartitionLags {
  const stream = facts.settings?.stream ?? null;
  const rows = facts.partitions.filter((row) => row.stream === stream);
  const isOver = new Set(rows.filter((row) => row.state !== 'open').map((row) => row.partition));
  if (facts.stream.kind === 'failed')
    return { partitions: rows.filter((row) => row.state === 'open').length, lag: null };
  const open = facts.stream.partitions.filter((partition) => !isOver.has(partition));
  const current = currentPositions(rows, facts.generations, stream);
  const lag: Record<string, number> = {};
  for (const partition of open) {
    const [from, to] = [current.get(partition), facts.stream.latest[partition]];
    const behind = from === undefined || to === undefined ? null : distance(from, to);
    if (behind === null) return { partitions: open.length, lag: null };
    lag[partition] = Math.max(0, behind);
  }
  return { partitions: open.length, lag };
}
