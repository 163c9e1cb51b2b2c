/** Configurations with Druid's defaults (druid.md 1.7) and facts, for tests of the autoscaler. */
import type { AutoscalerFacts } from '../../../domain/autoscaler/facts.ts';
import type { AutoScalerConfig, CostBasedConfig, LagBasedConfig } from '../../../domain/spec/spec.ts';

export const second = 1_000;
export const minute = 60 * second;

export type LagConfig = Extract<AutoScalerConfig, { strategy: 'lagBased' }>;
export type CostConfig = Extract<AutoScalerConfig, { strategy: 'costBased' }>;

const lagDefaults: LagBasedConfig = {
  strategy: 'lagBased',
  lagCollectionIntervalMs: 30 * second,
  lagCollectionRangeMs: 10 * minute,
  scaleOutThreshold: 6_000_000,
  triggerScaleOutFractionThreshold: 0.3,
  scaleInThreshold: 1_000_000,
  triggerScaleInFractionThreshold: 0.9,
  scaleActionStartDelayMs: 5 * minute,
  scaleInStep: 1,
  scaleOutStep: 2,
  lagAggregate: 'SUM',
};

const costDefaults: CostBasedConfig = {
  strategy: 'costBased',
  lagWeight: 0.4,
  idleWeight: 0.6,
  optimalTaskIdleRatio: 0.25,
  useTaskCountBoundariesOnScaleUp: false,
  useTaskCountBoundariesOnScaleDown: true,
  scaleDownDuringTaskRolloverOnly: false,
  usePollIdleRatio: true,
  criticalLagThreshold: null,
  highLagCostFactor: 6,
  minCostDropPercentForScaling: 0,
};

export function lagBased(changes: Partial<LagConfig> = {}): LagConfig {
  return {
    taskCountMin: 1,
    taskCountMax: 4,
    taskCountStart: null,
    stopTaskCountRatio: null,
    minScaleUpDelayMs: 10 * minute,
    minScaleDownDelayMs: 10 * minute,
    scaleActionPeriodMs: minute,
    ...lagDefaults,
    ...changes,
  };
}

export function costBased(changes: Partial<CostConfig> = {}): CostConfig {
  return {
    taskCountMin: 1,
    taskCountMax: 100,
    taskCountStart: null,
    stopTaskCountRatio: null,
    minScaleUpDelayMs: 15 * minute,
    minScaleDownDelayMs: 30 * minute,
    scaleActionPeriodMs: 2 * minute,
    ...costDefaults,
    ...changes,
  };
}

/** So many partitions, each as far behind. */
export function lags(partitions: number, each: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: partitions }, (_, index) => [String(index), each]));
}

export function factsOf(changes: Partial<AutoscalerFacts> = {}): AutoscalerFacts {
  const partitions = changes.partitions ?? 8;
  return {
    nowMs: 0,
    taskCount: 2,
    partitions,
    lag: lags(partitions, 0),
    suspended: false,
    idle: false,
    publishingGroups: 0,
    rollover: false,
    metrics: null,
    ...changes,
  };
}
