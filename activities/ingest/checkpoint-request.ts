/**
 * Asks the task group for a checkpoint when the open sequence is full or old (druid.md 4.8), or for the last one when a
 * bounded supervisor has read everything it is to read; and again every 5 s until it has ended: a lost signal, or a workflow that is away for a while, costs time only.
 */
import { messageOf } from '../../domain/errors.ts';
import { comparePositions } from '../../domain/positions.ts';
import type { CheckpointRequested } from '../../workflows/contract.ts';
import type { Attempt } from './attempt.ts';
import { untilBeat } from './beat.ts';
import type { BookedSequence } from './sequence-book.ts';

/** What is full says so at once; this is for what is old. */
const lookEveryMs = 1_000;
const repeatEveryMs = 5_000;

export async function requestCheckpoints(attempt: Attempt): Promise<void> {
  const { deps, key, signal } = attempt;
  let asked = { ordinal: -1, atMs: 0 };
  while (!signal.aborted) {
    const seen = attempt.limits.count;
    const request = requestOf(attempt, Date.now());
    if (request !== null && (request.ordinal !== asked.ordinal || Date.now() - asked.atMs >= repeatEveryMs)) {
      asked = { ordinal: request.ordinal, atMs: Date.now() };
      await deps.signalGroup(key, 'checkpointRequested', request).catch((error: unknown) => {
        deps.log.warn(
          { taskId: attempt.input.taskId },
          `no checkpoint could be asked for: ${messageOf(error)}`,
        );
      });
    }
    await attempt.limits.wait(seen, untilBeat(lookEveryMs, Date.now()), signal);
  }
}

function requestOf(attempt: Attempt, nowMs: number): CheckpointRequested | null {
  const { open } = attempt.book;
  const { report } = attempt;
  if (open === undefined || report === null) return null;
  const { ordinal } = open.row;
  const { intermediateHandoffPeriodMs, maxRowsPerSegment } = attempt.held.spec.tuning;
  if (report.idle === 'bound') return { ordinal, reason: 'bound' };
  if (report.idle === 'full')
    return { ordinal, reason: report.largestSegmentRows >= maxRowsPerSegment ? 'rows' : 'totalRows' };
  if (intermediateHandoffPeriodMs === null || !hasRead(attempt, open)) return null;
  return nowMs - open.row.createdAtMs >= intermediateHandoffPeriodMs ? { ordinal, reason: 'period' } : null;
}

/** An empty sequence would be followed by another one, for ever. */
function hasRead(attempt: Attempt, open: BookedSequence): boolean {
  return Object.entries(attempt.report?.positions ?? {}).some(([partition, position]) => {
    const start = open.row.starts[partition];
    return start !== undefined && comparePositions(position, start) > 0;
  });
}
