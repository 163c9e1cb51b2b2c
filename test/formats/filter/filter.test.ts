import { describe, expect, test } from 'vitest';
import type { Json } from '../../../domain/json.ts';
import { CompileProblem } from '../../../formats/compile-problem.ts';
import { ExpressionFailure } from '../../../formats/expression/expression.ts';
import { compileFilter, refusedTypes, types } from '../../../formats/filter/filter.ts';
import { parseJsonObjects } from '../../../formats/json-text.ts';
import { InputView } from '../../../formats/transformer.ts';

/** Whether the filter keeps a row whose field `x` is this JSON text; '' is a row without it. */
function keeps(filter: Json, json: string, timeMs = 0): boolean {
  const [fields] = parseJsonObjects(json === '' ? '{}' : `{"x": ${json}}`);
  if (fields === undefined) throw new Error('no row');
  return compileFilter(filter)(new InputView(fields, timeMs));
}

/** `yes` and `no` are JSON values of `x`; those of `unknown` are kept neither by the filter nor by its negation. */
type Case = {
  readonly filter: { readonly [key: string]: Json };
  readonly yes?: readonly string[];
  readonly no?: readonly string[];
  readonly unknown?: readonly string[];
};

const x = { dimension: 'x' };
const columnX = { column: 'x' };

const cases: readonly Case[] = [
  {
    filter: { type: 'selector', ...x, value: '5' },
    yes: ['5', '5.0', '"5"', '["4", "5"]', '[4, 5]'],
    no: ['"5.0"', '5.5', '6', '"[]"', 'true', '{"a": 5}'],
    unknown: ['', 'null', '[]'],
  },
  { filter: { type: 'selector', ...x, value: 5 }, yes: ['5', '"5"'], no: ['6'] },
  { filter: { type: 'selector', ...x, value: '5.0' }, yes: ['5', '5.0', '"5.0"'], no: ['"5"'] },
  { filter: { type: 'selector', ...x, value: true }, yes: ['true', '"true"'], no: ['false', '1'] },
  {
    filter: { type: 'selector', ...x, value: null },
    yes: ['', 'null', '[]'],
    no: ['""', '0', '[null]', '[null, "a"]'],
  },
  {
    filter: { type: 'selector', ...x, value: 'null' },
    yes: ['"null"', '[null, "a"]'],
    no: ['"a"'],
    unknown: ['null'],
  },
  { filter: { type: 'selector', ...x, value: '' }, yes: ['""'], no: ['" "'], unknown: ['null'] },
  { filter: { type: 'selector', ...x, value: '-0.0' }, yes: ['-0.0', '0'], no: ['0.0'] },
  { filter: { type: 'selector', ...x, value: '{a=1}' }, yes: ['{"a": 1}'], no: ['{"a": 2}'] },
  {
    filter: { type: 'selector', ...x, value: '9223372036854775807' },
    yes: ['9223372036854775807', '9223372036854775808'],
    no: ['9223372036854775806'],
  },
  {
    filter: { type: 'in', ...x, values: ['a', 1.5, 7] },
    yes: ['"a"', '1.5', '7', '7.0'],
    no: ['"b"', '"7.0"'],
    unknown: ['null'],
  },
  { filter: { type: 'in', ...x, values: ['a', null] }, yes: ['"a"', 'null', '[]'], no: ['"b"', '0'] },
  { filter: { type: 'in', ...x, values: [] }, no: ['"a"', '1'], unknown: ['null'] },
  {
    filter: { type: 'inType', ...columnX, matchValueType: 'LONG', values: [5, '7'] },
    yes: ['5', '5.0', '"7"'],
    no: ['"5.0"', '6'],
    unknown: ['null'],
  },
  {
    filter: { type: 'inType', ...columnX, matchValueType: 'STRING', sortedValues: [null, 'a'] },
    yes: ['null', '"a"'],
    no: ['"b"'],
  },
  {
    filter: { type: 'equals', ...columnX, matchValueType: 'LONG', matchValue: 5 },
    yes: ['5', '5.0', '"5"', '[1, 5]'],
    no: ['"5.0"', '6', 'true'],
    unknown: ['null', '[]'],
  },
  {
    filter: { type: 'equals', ...columnX, matchValueType: 'DOUBLE', matchValue: 5.5 },
    yes: ['5.5', '"5.5"'],
    no: ['5'],
  },
  {
    filter: { type: 'equals', ...columnX, matchValueType: 'FLOAT', matchValue: 5 },
    yes: ['5', '"5.0"'],
    no: ['"5"'],
  },
  {
    filter: { type: 'equals', ...columnX, matchValueType: 'string', matchValue: '5' },
    yes: ['5', '"5"', '5.0'],
    no: ['"5.0"'],
  },
  {
    filter: { type: 'equals', ...columnX, matchValueType: 'ARRAY<STRING>', matchValue: ['a', 'b'] },
    no: ['["a", "b"]', '"a"'],
    unknown: ['null'],
  },
  {
    filter: { type: 'equals', ...columnX, matchValueType: 'ARRAY<STRING>', matchValue: ['a'] },
    yes: ['["a", "b"]', '"a"'],
    no: ['"b"'],
  },
  { filter: { type: 'null', ...columnX }, yes: ['', 'null', '[]'], no: ['""', '0', 'false'] },
  {
    filter: {
      type: 'arrayContainsElement',
      ...columnX,
      elementMatchValueType: 'STRING',
      elementMatchValue: 'a',
    },
    yes: ['["a", "b"]', '"a"'],
    no: ['"b"'],
    unknown: ['null'],
  },
  {
    filter: {
      type: 'arrayContainsElement',
      ...columnX,
      elementMatchValueType: 'LONG',
      elementMatchValue: null,
    },
    no: ['1'],
    unknown: ['null'],
  },
  {
    filter: { type: 'bound', ...x, lower: 'a', upper: 'c', upperStrict: true },
    yes: ['"a"', '"bz"'],
    no: ['"c"', '"A"', '5', 'null'],
  },
  { filter: { type: 'bound', ...x, upper: '5' }, yes: ['null', '10', '"5"'], no: ['"50"', '6'] },
  {
    filter: { type: 'bound', ...x, lower: '5', lowerStrict: true, ordering: 'numeric' },
    yes: ['5.5', '6', '"6"', '1e300'],
    no: ['5', '"5.0"', '"abc"', 'null'],
  },
  {
    filter: { type: 'bound', ...x, upper: 'abc', ordering: 'numeric' },
    yes: ['null', '"aa"'],
    no: ['5', '-1.5', '"5"'],
  },
  {
    filter: { type: 'bound', ...x, lower: 'abc', ordering: 'NUMERIC' },
    yes: ['5', '-1.5', '"5"'],
    no: ['null', '"aa"'],
  },
  {
    filter: { type: 'bound', ...x, lower: 'a9', upper: 'a100', ordering: 'alphanumeric' },
    yes: ['"a10"', '"A9"', '"a009"'],
    no: ['"a8"', '"b"'],
  },
  { filter: { type: 'bound', ...x, lower: 'a9', alphaNumeric: true }, yes: ['"a10"'], no: ['"a8"'] },
  {
    filter: { type: 'bound', ...x, lower: 'bb', ordering: 'strlen' },
    yes: ['"aaa"', '"bb"', '"bc"'],
    no: ['"z"', '"ba"'],
  },
  {
    filter: { type: 'bound', ...x, lower: '1.9', upper: '1.10', ordering: 'version' },
    yes: ['"1.9.1"', '"1.10.0"', '"1.10-rc1"'],
    no: ['"1.8"', '"1.10.1"'],
  },
  {
    filter: { type: 'range', ...columnX, matchValueType: 'LONG', lower: 5, upper: 7, lowerOpen: true },
    yes: ['6', '7', '6.5', '5.1', '"6"'],
    no: ['5', '7.5', '"abc"', 'true'],
    unknown: ['null', '[]'],
  },
  {
    filter: { type: 'range', ...columnX, matchValueType: 'DOUBLE', lower: 1.5 },
    yes: ['2', '1.5', '"1.50"'],
    no: ['1', '"x"'],
  },
  {
    filter: { type: 'range', ...columnX, matchValueType: 'STRING', lower: 5, upper: 'b', upperOpen: true },
    yes: ['5', '"a"', '50.5'],
    no: ['10', '"b"'],
  },
  {
    filter: { type: 'range', ...columnX, matchValueType: 'ARRAY<LONG>', lower: [5] },
    yes: ['"6"', '7'],
    no: ['10'],
  },
  {
    filter: { type: 'interval', ...x, intervals: ['1970-01-01/P1D'] },
    yes: ['0', '86399999', '"5"', '5.5'],
    no: ['86400000', '"1970-01-01"', 'null'],
  },
  {
    filter: { type: 'like', ...x, pattern: 'a%c_' },
    yes: ['"abcd"', '"acd"'],
    no: ['"abc"', '"xacd"', '5'],
    unknown: ['null'],
  },
  { filter: { type: 'like', ...x, pattern: '1%' }, yes: ['10', '1.5', '"1"'], no: ['2'] },
  { filter: { type: 'like', ...x, pattern: 'a!%!', escape: '!' }, yes: ['"a%"'], no: ['"ab"', '"a%!"'] },
  { filter: { type: 'like', ...x, pattern: '%b%' }, yes: ['"a\\nb\\nc"'], no: ['""'] },
  {
    filter: { type: 'regex', ...x, pattern: '^a.*z$' },
    yes: ['"abz"', '["x", "az"]'],
    no: ['"abzb"'],
    unknown: ['null'],
  },
  {
    filter: { type: 'search', ...x, query: { type: 'contains', value: 'B', caseSensitive: true } },
    yes: ['"aBc"'],
    no: ['"abc"'],
    unknown: ['null'],
  },
  {
    filter: { type: 'search', ...x, query: { type: 'contains', value: 'B' } },
    yes: ['"aBc"', '"abc"'],
    no: ['"ac"'],
  },
  {
    filter: { type: 'search', ...x, query: { type: 'insensitive_contains', value: 'B' } },
    yes: ['"abc"'],
    no: ['"ac"'],
  },
  {
    filter: { type: 'search', ...x, query: { type: 'fragment', values: ['a', 'C'] } },
    yes: ['"xcxa"'],
    no: ['"a"'],
  },
  { filter: { type: 'search', ...x, query: { type: 'regex', pattern: 'b+' } }, yes: ['"abb"'], no: ['"a"'] },
  { filter: { type: 'search', ...x, query: { type: 'all' } }, yes: ['""', '5'], unknown: ['null'] },
  { filter: { type: 'true' }, yes: ['', '1'] },
  { filter: { type: 'false' }, no: ['', '1'] },
  {
    filter: { type: 'expression', expression: 'x > 5' },
    yes: ['6', '5.5', '"10"'],
    no: ['5'],
    unknown: ['"abc"'],
  },
  {
    filter: { type: 'expression', expression: "x == 'a'" },
    yes: ['"a"', '["b", "a"]'],
    no: ['"b"', '["b", "c"]'],
  },
  {
    filter: { type: 'expression', expression: "array_contains(x, 'a')" },
    yes: ['["b", "a"]'],
    no: ['["b"]'],
  },
  {
    filter: {
      type: 'and',
      fields: [
        { type: 'selector', ...x, value: 'a' },
        { type: 'not', field: { type: 'selector', ...x, value: 'b' } },
      ],
    },
    yes: ['"a"', '["a", "c"]'],
    no: ['"b"', '"c"', '["a", "b"]'],
    unknown: ['null'],
  },
  {
    filter: { type: 'or', fields: [{ type: 'selector', ...x, value: 'a' }, { type: 'false' }, null] },
    yes: ['"a"'],
    no: ['"b"'],
    unknown: ['null'],
  },
  {
    filter: { type: 'istrue', field: { type: 'selector', ...x, value: 'a' } },
    yes: ['"a"'],
    no: ['"b"', 'null'],
  },
  {
    filter: { type: 'isfalse', field: { type: 'selector', ...x, value: 'a' } },
    yes: ['"b"'],
    no: ['"a"', 'null'],
  },
];

describe.each(cases)('$filter', ({ filter, yes = [], no = [], unknown = [] }) => {
  test('keeps what it should', () => {
    for (const value of yes) expect(keeps(filter, value), value).toBe(true);
    for (const value of [...no, ...unknown]) expect(keeps(filter, value), value).toBe(false);
  });

  test('its negation keeps the rest, but not what is unknown', () => {
    const negation: Json = { type: 'not', field: filter };
    for (const value of no) expect(keeps(negation, value), value).toBe(true);
    for (const value of [...yes, ...unknown]) expect(keeps(negation, value), value).toBe(false);
    for (const value of yes) expect(keeps({ type: 'not', field: negation }, value), value).toBe(true);
  });
});

test('the time of a row is a long', () => {
  const year2020 = {
    type: 'interval',
    dimension: '__time',
    intervals: ['2020-01-01/2021-01-01', 'P1D/1970-01-01'],
  };
  expect(keeps(year2020, '', Date.UTC(2020, 5))).toBe(true);
  expect(keeps(year2020, '', -1)).toBe(true);
  expect(keeps(year2020, '', 0)).toBe(false);
  expect(keeps({ type: 'selector', dimension: '__time', value: '5' }, '', 5)).toBe(true);
});

test('two columns are compared by what they share', () => {
  const [row] = parseJsonObjects('{"a": ["x", "5"], "b": 5, "c": "y", "d": null, "e": []}');
  const same = (...dimensions: Json[]): boolean =>
    compileFilter({ type: 'columnComparison', dimensions })(new InputView(row ?? new Map(), 0));
  expect(same('a', 'b')).toBe(true);
  expect(same('a', 'c')).toBe(false);
  expect(same('d', 'e')).toBe(true);
  expect(same('d', 'b')).toBe(false);
  expect(same({ type: 'default', dimension: 'a' }, 'b')).toBe(true);
  const upper = { type: 'extraction', dimension: 'c', extractionFn: { type: 'upper' } };
  expect(same(upper, 'c')).toBe(false);
});

describe('extraction functions', () => {
  test.each<[{ readonly [key: string]: Json }, string, string | null]>([
    [{ type: 'identity' }, '"a"', 'a'],
    [{ type: 'upper' }, '"aé"', 'AÉ'],
    [{ type: 'lower', locale: 'en' }, '"AB"', 'ab'],
    [{ type: 'strlen' }, '"abc"', '3'],
    [{ type: 'strlen' }, 'null', null],
    [{ type: 'substring', index: 1, length: 2 }, '"abcd"', 'bc'],
    [{ type: 'substring', index: 2 }, '"abcd"', 'cd'],
    [{ type: 'substring', index: 4 }, '"abcd"', null],
    [{ type: 'partial', expr: 'b+' }, '"abb"', 'abb'],
    [{ type: 'partial', expr: 'b+' }, '"a"', null],
    [{ type: 'regex', expr: 'a(.)c' }, '"xabc"', 'b'],
    [{ type: 'regex', expr: 'a(.)c', index: 0 }, '"xabc"', 'abc'],
    [{ type: 'regex', expr: 'a(.)c' }, '"no"', 'no'],
    [{ type: 'regex', expr: 'a(.)c', replaceMissingValue: true }, '"no"', null],
    [
      { type: 'regex', expr: 'a(.)c', replaceMissingValue: true, replaceMissingValueWith: 'none' },
      '"no"',
      'none',
    ],
    [{ type: 'searchQuery', query: { type: 'insensitive_contains', value: 'B' } }, '"abc"', 'abc'],
    [{ type: 'stringFormat', format: '[%s] 100%%' }, '"a"', '[a] 100%'],
    [{ type: 'stringFormat', format: '[%s]' }, 'null', '[null]'],
    [{ type: 'stringFormat', format: '[%s]', nullHandling: 'emptyString' }, 'null', '[]'],
    [{ type: 'stringFormat', format: '[%s]', nullHandling: 'returnNull' }, 'null', null],
    [{ type: 'bucket', size: 5 }, '12', '10'],
    [{ type: 'bucket', size: 5, offset: 2 }, '"11.5"', '7'],
    [{ type: 'bucket', size: 0.5 }, '0.75', '0.5'],
    [{ type: 'bucket' }, '"a"', null],
    [{ type: 'timeFormat', format: 'EEEE', timeZone: 'Europe/Berlin' }, '1577833200000', 'Wednesday'],
    [{ type: 'timeFormat', granularity: 'hour', asMillis: true }, '"1970-01-01T05:30:00Z"', '18000000'],
    [
      { type: 'time', timeFormat: 'dd/MMM/yyyy', resultFormat: 'yyyy-MM', joda: true },
      '"29/Feb/2020"',
      '2020-02',
    ],
    [{ type: 'time', timeFormat: 'dd/MMM/yyyy', resultFormat: 'yyyy-MM', joda: true }, '"never"', 'never'],
    [{ type: 'cascade', extractionFns: [{ type: 'substring', index: 1 }, { type: 'upper' }] }, '"abc"', 'BC'],
  ])('%j of %s is %j', (extractionFn, value, expected) => {
    expect(keeps({ type: 'selector', ...x, value: expected, extractionFn }, value)).toBe(true);
    expect(keeps({ type: 'selector', ...x, value: 'something else', extractionFn }, value)).toBe(false);
  });

  test('a value that is no time spoils its record', () => {
    const extractionFn = { type: 'timeFormat', format: 'yyyy' };
    expect(() => keeps({ type: 'selector', ...x, value: '2020', extractionFn }, '"noon"')).toThrow(
      ExpressionFailure,
    );
  });

  test('in every filter that takes one', () => {
    const extractionFn = { type: 'upper' };
    for (const filter of [
      { type: 'in', ...x, values: ['A'] },
      { type: 'bound', ...x, lower: 'A', upper: 'A' },
      { type: 'like', ...x, pattern: 'A' },
      { type: 'regex', ...x, pattern: 'A' },
      { type: 'search', ...x, query: { type: 'contains', value: 'A', caseSensitive: true } },
      { type: 'extraction', ...x, value: 'A' },
    ])
      expect(keeps({ ...filter, extractionFn }, '"a"'), filter.type).toBe(true);
  });
});

describe('broken filters', () => {
  test.each<[Json, string, RegExp]>([
    ['a', '', /an object with a type/],
    [{}, '.type', /one of true, false/],
    [{ type: 'nope' }, '.type', /one of true, false/],
    [{ type: 'javascript', dimension: 'x', function: 'f' }, '.type', /JavaScript is not run/],
    [{ type: 'spatial' }, '.type', /no spatial dimensions/],
    [{ type: 'bloom' }, '.type', /druid-bloom-filter/],
    [{ type: 'selector', value: 'a' }, '.dimension', /name of a field/],
    [{ type: 'selector', ...x, valeu: 'a' }, '.valeu', /no such property/],
    [{ type: 'selector', ...x, value: ['a'] }, '.value', /a text, a number or null/],
    [{ type: 'in', ...x, values: 'a' }, '.values', /a list/],
    [{ type: 'in', ...x, values: ['a', {}] }, '.values[1]', /texts, numbers or null/],
    [
      { type: 'inType', ...columnX, matchValueType: 'LONG', values: ['x'] },
      '.values[0]',
      /a value of matchValueType/,
    ],
    [{ type: 'inType', ...columnX, matchValueType: 'LONG' }, '', /exactly one of values and sortedValues/],
    [
      { type: 'equals', ...columnX, matchValueType: 'LONG', matchValue: 'x' },
      '.matchValue',
      /a value of matchValueType/,
    ],
    [{ type: 'equals', ...columnX, matchValueType: 'STRING', matchValue: null }, '.matchValue', /a value of/],
    [
      { type: 'equals', ...columnX, matchValueType: 'COMPLEX<json>', matchValue: 1 },
      '.matchValueType',
      /STRING, LONG/,
    ],
    [{ type: 'bound', ...x }, '', /lower, upper or both/],
    [{ type: 'bound', ...x, lower: '1', ordering: 'moon' }, '.ordering', /one of lexicographic/],
    [
      { type: 'bound', ...x, lower: '1', ordering: 'numeric', alphaNumeric: true },
      '.ordering',
      /alphanumeric/,
    ],
    [{ type: 'bound', ...x, lower: '1', lowerStrict: 'perhaps' }, '.lowerStrict', /true or false/],
    [{ type: 'range', ...columnX, matchValueType: 'LONG' }, '', /lower, upper or both/],
    [
      { type: 'range', ...columnX, matchValueType: 'LONG', lower: 'x' },
      '.lower',
      /a value of matchValueType/,
    ],
    [
      { type: 'range', ...columnX, matchValueType: 'ARRAY<LONG>', lower: [1, 2] },
      '.lower',
      /an array of one/,
    ],
    [{ type: 'interval', ...x, intervals: [] }, '.intervals', /at least one/],
    [
      { type: 'interval', ...x, intervals: ['2020-01-02/2020-01-01'] },
      '.intervals[0]',
      /ends after it begins/,
    ],
    [{ type: 'like', ...x, pattern: 'a', escape: 'ab' }, '.escape', /one character/],
    [{ type: 'regex', ...x, pattern: '(' }, '.pattern', /regular expression/],
    [{ type: 'regex', ...x, pattern: '(a)\\1' }, '.pattern', /without/],
    [{ type: 'search', ...x, query: { type: 'moon' } }, '.query.type', /contains, insensitive_contains/],
    [{ type: 'columnComparison', dimensions: ['a'] }, '.dimensions', /two dimensions/],
    [{ type: 'expression', expression: 'x >' }, '.expression', /./],
    [{ type: 'and', fields: [] }, '.fields', /at least one filter/],
    [{ type: 'or', fields: [{ type: 'true' }, { type: 'nope' }] }, '.fields[1].type', /one of/],
    [{ type: 'not' }, '.field', /an object with a type/],
    [
      { type: 'not', field: { type: 'and', fields: [{ type: 'regex', ...x, pattern: '(' }] } },
      '.field.fields[0].pattern',
      /regular/,
    ],
    [
      { type: 'selector', ...x, extractionFn: { type: 'javascript', function: 'f' } },
      '.extractionFn.type',
      /JavaScript is not run/,
    ],
    [
      { type: 'selector', ...x, extractionFn: { type: 'registeredLookup', lookup: 'l' } },
      '.extractionFn.type',
      /no lookups/,
    ],
    [
      { type: 'selector', ...x, extractionFn: { type: 'cascade', extractionFns: [{ type: 'moon' }] } },
      '.extractionFn.extractionFns[0].type',
      /one of/,
    ],
    [
      { type: 'selector', ...x, extractionFn: { type: 'time', timeFormat: 'y', resultFormat: 'y' } },
      '.extractionFn.joda',
      /true/,
    ],
    [
      { type: 'selector', ...x, extractionFn: { type: 'timeFormat', format: 'b' } },
      '.extractionFn.format',
      /letters/,
    ],
    [
      { type: 'selector', ...x, extractionFn: { type: 'stringFormat', format: '%d' } },
      '.extractionFn.format',
      /%s/,
    ],
  ])('%j', (filter, at, expected) => {
    expect(() => compileFilter(filter)).toThrow(CompileProblem);
    expect(() => compileFilter(filter)).toThrow(expected);
    try {
      compileFilter(filter);
    } catch (error) {
      expect((error as CompileProblem).at).toBe(at);
    }
  });

  test('too many levels', () => {
    let filter: Json = { type: 'true' };
    for (let level = 0; level < 100; level++) filter = { type: 'not', field: filter };
    expect(() => compileFilter(filter)).toThrow(/levels/);
  });
});

test('every type has a case here, or a reason', () => {
  const tested = new Set([
    ...cases.map(({ filter }) => filter['type']),
    'columnComparison',
    'extraction',
    'not',
  ]);
  for (const type of types) expect(tested, type).toContain(type);
  expect(Object.keys(refusedTypes)).toEqual(['javascript', 'spatial', 'bloom']);
});

test('multi-values beyond all reason do not multiply', () => {
  const list = `[${Array.from({ length: 200 }, (_, at) => `"${at}"`).join(',')}]`;
  const [row] = parseJsonObjects(`{"a": ${list}, "b": ${list}, "c": ${list}}`);
  const filter = compileFilter({ type: 'expression', expression: 'concat(a, b, c) == 1' });
  expect(() => filter(new InputView(row ?? new Map(), 0))).toThrow(ExpressionFailure);
});
