/**
 * An attempt takes its task over, says how far it is, and is fenced by the next one (protocol.md 3.1).
 *
 * Where to read comes with the lease, from the same call: never from a heartbeat, never from an earlier look.
 */
import type { IngestCounters } from '../domain/counters.ts';
import type { MovingAverages } from '../domain/moving-averages.ts';
import type { Positions } from '../domain/positions.ts';
import { type Database, callForRow, unknownThing } from './call.ts';
import { type CheckpointRow, checkpointOf } from './checkpoints.ts';
import { numberOf, rowOf, textOf, textOrNull, wordOf } from './decode.ts';
import type { Row } from './decode.ts';
import { type GenerationRow, generationOf } from './generations.ts';

export type Lease = { readonly taskId: string; readonly epoch: string; readonly token: string };

/** What a process remembers of a supervisor; Postgres knowing less has gone back in time (protocol.md 7). */
export type Seen = {
  readonly supervisorId: string;
  readonly timeline: string;
  readonly commitSeq: string;
};

/** How an attempt ended; `lost`: it said nothing, and the next one found that. */
export const attemptEndings = ['failed', 'lost', 'handedOver', 'cancelled', 'gaveWay'] as const;
export type AttemptEnding = (typeof attemptEndings)[number];

/** For people: nothing is decided from it. */
export type PreviousAttempt = {
  /** Counted from 1, over all runs of the task. */
  readonly attempt: number;
  readonly workerId: string | null;
  readonly ending: AttemptEnding;
  readonly error: string | null;
  readonly lastHeardMs: number;
};

export type AcquireOutcome =
  | {
      readonly kind: 'acquired';
      readonly lease: Lease;
      readonly timeline: string;
      readonly commitSeq: string;
      readonly term: string;
      readonly generation: GenerationRow;
      readonly specText: string;
      /** Newest of this replica for its first unpublished sequence, whichever task wrote it; null: from the start. */
      readonly checkpoint: CheckpointRow | null;
      /** Null: this is the first attempt of the task. */
      readonly previous: PreviousAttempt | null;
    }
  | {
      readonly kind: 'refused';
      readonly reason: 'LOWER_ATTEMPT' | 'TASK_TERMINAL' | 'DISCARDED' | 'TERM' | 'UNKNOWN';
      readonly detail: string;
    };

/** Throws METADATA_TIME_TRAVEL or INVARIANT_VIOLATED when publishing is stopped for the supervisor. */
export async function acquireTask(
  database: Database,
  input: { taskId: string; activityRun: string; attempt: number; workerId: string; seen?: Seen },
): Promise<AcquireOutcome> {
  const answer = await callForRow(database, 'acquire', input);
  if (answer['kind'] === 'refused')
    return {
      kind: 'refused',
      reason: wordOf(answer, 'reason', ['LOWER_ATTEMPT', 'TASK_TERMINAL', 'DISCARDED', 'TERM', 'UNKNOWN']),
      detail: textOf(answer, 'detail'),
    };
  const lease = rowOf(answer['lease']);
  return {
    kind: 'acquired',
    lease: {
      taskId: textOf(lease, 'taskId'),
      epoch: textOf(lease, 'epoch'),
      token: textOf(lease, 'token'),
    },
    timeline: textOf(answer, 'timeline'),
    commitSeq: textOf(answer, 'commitSeq'),
    term: textOf(answer, 'term'),
    generation: generationOf(rowOf(answer['generation'])),
    specText: textOf(answer, 'specText'),
    checkpoint: answer['checkpoint'] === null ? null : checkpointOf(rowOf(answer['checkpoint'])),
    previous: answer['previous'] === null ? null : previousOf(rowOf(answer['previous'])),
  };
}

function previousOf(row: Row): PreviousAttempt {
  return {
    attempt: numberOf(row, 'attempt'),
    workerId: textOrNull(row, 'workerId'),
    ending: wordOf(row, 'ending', attemptEndings),
    error: textOrNull(row, 'error'),
    lastHeardMs: numberOf(row, 'lastHeardMs'),
  };
}

/** The attempt's own word on how it ends; one that is fenced has no say any more. */
export async function noteEnding(
  database: Database,
  lease: Lease,
  input: { ending: Exclude<AttemptEnding, 'lost'>; error: string | null },
): Promise<'ok' | 'fenced'> {
  const answer = await callForRow(database, 'note_ending', { lease, ...input });
  return wordOf(answer, 'kind', ['ok', 'fenced']);
}

export async function recordProgress(
  database: Database,
  lease: Lease,
  progress: {
    positions: Positions;
    counters: IngestCounters;
    rowsPerSecond: number;
    /** Records this attempt has read from the stream; kept per attempt, for the re-read ratio. */
    recordsRead?: number;
    rowsInMemory: number;
    bytesInMemory: number;
    movingAverages?: MovingAverages | null;
    /** Share of time its reading waits for records. */
    pollIdleRatio?: number | null;
  },
): Promise<'ok' | 'fenced'> {
  const { positions, counters, ...rates } = progress;
  const answer = await callForRow(database, 'record_progress', { lease, positions, counters, rates });
  return wordOf(answer, 'kind', ['ok', 'fenced']);
}

/** Terminal, and fences what still runs of it. The first end counts; a repeat changes nothing. */
export async function finishTask(
  database: Database,
  input: { taskId: string; state: 'SUCCESS' | 'FAILED'; error: string | null; counted: boolean },
): Promise<void> {
  const answer = await callForRow(database, 'finish_task', input);
  if (answer['kind'] === 'unknown') throw unknownThing(`task ${input.taskId}`);
}

/** The old task ends as FAILED, a new one of the same replica takes its place. A repeat answers the same new task. */
export async function replaceTask(
  database: Database,
  input: { taskId: string; letters: string; error: string | null; counted: boolean },
): Promise<{ taskId: string }> {
  const { letters, ...rest } = input;
  const answer = await callForRow(database, 'replace_task', {
    ...rest,
    newTaskId: `${input.taskId.replace(/_[a-p]{8}$/, '')}_${letters}`,
  });
  if (answer['kind'] === 'unknown') throw unknownThing(`task ${input.taskId}`);
  return { taskId: textOf(answer, 'taskId') };
}
