import { describe, expect, test } from 'vitest';
import { asciiDigits, doubleOfText, longOf, longOfText, refused } from '../../formats/conversions.ts';
import type { MetricType } from '../../domain/spec/spec.ts';
import type { JsonValue } from '../../formats/json-text.ts';
import { metricInput } from '../../formats/metric-inputs.ts';
import { InputView } from '../../formats/transformer.ts';
import { doubleText } from '../../domain/double-text.ts';
import { javaText } from '../../formats/java-text.ts';
import { JavaDouble } from '../../formats/json-text.ts';

describe('doubles as Java prints them', () => {
  test.each<[number, string]>([
    [0, '0.0'],
    [-0, '-0.0'],
    [1, '1.0'],
    [0.1, '0.1'],
    [0.001, '0.001'],
    [0.0001, '1.0E-4'],
    [9_999_999, '9999999.0'],
    [1e7, '1.0E7'],
    [1e10, '1.0E10'],
    [1.5e300, '1.5E300'],
    [-123_456_789.123_456_79, '-1.2345678912345679E8'],
    [5e-324, '4.9E-324'],
    [Number.MAX_VALUE, '1.7976931348623157E308'],
    [Number.NaN, 'NaN'],
    [-Infinity, '-Infinity'],
  ])('%s', (value, text) => {
    expect(doubleText(value)).toBe(text);
    expect(Number(text)).toEqual(value);
  });
});

test('nested values as Java prints them', () => {
  const nested = new Map<string, never>([['a', [1, new JavaDouble(2), null, true, 'x', new Map()] as never]]);
  expect(javaText(nested)).toBe('{a=[1, 2.0, null, true, x, {}]}');
});

describe('longs', () => {
  test.each<[string, number | bigint | typeof refused]>([
    ['5', 5],
    ['+5', 5],
    ['-0', 0],
    ['1.0', 1],
    ['1.', 1],
    ['1e3', 1000],
    ['1200e-2', 12],
    ['\u0661\u0662', 12],
    ['9223372036854775807', 9_223_372_036_854_775_807n],
    ['9223372036854775808', refused],
    ['-9223372036854775808', -9_223_372_036_854_775_808n],
    ['1.5', refused],
    ['1e400', refused],
    ['1e999999999', refused],
    ['0e999999999', 0],
    ['', refused],
    ['.', refused],
    [' 5', refused],
    ['0x10', refused],
  ])('of the text %j', (text, expected) => {
    expect(longOfText(text)).toBe(expected);
  });

  test('of doubles are cut and held to int64', () => {
    expect(longOf(-1.9)).toBe(-1);
    expect(Object.is(longOf(-0.5), 0)).toBe(true);
    expect(longOf(Number.NaN)).toBe(0);
    expect(longOf(1e300)).toBe(9_223_372_036_854_775_807n);
    expect(longOf(-Infinity)).toBe(-9_223_372_036_854_775_808n);
    expect(longOf(9_223_372_036_854_774_784)).toBe(9_223_372_036_854_774_784n);
    expect(longOf(2n ** 70n)).toBe(9_223_372_036_854_775_807n);
  });
});

test.each<[string, number | typeof refused]>([
  ['.5', 0.5],
  ['1d', 1],
  ['1.5e3F', 1500],
  ['+Infinity', Infinity],
  ['0x1p3', 8],
  ['-0x1.8p1', -3],
  ['0x10', refused],
  ['nan', refused],
  ['1L', refused],
  ['\u0661', refused],
])('the double of the text %j', (text, expected) => {
  expect(doubleOfText(text)).toBe(expected);
});

test('metrics take texts with commas and blanks', () => {
  const reader = (type: MetricType) => {
    const read = metricInput({ type, name: 'm', fieldName: 'f' });
    return (value: JsonValue) => {
      const problems: string[] = [];
      const input = read(new InputView(new Map([['f', value]]), 0), problems);
      return problems[0] ?? input;
    };
  };
  const long = reader('longSum');
  const double = reader('doubleSum');
  expect(long(' 1,234 ')).toBe(1234);
  expect(long('1.9')).toBe(1);
  expect(double('-0')).toBe(0);
  expect(double('12,345.67')).toBe(12_345.67);
  expect(long(true)).toBe('could not convert value [true] to longSum for column [f]');
  expect(long([1])).toBe('could not convert value [[1]] to longSum for column [f]');
  expect(reader('floatMax')(new JavaDouble(0.1))).toBe(Math.fround(0.1));
  expect(reader('count')('x')).toBeNull();
});

test('digits of every script', () => {
  expect(asciiDigits('\u{1d7da}\uff13\u0e54-x')).toBe('234-x');
});
