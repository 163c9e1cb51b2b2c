/**
 * Druid's status payload (druid.md 2.3) from Postgres rows alone, so it is answered while Temporal is down.
 *
 * Lag is only said where both sides are known: an unknown lag is left out, never 0. What Druid has no field for
 * (reason, remedy, groups, orders) is under `headgate`.
 */
import { comparePartitions } from '../domain/partition-key.ts';
import type { Position, Positions } from '../domain/positions.ts';
import type { SupervisorSpec } from '../domain/spec/spec.ts';
import type { Answer } from './json-answer.ts';
import { lagOfTask, oldestLook, partitionLags, sumOfLags, sumOfTimeLags } from './lag.ts';
import type { PartitionLag } from './lag.ts';
import type { GenerationRow, PartitionRow, StreamPositionRow, SupervisorRow } from './store.ts';

export type StatusRows = {
  readonly supervisor: SupervisorRow;
  /** Null when the stored spec cannot be parsed by this version. */
  readonly spec: SupervisorSpec | null;
  readonly generations: readonly GenerationRow[];
  readonly partitions: readonly PartitionRow[];
  readonly stream: readonly StreamPositionRow[];
};

export type SupervisorState = {
  readonly state: string;
  readonly detailedState: string;
  readonly healthy: boolean;
  readonly suspended: boolean;
};

/** Before the workflow wrote anything, a supervisor is PENDING, as right after a POST in Druid. */
export function stateOf(row: SupervisorRow): SupervisorState {
  const suspended = row.desired === 'suspended';
  // The workflow says so too, but it may not be running now.
  if (row.halted !== null)
    return {
      state: 'UNHEALTHY_SUPERVISOR',
      detailedState: 'UNHEALTHY_SUPERVISOR',
      healthy: false,
      suspended,
    };
  const { state, detailedState, healthy } = row.status ?? {
    state: 'PENDING',
    detailedState: 'PENDING',
    healthy: true,
  };
  return { state, detailedState, healthy, suspended };
}

type Members = { readonly [key: string]: Answer };

export function statusPayload(rows: StatusRows, nowMs: number): Members {
  const { supervisor, spec, generations } = rows;
  const tasks = generations.flatMap((generation) => taskEntries(generation, rows, nowMs));
  const lags = partitionLags(rows);
  const latest = lags.filter((lag) => lag.latest !== null);
  const lookMs = oldestLook(rows.stream);
  return {
    id: supervisor.supervisorId,
    dataSource: supervisor.dataSource,
    stream: rows.generations.at(-1)?.stream ?? spec?.io.topic,
    partitions: Math.max(rows.partitions.length, rows.stream.length),
    replicas: spec?.io.replicas,
    durationSeconds: spec ? Math.floor(spec.io.taskDurationMs / 1000) : undefined,
    activeTasks: tasks.filter((task) => task.isReading).map((task) => task.entry),
    publishingTasks: tasks.filter((task) => !task.isReading).map((task) => task.entry),
    latestOffsets: latest.length > 0 ? byPartition(latest, (lag) => BigInt(lag.latest ?? 0)) : undefined,
    minimumLag: byPartition(lags, (lag) => lag.lag ?? undefined),
    aggregateLag: lags.length === 0 ? 0n : (sumOfLags(lags) ?? undefined),
    ...(spec?.io.emitTimeLag ? timeLags(lags) : {}),
    offsetsLastUpdated: lookMs === null ? undefined : iso(lookMs),
    ...stateOf(supervisor),
    recentErrors: (supervisor.status?.recentErrors ?? []) as Answer,
  };
}

function timeLags(lags: readonly PartitionLag[]): Members {
  return {
    minimumLagMillis: byPartition(lags, (lag) => lag.lagMs ?? undefined),
    aggregateLagMillis: sumOfTimeLags(lags) ?? undefined,
  };
}

function byPartition(lags: readonly PartitionLag[], value: (lag: PartitionLag) => Answer): Members {
  return Object.fromEntries(lags.map((lag) => [lag.partition, value(lag)]));
}

type TaskEntry = { readonly isReading: boolean; readonly entry: Members };

function taskEntries(generation: GenerationRow, rows: StatusRows, nowMs: number): TaskEntry[] {
  const { spec } = rows;
  const isReading = generation.state === 'reading';
  const starts = generation.sequences[0]?.starts ?? {};
  const live = generation.tasks.filter((task) => task.state === 'RUNNING');
  return live.map((task) => {
    const current = task.progress?.positions ?? {};
    const startMs = task.attempts > 0 ? task.createdAtMs : null;
    const endedAtMs = generation.sequences.at(-1)?.endedAtMs ?? null;
    return {
      isReading,
      entry: {
        id: task.taskId,
        startingOffsets: offsets(starts),
        startTime: startMs === null ? null : iso(startMs),
        remainingSeconds: remainingSeconds(spec, isReading ? startMs : endedAtMs, isReading, nowMs),
        type: isReading ? 'ACTIVE' : 'PUBLISHING',
        currentOffsets: offsets(current),
        ...(isReading ? taskLags(generation, current, rows) : {}),
      },
    };
  });
}

function remainingSeconds(
  spec: SupervisorSpec | null,
  sinceMs: number | null,
  isReading: boolean,
  nowMs: number,
): number | null {
  if (spec === null || sinceMs === null) return null;
  const wholeMs = isReading ? spec.io.taskDurationMs : spec.io.completionTimeoutMs;
  return Math.round((wholeMs - (nowMs - sinceMs)) / 1000);
}

function taskLags(generation: GenerationRow, current: Positions, rows: StatusRows): Members {
  const looks = new Map(rows.stream.map((look) => [look.partition, look]));
  const own = [...generation.partitions].sort(comparePartitions);
  const lag = own.map((partition): [string, Answer] => {
    const [look, at] = [looks.get(partition), current[partition]];
    return [partition, look && at !== undefined ? (lagOfTask(at, look) ?? undefined) : undefined];
  });
  if (!rows.spec?.io.emitTimeLag) return { lag: Object.fromEntries(lag) };
  const lagMillis = own.map((partition): [string, Answer] => [
    partition,
    looks.get(partition)?.lagMs ?? undefined,
  ]);
  return { lag: Object.fromEntries(lag), lagMillis: Object.fromEntries(lagMillis) };
}

/** Bare digits over HTTP (protocol.md 1), in the order of partitions. */
export function offsets(positions: Positions): Members {
  const entries = Object.entries(positions) as [string, Position][];
  return Object.fromEntries(
    entries
      .sort(([left], [right]) => comparePartitions(left, right))
      .map(([partition, at]) => [partition, BigInt(at)]),
  );
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
