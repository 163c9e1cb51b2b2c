/**
 * What a reset did, or would do, in words and numbers. Records are counts of offsets, hence "at most": a log has offsets
 * without a record. The same answer gives the same outcome, whether it was done or rehearsed.
 */
import type { Json } from '../json.ts';
import { distance } from '../positions.ts';
import type { Position } from '../positions.ts';
import type { ResetAnswer } from './reset-plan.ts';

export type SkippedRange = {
  readonly partition: string;
  readonly from: Position;
  /** Null: to the end of what no longer exists. */
  readonly to: Position | null;
  readonly records: number | null;
};

export type ResetOutcomeFields = {
  readonly summary: string;
  readonly skipped: readonly SkippedRange[];
  readonly readAgain: readonly SkippedRange[];
  readonly unpublished: readonly SkippedRange[];
  readonly discardedSequences: readonly string[];
  readonly positions: { readonly [partition: string]: string | null };
  readonly [key: string]: Json;
};

/** Of each list; the table `reset` has the whole answer. */
const listLimit = 200;

export function resetOutcome(
  answer: ResetAnswer,
  context: { readonly what: string; readonly dryRun: boolean; readonly remarks: readonly string[] },
): ResetOutcomeFields {
  const skipped = skippedOf(answer);
  const readAgain = answer.readAgain.map(counted);
  const unpublished = answer.unpublished.map(counted);
  const lists = { skipped, readAgain, unpublished, discardedSequences: answer.sequenceIds };
  const omitted = Object.entries(lists).filter(([, list]) => list.length > listLimit);
  return {
    summary: summaryOf(answer, context),
    skipped: skipped.slice(0, listLimit),
    readAgain: readAgain.slice(0, listLimit),
    unpublished: unpublished.slice(0, listLimit),
    discardedSequences: answer.sequenceIds.slice(0, listLimit),
    positions: Object.fromEntries(
      answer.positions.slice(0, listLimit).map(({ partition, position }) => [partition, position]),
    ),
    ...(answer.backfillSupervisorId === null ? {} : { backfillSupervisorId: answer.backfillSupervisorId }),
    ...(omitted.length > 0
      ? { omitted: Object.fromEntries(omitted.map(([name, list]) => [name, list.length - listLimit])) }
      : {}),
    ...(context.dryRun ? { dryRun: true } : {}),
  };
}

export function skippedOf(answer: ResetAnswer): readonly SkippedRange[] {
  return answer.jumps
    .filter((jump) => jump.kind !== 'readAgain')
    .map(({ partition, from, to }) => counted({ partition, from, to }));
}

function counted(range: {
  readonly partition: string;
  readonly from: Position;
  readonly to: Position | null;
}): SkippedRange {
  const { partition, from, to } = range;
  return { partition, from, to, records: to === null ? null : distance(from, to) };
}

/** "partition 0 to 500": nothing hides behind a number where the names still fit. */
function summaryOf(
  answer: ResetAnswer,
  context: { readonly what: string; readonly dryRun: boolean; readonly remarks: readonly string[] },
): string {
  const word = (done: string, rehearsed: string) => (context.dryRun ? rehearsed : done);
  const skipped = skippedOf(answer);
  const again = answer.readAgain.map(counted);
  const dropped = answer.sequenceIds.length;
  const parts = [
    `${context.what}: ${word('', 'would go to ')}${positionsText(answer)}`,
    skipped.length === 0
      ? 'nothing is skipped'
      : `${rangesText(skipped)} ${word('are', 'would be')} ${fateOf(answer)}`,
    again.length === 0
      ? 'nothing is in the data twice'
      : `${rangesText(again)} are published already and ${word('will', 'would')} be in the data twice`,
    ...(dropped === 0
      ? []
      : [
          `${dropped} unpublished ${dropped === 1 ? 'sequence' : 'sequences'} ${word('thrown away', 'would be thrown away')}${readText(answer)}`,
        ]),
    ...context.remarks,
  ];
  return parts.join('; ');
}

function fateOf({ backfillSupervisorId }: ResetAnswer): string {
  return backfillSupervisorId === null
    ? 'skipped and never read'
    : `left to supervisor ${backfillSupervisorId}, which reads exactly these`;
}

function readText({ unpublished }: ResetAnswer): string {
  if (unpublished.length === 0) return '';
  return `: ${rangesText(unpublished.map(counted))} were read and not yet published; what lies after the new positions is read again`;
}

function positionsText(answer: ResetAnswer): string {
  if (answer.positions.length === 0) return 'no partition has a position';
  const shown = answer.positions
    .slice(0, 5)
    .map(({ partition, position }) => `partition ${partition} ${position ?? 'to be found'}`);
  const more = answer.positions.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

export function rangesText(ranges: readonly SkippedRange[]): string {
  const counts = ranges.map((range) => range.records);
  const total = counts.every((count) => count !== null)
    ? counts.reduce((sum, count) => sum + count, 0)
    : null;
  const shown = ranges
    .slice(0, 5)
    .map(({ partition, from, to }) => `partition ${partition} from ${from} to ${to ?? 'its end'}`);
  const more = ranges.length - shown.length;
  const where = shown.join(', ') + (more > 0 ? ` and ${more} more ranges` : '');
  if (total === null) return `an unknown number of records (${where})`;
  return `at most ${total} ${total === 1 ? 'record' : 'records'} (${where})`;
}
