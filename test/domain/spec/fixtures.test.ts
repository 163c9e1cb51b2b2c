/** Specs as people have them: each parses, to what it says, with the warnings listed and no others. */
import { plainJson } from '../../../domain/spec/input-format.ts';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describeProblems, parseSupervisorSpec } from '../../../domain/spec/parse.ts';
import { setSuspended } from '../../../domain/spec/with-suspended.ts';

const folder = new URL('../../fixtures/specs/', import.meta.url);
const io = 'spec.ioConfig';
const tuning = 'spec.tuningConfig';
const schema = 'spec.dataSchema';

/** File, the paths warned of, and a part of what it becomes. */
const fixtures: readonly (readonly [file: string, warned: readonly string[], becomes: object])[] = [
  [
    'answer-of-druid.json',
    [],
    { id: 'echoed', io: { useEarliestOffset: true }, tuning: { maxParseExceptions: null } },
  ],
  ['clicks-flat.json', [], { id: 'clicks', io: { topic: 'clicks', isolationLevel: 'read_committed' } }],
  ['from-the-console.json', [], { dataSchema: { rollup: false, dimensions: { length: 4 }, metrics: [] } }],
  [
    'old-cluster.json',
    [
      'spec.context',
      `${io}.consumerProperties["group.id"]`,
      `${io}.consumerProperties["auto.offset.reset"]`,
      `${tuning}.maxPendingPersists`,
      `${tuning}.workerThreads`,
      `${tuning}.chatThreads`,
      `${tuning}.httpTimeout`,
      `${tuning}.handoffConditionTimeout`,
      `${tuning}.indexSpec.dimensionCompression`,
      `${tuning}.indexSpec.longEncoding`,
    ],
    { id: 'legacy', useConcurrentLocks: true, io: { consumerProperties: {} } },
  ],
  [
    'orders-windowed.json',
    [],
    {
      io: { lateMessageRejectionPeriodMs: 604_800_000, earlyMessageRejectionPeriodMs: 3_600_000 },
      tuning: {
        maxBytesInMemory: 67_108_864,
        intermediateHandoffPeriodMs: 1_200_000,
        maxParseExceptions: 100,
      },
    },
  ],
  [
    'sensors-typed.json',
    [`${schema}.dimensionsSpec.dimensions[2].createBitmapIndex`],
    {
      id: 'sensors-eu',
      dataSchema: {
        dataSource: 'sensors',
        dimensions: [
          { name: 'site', type: 'string', multiValueHandling: 'sorted_array' },
          { name: 'tags', type: 'string', multiValueHandling: 'sorted_set' },
          { name: 'sensor_id', type: 'long', multiValueHandling: 'sorted_array' },
          { name: 'latitude', type: 'double', multiValueHandling: 'sorted_array' },
          { name: 'accuracy', type: 'float', multiValueHandling: 'sorted_array' },
        ],
        segmentGranularity: { kind: 'calendar', unit: 'month' },
        queryGranularity: { kind: 'duration', durationMs: 900_000 },
      },
      io: { bootstrapServers: ['[::1]:9092'], isolationLevel: 'read_uncommitted' },
    },
  ],
  [
    'server-metrics.json',
    [],
    {
      dataSchema: {
        discoverDimensions: true,
        dimensionExclusions: ['__time', 'count', 'timestamp', 'value', 'value_max', 'value_min', 'value_sum'],
      },
    },
  ],
  ['suspended.json', [`${io}.period`], { id: 'paused for now', suspended: true, io: { periodMs: 1000 } }],
  [
    'texts-for-numbers.json',
    [`${io}.taskDuration`],
    {
      suspended: false,
      io: {
        taskCount: 3,
        replicas: 2,
        useEarliestOffset: true,
        taskDurationMs: 600_000,
        consumerProperties: { 'fetch.min.bytes': '1024' },
      },
      dataSchema: { rollup: false, timestampSpec: { format: 'millis', missingValueMs: 0 } },
    },
  ],
  [
    'unknown-names.json',
    [
      'comment',
      'spec.suspended',
      `${schema}.datasource`,
      `${schema}.timestampSpec.timezone`,
      `${schema}.dimensionsSpec.dimensionExclusion`,
      `${schema}.granularitySpec["roll-up"]`,
      `${schema}.granularitySpec.taskDuration`,
      `${io}.taskcount`,
      `${io}.useEarlyestOffset`,
      `${io}.maxRowsInMemory`,
    ],
    { id: 'misspelt', suspended: false, io: { taskCount: 1, useEarliestOffset: false } },
  ],
];

/** Everything Druid fills in when a spec says as little as it can. */
const smallest = {
  id: 'smallest',
  type: 'kafka',
  suspended: false,
  useConcurrentLocks: false,
  dataSchema: {
    dataSource: 'smallest',
    timestampSpec: { column: 'timestamp', format: 'auto', missingValueMs: null },
    dimensions: [],
    discoverDimensions: true,
    discoverTypes: false,
    dimensionExclusions: ['__time', 'timestamp'],
    transforms: [],
    filter: null,
    metrics: [],
    segmentGranularity: { kind: 'duration', durationMs: 86_400_000 },
    queryGranularity: { kind: 'none' },
    rollup: true,
  },
  io: {
    topic: 'smallest',
    isPattern: false,
    serverPriorityToReplicas: null,
    stopTaskCount: null,
    autoScaler: null,
    bounded: null,
    idle: null,
    emitTimeLag: false,
    mirrorConsumerGroup: null,
    bootstrapServers: ['localhost:9092'],
    isolationLevel: 'read_committed',
    consumerProperties: {},
    inputFormat: plainJson,
    taskCount: 1,
    replicas: 1,
    taskDurationMs: 3_600_000,
    startDelayMs: 5000,
    periodMs: 30_000,
    useEarliestOffset: false,
    completionTimeoutMs: 1_800_000,
    lateMessageRejectionPeriodMs: null,
    lateMessageRejectionStartMs: null,
    earlyMessageRejectionPeriodMs: null,
    pollTimeoutMs: 100,
    deadLetters: null,
  },
  tuning: {
    maxRowsInMemory: 150_000,
    maxBytesInMemory: null,
    intermediatePersistPeriodMs: 600_000,
    maxRowsPerSegment: 5_000_000,
    maxTotalRows: 20_000_000,
    intermediateHandoffPeriodMs: null,
    maxParseExceptions: null,
    logParseExceptions: false,
    maxSavedParseExceptions: 0,
    resetOffsetAutomatically: false,
    offsetFetchPeriodMs: 30_000,
  },
};

function parsedFile(file: string) {
  const result = parseSupervisorSpec(JSON.parse(readFileSync(new URL(file, folder), 'utf8')));
  if (result.kind === 'invalid') throw new Error(describeProblems(result.problems));
  return result;
}

describe('specs as people have them', () => {
  it.each(fixtures)('%s', (file, warned, becomes) => {
    const { spec, warnings } = parsedFile(file);
    expect(spec).toMatchObject(becomes);
    expect(warnings.map((warning) => warning.path).sort()).toEqual([...warned].sort());
  });

  it('smallest.json gets every default', () => {
    expect(parsedFile('smallest.json')).toEqual({ kind: 'ok', spec: smallest, warnings: [] });
  });

  it('has a line here for every file', () => {
    const files = [...fixtures.map(([file]) => file), 'smallest.json'].sort();
    expect(readdirSync(folder).sort()).toEqual(files);
  });

  it.each(readdirSync(folder))('%s is the same suspended and resumed, but for that', (file) => {
    const text = readFileSync(new URL(file, folder), 'utf8');
    const { spec } = parsedFile(file);
    for (const suspended of [true, false]) {
      const result = parseSupervisorSpec(JSON.parse(setSuspended(text, suspended)));
      expect(result.kind === 'ok' ? result.spec : result).toEqual({ ...spec, suspended });
    }
  });

  it('proposes the name that was meant', () => {
    const hints = Object.fromEntries(
      parsedFile('unknown-names.json').warnings.map((warning) => [warning.path, warning.remedy]),
    );
    expect(hints).toMatchObject({
      'spec.suspended': 'write it at the top, beside spec',
      'spec.dataSchema.datasource': 'did you mean dataSource?',
      'spec.dataSchema.dimensionsSpec.dimensionExclusion': 'did you mean dimensionExclusions?',
      'spec.dataSchema.granularitySpec["roll-up"]': 'did you mean rollup?',
      'spec.dataSchema.granularitySpec.taskDuration': 'did you mean ioConfig.taskDuration?',
      'spec.ioConfig.taskcount': 'did you mean taskCount?',
      'spec.ioConfig.useEarlyestOffset': 'did you mean useEarliestOffset?',
      'spec.ioConfig.maxRowsInMemory': 'did you mean tuningConfig.maxRowsInMemory?',
    });
    expect(hints['comment']).toBeUndefined();
  });
});
