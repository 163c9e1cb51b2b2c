/** The `ioConfig` rows of the field table (fields.ts): where records come from and how the work is spread. */
import { inputFormatFields } from './fields-input-format.ts';
import type { SpecField } from './fields.ts';

const shareFields: readonly SpecField[] = [
  {
    path: 'ioConfig.replicas',
    class: 'works',
    default: 1,
    meaning: 'Tasks that read the same partitions; 1 to 20.',
  },
  {
    path: 'ioConfig.serverPriorityToReplicas',
    class: 'later',
    meaning: 'Replicas by priority of query servers.',
    why: 'workers have no query priorities; give replicas',
  },
  {
    path: 'ioConfig.taskCount',
    class: 'works',
    default: 1,
    meaning: 'Task groups the partitions are spread over; 1 to 500.',
  },
  {
    path: 'ioConfig.taskDuration',
    class: 'works',
    default: 'PT1H',
    meaning: 'How long a task reads before it publishes; more than 0.',
  },
  {
    path: 'ioConfig.startDelay',
    class: 'works',
    default: 'PT5S',
    meaning: 'The wait before the first look at the stream; 0 or more.',
  },
  {
    path: 'ioConfig.period',
    class: 'works',
    default: 'PT30S',
    meaning: 'How often the supervisor looks at stream and tasks; raised to one second.',
  },
  {
    path: 'ioConfig.useEarliestOffset',
    class: 'works',
    default: false,
    meaning: 'Where reading starts when nothing is stored: at the earliest record, or at the latest.',
  },
  {
    path: 'ioConfig.completionTimeout',
    class: 'works',
    default: 'PT30M',
    meaning: 'Time to publish before the group is discarded and read again; more than 0.',
  },
  {
    path: 'ioConfig.lateMessageRejectionPeriod',
    class: 'works',
    meaning: 'Rows older than this before the start of their sequence are thrown away.',
  },
  {
    path: 'ioConfig.lateMessageRejectionStartDateTime',
    class: 'works',
    meaning: 'Rows older than this time are thrown away; not together with lateMessageRejectionPeriod.',
  },
  {
    path: 'ioConfig.earlyMessageRejectionPeriod',
    class: 'works',
    meaning: 'Rows later than the start of their sequence plus taskDuration plus this are thrown away.',
  },
];

/** Rows of the page only: the walk stops at a `later` object that asks for something. */
function partsOf(
  parent: string,
  names: readonly string[],
  meaning: string,
  why: string,
): readonly SpecField[] {
  return names.map((name) => ({ path: `${parent}.${name}`, class: 'later', meaning, why }));
}

const autoScalerFields = partsOf(
  'ioConfig.autoScalerConfig',
  [
    'autoScalerStrategy',
    'enableTaskAutoScaler',
    'taskCountMin',
    'taskCountMax',
    'taskCountStart',
    'stopTaskCountRatio',
    'minTriggerScaleActionFrequencyMillis',
    'minScaleUpDelay',
    'minScaleDownDelay',
    'scaleActionPeriodMillis',
    'lagCollectionIntervalMillis',
    'lagCollectionRangeMillis',
    'scaleOutThreshold',
    'triggerScaleOutFractionThreshold',
    'scaleInThreshold',
    'triggerScaleInFractionThreshold',
    'scaleActionStartDelayMillis',
    'scaleInStep',
    'scaleOutStep',
    'lagAggregate',
    'lagWeight',
    'idleWeight',
    'optimalTaskIdleRatio',
    'useTaskCountBoundariesOnScaleUp',
    'useTaskCountBoundariesOnScaleDown',
    'scaleDownDuringTaskRolloverOnly',
    'usePollIdleRatio',
    'criticalLagThreshold',
    'highLagCostFactor',
    'minCostDropPercentForScaling',
  ],
  'A part of autoScalerConfig.',
  'the autoscaler comes later',
);

const laterFields: readonly SpecField[] = [
  {
    path: 'ioConfig.autoScalerConfig',
    class: 'later',
    switchedOffBy: { field: 'enableTaskAutoScaler', unless: true },
    meaning:
      'Changes taskCount by lag or cost. With enableTaskAutoScaler false it is accepted and does nothing.',
    why: 'taskCount changes only with the spec',
  },
  ...autoScalerFields,
  {
    path: 'ioConfig.boundedStreamConfig',
    class: 'later',
    meaning: 'Reads one range of positions and completes.',
    why: 'a supervisor reads on until it is suspended or terminated',
  },
  ...partsOf(
    'ioConfig.boundedStreamConfig',
    ['startSequenceNumbers', 'endSequenceNumbers'],
    'Positions by partition.',
    'bounded reading comes later',
  ),
  {
    path: 'ioConfig.lagAggregator',
    class: 'later',
    neutral: [{ type: 'default' }],
    meaning: 'How partition lags become one figure.',
    why: 'the lag of each partition and their sum are reported',
  },
  {
    path: 'ioConfig.stopTaskCount',
    class: 'later',
    meaning: 'How many groups may stop at once because of taskDuration.',
    why: 'all groups stop when their taskDuration is over',
  },
  {
    path: 'ioConfig.idleConfig',
    class: 'later',
    switchedOffBy: { field: 'enabled', unless: true },
    meaning: 'Stops tasks of a stream without new data. With enabled false it is accepted and does nothing.',
    why: 'tasks keep reading an idle stream',
  },
  ...partsOf(
    'ioConfig.idleConfig',
    ['enabled', 'inactiveAfterMillis'],
    'A part of idleConfig.',
    'tasks keep reading an idle stream',
  ),
  {
    path: 'ioConfig.topicPattern',
    class: 'later',
    meaning: 'Reads every topic whose name matches.',
    why: 'one supervisor reads one topic; give topic',
  },
  {
    path: 'ioConfig.configOverrides',
    class: 'later',
    meaning: 'Other ways to make the consumer.',
    why: 'give consumerProperties',
  },
];

/** In the answers of Druid, and of no use in a Kafka spec. */
const kinesisFields: readonly SpecField[] = (
  [
    ['endpoint', 'The service endpoint.'],
    ['region', 'The region.'],
    ['fetchDelayMillis', 'Pause between calls.'],
    ['recordsPerFetch', 'Records per call.'],
    ['deaggregate', 'Unpacks aggregated records.'],
    ['awsAssumedRoleArn', 'The role to assume.'],
    ['awsExternalId', 'The external id for that role.'],
  ] as const
).map(([key, meaning]): SpecField => ({
  path: `ioConfig.${key}`,
  class: 'noEffect',
  meaning: `Kinesis: ${meaning}`,
  why: 'it belongs to Kinesis specs',
}));

export const ioConfigFields: readonly SpecField[] = [
  { path: 'ioConfig', class: 'works', required: true, meaning: 'Where records come from.' },
  { path: 'ioConfig.type', class: 'works', meaning: 'kafka, like the type of the spec.' },
  {
    path: 'ioConfig.topic',
    class: 'works',
    required: true,
    meaning: 'The topic. It cannot change for an existing id.',
  },
  {
    path: 'ioConfig.stream',
    class: 'works',
    meaning: "Kinesis' word for topic. Druid's answers repeat the topic here: accepted when equal.",
  },
  {
    path: 'ioConfig.useEarliestSequenceNumber',
    class: 'works',
    meaning: "Kinesis' word for useEarliestOffset. Druid's answers repeat it here: accepted when equal.",
  },
  {
    path: 'ioConfig.consumerProperties',
    class: 'works',
    required: true,
    open: true,
    meaning: 'Settings of the Kafka client; see the list of properties below.',
  },
  {
    path: 'ioConfig.pollTimeout',
    class: 'works',
    default: 100,
    meaning: 'How long one poll waits, in milliseconds; 1 to 600000.',
  },
  {
    path: 'ioConfig.deadLetters',
    class: 'works',
    meaning:
      'Where records that cannot be read go whole, with partition, offset and reason; not in Druid. None: they are only counted.',
  },
  {
    path: 'ioConfig.deadLetters.type',
    class: 'works',
    required: true,
    meaning:
      'topic: a topic of the same cluster. folder: files of JSON lines in deep storage, below _dead-letters/.',
  },
  {
    path: 'ioConfig.deadLetters.topic',
    class: 'works',
    required: true,
    meaning: 'For type topic: its name; it must exist, and not be the topic that is read.',
  },
  ...shareFields,
  ...inputFormatFields,
  ...laterFields,
  {
    path: 'ioConfig.emitTimeLagMetrics',
    class: 'noEffect',
    default: false,
    meaning: 'Also measures lag in milliseconds.',
    why: 'lag is counted in records',
  },
  ...kinesisFields,
];
