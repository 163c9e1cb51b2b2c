/** A spec and right records of every input format, for the fuzzer. */
import { binaryCases } from './binary-cases.ts';

type RawObject = { readonly [key: string]: unknown };

export type FormatCase = {
  readonly name: string;
  readonly inputFormat: RawObject;
  readonly dataSchema?: RawObject;
  readonly records: readonly (string | Buffer)[];
};

const json = [
  '{"t":"2026-01-01T00:00:00Z","s":"text \\u00e9 \\n","l":-9223372036854775808,"d":1.5e-7,"b":true,"n":null}',
  '{"t":1600000000000,"a":[1,"x",null,[2.5]],"o":{"p":{"q":[{"r":1},{"r":2}]},"list":["a","b"]}}',
  '{"t":"2026-01-01 10:00:00.123 Europe/Berlin","s":"a","l":1}\n{"t":5,"s":"b","l":"7"}',
];

const columns = {
  dimensionsSpec: {
    dimensions: [
      's',
      { type: 'long', name: 'l' },
      { type: 'double', name: 'd' },
      { type: 'float', name: 'f' },
      { type: 'auto', name: 'a' },
      { type: 'json', name: 'o' },
    ],
  },
  metricsSpec: [
    { type: 'count', name: 'n' },
    { type: 'longSum', name: 'ls', fieldName: 'l' },
    { type: 'doubleMax', name: 'dm', fieldName: 'd' },
  ],
};

const plainCases: readonly FormatCase[] = [
  { name: 'json, everything discovered', inputFormat: { type: 'json' }, records: json },
  { name: 'json, typed columns', inputFormat: { type: 'json' }, dataSchema: columns, records: json },
  { name: 'json, node reader', inputFormat: { type: 'json', useJsonNodeReader: true }, records: json },
  {
    name: 'json, by lines, every leniency',
    inputFormat: {
      type: 'json',
      assumeNewlineDelimited: true,
      featureSpec: {
        ALLOW_COMMENTS: true,
        ALLOW_SINGLE_QUOTES: true,
        ALLOW_UNQUOTED_FIELD_NAMES: true,
        ALLOW_NON_NUMERIC_NUMBERS: true,
      },
    },
    records: [...json, "{t:5,'s':'x',d:NaN} // and so on"],
  },
  {
    name: 'json, flattened',
    inputFormat: {
      type: 'json',
      flattenSpec: {
        useFieldDiscovery: true,
        fields: [
          { type: 'path', name: 'deep', expr: '$..r' },
          { type: 'path', name: 'slice', expr: '$.a[-2:]' },
          { type: 'path', name: 'some', expr: '$.o.p.q[?(@.r > 1)].r' },
          { type: 'path', name: 'sum', expr: '$.o.p.q.length()' },
          { type: 'tree', name: 'tree', nodes: ['o', 'p', 'q'] },
          { type: 'root', name: 'root', expr: 's' },
          { type: 'jq', name: 'jq', expr: '.o.list[]?' },
        ],
      },
    },
    records: [json[1] ?? ''],
  },
  {
    name: 'json, transformed and filtered',
    inputFormat: { type: 'json' },
    dataSchema: {
      ...columns,
      transformSpec: {
        transforms: [
          { type: 'expression', name: 'x', expression: "concat(s, '-', cast(l, 'string'))" },
          { type: 'expression', name: 'y', expression: 'array_length(a) + div(l, 3)' },
          { type: 'expression', name: '__time', expression: "timestamp_floor(__time, 'PT1H')" },
        ],
        filter: { type: 'not', field: { type: 'selector', dimension: 's', value: 'nothing like it' } },
      },
    },
    records: [json[0] ?? '', json[2] ?? ''],
  },
  {
    name: 'json, Joda times',
    inputFormat: { type: 'json' },
    dataSchema: { timestampSpec: { column: 't', format: "yyyy-MM-dd'T'HH:mm:ss.SSSZZ" } },
    records: ['{"t":"2026-01-01T00:00:00.123+02:00","s":"x"}'],
  },
  {
    name: 'csv',
    inputFormat: { type: 'csv', columns: ['t', 's', 'l', 'd'], listDelimiter: '|', tryParseNumbers: true },
    records: ['2026-01-01,"a ""quoted"" text",5,1.5', '1600000000000,x|y|z,,\n5,"two, three",1,2'],
  },
  {
    name: 'tsv',
    inputFormat: { type: 'tsv', columns: ['t', 's', 'l'], delimiter: '\t' },
    records: ['2026-01-01\tsome text\t5', '5\t\t'],
  },
  {
    name: 'regex',
    inputFormat: { type: 'regex', pattern: '^([^ ]+) (\\w*) ?(.*)$', columns: ['t', 's', 'rest'] },
    records: ['2026-01-01 word and the rest', '5 x '],
  },
  {
    name: 'lines',
    inputFormat: { type: 'lines' },
    dataSchema: { timestampSpec: { column: 'none', missingValue: '2020-01-01' } },
    records: ['one line', 'two\nlines'],
  },
  {
    name: 'kafka',
    inputFormat: {
      type: 'kafka',
      valueFormat: { type: 'json' },
      keyFormat: { type: 'tsv', columns: ['k'] },
      headerFormat: { type: 'string', encoding: 'UTF-16' },
    },
    dataSchema: { timestampSpec: { column: 'kafka.timestamp', format: 'millis' } },
    records: ['{"s":"x"}', '{"s":{"deep":[1,2,3]}}'],
  },
];

export const formatCases: readonly FormatCase[] = [...plainCases, ...binaryCases];
