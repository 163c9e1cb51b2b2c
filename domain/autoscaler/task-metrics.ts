/** From what the tasks report of themselves (`task_progress.rates`) to what costBased asks: means over the tasks that read. */
import type { Json } from '../json.ts';
import { readAverages } from '../moving-averages.ts';
import type { TaskMetrics } from './facts.ts';

/** A task that has not said something is left out of that mean. */
export function taskMetricsOf(rates: readonly Json[], taskDurationMs: number): TaskMetrics {
  const fields = rates.map((row) => row as { readonly [key: string]: Json } | null);
  return {
    pollIdleRatio: mean(fields.map((row) => numberOrNull(row?.['pollIdleRatio']))),
    // Of the longest window there is; every task that has averages at all has all three.
    rowsPerSecond: mean(
      fields.map((row) => readAverages(row?.['movingAverages'])?.['15m'].processed ?? null),
    ),
    taskDurationSeconds: taskDurationMs / 1_000,
  };
}

function numberOrNull(value: Json | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}
