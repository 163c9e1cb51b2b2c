/** Segments in the JSON forms of Druid's coordinator: as a DataSegment, summed up, and by interval. */
import { HeadgateError } from '../domain/errors.ts';
import { shardSpec } from '../query/system-rows/segments.ts';
import type { PublishedSegment } from '../query/system-rows/segments.ts';
import { defaultTier } from '../query/system-rows/servers.ts';
import type { Answer } from './json-answer.ts';
import { wholeNumber } from './neighbour-answers.ts';

export type Members = { readonly [key: string]: Answer };

export function dataSegment(segment: PublishedSegment): Members {
  return {
    dataSource: segment.dataSource,
    interval: intervalOf(segment),
    version: segment.version,
    loadSpec: { type: segment.uri.startsWith('s3:') ? 's3' : 'local', path: segment.uri },
    dimensions: segment.dimensions.join(','),
    metrics: segment.metrics.join(','),
    shardSpec: shardSpec(segment.partitionNum),
    // Druid's number of its own format, which a Parquet file is not.
    binaryVersion: 0,
    size: wholeNumber(segment.size),
    identifier: segment.segmentId,
  };
}

/** What `includeOvershadowedStatus` adds. */
export function segmentStatus(segment: PublishedSegment): Members {
  return {
    overshadowed: false,
    replicationFactor: 1,
    numRows: wholeNumber(segment.rows),
    realtime: false,
    ...dataSegment(segment),
  };
}

export function intervalOf({ start, end }: Pick<PublishedSegment, 'start' | 'end'>): string {
  return `${start}/${end}`;
}

export function bytesOf(segments: readonly PublishedSegment[]): bigint {
  return segments.reduce((sum, { size }) => sum + BigInt(size), 0n);
}

/** Sizes and times of one data source; there is one tier, and each file is there once. */
export function sourceSummary(segments: readonly PublishedSegment[]): Members {
  const size = bytesOf(segments);
  const starts = segments.map(({ start }) => start).sort();
  const ends = segments.map(({ end }) => end).sort();
  return {
    tiers: { [defaultTier]: { size, replicatedSize: size, segmentCount: segments.length } },
    segments: {
      maxTime: ends.at(-1),
      size,
      minTime: starts[0],
      count: segments.length,
      replicatedSize: size,
    },
  };
}

export function bySource(segments: readonly PublishedSegment[]): ReadonlyMap<string, PublishedSegment[]> {
  return grouped(segments, ({ dataSource }) => dataSource);
}

/** Newest first, as Druid sorts intervals. */
export function byInterval(segments: readonly PublishedSegment[]): [string, PublishedSegment[]][] {
  return [...grouped(segments, intervalOf)].sort(([left], [right]) => (left < right ? 1 : -1));
}

function grouped(
  segments: readonly PublishedSegment[],
  keyOf: (segment: PublishedSegment) => string,
): Map<string, PublishedSegment[]> {
  const groups = new Map<string, PublishedSegment[]>();
  for (const segment of segments) {
    const key = keyOf(segment);
    const group = groups.get(key);
    if (group) group.push(segment);
    else groups.set(key, [segment]);
  }
  return groups;
}

export type Interval = { readonly fromMs: number; readonly toMs: number };

/** `start/end`, or `start_end` as in paths; dates and times in ISO form. */
export function parseInterval(text: string, name = 'interval'): Interval {
  const [start, end, ...rest] = text.replace('_', '/').split('/');
  const [fromMs, toMs] = [momentOf(start), momentOf(end)];
  if (rest.length > 0 || fromMs === null || toMs === null || toMs < fromMs)
    throw new HeadgateError(
      'REQUEST_INVALID',
      `${name}: found ${JSON.stringify(text.slice(0, 100))}, expected start/end as 2026-01-01T00:00:00Z/2026-01-02T00:00:00Z`,
    );
  return { fromMs, toMs };
}

export function liesWithin(segment: PublishedSegment, interval: Interval): boolean {
  return Date.parse(segment.start) >= interval.fromMs && Date.parse(segment.end) <= interval.toMs;
}

export function overlaps(segment: PublishedSegment, interval: Interval): boolean {
  return Date.parse(segment.start) < interval.toMs && Date.parse(segment.end) > interval.fromMs;
}

function momentOf(text: string | undefined): number | null {
  if (text === undefined || !/^\d{4}-\d\d(-\d\d(T[\d:.]{2,12}(Z|[+-]\d\d:\d\d)?)?)?$/.test(text)) return null;
  // Without a zone a time is UTC, as in Druid; JavaScript would take the machine's.
  const isLocal = text.includes('T') && !/(Z|[+-]\d\d:\d\d)$/.test(text);
  const ms = Date.parse(isLocal ? `${text}Z` : text);
  return Number.isNaN(ms) ? null : ms;
}
