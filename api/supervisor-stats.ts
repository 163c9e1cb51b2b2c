/**
 * Druid's stats payload (druid.md 2.4), from what each task wrote to Postgres: totals since the task began, moving averages per
 * second, and how idle its reading is. Counters are per task life: they begin anew at a rollover.
 */
import { rateNames } from '../domain/moving-averages.ts';
import type { MovingAverages, Rates } from '../domain/moving-averages.ts';
import type { Answer } from './json-answer.ts';
import type { GenerationRow } from './store.ts';

type Progress = NonNullable<GenerationRow['tasks'][number]['progress']>;

/** Reading and publishing tasks alike, as `{groupId: {taskId: report}}`. */
export function statsPayload(generations: readonly GenerationRow[]): Answer {
  const groups: Record<string, Record<string, Answer>> = {};
  for (const generation of generations)
    for (const task of generation.tasks) {
      // A task that has not reported yet is left out, as in Druid.
      if (task.state !== 'RUNNING' || task.progress === null) continue;
      (groups[String(generation.key.groupId)] ??= {})[task.taskId] = reportOf(task.progress);
    }
  return groups;
}

function reportOf(progress: Progress): Answer {
  const { processed, processedBytes, processedWithError, thrownAway, unparseable, thrownAwayByReason } =
    progress.counters;
  const totals = {
    processed,
    processedBytes,
    processedWithError,
    thrownAway,
    unparseable,
    thrownAwayByReason,
  };
  return {
    movingAverages: { buildSegments: averagesOf(progress.movingAverages ?? null) },
    totals: { buildSegments: totals },
    ...(typeof progress.pollIdleRatio === 'number'
      ? { autoscalerMetrics: { pollIdleRatio: progress.pollIdleRatio } }
      : {}),
  };
}

/** Before a task has anything to compare its rates are zero, as Druid's are. */
function averagesOf(averages: MovingAverages | null): Answer {
  const row = (rates: Rates | undefined) =>
    Object.fromEntries(rateNames.map((name) => [name, rates?.[name] ?? 0]));
  return { '1m': row(averages?.['1m']), '5m': row(averages?.['5m']), '15m': row(averages?.['15m']) };
}
