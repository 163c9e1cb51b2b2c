/**
 * Read-only SQL for the doors: which segments a query may see, and what `sys.*` and the coordinator's paths list.
 *
 * Visible is committed and used. Each list is one statement, so one snapshot: a publish is seen whole or not at all.
 */
import { type Database, query } from './call.ts';

/** The newest spec of each supervisor that is not terminated, for the data sources asked for, or all. */
export type DataSourceSpec = {
  readonly dataSource: string;
  readonly supervisorId: string;
  readonly specText: string;
};

export async function dataSourceSpecs(
  database: Database,
  dataSources: readonly string[] | null,
): Promise<DataSourceSpec[]> {
  const rows = await select<{ data_source: string; supervisor_id: string; spec_text: string }>(
    database,
    `select s.data_source, s.supervisor_id, v.spec_text
     from supervisor s
     join supervisor_version v on v.supervisor_id = s.supervisor_id and v.version = s.version
     where s.desired <> 'terminated' and v.spec_text is not null
       and ($1::text[] is null or s.data_source = any($1::text[]))
     order by s.supervisor_id`,
    [dataSources],
  );
  return rows.map((row) => ({
    dataSource: row.data_source,
    supervisorId: row.supervisor_id,
    specText: row.spec_text,
  }));
}

/** Every data source that can be queried: it has segments, or a supervisor that will write some. */
export async function dataSourceNames(database: Database): Promise<string[]> {
  const rows = await select<{ data_source: string }>(
    database,
    `select data_source from (
       select distinct data_source from segment where used
       union
       select data_source from supervisor where desired <> 'terminated'
     ) as known
     order by data_source collate "C"`,
    [],
  );
  return rows.map((row) => row.data_source);
}

export type SegmentRow = {
  readonly segmentId: string;
  readonly dataSource: string;
  readonly start: string;
  readonly end: string;
  readonly version: string;
  readonly partitionNum: number;
  readonly size: string;
  readonly rows: string;
  readonly path: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** An api process has read the file once and found it as published. */
  readonly available: boolean;
};

/** Thousands of segments share a handful of column lists: each list is fetched once, and is one object here. */
export async function usedSegments(
  database: Database,
  dataSources: readonly string[] | null = null,
): Promise<SegmentRow[]> {
  const rows = await select<Omit<SegmentRow, 'columns'> & { readonly shape: string }>(
    database,
    `select s.segment_id as "segmentId", s.data_source as "dataSource", ${iso('s.start_at')} as "start",
       ${iso('s.end_at')} as "end", s.version, s.partition_num as "partitionNum", s.size::text as size,
       s.rows::text as rows, s.path, s.shape, c.segment_id is not null and c.problem is null as available
     from segment s
     left join segment_check c using (segment_id)
     where s.used and ($1::text[] is null or s.data_source = any($1::text[]))
     order by s.data_source, s.start_at, s.version, s.partition_num`,
    [dataSources],
  );
  const example = new Map(rows.map(({ shape, segmentId }) => [shape, segmentId]));
  const lists = await select<{ shape: string; columns: SegmentRow['columns'] }>(
    database,
    `select shape, columns from segment where segment_id = any($1::text[])`,
    [[...example.values()]],
  );
  const columnsOf = new Map(lists.map(({ shape, columns }) => [shape, columns]));
  return rows.map(({ shape, ...row }) => ({ ...row, columns: columnsOf.get(shape) ?? [] }));
}

/** Names of data sources that have segments; `unused` ones too when asked. */
export async function segmentDataSources(
  database: Database,
  options: { includeUnused: boolean },
): Promise<string[]> {
  const rows = await select<{ data_source: string }>(
    database,
    `select data_source from (select distinct data_source from segment where used or $1) as known
     order by data_source collate "C"`,
    [options.includeUnused],
  );
  return rows.map((row) => row.data_source);
}

/** Bytes of all used segments that an api process has verified. */
export async function availableBytes(database: Database): Promise<string> {
  const rows = await select<{ size: string }>(
    database,
    `select coalesce(sum(s.size), 0)::text as size
     from segment s join segment_check c using (segment_id)
     where s.used and c.problem is null`,
    [],
  );
  return rows[0]?.size ?? '0';
}

/** A sequence that tasks have begun to read and that is not published yet. */
export type RunningSequenceRow = {
  readonly sequenceId: string;
  readonly dataSource: string;
  readonly createdAt: string;
  /** Rows the furthest task holds, all its sequences together; only the newest sequence of a task group has them. */
  readonly rows: string;
  /** Processes whose tasks hold it. */
  readonly workerIds: readonly string[];
};

export async function runningSequences(database: Database): Promise<RunningSequenceRow[]> {
  return select<RunningSequenceRow>(
    database,
    `select s.sequence_id as "sequenceId", g.data_source as "dataSource", ${iso('s.created_at')} as "createdAt",
       case when s.ordinal = max(s.ordinal) over (partition by s.supervisor_id, s.group_id, s.generation)
         then held.rows else 0 end::text as rows,
       held.workers as "workerIds"
     from sequence s
     join task_group g using (supervisor_id, group_id, generation)
     join lateral (
       select array_agg(distinct t.worker_id) as workers,
         coalesce(max((p.rates ->> 'rowsInMemory')::bigint), 0) as rows
       from task t left join task_progress p using (task_id)
       where t.supervisor_id = s.supervisor_id and t.group_id = s.group_id and t.generation = s.generation
         and t.state = 'RUNNING' and t.attempts > 0 and t.worker_id is not null
     ) as held on held.workers is not null
     where s.state in ('open', 'ended')
     order by g.data_source collate "C", s.number`,
    [],
  );
}

export type ProcessRow = {
  readonly workerId: string;
  readonly role: string;
  readonly address: string | null;
  /** Tasks it takes at the same time; null: none, or not known. */
  readonly slots: number | null;
  readonly startedAt: string;
  readonly runningTasks: readonly { readonly taskId: string; readonly groupName: string }[];
  readonly lastCompletedAt: string | null;
};

/** Processes that showed themselves in the last half minute (they do so every 5 s), without their tokens. */
export async function processesAtWork(database: Database): Promise<ProcessRow[]> {
  return select<ProcessRow>(
    database,
    `with held as (
       select t.worker_id, max(t.ended_at) as ended_at,
         json_agg(json_build_object('taskId', t.task_id, 'groupName', g.base_sequence_name) order by t.task_id)
           filter (where t.state = 'RUNNING') as running
       from task t join task_group g using (supervisor_id, group_id, generation)
       group by t.worker_id
     )
     select w.worker_id as "workerId", w.role, w.address, w.slots, ${iso('w.started_at')} as "startedAt",
       coalesce(held.running, '[]') as "runningTasks", ${iso('held.ended_at')} as "lastCompletedAt"
     from worker w
     left join held using (worker_id)
     where w.seen_at > clock_timestamp() - interval '30 seconds'
     order by w.role collate "C", w.worker_id collate "C"`,
    [],
  );
}

/** The newest half and a random half, to compare with the files. */
export async function segmentSample(
  database: Database,
  count: number,
): Promise<{ readonly path: string; readonly size: string }[]> {
  return select(
    database,
    `(select path, size::text as size from segment where used order by created_at desc limit $1)
     union
     (select path, size::text as size from segment where used order by random() limit $1)`,
    [Math.ceil(count / 2)],
  );
}

function iso(column: string): string {
  return `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** The columns of each statement above are named and typed as its row type. */
async function select<Row>(database: Database, sql: string, values: readonly unknown[]): Promise<Row[]> {
  return (await query(database, sql, values)).rows as unknown as Row[];
}
