/**
 * Generations of task groups with their sequences and tasks. Where a generation starts is read inside the call that
 * creates it, under the supervisor lock; callers pass no positions (protocol.md 3).
 */
import { unreachable } from '../domain/assert.ts';
import type { IngestCounters } from '../domain/counters.ts';
import { type MovingAverages, readAverages } from '../domain/moving-averages.ts';
import { type GenerationKey, baseSequenceNameOf, taskIdOf } from '../domain/ids.ts';
import type { Positions } from '../domain/positions.ts';
import { type Database, callForRow, query, unknownThing } from './call.ts';
import {
  type Row,
  booleanOf,
  countersOf,
  numberOf,
  numberOrNull,
  positionsOf,
  positionsOrNull,
  rowOf,
  rowsOf,
  textOf,
  textOrNull,
  textsOf,
  wordOf,
} from './decode.ts';

export type SequenceRow = {
  readonly sequenceId: string;
  readonly ordinal: number;
  readonly state: 'open' | 'ended' | 'published' | 'discarded';
  readonly final: boolean;
  readonly starts: Positions;
  readonly ends: Positions | null;
  readonly incarnations: Readonly<Record<string, string>>;
  readonly windowMinMs: number | null;
  readonly windowMaxMs: number | null;
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
  readonly publishedAtMs: number | null;
  readonly discardWhy: string | null;
  /** Of what was published. */
  readonly counters: IngestCounters | null;
  /** Those not published yet. */
  readonly predecessorIds: readonly string[];
};

export type TaskRow = {
  readonly taskId: string;
  readonly replica: number;
  readonly state: 'RUNNING' | 'SUCCESS' | 'FAILED';
  readonly error: string | null;
  /** Whether its failure counts for UNHEALTHY_TASKS. */
  readonly counted: boolean;
  readonly attempts: number;
  readonly workerId: string | null;
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
  /** Why its newest attempt that failed or was lost did; null: none has. */
  readonly lastFailure: { readonly message: string; readonly atMs: number } | null;
  /** When its first attempt had a slot; null: none has had one. */
  readonly startedAtMs?: number | null;
  /** Attempts in a row that failed or were lost without coming further than those before. */
  readonly fruitlessAttempts: number;
  readonly progress: {
    readonly epoch: string;
    readonly positions: Positions;
    readonly counters: IngestCounters;
    readonly rowsPerSecond: number;
    readonly rowsInMemory: number;
    readonly bytesInMemory: number;
    /** Null: an older worker wrote it, or there is nothing to compare yet. */
    readonly movingAverages?: MovingAverages | null;
    /** Share of time its reading waits for records; null: as above. */
    readonly pollIdleRatio?: number | null;
    readonly atMs: number;
  } | null;
};

export type GenerationRow = {
  readonly key: GenerationKey;
  readonly term: string;
  readonly specVersion: number;
  readonly stream: string;
  readonly dataSource: string;
  readonly baseSequenceName: string;
  readonly replicas: number;
  readonly partitions: readonly string[];
  readonly state: 'reading' | 'publishing' | 'published' | 'discarded';
  readonly createdAtMs: number;
  readonly sequences: readonly SequenceRow[];
  readonly tasks: readonly TaskRow[];
  readonly control: {
    readonly requestNo: number;
    readonly state: 'run' | 'pause';
    readonly leaseUntilMs: number | null;
  };
};

export type CreateGenerationInput = {
  readonly supervisorId: string;
  readonly groupId: number;
  /** The newest one known to the caller; 0: none. */
  readonly expectedGeneration: number;
  readonly specVersion: number;
  readonly stream: string;
  readonly partitions: readonly string[];
  readonly replicas: number;
  readonly windowMinMs: number | null;
  readonly windowMaxMs: number | null;
  /** Eight letters per replica. */
  readonly taskLetters: readonly string[];
  /** Sequences the caller believes it goes on from; refused if one of them was discarded meanwhile. */
  readonly expectedPredecessors?: readonly string[];
};

export type CreateGenerationOutcome =
  | {
      readonly kind: 'created' | 'existing';
      readonly key: GenerationKey;
      readonly sequenceId: string;
      readonly starts: Positions;
    }
  | {
      readonly kind: 'refused';
      readonly reason:
        | 'PREDECESSOR_DISCARDED'
        | 'TOO_MANY_UNPUBLISHED'
        | 'NOT_SEEDED'
        | 'STALE_EXPECTATION'
        | 'STILL_READING';
      readonly detail: string;
      /** With STALE_EXPECTATION: what the group is at. */
      readonly newestGeneration: number | null;
    };

export function sequenceIdOf(baseSequenceName: string, ordinal: number): string {
  return `${baseSequenceName}_${ordinal}`;
}

export async function createGeneration(
  database: Database,
  input: CreateGenerationInput,
): Promise<CreateGenerationOutcome> {
  const { taskLetters, replicas, ...rest } = input;
  const key = {
    supervisorId: input.supervisorId,
    groupId: input.groupId,
    generation: input.expectedGeneration + 1,
  };
  const baseSequenceName = baseSequenceNameOf(key);
  const answer = await callForRow(database, 'create_generation', {
    ...rest,
    baseSequenceName,
    sequenceId: sequenceIdOf(baseSequenceName, 0),
    taskIds: taskLetters.slice(0, replicas).map((letters) => taskIdOf(baseSequenceName, letters)),
  });
  const kind = wordOf(answer, 'kind', ['created', 'existing', 'refused', 'unknown']);
  switch (kind) {
    case 'created':
    case 'existing':
      return {
        kind,
        key,
        sequenceId: textOf(answer, 'sequenceId'),
        starts: positionsOf(answer['starts']),
      };
    case 'refused':
      return {
        kind,
        reason: wordOf(answer, 'reason', [
          'PREDECESSOR_DISCARDED',
          'TOO_MANY_UNPUBLISHED',
          'NOT_SEEDED',
          'STALE_EXPECTATION',
          'STILL_READING',
        ]),
        detail: textOf(answer, 'detail'),
        newestGeneration: numberOrNull(answer, 'newestGeneration'),
      };
    case 'unknown':
      throw unknownThing(`supervisor ${input.supervisorId}`);
    default:
      return unreachable(kind);
  }
}

export async function readGeneration(database: Database, key: GenerationKey): Promise<GenerationRow | null> {
  const { rows } = await query(
    database,
    `select headgate_generation_json(g) as generation from task_group g
     where supervisor_id = $1 and group_id = $2 and generation = $3`,
    [key.supervisorId, key.groupId, key.generation],
  );
  return rows[0] === undefined ? null : generationOf(rowOf(rows[0]['generation']));
}

/** A query for one list, of `liveGenerations` of the supervisor that the expression names. */
export function liveGenerationsJson(supervisorId: string): string {
  return `
    select jsonb_agg(headgate_generation_json(g) order by g.group_id, g.generation) from task_group g
    where (g.supervisor_id, g.group_id, g.generation) in (
      select live.supervisor_id, live.group_id, live.generation from sequence live
      where live.supervisor_id = ${supervisorId} and live.state in ('open', 'ended'))`;
}

/** Every generation with a sequence that is neither published nor discarded, oldest first within its group. */
export async function liveGenerations(database: Database, supervisorId: string): Promise<GenerationRow[]> {
  const { rows } = await query(database, `select (${liveGenerationsJson('$1')}) as generations`, [
    supervisorId,
  ]);
  return rowsOf(rows[0]?.['generations']).map(generationOf);
}

/** The newest generation number of each group there ever was: what `expectedGeneration` is to be. */
export async function newestGenerations(
  database: Database,
  supervisorId: string,
): Promise<{ groupId: number; generation: number }[]> {
  const { rows } = await query(
    database,
    `select group_id, max(generation) as generation from task_group where supervisor_id = $1
     group by group_id order by group_id`,
    [supervisorId],
  );
  return rows.map((row) => ({
    groupId: numberOf(row, 'group_id'),
    generation: numberOf(row, 'generation'),
  }));
}

export function generationOf(row: Row): GenerationRow {
  const key = rowOf(row['key']);
  const control = rowOf(row['control']);
  const sequences = rowsOf(row['sequences']).map(sequenceOf);
  return {
    key: {
      supervisorId: textOf(key, 'supervisorId'),
      groupId: numberOf(key, 'groupId'),
      generation: numberOf(key, 'generation'),
    },
    term: textOf(row, 'term'),
    specVersion: numberOf(row, 'specVersion'),
    stream: textOf(row, 'stream'),
    dataSource: textOf(row, 'dataSource'),
    baseSequenceName: textOf(row, 'baseSequenceName'),
    replicas: numberOf(row, 'replicas'),
    partitions: textsOf(row['partitions']),
    state: generationStateOf(sequences),
    createdAtMs: numberOf(row, 'createdAtMs'),
    sequences,
    tasks: rowsOf(row['tasks']).map(taskOf),
    control: {
      requestNo: numberOf(control, 'requestNo'),
      state: wordOf(control, 'state', ['run', 'pause']),
      leaseUntilMs: numberOrNull(control, 'leaseUntilMs'),
    },
  };
}

/** A discard takes everything after it along, so the last sequence tells how a generation without live ones ended. */
function generationStateOf(sequences: readonly SequenceRow[]): GenerationRow['state'] {
  if (sequences.some((sequence) => sequence.state === 'open')) return 'reading';
  if (sequences.some((sequence) => sequence.state === 'ended')) return 'publishing';
  return sequences.at(-1)?.state === 'discarded' ? 'discarded' : 'published';
}

export function sequenceOf(row: Row): SequenceRow {
  const incarnations = rowOf(row['incarnations']);
  return {
    sequenceId: textOf(row, 'sequenceId'),
    ordinal: numberOf(row, 'ordinal'),
    state: wordOf(row, 'state', ['open', 'ended', 'published', 'discarded']),
    final: booleanOf(row, 'final'),
    starts: positionsOf(row['starts']),
    ends: positionsOrNull(row['ends']),
    incarnations: Object.fromEntries(
      Object.keys(incarnations).map((partition) => [partition, textOf(incarnations, partition)]),
    ),
    windowMinMs: numberOrNull(row, 'windowMinMs'),
    windowMaxMs: numberOrNull(row, 'windowMaxMs'),
    createdAtMs: numberOf(row, 'createdAtMs'),
    endedAtMs: numberOrNull(row, 'endedAtMs'),
    publishedAtMs: numberOrNull(row, 'publishedAtMs'),
    discardWhy: textOrNull(row, 'discardWhy'),
    counters: row['counters'] === null ? null : countersOf(row['counters']),
    predecessorIds: textsOf(row['predecessorIds']),
  };
}

function taskOf(row: Row): TaskRow {
  return {
    taskId: textOf(row, 'taskId'),
    replica: numberOf(row, 'replica'),
    state: wordOf(row, 'state', ['RUNNING', 'SUCCESS', 'FAILED']),
    error: textOrNull(row, 'error'),
    counted: booleanOf(row, 'counted'),
    attempts: numberOf(row, 'attempts'),
    workerId: textOrNull(row, 'workerId'),
    createdAtMs: numberOf(row, 'createdAtMs'),
    endedAtMs: numberOrNull(row, 'endedAtMs'),
    startedAtMs: numberOrNull(row, 'startedAtMs'),
    lastFailure: row['lastFailure'] === null ? null : failureOf(rowOf(row['lastFailure'])),
    fruitlessAttempts: numberOf(row, 'fruitlessAttempts'),
    progress: row['progress'] === null ? null : progressOf(rowOf(row['progress'])),
  };
}

function failureOf(row: Row): NonNullable<TaskRow['lastFailure']> {
  return { message: textOrNull(row, 'message') ?? '', atMs: numberOf(row, 'atMs') };
}

function progressOf(row: Row): NonNullable<TaskRow['progress']> {
  const rates = rowOf(row['rates']);
  return {
    epoch: textOf(row, 'epoch'),
    positions: positionsOf(row['positions']),
    counters: countersOf(row['counters']),
    rowsPerSecond: Number(rates['rowsPerSecond']),
    rowsInMemory: Number(rates['rowsInMemory']),
    bytesInMemory: Number(rates['bytesInMemory']),
    movingAverages: readAverages(rates['movingAverages']),
    pollIdleRatio: typeof rates['pollIdleRatio'] === 'number' ? rates['pollIdleRatio'] : null,
    atMs: numberOf(row, 'atMs'),
  };
}
