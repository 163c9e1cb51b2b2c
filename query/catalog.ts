/** The query engine's view of the world: Postgres for what is visible, deep storage for where it lies. */
import type { Pool } from 'pg';
import { parseSupervisorSpec } from '../domain/spec/parse.ts';
import { maskSpecText } from '../domain/spec/secrets.ts';
import type { DataSchema, DimensionType, MetricType, SupervisorSpec } from '../domain/spec/spec.ts';
import { dataSourceSpecs, newestTasks, usedSegments, visibleFiles } from '../storage/catalog.ts';
import type { SegmentRow, TaskListRow } from '../storage/catalog.ts';
import { listSupervisors } from '../storage/supervisors.ts';
import type { SupervisorRow } from '../storage/supervisors.ts';
import type { DeepStorage } from '../segments/deep-storage/deep-storage.ts';
import type { QueryCatalog } from './engine.ts';
import type { Column, SourceFiles, SystemRows } from './messages.ts';

const tasksMax = 20_000;

type Row = SystemRows['rows'][number];

export function openQueryCatalog(pool: Pool, storage: Pick<DeepStorage, 'locate' | 'uri'>): QueryCatalog {
  return {
    dataSources: async (names) => {
      const [files, specs] = await Promise.all([visibleFiles(pool, names), dataSourceSpecs(pool, names)]);
      return names.flatMap((name): SourceFiles[] => {
        const groups = files
          .filter((group) => group.dataSource === name)
          .map((group) => group.paths.map((path) => storage.locate(path)));
        const own = specs.filter((spec) => spec.dataSource === name);
        if (groups.length === 0 && own.length === 0) return [];
        return [{ name, groups, knownColumns: knownColumns(own.map((spec) => spec.specText)) }];
      });
    },
    systemTable: async (name) => {
      switch (name) {
        case 'segments': {
          const [segments, specs] = await Promise.all([usedSegments(pool), dataSourceSpecs(pool, null)]);
          const metrics = metricNames(specs);
          return segments.map((segment) => segmentRow(segment, metrics.get(segment.dataSource), storage));
        }
        case 'supervisors':
          return (await listSupervisors(pool))
            .filter((row) => row.desired !== 'terminated')
            .map(supervisorRow);
        case 'tasks':
          return (await newestTasks(pool, tasksMax)).map(taskRow);
      }
    },
  };
}

const dimensionColumns = {
  string: 'VARCHAR',
  long: 'BIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
} as const satisfies Record<DimensionType, string>;

function metricColumn(type: MetricType): string {
  if (type === 'count' || type.startsWith('long')) return 'BIGINT';
  return type.startsWith('float') ? 'FLOAT' : 'DOUBLE';
}

/** Of all specs of a data source: dimensions first, then metrics, each name once. */
function knownColumns(specTexts: readonly string[]): Column[] {
  const schemas = specTexts.flatMap((text) => specOf(text)?.dataSchema ?? []);
  const columns = [
    ...schemas.flatMap(({ dimensions }) =>
      dimensions.map(({ name, type }) => ({ name, type: dimensionColumns[type] as string })),
    ),
    ...schemas.flatMap(metricColumns),
  ];
  return [...new Map(columns.reverse().map((column) => [column.name, column])).values()].reverse();
}

function metricColumns({ metrics }: DataSchema): Column[] {
  return metrics.map(({ name, type }) => ({ name, type: metricColumn(type) }));
}

function metricNames(specs: readonly { dataSource: string; specText: string }[]): Map<string, Set<string>> {
  const byDataSource = new Map<string, Set<string>>();
  for (const { dataSource, specText } of specs) {
    const names = byDataSource.get(dataSource) ?? new Set<string>();
    for (const metric of specOf(specText)?.dataSchema.metrics ?? []) names.add(metric.name);
    byDataSource.set(dataSource, names);
  }
  return byDataSource;
}

function segmentRow(
  segment: SegmentRow,
  metrics: ReadonlySet<string> | undefined,
  storage: Pick<DeepStorage, 'uri'>,
): Row {
  const names = segment.columns.map((column) => column.name).filter((name) => name !== '__time');
  return [
    segment.segmentId,
    segment.dataSource,
    segment.start,
    segment.end,
    BigInt(segment.size),
    segment.version,
    BigInt(segment.partitionNum),
    1n, // num_replicas
    BigInt(segment.rows),
    1n, // is_active
    1n, // is_published
    1n, // is_available
    0n, // is_realtime
    0n, // is_overshadowed
    JSON.stringify({ type: 'numbered', partitionNum: segment.partitionNum, partitions: 0 }),
    JSON.stringify(names.filter((name) => !metrics?.has(name))),
    JSON.stringify(names.filter((name) => metrics?.has(name))),
    null, // last_compaction_state
    1n, // replication_factor
    storage.uri(segment.path),
  ];
}

function supervisorRow(row: SupervisorRow): Row {
  const state = row.status;
  return [
    row.supervisorId,
    row.dataSource,
    state?.state ?? 'PENDING',
    state?.detailedState ?? 'PENDING',
    (state?.healthy ?? true) ? 1n : 0n,
    'kafka',
    specOf(row.specText)?.io.topic ?? null,
    row.desired === 'suspended' ? 1n : 0n,
    row.specText === null ? null : maskSpecText(row.specText),
  ];
}

function taskRow(task: TaskListRow): Row {
  const [host, port] = splitAddress(task.address);
  const runner = task.state !== 'RUNNING' ? 'NONE' : task.attempts > 0 ? 'RUNNING' : 'PENDING';
  return [
    task.taskId,
    task.groupName,
    'index_kafka',
    task.dataSource,
    task.createdAt,
    task.createdAt,
    task.state,
    runner,
    BigInt(task.durationMs),
    host === null ? null : `${host}:${port}`,
    host,
    BigInt(port),
    -1n,
    task.error,
  ];
}

function splitAddress(address: string | null): [host: string | null, port: number] {
  if (address === null) return [null, -1];
  const url = URL.canParse(address) ? new URL(address) : null;
  const plain = /^(.+):(\d{1,5})$/.exec(address);
  if (url?.hostname) return [url.hostname, Number(url.port || -1)];
  return plain ? [plain[1] ?? address, Number(plain[2])] : [address, -1];
}

function specOf(specText: string | null): SupervisorSpec | null {
  try {
    const parsed = parseSupervisorSpec(JSON.parse(specText ?? 'null'));
    return parsed.kind === 'ok' ? parsed.spec : null;
  } catch {
    return null;
  }
}
