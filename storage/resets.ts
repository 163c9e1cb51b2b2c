/**
 * Resets, the forced stop, and the acceptance of a restore (protocol.md 5 and 7): the only ways a position moves
 * without a publish. What is skipped leaves a gap row; what will be read again is in the answer.
 *
 * `resetId` names the order: a repeat answers what the first call did and changes nothing.
 */
import type { Position } from '../domain/positions.ts';
import { type Database, callForRow, unknownThing } from './call.ts';
import { type Row, rowsOf, textOf, textsOf, wordOf } from './decode.ts';
import type { Seen } from './attempts.ts';
import { type Jump, jumpOf } from './partitions.ts';

type Order = {
  readonly supervisorId: string;
  readonly resetId: string;
  readonly why: string;
  readonly by: string;
};

export type ResetOutcome =
  | {
      readonly kind: 'reset';
      readonly term: string;
      /** Discarded by it. */
      readonly sequenceIds: readonly string[];
      readonly jumps: readonly (Jump & { readonly stream: string })[];
    }
  /** Nothing was changed. */
  | { readonly kind: 'refused'; readonly detail: string };

/** Every partition begins a new incarnation: at the position given, or waiting for its seed. */
export async function fullReset(
  database: Database,
  order: Order & {
    readonly sourceIdentity?: string;
    readonly positions: readonly {
      readonly stream: string;
      readonly partition: string;
      readonly position: Position;
    }[];
  },
): Promise<ResetOutcome> {
  return outcomeOf(order, await callForRow(database, 'full_reset', order));
}

/**
 * Only these partitions; groups that hold none of them go on untouched. A position of null waits for its seed. A new
 * `sourceIdentity` accepts a stream that was created again.
 */
export async function partialReset(
  database: Database,
  order: Order & {
    readonly stream: string;
    readonly sourceIdentity?: string;
    readonly positions: readonly { readonly partition: string; readonly position: Position | null }[];
  },
): Promise<ResetOutcome> {
  return outcomeOf(order, await callForRow(database, 'partial_reset', order));
}

/** Nothing that runs may publish any more; positions stay. */
export async function forcedStop(database: Database, order: Order): Promise<ResetOutcome> {
  return outcomeOf(order, await callForRow(database, 'forced_stop', order));
}

function outcomeOf(order: Order, answer: Row): ResetOutcome {
  const kind = wordOf(answer, 'kind', ['reset', 'refused', 'unknown']);
  if (kind === 'unknown') throw unknownThing(`supervisor ${order.supervisorId}`);
  if (kind === 'refused') return { kind, detail: textOf(answer, 'detail') };
  return {
    kind,
    term: textOf(answer, 'term'),
    sequenceIds: textsOf(answer['sequenceIds']),
    jumps: rowsOf(answer['jumps']).map((row) => ({ ...jumpOf(row), stream: textOf(row, 'stream') })),
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
