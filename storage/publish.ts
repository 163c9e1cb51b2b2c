/**
 * The commit of a sequence and its discard: the two ends of everything that was read (protocol.md 3.4 and 5).
 *
 * A commit whose answer was lost fails with `details.outcome: 'unknown'`; repeat it with the same publish id, delete
 * nothing (protocol.md 3.6).
 */
import { unreachable } from '../domain/assert.ts';
import type { IngestCounters } from '../domain/counters.ts';
import { HeadgateError, isHeadgateError } from '../domain/errors.ts';
import { type Position, type Positions, toPosition } from '../domain/positions.ts';
import type { Lease, Seen } from './attempts.ts';
import { type Database, callForRow, isOutcomeUnknown, unknownThing } from './call.ts';
import { positionsOf, rowsOf, textOf, textsOf, wordOf } from './decode.ts';

export type CommitInput = {
  readonly publishId: string;
  readonly sequenceId: string;
  readonly ranges: readonly {
    readonly partition: string;
    readonly incarnation: string;
    readonly start: Position;
    readonly end: Position;
  }[];
  /** None: everything was filtered, aborted or closed; the positions move all the same. */
  readonly segments: readonly {
    readonly path: string;
    readonly sha256: string;
    readonly size: number;
    readonly rows: number;
    readonly startMs: number;
    readonly endMs: number;
    readonly columns: readonly { readonly name: string; readonly type: string }[];
  }[];
  readonly counters: IngestCounters;
  readonly seen?: Seen;
};

export type CommitOutcome =
  | { readonly kind: 'committed'; readonly commitSeq: string }
  /** Success too: by an earlier try of ours, or by the faster replica. */
  | { readonly kind: 'already'; readonly publishId: string }
  /** `why` is 'reset', 'forcedStop' or 'restore' for those; else what the discarder said. */
  | { readonly kind: 'discarded'; readonly why: string }
  | { readonly kind: 'fenced'; readonly by: 'term' | 'lease' }
  | { readonly kind: 'overread'; readonly ends: Positions }
  /** A predecessor is not published yet; keep the files and ask again. */
  | { readonly kind: 'ahead' }
  | { readonly kind: 'stale'; readonly detail: string }
  | { readonly kind: 'reaped' };

export async function commitSequence(
  database: Database,
  lease: Lease,
  input: CommitInput,
): Promise<CommitOutcome> {
  const answer = await callForRow(database, 'commit', { lease, ...input }).catch((error: unknown) => {
    throw withOutcome(error);
  });
  const kind = wordOf(answer, 'kind', [
    'committed',
    'already',
    'discarded',
    'fenced',
    'overread',
    'ahead',
    'stale',
    'reaped',
    'unknown',
  ]);
  switch (kind) {
    case 'committed':
      return { kind, commitSeq: textOf(answer, 'commitSeq') };
    case 'already':
      return { kind, publishId: textOf(answer, 'publishId') };
    case 'discarded':
      return { kind, why: textOf(answer, 'why') };
    case 'fenced':
      return { kind, by: wordOf(answer, 'by', ['term', 'lease']) };
    case 'overread':
      return { kind, ends: positionsOf(answer['ends']) };
    case 'stale':
      return { kind, detail: textOf(answer, 'detail') };
    case 'ahead':
    case 'reaped':
      return { kind };
    case 'unknown':
      throw unknownThing(`sequence ${input.sequenceId}`);
    default:
      return unreachable(kind);
  }
}

function withOutcome(error: unknown): unknown {
  if (!isHeadgateError(error) || error.code !== 'METADATA_UNAVAILABLE' || !isOutcomeUnknown(error.cause))
    return error;
  return new HeadgateError(error.code, `${error.message}; whether it was committed is unknown`, {
    cause: error.cause,
    details: { ...error.details, outcome: 'unknown' },
  });
}

export type DiscardOutcome =
  | {
      readonly kind: 'discarded';
      /** It and everything that read on from it, over all groups, oldest first. */
      readonly sequenceIds: readonly string[];
      /** Where reading begins again. */
      readonly restart: readonly { readonly partition: string; readonly position: Position }[];
    }
  /** Too late: it was published. */
  | { readonly kind: 'published'; readonly publishId: string };

export async function discardSequence(
  database: Database,
  input: { sequenceId: string; why: string },
): Promise<DiscardOutcome> {
  const answer = await callForRow(database, 'discard', input);
  const kind = wordOf(answer, 'kind', ['discarded', 'published', 'unknown']);
  if (kind === 'unknown') throw unknownThing(`sequence ${input.sequenceId}`);
  if (kind === 'published') return { kind, publishId: textOf(answer, 'publishId') };
  return {
    kind,
    sequenceIds: textsOf(answer['sequenceIds']),
    restart: rowsOf(answer['restart']).map((row) => ({
      partition: textOf(row, 'partition'),
      position: toPosition(textOf(row, 'position')),
    })),
  };
}
