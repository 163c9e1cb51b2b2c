/**
 * Ingestion tasks for the doors: lists with Druid's filters, and all that is known of one task.
 *
 * Read-only. A list is one statement, so one snapshot; `runner` is what Druid calls the status of the task runner.
 */
import type { IngestCounters } from '../domain/counters.ts';
import { type AttemptEnding, attemptEndings } from './attempts.ts';
import { type Database, query } from './call.ts';
import {
  type Row,
  countersOf,
  numberOf,
  numberOrNull,
  rowOf,
  textOf,
  textOrNull,
  textsOf,
  wordOf,
} from './decode.ts';
import { type GenerationRow, generationOf } from './generations.ts';

export const runnerStates = ['NONE', 'PENDING', 'WAITING', 'RUNNING'] as const;
/**
 * NONE: it has ended. PENDING: it waits for a worker, for the first time or after an attempt that ended. WAITING: it has read
 * everything and gave its slot back until a predecessor is published. RUNNING: a worker holds it, as far as is known.
 */
export type RunnerState = (typeof runnerStates)[number];

export type TaskListRow = {
  readonly taskId: string;
  readonly supervisorId: string;
  readonly groupId: number;
  readonly generation: number;
  readonly replica: number;
  readonly dataSource: string;
  readonly state: 'RUNNING' | 'SUCCESS' | 'FAILED';
  readonly runner: RunnerState;
  readonly attempts: number;
  readonly error: string | null;
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
  readonly workerId: string | null;
  /** Address of the worker process that holds it or held it last, if that is known. */
  readonly address: string | null;
};

export type TaskFilter = {
  /** Tasks that have ended (`complete`), or live ones by what their runner says. */
  readonly state?: 'complete' | 'pending' | 'waiting' | 'running';
  readonly dataSource?: string;
  /** Created from here, inclusive. */
  readonly createdFromMs?: number;
  /** Created before this. */
  readonly createdBeforeMs?: number;
  /** At most so many that have ended. */
  readonly completeMax?: number;
  readonly limit: number;
};

const taskColumns = `
  t.task_id, t.supervisor_id, t.group_id, t.generation, t.replica, g.data_source, t.state, t.attempts, t.error,
  headgate_ms(t.created_at) as created_at_ms, headgate_ms(t.ended_at) as ended_at_ms, t.worker_id, w.address,
  case when t.state <> 'RUNNING' then 'NONE'
    when t.attempts = 0 then 'PENDING'
    when a.ending = 'gaveWay' then 'WAITING'
    when a.ending is not null then 'PENDING'
    else 'RUNNING' end as runner`;
const taskTables = `
  task t
  join task_group g using (supervisor_id, group_id, generation)
  left join worker w on w.worker_id = t.worker_id
  left join task_lease l on l.task_id = t.task_id
  left join task_attempt a on a.task_id = t.task_id and a.epoch = l.epoch`;

/** Statement for `supervisor_id` and `runner` of every task that has not ended. */
export const runningTaskStates = `select ${taskColumns} from ${taskTables} where t.state = 'RUNNING'`;

/** Newest first. */
export async function listTasks(database: Database, filter: TaskFilter): Promise<TaskListRow[]> {
  const { state } = filter;
  const { rows } = await query(
    database,
    `select * from (
       select found.*, row_number() over (partition by state = 'RUNNING' order by created_at_ms desc, task_id) as place
       from (
         select ${taskColumns} from ${taskTables}
         where ($1::boolean is null or (t.state <> 'RUNNING') = $1)
           and ($2::text is null or g.data_source = $2)
           and ($3::bigint is null or t.created_at >= to_timestamp($3 / 1000.0))
           and ($4::bigint is null or t.created_at < to_timestamp($4 / 1000.0))
         order by t.state <> 'RUNNING', t.created_at desc, t.task_id limit $7
       ) as found
       where $5::text is null or runner = $5
     ) as placed
     where state = 'RUNNING' or $6::bigint is null or place <= $6
     order by created_at_ms desc, task_id`,
    [
      state === undefined ? null : state === 'complete',
      filter.dataSource ?? null,
      filter.createdFromMs ?? null,
      filter.createdBeforeMs ?? null,
      state === undefined || state === 'complete' ? null : state.toUpperCase(),
      filter.completeMax ?? null,
      filter.limit,
    ],
  );
  return rows.map(taskOf);
}

export async function findTasks(database: Database, taskIds: readonly string[]): Promise<TaskListRow[]> {
  const { rows } = await query(
    database,
    `select ${taskColumns} from ${taskTables} where t.task_id = any ($1::text[]) order by t.task_id`,
    [taskIds],
  );
  return rows.map(taskOf);
}

/** What is being read or published now for a data source. */
export async function runningTasksOf(database: Database, dataSource: string): Promise<TaskListRow[]> {
  const { rows } = await query(
    database,
    `select ${taskColumns} from ${taskTables} where t.state = 'RUNNING' and g.data_source = $1 order by t.task_id`,
    [dataSource],
  );
  return rows.map(taskOf);
}

function taskOf(row: Row): TaskListRow {
  return {
    taskId: textOf(row, 'task_id'),
    supervisorId: textOf(row, 'supervisor_id'),
    groupId: numberOf(row, 'group_id'),
    generation: numberOf(row, 'generation'),
    replica: numberOf(row, 'replica'),
    dataSource: textOf(row, 'data_source'),
    state: wordOf(row, 'state', ['RUNNING', 'SUCCESS', 'FAILED']),
    runner: wordOf(row, 'runner', runnerStates),
    attempts: numberOf(row, 'attempts'),
    error: textOrNull(row, 'error'),
    createdAtMs: numberOf(row, 'created_at_ms'),
    endedAtMs: numberOrNull(row, 'ended_at_ms'),
    workerId: textOrNull(row, 'worker_id'),
    address: textOrNull(row, 'address'),
  };
}

export type TaskDetail = {
  readonly task: TaskListRow;
  readonly generation: GenerationRow;
  /** The version its generation was made from, as posted. */
  readonly specText: string | null;
  readonly replaces: string | null;
  readonly replacedBy: string | null;
  /**
   * What of its sequences is not published yet, as the newest attempt counted; null: it has not said so yet. Attempts count
   * all sequences they hold, those published meanwhile too.
   */
  readonly unpublished: IngestCounters | null;
};

/** Null: there is no such task. */
export async function readTask(database: Database, taskId: string): Promise<TaskDetail | null> {
  const [task] = await findTasks(database, [taskId]);
  if (task === undefined) return null;
  const { rows } = await query(
    database,
    `select headgate_generation_json(g) as generation, v.spec_text, t.replaces_task_id as replaces,
       (select task_id from task n where n.replaces_task_id = t.task_id) as replaced_by
     from task t
     join task_group g using (supervisor_id, group_id, generation)
     left join supervisor_version v on v.supervisor_id = g.supervisor_id and v.version = g.spec_version
     where t.task_id = $1`,
    [taskId],
  );
  const row = rowOf(rows[0]);
  const { rows: counted } = await query(database, unpublishedSql('t.task_id = $1'), [taskId]);
  const counters = counted[0]?.['counters'] ?? null;
  return {
    task,
    generation: generationOf(rowOf(row['generation'])),
    specText: textOrNull(row, 'spec_text'),
    replaces: textOrNull(row, 'replaces'),
    replacedBy: textOrNull(row, 'replaced_by'),
    unpublished: counters === null ? null : countersOf(counters),
  };
}

const counterNames = [
  'records',
  'processedBytes',
  'processed',
  'processedWithError',
  'unparseable',
  'thrownAway',
] as const;
const reasonNames = ['null', 'beforeMinimumMessageTime', 'afterMaximumMessageTime', 'filtered'] as const;

/**
 * Per task with progress of the epoch that holds its lease: what it counted, less what was published since it took the lease
 * (an attempt goes on counting a sequence after its publish). Never below zero: its progress is a second old.
 */
export function unpublishedSql(where: string): string {
  const less = (path: string): string =>
    `greatest(0, (p.counters ${path})::bigint - coalesce(sum((s.counters ${path})::bigint), 0))`;
  const plain = counterNames.map((name) => `'${name}', ${less(`->> '${name}'`)}`);
  const reasons = reasonNames.map((name) => `'${name}', ${less(`-> 'thrownAwayByReason' ->> '${name}'`)}`);
  return `
    select t.task_id, t.supervisor_id, t.group_id, t.generation, t.replica,
      jsonb_build_object(${plain.join(', ')}, 'thrownAwayByReason', jsonb_build_object(${reasons.join(', ')})) as counters
    from task t
    join task_progress p using (task_id)
    join task_lease l on l.task_id = t.task_id and l.epoch = p.epoch
    left join sequence s on (s.supervisor_id, s.group_id, s.generation) = (t.supervisor_id, t.group_id, t.generation)
      and s.state = 'published' and s.published_at >= l.acquired_at
    where ${where}
    group by t.task_id, p.counters`;
}

export type TaskHistory = {
  readonly attempts: readonly {
    readonly epoch: string;
    readonly workerId: string | null;
    readonly atMs: number;
    readonly records: number;
    /** Null: it has not ended, or nobody knows yet. */
    readonly ending: AttemptEnding | null;
    readonly endedAtMs: number | null;
    readonly error: string | null;
  }[];
  /** Only those not replaced by newer ones. */
  readonly checkpoints: readonly {
    readonly atMs: number;
    readonly epoch: string;
    readonly files: number;
    readonly sequenceIds: readonly string[];
  }[];
  readonly publishes: readonly {
    readonly atMs: number;
    readonly sequenceId: string;
    readonly taskId: string;
    readonly commitSeq: string;
    readonly segments: number;
    readonly rows: number;
    readonly bytes: number;
  }[];
  /** Lines of the supervisor's story that are about it or its generation. */
  readonly story: readonly { readonly atMs: number; readonly kind: string; readonly text: string }[];
};

const storyLinesMost = 1_000;

export async function readTaskHistory(
  database: Database,
  task: Pick<TaskListRow, 'taskId' | 'supervisorId' | 'groupId' | 'generation'>,
): Promise<TaskHistory> {
  const key = [task.supervisorId, task.groupId, task.generation];
  const [attempts, checkpoints, publishes, story] = await Promise.all([
    query(
      database,
      `select epoch::text as epoch, worker_id, headgate_ms(started_at) as at_ms, records_read, ending,
         headgate_ms(ended_at) as ended_at_ms, error
       from task_attempt where task_id = $1 order by task_attempt.epoch`,
      [task.taskId],
    ),
    query(
      database,
      `select headgate_ms(c.created_at) as at_ms, c.epoch::text as epoch, sum(jsonb_array_length(cs.files)) as files,
         json_agg(cs.sequence_id order by cs.sequence_id) as sequence_ids
       from checkpoint c join checkpoint_sequence cs using (checkpoint_id)
       where (c.supervisor_id, c.group_id, c.generation) = ($1, $2, $3) and c.task_id = $4
       group by c.checkpoint_id order by c.number`,
      [...key, task.taskId],
    ),
    query(
      database,
      `select headgate_ms(p.published_at) as at_ms, p.sequence_id, p.task_id, p.commit_seq::text as commit_seq,
         count(g.segment_id) as segments, coalesce(sum(g.rows), 0) as rows, coalesce(sum(g.size), 0) as bytes
       from publish p join sequence s using (sequence_id) left join segment g on g.publish_id = p.publish_id
       where (s.supervisor_id, s.group_id, s.generation) = ($1, $2, $3)
       group by p.publish_id order by p.published_at`,
      key,
    ),
    query(
      database,
      `select * from (
         select event_id, headgate_ms(at) as at_ms, kind, text from supervisor_event
         where supervisor_id = $1 and (task_id = $4
           or (task_id is null and group_id = $2 and generation = $3))
         order by event_id desc limit ${storyLinesMost}) as newest
       order by event_id`,
      [...key, task.taskId],
    ),
  ]);
  return {
    attempts: attempts.rows.map((row) => ({
      epoch: textOf(row, 'epoch'),
      atMs: numberOf(row, 'at_ms'),
      workerId: textOrNull(row, 'worker_id'),
      records: numberOf(row, 'records_read'),
      ending: row['ending'] === null ? null : wordOf(row, 'ending', attemptEndings),
      endedAtMs: numberOrNull(row, 'ended_at_ms'),
      error: textOrNull(row, 'error'),
    })),
    checkpoints: checkpoints.rows.map((row) => ({
      atMs: numberOf(row, 'at_ms'),
      epoch: textOf(row, 'epoch'),
      files: numberOf(row, 'files'),
      sequenceIds: textsOf(row['sequence_ids']),
    })),
    publishes: publishes.rows.map((row) => ({
      atMs: numberOf(row, 'at_ms'),
      sequenceId: textOf(row, 'sequence_id'),
      taskId: textOf(row, 'task_id'),
      commitSeq: textOf(row, 'commit_seq'),
      segments: numberOf(row, 'segments'),
      rows: numberOf(row, 'rows'),
      bytes: numberOf(row, 'bytes'),
    })),
    story: story.rows.map((row) => ({
      atMs: numberOf(row, 'at_ms'),
      kind: textOf(row, 'kind'),
      text: textOf(row, 'text'),
    })),
  };
}
