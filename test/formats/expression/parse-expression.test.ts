import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExpression } from '../../../formats/expression/parse-expression.ts';
import { binaryOperators, printed, type Node } from '../../../formats/expression/syntax.ts';
import { evaluate, refusal } from './evaluate.ts';

const text = (expression: string): string => printed(parseExpression(expression)).replaceAll('"', '');

describe('precedence', () => {
  it.each([
    ['a + b * c', '(a + (b * c))'],
    ['a * b + c', '((a * b) + c)'],
    ['a - b - c', '((a - b) - c)'],
    ['a ^ b ^ c', '(a ^ (b ^ c))'],
    ['-a ^ b', '(-(a) ^ b)'],
    ['!a && b', '(!(a) && b)'],
    ['a || b && c', '((a || b) && c)'],
    ['a < b == c', '((a < b) == c)'],
    ['a + b < c * d', '((a + b) < (c * d))'],
    ['a % b / c', '((a % b) / c)'],
    ['(a + b) * c', '((a + b) * c)'],
    ['a - -b', '(a - -(b))'],
    ['--a', '-(-(a))'],
    ['f(a, g(b))', 'f(a, g(b))'],
    ['map(x -> x + 1, a)', 'map((x) -> (x + 1), a)'],
    ['fold((x, y) -> x + y, a, 0)', 'fold((x, y) -> (x + y), a, 0)'],
    ['map(() -> 1, a)', 'map(() -> 1, a)'],
    ['f((a))', 'f(a)'],
  ])('%s', (expression, tree) => {
    expect(text(expression)).toBe(tree);
  });
});

describe('literals', () => {
  it.each([
    ['5', '5'],
    ['5.', '5.0'],
    ['1e3', '1000.0'],
    ['1.5E-2', '0.015'],
    ['NaN', '"NaN"'],
    ['-Infinity', '"-Infinity"'],
    ['-9223372036854775808', '-9223372036854775808'],
    ["'it\\'s'", '"it\'s"'],
    ["'\\u00e9\\t\\\\'", '"é\\t\\\\"'],
    ["'a\"b'", '"a\\"b"'],
    ["'line\nbreak'", '"line\\nbreak"'],
    ['null', 'null'],
    ['[1, 2, null]', '[1,2,null]'],
    ['[1, 2.5]', '[1.0,2.5]'],
    ["['a', null]", '["a",null]'],
    ['[]', '[]'],
    ['<LONG>[1, 2.9]', '[1,2]'],
    ['<DOUBLE>[1]', '[1.0]'],
    ["<STRING>[1, 'a']", '["1","a"]'],
    ['ARRAY<LONG>[]', '[]'],
    ['ARRAY<STRING>[1]', '["1"]'],
  ])('%s', (expression, value) => {
    expect(evaluate(expression)).toBe(value);
  });

  it('a name may be quoted, and be any text', () => {
    expect(evaluate('"a b\\"c" + $x_1', '{"a b\\"c":1,"$x_1":2}')).toBe('3');
  });

  it('words of other languages are fields', () => {
    expect(evaluate('true', '{"true":5}')).toBe('5');
    expect(evaluate('NULL')).toBe('null');
  });
});

describe('broken expressions', () => {
  it.each([
    ['', /character 1 .* found the end/],
    ['x +', /character 4 .* found the end/],
    ['x)', /character 2 an operator or the end was expected, found "\)"/],
    ['(x', /character 3 "\)" was expected, found the end/],
    ['x = y', /"=" begins no word of it, at character 3/],
    ['x AND y', /character 3 an operator/],
    ["'open", /the text that ' opens has no end/],
    ['"open', /opens has no end/],
    ["'bad \\q escape'", /an escape other than/],
    ['0x1F', /found "x1F"/],
    ['1L', /found "L"/],
    ['.5', /"\." begins no word/],
    ['/* c */ x', /character 1/],
    ['a[0]', /found "\["/],
    ["'a' 'b'", /found "b"/],
    ["[1, 'a']", /items of one type/],
    ['[-1]', /a number without a sign/],
    ['[x]', /a number without a sign/],
    ["<LONG>['x']", /a LONG at character 8, found "x"/],
    ['99999999999999999999', /within 64 bits.*with a point/],
    ['9223372036854775808', /within 64 bits/],
    ['nosuch(x)', /there is no nosuch\(\)/],
    ['uper(x)', /did you mean upper\(\)/],
    ['strlen(x, y)', /1 argument for strlen\(\) at character 1, found 2/],
    ['if(x)', /3 arguments/],
    ['concat(1, strlen())', /strlen\(\) at character 11, found 0/],
    ['map(a, b)', /a lambda such as/],
    ['upper(x -> x, a)', /one of map, cartesian_map, filter/],
    ['map((x, y) -> x, a)', /a lambda of 1 argument, found 2/],
    ['fold((x) -> x, a, 0)', /a lambda of 2 arguments, found 1/],
    ['1 / 0', /division of a LONG by zero/],
    ['5 % (2 - 2)', /remainder of a LONG/],
    ['if(x, 1 / 0, 2)', /division of a LONG by zero/],
    ['constructor(x)', /there is no constructor/],
    ['__proto__(x)', /there is no __proto__/],
  ])('%s', (expression, expected) => {
    expect(refusal(expression)).toMatch(expected);
  });

  it.each([
    ['brackets', `${'('.repeat(10_000)}x`],
    ['signs', `${'-'.repeat(10_000)}x`],
    ['calls', 'upper('.repeat(2_000)],
    ['lambdas', 'map(x -> '.repeat(1_500)],
    ['a sum', `x${' + 1'.repeat(4_000)}`],
    ['powers', `x${' ^ 1'.repeat(4_000)}`],
    ['a long text', `'${'a'.repeat(20_000)}'`],
    ['many words', 'x '.repeat(8_192)],
  ])('bounded: %s', (_what, expression) => {
    expect(refusal(expression)).toMatch(/at most|was expected/);
  });
});

const name = fc.string({ minLength: 1, maxLength: 6 });
const place = { at: 0, depth: 1 };
const leaf: fc.Arbitrary<Node> = fc.oneof(
  fc.constant<Node>({ kind: 'null', ...place }),
  fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map((digits): Node => ({ kind: 'long', digits, ...place })),
  fc
    .double({ min: 0, noNaN: true })
    .map((number): Node => ({ kind: 'double', number: Math.abs(number), ...place })),
  fc.string().map((content): Node => ({ kind: 'string', text: content, ...place })),
  name.map((field): Node => ({ kind: 'name', name: field, ...place })),
);
const tree: fc.Arbitrary<Node> = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 5 },
    leaf,
    fc
      .record({ operator: fc.constantFrom('-' as const, '!' as const), operand: tie('node') })
      .map((parts): Node => ({ kind: 'unary', ...parts, ...place })),
    fc
      .record({ operator: fc.constantFrom(...binaryOperators.flat()), left: tie('node'), right: tie('node') })
      .map((parts): Node => ({ kind: 'binary', ...parts, ...place })),
    fc
      .array(tie('node'), { maxLength: 3 })
      .map((args): Node => ({ kind: 'call', name: 'concat', args, ...place })),
    fc
      .record({
        parameters: fc.array(name, { maxLength: 2 }),
        body: tie('node'),
        args: fc.array(tie('node'), { minLength: 1, maxLength: 2 }),
      })
      .map((parts): Node => ({ kind: 'apply', name: 'map', ...parts, ...place })),
  ),
})).node;

describe('printing', () => {
  it('a printed tree reads as the same tree', () => {
    fc.assert(
      fc.property(tree, (node) => {
        const once = printed(node);
        expect(printed(parseExpression(once))).toBe(once);
      }),
      { numRuns: 500 },
    );
  });
});
