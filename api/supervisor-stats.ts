/** Druid's stats payload (druid.md 2.4) from the counters the tasks wrote: totals per task. Rates come with the metrics. */
import type { Answer } from './json-answer.ts';
import type { GenerationRow } from './store.ts';

export function statsPayload(generations: readonly GenerationRow[]): Answer {
  const groups: Record<string, Record<string, Answer>> = {};
  for (const generation of generations)
    for (const task of generation.tasks) {
      // A task that has not reported yet is left out, as in Druid.
      if (task.state !== 'RUNNING' || task.progress === null) continue;
      const { processed, processedBytes, processedWithError, thrownAway, unparseable, thrownAwayByReason } =
        task.progress.counters;
      const buildSegments = {
        processed,
        processedBytes,
        processedWithError,
        thrownAway,
        unparseable,
        thrownAwayByReason,
      };
      (groups[String(generation.key.groupId)] ??= {})[task.taskId] = { totals: { buildSegments } };
    }
  return groups;
}
