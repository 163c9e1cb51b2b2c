/**
 * Resets, the forced stop, and the acceptance of a restore (protocol.md 5 and 7): the only ways a position moves
 * without a publish. What is skipped leaves a gap row; what will be read again is in the answer.
 *
 * `resetId` names the order: a repeat answers what the first call did and changes nothing.
 */
import { toPosition } from '../domain/positions.ts';
import type { ResetAnswer, ResetRange, ResetTarget } from '../domain/supervisor/reset-plan.ts';
import { type Database, callForRow, query, unknownThing } from './call.ts';
import { type Row, positionOrNull, rowOf, rowsOf, textOf, textOrNull, textsOf, wordOf } from './decode.ts';
import type { Seen } from './attempts.ts';
import { jumpOf } from './partitions.ts';

export type ResetOrder = {
  readonly supervisorId: string;
  readonly resetId: string;
  readonly why: string;
  readonly by: string;
};

export type ResetOutcome =
  | ({ readonly kind: 'reset' } & ResetAnswer)
  /** Nothing was changed. */
  | { readonly kind: 'refused'; readonly detail: string }
  /** Nothing was changed: a target no longer stands where it was expected to. */
  | { readonly kind: 'moved'; readonly detail: string };

export type FullResetOrder = ResetOrder & {
  readonly sourceIdentity?: string;
  readonly positions: readonly (ResetTarget & { readonly stream: string })[];
};
export type PartialResetOrder = ResetOrder & {
  readonly stream: string;
  readonly sourceIdentity?: string;
  readonly positions: readonly ResetTarget[];
};
export type BackfillOrder = PartialResetOrder & {
  /** Stored in the same transaction. Its id must be new. */
  readonly backfill: {
    readonly supervisorId: string;
    readonly dataSource: string;
    readonly specText: string;
    readonly by: string;
    readonly desired: 'running';
  };
};

/** Every partition begins a new incarnation: at the position given, or waiting for its seed. */
export async function fullReset(database: Database, order: FullResetOrder): Promise<ResetOutcome> {
  return outcomeOf(order, await callForRow(database, 'full_reset', order));
}

/**
 * Only these partitions; groups that hold none of them go on untouched. A position of null waits for its seed. A new
 * `sourceIdentity` accepts a stream that was created again.
 */
export async function partialReset(database: Database, order: PartialResetOrder): Promise<ResetOutcome> {
  return outcomeOf(order, await callForRow(database, 'partial_reset', order));
}

/** A partial reset, and a new supervisor for what it skips, in one transaction. */
export async function resetAndBackfill(database: Database, order: BackfillOrder): Promise<ResetOutcome> {
  return outcomeOf(order, await callForRow(database, 'reset_and_backfill', order));
}

/** What the order would answer now; nothing is changed. */
export async function rehearseReset(
  database: Database,
  rehearsal:
    | { readonly of: 'full'; readonly order: FullResetOrder }
    | { readonly of: 'partial'; readonly order: PartialResetOrder }
    | { readonly of: 'backfill'; readonly order: BackfillOrder },
): Promise<ResetOutcome> {
  return outcomeOf(rehearsal.order, await callForRow(database, 'rehearse_reset', rehearsal));
}

/** Nothing that runs may publish any more; positions stay. */
export async function forcedStop(database: Database, order: ResetOrder): Promise<ResetOutcome> {
  return outcomeOf(order, await callForRow(database, 'forced_stop', order));
}

/** What an order answered that was carried out before; null: it was not. */
export async function readReset(
  database: Database,
  order: { readonly supervisorId: string; readonly resetId: string },
): Promise<ResetAnswer | null> {
  const { rows } = await query(
    database,
    `select answer from reset where supervisor_id = $1 and reset_id = $2`,
    [order.supervisorId, order.resetId],
  );
  return rows[0] === undefined ? null : answerOf(rowOf(rows[0]['answer']));
}

function outcomeOf(order: ResetOrder, answer: Row): ResetOutcome {
  const kind = wordOf(answer, 'kind', ['reset', 'refused', 'moved', 'unknown']);
  if (kind === 'unknown') throw unknownThing(`supervisor ${order.supervisorId}`);
  if (kind !== 'reset') return { kind, detail: textOf(answer, 'detail') };
  return { kind, ...answerOf(answer) };
}

/** The first version answered without ranges and positions. */
function answerOf(answer: Row): ResetAnswer {
  const note = answer['note'] ?? null;
  return {
    term: textOf(answer, 'term'),
    sequenceIds: textsOf(answer['sequenceIds']),
    jumps: rowsOf(answer['jumps']).map((row) => ({ ...jumpOf(row), stream: textOf(row, 'stream') })),
    readAgain: rowsOf(answer['readAgain']).map(rangeOf),
    unpublished: rowsOf(answer['unpublished']).map(rangeOf),
    positions: rowsOf(answer['positions']).map((row) => ({
      partition: textOf(row, 'partition'),
      position: positionOrNull(row, 'position'),
    })),
    backfillSupervisorId: note === null ? null : textOrNull(rowOf(note), 'backfillSupervisorId'),
  };
}

function rangeOf(row: Row): ResetRange {
  return {
    partition: textOf(row, 'partition'),
    from: toPosition(textOf(row, 'from')),
    to: toPosition(textOf(row, 'to')),
  };
}

/** Starts a new timeline and term after somebody looked into why publishing was stopped; unpublished work is read again. */
export async function acceptRestore(
  database: Database,
  input: { supervisorId: string; by: string },
): Promise<{ timeline: string; commitSeq: string }> {
  const answer = await callForRow(database, 'accept_restore', input);
  if (answer['kind'] === 'unknown') throw unknownThing(`supervisor ${input.supervisorId}`);
  return { timeline: textOf(answer, 'timeline'), commitSeq: textOf(answer, 'commitSeq') };
}

/**
 * Compares what a process remembers with what is stored and answers what to remember from now on. A fall stops
 * publishing for the supervisor and throws METADATA_TIME_TRAVEL, for everybody, until it is accepted.
 */
export async function reportSeen(database: Database, seen: Seen): Promise<Seen> {
  const answer = await callForRow(database, 'report_seen', seen);
  if (answer['kind'] === 'unknown') throw unknownThing(`supervisor ${seen.supervisorId}`);
  return {
    supervisorId: seen.supervisorId,
    timeline: textOf(answer, 'timeline'),
    commitSeq: textOf(answer, 'commitSeq'),
  };
}
