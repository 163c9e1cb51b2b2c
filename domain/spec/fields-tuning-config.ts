/** The `tuningConfig` rows of the field table (fields.ts): limits that work, and settings of machinery we do not have. */
import { indexSpecFields } from './fields-index-spec.ts';
import type { SpecField } from './fields.ts';

const limitFields: readonly SpecField[] = [
  { path: 'tuningConfig', class: 'works', default: {}, meaning: 'Limits.' },
  { path: 'tuningConfig.type', class: 'works', meaning: 'kafka, like the type of the spec.' },
  {
    path: 'tuningConfig.maxRowsInMemory',
    class: 'works',
    default: 150_000,
    meaning: 'Rows after rollup that a task holds before it persists them; 1 or more.',
  },
  {
    path: 'tuningConfig.maxBytesInMemory',
    class: 'works',
    default: 0,
    meaning:
      "Bytes a task holds before it persists; 0: the worker's own share. -1 (no limit in Druid) means 0 here, with a warning.",
  },
  {
    path: 'tuningConfig.maxRowsPerSegment',
    class: 'works',
    default: 5_000_000,
    meaning: 'Rows of one segment that start a handoff; 1 or more.',
  },
  {
    path: 'tuningConfig.maxTotalRows',
    class: 'works',
    default: 20_000_000,
    meaning: 'Rows of all segments of a task that start a handoff; 1 or more.',
  },
  {
    path: 'tuningConfig.intermediateHandoffPeriod',
    class: 'works',
    default: 'P2147483647D',
    meaning: 'Time that starts a handoff; the default means never.',
  },
  {
    path: 'tuningConfig.intermediatePersistPeriod',
    class: 'works',
    default: 'PT10M',
    meaning: 'How often rows in memory are persisted at least.',
  },
  {
    path: 'tuningConfig.maxParseExceptions',
    class: 'works',
    default: 2_147_483_647,
    meaning: 'More unreadable rows or values than this fail the task; the default means no limit.',
  },
  {
    path: 'tuningConfig.logParseExceptions',
    class: 'works',
    default: false,
    meaning: 'Each of them is logged.',
  },
  {
    path: 'tuningConfig.reportParseExceptions',
    class: 'works',
    default: false,
    meaning: 'Deprecated: true means maxParseExceptions 0.',
  },
  {
    path: 'tuningConfig.maxSavedParseExceptions',
    class: 'works',
    default: 0,
    meaning:
      'How many of the newest reports of unreadable rows each task group keeps for parseErrors; more than 5000 are not kept.',
  },
  {
    path: 'tuningConfig.resetOffsetAutomatically',
    class: 'works',
    default: false,
    meaning:
      'Goes on from what the stream still has when the stored position is gone, and records the gap. False: the supervisor is unhealthy until an operator decides.',
  },
  {
    path: 'tuningConfig.skipSequenceNumberAvailabilityCheck',
    class: 'noEffect',
    default: false,
    meaning: 'Does not ask whether the stored position still exists.',
    why: 'positions are always checked: reading from one that is gone would lose records in silence',
  },
];

const memoryFields: readonly SpecField[] = [
  {
    path: 'tuningConfig.appendableIndexSpec',
    class: 'refused',
    default: { type: 'onheap', preserveExistingMetrics: false },
    neutral: [{ type: 'onheap' }],
    meaning: 'The kind of index in memory.',
    why: 'there is one kind, which aggregates every row',
  },
  {
    path: 'tuningConfig.skipBytesInMemoryOverheadCheck',
    class: 'noEffect',
    default: false,
    meaning: 'Leaves overhead out of the count of bytes.',
    why: 'memory is always counted whole',
  },
  {
    path: 'tuningConfig.maxPendingPersists',
    class: 'noEffect',
    default: 0,
    meaning: 'Persists that may wait.',
    why: 'a task waits for its own persist',
  },
  {
    path: 'tuningConfig.numPersistThreads',
    class: 'noEffect',
    default: 1,
    meaning: 'Threads that persist.',
    why: 'a task persists in the thread it reads in',
  },
  {
    path: 'tuningConfig.basePersistDirectory',
    class: 'refused',
    meaning: 'The folder for persisted rows.',
    why: 'a spec must not choose folders of a worker; its operator sets HEADGATE_SCRATCH',
  },
];

const segmentFields: readonly SpecField[] = [
  ...indexSpecFields('indexSpec'),
  ...indexSpecFields('indexSpecForIntermediatePersists'),
  {
    path: 'tuningConfig.segmentWriteOutMediumFactory',
    class: 'noEffect',
    open: true,
    meaning: 'Where a segment is built.',
    why: "segments are built in the worker's scratch folder",
  },
  {
    path: 'tuningConfig.maxColumnsToMerge',
    class: 'noEffect',
    default: -1,
    meaning: 'Columns merged at once.',
    why: 'rows are merged in one pass',
  },
  {
    path: 'tuningConfig.streamingPartitionsSpec',
    class: 'noEffect',
    open: true,
    meaning: 'Records the values of dimensions per segment, for pruning.',
    why: 'segments are pruned by time and by the statistics of their columns',
  },
  {
    path: 'tuningConfig.handoffConditionTimeout',
    class: 'noEffect',
    default: 900_000,
    neutral: [0],
    meaning: 'How long to wait until another server serves the segment.',
    why: 'a published segment is readable at once; nothing waits for a handoff',
  },
  {
    path: 'tuningConfig.releaseLocksOnHandoff',
    class: 'noEffect',
    default: false,
    meaning: 'Frees locks early.',
    why: 'there are no interval locks',
  },
];

const supervisorFields: readonly SpecField[] = [
  {
    path: 'tuningConfig.workerThreads',
    class: 'noEffect',
    meaning: 'Threads for calls to tasks.',
    why: 'the supervisor is a workflow and makes no calls',
  },
  {
    path: 'tuningConfig.chatThreads',
    class: 'noEffect',
    meaning: 'Threads for calls to tasks.',
    why: 'tasks are told through Postgres',
  },
  {
    path: 'tuningConfig.chatRetries',
    class: 'noEffect',
    default: 8,
    meaning: 'Retries of calls to tasks.',
    why: 'tasks are told through Postgres',
  },
  {
    path: 'tuningConfig.httpTimeout',
    class: 'noEffect',
    default: 'PT10S',
    meaning: 'Time for one call.',
    why: 'tasks are told through Postgres',
  },
  {
    path: 'tuningConfig.shutdownTimeout',
    class: 'noEffect',
    default: 'PT80S',
    meaning: 'Time for a graceful stop.',
    why: 'completionTimeout bounds it',
  },
  {
    path: 'tuningConfig.offsetFetchPeriod',
    class: 'works',
    default: 'PT30S',
    meaning: 'How often the newest positions of the stream are fetched for lag; raised to five seconds.',
  },
  {
    path: 'tuningConfig.repartitionTransitionDuration',
    class: 'noEffect',
    default: 'PT2M',
    neutral: ['PT120S'],
    meaning: 'How long old groups run on after partitions changed.',
    why: 'new partitions are read within two periods',
  },
];

const kinesisFields: readonly SpecField[] = [
  'recordBufferSizeBytes',
  'recordBufferSize',
  'recordBufferOfferTimeout',
  'recordBufferFullWait',
  'fetchThreads',
  'fetchSequenceNumberTimeout',
  'maxRecordsPerPoll',
  'maxBytesPerPoll',
  'useListShards',
].map((key): SpecField => ({
  path: `tuningConfig.${key}`,
  class: 'noEffect',
  meaning: 'Kinesis: buffers and calls.',
  why: 'it belongs to Kinesis specs',
}));

export const tuningConfigFields: readonly SpecField[] = [
  ...limitFields,
  ...memoryFields,
  ...segmentFields,
  ...supervisorFields,
  ...kinesisFields,
];
