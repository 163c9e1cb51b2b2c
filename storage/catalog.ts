/**
 * Read-only SQL for the doors: which segments a query may see, and the rows of `sys.*`.
 *
 * Visible is committed and used. Each function is one statement, so one snapshot: a publish is seen whole or not at all.
 */
import { type Database, query } from './call.ts';

/** Files of one data source that have the same columns, oldest interval first. */
export type VisibleFiles = { readonly dataSource: string; readonly paths: readonly string[] };

export async function visibleFiles(
  database: Database,
  dataSources: readonly string[],
): Promise<VisibleFiles[]> {
  const rows = await select<{ data_source: string; paths: string[] }>(
    database,
    `select data_source, array_agg(path order by start_at, segment_id) as paths
     from segment
     where used and data_source = any($1::text[])
     group by data_source, columns
     order by data_source, min(start_at), min(segment_id)`,
    [dataSources],
  );
  return rows.map((row) => ({ dataSource: row.data_source, paths: row.paths }));
}

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
};

export async function usedSegments(database: Database): Promise<SegmentRow[]> {
  return select<SegmentRow>(
    database,
    `select segment_id as "segmentId", data_source as "dataSource", ${iso('start_at')} as "start",
       ${iso('end_at')} as "end", version, partition_num as "partitionNum", size::text as size, rows::text as rows,
       path, columns
     from segment
     where used
     order by data_source collate "C", start_at, version, partition_num`,
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

export type TaskListRow = {
  readonly taskId: string;
  readonly groupName: string;
  readonly dataSource: string;
  readonly state: 'RUNNING' | 'SUCCESS' | 'FAILED';
  readonly attempts: number;
  readonly error: string | null;
  readonly createdAt: string;
  /** -1 while running. */
  readonly durationMs: string;
  /** Address of the worker process that holds it, if that is known. */
  readonly address: string | null;
};

/** Newest first; old tasks are history, so there is an end to the list. */
export async function newestTasks(database: Database, limit: number): Promise<TaskListRow[]> {
  return select<TaskListRow>(
    database,
    `select t.task_id as "taskId", g.base_sequence_name as "groupName", g.data_source as "dataSource",
       t.state, t.attempts, t.error, ${iso('t.created_at')} as "createdAt",
       coalesce(headgate_ms(t.ended_at) - headgate_ms(t.created_at), -1)::text as "durationMs",
       w.address
     from task t
     join task_group g using (supervisor_id, group_id, generation)
     left join worker w on w.worker_id = t.worker_id
     order by t.created_at desc, t.task_id
     limit $1`,
    [limit],
  );
}

function iso(column: string): string {
  return `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** The columns of each statement above are named and typed as its row type. */
async function select<Row>(database: Database, sql: string, values: readonly unknown[]): Promise<Row[]> {
  return (await query(database, sql, values)).rows as unknown as Row[];
}
