/**
 * What a real Druid 33 answered to odd specs, and our verdict on each: refused at a place, or accepted with warnings.
 *
 * Where Druid takes a spec in silence that cannot work, or that says something it then ignores, we differ on purpose:
 * every such row is refused or warned of, by name. A row without a warning is one where both agree.
 */
import { describe, expect, it } from 'vitest';
import { describeProblems } from '../../../domain/spec/parse.ts';
import { checkSupervisorSpec } from '../../../formats/check-spec.ts';
import { changed, gone, type RawSpec } from './raw-spec.ts';

type Verdict = { readonly refused: readonly string[] } | { readonly warned: readonly string[] };
type Row = readonly [name: string, spec: unknown, druid: number, verdict: Verdict];

/** The spec that the recorded ones vary. */
const base: RawSpec = {
  type: 'kafka',
  spec: {
    dataSchema: {
      dataSource: 'g_bad',
      timestampSpec: { column: 'timestamp', format: 'iso' },
      dimensionsSpec: { dimensions: ['country', 'page'] },
      metricsSpec: [
        { type: 'count', name: 'cnt' },
        { type: 'doubleSum', name: 'sum_price', fieldName: 'price' },
      ],
      granularitySpec: {
        type: 'uniform',
        segmentGranularity: 'HOUR',
        queryGranularity: 'MINUTE',
        rollup: true,
      },
    },
    ioConfig: {
      topic: 'g_main',
      inputFormat: { type: 'json' },
      consumerProperties: { 'bootstrap.servers': '127.0.0.1:29092' },
      useEarliestOffset: true,
      taskCount: 1,
      replicas: 1,
      taskDuration: 'PT1H',
      startDelay: 'PT1S',
      period: 'PT2S',
    },
    tuningConfig: { type: 'kafka' },
  },
};

const io = 'spec.ioConfig';
const schema = 'spec.dataSchema';
const tuning = 'spec.tuningConfig';

function refused(name: string, druid: number, path: string, value: unknown, place = path): Row {
  return [name, changed(base, path, value), druid, { refused: [place] }];
}

function taken(
  name: string,
  druid: number,
  path: string,
  value: unknown,
  warned: readonly string[] = [],
): Row {
  return [name, changed(base, path, value), druid, { warned }];
}

const { spec, ...top } = base;

const rows: readonly Row[] = [
  ['001 malformed', '{"type":"kafka",', 500, { refused: ['spec'] }],
  ['002 empty body', '', 500, { refused: ['spec'] }],
  ['004 json null', null, 500, { refused: ['spec'] }],
  ['005 json array', [], 400, { refused: ['spec'] }],
  ['007 empty object', {}, 400, { refused: ['type'] }],
  // The content type is the API's to judge: 415 there, as in Druid.
  ['008 text/plain', base, 415, { warned: [] }],
  ['010 charset', base, 200, { warned: [] }],
  refused('013 type foo', 400, 'type', 'foo'),
  refused('014 type kinesis', 400, 'type', 'kinesis'),
  refused('016 without dataSchema', 400, schema, gone),
  refused('017 without ioConfig', 400, io, gone),
  refused('019 without consumerProperties', 400, `${io}.consumerProperties`, gone),
  refused('020 without inputFormat', 200, `${io}.inputFormat`, gone),
  refused('022 without dataSource', 400, `${schema}.dataSource`, gone),
  refused('023 without timestampSpec', 400, `${schema}.timestampSpec`, gone),
  taken('025 without dimensionsSpec', 200, `${schema}.dimensionsSpec`, gone),
  taken('026 without granularitySpec', 200, `${schema}.granularitySpec`, gone),
  taken('028 without metricsSpec', 200, `${schema}.metricsSpec`, gone),
  taken('031 without tuningConfig', 200, tuning, gone),
  ['032 without spec', { type: 'kafka' }, 400, { refused: ['spec'] }],
  refused('034 empty dataSource', 400, `${schema}.dataSource`, ''),
  refused('035 dataSource with slash', 400, `${schema}.dataSource`, 'a/b'),
  refused('037 dataSource with spaces at its ends', 200, `${schema}.dataSource`, ' a b '),
  taken('038 dataSource in Unicode', 200, `${schema}.dataSource`, 'g\u00e9_b'),
  refused('040 taskCount 0', 200, `${io}.taskCount`, 0),
  refused('042 taskCount -1', 500, `${io}.taskCount`, -1),
  refused('043 taskCount text', 400, `${io}.taskCount`, 'two'),
  taken('044 taskCount numeric text', 200, `${io}.taskCount`, '2'),
  refused('046 replicas 0', 200, `${io}.replicas`, 0),
  refused('048 replicas -1', 200, `${io}.replicas`, -1),
  refused('050 taskDuration bad', 400, `${io}.taskDuration`, '1h'),
  refused('051 taskDuration of nothing', 200, `${io}.taskDuration`, 'PT0S'),
  taken('053 taskDuration number', 200, `${io}.taskDuration`, 3600, [`${io}.taskDuration`]),
  refused('055 topic and pattern', 400, `${io}.topicPattern`, 'g_.*'),
  refused('056 inputFormat unknown', 400, `${io}.inputFormat`, { type: 'nosuch' }, `${io}.inputFormat.type`),
  refused('058 stopTaskCount 0', 400, `${io}.stopTaskCount`, 0),
  taken('059 stopTaskCount above taskCount', 200, `${io}.stopTaskCount`, 5),
  // Recorded with one of the two fields only, which is fine.
  taken('061 late rejection', 200, `${io}.lateMessageRejectionPeriod`, 'PT1H'),
  taken('064 autoscaler', 200, `${io}.autoScalerConfig`, {
    enableTaskAutoScaler: true,
    taskCountMax: 3,
    taskCountMin: 1,
  }),
  taken('068 idleConfig short', 200, `${io}.idleConfig`, { enabled: true, inactiveAfterMillis: 1 }),
  refused('070 maxRowsInMemory negative', 200, `${tuning}.maxRowsInMemory`, -1),
  refused('072 maxRowsPerSegment 0', 200, `${tuning}.maxRowsPerSegment`, 0),
  refused('074 tuning type other', 400, `${tuning}.type`, 'kinesis'),
  refused(
    '076 aggregator unknown',
    400,
    `${schema}.metricsSpec`,
    [{ type: 'nosuch', name: 'x' }],
    `${schema}.metricsSpec[0].type`,
  ),
  refused(
    '077 aggregator no name',
    400,
    `${schema}.metricsSpec`,
    [{ type: 'count' }],
    `${schema}.metricsSpec[0].name`,
  ),
  refused('079 aggregator duplicate', 400, `${schema}.metricsSpec[1].name`, 'cnt'),
  refused('080 metric equals dimension', 400, `${schema}.metricsSpec[0].name`, 'country'),
  refused(
    '083 dimension duplicate',
    400,
    `${schema}.dimensionsSpec.dimensions`,
    ['a', 'a'],
    `${schema}.dimensionsSpec.dimensions[1]`,
  ),
  refused(
    '085 dimension and exclusion',
    400,
    `${schema}.dimensionsSpec`,
    { dimensions: ['a'], dimensionExclusions: ['a'] },
    `${schema}.dimensionsSpec.dimensionExclusions[0]`,
  ),
  refused(
    '086 dimension type unknown',
    200,
    `${schema}.dimensionsSpec.dimensions`,
    [{ type: 'nosuch', name: 'a' }],
    `${schema}.dimensionsSpec.dimensions[0].type`,
  ),
  taken('088 dimensions empty', 200, `${schema}.dimensionsSpec.dimensions`, []),
  taken('090 schema discovery', 200, `${schema}.dimensionsSpec.useSchemaDiscovery`, true),
  refused('092 segmentGranularity unknown', 400, `${schema}.granularitySpec.segmentGranularity`, 'FORTNIGHT'),
  refused('094 query granularity coarser', 200, `${schema}.granularitySpec.queryGranularity`, 'DAY'),
  refused(
    '097 transform bad',
    200,
    `${schema}.transformSpec`,
    { transforms: [{ type: 'expression', name: 'x', expression: 'nosuch(' }] },
    `${schema}.transformSpec.transforms[0].expression`,
  ),
  refused(
    '101 filter unknown',
    400,
    `${schema}.transformSpec`,
    { filter: { type: 'nosuch' } },
    `${schema}.transformSpec.filter.type`,
  ),
  taken('104 unknown in spec', 200, 'spec.zzz', 1, ['spec.zzz']),
  taken('106 unknown in ioConfig', 200, `${io}.zzz`, 1, [`${io}.zzz`]),
  taken('108 unknown in tuningConfig', 200, `${tuning}.zzz`, 1, [`${tuning}.zzz`]),
  taken('110 unknown in dataSchema', 200, `${schema}.zzz`, 1, [`${schema}.zzz`]),
  taken('112 unknown in inputFormat', 200, `${io}.inputFormat.zzz`, 1, [`${io}.inputFormat.zzz`]),
  taken('114 id at the top, which counts here', 200, 'id', 'g_own_id'),
  taken('116 id in spec', 200, 'spec.id', 'g_own_id2', ['spec.id']),
  taken('118 suspended', 200, 'suspended', true),
  taken('120 context', 200, 'context', { useConcurrentLocks: true, priority: 80 }, ['context.priority']),
  refused(
    '122 indexSpec with Concise bitmaps',
    200,
    `${tuning}.indexSpec`,
    { bitmap: { type: 'concise' }, dimensionCompression: 'zstd' },
    `${tuning}.indexSpec.bitmap.type`,
  ),
  refused(
    '124 indexSpec bad',
    400,
    `${tuning}.indexSpec`,
    { dimensionCompression: 'nosuch' },
    `${tuning}.indexSpec.dimensionCompression`,
  ),
  ['125 flat old style', { ...top, ...(spec as RawSpec) }, 200, { warned: [] }],
];

describe('specs a real Druid was asked about', () => {
  it.each(rows)('%s', (_name, raw, druid, verdict) => {
    const result = checkSupervisorSpec(raw);
    const paths = (result.kind === 'ok' ? result.warnings : result.problems).map((problem) => problem.path);
    const seen = result.kind === 'ok' ? { warned: paths } : { refused: paths };
    expect(seen, describeProblems(result.kind === 'ok' ? result.warnings : result.problems)).toEqual(verdict);
    // Whatever Druid refuses for what the spec says, we refuse too.
    if (druid === 400) expect(result.kind).toBe('invalid');
  });

  it('leaves no number out', () => {
    expect(new Set(rows.map(([name]) => name.slice(0, 3))).size).toBe(rows.length);
    expect(rows.length).toBe(68);
  });
});
