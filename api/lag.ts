/**
 * How far behind a supervisor is, from one snapshot per partition: where the stream ended and how far was read at the
 * same moment, so that a task that has read on since never looks as if it were ahead of the stream.
 *
 * Unknown is null, never 0, and makes a sum unknown. A position beyond the end of the stream is no lag but a trouble,
 * which the status tells: the lag is unknown there.
 */
import { comparePartitions } from '../domain/partition-key.ts';
import type { Position } from '../domain/positions.ts';
import type { Answer } from './json-answer.ts';
import type { GenerationRow, PartitionRow, StreamPositionRow } from './store.ts';

export type LagRows = {
  readonly generations: readonly GenerationRow[];
  readonly partitions: readonly PartitionRow[];
  readonly stream: readonly StreamPositionRow[];
};

export type PartitionLag = {
  readonly partition: string;
  readonly current: Position | null;
  readonly latest: Position | null;
  /** Records; null: not known. */
  readonly lag: bigint | null;
  readonly lagMs: number | null;
  /** Of the snapshot; null: the partition has never been looked at. */
  readonly atMs: number | null;
};

/** In the order of partitions. */
export function partitionLags(rows: LagRows): PartitionLag[] {
  const reached = reachedPositions(rows);
  const looks = new Map(rows.stream.map((look) => [look.partition, look]));
  const names = new Set([...looks.keys(), ...rows.partitions.map(({ partition }) => partition)]);
  return [...names].sort(comparePartitions).map((partition) => {
    const look = looks.get(partition);
    const latest = look?.latest ?? null;
    const current = look?.current ?? reached.get(partition) ?? null;
    return {
      partition,
      current,
      latest,
      lag: distanceOf(current, latest),
      lagMs: look?.lagMs ?? null,
      atMs: look?.atMs ?? null,
    };
  });
}

/** How far a task lags behind the newest look at the stream; one that has read on since is at 0. */
export function lagOfTask(at: Position, look: StreamPositionRow): bigint | null {
  if (look.latest === null) return null;
  const lag = BigInt(look.latest) - BigInt(at);
  if (lag >= 0n) return lag;
  // Beyond the end already when it was looked: unknown, not good news.
  return look.current !== null && BigInt(look.current) <= BigInt(look.latest) ? 0n : null;
}

function distanceOf(current: Position | null, latest: Position | null): bigint | null {
  if (current === null || latest === null) return null;
  const lag = BigInt(latest) - BigInt(current);
  return lag >= 0n ? lag : null;
}

/** Null as soon as one partition's lag is unknown: a sum of the rest would look like good news. */
export function sumOfLags(lags: readonly PartitionLag[]): bigint | null {
  return lags.reduce<bigint | null>(
    (sum, { lag }) => (sum === null || lag === null ? null : sum + lag),
    lags.length === 0 ? null : 0n,
  );
}

export function sumOfTimeLags(lags: readonly PartitionLag[]): number | null {
  if (lags.length === 0 || lags.some(({ lagMs }) => lagMs === null)) return null;
  return lags.reduce((sum, { lagMs }) => sum + Math.max(0, lagMs ?? 0), 0);
}

/** The oldest of the newest looks: everything shown is at least this fresh. */
export function oldestLook(stream: readonly StreamPositionRow[]): number | null {
  return stream.length === 0 ? null : Math.min(...stream.map(({ atMs }) => atMs));
}

export function lagPayload(id: string, rows: LagRows): { readonly [key: string]: Answer } {
  const lags = partitionLags(rows);
  const groups = new Map(
    rows.generations.flatMap(({ key, partitions, state }) =>
      state === 'reading' ? partitions.map((partition) => [partition, key.groupId] as const) : [],
    ),
  );
  const asOf = oldestLook(rows.stream);
  return {
    id,
    asOf: asOf === null ? null : iso(asOf),
    lag: sumOfLags(lags),
    lagMillis: sumOfTimeLags(lags),
    partitions: lags.map(({ partition, current, latest, lag, lagMs, atMs }) => ({
      partition,
      groupId: groups.get(partition) ?? null,
      current: current === null ? null : BigInt(current),
      latest: latest === null ? null : BigInt(latest),
      lag,
      lagMillis: lagMs,
      asOf: atMs === null ? null : iso(atMs),
    })),
  };
}

/** Per partition of the furthest replica; without one, from where reading would go on. */
function reachedPositions(rows: LagRows): Map<string, Position> {
  const reached = new Map<string, Position>();
  const note = (partition: string, position: Position | null): void => {
    if (position === null) return;
    const before = reached.get(partition);
    if (before === undefined || BigInt(position) > BigInt(before)) reached.set(partition, position);
  };
  for (const { partition, nextPosition } of rows.partitions) note(partition, nextPosition);
  for (const generation of rows.generations) {
    for (const { ends } of generation.sequences)
      for (const [partition, end] of Object.entries(ends ?? {})) note(partition, end);
    for (const task of generation.tasks.filter(({ state }) => state === 'RUNNING'))
      for (const [partition, at] of Object.entries(task.progress?.positions ?? {})) note(partition, at);
  }
  return reached;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
