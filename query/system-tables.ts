/** The columns of `sys.*`: Druid's names and order, and `path` in sys.segments (design 10). Numbers are BIGINT, the rest VARCHAR. */
export type SystemTableName = 'segments' | 'supervisors' | 'tasks';

type SystemColumn = readonly [name: string, type: 'VARCHAR' | 'BIGINT'];

export const systemTables: { readonly [K in SystemTableName]: readonly SystemColumn[] } = {
  segments: [
    ['segment_id', 'VARCHAR'],
    ['datasource', 'VARCHAR'],
    ['start', 'VARCHAR'],
    ['end', 'VARCHAR'],
    ['size', 'BIGINT'],
    ['version', 'VARCHAR'],
    ['partition_num', 'BIGINT'],
    ['num_replicas', 'BIGINT'],
    ['num_rows', 'BIGINT'],
    ['is_active', 'BIGINT'],
    ['is_published', 'BIGINT'],
    ['is_available', 'BIGINT'],
    ['is_realtime', 'BIGINT'],
    ['is_overshadowed', 'BIGINT'],
    ['shard_spec', 'VARCHAR'],
    ['dimensions', 'VARCHAR'],
    ['metrics', 'VARCHAR'],
    ['last_compaction_state', 'VARCHAR'],
    ['replication_factor', 'BIGINT'],
    ['path', 'VARCHAR'],
  ],
  supervisors: [
    ['supervisor_id', 'VARCHAR'],
    ['datasource', 'VARCHAR'],
    ['state', 'VARCHAR'],
    ['detailed_state', 'VARCHAR'],
    ['healthy', 'BIGINT'],
    ['type', 'VARCHAR'],
    ['source', 'VARCHAR'],
    ['suspended', 'BIGINT'],
    ['spec', 'VARCHAR'],
  ],
  tasks: [
    ['task_id', 'VARCHAR'],
    ['group_id', 'VARCHAR'],
    ['type', 'VARCHAR'],
    ['datasource', 'VARCHAR'],
    ['created_time', 'VARCHAR'],
    ['queue_insertion_time', 'VARCHAR'],
    ['status', 'VARCHAR'],
    ['runner_status', 'VARCHAR'],
    ['duration', 'BIGINT'],
    ['location', 'VARCHAR'],
    ['host', 'VARCHAR'],
    ['plaintext_port', 'BIGINT'],
    ['tls_port', 'BIGINT'],
    ['error_msg', 'VARCHAR'],
  ],
};

export function isSystemTable(name: string): name is SystemTableName {
  return Object.hasOwn(systemTables, name);
}
