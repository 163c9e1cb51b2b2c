/** Any JSON gets an answer; a spec that parses parses to the same again, in either form and any order of keys. */
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { specFields } from '../../../domain/spec/fields.ts';
import { describeProblems, parseSupervisorSpec } from '../../../domain/spec/parse.ts';
import { aRawSpec, changed, stepsOf, type RawSpec } from './raw-spec.ts';

const seed = Number(process.env['SEED'] ?? 20_260_101);

const hostileTexts = [
  '__proto__',
  'constructor',
  'PT1H',
  'P1M',
  '-1',
  '1e9',
  '2',
  'true',
  'kafka',
  '\0',
  '\ud800',
  ' ',
  '',
];
const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom<unknown>(
    ...hostileTexts,
    NaN,
    Infinity,
    -0,
    2 ** 53,
    1e308,
    undefined,
    10n,
    Symbol.iterator,
    () => 1,
  ),
  fc.constant({ toString: 1, valueOf: 1 }),
  fc.array(fc.constantFrom(...hostileTexts)),
  fc.dictionary(
    fc.constantFrom('type', 'name', 'fieldName', ...hostileTexts),
    fc.constantFrom(...hostileTexts),
  ),
);

const paths = specFields.map(({ path }) =>
  /^(dataSchema|ioConfig|tuningConfig)/.test(path) ? `spec.${path.replace('[]', '[0]')}` : path,
);

describe('parseSupervisorSpec', () => {
  it('answers anything', () => {
    fc.assert(
      fc.property(oddValue, (raw) => {
        const result = parseSupervisorSpec(raw);
        expect(result.kind).toBe('invalid');
        if (result.kind === 'invalid') expect(result.problems.length).toBeGreaterThan(0);
      }),
      { seed, numRuns: 300 },
    );
  });

  it('answers a spec with up to four places spoilt', () => {
    const spoil = fc.array(fc.tuple(fc.constantFrom(...paths), oddValue), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(spoil, (changes) => {
        const result = parseSupervisorSpec(applyAll(changes));
        if (result.kind === 'invalid') expect(describeProblems(result.problems)).not.toBe('');
        else expect(JSON.parse(JSON.stringify(result.spec))).toEqual(result.spec);
        expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
      }),
      { seed, numRuns: 600 },
    );
  });

  it('knows no minus zero, which JSON would lose', () => {
    for (const [path, value] of [
      ['spec.ioConfig.startDelay', -0],
      ['spec.ioConfig.startDelay', 'PT-0S'],
      ['spec.tuningConfig.maxParseExceptions', '-0'],
      ['spec.tuningConfig.maxParseExceptions', -0],
      ['spec.dataSchema.timestampSpec.missingValue', -0],
    ] as const) {
      const result = parseSupervisorSpec(changed(aRawSpec(), path, value));
      expect(result.kind).toBe('ok');
      expect(JSON.parse(JSON.stringify(result))).toEqual(result);
    }
  });

  it('gives the same for any order of keys, nested or flat, once or twice', () => {
    fc.assert(
      fc.property(fc.constantFrom(...paths), oddValue, fc.infiniteStream(fc.nat()), (path, value, order) => {
        const raw = applyAll([[path, value]]);
        const once = parseSupervisorSpec(raw);
        if (once.kind === 'invalid') return;
        const { spec, ...top } = raw;
        const others = [
          raw,
          shuffled(raw, order) as RawSpec,
          { ...top, ...(spec as RawSpec) },
          { ...raw, ...(spec as RawSpec) },
        ];
        for (const other of others) {
          const again = parseSupervisorSpec(other);
          expect(again.kind === 'ok' ? withoutOrder(again.spec) : again).toEqual(withoutOrder(once.spec));
        }
      }),
      { seed, numRuns: 300 },
    );
  });

  it.each<readonly [string, () => unknown]>([
    ['a hundred thousand unknown fields', () => changed(aRawSpec(), 'spec.ioConfig', manyKeys(100_000))],
    ['a hundred thousand dimensions', () => dims(Array.from({ length: 100_000 }, (_, index) => `d${index}`))],
    ['a hundred thousand times one dimension', () => dims(Array.from({ length: 100_000 }, () => 'd'))],
    [
      'a hundred thousand wrong metrics',
      () => changed(aRawSpec(), 'spec.dataSchema.metricsSpec', Array(100_000).fill({})),
    ],
    ['a hundred thousand levels', () => JSON.parse(`${'[{"a":'.repeat(50_000)}1${'}]'.repeat(50_000)}`)],
    ['a key of a megabyte', () => changed(aRawSpec(), 'spec.ioConfig', { ['x'.repeat(1e6)]: 1 })],
    ['a name of a megabyte', () => changed(aRawSpec(), 'spec.dataSchema.dataSource', 'x'.repeat(1e6))],
    [
      'brokers of a megabyte',
      () =>
        changed(aRawSpec(), 'spec.ioConfig.consumerProperties["bootstrap.servers"]', 'a:1,'.repeat(250_000)),
    ],
    ['a period of a megabyte', () => changed(aRawSpec(), 'spec.ioConfig.period', `PT${'1'.repeat(1e6)}S`)],
  ])('is done with %s in a moment, in few words', (_name, make) => {
    const raw = make();
    const before = process.cpuUsage();
    const result = parseSupervisorSpec(raw);
    expect(process.cpuUsage(before).user).toBeLessThan(3_000_000);
    const said = describeProblems(result.kind === 'ok' ? result.warnings : result.problems);
    expect(said.length).toBeLessThan(40_000);
  });
});

function applyAll(changes: readonly (readonly [string, unknown])[]): RawSpec {
  let raw = aRawSpec();
  for (const [path, value] of changes) {
    try {
      raw = changed(raw, path, value);
    } catch {
      // A spoilt place has nothing below it (or cannot be cloned): then the other change stays alone.
    }
  }
  return raw;
}

function manyKeys(count: number): RawSpec {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`taskCoun${index}`, 1]));
}

function dims(dimensions: readonly string[]): RawSpec {
  return changed(aRawSpec(), stepsOf('spec.dataSchema.dimensionsSpec.dimensions').join('.'), dimensions);
}

function shuffled(value: unknown, order: Iterator<number>): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, order));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => ({
    key,
    item: shuffled(item, order),
    at: Number(order.next().value),
  }));
  entries.sort((left, right) => left.at - right.at);
  return Object.fromEntries(entries.map(({ key, item }) => [key, item]));
}

/** Kept client properties come in the order written, which says nothing. */
function withoutOrder(spec: unknown): unknown {
  return JSON.parse(JSON.stringify(spec));
}
