import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JavaDouble, maxDepth, parseJsonObjects, type JsonValue } from '../../formats/json-text.ts';

const seed = Number(process.env['SEED'] ?? 20261121);

/** As `JSON.parse` would give it. */
function plain(value: JsonValue): unknown {
  if (value instanceof JavaDouble) return value.value;
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) {
    const object: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (const [key, field] of value as ReadonlyMap<string, JsonValue>) object[key] = plain(field);
    return object;
  }
  return value;
}

function one(text: string): JsonValue {
  const [object] = parseJsonObjects(`{"v":${text}}`);
  return object?.get('v') ?? null;
}

function accepts(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof RangeError) throw error;
    return false;
  }
}

describe('what JSON.parse reads, it reads alike', () => {
  test('values', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), (object) => {
        const text = JSON.stringify(object);
        expect(plain(parseJsonObjects(text)[0] ?? null)).toEqual(plain(fromPlain(JSON.parse(text))));
      }),
      { seed, numRuns: 300 },
    );
  });

  test('and it refuses what JSON.parse refuses', () => {
    const damage = fc.record({
      at: fc.nat(60),
      insert: fc.constantFrom('', '"', '\\', ',', '{', '}', '0', '-', '.', 'e', ' ', '\n'),
    });
    const texts = fc.constantFrom(
      '{"a":-0.5e+10,"b":[true,null,{"c":"\\u00e9\\n"}],"d":{}}',
      '{"number":[0,-1,12345678901234567890,1.0,1e5]}',
    );
    fc.assert(
      fc.property(texts, fc.array(damage, { minLength: 1, maxLength: 3 }), (text, damages) => {
        let broken = text;
        for (const { at, insert } of damages)
          broken = broken.slice(0, at % broken.length) + insert + broken.slice((at % broken.length) + 1);
        if (/^\s*$|}\s*{/.test(broken) || !broken.trim().startsWith('{')) return;
        expect(accepts(() => parseJsonObjects(broken))).toBe(accepts(() => JSON.parse(broken) as unknown));
      }),
      { seed, numRuns: 5000 },
    );
  });
});

/** JSON.parse's objects have a prototype, ours do not. */
function fromPlain(value: unknown): JsonValue {
  if (Array.isArray(value)) return value.map(fromPlain);
  if (typeof value === 'object' && value !== null)
    return new Map(Object.entries(value).map(([key, field]) => [key, fromPlain(field)]));
  return value as JsonValue;
}

describe('numbers keep what JSON.parse loses', () => {
  test.each<[string, number | bigint]>([
    ['0', 0],
    ['-0', 0],
    ['999999999999999', 999_999_999_999_999],
    ['-999999999999999', -999_999_999_999_999],
    ['1000000000000000', 1_000_000_000_000_000],
    ['9007199254740991', 9_007_199_254_740_991],
    ['9007199254740993', 9_007_199_254_740_993n],
    ['-9223372036854775808', -9_223_372_036_854_775_808n],
    ['123456789012345678901234567890', 123_456_789_012_345_678_901_234_567_890n],
  ])('%s', (text, expected) => {
    expect(one(text)).toBe(expected);
  });

  test.each(['1.0', '-0.0', '1e2', '1E-2', '0.1234567890123456789', '1e400'])('%s is a double', (text) => {
    expect(one(text)).toEqual(new JavaDouble(Number(text)));
  });

  test.each(['01', '00', '-01', '+1', '.5', '1.', '1e', '1e+', '0x10', '1_0', '--1', '-', 'NaN', 'Infinity'])(
    '%s is refused',
    (text) => {
      expect(() => one(text)).toThrow(/at character/);
    },
  );
});

test('a whole number has at most 1,000 characters; a fraction may be longer', () => {
  expect(one('7'.repeat(1_000))).toBe(BigInt('7'.repeat(1_000)));
  expect(() => one('7'.repeat(1_001))).toThrow(/at character/);
  expect(one(`1.${'7'.repeat(5_000)}`)).toEqual(new JavaDouble(1.7777777777777777));
});

test('several objects in one text', () => {
  expect(parseJsonObjects(' {"a":1}{"a":2}\n\t{"a":3} ').map((object) => object.get('a'))).toEqual([1, 2, 3]);
  expect(parseJsonObjects(' \n')).toEqual([]);
  for (const text of ['{"a":1}x', '{"a":1},', '[1]', 'null', '"x"', '5', '{"a":1}]'])
    expect(() => parseJsonObjects(text)).toThrow(/at character/);
});

test('a field given twice has its last value, at its first place', () => {
  expect([...(parseJsonObjects('{"a":1,"b":2,"a":3}')[0] ?? [])]).toEqual([
    ['a', 3],
    ['b', 2],
  ]);
});

describe('hostile texts', () => {
  test('nesting is bounded, and deeper nesting costs no stack', () => {
    const nested = (depth: number): string => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
    expect(parseJsonObjects(nested(maxDepth)).length).toBe(1);
    expect(() => parseJsonObjects(nested(maxDepth + 1))).toThrow(/deeper than 64/);
    expect(() => parseJsonObjects('{"a":'.repeat(1_000_000))).toThrow(/deeper than 64/);
  });

  test('more fields than the limit are refused', () => {
    const fields = Array.from({ length: 100_001 }, (_, at) => `"k${at}":0`).join(',');
    expect(() => parseJsonObjects(`{${fields}}`)).toThrow(/more than 100000 fields/);
  });

  test('no field name reaches a prototype', () => {
    const [object] = parseJsonObjects(
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
    );
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect([...(object?.keys() ?? [])]).toEqual(['__proto__', 'constructor']);
  });

  test('control characters and broken escapes are refused', () => {
    for (const inner of ['a\nb', 'a\u0000b', '\\x41', "\\'", '\\u12', '\\u00zz', '\\U0041'])
      expect(() => parseJsonObjects(`{"a":"${inner}"}`)).toThrow(/at character/);
    expect(one('"\\ud83d\\ude00\\/\\b\\f\\"\\\\"')).toBe('\u{1f600}/\b\f"\\');
  });
});
