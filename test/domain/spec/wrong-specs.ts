/**
 * Specs that must be refused, with the place and the words of the answer. Used by the parser's test and, over HTTP,
 * by the API's: each is a 400 that names field, found and expected, and nothing is created.
 */
import { aRawSpec, changed, gone } from './raw-spec.ts';
import { mask } from '../../../domain/spec/secrets.ts';
import { operatorSpecs } from './wrong-operator-specs.ts';

export type WrongSpec = {
  readonly name: string;
  readonly spec: unknown;
  /** The path of a problem of the answer. */
  readonly path: string;
  /** Must occur in what was found, expected or advised there. */
  readonly says: RegExp;
};

const io = 'spec.ioConfig';
const schema = 'spec.dataSchema';
const tuning = 'spec.tuningConfig';

function at(name: string, path: string, value: unknown, says: RegExp, problemPath = path): WrongSpec {
  return { name, spec: changed(aRawSpec(), path, value), path: problemPath, says };
}

function avro(avroBytesDecoder: unknown): unknown {
  return { type: 'avro_stream', avroBytesDecoder };
}

/** Formats of records: each with the field of it that is wrong. */
const formats: readonly WrongSpec[] = (
  [
    ['csv without columns', { type: 'csv' }, 'columns', /names of the columns, or findColumnsFromHeader/],
    ['csv with no columns', { type: 'csv', columns: [] }, 'columns', /findColumnsFromHeader: true/],
    ['csv without columns and header', { type: 'csv', findColumnsFromHeader: false }, 'columns', /header/i],
    ['csv with a column twice', { type: 'csv', columns: ['a', 'b', 'a'] }, 'columns', /"a" twice/],
    ['csv with a comma in a name', { type: 'csv', columns: ['a,b'] }, 'columns', /without the delimiter/],
    ['csv with a column that is null', { type: 'csv', columns: ['a', null] }, 'columns', /all of them texts/],
    ['csv with a text as columns', { type: 'csv', columns: 'a' }, 'columns', /array of names/],
    [
      'csv with too many columns',
      { type: 'csv', columns: Array(10_001).fill('a') },
      'columns',
      /10000 columns/,
    ],
    [
      'csv with lists separated by commas',
      { type: 'csv', columns: ['a'], listDelimiter: ',' },
      'listDelimiter',
      /another text/,
    ],
    [
      'csv with lists separated by nothing',
      { type: 'csv', columns: ['a'], listDelimiter: '' },
      'listDelimiter',
      /not empty/,
    ],
    [
      'csv with half a line skipped',
      { type: 'csv', columns: ['a'], skipHeaderRows: 0.5 },
      'skipHeaderRows',
      /whole number/,
    ],
    [
      'csv with a number to try',
      { type: 'csv', columns: ['a'], tryParseNumbers: 2 },
      'tryParseNumbers',
      /true or false/,
    ],
    [
      'csv with both names of the header',
      { type: 'csv', hasHeaderRow: true, findColumnsFromHeader: true },
      'hasHeaderRow',
      /keep/,
    ],
    ['tsv with an empty delimiter', { type: 'tsv', columns: ['a'], delimiter: '' }, 'delimiter', /not empty/],
    [
      'tsv with one delimiter for both',
      { type: 'tsv', columns: ['a'], delimiter: ';', listDelimiter: ';' },
      'listDelimiter',
      /another/,
    ],
    ['regex without a pattern', { type: 'regex' }, 'pattern', /a regular expression/],
    ['regex with a number as pattern', { type: 'regex', pattern: 5 }, 'pattern', /a regular expression/],
    ['kafka without a valueFormat', { type: 'kafka' }, 'valueFormat', /object such as/],
    [
      'kafka with a text as keyFormat',
      { type: 'kafka', valueFormat: { type: 'json' }, keyFormat: 'x' },
      'keyFormat',
      /object such as/,
    ],
    [
      'kafka within kafka',
      { type: 'kafka', valueFormat: { type: 'kafka' } },
      'valueFormat.type',
      /within itself/,
    ],
    [
      'kafka with a value of csv without columns',
      { type: 'kafka', valueFormat: { type: 'csv' } },
      'valueFormat.columns',
      /names/,
    ],
    [
      'kafka with an unknown key',
      { type: 'kafka', valueFormat: { type: 'json' }, keyFormat: { type: 'x' } },
      'keyFormat.type',
      /json, csv/,
    ],
    [
      'kafka with headers as json',
      { type: 'kafka', valueFormat: { type: 'json' }, headerFormat: { type: 'json' } },
      'headerFormat.type',
      /string/,
    ],
    [
      'kafka with an encoding nobody knows',
      { type: 'kafka', valueFormat: { type: 'json' }, headerFormat: { type: 'string', encoding: 'nope' } },
      'headerFormat.encoding',
      /UTF-16LE/,
    ],
    [
      'kafka with a number as a name',
      { type: 'kafka', valueFormat: { type: 'json' }, keyColumnName: 5 },
      'keyColumnName',
      /a text/,
    ],
    ['avro without a decoder', { type: 'avro_stream' }, 'avroBytesDecoder', /schema_inline/],
    ['avro with an unknown decoder', avro({ type: 'x' }), 'avroBytesDecoder.type', /schema_registry/],
    ['avro with a schema repo', avro({ type: 'schema_repo' }), 'avroBytesDecoder.type', /refused/],
    ['avro without a schema', avro({ type: 'schema_inline' }), 'avroBytesDecoder.schema', /"record"/],
    [
      'avro with a text as schema',
      avro({ type: 'schema_inline', schema: '{}' }),
      'avroBytesDecoder.schema',
      /object/,
    ],
    [
      'avro without schemas',
      avro({ type: 'multiple_schemas_inline' }),
      'avroBytesDecoder.schemas',
      /ids to schemas/,
    ],
    [
      'avro with no schemas',
      avro({ type: 'multiple_schemas_inline', schemas: {} }),
      'avroBytesDecoder.schemas',
      /1 to 1000/,
    ],
    [
      'avro with a named schema',
      avro({ type: 'multiple_schemas_inline', schemas: { a: {} } }),
      'avroBytesDecoder.schemas',
      /whole numbers/,
    ],
    ['avro with no registry', avro({ type: 'schema_registry' }), 'avroBytesDecoder.urls', /https:/],
    [
      'avro with no addresses',
      avro({ type: 'schema_registry', urls: [] }),
      'avroBytesDecoder.urls',
      /1 to 20/,
    ],
    [
      'a registry in a file',
      avro({ type: 'schema_registry', url: 'file:///etc/passwd' }),
      'avroBytesDecoder.url',
      /only http and https/,
    ],
    [
      'a registry with a query',
      avro({ type: 'schema_registry', urls: ['http://a/?b'] }),
      'avroBytesDecoder.urls',
      /without query/,
    ],
    [
      'a registry with a login in its address',
      avro({ type: 'schema_registry', url: 'https://fred:letmein@a' }),
      'avroBytesDecoder.url',
      /basic.auth.user.info/,
    ],
    [
      'a registry for no schema',
      avro({ type: 'schema_registry', url: 'http://a', capacity: 0 }),
      'avroBytesDecoder.capacity',
      /at least 1/,
    ],
    [
      'a registry with a trust store',
      avro({
        type: 'schema_registry',
        url: 'http://a',
        config: { 'schema.registry.ssl.truststore.location': '/x' },
      }),
      'avroBytesDecoder.config["schema.registry.ssl.truststore.location"]',
      /NODE_EXTRA_CA_CERTS/,
    ],
    ...[mask, { type: 'default', password: mask }].map((value): [string, unknown, string, RegExp] => [
      `a registry with a login as it is shown (${typeof value})`,
      avro({ type: 'schema_registry', url: 'http://a', config: { 'basic.auth.user.info': value } }),
      'avroBytesDecoder.config["basic.auth.user.info"]',
      /write the secret again/,
    ]),
    [
      'a registry with a token as it is shown',
      avro({ type: 'schema_registry', url: 'http://a', headers: { 'X-Auth-Token': mask } }),
      'avroBytesDecoder.headers["X-Auth-Token"]',
      /write the secret again/,
    ],
    [
      'a registry with a setting nobody knows',
      avro({ type: 'schema_registry', url: 'http://a', config: { 'a.b': 'c' } }),
      'avroBytesDecoder.config["a.b"]',
      /bearer.auth.token/,
    ],
    [
      'a registry with a login by SASL',
      avro({
        type: 'schema_registry',
        url: 'http://a',
        config: { 'basic.auth.credentials.source': 'SASL_INHERIT' },
      }),
      'avroBytesDecoder.config["basic.auth.credentials.source"]',
      /USER_INFO/,
    ],
    [
      'a registry with a header of two lines',
      avro({ type: 'schema_registry', url: 'http://a', headers: { a: 'b\r\nc: d' } }),
      'avroBytesDecoder.headers.a',
      /one line/,
    ],
    [
      'a registry with the header host',
      avro({ type: 'schema_registry', url: 'http://a', headers: { Host: 'b' } }),
      'avroBytesDecoder.headers.Host',
      /HTTP header/,
    ],
    ['protobuf without a decoder', { type: 'protobuf' }, 'protoBytesDecoder', /inline or schema_registry/],
    [
      'protobuf with a file',
      { type: 'protobuf', protoBytesDecoder: { type: 'file', descriptor: 'file:///x' } },
      'protoBytesDecoder.type',
      /no file or URL/,
    ],
    [
      'protobuf without a descriptor',
      { type: 'protobuf', protoBytesDecoder: { type: 'inline' } },
      'protoBytesDecoder.descriptorString',
      /base64/,
    ],
    ['orc', { type: 'orc' }, 'type', /files, not/],
    ['parquet', { type: 'parquet' }, 'type', /files, not/],
    ['avro_ocf', { type: 'avro_ocf' }, 'type', /avro_stream/],
    ['kinesis', { type: 'kinesis' }, 'type', /refused in Kafka specs/],
  ] as const
).map(([name, format, field, says]) =>
  at(`${name} as inputFormat`, `${io}.inputFormat`, format, says, `${io}.inputFormat.${field}`),
);

const bodies: readonly WrongSpec[] = [
  { name: 'null', spec: null, path: 'spec', says: /found null.*JSON object/ },
  { name: 'an array', spec: [], path: 'spec', says: /empty array/ },
  { name: 'a text', spec: 'kafka', path: 'spec', says: /JSON object/ },
  { name: 'a number', spec: 7, path: 'spec', says: /found 7/ },
  { name: 'an empty object', spec: {}, path: 'type', says: /found nothing.*kafka/ },
  { name: 'only a type', spec: { type: 'kafka' }, path: 'spec', says: /dataSchema, ioConfig/ },
  at('no type', 'type', gone, /found nothing, expected kafka/),
  at('an unknown type', 'type', 'foo', /found "foo", expected kafka/),
  at('a kinesis spec', 'type', 'kinesis', /not supported yet/),
  at('a spec that is a text', 'spec', 'x', /found "x", expected an object/),
  at('no dataSchema', schema, gone, /found nothing, expected an object/),
  at('no ioConfig', io, gone, /found nothing, expected an object/),
  at('an ioConfig that is a list', io, [], /empty array, expected an object/),
  at('another type inside ioConfig', `${io}.type`, 'kinesis', /must agree/),
  at('another type inside tuningConfig', `${tuning}.type`, 'kinesis', /must agree/),
  at('another type inside spec', 'spec.type', 'kinesis', /kafka, or nothing/),
  at('sections twice and different', 'ioConfig', { topic: 'other' }, /write it once/),
  at('suspended as a word', 'suspended', 'maybe', /true or false/),
  at('an id with a slash', 'id', 'a/b', /without slashes/),
];

const names: readonly WrongSpec[] = [
  at('no dataSource', `${schema}.dataSource`, gone, /found nothing/),
  at('an empty dataSource', `${schema}.dataSource`, '', /not empty/),
  at('a dataSource with a slash', `${schema}.dataSource`, 'a/b', /without slashes/),
  at('a dataSource with a backslash', `${schema}.dataSource`, 'a\\b', /backslashes/),
  at('a dataSource that begins with a dot', `${schema}.dataSource`, '..', /begin with a dot/),
  at('a dataSource with a tab', `${schema}.dataSource`, 'a\tb', /white space/),
  at('a dataSource with spaces around', `${schema}.dataSource`, ' a b ', /spaces at its ends/),
  at('a dataSource with NUL', `${schema}.dataSource`, 'a\u0000b', /control/),
  at('a dataSource of a thousand letters', `${schema}.dataSource`, 'x'.repeat(1000), /200 bytes/),
  at('a dataSource not in form C', `${schema}.dataSource`, 'cafe\u0301', /normal form C/),
  at('a dataSource with a pair', `${schema}.dataSource`, 'a\u{1F600}', /surrogate/),
];

const columns: readonly WrongSpec[] = [
  at('no timestampSpec', `${schema}.timestampSpec`, gone, /found nothing/),
  at('a time format that is no text', `${schema}.timestampSpec.format`, 5, /auto, iso, .*or a pattern/),
  at('an empty time format', `${schema}.timestampSpec.format`, '', /or a pattern/),
  at('a missingValue that is no time', `${schema}.timestampSpec.missingValue`, 'yesterday', /ISO 8601 time/),
  at(
    'a missingValue on a day that is none',
    `${schema}.timestampSpec.missingValue`,
    '2026-02-30',
    /ISO 8601 time/,
  ),
  at(
    'a dimension twice',
    `${schema}.dimensionsSpec.dimensions`,
    ['a', 'b', 'a'],
    /"a" a second time/,
    `${schema}.dimensionsSpec.dimensions[2]`,
  ),
  at(
    'a dimension without a name',
    `${schema}.dimensionsSpec.dimensions`,
    [{ type: 'long' }],
    /found nothing, expected the name of a column/,
    `${schema}.dimensionsSpec.dimensions[0].name`,
  ),
  at(
    'a dimension that is null',
    `${schema}.dimensionsSpec.dimensions`,
    [null],
    /found null/,
    `${schema}.dimensionsSpec.dimensions[0]`,
  ),
  at(
    'a dimension type in capitals',
    `${schema}.dimensionsSpec.dimensions`,
    [{ type: 'LONG', name: 'a' }],
    /did you mean long/,
    `${schema}.dimensionsSpec.dimensions[0].type`,
  ),
  at(
    'a spatial dimension',
    `${schema}.dimensionsSpec.dimensions`,
    [{ type: 'spatial', name: 'a' }],
    /spatial dimensions are refused/,
    `${schema}.dimensionsSpec.dimensions[0].type`,
  ),
  at(
    'an exclusion that is a number',
    `${schema}.dimensionsSpec.dimensionExclusions`,
    ['a', 7],
    /found 7, expected the name of a field/,
    `${schema}.dimensionsSpec.dimensionExclusions[1]`,
  ),
  at(
    'a handling of arrays that is none',
    `${schema}.dimensionsSpec.dimensions`,
    [{ name: 'a', multiValueHandling: 'nope' }],
    /one of sorted_array/,
    `${schema}.dimensionsSpec.dimensions[0].multiValueHandling`,
  ),
  at(
    '__time in second place',
    `${schema}.dimensionsSpec.dimensions`,
    ['a', { type: 'long', name: '__time' }],
    /position 1/,
    `${schema}.dimensionsSpec.dimensions[1]`,
  ),
  at(
    '__time as a string',
    `${schema}.dimensionsSpec.dimensions`,
    ['__time'],
    /type string/,
    `${schema}.dimensionsSpec.dimensions[0]`,
  ),
  at(
    'a dimension listed and excluded',
    `${schema}.dimensionsSpec.dimensionExclusions`,
    ['page'],
    /not listed in dimensions/,
    `${schema}.dimensionsSpec.dimensionExclusions[0]`,
  ),
  at(
    'spatial dimensions',
    `${schema}.dimensionsSpec.spatialDimensions`,
    [{ dimName: 'x' }],
    /refused.*double/,
  ),
  at(
    'a type that no found column can have',
    `${schema}.dimensionsSpec.dimensions`,
    [{ type: 'auto', name: 'a', castToType: 'nope' }],
    /one of LONG, DOUBLE, STRING, ARRAY<LONG>/,
    `${schema}.dimensionsSpec.dimensions[0].castToType`,
  ),
  at(
    'more dimensions than anyone has',
    `${schema}.dimensionsSpec.dimensions`,
    Array(10_001).fill('a'),
    /at most 10000/,
  ),
  at('dimensions that are no list', `${schema}.dimensionsSpec.dimensions`, 'a,b', /expected an array/),
  at('an unknown aggregator', `${schema}.metricsSpec[0].type`, 'longsum', /did you mean longSum/),
  at(
    'an aggregator that is refused',
    `${schema}.metricsSpec[0].type`,
    'thetaSketch',
    /no theta and tuple sketches.*HLLSketchBuild/,
  ),
  at('stringAny', `${schema}.metricsSpec[0].type`, 'stringAny', /in Druid neither; use stringFirst/),
  at('an aggregator without a name', `${schema}.metricsSpec[0].name`, gone, /found nothing/),
  at(
    'an aggregator without fieldName',
    `${schema}.metricsSpec[1].fieldName`,
    gone,
    /name of the input field/,
  ),
  at(
    'an aggregator with an expression and a field',
    `${schema}.metricsSpec[1].expression`,
    'a + 1',
    /fieldName or expression, not both/,
  ),
  at(
    'a filtered aggregator without a filter',
    `${schema}.metricsSpec[1]`,
    { type: 'filtered', aggregator: { type: 'count', name: 'n' } },
    /expected a filter/,
    `${schema}.metricsSpec[1].filter`,
  ),
  at(
    'a filtered aggregator without a name anywhere',
    `${schema}.metricsSpec[1]`,
    { type: 'filtered', filter: { type: 'true' }, aggregator: { type: 'count' } },
    /name of the column/,
    `${schema}.metricsSpec[1].name`,
  ),
  at(
    'a filtered aggregator around a refused one',
    `${schema}.metricsSpec[1]`,
    { type: 'filtered', name: 'n', filter: { type: 'true' }, aggregator: { type: 'hyperUnique' } },
    /HLLSketchBuild/,
    `${schema}.metricsSpec[1].aggregator.type`,
  ),
  at(
    'a first value of an expression',
    `${schema}.metricsSpec[1]`,
    { type: 'longFirst', name: 'n', expression: 'a + 1' },
    /name of the input field/,
    `${schema}.metricsSpec[1].fieldName`,
  ),
  at(
    'a quantiles sketch of another size',
    `${schema}.metricsSpec[1]`,
    { type: 'quantilesDoublesSketch', name: 'n', fieldName: 'a', k: 100 },
    /a power of two from 2 to 32768/,
    `${schema}.metricsSpec[1].k`,
  ),
  at(
    'an aggregator that is a text',
    `${schema}.metricsSpec`,
    ['count'],
    /an aggregator/,
    `${schema}.metricsSpec[0]`,
  ),
  at(
    'a metric named like a dimension',
    `${schema}.metricsSpec[0].name`,
    'country',
    /which is a dimension too/,
  ),
  at('a metric twice', `${schema}.metricsSpec[1].name`, 'events', /a second time/),
  at('a metric named __time', `${schema}.metricsSpec[0].name`, '__time', /time of a row/),
  at('a metric with NUL in its name', `${schema}.metricsSpec[0].name`, 'a\u0000', /control/),
  at(
    'a metric with a name of a megabyte',
    `${schema}.metricsSpec[0].name`,
    'x'.repeat(1_000_000),
    /1000 bytes/,
  ),
  at(
    'an unknown granularity',
    `${schema}.granularitySpec.segmentGranularity`,
    'FORTNIGHT',
    /one of ALL, NONE/,
  ),
  at(
    'segments of a millisecond',
    `${schema}.granularitySpec.segmentGranularity`,
    'NONE',
    /file per millisecond/,
  ),
  at(
    'a query granularity coarser than segments',
    `${schema}.granularitySpec.queryGranularity`,
    'DAY',
    /within one segment/,
  ),
  at(
    'a granularity in a time zone that is no text',
    `${schema}.granularitySpec.segmentGranularity`,
    { type: 'period', period: 'P1D', timeZone: 1 },
    /an IANA name such as Europe\/Berlin/,
  ),
  at(
    'a granularity with an origin that is no time',
    `${schema}.granularitySpec.queryGranularity`,
    { type: 'duration', duration: 60_000, origin: 'noon' },
    /an origin in ISO 8601/,
  ),
  at(
    'a granularity with an origin beyond all calendars',
    `${schema}.granularitySpec.queryGranularity`,
    { type: 'period', period: 'PT1M', origin: 8_640_000_000_000_000 },
    /between the years 0 and 9999/,
  ),
  at(
    'a period with a part below zero',
    `${schema}.granularitySpec.queryGranularity`,
    { type: 'period', period: 'PT1H-30M' },
    /not negative/,
  ),
  at(
    'a period of no length',
    `${schema}.granularitySpec.queryGranularity`,
    { type: 'period', period: 'PT0S' },
    /longer than zero/,
  ),
  at(
    'a query granularity that counts from another origin than the segments',
    `${schema}.granularitySpec.queryGranularity`,
    { type: 'duration', duration: 3_600_000, origin: '2026-01-01T00:30:00Z' },
    /within one segment/,
  ),
  at(
    'a granularity of another kind',
    `${schema}.granularitySpec.queryGranularity`,
    { type: 'moon', duration: 5 },
    /type period or duration/,
  ),
  at('rollup as a word', `${schema}.granularitySpec.rollup`, 'often', /true or false/),
  at('a batch granularitySpec', `${schema}.granularitySpec.type`, 'arbitrary', /uniform/),
  at(
    'a transform without a name',
    `${schema}.transformSpec`,
    { transforms: [{ type: 'expression', expression: 'x' }] },
    /the name of the field it makes/,
    `${schema}.transformSpec.transforms[0].name`,
  ),
  at(
    'a transform without an expression',
    `${schema}.transformSpec`,
    { transforms: [{ type: 'expression', name: 'a' }] },
    /an expression/,
    `${schema}.transformSpec.transforms[0].expression`,
  ),
  at(
    'a transform of another type',
    `${schema}.transformSpec`,
    { transforms: [{ type: 'javascripty', name: 'a', expression: 'x' }] },
    /expression, the only type/,
    `${schema}.transformSpec.transforms[0].type`,
  ),
  at(
    'two transforms of one name',
    `${schema}.transformSpec`,
    {
      transforms: [
        { type: 'expression', name: 'a', expression: 'x' },
        { type: 'expression', name: 'a', expression: 'y' },
      ],
    },
    /each transform once/,
    `${schema}.transformSpec.transforms[1].name`,
  ),
  at(
    'a filter as text',
    `${schema}.transformSpec`,
    { filter: 'a = 1' },
    /an object with a type/,
    `${schema}.transformSpec.filter`,
  ),
  at('the old parser', `${schema}.parser`, { type: 'string' }, /inputFormat/),
];

const stream: readonly WrongSpec[] = [
  at('no topic', `${io}.topic`, gone, /name of a topic/),
  at('a topic Kafka has not', `${io}.topic`, 'a b', /topic name of Kafka/),
  at('topic and topicPattern', `${io}.topicPattern`, 'g_.*', /keep one of the two/),
  at('another stream than topic', `${io}.stream`, 'other', /same as topic/),
  at('the earliest by the name of Kinesis', `${io}.useEarliestSequenceNumber`, true, /useEarliestOffset/),
  at('no inputFormat', `${io}.inputFormat`, gone, /"type": "json"/),
  at('an unknown inputFormat', `${io}.inputFormat.type`, 'nosuch', /expected json/),
  ...formats,
  at('a thrift format', `${io}.inputFormat.type`, 'thrift', /thrift is refused/),
  at('no tasks', `${io}.taskCount`, 0, /from 1 to 500.*suspend/),
  at('less than no tasks', `${io}.taskCount`, -1, /found -1/),
  at('a taskCount in words', `${io}.taskCount`, 'two', /found "two", expected a whole number/),
  at('half a task', `${io}.taskCount`, 1.5, /whole number/),
  at('ten thousand tasks', `${io}.taskCount`, 10_000, /from 1 to 500/),
  at('no replicas', `${io}.replicas`, 0, /from 1 to 20/),
  at('a taskDuration in words', `${io}.taskDuration`, '1h', /found "1h".*PT1H/),
  at('a taskDuration of nothing', `${io}.taskDuration`, 'PT0S', /longer than PT0S/),
  at('a taskDuration in months', `${io}.taskDuration`, 'P1M', /without months/),
  at('a taskDuration of ages', `${io}.taskDuration`, 'P99999999D', /at most/),
  at('a completionTimeout of nothing', `${io}.completionTimeout`, 0, /longer than PT0S/),
  at('a startDelay before now', `${io}.startDelay`, 'PT-5S', /PT0S or more/),
  at('a period before now', `${io}.period`, 'PT-5S', /PT0S or more/),
  at('a period that is an object', `${io}.period`, {}, /empty object/),
  {
    name: 'both kinds of late rejection',
    spec: changed(
      changed(aRawSpec(), `${io}.lateMessageRejectionPeriod`, 'PT1H'),
      `${io}.lateMessageRejectionStartDateTime`,
      '2026-01-01',
    ),
    path: `${io}.lateMessageRejectionStartDateTime`,
    says: /keep one of the two/,
  },
  at('a scaler that is a text', `${io}.autoScalerConfig`, 'on', /an object with enableTaskAutoScaler/),
  at(
    'no idle time',
    `${io}.idleConfig`,
    { enabled: true, inactiveAfterMillis: 0 },
    /from 1 to 9223372036854775807/,
    `${io}.idleConfig.inactiveAfterMillis`,
  ),
  at('no stop at all', `${io}.stopTaskCount`, 0, /at least 1/),
  at('another lag aggregator', `${io}.lagAggregator`, { type: 'mine' }, /carries no code/),
  at('a mirror without a name', `${io}.mirrorConsumerGroup`, '', /name of a consumer group/),
  at('a mirror with a line break', `${io}.mirrorConsumerGroup`, 'a\nb', /control characters/),
  at('no replicas by priority', `${io}.serverPriorityToReplicas`, { 0: 0 }, /1 to 20 replicas/),
  at(
    'priorities that are no numbers',
    `${io}.serverPriorityToReplicas`,
    { hot: 1 },
    /whole number/,
    `${io}.serverPriorityToReplicas["hot"]`,
  ),
  at(
    'a priority without replicas',
    `${io}.serverPriorityToReplicas`,
    { 0: 1, 1: null },
    /found null/,
    `${io}.serverPriorityToReplicas["1"]`,
  ),
  {
    name: 'replicas that are not the sum',
    spec: changed(changed(aRawSpec(), `${io}.replicas`, 3), `${io}.serverPriorityToReplicas`, { 0: 1, 1: 1 }),
    path: `${io}.replicas`,
    says: /expected 2, the sum of serverPriorityToReplicas/,
  },
  at('no consumerProperties', `${io}.consumerProperties`, gone, /bootstrap\.servers/),
  at('no bootstrap.servers', `${io}.consumerProperties["bootstrap.servers"]`, gone, /host:port/),
  at(
    'a broker without a port',
    `${io}.consumerProperties["bootstrap.servers"]`,
    'broker',
    /"broker".*host:port/,
  ),
  at('a broker that is a URL', `${io}.consumerProperties["bootstrap.servers"]`, 'http://h:80/x', /host:port/),
  at('a broker on port 70000', `${io}.consumerProperties["bootstrap.servers"]`, 'h:70000', /host:port/),
  at('an isolation level that is none', `${io}.consumerProperties["isolation.level"]`, 'x', /read_committed/),
  at('a protocol that is none', `${io}.consumerProperties["security.protocol"]`, 'TLS', /SASL_SSL/),
  at(
    'a trust store',
    `${io}.consumerProperties["ssl.truststore.location"]`,
    '/etc/passwd',
    /file of the worker/,
  ),
  at(
    'a login module that looks names up',
    `${io}.consumerProperties["sasl.jaas.config"]`,
    'com.sun.security.auth.module.JndiLoginModule required user.provider.url="ldap://h/x";',
    /refused/,
  ),
  at(
    'an address for tokens',
    `${io}.consumerProperties["sasl.oauthbearer.token.endpoint.url"]`,
    'file:///x',
    /refused/,
  ),
  at('an interceptor', `${io}.consumerProperties["interceptor.classes"]`, 'a.B', /code to load/),
  at(
    'a property nobody knows',
    `${io}.consumerProperties["fetch.min.byte"]`,
    1,
    /did you mean fetch\.min\.bytes/,
  ),
  at(
    'a provider',
    `${io}.consumerProperties["druid.dynamic.config.provider"]`,
    { type: 'vault', path: 'x' },
    /a provider of type vault.*mapString/,
  ),
];

const limits: readonly WrongSpec[] = [
  at('no rows in memory', `${tuning}.maxRowsInMemory`, 0, /at least 1/),
  at('less than no bytes', `${tuning}.maxBytesInMemory`, -2, /at least -1/),
  at('segments without rows', `${tuning}.maxRowsPerSegment`, 0, /at least 1/),
  at('more rows than can be counted', `${tuning}.maxTotalRows`, 1e300, /whole number/),
  at('handoffs all the time', `${tuning}.intermediateHandoffPeriod`, 'PT0S', /longer than PT0S/),
  at('fewer than no errors', `${tuning}.maxParseExceptions`, -1, /at least 0/),
  at('resets by themselves', `${tuning}.resetOffsetAutomatically`, 'often', /true or false/),
  at(
    'Concise bitmaps',
    `${tuning}.indexSpec`,
    { bitmap: { type: 'concise' } },
    /Concise/,
    `${tuning}.indexSpec.bitmap.type`,
  ),
  at(
    'a compression that is none',
    `${tuning}.indexSpec`,
    { dimensionCompression: 'nosuch' },
    /one of lz4/,
    `${tuning}.indexSpec.dimensionCompression`,
  ),
  at('a folder of the worker', `${tuning}.basePersistDirectory`, '/etc', /HEADGATE_SCRATCH/),
];

const hostile: readonly WrongSpec[] = [
  at('__proto__', `${io}["__proto__"]`, { polluted: true }, /refused/, `${io}.__proto__`),
  at('an empty key', 'context', { '': 1 }, /refused/, 'context[""]'),
  at('a key of code', `${tuning}.javascript`, { enabled: true }, /refused/),
  at('code as a format', `${io}.inputFormat.type`, 'javascript', /no code/),
  at('a deep value', 'context', { tags: nested(5000) }, /nested more than 64 deep/, deepPath()),
];

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

function deepPath(): string {
  return `context.tags${'[0]'.repeat(62)}`.slice(0, 200);
}

export const wrongSpecs: readonly WrongSpec[] = [
  ...bodies,
  ...names,
  ...columns,
  ...stream,
  ...limits,
  ...hostile,
  ...operatorSpecs,
];
