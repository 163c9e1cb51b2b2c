/** Whatever a row holds, an expression gives a value or fails as a record; its work is bounded. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyFunctions } from '../../../formats/expression/apply-functions.ts';
import { compileExpression, ExpressionFailure } from '../../../formats/expression/expression.ts';
import { functions } from '../../../formats/expression/registry.ts';
import { CompileProblem } from '../../../formats/compile-problem.ts';
import { JavaDouble, type JsonValue } from '../../../formats/json-text.ts';
import { InputView } from '../../../formats/transformer.ts';
import { evaluate, failure, view } from './evaluate.ts';

describe('a compiled expression', () => {
  it('knows the fields it reads, lambda arguments are none', () => {
    expect(compileExpression('map(x -> x + "b c" + a, a) == d').inputs).toEqual(['a', 'b c', 'd']);
  });

  it('__time is the time of the row, whatever the record holds there', () => {
    const row = view('{"__time":5}', 1000);
    expect(compileExpression('__time + 1').evaluate(row)).toBe(1001);
  });

  it('integers beyond 64 bits are doubles', () => {
    expect(evaluate('x + 1', '{"x":9223372036854775808}')).toBe('9.223372036854776E18');
  });
});

const large = JSON.stringify({
  a: Array.from({ length: 5_000 }, (_, at) => at),
  s: 'x'.repeat(1_000_000),
  n: 2_000_000_000,
  w: 500_000_000,
});

describe('bounded', () => {
  it.each([
    ['repeat(s, n)'],
    ["lpad(s, n, 'x')"],
    ["rpad(s, n, 'xy')"],
    ['array_slice(a, 0, n)'],
    ["format(concat('%', cast(w, 'STRING'), 'd'), 1)"],
    ["format(concat('%.', cast(w, 'STRING'), 'f'), 1.5)"],
    ['cartesian_map((x, y) -> x, a, a)'],
    ['map(x -> map(y -> x + y, a), a)'],
    ['map(x -> strlen(s), a)'],
    ['map(x -> array_contains(a, x), a)'],
    ['map(x -> concat(s, x), a)'],
    ["fold((x, all) -> concat(all, all), a, 'ab')"],
    ['fold((x, all) -> array_concat(all, all), a, [1])'],
    ["replace(s, 'x', s)"],
    ["regexp_replace(s, 'x', s)"],
    ['array_to_string(map(x -> s, a), s)'],
  ])('%s', (expression) => {
    expect(failure(expression, large)).toMatch(/characters and items|combinations|larger/);
  });

  it('large but sane work is done', () => {
    expect(evaluate('fold((x, sum) -> sum + x, a, 0)', large)).toBe('12497500');
    expect(evaluate('strlen(concat(s, upper(s), reverse(s)))', large)).toBe('3000000');
  });
});

const scalar: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.double().map((value) => new JavaDouble(value)),
  fc.constantFrom(
    '',
    'true',
    '1',
    '-1.5',
    'NaN',
    '2020-01-01',
    '$.a',
    '(',
    '[0-9]+',
    'yyyy',
    '1.2.3.4',
    '{"a":1}',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const anyValue: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.constantFrom('a', 'b', 'x.y'), tie('value')), { maxLength: 3 })
      .map((fields) => new Map(fields)),
  ),
})).value;

/** A call of every function with fields for arguments, or with what must be written out where fields are refused. */
function callsOf(name: string): string[] {
  const { min, max } = functions[name] ?? { min: 0, max: 0 };
  const counts = [...new Set([min, Math.min(max ?? min + 2, min + 2)])];
  const written = [
    "'P1D'",
    "'[a-z](.)'",
    "'%a_'",
    "'$.a[0]'",
    "'LONG'",
    "'HOUR'",
    "'yyyy-MM-dd'",
    "'1.2.3.0/24'",
    "'::/64'",
  ];
  return counts.flatMap((count) => {
    const fields = ['x', 'y', 'z', 'x', 'y'].slice(0, count);
    return [fields, ...written.map((text) => fields.map((field, at) => (at === 1 ? text : field)))].map(
      (args) => `${name}(${args.join(', ')})`,
    );
  });
}

const lambdas = [
  'map(i -> i + x, y)',
  'map(i -> concat(i, x), y)',
  "map(i -> json_value(i, '$.a'), y)",
  'cartesian_map((i, j) -> i == j, x, y)',
  'filter(i -> i > x, y)',
  'any(i -> i == x, y)',
  'all(i -> i < x, y)',
  'fold((i, all) -> all + i, x, y)',
  'cartesian_fold((i, j, all) -> all + i * j, x, y, z)',
];
const operators = ['+', '-', '*', '/', '%', '^', '<', '<=', '==', '!=', '&&', '||'].map(
  (sign) => `x ${sign} y`,
);

describe('whatever the row holds', () => {
  const all = [...Object.keys(functions).flatMap(callsOf), ...lambdas, ...operators, '-x', '!x'];
  const compiled = all.flatMap((text) => {
    try {
      return [{ text, expression: compileExpression(text) }];
    } catch (error) {
      if (error instanceof CompileProblem) return [];
      throw error;
    }
  });

  it('every function can be called', () => {
    const called = new Set(compiled.map(({ text }) => text.split('(')[0]));
    const missing = [...Object.keys(functions), ...Object.keys(applyFunctions)].filter(
      (name) => !called.has(name),
    );
    expect(missing).toEqual([]);
  });

  it('an expression gives a value or an ExpressionFailure', () => {
    fc.assert(
      fc.property(anyValue, anyValue, anyValue, (x, y, z) => {
        const row = new InputView(
          new Map([
            ['x', x],
            ['y', y],
            ['z', z],
          ]),
          0,
        );
        for (const { text, expression } of compiled)
          try {
            if (expression.evaluate(row) === undefined) throw new Error(`${text} gives nothing`);
          } catch (error) {
            if (!(error instanceof ExpressionFailure))
              throw new Error(`${text}: ${String(error)}`, { cause: error });
          }
      }),
      { numRuns: 100 },
    );
  });

  it('nulls never fail but where Druid fails', () => {
    const failing = compiled.filter(({ expression }) => {
      try {
        expression.evaluate(view());
        return false;
      } catch {
        return true;
      }
    });
    expect([...new Set(failing.map(({ text }) => text.split('(')[0]))].sort()).toEqual([
      'json_merge',
      'json_object',
      'json_value',
      'left',
      'repeat',
      'right',
      'timestamp',
      'unix_timestamp',
    ]);
  });
});
