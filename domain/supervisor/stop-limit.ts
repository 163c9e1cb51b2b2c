/** How many groups may be stopping or publishing at once because their taskDuration is over (druid.md 1.4). */
import type { IoConfig } from '../spec/spec.ts';

/** The ratio of an enabled autoscaler beats stopTaskCount; with neither, all may. */
export function maxAllowedStops(
  io: Pick<IoConfig, 'taskCount' | 'stopTaskCount'> & {
    readonly autoScaler: { readonly stopTaskCountRatio: number | null } | null;
  },
): number {
  const ratio = io.autoScaler?.stopTaskCountRatio ?? null;
  if (ratio !== null) return Math.max(1, Math.floor(io.taskCount * ratio));
  return io.stopTaskCount ?? io.taskCount;
}
