/** The `ioConfig.autoScalerConfig` rows of the field table (fields.ts): how taskCount follows lag or cost. */
import type { SpecField } from './fields.ts';

const parent = 'ioConfig.autoScalerConfig';

function row(name: string, meaning: string, standard?: SpecField['default']): SpecField {
  return {
    path: `${parent}.${name}`,
    class: 'works',
    ...(standard === undefined ? {} : { default: standard }),
    meaning,
  };
}

const commonFields: readonly SpecField[] = [
  row('enableTaskAutoScaler', 'True: taskCount is changed. False: nothing else here is looked at.', false),
  row(
    'autoScalerStrategy',
    'lagBased (how far behind) or costBased (what waiting and idling cost).',
    'lagBased',
  ),
  { ...row('taskCountMin', 'The fewest task groups; 1 to 500.'), required: true },
  { ...row('taskCountMax', 'The most task groups; taskCountMin to 500.'), required: true },
  row(
    'taskCountStart',
    'taskCount from each time the spec is posted, before the first decision; from taskCountMin to taskCountMax. None: taskCount as it is, for a new supervisor taskCountMin.',
  ),
  row(
    'stopTaskCountRatio',
    'This share of taskCount, at least one group, may stop at once because of taskDuration; above 0, at most 1. It beats stopTaskCount.',
  ),
  row(
    'minTriggerScaleActionFrequencyMillis',
    'lagBased, deprecated: minScaleUpDelay and minScaleDownDelay where they are not given.',
    600_000,
  ),
  row(
    'minScaleUpDelay',
    'The least time from the last change of taskCount to one upwards. None: PT15M for costBased, else minTriggerScaleActionFrequencyMillis.',
  ),
  row(
    'minScaleDownDelay',
    'The least time from the last change of taskCount to one downwards. None: PT30M for costBased, else minTriggerScaleActionFrequencyMillis.',
  ),
  row(
    'scaleActionPeriodMillis',
    'How often it is decided. None: 60000 for lagBased, 120000 for costBased. Not more often than every ioConfig.period.',
  ),
];

const lagBasedRows: readonly SpecField[] = [
  row(
    'lagCollectionIntervalMillis',
    'lagBased: how often the lag is sampled; not more often than every ioConfig.period; raised to one second.',
    30_000,
  ),
  row('lagCollectionRangeMillis', 'lagBased: how long a sample counts; less than 1000 intervals.', 600_000),
  row('scaleOutThreshold', 'lagBased: a sample of this lag or more is a high one.', 6_000_000),
  row(
    'triggerScaleOutFractionThreshold',
    'lagBased: this share of high samples adds groups; above 1 means never.',
    0.3,
  ),
  row('scaleInThreshold', 'lagBased: a sample of this lag or less is a low one.', 1_000_000),
  row(
    'triggerScaleInFractionThreshold',
    'lagBased: this share of low samples takes groups away; above 1 means never.',
    0.9,
  ),
  row('scaleActionStartDelayMillis', 'lagBased: the wait before the first sample.', 300_000),
  row('scaleInStep', 'lagBased: groups taken away at once.', 1),
  row('scaleOutStep', 'lagBased: groups added at once.', 2),
  row('lagAggregate', 'lagBased: SUM, MAX or AVERAGE of the lags of all partitions.', 'SUM'),
];

const costBasedRows: readonly SpecField[] = [
  row('lagWeight', 'costBased: how much waiting records cost; 0 or more.', 0.4),
  row('idleWeight', 'costBased: how much idle tasks cost; 0 or more.', 0.6),
  row('optimalTaskIdleRatio', 'costBased: the share of time a task should be idle; between 0 and 1.', 0.25),
  row(
    'useTaskCountBoundariesOnScaleUp',
    'costBased: only the two nearest larger counts are considered.',
    false,
  ),
  row(
    'useTaskCountBoundariesOnScaleDown',
    'costBased: only the two nearest smaller counts are considered.',
    true,
  ),
  row(
    'scaleDownDuringTaskRolloverOnly',
    'costBased: groups are taken away only when groups roll over.',
    false,
  ),
  row(
    'usePollIdleRatio',
    'costBased: idle is the time spent waiting for records; false: speed against the best seen.',
    true,
  ),
  row(
    'criticalLagThreshold',
    'costBased: from 75 % of this lag more groups are preferred, from 100 % the most are taken; above 0.',
  ),
  row('highLagCostFactor', 'costBased: how much more lag costs when it is high; 0 or more.', 6),
  row('minCostDropPercentForScaling', 'costBased: a change must save this much; 0 to 100.', 0),
];

export const autoScalerFields: readonly SpecField[] = [
  {
    path: parent,
    class: 'works',
    switchedOffBy: { field: 'enableTaskAutoScaler', unless: true },
    meaning:
      'Changes taskCount by lag or cost. With enableTaskAutoScaler false it is accepted and does nothing.',
  },
  ...commonFields,
  ...lagBasedRows,
  ...costBasedRows,
];
