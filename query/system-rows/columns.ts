/**
 * The columns of `sys.*` and `INFORMATION_SCHEMA.*`: Druid's names, types and order (the newest source where it has more
 * than 33.0.0), and `path` in sys.segments (design 10).
 */
import { types } from '../sql/typed-sql.ts';
import type { SqlType } from '../sql/typed-sql.ts';

export type SystemSchema = 'sys' | 'INFORMATION_SCHEMA';
export type SystemColumn = { readonly name: string; readonly type: SqlType };

function text(...names: string[]): SystemColumn[] {
  return names.map((name) => ({ name, type: types.varchar }));
}

function whole(...names: string[]): SystemColumn[] {
  return names.map((name) => ({ name, type: types.bigint }));
}

const sysColumns = {
  queries: text('id', 'engine', 'state', 'info'),
  segments: [
    ...text('segment_id', 'datasource', 'start', 'end'),
    ...whole('size'),
    ...text('version'),
    ...whole('partition_num', 'num_replicas', 'num_rows', 'is_active', 'is_published', 'is_available'),
    ...whole('is_realtime', 'is_overshadowed'),
    ...text('shard_spec', 'dimensions', 'metrics', 'last_compaction_state'),
    ...whole('replication_factor'),
    ...text('path'),
  ],
  server_segments: text('server', 'segment_id'),
  servers: [
    ...text('server', 'host'),
    ...whole('plaintext_port', 'tls_port'),
    ...text('server_type', 'tier'),
    ...whole('curr_size', 'max_size', 'storage_size', 'is_leader'),
    ...text('start_time', 'version', 'build_revision', 'labels'),
    ...whole('available_processors', 'total_memory'),
  ],
  supervisors: [
    ...text('supervisor_id', 'datasource', 'state', 'detailed_state'),
    ...whole('healthy'),
    ...text('type', 'source'),
    ...whole('suspended'),
    ...text('spec'),
  ],
  tasks: [
    ...text('task_id', 'group_id', 'type', 'datasource', 'created_time', 'queue_insertion_time'),
    ...text('status', 'runner_status'),
    ...whole('duration'),
    ...text('location', 'host'),
    ...whole('plaintext_port', 'tls_port'),
    ...text('error_msg'),
  ],
} as const satisfies Record<string, readonly SystemColumn[]>;

const informationColumns = {
  COLUMNS: [
    ...text('TABLE_CATALOG', 'TABLE_SCHEMA', 'TABLE_NAME', 'COLUMN_NAME'),
    ...whole('ORDINAL_POSITION'),
    ...text('COLUMN_DEFAULT', 'IS_NULLABLE', 'DATA_TYPE'),
    ...whole('CHARACTER_MAXIMUM_LENGTH', 'CHARACTER_OCTET_LENGTH', 'NUMERIC_PRECISION'),
    ...whole('NUMERIC_PRECISION_RADIX', 'NUMERIC_SCALE', 'DATETIME_PRECISION'),
    ...text('CHARACTER_SET_NAME', 'COLLATION_NAME'),
    ...whole('JDBC_TYPE'),
  ],
  ROUTINES: [
    ...text('ROUTINE_CATALOG', 'ROUTINE_SCHEMA', 'ROUTINE_NAME', 'ROUTINE_TYPE', 'IS_AGGREGATOR'),
    ...text('SIGNATURES'),
  ],
  SCHEMATA: [
    ...text('CATALOG_NAME', 'SCHEMA_NAME', 'SCHEMA_OWNER', 'DEFAULT_CHARACTER_SET_CATALOG'),
    ...text('DEFAULT_CHARACTER_SET_SCHEMA', 'DEFAULT_CHARACTER_SET_NAME', 'SQL_PATH'),
  ],
  TABLES: text('TABLE_CATALOG', 'TABLE_SCHEMA', 'TABLE_NAME', 'TABLE_TYPE', 'IS_JOINABLE', 'IS_BROADCAST'),
} as const satisfies Record<string, readonly SystemColumn[]>;

export type SysTable = keyof typeof sysColumns;
export type InformationTable = keyof typeof informationColumns;

const columns: { readonly [S in SystemSchema]: Readonly<Record<string, readonly SystemColumn[]>> } = {
  sys: sysColumns,
  INFORMATION_SCHEMA: informationColumns,
};

/** Null: there is no such table. Names are case-sensitive, as all names in Druid's SQL. */
export function systemTableColumns(schema: SystemSchema, name: string): readonly SystemColumn[] | null {
  return Object.hasOwn(columns[schema], name) ? (columns[schema][name] ?? null) : null;
}

/** In alphabetical order, as Druid lists them. */
export function systemTableNames(schema: SystemSchema): readonly string[] {
  return Object.keys(columns[schema]);
}
