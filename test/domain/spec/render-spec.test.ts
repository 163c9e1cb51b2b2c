/**
 * What a GET shows of a spec, against what Druid 33 showed of the same ones.
 *
 * Deliberate differences, all of them: `id` is added, as newer versions have it; a timestamp of a dimension that is listed is
 * not repeated among the exclusions; numeric dimensions carry no `createBitmapIndex`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../domain/json.ts';
import { describeProblems, parseSupervisorSpec } from '../../../domain/spec/parse.ts';
import { renderSpec } from '../../../domain/spec/render-spec.ts';
import { setSuspended } from '../../../domain/spec/with-suspended.ts';
import { checkSupervisorSpec } from '../../../formats/check-spec.ts';
import { recordingsIn } from '../../query/system-golden.ts';
import { jsonFormatBase } from './json-format-cases.ts';
import { operatorCases, operatorBase } from './operator-cases.ts';
import { aRawSpec, changed, type RawSpec } from './raw-spec.ts';

const golden = recordingsIn('druid-golden-spec');

/** Java's set of exclusions has an order of its own. */
function comparable(spec: unknown): unknown {
  return JSON.parse(JSON.stringify(spec), (key, value: unknown) =>
    key === 'dimensionExclusions' && Array.isArray(value) ? value.toSorted() : value,
  );
}

function shown(raw: unknown): Record<string, unknown> {
  return JSON.parse(renderSpec(JSON.stringify(raw))) as Record<string, unknown>;
}

type DruidSpec = { readonly dataSchema: { readonly dataSource: string } };
const isSpec = (body: unknown): body is DruidSpec =>
  typeof body === 'object' && body !== null && 'dataSchema' in body && 'spec' in body;

const answers = golden.filter(({ response }) => isSpec(response.body));
const accepted = answers.filter(({ response }) => checkSupervisorSpec(response.body).kind === 'ok');

describe('recorded answers', () => {
  it('are as many as were shared, and those we refuse are known', () => {
    expect(answers.length).toBe(28);
    const refused = answers.filter((one) => !accepted.includes(one)).map(({ file }) => file.slice(0, 11));
    // taskCount 0, replicas 0 and -1, PT0S, rows in memory and per segment, a coarser query granularity, two transforms.
    expect(refused).toEqual(
      ['041', '047', '049', '052', '071', '073', '095', '098', '100'].map((n) => `badspec-${n}`),
    );
  });

  it.each(accepted.map((one) => [one.file, one] as const))('%s, posted, is shown as it was', (_file, one) => {
    const body = one.response.body as DruidSpec;
    expect(comparable(shown(body))).toEqual(comparable({ id: body.dataSchema.dataSource, ...body }));
  });

  const numberOf = (file: string): number => Number(/\d+/.exec(file)?.[0]);
  const pairs = golden.flatMap((posted, at) => {
    const next = golden[at + 1];
    const isTaken = posted.request.method === 'POST' && posted.response.status === 200;
    if (!isTaken || next === undefined || !isSpec(next.response.body)) return [];
    return numberOf(next.file) === numberOf(posted.file) + 1 ? [[posted.file, posted, next] as const] : [];
  });

  it.each(pairs)('%s is shown as in the answer after it', (_file, posted, next) => {
    if (!accepted.includes(next)) {
      expect(checkSupervisorSpec(posted.request.body).kind).toBe('invalid');
      return;
    }
    const body = next.response.body as DruidSpec;
    expect(comparable(shown(posted.request.body))).toEqual(
      comparable({ id: body.dataSchema.dataSource, ...body }),
    );
  });

  it('has Druid’s order of fields', () => {
    const { request, response } = golden.find(({ file }) => file === 'life-007-spec')!;
    expect(request.method).toBe('GET');
    const keys = (value: unknown): unknown =>
      typeof value !== 'object' || value === null || Array.isArray(value)
        ? null
        : Object.entries(value).map(([key, item]) => [key, keys(item)]);
    const { id, ...rest } = shown(response.body);
    expect(id).toBe('g_life');
    expect(keys(rest)).toEqual(keys(response.body));
  });
});

function parsed(raw: unknown) {
  const result = parseSupervisorSpec(raw);
  if (result.kind === 'invalid') throw new Error(describeProblems(result.problems));
  return result;
}

/**
 * Posting what was shown says nothing new, and nothing is warned of that was not before; but the format of spills is that of
 * segments, and shown.
 */
function comesBack(raw: unknown): void {
  const once = parsed(raw);
  const text = renderSpec(JSON.stringify(raw));
  const again = parsed(JSON.parse(text));
  expect(again.spec).toEqual(once.spec);
  const before = new Set(once.warnings.map(({ path }) => path));
  expect(
    again.warnings.filter(({ path }) => !before.has(path.replace('ForIntermediatePersists', ''))),
  ).toEqual([]);
  expect(renderSpec(text)).toBe(text);
}

describe('what is shown can be posted', () => {
  const folder = new URL('../../fixtures/specs/', import.meta.url);

  it.each(readdirSync(folder))('%s', (file) => {
    comesBack(JSON.parse(readFileSync(new URL(file, folder), 'utf8')));
  });

  it.each(Object.entries(operatorCases))('%s', (path, { value }) => {
    const base = operatorBase(path);
    const raw = base === null ? aRawSpec() : changed(aRawSpec(), ...base);
    comesBack(changed(raw, path.startsWith('context') ? path : `spec.${path}`, value));
  });

  it.each<readonly [string, string, unknown]>([
    [
      'a time that is a dimension',
      'spec.dataSchema.dimensionsSpec.dimensions',
      ['at', { type: 'long', name: 'n' }],
    ],
    [
      '__time as a dimension',
      'spec.dataSchema.dimensionsSpec',
      {
        dimensions: ['b', { type: 'long', name: '__time' }, { type: 'auto', name: 'c', castToType: 'LONG' }],
        forceSegmentSortByTime: false,
        dimensionExclusions: ['z'],
      },
    ],
    [
      'a period',
      'spec.dataSchema.granularitySpec',
      {
        segmentGranularity: { type: 'period', period: 'P1D', timeZone: 'Europe/Berlin' },
        queryGranularity: { type: 'duration', duration: 3_600_000 },
      },
    ],
    [
      'aggregators with defaults',
      'spec.dataSchema.metricsSpec',
      [
        { type: 'longFirst', name: 'a', fieldName: 'x' },
        { type: 'stringLast', name: 'b', fieldName: 'x', timeColumn: 't' },
        { type: 'HLLSketchBuild', name: 'c', fieldName: 'x' },
        { type: 'quantilesDoublesSketch', name: 'd', fieldName: 'x', k: '64' },
        { type: 'filtered', filter: { type: 'true' }, aggregator: { type: 'count', name: 'e' } },
        { type: 'doubleMin', name: 'f', expression: 'x + 1' },
      ],
    ],
    [
      'transforms',
      'spec.dataSchema.transformSpec',
      {
        filter: { type: 'equals', column: 'x', matchValueType: 'LONG', matchValue: 3 },
        transforms: [{ type: 'expression', name: 'y', expression: 'x + 1', zzz: 1 }],
      },
    ],
    ['a time for rows without one', 'spec.dataSchema.timestampSpec', { column: 'at', missingValue: 0 }],
    [
      'a scaler that is off',
      'spec.ioConfig.autoScalerConfig',
      { enableTaskAutoScaler: 'false', taskCountMin: -3 },
    ],
    [
      'index specs',
      'spec.tuningConfig',
      { indexSpec: { dimensionCompression: 'zstd', bitmap: { type: 'roaring' } } },
    ],
    [
      'durations of any form',
      'spec.tuningConfig',
      { httpTimeout: 'PT1M', shutdownTimeout: 90_000, intermediatePersistPeriod: 60_000 },
    ],
    [
      'lines in a wrapper',
      'spec.ioConfig.inputFormat',
      {
        type: 'kafka',
        valueFormat: { type: 'json', flattenSpec: { fields: [{ type: 'jq', name: 'a', expr: '.b' }] } },
      },
    ],
  ])('%s', (_name, path, value) => comesBack(changed(aRawSpec(), path, value)));

  it('of generated values of any field', () => {
    const paths = Object.keys(operatorCases).filter((path) => !path.startsWith('context'));
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom('1', 'PT1H', 'true', 7, 0.5, {}, null),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...paths), value), { maxLength: 3 }), (changes) => {
        let raw: RawSpec = aRawSpec();
        for (const [path, one] of changes) {
          const base = operatorBase(path);
          if (base !== null) raw = changed(raw, ...base);
          raw = changed(raw, `spec.${path}`, one);
        }
        if (parseSupervisorSpec(raw).kind === 'ok') comesBack(raw);
      }),
      { seed: Number(process.env['SEED'] ?? 20_260_101), numRuns: 300 },
    );
  });
});

describe('renderSpec', () => {
  it('fills, converts and drops', () => {
    const raw = changed(aRawSpec(), 'spec.ioConfig', {
      topicPattern: 'a-.*',
      inputFormat: { type: 'json', zzz: 1 },
      consumerProperties: {
        'bootstrap.servers': 'b:9092',
        'sasl.jaas.config': { type: 'environment', variable: 'KAFKA_J' },
      },
      taskDuration: 3600,
      lateMessageRejectionStartDateTime: '2026-01-01',
      serverPriorityToReplicas: { 0: 2 },
      zzz: 1,
    });
    expect(shown({ ...raw, context: { priority: 80 }, zzz: 1 })).toMatchObject({
      id: 'clicks',
      context: { priority: 80 },
      ioConfig: {
        topic: null,
        topicPattern: 'a-.*',
        stream: 'a-.*',
        inputFormat: { type: 'json' },
        consumerProperties: { 'sasl.jaas.config': { type: 'environment', variable: 'KAFKA_J' } },
        taskDuration: 'PT3.600S',
        lateMessageRejectionStartDateTime: '2026-01-01T00:00:00.000Z',
        replicas: 2,
        serverPriorityToReplicas: { 0: 2 },
      },
    });
    expect(renderSpec(JSON.stringify(raw))).not.toContain('zzz');
  });

  it('masks secrets in both places, and keeps the digits of long numbers', () => {
    const raw = changed(aRawSpec(), 'spec.ioConfig.consumerProperties', {
      'bootstrap.servers': 'b:9092',
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': 'PLAIN',
      'sasl.jaas.config':
        'org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="hush";',
    });
    const filter = '{"type":"equals","column":"n","matchValueType":"LONG","matchValue":9007199254740993}';
    const text = JSON.stringify(changed(raw, 'spec.dataSchema.transformSpec', { filter: 'here' })).replace(
      '"here"',
      filter,
    );
    const rendered = renderSpec(text);
    expect(rendered).not.toContain('hush');
    expect(rendered.split('"sasl.jaas.config":"********"')).toHaveLength(3);
    expect(rendered.split(filter)).toHaveLength(3);
  });

  it('tells whether it is suspended', () => {
    const text = setSuspended(JSON.stringify(aRawSpec()), true);
    expect(JSON.parse(renderSpec(text))).toMatchObject({ suspended: true });
  });

  it.each(['', 'null', '[]', '{"type":"kafka"}', '{"type":"kafka","spec":{"password":"hush"}}'])(
    'shows %j, which no version can read, as it stands',
    (text) => {
      const rendered = renderSpec(text);
      expect(rendered).not.toContain('hush');
      expect(JSON.parse(rendered) as Json).toBeDefined();
    },
  );

  it('keeps formats as they were posted', () => {
    for (const path of ['ioConfig.inputFormat.flattenSpec.fields']) {
      const format = jsonFormatBase(path);
      if (format !== null) comesBack(changed(aRawSpec(), 'spec.ioConfig.inputFormat', format));
    }
  });
});
