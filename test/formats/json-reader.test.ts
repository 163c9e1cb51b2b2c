/** The three ways a JSON record is read, and what Jackson's switches allow; recorded answers are in test/vectors/json.test.ts. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plainJson, type JsonFormat } from '../../domain/spec/input-format.ts';
import { CompileProblem } from '../../formats/compile-problem.ts';
import { maxRecordBytes, type ReadRecord } from '../../formats/input-reader.ts';
import { createJsonReader } from '../../formats/json-reader.ts';
import type { JsonValue } from '../../formats/json-text.ts';
import { jsonFeatures } from '../../formats/json/features.ts';
import { maxLines } from '../../formats/text-lines.ts';
import { shown } from './flatten/values.ts';

const seed = Number(process.env['SEED'] ?? 20261121);

const lines: Partial<JsonFormat> = { assumeNewlineDelimited: true };
const nodes: Partial<JsonFormat> = { useJsonNodeReader: true };

function read(format: Partial<JsonFormat>, value: string | Uint8Array): ReadRecord {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return createJsonReader({ ...plainJson, ...format }).read(bytes);
}

function rows(format: Partial<JsonFormat>, value: string | Uint8Array): unknown {
  const { rows, problems } = read(format, value);
  return [rows.map(shown), problems.length];
}

describe('objects, all or nothing', () => {
  test.each<[string, unknown]>([
    ['{"a":1}{"a":2}', [[{ a: 1 }, { a: 2 }], 0]],
    ['{"a":1}x', [[], 1]],
    ['{"a":1}\nnull', [[], 1]],
    ['', [[], 1]],
  ])('%j', (text, expected) => {
    expect(rows({}, text)).toEqual(expected);
  });

  test('switches count for nothing, as in Druid', () => {
    const features = { ALLOW_SINGLE_QUOTES: true, STRICT_DUPLICATE_DETECTION: true };
    expect(rows({ features }, "{'a':1}")).toEqual([[], 1]);
    expect(rows({ features }, '{"a":1,"a":2}')).toEqual([[{ a: 2 }], 0]);
  });
});

describe('useJsonNodeReader: each value alone', () => {
  test.each<[string, unknown]>([
    ['{"a":1} {"a":2}', [[{ a: 1 }, { a: 2 }], 0]],
    ['{"a":1} 5 "x" [] true {"a":2}', [[{ a: 1 }, { a: 2 }], 4]],
    ['{"a":1} null', [[{ a: 1 }, {}], 0]],
    ['{"a":1} {bad} {"a":2}', [[{ a: 1 }], 1]],
    ['{"a":1} 5{"a":2}', [[{ a: 1 }], 1]],
    ['{"a":1}null{"a":2}', [[{ a: 1 }, {}, { a: 2 }], 0]],
    ['{"a":1} nulll', [[{ a: 1 }], 1]],
    ['{"a":1', [[], 1]],
    [' \n', [[], 1]],
    ['', [[], 1]],
  ])('%j', (text, expected) => {
    expect(rows(nodes, text)).toEqual(expected);
  });

  test('a record of nothing but broken values is bounded', () => {
    expect(read(nodes, '5 '.repeat(maxLines + 1))).toEqual({
      rows: [],
      problems: [`record has more than ${maxLines} broken values`],
    });
  });
});

describe('assumeNewlineDelimited: each line alone', () => {
  test.each<[string, unknown]>([
    ['{"a":1}\n{"a":2}\n', [[{ a: 1 }, { a: 2 }], 0]],
    ['{"a":1}\r\n{"a":2}', [[{ a: 1 }, { a: 2 }], 0]],
    ['{"a":1}{"a":2}', [[{ a: 1 }], 0]],
    ['{"a":1} and more', [[{ a: 1 }], 0]],
    ['{"a":1}\n\n{bad}\n5\n[]\n{"a":2}', [[{ a: 1 }, { a: 2 }], 4]],
    ['null', [[{}], 0]],
    ['\n', [[], 1]],
    ['', [[], 0]],
    ['\ufeff{"a":1}', [[{ a: 1 }], 0]],
  ])('%j', (text, expected) => {
    expect(rows(lines, text)).toEqual(expected);
  });

  test('a line that is not UTF-8 spoils no other; problems name the line', () => {
    const bytes = Buffer.concat([
      Buffer.from('{"a":1}\n{"a":"'),
      Buffer.from([0xff]),
      Buffer.from('"}\n{"a":2}'),
    ]);
    expect(rows(lines, bytes)).toEqual([[{ a: 1 }, { a: 2 }], 1]);
    expect(read(lines, bytes).problems).toEqual(['line 2: not UTF-8']);
    expect(read(lines, '{"a":1}\n{').problems[0]).toMatch(/^line 2: /);
  });

  test('lines and fields are bounded over the whole record', () => {
    expect(read(lines, '\n'.repeat(maxLines + 1)).problems).toEqual([
      `record has more than ${maxLines} lines`,
    ]);
    const line = `{${Array.from({ length: 1_000 }, (_, at) => `"k${at}":0`).join(',')}}\n`;
    const { rows: found, problems } = read(lines, line.repeat(101));
    expect([found.length, problems.length]).toEqual([100, 1]);
    expect(read(lines, Buffer.alloc(maxRecordBytes + 1)).problems).toEqual([
      'record has 8388609 bytes; at most 8388608 are read',
    ]);
  });
});

describe('switches', () => {
  const one = (features: Record<string, boolean>, text: string): unknown =>
    rows({ ...lines, features }, text);
  const broken = [[], 1];

  test.each<[string, string, unknown]>([
    ['ALLOW_COMMENTS', '/* c */{"a":/**/1}// c', [[{ a: 1 }], 0]],
    ['ALLOW_YAML_COMMENTS', '{"a":1 # c', broken],
    ['ALLOW_YAML_COMMENTS', '{"a":1} # c', [[{ a: 1 }], 0]],
    ['ALLOW_SINGLE_QUOTES', "{'a':'it\\'s \"x\"'}", [[{ a: 'it\'s "x"' }], 0]],
    ['ALLOW_UNQUOTED_FIELD_NAMES', '{a:1,$b_:2,1:3,é-x:4}', [[{ a: 1, $b_: 2, 1: 3, 'é-x': 4 }], 0]],
    ['ALLOW_UNQUOTED_CONTROL_CHARS', '{"a":"\t\u0000"}', [[{ a: '\t\u0000' }], 0]],
    ['ALLOW_BACKSLASH_ESCAPING_ANY_CHARACTER', '{"a":"\\x\\U\\\'\\n"}', [[{ a: "xU'\n" }], 0]],
    ['ALLOW_NUMERIC_LEADING_ZEROS', '{"a":[00,-01,007.5]}', [[{ a: [0, -1, { double: 7.5 }] }], 0]],
    ['ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS', '{"a":[+1,+1.5]}', [[{ a: [1, { double: 1.5 }] }], 0]],
    [
      'ALLOW_LEADING_DECIMAL_POINT_FOR_NUMBERS',
      '{"a":[.5,-.5]}',
      [[{ a: [{ double: 0.5 }, { double: -0.5 }] }], 0],
    ],
    ['ALLOW_TRAILING_DECIMAL_POINT_FOR_NUMBERS', '{"a":5.}', [[{ a: { double: 5 } }], 0]],
    [
      'ALLOW_NON_NUMERIC_NUMBERS',
      '{"a":[NaN,Infinity,-Infinity,+Infinity,-INF,+INF]}',
      [
        [
          {
            a: [NaN, Infinity, -Infinity, Infinity, -Infinity, Infinity].map((value) => ({ double: value })),
          },
        ],
        0,
      ],
    ],
    [
      'ALLOW_MISSING_VALUES',
      '{"a":[,1,,2,],"b":,"c":3}',
      [[{ a: [null, 1, null, 2, null], b: null, c: 3 }], 0],
    ],
    ['ALLOW_MISSING_VALUES', '{"a":}', broken],
    ['ALLOW_TRAILING_COMMA', '{"a":[1,],"b":{"c":2,},}', [[{ a: [1], b: { c: 2 } }], 0]],
    ['ALLOW_TRAILING_COMMA', '{"a":[,]}', broken],
    ['STRICT_DUPLICATE_DETECTION', '{"a":1,"a":2}', broken],
    [
      'STRICT_DUPLICATE_DETECTION',
      '{"a":{"a":1},"b":[{"a":1},{"a":2}]}',
      [[{ a: { a: 1 }, b: [{ a: 1 }, { a: 2 }] }], 0],
    ],
  ])('%s: %j', (name, text, expected) => {
    expect(one({ [name]: true }, text)).toEqual(expected);
  });

  test.each([
    '{"a":1e}',
    '{"a":0x1}',
    '{"a":1_0}',
    '{"a":1.2.3}',
    '{"a":INF}',
    '{"a":--1}',
    '{"a":nan}',
    '{"a":True}',
  ])('%j is broken with all of them', (text) => {
    expect(one(all, text)).toEqual(broken);
  });
});

const names = [
  ...['ALLOW_COMMENTS', 'ALLOW_YAML_COMMENTS', 'ALLOW_UNQUOTED_FIELD_NAMES', 'ALLOW_SINGLE_QUOTES'],
  ...[
    'ALLOW_UNQUOTED_CONTROL_CHARS',
    'ALLOW_BACKSLASH_ESCAPING_ANY_CHARACTER',
    'ALLOW_NUMERIC_LEADING_ZEROS',
  ],
  ...['ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS', 'ALLOW_LEADING_DECIMAL_POINT_FOR_NUMBERS'],
  ...['ALLOW_TRAILING_DECIMAL_POINT_FOR_NUMBERS', 'ALLOW_NON_NUMERIC_NUMBERS', 'ALLOW_MISSING_VALUES'],
  ...['ALLOW_TRAILING_COMMA', 'STRICT_DUPLICATE_DETECTION'],
];
const all = Object.fromEntries(names.slice(0, -1).map((name) => [name, true]));
const anyFeatures = fc
  .subarray(names)
  .map((some) => Object.fromEntries(some.map((name) => [name, true])) as Record<string, boolean>);

describe('any switches', () => {
  test('read what JSON.parse reads alike', () => {
    fc.assert(
      fc.property(
        anyFeatures,
        fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()),
        (features, object) => {
          const text = JSON.stringify(object);
          const { rows: found, problems } = read({ ...lines, features }, text);
          expect(problems).toEqual([]);
          expect(plain(found[0] ?? null)).toEqual(plainOf(JSON.parse(text)));
        },
      ),
      { seed, numRuns: 300 },
    );
  });

  test('never throw, and give one row or one problem for each line', () => {
    const pieces = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        '"a"',
        "'b'",
        'c',
        ':',
        ',',
        '1',
        '-',
        '+',
        '.',
        '0',
        'e5',
        '/*',
        '*/',
        '//',
        '#',
        '\\',
      ],
      ...['"', "'", 'NaN', 'Infinity', 'null', ' ', '\t', '\u0000', '{"a":', '\u00e9', '\ud83d'],
    );
    const formats = fc.constantFrom(lines, nodes, {});
    fc.assert(
      fc.property(anyFeatures, formats, fc.array(pieces, { maxLength: 16 }), (features, format, parts) => {
        const text = parts.join('');
        const { rows: found, problems } = read({ ...format, features }, text);
        if (format === lines) expect(found.length + problems.length).toBe(text === '' ? 0 : 1);
        else expect(found.length + problems.length).toBeGreaterThan(0);
      }),
      { seed, numRuns: 20_000 },
    );
  });

  test('names that are not in the list change nothing', () => {
    expect(jsonFeatures({ AUTO_CLOSE_SOURCE: true })).toEqual(jsonFeatures({}));
  });
});

/** As JSON.parse would give it; objects as lists of pairs, so that no name is special. */
function plain(value: JsonValue): unknown {
  const text = shown(value);
  return unwrapped(text);
}

function unwrapped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrapped);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first?.[0] === 'double' && typeof first[1] === 'number') return first[1] + 0;
  if (entries.length === 1 && first?.[0] === 'long' && typeof first[1] === 'string') return Number(first[1]);
  return entries.map(([key, item]) => [key, unwrapped(item)]);
}

function plainOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainOf);
  if (typeof value === 'number') return value + 0;
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).map(([key, item]) => [key, plainOf(item)]);
}

describe('flattenSpec', () => {
  const flatten = (expr: string, type: 'path' | 'jq' = 'path'): Partial<JsonFormat> => ({
    flatten: { useFieldDiscovery: true, fields: [{ type, name: 'f', expr, nodes: [] }] },
  });

  test('adds its fields to those of the outermost object', () => {
    expect(rows(flatten('$.a.b'), '{"a":{"b":1}}')).toEqual([[{ a: { b: 1 }, f: 1 }], 0]);
    expect(rows(flatten('$.a'), '{"a":1,"f":2}')).toEqual([[{ a: 1, f: 1 }], 0]);
  });

  test('what it cannot be applied to spoils as much as broken text does', () => {
    const text = '{"a":[1]}\n{"a":2}\n{"a":[3]}';
    expect(rows(flatten('$.a.first()'), text)).toEqual([[], 1]);
    expect(rows({ ...flatten('$.a.first()'), ...nodes }, text)).toMatchObject([[{ f: 1 }, { f: 3 }], 1]);
    expect(rows({ ...flatten('.a[0]', 'jq'), ...lines }, text)).toMatchObject([[{ f: 1 }, { f: 3 }], 1]);
  });

  test('a path that does not compile is a problem at its place', () => {
    const root = { type: 'root', name: 'r', expr: 'r', nodes: [] } as const;
    const path = { type: 'path', name: 'f', expr: '$[', nodes: [] } as const;
    const format = { ...plainJson, flatten: { useFieldDiscovery: true, fields: [root, path] } };
    expect(() => createJsonReader(format)).toThrow(CompileProblem);
    expect(() => createJsonReader(format)).toThrow(
      expect.objectContaining({ at: 'flattenSpec.fields[1].expr' }),
    );
  });

  test('values that would be too large to write out make the record unparseable', () => {
    const nested = `{"a":${'['.repeat(60)}"${'x'.repeat(2_000_000)}"${']'.repeat(60)}}`;
    expect(read(flatten('$..*'), nested).problems[0]).toMatch(/steps/);
    expect(rows(flatten('$.a[0]'), '{"a":["x"]}')).toEqual([[{ a: ['x'], f: 'x' }], 0]);
  });
});
