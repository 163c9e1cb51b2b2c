/** The `ioConfig` rows of the field table (fields.ts): where records come from and how the work is spread. */
import type { SpecField } from './fields.ts';

const inputFormatFields: readonly SpecField[] = [
  {
    path: 'ioConfig.inputFormat',
    class: 'works',
    required: true,
    open: true,
    meaning: 'How a record is read.',
  },
  {
    path: 'ioConfig.inputFormat.type',
    class: 'works',
    required: true,
    meaning:
      'json. Not supported yet: csv, tsv, lines, regex, avro_stream, protobuf and the wrapper kafka. Refused: thrift, javascript.',
  },
  {
    path: 'ioConfig.inputFormat.flattenSpec',
    class: 'later',
    meaning: 'Fields taken from nested objects.',
    neutral: [{ useFieldDiscovery: true }, { useFieldDiscovery: true, fields: [] }, { fields: [] }],
    why: 'only fields of the outermost object are read',
  },
  {
    path: 'ioConfig.inputFormat.featureSpec',
    class: 'later',
    default: {},
    meaning: "Switches of Druid's JSON reader.",
    why: 'records are read as strict JSON',
  },
  {
    path: 'ioConfig.inputFormat.assumeNewlineDelimited',
    class: 'later',
    default: false,
    meaning: 'Each line of a record stands alone: a broken one does not spoil the others.',
    why: 'several objects in one record are read, but a broken one makes the whole record unparseable',
  },
  {
    path: 'ioConfig.inputFormat.useJsonNodeReader',
    class: 'later',
    default: false,
    meaning: 'Objects before a broken one in the same record are kept.',
    why: 'a broken object makes the whole record unparseable',
  },
  {
    path: 'ioConfig.inputFormat.keepNullColumns',
    class: 'later',
    default: false,
    meaning: 'Fields that are always null are discovered too.',
    why: 'a discovered column has at least one value',
  },
];

/** Fields of input formats that come later; in a json format they are a mistake. */
const otherFormatFields: readonly SpecField[] = (
  [
    ['columns', 'csv, tsv, regex', 'Names of the columns.'],
    ['findColumnsFromHeader', 'csv, tsv', 'Names come from a header line.'],
    ['skipHeaderRows', 'csv, tsv', 'Lines left out.'],
    ['listDelimiter', 'csv, tsv, regex', 'Separates the values of one column.'],
    ['delimiter', 'tsv', 'Separates columns.'],
    ['tryParseNumbers', 'csv, tsv', 'Numbers are read as numbers.'],
    ['pattern', 'regex', 'The expression whose groups are the columns.'],
    ['valueFormat', 'kafka', 'The format of the value.'],
    ['keyFormat', 'kafka', 'The format of the key.'],
    ['headerFormat', 'kafka', 'How headers are read.'],
    ['headerColumnPrefix', 'kafka', 'Prefix of columns made of headers.'],
    ['keyColumnName', 'kafka', 'The column of the key.'],
    ['timestampColumnName', 'kafka', "The column of the record's time."],
    ['topicColumnName', 'kafka', 'The column of the topic.'],
    ['partitionColumnName', 'kafka', 'The column of the partition.'],
    ['offsetColumnName', 'kafka', 'The column of the offset.'],
    ['avroBytesDecoder', 'avro_stream', 'Where the schema comes from.'],
    ['protoBytesDecoder', 'protobuf', 'Where the descriptor comes from.'],
  ] as const
).map(([key, formats, meaning]): SpecField => ({
  path: `ioConfig.inputFormat.${key}`,
  class: 'later',
  meaning: `Of ${formats}: ${meaning}`,
  why: `it goes with the input format ${formats.replaceAll(', ', ' or ')}`,
}));

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
    meaning: 'Rows newer than the end of their sequence by taskDuration plus this are thrown away.',
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
    why: 'the sum, the greatest and the average are reported',
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
  ...shareFields,
  ...inputFormatFields,
  ...otherFormatFields,
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
