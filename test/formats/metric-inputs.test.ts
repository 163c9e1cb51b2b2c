/** What metrics take from a row: filters, expressions, times, texts cut at characters, and the values of sketches. */
import { describe, expect, it, test } from 'vitest';
import type { MetricInput } from '../../domain/rows.ts';
import { couponOfDouble, couponOfLong, couponOfText } from '../../domain/sketches/hll.ts';
import type { MetricSpec } from '../../domain/spec/spec.ts';
import { checkSupervisorSpec } from '../../formats/check-spec.ts';
import { ExpressionFailure } from '../../formats/expression/expression.ts';
import { JavaDouble, type JsonValue } from '../../formats/json-text.ts';
import { metricFields, metricInput } from '../../formats/metric-inputs.ts';
import { InputView } from '../../formats/transformer.ts';
import { aRawSpec, changed } from '../domain/spec/raw-spec.ts';

type Fields = { readonly [name: string]: JsonValue };

function read(spec: Omit<MetricSpec, 'name'>, fields: Fields, problems: string[] = []): MetricInput {
  return metricInput({ name: 'm', ...spec })(new InputView(new Map(Object.entries(fields)), 7), problems);
}

describe('filters', () => {
  const isA = { type: 'selector', dimension: 'k', value: 'a' };

  it('leave a row out: nothing for a sum, no count', () => {
    const sum = { type: 'longSum', fieldName: 'v', filters: [isA] } as const;
    expect(read(sum, { k: 'a', v: 3 })).toBe(3);
    expect(read(sum, { k: 'b', v: 3 })).toBeNull();
    expect(read({ type: 'count', fieldName: null, filters: [isA] }, { k: 'b' })).toBe(0);
    expect(read({ type: 'longFirst', fieldName: 'v', filters: [isA] }, { k: 'b', v: 3 })).toBeNull();
  });

  it('within each other must all match, and what they leave out is no problem', () => {
    const filters = [isA, { type: 'range', column: 'v', matchValueType: 'LONG', lower: 2 }];
    const sum = { type: 'longSum', fieldName: 'v', filters } as const;
    expect([1, 2].map((v) => read(sum, { k: 'a', v }))).toEqual([null, 2]);
    const problems: string[] = [];
    expect(read(sum, { k: 'b', v: 'x' }, problems)).toBeNull();
    expect(problems).toEqual([]);
  });

  it('that do not compile are refused with their place', () => {
    const filtered = (aggregator: unknown, filter: unknown = isA): unknown => ({
      type: 'filtered',
      name: 'n',
      filter,
      aggregator,
    });
    const refusalOf = (metric: unknown): unknown => {
      const result = checkSupervisorSpec(changed(aRawSpec(), 'spec.dataSchema.metricsSpec[1]', metric));
      return result.kind === 'invalid' ? result.problems[0]?.path : 'ok';
    };
    const at = 'spec.dataSchema.metricsSpec[1]';
    expect(refusalOf(filtered({ type: 'count' }))).toBe('ok');
    expect(refusalOf(filtered({ type: 'count' }, { type: 'nope' }))).toBe(`${at}.filter.type`);
    expect(refusalOf(filtered(filtered({ type: 'count' }, { type: 'nope' })))).toBe(
      `${at}.aggregator.filter.type`,
    );
    expect(refusalOf(filtered({ type: 'longSum', expression: 'a +' }))).toBe(`${at}.aggregator.expression`);
  });
});

describe('expressions', () => {
  const sum = (expression: string, type: MetricSpec['type'] = 'longSum') =>
    ({ type, fieldName: null, expression }) as const;

  it('give numbers, and what looks like one; anything else is nothing', () => {
    expect(read(sum('v + 1.5'), { v: 1 })).toBe(2);
    expect(read(sum('v + 1.5', 'floatSum'), { v: 1 })).toBe(2.5);
    expect(read(sum("concat(v, '0')"), { v: 1 })).toBe(10);
    expect(read(sum("concat(v, 'x')"), { v: 1 })).toBeNull();
    expect(read(sum('v'), {})).toBeNull();
  });

  it('take the one item of a list, and no list of several', () => {
    expect(read(sum('strlen(k)'), { k: ['abc'] })).toBe(3);
    expect(read(sum('strlen(k)'), { k: ['abc', 'd'] })).toBeNull();
    expect(read(sum('array_length(k)'), { k: ['abc', 'd'] })).toBe(2);
  });

  it('fail as those of transforms do', () => {
    expect(() => read(sum('-v'), { v: 'x' })).toThrow(ExpressionFailure);
  });
});

describe('first and last', () => {
  const first = { type: 'longFirst', fieldName: 'v' } as const;

  it('have the time of the row or of a field, and a number that is missing', () => {
    expect(read(first, { v: 3 })).toEqual({ timeMs: 7, value: 3, problem: null });
    expect(read({ ...first, timeColumn: 'at' }, { at: '1,000', v: 3 })).toEqual({
      timeMs: 1000,
      value: 3,
      problem: null,
    });
    expect(read(first, {})).toEqual({ timeMs: 7, value: null, problem: null });
    expect(read({ ...first, timeColumn: 'at' }, { v: 3 })).toBeNull();
  });

  it('keep for later what cannot be read; a time that cannot be read is a problem at once', () => {
    const problem = 'could not convert value [x] to longFirst for column [v]';
    expect(read(first, { v: 'x' })).toEqual({ timeMs: 7, value: null, problem });
    const problems: string[] = [];
    expect(read({ ...first, timeColumn: 'at' }, { at: 'x', v: 3 }, problems)).toBeNull();
    expect(problems).toEqual(['could not convert value [x] to long for column [at]']);
  });

  test.each([
    ['aé€', 4, 'aé'],
    ['€€', 4, '€'],
    ['\u{1f600}', 3, ''],
    ['abc', 0, ''],
    [12_345, 4, '1234'],
    [['abcdef'], 4, '[abc'],
  ])('the text of %j within %i bytes', (v, maxStringBytes, value) => {
    const found = read({ type: 'stringLast', fieldName: 'v', maxStringBytes }, { v });
    expect(found).toEqual({ timeMs: 7, value, problem: null });
  });

  it('of texts keep 1024 bytes and leave nulls out', () => {
    expect(read({ type: 'stringFirst', fieldName: 'v' }, { v: 'x'.repeat(5_000) })).toMatchObject({
      value: 'x'.repeat(1024),
    });
    expect(read({ type: 'stringFirst', fieldName: 'v' }, { v: null })).toBeNull();
  });
});

describe('sketches', () => {
  it('count longs, doubles and texts apart, each text of a list, and no empty text', () => {
    const hll = (v: JsonValue): MetricInput => read({ type: 'HLLSketchBuild', fieldName: 'v' }, { v });
    expect(hll(1)).toEqual([couponOfLong(1)]);
    expect(hll(new JavaDouble(1))).toEqual([couponOfDouble(1)]);
    expect(hll('1')).toEqual([couponOfText('1')]);
    expect(hll(['a', null, '', 2])).toEqual([couponOfText('a'), couponOfText('2')]);
    expect([hll(''), hll([]), hll(null)]).toEqual([null, null, null]);
    const problems: string[] = [];
    expect(read({ type: 'HLLSketchBuild', fieldName: 'v' }, { v: true }, problems)).toBeNull();
    expect(problems).toEqual(['could not convert value [true] to HLLSketchBuild for column [v]']);
  });

  it('of quantiles take numbers and texts of numbers', () => {
    const quantiles = { type: 'quantilesDoublesSketch', fieldName: 'v' } as const;
    expect(['1.5', 2, 10n ** 17n, ''].map((v) => read(quantiles, { v }))).toEqual([1.5, 2, 1e17, null]);
    const problems: string[] = [];
    expect(read(quantiles, { v: 'AgMDCAAA' }, problems)).toBeNull();
    expect(problems.length).toBe(1);
  });
});

it('names the fields a metric reads, which are not discovered as dimensions', () => {
  expect(
    metricFields({
      type: 'longLast',
      name: 'm',
      fieldName: 'v',
      timeColumn: 'at',
      filters: [
        {
          type: 'and',
          fields: [
            { type: 'null', column: 'k' },
            { type: 'expression', expression: 'x > 1' },
          ],
        },
      ],
    }),
  ).toEqual(['v', 'at', 'k', 'x']);
  expect(metricFields({ type: 'longSum', name: 'm', fieldName: null, expression: 'a + b' })).toEqual([
    'a',
    'b',
  ]);
});
