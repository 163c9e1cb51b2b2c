/**
 * Positions whose records were deleted before anybody read them, and where the log begins now: what
 * `resetOffsetAutomatically` may skip (druid.md 4.14).
 *
 * Never a position beyond the end of the log (what will be written there is not what was), never one of a topic that was
 * created anew, and none that a live generation holds: what that has read is published first, or it would be lost too.
 */
import { comparePositions } from '../positions.ts';
import type { Position } from '../positions.ts';
import { identityOf } from './reset-plan.ts';
import type { ResetTarget, ResetView } from './reset-plan.ts';

export function lostPositions(view: ResetView, held: ReadonlySet<string>): readonly ResetTarget[] {
  const { source } = view;
  if (source.kind === 'failed') return [];
  return view.rows.flatMap((row): ResetTarget[] => {
    const { partition, nextPosition, incarnation } = row;
    const earliest = source.earliest[partition];
    if (nextPosition === null || earliest === undefined || held.has(partition)) return [];
    if (!source.partitions.includes(partition) || row.sourceIdentity !== identityOf(source, partition))
      return [];
    const position = notBeyond(earliest, view.bounded?.ends[partition]);
    if (comparePositions(nextPosition, position) >= 0) return [];
    return [{ partition, position, expected: { incarnation, position: nextPosition } }];
  });
}

/** A bounded range is over where it ends, wherever the log begins by now. */
function notBeyond(position: Position, end: Position | undefined): Position {
  return end !== undefined && comparePositions(position, end) > 0 ? end : position;
}
