import { describe, expect, it } from 'vitest';
import { evaluate, failure } from './evaluate.ts';

describe('arithmetic', () => {
  it.each([
    ['7 / 2', '3'],
    ['-7 / 2', '-3'],
    ['7 / 2.0', '3.5'],
    ['7 % -2', '1'],
    ['-7 % 2', '-1'],
    ['-7.5 % 2', '-1.5'],
    ['2 ^ 3 ^ 2', '512'],
    ['2 ^ 64', '0'],
    ['3 ^ 41', '-420491770248316829'],
    ['2.0 ^ -1', '0.5'],
    ['9223372036854775807 + 1', '-9223372036854775808'],
    ['-9223372036854775808 - 1', '9223372036854775807'],
    ['9223372036854775807 * 2', '-2'],
    ['-9223372036854775808 / -1', '-9223372036854775808'],
    ['-(-9223372036854775808)', '-9223372036854775808'],
    ['9007199254740993 + 0', '9007199254740993'],
    ['1.0 / 0', '"Infinity"'],
    ['0.0 / 0', '"NaN"'],
    ["'a' + 'b'", '"ab"'],
    ["'1' + 1", '2.0'],
    ["'a' + 1", 'null'],
    ["'true' + 1", '2.0'],
    ["'0x1' + 1", 'null'],
    ["' 1' + 1", 'null'],
    ["'1e3' + 1", '1001.0'],
    ['null + 1', 'null'],
    ['0 * -1', '0'],
    ['0.0 * -1', '-0.0'],
  ])('%s', (expression, value) => {
    expect(evaluate(expression)).toBe(value);
  });

  it('arrays of one count as their item, others as no number', () => {
    expect(evaluate('x + 1', '{"x":[7]}')).toBe('8.0');
    expect(evaluate('x + 1', '{"x":["7"]}')).toBe('8.0');
    expect(evaluate('x + 1', '{"x":[7,8]}')).toBe('null');
    expect(evaluate('x + 1', '{"x":{"a":1}}')).toBe('null');
  });

  it.each([
    ['x / 0', '{"x":1}', /by zero/],
    ["x - 'a'", '{"x":"b"}', /"-" does not work on two STRINGs/],
    ['-x', '{"x":"1"}', /found STRING/],
    ['-x', '{"x":[1]}', /found ARRAY<LONG>/],
    ['2 ^ x', '{"x":-1}', /exponent from 0/],
    ['2 ^ x', '{"x":3000000000}', /exponent from 0/],
  ])('%s of %s fails', (expression, row, message) => {
    expect(failure(expression, row)).toMatch(message);
  });
});

describe('comparison', () => {
  it.each([
    ["'B' < 'a'", '1'],
    ["'10' < '9'", '1'],
    ["'10' < 9", '0'],
    ['9007199254740993 == 9007199254740992', '0'],
    ['9007199254740993 == 9007199254740992.0', '1'],
    ['NaN == NaN', '0'],
    ['NaN > 1.0', '1'],
    ['0.0 == -0.0', '1'],
    ['0.0 > -0.0', '1'],
    ["'a' == 1", 'null'],
    ['null == null', 'null'],
    ['[1, 2] == [1, 2]', '1'],
    ['[1, 2] < [1, 3]', '1'],
    ['[1] < [1, 0]', '1'],
    ['[1, 2] == [1.0, 2.0]', '1'],
    ["[1, 2] == ['1', '2']", '1'],
    ['[1, null] < [1, 0]', '1'],
    ['[2] > 1', '1'],
    ['[2, 3] > 1', 'null'],
  ])('%s', (expression, value) => {
    expect(evaluate(expression)).toBe(value);
  });
});

describe('logic', () => {
  it.each([
    ['1 && 1', '1'],
    ['1 && 0', '0'],
    ['0 && null', '0'],
    ['null && 0', '0'],
    ['1 && null', 'null'],
    ['null && null', 'null'],
    ['0 || 1', '1'],
    ['null || 1', '1'],
    ['null || 0', 'null'],
    ['0 || null', 'null'],
    ["'true' && 'TRUE'", '1'],
    ["'yes' || 0", '0'],
    ['0.5 && 1', '1'],
    ['-1 || 0', '0'],
    ['!1', '0'],
    ['!null', 'null'],
    ["!'x'", '1'],
  ])('%s', (expression, value) => {
    expect(evaluate(expression)).toBe(value);
  });

  it('what is decided looks no further', () => {
    expect(evaluate('x > 0 || 1 / y > 0', '{"x":1,"y":0}')).toBe('1');
    expect(evaluate('x > 0 && 1 / y > 0', '{"x":0,"y":0}')).toBe('0');
  });
});
