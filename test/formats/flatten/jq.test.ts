/** jq beyond the recorded answers of Druid (test/vectors/flatten.test.ts): each part that works, what is refused, hostile programs. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CompileProblem } from '../../../formats/compile-problem.ts';
import { FlattenFailure, StepBudget } from '../../../formats/flatten/flatten-failure.ts';
import { jqArguments } from '../../../formats/flatten/jq/functions.ts';
import { compileJq } from '../../../formats/flatten/jq/jq.ts';
import { aRecord, shown } from './values.ts';

const seed = Number(process.env['SEED'] ?? 20261121);

function read(program: string, record = store): unknown {
  return shown(compileJq(program)(aRecord(record), new StepBudget()));
}

const store =
  '{"a":1,"n":null,"f":1.5,"s":"Text","l":[3,1,2],"o":{"b":2,"a":1},"items":[{"k":"x","v":1},{"k":"y","v":2},{"k":"x","v":3}],"x y":3}';

const double = (value: number) => ({ double: value });

/** At least one for each function. */
const programs: readonly (readonly [string, unknown])[] = [
  ['.', { ...(JSON.parse(store) as object), f: double(1.5) }],
  ['.a', 1],
  ['.["x y"]', 3],
  ['."x y"', 3],
  ['.o."a"', 1],
  ['.o.["b"]', 2],
  ['.missing.deep[0][1:]', null],
  ['.l[0]', 3],
  ['.l[-1]', 2],
  ['.l[9]', null],
  ['.l[1:]', [1, 2]],
  ['.l[:-1]', [3, 1]],
  ['.s[1:3]', 'ex'],
  ['.l[1.7]', 1],
  ['[.l[]]', [3, 1, 2]],
  ['[.o[]]', [2, 1]],
  ['[.a[]?]', []],
  ['.a, .s', 1],
  ['[.a, .s | type]', ['number', 'string']],
  ['.a | . , 2', 1],
  ['.n // "none"', 'none'],
  ['(.l[] | select(. > 5)) // 0', 0],
  ['.a.b? // 4', 4],
  ['[.l[] | . > 1 and . < 3]', [false, false, true]],
  ['.n == null or .a', true],
  ['.a < .s', true],
  ['[1, 1.0, "1"] | [.[] == 1]', [true, true, false]],
  ['[.o == {"a": 1, "b": 2}, .l != [3]]', [true, true]],
  ['[1 + 2 * 3 - 4, 7 % 3, -7 % 3, 7 / 2, 8 / 2]', [3, 1, -1, double(3.5), 4]],
  ['-.a + -(2)', -3],
  ['[.f + .f, .f * 1]', [3, double(1.5)]],
  ['9223372036854775807 + 0', { long: '9223372036854775807' }],
  ['[.n + 1, "a" + "b", [1] + [2]]', [1, 'ab', [1, 2]]],
  ['.o + {c: 3}', { b: 2, a: 1, c: 3 }],
  ['{a: {b: 1}} * {a: {c: 2}}', { a: { b: 1, c: 2 } }],
  ['.l - [1]', [3, 2]],
  ['"ab" * 2', 'abab'],
  ['"a,b" / ","', ['a', 'b']],
  ['if .a == 1 then "one" else "other" end', 'one'],
  ['if .n then 1 elif .s then 2 else 3 end', 2],
  ['{a, "s", n: .a, "k\\(.a)": 1, (.s): 2, "x y"}', { a: 1, s: 'Text', n: 1, k1: 1, Text: 2, 'x y': 3 }],
  ['{a: (1, 2)}', { a: 1 }],
  ['[{a: (1, 2), b: (3, 4)}] | length', 4],
  ['{}', {}],
  ['[]', []],
  ['"a is \\(.a), l is \\(.l)\\n"', 'a is 1, l is [3,1,2]\n'],
  ['[..] | length', 23],
  ['[recurse] | length', 23],
  ['[try error("x"), .a]', [1]],
  ['[.a | empty]', []],
  ['[.n, .a | not]', [true, false]],
  ['[.s, .l, .o, .n, -3 | length]', [4, 3, 2, 0, 3]],
  ['"\u{1f600}" | length', 1],
  ['.o | keys', ['a', 'b']],
  ['.o | keys_unsorted', ['b', 'a']],
  ['.l | keys', [0, 1, 2]],
  ['[.n, .a | values]', [1]],
  ['[.n, .a | nulls]', [null]],
  ['.s | type', 'string'],
  ['.l | add', 6],
  ['[] | add', null],
  ['[[false, .n] | any, all]', [false, false]],
  ['.l | [any(. > 2), all(. > 2)]', [true, false]],
  ['.l | map(. + 1)', [4, 2, 3]],
  ['.o | map(. * 2)', [4, 2]],
  ['.o | map_values(. + 1)', { b: 3, a: 2 }],
  ['.l | first, last', 3],
  ['first(.l[])', 3],
  ['last(.l[])', 2],
  ['.l | nth(1)', 1],
  ['[.o, .l | has("a")?]', [true]],
  ['.l | has(2)', true],
  ['.o | contains({a: 1})', true],
  ['"bar" | inside("foobar")', true],
  ['["a", .n, 1, true] | join("-")', 'a--1-true'],
  ['.s | split("e")', ['T', 'xt']],
  ['.s | [startswith("T"), endswith("T")]', [true, false]],
  ['.s | [ltrimstr("Te"), rtrimstr("xt")]', ['xt', 'Te']],
  ['.s | [ascii_downcase, ascii_upcase]', ['text', 'TEXT']],
  ['[.s, .o, .f | tostring]', ['Text', '{"b":2,"a":1}', '1.5']],
  ['.s | tojson', '"Text"'],
  ['"[1,{\\"a\\":2.0}]" | fromjson', [1, { a: double(2) }]],
  ['["1", " 2.50 ", "1e3" | tonumber]', [1, double(2.5), 1000]],
  ['[2.5 | floor, ceil, round]', [2, 3, 3]],
  ['16 | sqrt', 4],
  ['.l | reverse', [2, 1, 3]],
  ['[.l, "b", "a", .n, true, {}] | sort', [null, true, 'a', 'b', [3, 1, 2], {}]],
  ['.items | sort_by(.k) | map(.v)', [1, 3, 2]],
  ['.items | group_by(.k) | map(length)', [2, 1]],
  ['[3, 1, 3.0] | unique', [1, 3]],
  ['.items | unique_by(.k) | map(.v)', [1, 2]],
  ['.l | [min, max]', [1, 3]],
  ['.items | [min_by(.v), max_by(.v)] | map(.k)', ['x', 'x']],
  [
    '[1, [2, [3]]] | [flatten, flatten(1)]',
    [
      [1, 2, 3],
      [1, 2, [3]],
    ],
  ],
  ['[range(3)] + [range(1; 3)]', [0, 1, 2, 1, 2]],
  [
    '.o | to_entries',
    [
      { key: 'b', value: 2 },
      { key: 'a', value: 1 },
    ],
  ],
  ['[{name: "a", value: 1}, {k: "b", v: 2}] | from_entries', { a: 1, b: 2 }],
  ['.o | with_entries({key: .key, value: (.value + 1)})', { b: 3, a: 2 }],
  ['.a # a comment', 1],
];

describe('works', () => {
  test.each(programs)('%s', (program, expected) => {
    expect(read(program)).toEqual(expected);
  });

  test('every function has an example', () => {
    const all = programs.map(([program]) => program).join(' ');
    expect([...jqArguments.keys()].filter((name) => !new RegExp(`\\b${name}\\b`).test(all))).toEqual([]);
  });
});

describe('is refused when the spec is posted', () => {
  test.each([
    ['', /the end/],
    ['.[', /the end/],
    ['.a b', /found b/],
    ['.a |', /the end/],
    ['{a', /the end/],
    ['"a', /not closed/],
    ['"\\q"', /escape/],
    ['"\\(.a"', /not closed/],
    ['. as $x | $x', /as does not work/],
    ['$x', /\$ does not work/],
    ['def f: 1; f', /def does not work/],
    ['reduce .[] as $x (0; . + $x)', /reduce does not work/],
    ['.a = 1', /= does not work/],
    ['.a |= 1', /\|= does not work/],
    ['.a += 1', /\+= does not work/],
    ['@base64', /@ does not work/],
    ['until(. > 1; . + 1)', /until does not work/],
    ['test("a")', /function test/],
    ['nope(1)', /function nope/],
    ['map', /map takes 1 arguments, not 0/],
    ['length(1)', /length takes 0/],
    ['if . then 1 end', /expected "else"/],
    ['{(.a)}', /expected ":"/],
    ['1 == 1 == 1', /found ==/],
    ['`', /found "`"/],
    [`${'['.repeat(900)}${']'.repeat(900)}`, /nesting/],
    [`${'-'.repeat(1_900)}1`, /nesting/],
    [`.${' '.repeat(2_000)}`, /at most 2000 characters/],
  ])('%s', (program, says) => {
    expect(() => compileJq(program)).toThrow(CompileProblem);
    expect(() => compileJq(program)).toThrow(says);
  });
});

describe('a record it cannot be applied to is unparseable', () => {
  test.each([
    ['.a.b', /index number with string/],
    ['.a[]', /iterate/],
    ['.s[0]', /index string with number/],
    ['.o[0]', /index object with number/],
    ['.s - 1', /cannot be calculated/],
    ['1 / 0', /zero/],
    ['1 % 0', /zero/],
    ['empty', /no result/],
    ['error', /jq/],
    ['.s | error', /Text/],
    ['.a, error("late")', /late/],
    ['.s | tonumber', /no number/],
    ['.s | fromjson', /no JSON/],
    ['true | length', /length/],
    ['{(.a): 1}', /field name/],
  ])('%s', (program, says) => {
    expect(() => read(program)).toThrow(FlattenFailure);
    expect(() => read(program)).toThrow(says);
  });
});

describe('hostile programs and records', () => {
  const list = `{"s":"${'a'.repeat(100_000)}","l":[${Array.from({ length: 2_000 }, (_, at) => at).join(',')}]}`;

  test.each([
    '[range(100000000)]',
    '[.l[] + .l[]]',
    '[range(100000) | "x"] | [.[], .[]] | [.[] + .[]]',
    '.s * 1000000',
    '[{a: .l[], b: .}]',
    '.l | map("\\(.)" * 100000)',
    '[.l[] | .] - .l | [range(3000)] - [range(3000)]',
    '(.s + "b") as_text',
  ])('%s', (program) => {
    try {
      compileJq(program)(aRecord(list), new StepBudget());
    } catch (error) {
      expect(error instanceof FlattenFailure || error instanceof CompileProblem).toBe(true);
    }
  });

  test.each(['.a', '[0]', '|1', ',1', '//1', '+1', '*1', ' and 1', '?'])('a chain of %s', (part) => {
    const program = `1${part.repeat(1_990 / part.length)}`.replace(/^1[.]/, '.');
    expect(() => read(program, '{"b":1}')).not.toThrow(RangeError);
  });

  test('too much work is not caught by the program', () => {
    expect(() => read('(try [range(100000000)]) // 1')).toThrow(/steps/);
    expect(() => read('[range(100000000)]?')).toThrow(/steps/);
  });

  test('any text compiles or is refused, and ends', () => {
    const pieces = fc.constantFrom(
      ...['.', '.a', '.l', '[', ']', '(', ')', '{', '}', '|', ',', ':', '//', '+', '-', '*', '/', '"x"', '1'],
      ...['.[]', '..', '?', 'map(', 'select(', 'if', 'then', 'else', 'end', 'and', 'not', 'length', 'range('],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 10 }), (parts) => {
        try {
          read(parts.join(' '));
        } catch (error) {
          if (!(error instanceof CompileProblem || error instanceof FlattenFailure)) throw error;
        }
      }),
      { seed, numRuns: 20_000 },
    );
  });
});
