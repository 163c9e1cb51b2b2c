/**
 * Druid's `costBased` strategy (druid.md 4.17): each task count that divides the partitions well has a cost, made of the time
 * to work off the lag and of how far the tasks are from their best idleness; the cheapest wins.
 */
import type { CostBasedConfig } from '../spec/spec.ts';
import { decimal, percent, whole } from './describe.ts';
import { effectiveTaskCount } from './facts.ts';
import type { AutoscalerFacts, Wish } from './facts.ts';

/** Slower than this per task is taken for this: an idle stream says nothing about what a task can do. */
const leastRate = 1_000;
const idleExponent = 0.32;
const tooBusyWeight = 1;
const tooIdleWeight = 2;
const unknownIdle = 0.5;
const nearestCount = 2;
const highLagShare = 0.75;
/** Below this rate with this lag per partition the tasks do not work at all: no number of them would help. */
const stuckRate = 1;
const stuckLagPerPartition = 10_000;

export type CostPoint = { readonly taskCount: number; readonly cost: number };
export type CostWish = Wish & { readonly costs: readonly CostPoint[] };

type Bounds = { readonly taskCountMin: number; readonly taskCountMax: number };

export type CostInputs = {
  readonly current: number;
  readonly partitions: number;
  readonly totalLag: number;
  /** Null: unknown. */
  readonly idle: number | null;
  readonly rowsPerSecond: number;
  readonly taskDurationSeconds: number;
};

/** `bestRate`: the highest rate of a task seen so far, for `usePollIdleRatio` false. */
export function wishByCost(
  config: CostBasedConfig & Bounds,
  facts: AutoscalerFacts,
  bestRate: number | null,
): CostWish {
  const inputs = inputsOf(config, facts, bestRate);
  if (typeof inputs === 'string') return { desired: -1, because: inputs, costs: [] };
  const { current, partitions, totalLag } = inputs;
  const all = candidatesOf(partitions, config);
  const critical = config.criticalLagThreshold;
  const largest = all.at(-1);
  if (critical !== null && totalLag >= critical && largest !== undefined)
    return {
      // A count beyond the bounds is for the bounds to correct, not for the lag.
      desired: Math.max(largest, current),
      because: `the total lag of ${whole(totalLag)} reached criticalLagThreshold ${whole(critical)}`,
      costs: [],
    };
  const evaluated = new Set([...nearby(all, inputs, config), current]);
  const costs = [...evaluated]
    .sort((left, right) => left - right)
    .map((taskCount) => ({ taskCount, cost: costOf(config, inputs, taskCount) }));
  return cheapest(config, inputs, costs);
}

/** A text: why it cannot be computed. */
function inputsOf(
  config: CostBasedConfig,
  facts: AutoscalerFacts,
  bestRate: number | null,
): CostInputs | string {
  const { metrics, partitions, lag } = facts;
  if (partitions <= 0) return 'the stream has no partition';
  if (facts.taskCount <= 0) return `taskCount is ${facts.taskCount}`;
  if (lag === null) return 'the lag is unknown';
  const rate = metrics?.rowsPerSecond ?? null;
  if (metrics === null || rate === null || !(rate >= 0)) return 'no task has reported its rate yet';
  const totalLag = Object.values(lag).reduce((sum, value) => sum + Math.max(0, value), 0);
  if (rate < stuckRate && totalLag / partitions > stuckLagPerPartition)
    return (
      `the tasks process ${decimal(rate)} rows per second with ${whole(totalLag / partitions)} records waiting in an ` +
      'average partition: they are stuck, and more of them would be too'
    );
  return {
    current: effectiveTaskCount(facts),
    partitions,
    totalLag,
    idle: config.usePollIdleRatio ? metrics.pollIdleRatio : idleByRate(rate, bestRate),
    rowsPerSecond: rate,
    taskDurationSeconds: metrics.taskDurationSeconds,
  };
}

/** A task that is slower than the best one ever seen has time to spare. */
function idleByRate(rate: number, bestRate: number | null): number | null {
  const best = Math.max(rate, bestRate ?? 0);
  return best > 0 ? 1 - rate / best : null;
}

/** Counts that give every group as many partitions as the next, or one less; ascending. */
export function candidatesOf(partitions: number, bounds: Bounds): readonly number[] {
  const least = Math.min(bounds.taskCountMin, partitions);
  const most = Math.min(bounds.taskCountMax, partitions);
  const counts = new Set<number>();
  for (let perTask = 1; perTask <= partitions; perTask += 1) {
    const count = Math.ceil(partitions / perTask);
    if (count < least) break;
    if (count <= most) counts.add(count);
  }
  return [...counts].reverse();
}

/** The nearest few on each side, where that is asked for; a count that is no candidate has no neighbours. */
function nearby(all: readonly number[], inputs: CostInputs, config: CostBasedConfig): readonly number[] {
  const { current } = inputs;
  if (!all.includes(current)) return all;
  const below = all.filter((count) => count < current);
  const above = all.filter((count) => count > current);
  const limitsUp = config.useTaskCountBoundariesOnScaleUp && !isLagHigh(config, inputs.totalLag);
  return [
    ...(config.useTaskCountBoundariesOnScaleDown ? below.slice(-nearestCount) : below),
    current,
    ...(limitsUp ? above.slice(0, nearestCount) : above),
  ];
}

function isLagHigh(config: CostBasedConfig, totalLag: number): boolean {
  return config.criticalLagThreshold !== null && totalLag >= highLagShare * config.criticalLagThreshold;
}

export function costOf(config: CostBasedConfig, inputs: CostInputs, taskCount: number): number {
  const { totalLag, partitions, rowsPerSecond, taskDurationSeconds } = inputs;
  const amplification = isLagHigh(config, totalLag)
    ? Math.max(1, 1 + config.highLagCostFactor * Math.log(totalLag / partitions))
    : 1;
  const recovery = (totalLag * amplification) / (taskCount * Math.max(rowsPerSecond, leastRate));
  const { idle, overrun } = expectedIdle(inputs, taskCount);
  return (
    config.lagWeight * (recovery + overrun * taskDurationSeconds) +
    config.idleWeight * idleCost(taskCount, idle, config.optimalTaskIdleRatio)
  );
}

/** With another number of tasks. What would be busier than busy is an overrun. */
export function expectedIdle(
  inputs: Pick<CostInputs, 'current' | 'idle'>,
  taskCount: number,
): { readonly idle: number; readonly overrun: number } {
  if (inputs.idle === null) return { idle: unknownIdle, overrun: 0 };
  const expected = 1 - (1 - inputs.idle) * (inputs.current / taskCount) ** idleExponent;
  return { idle: Math.min(1, Math.max(0, expected)), overrun: Math.max(0, -expected) };
}

/** U-shaped: cheapest at the optimum, dearer towards too busy and twice as much towards too idle. */
export function idleCost(taskCount: number, idle: number, optimum: number): number {
  const penalty =
    idle < optimum
      ? tooBusyWeight * ((optimum - idle) / optimum) ** 2
      : tooIdleWeight * ((idle - optimum) / (1 - optimum)) ** 2;
  return taskCount * (optimum + penalty);
}

/** Ties keep the current count, and so does a saving that is too small. */
function cheapest(config: CostBasedConfig, inputs: CostInputs, costs: readonly CostPoint[]): CostWish {
  const now = costs.find(({ taskCount }) => taskCount === inputs.current)!;
  const best = costs.reduce((least, point) => (point.cost < least.cost ? point : least), now);
  const situation =
    `idle ${inputs.idle === null ? 'unknown' : percent(inputs.idle)}, lag ${whole(inputs.totalLag)}, ` +
    `${decimal(inputs.rowsPerSecond)} rows per second and task`;
  const compared = `cost ${decimal(best.cost)} with ${best.taskCount}, ${decimal(now.cost)} with ${now.taskCount}`;
  const saving = now.cost > 0 ? (now.cost - best.cost) / now.cost : 0;
  if (best.taskCount === now.taskCount)
    return { desired: now.taskCount, because: `${now.taskCount} is the cheapest (${situation})`, costs };
  if (saving * 100 < config.minCostDropPercentForScaling)
    return {
      desired: now.taskCount,
      because:
        `${compared}: a saving of ${percent(saving)} is less than minCostDropPercentForScaling ` +
        `${config.minCostDropPercentForScaling} (${situation})`,
      costs,
    };
  return { desired: best.taskCount, because: `${compared} (${situation})`, costs };
}
