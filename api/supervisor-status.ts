/**
 * Druid's status payload (druid.md 2.3) from Postgres rows alone, so it is answered while Temporal is down.
 *
 * Lag is only said where both sides are known: an unknown lag is left out, never 0. What Druid has no field for
 * (reason, remedy, groups) is under `headgate`.
 */
import type { Position, Positions } from '../domain/positions.ts';
import type { SupervisorSpec } from '../domain/spec/spec.ts';
import type { Answer } from './json-answer.ts';
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

export function statusPayload(rows: StatusRows, nowMs: number): { readonly [key: string]: Answer } {
  const { supervisor, spec, generations } = rows;
  const stream = rows.generations.at(-1)?.stream ?? spec?.io.topic;
  const latest = latestPositions(rows.stream);
  const tasks = generations.flatMap((generation) => taskEntries(generation, spec, latest, nowMs));
  const lags = partitionLags(rows, latest);
  return {
    id: supervisor.supervisorId,
    dataSource: supervisor.dataSource,
    stream,
    partitions: Math.max(rows.partitions.length, rows.stream.length),
    replicas: spec?.io.replicas,
    durationSeconds: spec ? Math.floor(spec.io.taskDurationMs / 1000) : undefined,
    activeTasks: tasks.filter((task) => task.isReading).map((task) => task.entry),
    publishingTasks: tasks.filter((task) => !task.isReading).map((task) => task.entry),
    latestOffsets: latest.size > 0 ? offsets(Object.fromEntries(latest)) : undefined,
    minimumLag: Object.fromEntries([...lags].filter(([, lag]) => lag !== null)),
    aggregateLag: aggregateLag(lags),
    offsetsLastUpdated: newestLook(rows.stream),
    ...stateOf(supervisor),
    recentErrors: (supervisor.status?.recentErrors ?? []) as Answer,
    headgate: {
      reason:
        supervisor.halted?.why ?? supervisor.status?.reason ?? 'stored; no workflow has looked at it yet',
      remedy: supervisor.halted
        ? 'publishing is stopped; look into it with `headgate doctor`'
        : (supervisor.status?.remedy ?? null),
      asOf: supervisor.status ? iso(supervisor.status.asOfMs) : null,
      specVersion: supervisor.version,
      groups: generations.map(groupEntry),
    },
  };
}

type TaskEntry = { readonly isReading: boolean; readonly entry: { readonly [key: string]: Answer } };

function taskEntries(
  generation: GenerationRow,
  spec: SupervisorSpec | null,
  latest: ReadonlyMap<string, Position>,
  nowMs: number,
): TaskEntry[] {
  const isReading = generation.state === 'reading';
  const starts = generation.sequences[0]?.starts ?? {};
  const live = generation.tasks.filter((task) => task.state === 'RUNNING');
  return live.map((task) => {
    const current = task.progress?.positions ?? null;
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
        currentOffsets: offsets(current ?? {}),
        lag: isReading ? taskLag(generation.partitions, current, latest) : undefined,
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

function taskLag(
  partitions: readonly string[],
  current: Positions | null,
  latest: ReadonlyMap<string, Position>,
): { readonly [partition: string]: bigint } {
  const entries = partitions.flatMap((partition): [string, bigint][] => {
    const end = latest.get(partition);
    const at = current?.[partition];
    return end === undefined || at === undefined ? [] : [[partition, BigInt(end) - BigInt(at)]];
  });
  return Object.fromEntries(entries);
}

/** Per partition, of the furthest replica; without one, from where reading would go on. Null is unknown. */
function partitionLags(rows: StatusRows, latest: ReadonlyMap<string, Position>): Map<string, bigint | null> {
  const reached = new Map<string, bigint>();
  const note = (partition: string, position: Position | null | undefined): void => {
    if (position === null || position === undefined) return;
    const value = BigInt(position);
    const before = reached.get(partition);
    if (before === undefined || value > before) reached.set(partition, value);
  };
  for (const partition of rows.partitions) note(partition.partition, partition.nextPosition);
  for (const generation of rows.generations) {
    for (const sequence of generation.sequences)
      for (const [partition, end] of Object.entries(sequence.ends ?? {})) note(partition, end);
    for (const task of generation.tasks.filter(({ state }) => state === 'RUNNING'))
      for (const [partition, at] of Object.entries(task.progress?.positions ?? {})) note(partition, at);
  }
  const names = new Set([...latest.keys(), ...rows.partitions.map(({ partition }) => partition)]);
  return new Map(
    [...names].sort(byNumber).map((partition) => {
      const end = latest.get(partition);
      const at = reached.get(partition);
      return [partition, end === undefined || at === undefined ? null : BigInt(end) - at];
    }),
  );
}

/** Undefined as soon as one partition's lag is unknown: a sum of the rest would look like good news. */
function aggregateLag(lags: ReadonlyMap<string, bigint | null>): bigint | undefined {
  let sum = 0n;
  for (const lag of lags.values()) {
    if (lag === null) return undefined;
    if (lag > 0n) sum += lag;
  }
  return sum;
}

function latestPositions(rows: readonly StreamPositionRow[]): Map<string, Position> {
  const known = rows.flatMap((row): [string, Position][] =>
    row.latest === null ? [] : [[row.partition, row.latest]],
  );
  return new Map(known.sort(([left], [right]) => byNumber(left, right)));
}

/** The oldest of the newest looks: all offsets shown are at least this fresh. */
function newestLook(rows: readonly StreamPositionRow[]): string | undefined {
  return rows.length === 0 ? undefined : iso(Math.min(...rows.map((row) => row.atMs)));
}

function groupEntry(generation: GenerationRow): { readonly [key: string]: Answer } {
  return {
    groupId: generation.key.groupId,
    generation: generation.key.generation,
    state: generation.state,
    partitions: generation.partitions,
    specVersion: generation.specVersion,
    createdAt: iso(generation.createdAtMs),
    sequences: generation.sequences.map((sequence) => ({
      ordinal: sequence.ordinal,
      state: sequence.state,
      startingOffsets: offsets(sequence.starts),
      endOffsets: sequence.ends ? offsets(sequence.ends) : null,
    })),
    tasks: generation.tasks.map((task) => ({
      id: task.taskId,
      replica: task.replica,
      state: task.state,
      attempts: task.attempts,
      worker: task.workerId,
      error: task.error,
    })),
  };
}

/** Bare digits over HTTP (protocol.md 1). */
function offsets(positions: Positions): { readonly [partition: string]: bigint } {
  return Object.fromEntries(Object.entries(positions).map(([partition, at]) => [partition, BigInt(at)]));
}

function byNumber(left: string, right: string): number {
  return Number(left) - Number(right) || (left < right ? -1 : 1);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
