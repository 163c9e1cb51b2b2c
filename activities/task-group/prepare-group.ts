/**
 * What a task group workflow goes on from: its rows. The same for a new generation and for one whose workflow was lost
 * or restarted; a replica that failed without a successor gets one.
 */
import type { GenerationKey } from '../../domain/ids.ts';
import { generationLabel } from '../../domain/ids.ts';
import type { IoConfig } from '../../domain/spec/spec.ts';
import { firstStart } from '../../domain/supervisor/facts.ts';
import { maxAllowedStops } from '../../domain/supervisor/stop-limit.ts';
import type { GroupSettings } from '../../domain/task-group/state.ts';
import { replaceTask } from '../../storage/attempts.ts';
import { readGeneration } from '../../storage/generations.ts';
import type { GenerationRow } from '../../storage/generations.ts';
import type { ControlDeps } from '../control-deps.ts';
import { readSpec } from '../read-spec.ts';
import { settledAs } from './standing.ts';
import type { PreparedGroup } from './contract.ts';

export async function prepareGroup(
  deps: ControlDeps,
  { key }: { readonly key: GenerationKey },
): Promise<PreparedGroup> {
  const row = await readGeneration(deps.pool, key);
  if (!row)
    return {
      kind: 'discarded',
      why: `Postgres knows no ${generationLabel(key)}: was it restored from a backup?`,
    };
  const settled = settledAs(row);
  if (settled) return settled;
  const spec = await readSpec(deps.pool, key.supervisorId, row.specVersion);
  const last = row.sequences.at(-1);
  return {
    kind: 'ready',
    dataSource: spec.dataSchema.dataSource,
    stream: row.stream,
    settings: settingsOf(spec.io),
    replicas: await runningTasks(deps, row),
    startedAtMs: firstStart(row.tasks),
    endedOrdinal: Math.max(
      -1,
      ...row.sequences.filter((sequence) => sequence.state !== 'open').map((sequence) => sequence.ordinal),
    ),
    readEndedAtMs: last?.final ? (last.endedAtMs ?? deps.now()) : null,
  };
}

/** Of the spec version the generation was made under: a later taskDuration is for the next one. */
function settingsOf(io: IoConfig): GroupSettings {
  return {
    taskDurationMs: io.taskDurationMs,
    completionTimeoutMs: io.completionTimeoutMs,
    stopsItself: maxAllowedStops(io) >= io.taskCount,
  };
}

async function runningTasks(deps: ControlDeps, row: GenerationRow) {
  const tasks: { replica: number; taskId: string }[] = [];
  for (let replica = 0; replica < row.replicas; replica++) {
    const own = row.tasks.filter((task) => task.replica === replica);
    const running = own.find((task) => task.state === 'RUNNING');
    const newest =
      running ?? own.reduce((left, right) => (right.createdAtMs >= left.createdAtMs ? right : left));
    if (running) tasks.push({ replica, taskId: running.taskId });
    else if (newest.state === 'FAILED') {
      const { taskId } = await replaceTask(deps.pool, {
        taskId: newest.taskId,
        letters: deps.newLetters(),
        error: newest.error ?? 'failed',
        counted: newest.counted,
      });
      tasks.push({ replica, taskId });
    }
  }
  return tasks;
}
