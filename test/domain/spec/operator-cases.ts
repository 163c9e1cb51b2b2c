/** Cases of fields.test.ts for what operators set: pattern, bounds, idling, the autoscaler; and the ioConfig each field needs. */
import type { SupervisorSpec } from '../../../domain/spec/spec.ts';

type Case = {
  readonly value: unknown;
  readonly read: (spec: SupervisorSpec) => unknown;
  readonly becomes: unknown;
  readonly standard?: unknown;
};

const scaler = 'ioConfig.autoScalerConfig';
const range = { startSequenceNumbers: { '0': 3 }, endSequenceNumbers: { '0': 7 } };

/** What `changed` has to write at which place for the field to mean something; null for other fields. */
export function operatorBase(path: string): readonly [path: string, value: unknown] | null {
  if (path === `${scaler}.enableTaskAutoScaler`)
    return [`spec.${scaler}`, { taskCountMin: 2, taskCountMax: 4 }];
  if (path.startsWith(`${scaler}.`)) {
    const name = path.slice(scaler.length + 1);
    const autoScalerStrategy = name in costCases ? 'costBased' : 'lagBased';
    const counts = { enableTaskAutoScaler: true, taskCountMin: 2, taskCountMax: 4 };
    return [`spec.${scaler}`, { ...counts, autoScalerStrategy }];
  }
  if (path === 'ioConfig.idleConfig.inactiveAfterMillis')
    return ['spec.ioConfig.idleConfig', { enabled: true }];
  if (path.startsWith('ioConfig.boundedStreamConfig.')) return ['spec.ioConfig.boundedStreamConfig', range];
  if (path === 'ioConfig.topicPattern') return ['spec.ioConfig.topic', null];
  return null;
}

function scalerCase(name: string, value: unknown, becomes: unknown, standard?: unknown, read = name): Case {
  return {
    value,
    read: (spec) => (spec.io.autoScaler as Record<string, unknown> | null)?.[read] ?? null,
    becomes,
    ...(standard === undefined ? {} : { standard }),
  };
}

const costCases: Readonly<Record<string, Case>> = {
  lagWeight: scalerCase('lagWeight', '1.5', 1.5, 0.4),
  idleWeight: scalerCase('idleWeight', 0, 0, 0.6),
  optimalTaskIdleRatio: scalerCase('optimalTaskIdleRatio', 0.9, 0.9, 0.25),
  useTaskCountBoundariesOnScaleUp: scalerCase('useTaskCountBoundariesOnScaleUp', true, true, false),
  useTaskCountBoundariesOnScaleDown: scalerCase('useTaskCountBoundariesOnScaleDown', 'false', false, true),
  scaleDownDuringTaskRolloverOnly: scalerCase('scaleDownDuringTaskRolloverOnly', true, true, false),
  usePollIdleRatio: scalerCase('usePollIdleRatio', false, false, true),
  criticalLagThreshold: scalerCase('criticalLagThreshold', '9223372036854775807', 2 ** 63, null),
  highLagCostFactor: scalerCase('highLagCostFactor', 2, 2, 6),
  minCostDropPercentForScaling: scalerCase('minCostDropPercentForScaling', 100, 100, 0),
};

const lagCases: Readonly<Record<string, Case>> = {
  enableTaskAutoScaler: {
    value: 'true',
    read: (spec) => spec.io.autoScaler?.taskCountMax ?? null,
    becomes: 4,
    standard: null,
  },
  autoScalerStrategy: scalerCase('autoScalerStrategy', 'costBased', 'costBased', 'lagBased', 'strategy'),
  taskCountMin: scalerCase('taskCountMin', 3, 3),
  taskCountMax: scalerCase('taskCountMax', 500, 500),
  taskCountStart: scalerCase('taskCountStart', 3, 3, null),
  stopTaskCountRatio: scalerCase('stopTaskCountRatio', 0.5, 0.5, null),
  minTriggerScaleActionFrequencyMillis: scalerCase(
    'minTriggerScaleActionFrequencyMillis',
    5,
    5,
    600_000,
    'minScaleDownDelayMs',
  ),
  minScaleUpDelay: scalerCase('minScaleUpDelay', 'PT1M', 60_000, 600_000, 'minScaleUpDelayMs'),
  minScaleDownDelay: scalerCase('minScaleDownDelay', 'PT2M', 120_000, 600_000, 'minScaleDownDelayMs'),
  scaleActionPeriodMillis: scalerCase('scaleActionPeriodMillis', 1, 1, 60_000, 'scaleActionPeriodMs'),
  lagCollectionIntervalMillis: scalerCase(
    'lagCollectionIntervalMillis',
    1500,
    1500,
    30_000,
    'lagCollectionIntervalMs',
  ),
  lagCollectionRangeMillis: scalerCase('lagCollectionRangeMillis', 0, 0, 600_000, 'lagCollectionRangeMs'),
  scaleOutThreshold: scalerCase('scaleOutThreshold', 9.2e18, 9.2e18, 6_000_000),
  triggerScaleOutFractionThreshold: scalerCase('triggerScaleOutFractionThreshold', '1e-1', 0.1, 0.3),
  scaleInThreshold: scalerCase('scaleInThreshold', 0, 0, 1_000_000),
  triggerScaleInFractionThreshold: scalerCase('triggerScaleInFractionThreshold', 1.1, 1.1, 0.9),
  scaleActionStartDelayMillis: scalerCase(
    'scaleActionStartDelayMillis',
    0,
    0,
    300_000,
    'scaleActionStartDelayMs',
  ),
  scaleInStep: scalerCase('scaleInStep', 0, 0, 1),
  scaleOutStep: scalerCase('scaleOutStep', 7, 7, 2),
  lagAggregate: scalerCase('lagAggregate', 'max', 'MAX', 'SUM'),
};

const restCases: Readonly<Record<string, Case>> = {
  'ioConfig.topicPattern': {
    value: 'clicks-.*',
    read: (spec) => [spec.io.topic, spec.io.isPattern],
    becomes: ['clicks-.*', true],
  },
  'ioConfig.serverPriorityToReplicas': {
    value: { '0': 1, '10': '2' },
    read: (spec) => [spec.io.serverPriorityToReplicas, spec.io.replicas],
    becomes: [{ '0': 1, '10': 2 }, 3],
    standard: [null, 1],
  },
  'ioConfig.stopTaskCount': {
    value: 1,
    read: (spec) => spec.io.stopTaskCount,
    becomes: 1,
    standard: null,
  },
  'ioConfig.boundedStreamConfig.startSequenceNumbers': {
    value: { '0': '4' },
    read: (spec) => spec.io.bounded?.starts,
    becomes: { '0': '4' },
  },
  'ioConfig.boundedStreamConfig.endSequenceNumbers': {
    value: { '0': '9223372036854775807' },
    read: (spec) => spec.io.bounded?.ends,
    becomes: { '0': '9223372036854775807' },
  },
  'ioConfig.idleConfig.enabled': {
    value: true,
    read: (spec) => spec.io.idle,
    becomes: { inactiveAfterMs: 600_000 },
    standard: null,
  },
  'ioConfig.idleConfig.inactiveAfterMillis': {
    value: 1,
    read: (spec) => spec.io.idle?.inactiveAfterMs,
    becomes: 1,
    standard: 600_000,
  },
  'ioConfig.emitTimeLagMetrics': {
    value: true,
    read: (spec) => spec.io.emitTimeLag,
    becomes: true,
    standard: false,
  },
  'ioConfig.mirrorConsumerGroup': {
    value: 'headgate mirror/clicks',
    read: (spec) => spec.io.mirrorConsumerGroup,
    becomes: 'headgate mirror/clicks',
    standard: null,
  },
  'tuningConfig.resetOffsetAutomatically': {
    value: true,
    read: (spec) => spec.tuning.resetOffsetAutomatically,
    becomes: true,
    standard: false,
  },
  'tuningConfig.offsetFetchPeriod': {
    value: 'PT7S',
    read: (spec) => spec.tuning.offsetFetchPeriodMs,
    becomes: 7000,
    standard: 30_000,
  },
  'context.useConcurrentLocks': {
    value: true,
    read: (spec) => spec.useConcurrentLocks,
    becomes: true,
    standard: false,
  },
};

export const operatorCases: Readonly<Record<string, Case>> = {
  ...restCases,
  ...Object.fromEntries(
    Object.entries({ ...lagCases, ...costCases }).map(([name, found]) => [`${scaler}.${name}`, found]),
  ),
};
