/** The `ioConfig` rows of the field table (fields.ts): where records come from and how the work is spread. */
import { autoScalerFields } from './fields-auto-scaler.ts';
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
    class: 'works',
    open: true,
    meaning:
      'Replicas by priority of query servers: their sum is replicas, and they are shown. The priorities themselves change nothing: whichever replica is ahead answers queries.',
  },
  {
    path: 'ioConfig.taskCount',
    class: 'works',
    default: 1,
    meaning:
      'Task groups the partitions are spread over; 1 to 500. Not given: as it runs; else taskCountStart or taskCountMin of an enabled autoscaler, else 1.',
  },
  {
    path: 'ioConfig.stopTaskCount',
    class: 'works',
    meaning: 'How many groups may stop or publish at once because of taskDuration; 1 or more. None: all.',
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

const restFields: readonly SpecField[] = [
  {
    path: 'ioConfig.boundedStreamConfig',
    class: 'works',
    meaning: 'Reads exactly one range of positions; then the supervisor is COMPLETED.',
  },
  {
    path: 'ioConfig.boundedStreamConfig.startSequenceNumbers',
    class: 'works',
    required: true,
    open: true,
    meaning:
      'The first position to read, by partition ("0", with topicPattern "topic:0"), where none is stored.',
  },
  {
    path: 'ioConfig.boundedStreamConfig.endSequenceNumbers',
    class: 'works',
    required: true,
    open: true,
    meaning: 'The first position that is not read, for the same partitions; not before the start.',
  },
  {
    path: 'ioConfig.idleConfig',
    class: 'works',
    switchedOffBy: { field: 'enabled', unless: true },
    meaning:
      'Runs no tasks for a stream without new records. With enabled false it is accepted and does nothing.',
  },
  {
    path: 'ioConfig.idleConfig.enabled',
    class: 'works',
    default: false,
    meaning: 'True: a supervisor whose stream brings nothing and has no lag becomes IDLE.',
  },
  {
    path: 'ioConfig.idleConfig.inactiveAfterMillis',
    class: 'works',
    default: 600_000,
    meaning: 'How long nothing must come; 1 or more.',
  },
  {
    path: 'ioConfig.emitTimeLagMetrics',
    class: 'works',
    default: false,
    meaning: 'Also measures how many milliseconds each partition is behind.',
  },
  {
    path: 'ioConfig.mirrorConsumerGroup',
    class: 'works',
    meaning:
      "A consumer group to which published positions are committed too, so that Kafka's tools show the lag; not in Druid. Nothing is ever read from it. Give it to nothing else.",
  },
  {
    path: 'ioConfig.lagAggregator',
    class: 'refused',
    neutral: [{ type: 'default' }],
    meaning: 'A class that makes one figure of the lags of all partitions.',
    why: 'a spec carries no code; autoScalerConfig.lagAggregate chooses between SUM, MAX and AVERAGE',
  },
  {
    path: 'ioConfig.configOverrides',
    class: 'refused',
    meaning: 'Classes that make the consumer in another way.',
    why: 'a spec carries no code; give consumerProperties',
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
    meaning: 'The topic; this or topicPattern. It cannot change for an existing id.',
  },
  {
    path: 'ioConfig.topicPattern',
    class: 'works',
    meaning:
      'A regular expression (RE2): every topic whose whole name matches is read, also those made later, and partitions are named topic:partition. At most 500 characters. It cannot change for an existing id.',
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
  ...autoScalerFields,
  ...restFields,
  ...kinesisFields,
];
