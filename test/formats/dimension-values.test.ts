/** Values of dimension columns beyond the recorded ones: cut texts, castToType, what is kept as it was read. */
import { describe, expect, test } from 'vitest';
import type { DimensionSpec } from '../../domain/spec/spec.ts';
import type { FoundType } from '../../domain/value-kinds.ts';
import { NestedValue, listItems } from '../../domain/nested-value.ts';
import { refused } from '../../formats/conversions.ts';
import { asFound, dimensionConversion } from '../../formats/dimension-values.ts';
import { JavaDouble, parseJsonObjects, type JsonValue } from '../../formats/json-text.ts';
import { aDimension } from '../support/data-schema.ts';

function json(text: string): JsonValue {
  return parseJsonObjects(`{"v":${text}}`)[0]?.get('v') ?? null;
}

function converted(spec: DimensionSpec, text: string): unknown {
  return dimensionConversion(spec)(json(text));
}

describe('maxStringLength', () => {
  const short: DimensionSpec = { ...aDimension('s'), maxStringLength: 3 };

  test.each([
    ['"abc"', 'abc'],
    ['"abcd"', 'abc'],
    ['12345.5', '123'],
    ['["dcba","dcb"]', ['dcb', 'dcb']],
    ['{"k":1}', '{k='],
    // Half a character is none.
    [String.raw`"ab\ud83d\ude00"`, 'ab?'],
    ['null', null],
  ])('cuts %s to %j', (text, wanted) => {
    expect(converted(short, text)).toEqual(wanted);
  });

  test('cuts before a set is made', () => {
    const set: DimensionSpec = { ...short, multiValueHandling: 'sorted_set' };
    expect(converted(set, '["dcba","dcb"]')).toBe('dcb');
  });

  test('0 leaves empty texts', () => {
    expect(converted({ ...short, maxStringLength: 0 }, '"a"')).toBe('');
  });
});

describe('castToType', () => {
  const cast = (type: FoundType, text: string): unknown =>
    converted({ ...aDimension('v', 'auto'), castToType: type }, text);
  const list = (text: string): NestedValue => new NestedValue(text);

  test.each<[FoundType, string, unknown]>([
    ['LONG', '"0x1p3"', 8],
    ['LONG', '"9223372036854775808"', 9_223_372_036_854_775_807n],
    ['LONG', '123456789012345678901234567890', 9_223_372_036_854_775_807n],
    ['LONG', 'true', 1],
    ['LONG', '[5]', 5],
    ['LONG', '["7"]', 7],
    ['LONG', '[]', refused],
    ['LONG', '[1,2]', refused],
    ['LONG', '{}', refused],
    ['DOUBLE', '3', new JavaDouble(3)],
    ['DOUBLE', '"1e400"', new JavaDouble(Infinity)],
    ['DOUBLE', '" 5"', null],
    ['STRING', '1.0', '1.0'],
    ['STRING', 'false', '0'],
    ['STRING', '[2.5]', '2.5'],
    ['STRING', '[1,2]', refused],
    ['STRING', '{"a":1}', refused],
    ['ARRAY<LONG>', '"x"', list('[null]')],
    ['ARRAY<LONG>', '[1.9,"2",true,null]', list('[1,2,null,null]')],
    ['ARRAY<LONG>', '[1.9,true]', list('[1,1]')],
    ['ARRAY<DOUBLE>', '[1,2.5]', list('[1.0,2.5]')],
    ['ARRAY<STRING>', '[true,"x",1.0]', list('["true","x","1.0"]')],
    ['ARRAY<STRING>', '[]', list('[]')],
    ['ARRAY<STRING>', '[[1]]', list('["1"]')],
    ['ARRAY<STRING>', '[{}]', refused],
    ['COMPLEX<json>', '{"b":1,"a":[]}', list('{"a":[],"b":1}')],
  ])('%s of %s', (type, text, wanted) => {
    expect(cast(type, text)).toEqual(wanted);
  });
});

describe('a value whose type is found', () => {
  test.each([
    ['1', 1],
    ['1.0', new JavaDouble(1)],
    ['9007199254740993', 9_007_199_254_740_993n],
    ['9223372036854775808', new JavaDouble(9_223_372_036_854_775_808)],
    [String.raw`"\ud83d"`, '?'],
    [
      '{"b":[1,1.0,1e20,-0.0,1e400],"a":{"\u{e9}":null}}',
      new NestedValue('{"a":{"é":null},"b":[1,1.0,1.0E20,-0.0,"Infinity"]}'),
    ],
    [String.raw`{"k":"\u001f\\u001f\n\"/"}`, new NestedValue(String.raw`{"k":"\u001F\\u001f\n\"/"}`)],
    ['[123456789012345678901234567890]', new NestedValue('[1.2345678901234568E29]')],
    ['[1e400,"Infinity"]', new NestedValue('[Infinity,"Infinity"]')],
  ])('%s', (text, wanted) => {
    expect(asFound(json(text))).toEqual(wanted);
  });

  test('gives the items of a list back, and none of what is nested', () => {
    const text = '[1,1.0,"a,]\\"b",null,true,9007199254740993,1e400]';
    expect(listItems(asFound(json(text)) as NestedValue)).toEqual([
      1,
      new JavaDouble(1),
      'a,]"b',
      null,
      true,
      9_007_199_254_740_993n,
      new JavaDouble(Infinity),
    ]);
    for (const nested of ['{}', '[[]]', '[1,{"a":1}]'])
      expect(listItems(asFound(json(nested)) as NestedValue)).toBe(null);
  });

  test('is JSON from the beginning in a json dimension', () => {
    expect(converted(aDimension('j', 'json'), '1.0')).toEqual(new NestedValue('1.0'));
    expect(converted(aDimension('j', 'json'), '[1e400]')).toEqual(new NestedValue('["Infinity"]'));
    expect(converted(aDimension('j', 'json'), 'null')).toBe(null);
  });
});
