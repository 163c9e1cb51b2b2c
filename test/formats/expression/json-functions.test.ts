import { describe, expect, it } from 'vitest';
import { evaluate, failure, refusal } from './evaluate.ts';

const row = '{"j":{"a":{"b":[1,{"c":"x"}]},"d.e":2.5,"l":[1,2],"n":null,"t":true},"l":["u","v"],"s":"plain"}';

describe('nested data', () => {
  it.each([
    ['j', '{"a":{"b":[1,{"c":"x"}]},"d.e":2.5,"l":[1,2],"n":null,"t":true}'],
    ["json_value(j, '$.a.b[0]')", '1'],
    ["json_value(j, '$.a.b[1].c')", '"x"'],
    ["json_value(j, '$.a.b[-2]')", '1'],
    ["json_value(j, '$.[\\'d.e\\']')", '2.5'],
    ["json_value(j, '$[\\'d.e\\']')", '2.5'],
    ["json_value(j, '$.l')", '[1,2]'],
    ["json_value(j, '$.a')", 'null'],
    ["json_value(j, '$.a.b')", 'null'],
    ["json_value(j, '$.t')", '1'],
    ["json_value(j, '$.t', 'STRING')", '"1"'],
    ["json_value(j, '$.l', 'ARRAY<STRING>')", '["1","2"]'],
    ["json_value(j, '$.nope', 'LONG')", 'null'],
    ["json_value(l, '$[1]')", '"v"'],
    ["json_value(s, '$')", '"plain"'],
    ["json_value(j, concat('$.', 't'))", '1'],
    ["json_query(j, '$.a')", '{"b":[1,{"c":"x"}]}'],
    ["json_query(j, '$.a.b')", '[1,{"c":"x"}]'],
    ["json_query_array(j, '$.a.b')", '[1,{"c":"x"}]'],
    ["json_query_array(j, '$.t')", '[1]'],
    ["json_object('k', 1, 'l', array(1, 2.5))", '{"k":1,"l":[1.0,2.5]}'],
    // As Java's HashMap lists them.
    ["json_object('banana', 1, 'apple', 2, 'cherry', 3)", '{"banana":1,"apple":2,"cherry":3}'],
    ['json_object()', '{}'],
    [
      'to_json_string(j)',
      '"{\\"a\\":{\\"b\\":[1,{\\"c\\":\\"x\\"}]},\\"d.e\\":2.5,\\"l\\":[1,2],\\"n\\":null,\\"t\\":true}"',
    ],
    ['to_json_string(1.0)', '"1.0"'],
    ["to_json_string('a\"\\u0001')", '"\\"a\\\\\\"\\\\u0001\\""'],
    ['to_json_string(null)', 'null'],
    ['parse_json(\'{"k":[1,2.0]}\')', '{"k":[1,2.0]}'],
    ["parse_json('5')", '5'],
    ['parse_json(null)', 'null'],
    ["try_parse_json('{')", 'null'],
    ['try_parse_json(5)', 'null'],
    ["json_keys(j, '$')", '["a","d.e","l","n","t"]'],
    ["json_keys(l, '$')", '["0","1"]'],
    ["json_keys(s, '$')", 'null'],
    ['json_paths(j)', '["$.[\'d.e\']","$.l","$.n","$.t","$.a.b[0]","$.a.b[1].c"]'],
    ['json_paths(l)', '["$"]'],
    ['json_paths(s)', '["$"]'],
    [
      'json_merge(\'{"a":{"x":1},"l":[1]}\', \'{"a":{"y":2},"l":[2],"z":null}\')',
      '{"a":{"x":1,"y":2},"l":[1,2],"z":null}',
    ],
    ["json_merge(j, json_object('t', 0))", '{"a":{"b":[1,{"c":"x"}]},"d.e":2.5,"l":[1,2],"n":null,"t":0}'],
    ['json_merge(\'{"a":1}\', null)', '{"a":1}'],
    ["json_value(json_object('x', 5), '$.x') + 1", '6'],
  ])('%s', (expression, value) => {
    expect(evaluate(expression, row)).toBe(value);
  });

  it.each([
    ['parse_json(s)', /takes JSON/],
    ['parse_json(j)', /found COMPLEX<json>/],
    ['json_object(j, 1)', /STRINGs as names/],
    ['json_object(nope, 1)', /found null/],
    ["json_merge(nope, '{}')", /no null/],
    ["json_merge(s, '{}')", /takes JSON/],
    ['json_merge(l, l)', /STRING or COMPLEX/],
    ['json_value(j, s)', /begin with \$/],
  ])('%s fails', (expression, message) => {
    expect(failure(expression, row)).toMatch(message);
  });

  it.each([
    ["json_value(j, 'a')", /begin with \$/],
    ["json_value(j, '$a')", /character 2/],
    ["json_value(j, '$.a[x]')", /character 4/],
    ["json_value(j, '$..a')", /character 2/],
    ["json_value(j, '$.a', 'FLOAT')", /a type such as/],
    ['json_keys(j, s)', /written out/],
    ["json_object('a')", /in turn/],
    ["parse_json('{')", /takes JSON/],
  ])('%s is refused', (expression, expected) => {
    expect(refusal(expression)).toMatch(expected);
  });
});
