import { describe, expect, it } from 'vitest';
import { evaluate, failure, refusal } from './evaluate.ts';

const row =
  '{"a":[1,2,3],"b":["x","y","x"],"d":[1.5,null,2],"e":[],"m":["1",true,2.5],"n":[[1,2],[3]],"o":[{"k":1},null],"s":5}';

describe('fields that are lists', () => {
  it.each([
    ['a', '[1,2,3]'],
    ['d', '[1.5,null,2.0]'],
    ['m', '["1","true","2.5"]'],
    ['n', '[[1,2],[3]]'],
    ['o', '[{"k":1},null]'],
    ['e', '[]'],
    ["concat(b, '!')", '"[x, y, x]!"'],
    ["concat(e, '!')", '"[]!"'],
    ['strlen(d)', '16'],
  ])('%s', (expression, value) => {
    expect(evaluate(expression, row)).toBe(value);
  });
});

describe('array functions', () => {
  it.each([
    ["array(1, 'a', 2.5)", '["1","a","2.5"]'],
    ['array(1, 2.5)', '[1.0,2.5]'],
    ['array(null, 7)', '[null,7]'],
    ['array([1], [2, 3])', '[[1],[2,3]]'],
    ['array_length(a)', '3'],
    ['array_length(s)', '1'],
    ['array_length(null)', 'null'],
    ['array_offset(a, 0)', '1'],
    ['array_offset(a, 9)', 'null'],
    ['array_offset(a, -1)', 'null'],
    ['array_ordinal(a, 1)', '1'],
    ['array_ordinal(a, 0)', 'null'],
    ['array_offset_of(a, 2)', '1'],
    ['array_offset_of(d, 2)', 'null'],
    ['array_offset_of(d, 2.0)', '2'],
    ["array_ordinal_of(b, 'y')", '2'],
    ["array_ordinal_of(b, 'z')", 'null'],
    ['array_append(a, 4.9)', '[1,2,3,4]'],
    ['array_append(e, 4)', '["4"]'],
    ['array_prepend(0, d)', '[0.0,1.5,null,2.0]'],
    ['array_concat(a, b)', '[1,2,3,"x","y","x"]'],
    ['array_concat(a, null)', 'null'],
    ["array_set_add(b, 'a')", '["a","x","y"]'],
    ['array_set_add(d, null)', '[null,1.5,2.0]'],
    ['array_set_add_all(a, [3, 0])', '[0,1,2,3]'],
    ['array_contains(a, 2)', '1'],
    ['array_contains(d, 2)', '1'],
    ['array_contains(a, [1, 3])', '1'],
    ['array_contains(a, [1, 9])', '0'],
    ["array_contains(a, 'x')", '0'],
    ['array_contains(n, 3)', '0'],
    ['array_contains(null, 3)', 'null'],
    ['array_overlap(a, [9, 3])', '1'],
    ['array_overlap(a, b)', '0'],
    ['scalar_in_array(2, a)', '1'],
    ['scalar_in_array(2.5, a)', '0'],
    ["scalar_in_array('2', a)", '1'],
    ['scalar_in_array(null, a)', 'null'],
    ['scalar_in_array(null, d)', '1'],
    ['scalar_in_array(2, null)', 'null'],
    ['array_slice(a, 1)', '[2,3]'],
    ['array_slice(a, 0, 5)', '[1,2,3,null,null]'],
    ['array_slice(a, 5, 9)', 'null'],
    ['array_slice(a, -1)', 'null'],
    ["array_to_string(b, '|')", '"x|y|x"'],
    ["array_to_string(d, '|')", '"1.5|null|2.0"'],
    ["array_to_string(e, '|')", '""'],
    ["array_to_string([null], '|')", 'null'],
    ['mv_to_array(a)', '["1","2","3"]'],
    ['mv_to_array(s)', '["5"]'],
    ['array_to_mv(a)', '["1","2","3"]'],
    ['mv_harmonize_nulls(e)', '[null]'],
    ['mv_harmonize_nulls(null)', '[null]'],
  ])('%s', (expression, value) => {
    expect(evaluate(expression, row)).toBe(value);
  });

  it('what cannot be', () => {
    expect(failure('array_offset_of(a, n)', row)).toMatch(/a scalar is looked for/);
    expect(failure('array_append(a, n)', row)).toMatch(/cannot cast/);
    expect(refusal('array()')).toMatch(/at least 1 argument/);
    expect(refusal("mv_to_array(concat(b, 'x'))")).toMatch(/of a field/);
    expect(refusal("mv_filter_only(b, ['x'])")).toMatch(/queries only/);
  });
});

describe('lambdas', () => {
  it.each([
    ['map((x) -> x + 1, a)', '[2,3,4]'],
    ['map(x -> x + 1, s)', '[6]'],
    ['map(x -> x + 1, d)', '[2.5,null,3.0]'],
    ['map(x -> x + 1, e)', '[]'],
    ['map(x -> x + 1, null)', 'null'],
    ['map(x -> x + 1, n)', '[null,[4]]'],
    ["map(x -> concat(x, '!'), b)", '["x!","y!","x!"]'],
    // The type of the lambda is that of its array where the rest is a field.
    ['map(x -> x + y, a)', '[3,4,5]'],
    ['map(x -> map(y -> x * y, a), a)', '[[1,2,3],[2,4,6],[3,6,9]]'],
    ['map(s -> s, a)', '[1,2,3]'],
    ['filter(x -> x > 1, a)', '[2,3]'],
    ['filter(x -> x > 9, a)', 'null'],
    ['filter(x -> x > 1, null)', 'null'],
    ["filter(x -> x == 'x', b)", '["x","x"]'],
    ['any(x -> x > 2, a)', '1'],
    ['any(x -> x > 2, null)', '0'],
    ['all(x -> x > 0, a)', '1'],
    ['all(x -> x > 1, a)', '0'],
    ['all(x -> 0, e)', '1'],
    ['fold((x, sum) -> sum + x, a, 0)', '6'],
    ['fold((x, sum) -> sum + x, a, 0.0)', '6.0'],
    ['fold((x, sum) -> sum + x, [1.5, 1.5], 0)', '2'],
    ['fold((x, sum) -> sum + x, d, 0)', 'null'],
    ["fold((x, all) -> concat(x, all), b, '')", '"xyx"'],
    ['fold((x, all) -> array_append(all, x), a, <LONG>[])', '[1,2,3]'],
    ['cartesian_map((x, y) -> x * y, a, [10, 20])', '[10,20,20,40,30,60]'],
    ['cartesian_map((x, y) -> concat(x, y), a, b)', '["1x","1y","1x","2x","2y","2x","3x","3y","3x"]'],
    ['cartesian_map((x, y) -> x, a, e)', '[]'],
    ['cartesian_map((x, y) -> x, a, null)', 'null'],
    ['cartesian_fold((x, y, sum) -> sum + x * y, a, a, 0)', '36'],
  ])('%s', (expression, value) => {
    expect(evaluate(expression, row.replace('"s":5', '"s":5,"y":2.5'))).toBe(value);
  });
});
