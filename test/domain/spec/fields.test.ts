/** The field table is complete and true: every row is tried, in its class, with a value that asks for something. */
import { describe, expect, it } from 'vitest';
import { specFields, type SpecField } from '../../../domain/spec/fields.ts';
import { describeProblems, parseSupervisorSpec } from '../../../domain/spec/parse.ts';
import { changeNeeds, specDifferences } from '../../../domain/spec/spec-differences.ts';
import type { SupervisorSpec } from '../../../domain/spec/spec.ts';
import { jsonFormatBase, jsonFormatCases } from './json-format-cases.ts';
import { operatorBase, operatorCases } from './operator-cases.ts';
import { otherFormatBase, otherFormatCases } from './other-format-cases.ts';
import { transformBase, transformCases } from './transform-cases.ts';
import { aRawSpec, changed, gone, type RawSpec } from './raw-spec.ts';

type Works = {
  readonly value: unknown;
  readonly read: (spec: SupervisorSpec) => unknown;
  readonly becomes: unknown;
  /** What is read when the field is not given; absent: the field is required. */
  readonly standard?: unknown;
};

const hour = 3_600_000;
const dimension = (spec: SupervisorSpec) => spec.dataSchema.dimensions[0];
const metric = (spec: SupervisorSpec) => spec.dataSchema.metrics[1];

/** One entry per row of class `works` that holds a value. */
const works: Readonly<Record<string, Works>> = {
  ...operatorCases,
  type: { value: 'kafka', read: (spec) => spec.type, becomes: 'kafka' },
  id: { value: 'own', read: (spec) => spec.id, becomes: 'own', standard: 'clicks' },
  suspended: { value: true, read: (spec) => spec.suspended, becomes: true, standard: false },
  'dataSchema.dataSource': { value: 'other', read: (spec) => spec.dataSchema.dataSource, becomes: 'other' },
  'dataSchema.timestampSpec.column': {
    value: 'when',
    read: (spec) => spec.dataSchema.timestampSpec.column,
    becomes: 'when',
    standard: 'timestamp',
  },
  'dataSchema.timestampSpec.format': {
    value: 'POSIX',
    read: (spec) => spec.dataSchema.timestampSpec.format,
    becomes: 'posix',
    standard: 'auto',
  },
  'dataSchema.timestampSpec.missingValue': {
    value: '2010-01-01T05:00:00+05:00',
    read: (spec) => spec.dataSchema.timestampSpec.missingValueMs,
    becomes: Date.UTC(2010, 0, 1),
    standard: null,
  },
  'dataSchema.dimensionsSpec.dimensions': {
    value: ['a'],
    read: (spec) => [spec.dataSchema.discoverDimensions, spec.dataSchema.dimensions.map(({ name }) => name)],
    becomes: [false, ['a']],
    standard: [true, []],
  },
  'dataSchema.dimensionsSpec.dimensions[].type': {
    value: 'long',
    read: (spec) => dimension(spec)?.type,
    becomes: 'long',
    standard: 'string',
  },
  'dataSchema.dimensionsSpec.dimensions[].name': {
    value: 'city',
    read: (spec) => dimension(spec)?.name,
    becomes: 'city',
  },
  'dataSchema.dimensionsSpec.dimensions[].multiValueHandling': {
    value: 'SORTED_SET',
    read: (spec) => dimension(spec)?.multiValueHandling,
    becomes: 'sorted_set',
    standard: 'sorted_array',
  },
  'dataSchema.dimensionsSpec.dimensions[].castToType': {
    value: 'array<float>',
    read: (spec) => dimension(spec)?.castToType,
    becomes: 'ARRAY<DOUBLE>',
    standard: undefined,
  },
  'dataSchema.dimensionsSpec.dimensions[].maxStringLength': {
    value: 7,
    read: (spec) => dimension(spec)?.maxStringLength,
    becomes: 7,
    standard: undefined,
  },
  'dataSchema.dimensionsSpec.includeAllDimensions': {
    value: true,
    read: (spec) => [spec.dataSchema.discoverDimensions, spec.dataSchema.discoverTypes],
    becomes: [true, false],
    standard: [false, false],
  },
  'dataSchema.dimensionsSpec.useSchemaDiscovery': {
    value: true,
    read: (spec) => [spec.dataSchema.discoverDimensions, spec.dataSchema.discoverTypes],
    becomes: [true, true],
    standard: [false, false],
  },
  'dataSchema.dimensionsSpec.forceSegmentSortByTime': {
    value: false,
    read: (spec) => spec.dataSchema.timeSortPosition,
    becomes: 2,
    standard: undefined,
  },
  'dataSchema.dimensionsSpec.dimensionExclusions': {
    value: ['noise'],
    read: (spec) => spec.dataSchema.dimensionExclusions,
    becomes: ['__time', 'at', 'events', 'noise', 'paid', 'price'],
    standard: ['__time', 'at', 'events', 'paid', 'price'],
  },
  'dataSchema.metricsSpec': {
    value: [{ type: 'count', name: 'n' }],
    read: (spec) => spec.dataSchema.metrics,
    becomes: [{ type: 'count', name: 'n', fieldName: null }],
    standard: [],
  },
  'dataSchema.metricsSpec[].type': {
    value: 'longMax',
    read: (spec) => metric(spec)?.type,
    becomes: 'longMax',
  },
  'dataSchema.metricsSpec[].name': { value: 'sum', read: (spec) => metric(spec)?.name, becomes: 'sum' },
  'dataSchema.metricsSpec[].fieldName': {
    value: 'cents',
    read: (spec) => metric(spec)?.fieldName,
    becomes: 'cents',
  },
  'dataSchema.metricsSpec[].expression': {
    value: 'price * 2',
    read: (spec) => metric(spec)?.expression,
    becomes: 'price * 2',
  },
  'dataSchema.metricsSpec[].filter': {
    value: { type: 'null', column: 'page' },
    read: (spec) => metric(spec)?.filters,
    becomes: [{ type: 'null', column: 'page' }],
  },
  'dataSchema.metricsSpec[].aggregator': {
    value: { type: 'filtered', filter: { type: 'true' }, aggregator: { type: 'count' } },
    read: (spec) => metric(spec),
    becomes: { type: 'count', name: 'paid', fieldName: null, filters: [{ type: 'false' }, { type: 'true' }] },
  },
  'dataSchema.metricsSpec[].timeColumn': {
    value: 'seen',
    read: (spec) => metric(spec)?.timeColumn,
    becomes: 'seen',
    standard: undefined,
  },
  'dataSchema.metricsSpec[].maxStringBytes': {
    value: 0,
    read: (spec) => metric(spec)?.maxStringBytes,
    becomes: 0,
    standard: 1024,
  },
  'dataSchema.metricsSpec[].lgK': {
    value: '4',
    read: (spec) => metric(spec)?.lgK,
    becomes: 4,
    standard: 12,
  },
  'dataSchema.metricsSpec[].k': { value: 64, read: (spec) => metric(spec)?.k, becomes: 64, standard: 128 },
  'dataSchema.granularitySpec.type': {
    value: 'uniform',
    read: (spec) => spec.dataSchema.rollup,
    becomes: true,
    standard: true,
  },
  'dataSchema.granularitySpec.segmentGranularity': {
    value: 'month',
    read: (spec) => spec.dataSchema.segmentGranularity,
    becomes: { kind: 'calendar', unit: 'month' },
    standard: { kind: 'duration', durationMs: 24 * hour },
  },
  'dataSchema.granularitySpec.queryGranularity': {
    value: { type: 'period', period: 'PT1S' },
    read: (spec) => spec.dataSchema.queryGranularity,
    becomes: { kind: 'duration', durationMs: 1000 },
    standard: { kind: 'none' },
  },
  'dataSchema.granularitySpec.rollup': {
    value: 'False',
    read: (spec) => spec.dataSchema.rollup,
    becomes: false,
    standard: true,
  },
  'ioConfig.type': { value: 'kafka', read: (spec) => spec.type, becomes: 'kafka', standard: 'kafka' },
  'ioConfig.topic': { value: 't', read: (spec) => spec.io.topic, becomes: 't' },
  'ioConfig.stream': {
    value: 'clicks-by-minute',
    read: (spec) => spec.io.topic,
    becomes: 'clicks-by-minute',
    standard: 'clicks-by-minute',
  },
  'ioConfig.useEarliestSequenceNumber': {
    value: false,
    read: (spec) => spec.io.useEarliestOffset,
    becomes: false,
    standard: false,
  },
  'ioConfig.consumerProperties': {
    value: {
      'bootstrap.servers': 'a:1, PLAINTEXT://b:2 ,[::1]:3,a:1',
      'fetch.min.bytes': 5,
      'isolation.level': 'read_uncommitted',
    },
    read: (spec) => [spec.io.bootstrapServers, spec.io.isolationLevel, spec.io.consumerProperties],
    becomes: [
      ['a:1', 'b:2', '[::1]:3'],
      'read_uncommitted',
      { 'fetch.min.bytes': '5', 'isolation.level': 'read_uncommitted' },
    ],
  },
  ...jsonFormatCases,
  ...otherFormatCases,
  ...transformCases,
  'ioConfig.deadLetters': {
    value: { type: 'topic', topic: 'rejected' },
    read: (spec) => spec.io.deadLetters,
    becomes: { type: 'topic', topic: 'rejected' },
    standard: null,
  },
  'ioConfig.deadLetters.type': {
    value: 'folder',
    read: (spec) => spec.io.deadLetters,
    becomes: { type: 'folder' },
  },
  'ioConfig.deadLetters.topic': {
    value: 'others',
    read: (spec) => spec.io.deadLetters,
    becomes: { type: 'topic', topic: 'others' },
  },
  'ioConfig.pollTimeout': {
    value: '250',
    read: (spec) => spec.io.pollTimeoutMs,
    becomes: 250,
    standard: 100,
  },
  'ioConfig.replicas': { value: 3, read: (spec) => spec.io.replicas, becomes: 3, standard: 1 },
  'ioConfig.taskCount': { value: '2', read: (spec) => spec.io.taskCount, becomes: 2, standard: 1 },
  'ioConfig.taskDuration': {
    value: 'PT5S',
    read: (spec) => spec.io.taskDurationMs,
    becomes: 5000,
    standard: hour,
  },
  'ioConfig.startDelay': { value: 'PT0S', read: (spec) => spec.io.startDelayMs, becomes: 0, standard: 5000 },
  'ioConfig.period': { value: 'PT2S', read: (spec) => spec.io.periodMs, becomes: 2000, standard: 30_000 },
  'ioConfig.useEarliestOffset': {
    value: 'true',
    read: (spec) => spec.io.useEarliestOffset,
    becomes: true,
    standard: false,
  },
  'ioConfig.completionTimeout': {
    value: 'P1DT2H',
    read: (spec) => spec.io.completionTimeoutMs,
    becomes: 26 * hour,
    standard: hour / 2,
  },
  'ioConfig.lateMessageRejectionPeriod': {
    value: 'P1W',
    read: (spec) => spec.io.lateMessageRejectionPeriodMs,
    becomes: 168 * hour,
    standard: null,
  },
  'ioConfig.lateMessageRejectionStartDateTime': {
    value: '2026-01-01',
    read: (spec) => spec.io.lateMessageRejectionStartMs,
    becomes: Date.UTC(2026, 0, 1),
    standard: null,
  },
  'ioConfig.earlyMessageRejectionPeriod': {
    value: 'PT0.5S',
    read: (spec) => spec.io.earlyMessageRejectionPeriodMs,
    becomes: 500,
    standard: null,
  },
  'tuningConfig.type': { value: 'kafka', read: (spec) => spec.type, becomes: 'kafka', standard: 'kafka' },
  'tuningConfig.maxRowsInMemory': {
    value: 10,
    read: (spec) => spec.tuning.maxRowsInMemory,
    becomes: 10,
    standard: 150_000,
  },
  'tuningConfig.maxBytesInMemory': {
    value: 1_000_000,
    read: (spec) => spec.tuning.maxBytesInMemory,
    becomes: 1_000_000,
    standard: null,
  },
  'tuningConfig.maxRowsPerSegment': {
    value: 7,
    read: (spec) => spec.tuning.maxRowsPerSegment,
    becomes: 7,
    standard: 5_000_000,
  },
  'tuningConfig.maxTotalRows': {
    value: 70,
    read: (spec) => spec.tuning.maxTotalRows,
    becomes: 70,
    standard: 20_000_000,
  },
  'tuningConfig.intermediateHandoffPeriod': {
    value: 'PT10M',
    read: (spec) => spec.tuning.intermediateHandoffPeriodMs,
    becomes: 600_000,
    standard: null,
  },
  'tuningConfig.intermediatePersistPeriod': {
    value: 'PT1M',
    read: (spec) => spec.tuning.intermediatePersistPeriodMs,
    becomes: 60_000,
    standard: 600_000,
  },
  'tuningConfig.maxParseExceptions': {
    value: 5,
    read: (spec) => spec.tuning.maxParseExceptions,
    becomes: 5,
    standard: null,
  },
  'tuningConfig.maxSavedParseExceptions': {
    value: '7',
    read: (spec) => spec.tuning.maxSavedParseExceptions,
    becomes: 7,
    standard: 0,
  },
  'tuningConfig.logParseExceptions': {
    value: true,
    read: (spec) => spec.tuning.logParseExceptions,
    becomes: true,
    standard: false,
  },
  'tuningConfig.reportParseExceptions': {
    value: true,
    read: (spec) => spec.tuning.maxParseExceptions,
    becomes: 0,
    standard: null,
  },
};

/** Objects whose parts have rows of their own. */
const containers: readonly string[] = [
  'context',
  'dataSchema',
  'dataSchema.timestampSpec',
  'dataSchema.dimensionsSpec',
  'dataSchema.granularitySpec',
  'dataSchema.transformSpec',
  'ioConfig',
  'ioConfig.autoScalerConfig',
  'ioConfig.boundedStreamConfig',
  'ioConfig.idleConfig',
  'tuningConfig',
];

const worksFields = specFields.filter((field) => field.class === 'works' && !containers.includes(field.path));
const otherFields = specFields.filter((field) => field.class !== 'works');

describe('the table of fields', () => {
  it('names each field once, after the object it is in', () => {
    const paths = specFields.map((field) => field.path);
    expect(new Set(paths).size).toBe(paths.length);
    paths.forEach((path, index) => {
      const parent = path.slice(0, Math.max(0, path.lastIndexOf('.'))).replace(/\[\]$/, '');
      if (parent !== '') expect(paths.slice(0, index), path).toContain(parent);
    });
  });

  it('says why for every field that does not work', () => {
    expect(otherFields.filter((field) => !field.why).map((field) => field.path)).toEqual([]);
  });

  it('has a case here for every field that works', () => {
    expect(Object.keys(works).sort()).toEqual(worksFields.map((field) => field.path).sort());
  });
});

describe('a field that works', () => {
  it.each(worksFields)('$path is read', (field) => {
    const { value, read, becomes } = caseOf(field);
    expect(read(accepted(changed(baseFor(field), inSpec(field.path), value)))).toEqual(becomes);
  });

  it.each(worksFields)('$path has its default, or is required', (field) => {
    const { read, ...rest } = caseOf(field);
    for (const absent of [gone, null]) {
      const spec = changed(baseFor(field), inSpec(field.path), absent);
      if ('standard' in rest) expect(read(accepted(spec))).toEqual(rest.standard);
      else expect(parseSupervisorSpec(spec).kind).toBe('invalid');
    }
    // One of two is required, so the table cannot call either so; and a count has no input field.
    if (!/(metricsSpec\[\]\.(fieldName|expression)|ioConfig\.topic(Pattern)?)$/.test(field.path))
      expect('standard' in rest).toBe(field.required !== true);
  });
});

/** The two ways to say what a change needs, by parsed parts and by Druid's names, must agree. */
describe('a change of a field that works', () => {
  const above = ['type', 'id', 'ioConfig.topic', 'ioConfig.topicPattern', 'suspended'];
  const fields = worksFields.filter((field) => !above.includes(field.path));

  it.each(fields)('$path needs tasks, or nothing', (field) => {
    const base = changed(baseFor(field), inSpec(field.path), 'standard' in caseOf(field) ? null : undefined);
    const next = changed(baseFor(field), inSpec(field.path), caseOf(field).value);
    const before = parseSupervisorSpec(base);
    if (before.kind === 'invalid') return;
    const differences = specDifferences(JSON.stringify(base), JSON.stringify(next)) ?? [];
    const needs = differences.some((difference) => difference.needs === 'tasks') ? 'tasks' : 'nothing';
    expect([needs, differences]).toEqual([changeNeeds(before.spec, accepted(next)), differences]);
  });
});

it('keeps at most 5,000 reports of unreadable rows, and says so', () => {
  const spec = changed(aRawSpec(), 'spec.tuningConfig.maxSavedParseExceptions', 2_147_483_647);
  const result = parseSupervisorSpec(spec);
  expect(result.kind === 'ok' && result.spec.tuning.maxSavedParseExceptions).toBe(5_000);
  expect(result.kind === 'ok' && result.warnings.map(({ path }) => path)).toContain(
    'spec.tuningConfig.maxSavedParseExceptions',
  );
});

describe('a field that does not work', () => {
  it.each(otherFields)('$class: $path', (field) => {
    if (isPartOfLaterObject(field)) return;
    const path = inSpec(field.path);
    const result = parseSupervisorSpec(changed(baseFor(field), path, askingValue(field)));
    const answers = result.kind === 'ok' ? result.warnings : result.problems;
    expect(result.kind, describeProblems(answers)).toBe(field.class === 'noEffect' ? 'ok' : 'invalid');
    expect(answers.map((answer) => answer.path)).toEqual([path]);
    expect(describeProblems(answers)).toContain(
      field.class === 'later' ? 'not supported yet' : (field.why ?? '?'),
    );
  });

  it.each(otherFields)('$path asks for nothing when null, empty or at its default', (field) => {
    if (isPartOfLaterObject(field)) return;
    const standards = field.default === undefined ? [] : [field.default];
    for (const value of [null, {}, [], ...standards, ...(field.neutral ?? [])]) {
      if (field.values !== undefined && typeof value === 'object') continue;
      const result = parseSupervisorSpec(changed(baseFor(field), inSpec(field.path), value));
      expect(result, JSON.stringify(value)).toMatchObject({ kind: 'ok', warnings: [] });
    }
  });
});

function caseOf(field: SpecField): Works {
  const found = works[field.path];
  if (found === undefined) throw new Error(`no case for ${field.path}`);
  return found;
}

function accepted(raw: RawSpec): SupervisorSpec {
  const result = parseSupervisorSpec(raw);
  if (result.kind === 'invalid') throw new Error(describeProblems(result.problems));
  return result.spec;
}

/** Fields that only some aggregators have. */
const metricOf: Readonly<Record<string, unknown>> = {
  'dataSchema.metricsSpec[].expression': { type: 'doubleSum', name: 'paid' },
  'dataSchema.metricsSpec[].filter': { type: 'filtered', name: 'paid', aggregator: { type: 'count' } },
  'dataSchema.metricsSpec[].aggregator': { type: 'filtered', name: 'paid', filter: { type: 'false' } },
  'dataSchema.metricsSpec[].timeColumn': { type: 'longFirst', name: 'paid', fieldName: 'price' },
  'dataSchema.metricsSpec[].maxStringBytes': { type: 'stringLast', name: 'paid', fieldName: 'price' },
  'dataSchema.metricsSpec[].lgK': { type: 'HLLSketchBuild', name: 'paid', fieldName: 'price' },
  'dataSchema.metricsSpec[].k': { type: 'quantilesDoublesSketch', name: 'paid', fieldName: 'price' },
};

/** The small spec, with an object where a list of columns needs one. */
function baseFor(field: SpecField): RawSpec {
  const operator = operatorBase(field.path);
  if (operator !== null) return changed(aRawSpec(), ...operator);
  if (field.path === 'ioConfig.deadLetters.topic')
    return changed(aRawSpec(), 'spec.ioConfig.deadLetters', { type: 'topic', topic: 'rejected' });
  if (field.path === 'ioConfig.deadLetters.type') return changed(aRawSpec(), 'spec.ioConfig.deadLetters', {});
  if (field.path.endsWith('dimensions[].castToType'))
    return changed(aRawSpec(), 'spec.dataSchema.dimensionsSpec.dimensions', [{ type: 'auto', name: 'a' }]);
  if (field.path.startsWith('dataSchema.dimensionsSpec.dimensions[]'))
    return changed(aRawSpec(), 'spec.dataSchema.dimensionsSpec.dimensions', [{ type: 'string', name: 'a' }]);
  const other = metricOf[field.path];
  if (other !== undefined) return changed(aRawSpec(), 'spec.dataSchema.metricsSpec[1]', other);
  // A month has no hours and minutes to nest in: the small spec's own granularities stay out of the way.
  if (field.path.startsWith('dataSchema.granularitySpec'))
    return changed(aRawSpec(), 'spec.dataSchema.granularitySpec', {});
  const transform = transformBase(field.path);
  if (transform !== null) return changed(aRawSpec(), 'spec.dataSchema.transformSpec', transform);
  const format = otherFormatBase(field.path) ?? jsonFormatBase(field.path);
  return format === null ? aRawSpec() : changed(aRawSpec(), 'spec.ioConfig.inputFormat', format);
}

function inSpec(path: string): string {
  const index = path.startsWith('dataSchema.metricsSpec') ? '[1]' : '[0]';
  const full = /^(dataSchema|ioConfig|tuningConfig)/.test(path) ? `spec.${path}` : path;
  return full.replace('[]', index);
}

/** Rows that only document the inside of an object refused as a whole. */
function isPartOfLaterObject(field: SpecField): boolean {
  return specFields.some((parent) => parent.class === 'later' && field.path.startsWith(`${parent.path}.`));
}

function askingValue(field: SpecField): unknown {
  if (field.switchedOffBy !== undefined) return { [field.switchedOffBy.field]: true };
  const other = field.values?.find((value) => value !== field.default);
  if (other !== undefined) return other;
  if (typeof field.default === 'boolean') return !field.default;
  if (typeof field.default === 'number') return field.default + 17;
  if (Array.isArray(field.default)) return ['x'];
  // An object with parts of its own is answered for its parts; a text stands for the object itself.
  return 'asked';
}
