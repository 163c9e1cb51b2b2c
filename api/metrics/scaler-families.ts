/** What the autoscaler wants and why it does not do it, from its memory in Postgres. */
import { readState } from '../../domain/autoscaler/autoscaler-state.ts';
import type { MetricsRows } from '../../storage/metrics.ts';
import type { Families } from './families.ts';

export function scalerFamilies(
  families: Families,
  { supervisorId, dataSource, autoscaler }: MetricsRows['supervisors'][number],
): void {
  if (autoscaler === null) return;
  const labels = { supervisorId, dataSource };
  const { config, lastDecision, lastScale, costs } = readState(autoscaler);
  const desired = lastDecision?.desired ?? null;
  if (config !== null && lastDecision !== null && desired !== null)
    families.add(
      'druid_task_autoScaler_requiredCount',
      'gauge',
      'The task count the autoscaler wants, and why it does not set it.',
      {
        labels: {
          ...labels,
          ...(lastDecision.code === null ? {} : { scalingSkipReason: lastDecision.code }),
        },
        value: desired,
      },
    );
  if (config !== null)
    for (const { taskCount, cost } of costs)
      families.add(
        'druid_task_autoScaler_costBased_cost',
        'gauge',
        'What costBased thinks each task count costs.',
        {
          labels: { ...labels, taskCount: String(taskCount) },
          value: cost,
        },
      );
  if (lastScale !== null)
    families.add(
      'headgate_autoscaler_last_scale_seconds',
      'gauge',
      'When the task count was last changed, in seconds since 1970.',
      {
        labels,
        value: lastScale.atMs / 1_000,
      },
    );
}
