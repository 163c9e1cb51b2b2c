import { describe, expect, it } from 'vitest';
import { evaluate, failure, refusal } from './evaluate.ts';

describe('conditions', () => {
  it.each([
    ["if(1, 'a', 'b')", '"a"'],
    ["if(null, 'a', 'b')", '"b"'],
    ["if('true', 'a', 'b')", '"a"'],
    ["case_searched(0, 'a', 1, 'b', 'c')", '"b"'],
    ["case_searched(0, 'a', 0, 'b', 'c')", '"c"'],
    ["case_searched(0, 'a')", 'null'],
    ["case_simple(2, 1, 'a', 2, 'b', 'c')", '"b"'],
    ["case_simple('2', 1, 'a', 2, 'b')", '"b"'],
    ["case_simple(9, 1, 'a')", 'null'],
    ["case_simple(9, 1, 'a', 'c')", '"c"'],
    ["case_simple(null, null, 'a', 'c')", '"c"'],
    ['nvl(null, 5)', '5'],
    ["nvl('', 5)", '""'],
    ['coalesce(null, null, 2.5)', '2.5'],
    ['coalesce(null)', 'null'],
    ['isnull(null)', '1'],
    ["notnull('')", '1'],
    ['istrue(null)', '0'],
    ['isfalse(null)', '0'],
    ['nottrue(null)', '1'],
    ['notfalse(null)', '1'],
    ['istrue(0.5)', '1'],
    ["isfalse('x')", '1'],
    ['notdistinctfrom(null, null)', '1'],
    ['notdistinctfrom(1, null)', '0'],
    ['notdistinctfrom(1, 1.0)', '1'],
    ["notdistinctfrom('a', 1)", '0'],
    ['isdistinctfrom(1, 2)', '1'],
    ['isdistinctfrom([1], [1])', '0'],
  ])('%s', (expression, value) => {
    expect(evaluate(expression)).toBe(value);
  });

  it('what is not chosen is not computed', () => {
    expect(evaluate('if(x > 0, x, 1 / y)', '{"x":1,"y":0}')).toBe('1');
    expect(evaluate('case_searched(x, 1, 1 / y, 2)', '{"x":1,"y":0}')).toBe('1');
    expect(evaluate('case_simple(x, 1, 1, 1 / y, 2)', '{"x":1,"y":0}')).toBe('1');
    expect(evaluate('coalesce(x, 1 / y)', '{"x":1,"y":0}')).toBe('1');
  });
});

describe('cast', () => {
  it.each([
    ["cast('1.9', 'LONG')", '1'],
    ["cast('x', 'LONG')", 'null'],
    ["cast('true', 'double')", '1.0'],
    ["cast(-1.9, 'LONG')", '-1'],
    ["cast(1e30, 'LONG')", '9223372036854775807'],
    ["cast(NaN, 'LONG')", '0'],
    ["cast(1e10, 'STRING')", '"1.0E10"'],
    ["cast(5, 'DOUBLE')", '5.0'],
    ["cast(5, 'ARRAY<STRING>')", '["5"]'],
    ["cast('x', 'ARRAY<LONG>')", '[null]'],
    ["cast([1, 2], 'ARRAY<DOUBLE>')", '[1.0,2.0]'],
    ["cast([7], 'LONG')", '7'],
    ["cast(['a'], 'STRING')", '"a"'],
    ["cast(null, 'LONG')", 'null'],
    ["cast([1], 'ARRAY<ARRAY<LONG>>')", '[[1]]'],
  ])('%s', (expression, value) => {
    expect(evaluate(expression)).toBe(value);
  });

  it.each([
    ["cast(x, 'LONG')", '{"x":[1,2]}', /cannot cast ARRAY<LONG> to LONG/],
    ["cast(x, 'ARRAY<STRING>')", '{"x":{"a":1}}', /cannot cast COMPLEX<json>/],
    ['cast(x, t)', '{"x":1,"t":"FLOAT"}', /a type that expressions do not have/],
  ])('%s of %s fails', (expression, row, message) => {
    expect(failure(expression, row)).toMatch(message);
  });

  it.each(["cast(x, 'FLOAT')", "cast(x, 'nope')", 'cast(x, null)', "cast(x, 'COMPLEX<json>')"])(
    '%s is refused',
    (expression) => {
      expect(refusal(expression)).toMatch(/LONG, DOUBLE, STRING, or ARRAY/);
    },
  );
});
