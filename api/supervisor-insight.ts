/**
 * What Druid's status has no field for, as member `headgate`: why the supervisor is as it is and what to do, what each
 * task does or waits for, what the autoscaler last thought, which spec waits for a rollover, which orders are under way.
 */
import type { AutoscalerView } from '../domain/autoscaler/view.ts';
import type { CommandRow } from '../storage/supervisors.ts';
import type { Answer } from './json-answer.ts';
import type { PendingVersion } from './pending-version.ts';
import type { GenerationRow, ProcessRow, SupervisorRow } from './store.ts';
import { iso, offsets } from './supervisor-status.ts';

export type InsightRows = {
  readonly supervisor: SupervisorRow;
  readonly generations: readonly GenerationRow[];
  readonly pending: PendingVersion | null;
  readonly commands: readonly CommandRow[];
  readonly autoscaler: AutoscalerView | null;
  readonly processes: readonly ProcessRow[];
};

type Members = { readonly [key: string]: Answer };

/** An order without an outcome for longer than this was lost with its workflow; nobody works on it. */
const orderAgeMaxMs = 60 * 60 * 1000;

export function insightPayload(rows: InsightRows, nowMs: number): Members {
  const { supervisor, pending } = rows;
  const { status, halted } = supervisor;
  const orders = rows.commands.filter(
    ({ state, createdAtMs }) => state === 'accepted' && nowMs - createdAtMs <= orderAgeMaxMs,
  );
  return {
    reason: halted?.why ?? status?.reason ?? 'stored; no workflow has looked at it yet',
    remedy: halted ? 'publishing is stopped; look into it with `headgate doctor`' : (status?.remedy ?? null),
    asOf: status ? iso(status.asOfMs) : null,
    specVersion: supervisor.version,
    pendingSpecVersion: pending?.version ?? null,
    takesEffect: pending?.takesEffect ?? null,
    pendingGroups: pending?.groups ?? [],
    orders: orders.map(({ commandId, verb, by, createdAtMs }) => ({
      commandId,
      verb,
      by,
      since: iso(createdAtMs),
    })),
    autoscaler: rows.autoscaler as Answer,
    groups: rows.generations.map((generation) => groupEntry(generation, rows.processes)),
  };
}

function groupEntry(generation: GenerationRow, processes: readonly ProcessRow[]): Members {
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
      attempts: task.attempts,
      worker: task.workerId,
      error: task.error,
      lastFailure: task.lastFailure && { message: task.lastFailure.message, at: iso(task.lastFailure.atMs) },
      ...standingOf(task, generation, processes),
    })),
  };
}

type Standing = { readonly state: string; readonly waiting: string | null };

/** What a task does, or what it waits for: as far as Postgres knows, while Temporal is down too. */
export function standingOf(
  task: GenerationRow['tasks'][number],
  generation: GenerationRow,
  processes: readonly ProcessRow[],
): Standing {
  if (task.state !== 'RUNNING') return { state: task.state, waiting: null };
  const workers = processes.filter(({ role }) => role === 'ingest');
  const holder = workers.find(({ workerId }) => workerId === task.workerId);
  if (task.attempts > 0 && holder !== undefined) return { state: 'RUNNING', waiting: null };
  const free = workers.filter(({ slots, runningTasks }) => runningTasks.length < (slots ?? Infinity));
  const siblings = new Set(
    generation.tasks
      .filter((other) => other !== task && other.state === 'RUNNING' && other.attempts > 0)
      .map(({ workerId }) => workerId),
  );
  if (workers.length === 0) return { state: 'WAITING_FOR_WORKER', waiting: 'no ingest worker is at work' };
  if (free.length === 0)
    return { state: 'WAITING_FOR_SLOT', waiting: `all slots of ${workers.length} ingest workers are taken` };
  if (free.every(({ workerId }) => siblings.has(workerId)))
    return {
      state: 'WAITING_FOR_OTHER_WORKER',
      waiting:
        'only workers that run another replica of this group have a free slot; start one more ingest worker',
    };
  return task.attempts === 0
    ? { state: 'WAITING_FOR_SLOT', waiting: 'a worker with a free slot takes it next' }
    : {
        state: 'WAITING_FOR_ATTEMPT',
        waiting: `its worker ${task.workerId ?? ''} is gone; the next attempt follows`,
      };
}
