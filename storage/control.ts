/**
 * Pause, answer, end, resume (protocol.md 3, design.md 6). Every change sends `headgate_control`.
 *
 * Ends are computed in SQL, under the supervisor lock, by the request number: an answer is either counted or told that
 * it came too late, and a retry of the end gets the ends that were written.
 */
import type { GenerationKey } from '../domain/ids.ts';
import { baseSequenceNameOf, generationLabel } from '../domain/ids.ts';
import type { Positions } from '../domain/positions.ts';
import type { Lease } from './attempts.ts';
import { type Database, callForRow, query, unknownThing } from './call.ts';
import {
  booleanOf,
  numberOf,
  numberOrNull,
  positionsOf,
  rowOf,
  rowsOf,
  textOf,
  textsOf,
  wordOf,
} from './decode.ts';
import { sequenceIdOf, sequenceOf } from './generations.ts';
import type { SequenceRow } from './generations.ts';

export type PauseOutcome =
  | { readonly kind: 'requested'; readonly requestNo: number }
  | { readonly kind: 'alreadyEnded'; readonly final: boolean }
  | { readonly kind: 'discarded' };

/** `ordinal`: the open sequence to end. While a pause for it is pending, the number stays and its lease is renewed. */
export async function requestPause(
  database: Database,
  input: { key: GenerationKey; ordinal: number; leaseMs: number },
): Promise<PauseOutcome> {
  const answer = await callForRow(database, 'request_pause', input);
  const kind = wordOf(answer, 'kind', ['requested', 'alreadyEnded', 'discarded', 'unknown']);
  if (kind === 'unknown') throw unknownThing(sequenceName(input));
  if (kind === 'requested') return { kind, requestNo: numberOf(answer, 'requestNo') };
  return kind === 'alreadyEnded' ? { kind, final: booleanOf(answer, 'final') } : { kind };
}

function sequenceName(input: { key: GenerationKey; ordinal: number }): string {
  return `sequence ${input.ordinal} of ${generationLabel(input.key)}`;
}

/** `superseded`: the request is over, look at the control row; what was answered does not count. */
export async function answerPause(
  database: Database,
  lease: Lease,
  input: { requestNo: number; positions: Positions },
): Promise<'ok' | 'fenced' | 'superseded'> {
  const answer = await callForRow(database, 'answer_pause', { lease, ...input });
  return wordOf(answer, 'kind', ['ok', 'fenced', 'superseded']);
}

export async function readAnswers(
  database: Database,
  key: GenerationKey,
  requestNo: number,
): Promise<{ taskId: string; replica: number; positions: Positions }[]> {
  const { rows } = await query(
    database,
    `select a.task_id, t.replica, a.positions from control_answer a join task t on t.task_id = a.task_id
     where a.supervisor_id = $1 and a.group_id = $2 and a.generation = $3 and a.request_no = $4
     order by t.replica, a.task_id`,
    [key.supervisorId, key.groupId, key.generation, requestNo],
  );
  return rows.map((row) => ({
    taskId: textOf(row, 'task_id'),
    replica: numberOf(row, 'replica'),
    positions: positionsOf(row['positions']),
  }));
}

/** Counts a pause these have not answered; answers who reads and has left `limit` in a row unanswered, once. */
export async function noteUnanswered(
  database: Database,
  input: { taskIds: readonly string[]; limit: number },
): Promise<readonly string[]> {
  return textsOf((await callForRow(database, 'note_unanswered', input))['mute']);
}

/** A paused replica whose lease ran out; `superseded` when it was renewed, or somebody else went on already. */
export async function resumeAfterLease(
  database: Database,
  lease: Lease,
  input: { requestNo: number },
): Promise<'resumed' | 'superseded'> {
  const answer = await callForRow(database, 'resume_after_lease', { lease, ...input });
  return wordOf(answer, 'kind', ['resumed', 'superseded']);
}

export type EndOutcome =
  | {
      readonly kind: 'ended';
      readonly ends: Positions;
      readonly final: boolean;
      readonly nextOrdinal: number | null;
    }
  | { readonly kind: 'superseded' }
  | { readonly kind: 'discarded' };

type EndInput = {
  key: GenerationKey;
  ordinal: number;
  requestNo: number;
  final: boolean;
  windowMinMs?: number | null;
  windowMaxMs?: number | null;
};

/** Writes the ends and opens the next sequence, or marks this one final. The next rejection window is this one's unless given. */
export async function endSequence(database: Database, input: EndInput): Promise<EndOutcome> {
  const outcome = await endWhenAnswered(database, { ...input, awaiting: [] });
  if (outcome.kind === 'waiting') throw new RangeError('it waits for nobody');
  return outcome;
}

/** The same, and nothing at all (`waiting`) before each of these tasks has answered. */
export async function endWhenAnswered(
  database: Database,
  input: EndInput & { awaiting: readonly string[] },
): Promise<EndOutcome | { readonly kind: 'waiting' }> {
  const answer = await callForRow(database, 'end_sequence', {
    ...input,
    nextSequenceId: sequenceIdOf(baseSequenceNameOf(input.key), input.ordinal + 1),
  });
  const kind = wordOf(answer, 'kind', ['ended', 'superseded', 'discarded', 'waiting', 'unknown']);
  if (kind === 'unknown') throw unknownThing(sequenceName(input));
  if (kind !== 'ended') return { kind };
  return {
    kind,
    ends: positionsOf(answer['ends']),
    final: booleanOf(answer, 'final'),
    nextOrdinal: numberOrNull(answer, 'nextOrdinal'),
  };
}

export type ControlRow = {
  readonly requestNo: number;
  readonly state: 'run' | 'pause';
  /** The sequence a pending pause is to end. */
  readonly ordinal: number | null;
  readonly leaseUntilMs: number | null;
  readonly sequences: readonly {
    readonly sequenceId: string;
    readonly ordinal: number;
    readonly state: 'open' | 'ended' | 'published' | 'discarded';
    readonly final: boolean;
    readonly ends: Positions | null;
    /** Of one that is ended, or newer than the caller knows. */
    readonly row: SequenceRow | null;
  }[];
};

/**
 * Null: no such generation. A caller that follows a generation names the ordinals it has not seen the end of: what lies
 * before `from` is left out, and details of an open one it knows (up to `known`) too.
 */
export async function readControl(
  database: Database,
  key: GenerationKey,
  seen: { readonly from: number; readonly known: number } = { from: 0, known: -1 },
): Promise<ControlRow | null> {
  const { rows } = await query(
    database,
    `select c.request_no, c.state, c.ordinal, headgate_ms(c.lease_until) as lease_until_ms,
       (select jsonb_agg(jsonb_build_object('sequenceId', s.sequence_id, 'ordinal', s.ordinal, 'state', s.state,
           'final', s.final, 'row', case when s.state <> 'open' or s.ordinal > $5 then headgate_sequence_json(s) end)
           order by s.ordinal)
        from sequence s
        where s.supervisor_id = c.supervisor_id and s.group_id = c.group_id and s.generation = c.generation
          and s.ordinal >= $4) as sequences
     from control c where supervisor_id = $1 and group_id = $2 and generation = $3`,
    [key.supervisorId, key.groupId, key.generation, seen.from, seen.known],
  );
  const row = rows[0];
  if (row === undefined) return null;
  return {
    requestNo: numberOf(row, 'request_no'),
    state: wordOf(row, 'state', ['run', 'pause']),
    ordinal: numberOrNull(row, 'ordinal'),
    leaseUntilMs: numberOrNull(row, 'lease_until_ms'),
    sequences: rowsOf(row['sequences'] ?? []).map((sequence) => {
      const detail = sequence['row'] === null ? null : sequenceOf(rowOf(sequence['row']));
      return {
        sequenceId: textOf(sequence, 'sequenceId'),
        ordinal: numberOf(sequence, 'ordinal'),
        state: wordOf(sequence, 'state', ['open', 'ended', 'published', 'discarded']),
        final: booleanOf(sequence, 'final'),
        ends: detail?.ends ?? null,
        row: detail,
      };
    }),
  };
}
