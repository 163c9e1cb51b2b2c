/**
 * Segments as Druid's doors list them: the published ones, and one entry for each sequence that running tasks hold, which
 * will become segments.
 */
import { isMetricTime } from '../../domain/metric-time.ts';
import { parseSupervisorSpec } from '../../domain/spec/parse.ts';
import type { SupervisorSpec } from '../../domain/spec/spec.ts';
import type { RunningSequenceRow, SegmentRow } from '../../storage/catalog.ts';
import type { SystemDeps, SystemRow } from './world.ts';

/** Druid's interval of all time: until it is published nobody knows which intervals a sequence touches. */
const allTime = ['-146136543-09-08T08:23:32.096Z', '146140482-04-24T15:36:27.903Z'] as const;

export type PublishedSegment = SegmentRow & {
  readonly uri: string;
  readonly dimensions: readonly string[];
  readonly metrics: readonly string[];
};

type Names = Pick<PublishedSegment, 'dimensions' | 'metrics'>;
type SegmentSource = Pick<SystemDeps, 'store' | 'storage'>;

export async function publishedSegments(
  { store, storage }: SegmentSource,
  dataSources: readonly string[] | null,
): Promise<PublishedSegment[]> {
  const [segments, metrics] = await Promise.all([
    store.usedSegments(dataSources),
    metricNames(store, dataSources),
  ]);
  // Lists of columns are shared by thousands of segments; so are their two halves.
  const split = new Map<string, Map<SegmentRow['columns'], Names>>();
  return segments.map((segment) => {
    const ofSource = split.get(segment.dataSource) ?? new Map<SegmentRow['columns'], Names>();
    const names =
      ofSource.get(segment.columns) ?? splitNames(segment.columns, metrics.get(segment.dataSource));
    split.set(segment.dataSource, ofSource.set(segment.columns, names));
    return { ...segment, ...names, uri: storage.uri(segment.path) };
  });
}

export async function segmentRows(deps: SegmentSource): Promise<SystemRow[]> {
  // First: a sequence that is published right now is then listed twice rather than not at all.
  const running = await deps.store.runningSequences();
  const [published, metrics] = await Promise.all([
    publishedSegments(deps, null),
    metricNames(deps.store, null),
  ]);
  return [
    ...published.map(publishedRow),
    ...running.map((sequence) => realtimeRow(sequence, metrics.get(sequence.dataSource))),
  ];
}

/** Druid's JSON of a shard spec. */
export function shardSpec(partitionNum: number): { type: string; partitionNum: number; partitions: number } {
  return { type: 'numbered', partitionNum, partitions: 0 };
}

/** Of every spec of a data source. */
async function metricNames(
  store: SegmentSource['store'],
  dataSources: readonly string[] | null,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const byDataSource = new Map<string, Set<string>>();
  for (const { dataSource, specText } of await store.dataSourceSpecs(dataSources)) {
    const names = byDataSource.get(dataSource) ?? new Set<string>();
    for (const metric of specOf(specText)?.dataSchema.metrics ?? []) names.add(metric.name);
    byDataSource.set(dataSource, names);
  }
  return byDataSource;
}

function splitNames(columns: SegmentRow['columns'], metrics: ReadonlySet<string> | undefined): Names {
  const names = columns.map(({ name }) => name).filter((name) => name !== '__time' && !isMetricTime(name));
  return {
    dimensions: names.filter((name) => !metrics?.has(name)),
    metrics: names.filter((name) => metrics?.has(name)),
  };
}

function publishedRow(segment: PublishedSegment): SystemRow {
  const available = segment.available ? 1n : 0n;
  return [
    segment.segmentId,
    segment.dataSource,
    segment.start,
    segment.end,
    BigInt(segment.size),
    segment.version,
    BigInt(segment.partitionNum),
    available, // num_replicas
    BigInt(segment.rows),
    1n, // is_active
    1n, // is_published
    available,
    0n, // is_realtime
    0n, // is_overshadowed
    JSON.stringify(shardSpec(segment.partitionNum)),
    JSON.stringify(segment.dimensions),
    JSON.stringify(segment.metrics),
    null, // last_compaction_state
    1n, // replication_factor
    segment.uri,
  ];
}

function realtimeRow(sequence: RunningSequenceRow, metrics: ReadonlySet<string> | undefined): SystemRow {
  return [
    sequence.sequenceId,
    sequence.dataSource,
    ...allTime,
    0n, // size
    sequence.createdAt,
    0n, // partition_num
    BigInt(sequence.workerIds.length), // num_replicas
    BigInt(sequence.rows),
    1n, // is_active
    0n, // is_published
    1n, // is_available
    1n, // is_realtime
    0n, // is_overshadowed
    JSON.stringify(shardSpec(0)),
    '[]', // dimensions
    JSON.stringify([...(metrics ?? [])]),
    null, // last_compaction_state
    -1n, // replication_factor
    null, // path
  ];
}

/** Null when this version cannot read a stored spec. */
export function specOf(specText: string | null): SupervisorSpec | null {
  try {
    const parsed = parseSupervisorSpec(JSON.parse(specText ?? 'null'));
    return parsed.kind === 'ok' ? parsed.spec : null;
  } catch {
    return null;
  }
}
