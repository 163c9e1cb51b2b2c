/** Rows for segment tests, a naive oracle that shares no code with `segments/`, and two independent readers of the files. */
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import fc from 'fast-check';
import { expect } from 'vitest';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { metricTimeOf } from '../../domain/metric-time.ts';
import type { DimensionValue, MetricInput, ParsedRow, TimedInput } from '../../domain/rows.ts';
import { couponOfLong, HllSketch } from '../../domain/sketches/hll.ts';
import { QuantilesSketch } from '../../domain/sketches/quantiles.ts';
import { kindOf } from '../../domain/sketches/sketch-bytes.ts';
import type { DataSchema, Granularity, MetricSpec, MetricType } from '../../domain/spec/spec.ts';
import { aDimension, aSchema } from '../support/data-schema.ts';

export const seed = Number(process.env['SEED'] ?? 20261121);

export type Case = { readonly schema: DataSchema; readonly rows: readonly ParsedRow[] };

export function aRow(changes: Partial<ParsedRow> & { readonly timestampMs: number }): ParsedRow {
  return { dimensions: [], discovered: null, metrics: [], problems: [], ...changes };
}

const day = 86_400_000;
const start = Date.UTC(2026, 0, 1);
const texts = fc.constantFrom(
  '',
  'a',
  'b',
  'B',
  'é',
  '\uffee',
  '\u{1f600}',
  'a\u0000b',
  'it\'s "q"',
  'a longer text, beyond slices',
);
const longs = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom<number | bigint>(9_007_199_254_740_993n, -9_007_199_254_740_993n, 2 ** 40),
);
const doubles = fc.oneof(
  fc.constantFrom(0, -0, 0.1, -2.5, 1e300, Number.NaN, Infinity, -Infinity),
  fc.double(),
);
const finite = fc.oneof(
  fc.constantFrom(0, -0, 0.1, 1e15, -1e15),
  fc.double({ min: -1e18, max: 1e18, noNaN: true }),
);

const dimensionValues: Record<'string' | 'long' | 'double' | 'float', fc.Arbitrary<DimensionValue>> = {
  string: fc.oneof(
    { weight: 6, arbitrary: texts },
    fc.constant(null),
    fc.array(fc.oneof({ weight: 4, arbitrary: texts }, fc.constant(null)), { minLength: 2, maxLength: 3 }),
  ),
  long: fc.oneof({ weight: 4, arbitrary: longs }, fc.constant(null)),
  double: fc.oneof({ weight: 4, arbitrary: doubles }, fc.constant(null)),
  float: fc.oneof({ weight: 4, arbitrary: doubles.map(Math.fround) }, fc.constant(null)),
};

/** Few times, so that they are often equal. */
const moments = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.constant(2n ** 60n));

function timedInput(type: MetricType): fc.Arbitrary<MetricInput> {
  const value: fc.Arbitrary<TimedInput['value']> = type.startsWith('string')
    ? texts
    : fc.oneof(
        // Without -0: DuckDB takes it for 0 where it keeps values of a group or in a dictionary.
        { weight: 4, arbitrary: type.startsWith('long') ? longs : finite.map((one) => Math.fround(one) + 0) },
        fc.constant(null),
      );
  return fc.record({
    timeMs: type.endsWith('Any') ? fc.constant(0) : moments,
    value,
    problem: fc.constant(null),
  });
}

function metricInput(type: MetricType): fc.Arbitrary<MetricInput> {
  if (type === 'count') return fc.constantFrom(null, null, 0);
  if (/(First|Last|Any)$/.test(type))
    return fc.oneof({ weight: 5, arbitrary: timedInput(type) }, fc.constant(null));
  if (type === 'HLLSketchBuild')
    return fc.oneof(fc.array(fc.integer({ min: 0, max: 20 }).map(couponOfLong)), fc.constant(null));
  const value: fc.Arbitrary<MetricInput> = type.startsWith('long')
    ? longs
    : type.startsWith('float')
      ? fc.float({ noNaN: true, min: -(2 ** 60), max: 2 ** 60 })
      : type === 'doubleSum' || type === 'quantilesDoublesSketch'
        ? finite
        : doubles;
  return fc.oneof({ weight: 5, arbitrary: value }, fc.constant(null));
}

const dimensionTypes = fc.array(
  fc.constantFrom<keyof typeof dimensionValues>('string', 'string', 'long', 'double', 'float'),
  {
    maxLength: 3,
  },
);
const metricTypes = fc.subarray<MetricType>([
  'count',
  'longSum',
  'longMin',
  'longMax',
  'floatSum',
  'floatMin',
  'floatMax',
  'doubleSum',
  'doubleMin',
  'doubleMax',
  'longFirst',
  'longLast',
  'longAny',
  'doubleFirst',
  'floatLast',
  'stringFirst',
  'stringLast',
  'HLLSketchBuild',
  'quantilesDoublesSketch',
]);

/** Any schema this version supports, with rows that collide often. */
export const cases: fc.Arbitrary<Case> = fc
  .record({
    types: dimensionTypes,
    metrics: metricTypes,
    discoverDimensions: fc.boolean(),
    rollup: fc.boolean(),
    query: fc.constantFrom<Granularity>(
      { kind: 'none' },
      { kind: 'duration', durationMs: 3_600_000 },
      { kind: 'all' },
    ),
    segment: fc.constantFrom<Granularity>(
      { kind: 'duration', durationMs: day },
      { kind: 'calendar', unit: 'month' },
      { kind: 'all' },
    ),
  })
  .chain(({ types, metrics, discoverDimensions, rollup, query, segment }) => {
    const schema = aSchema({
      dimensions: types.map((type, at) => aDimension(`d${at}`, type)),
      metrics: metrics.map((type): MetricSpec => ({
        type,
        name: type,
        fieldName: type === 'count' ? null : 'm',
      })),
      discoverDimensions,
      rollup,
      queryGranularity: query,
      segmentGranularity: segment,
    });
    const row: fc.Arbitrary<ParsedRow> = fc.record({
      timestampMs: fc.oneof(
        fc.integer({ min: 0, max: 5 }).map((hour) => start + hour * 3_600_000),
        fc.integer({ min: -40 * day, max: 40 * day }).map((ms) => start + ms),
      ),
      dimensions: fc.tuple(...types.map((type) => dimensionValues[type])),
      discovered: discoverDimensions
        ? fc
            .dictionary(fc.constantFrom('x', 'X', '\u{1f600}', '\uffee', 'y "z"'), dimensionValues.string)
            .map((found) => new Map(Object.entries(found)))
        : fc.constant(null),
      metrics: fc.tuple(...metrics.map(metricInput)),
      problems: fc.constant([]),
    });
    return fc.record({ schema: fc.constant(schema), rows: fc.array(row, { maxLength: 60 }) });
  });

/** Of a sketch: what it was made of. */
export type ExpectedValue =
  DimensionValue | { readonly distinct: number } | { readonly sorted: readonly number[] };

export type Expected = {
  readonly timeMs: number;
  readonly values: ReadonlyMap<string, DimensionValue>;
  readonly metrics: ReadonlyMap<string, ExpectedValue>;
  /** Sum of the sizes of what was added up: the scale of rounding errors. */
  readonly scales: ReadonlyMap<string, number>;
};

/** Sort and group, the slow and obvious way. One list per segment interval, in order. */
export function oracle({ schema, rows }: Case): Map<number, Expected[]> {
  const groups = new Map<string, ParsedRow[]>();
  rows.forEach((row, at) => {
    const values = [...valuesOf(schema, row)];
    const parts = [
      cutTime(schema, row.timestampMs),
      ...values.sort(([left], [right]) => (left < right ? -1 : 1)),
    ];
    const key = JSON.stringify(parts, encode) + (schema.rollup ? '' : `#${at}`);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  });
  const result = [...groups.values()].map((members): Expected => {
    const [first] = members as [ParsedRow];
    const inputs = schema.metrics.map(({ name, type }, at) => {
      const found = members.map((member) => member.metrics[at] ?? null).filter((input) => input !== null);
      const counted = members.length - found.filter((input) => input === 0).length;
      const numbers = found.filter((input) => typeof input !== 'object').map(Number);
      return { name, type, found, numbers, members: counted };
    });
    return {
      timeMs: cutTime(schema, first.timestampMs),
      values: valuesOf(schema, first),
      metrics: new Map(inputs.flatMap(aggregates)),
      scales: new Map(
        inputs.map(({ name, numbers }) => [
          name,
          numbers.reduce<number>((sum, one) => sum + Math.abs(Number(one)), 0),
        ]),
      ),
    };
  });
  result.sort((left, right) => compareExpected(schema, left, right));
  const segments = new Map<number, Expected[]>();
  for (const row of result) {
    const from = segmentStart(schema, row.timeMs);
    segments.set(from, [...(segments.get(from) ?? []), row]);
  }
  return segments;
}

function encode(_key: string, value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'bigint'
    ? `#${Object.is(value, -0) ? '-0' : String(value)}`
    : value;
}

function valuesOf(schema: DataSchema, row: ParsedRow): Map<string, DimensionValue> {
  const values = new Map(schema.dimensions.map(({ name }, at) => [name, row.dimensions[at] ?? null]));
  for (const [name, value] of row.discovered ?? []) if (value !== null) values.set(name, value);
  return values;
}

function segmentStart({ segmentGranularity }: DataSchema, ms: number): number {
  if (segmentGranularity.kind === 'all') return -8.64e15;
  if (segmentGranularity.kind === 'duration') return Math.floor(ms / day) * day;
  const date = new Date(ms);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}

function cutTime(schema: DataSchema, ms: number): number {
  if (schema.queryGranularity.kind === 'none') return ms;
  if (schema.queryGranularity.kind === 'duration') return Math.floor(ms / 3_600_000) * 3_600_000;
  return schema.segmentGranularity.kind === 'all' ? 0 : segmentStart(schema, ms);
}

type Inputs = {
  readonly name: string;
  readonly type: MetricType;
  readonly found: readonly NonNullable<MetricInput>[];
  readonly members: number;
};

/** By column: the time of a first or last value has one of its own. */
function aggregates({ name, type, found, members }: Inputs): (readonly [string, ExpectedValue])[] {
  if (type === 'HLLSketchBuild') return [[name, { distinct: new Set(found.flat()).size }]];
  if (type === 'quantilesDoublesSketch')
    return [[name, { sorted: (found as number[]).toSorted((left, right) => left - right) }]];
  if (!/(First|Last|Any)$/.test(type))
    return [[name, aggregate({ type, numbers: found as (number | bigint)[], members })]];
  const inputs = found as readonly TimedInput[];
  if (type.endsWith('Any')) return [[name, inputs.find(({ value }) => value !== null)?.value ?? null]];
  const best = inputs.reduce<TimedInput | null>((one, other) => {
    if (one === null) return other;
    return (type.endsWith('First') ? other.timeMs < one.timeMs : other.timeMs >= one.timeMs) ? other : one;
  }, null);
  return [
    [name, best?.value ?? null],
    [metricTimeOf(name), best?.timeMs ?? null],
  ];
}

function aggregate(input: {
  readonly type: MetricType;
  readonly numbers: readonly (number | bigint)[];
  readonly members: number;
}): DimensionValue {
  const { type, numbers, members } = input;
  if (type === 'count') return members;
  const [first] = numbers;
  if (first === undefined) return null;
  if (type === 'longSum') return numbers.reduce<bigint>((sum, one) => sum + BigInt(one), 0n);
  if (type === 'longMin') return numbers.reduce((best, one) => (one < best ? one : best));
  if (type === 'longMax') return numbers.reduce((best, one) => (one > best ? one : best));
  const plain = numbers.map(Number);
  if (type.endsWith('Min')) return Math.min(...plain);
  if (type.endsWith('Max')) return Math.max(...plain);
  return plain.reduce((sum, one) => sum + one, 0);
}

function compareExpected(schema: DataSchema, left: Expected, right: Expected): number {
  if (left.timeMs !== right.timeMs) return left.timeMs - right.timeMs;
  const listed = schema.dimensions.map(({ name }) => name);
  const found = [...new Set([...left.values.keys(), ...right.values.keys()])].filter(
    (name) => !listed.includes(name),
  );
  found.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  for (const name of [...listed, ...found]) {
    const order = compareValue(left.values.get(name) ?? null, right.values.get(name) ?? null);
    if (order !== 0) return order;
  }
  return 0;
}

function compareValue(left: DimensionValue, right: DimensionValue): number {
  if (left === null || right === null) return Number(left !== null) - Number(right !== null);
  if (typeof left === 'number' || typeof left === 'bigint')
    return rank(left) < rank(right) ? -1 : rank(left) > rank(right) ? 1 : compareZero(left, right);
  const one = Array.isArray(left) ? left : [left];
  const other = Array.isArray(right) ? right : [right];
  for (let at = 0; at < Math.min(one.length, other.length); at++) {
    const [x, y] = [one[at] as string | null, other[at] as string | null];
    if (x === y) continue;
    if (x === null || y === null) return x === null ? -1 : 1;
    return Buffer.compare(Buffer.from(x), Buffer.from(y));
  }
  return one.length - other.length;
}

function rank(value: DimensionValue): number | bigint {
  return typeof value === 'number' ? (Number.isNaN(value) ? 1.8e308 : value) : (value as bigint);
}

function compareZero(left: DimensionValue, right: DimensionValue): number {
  if (left === 0 && right === 0) return Number(Object.is(right, -0)) - Number(Object.is(left, -0));
  return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
}

export type ReadRow = { readonly [column: string]: unknown };

/** In file order. `__time` in milliseconds, longs as number while exact. */
export async function readWithDuckDb(path: string): Promise<ReadRow[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    await connection.run("set TimeZone = 'UTC'");
    return await readRows(
      connection,
      `select * replace (epoch_ms(__time) as __time) from read_parquet('${path.replaceAll("'", "''")}')`,
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

export async function readRows(connection: DuckDBConnection, select: string): Promise<ReadRow[]> {
  const reader = await connection.runAndReadAll(select);
  const names = reader.columnNames();
  return reader.getRowsJS().map((row) => Object.fromEntries(names.map((name, at) => [name, plain(row[at])])));
}

export async function readWithHyparquet(path: string): Promise<ReadRow[]> {
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path), compressors, utf8: false });
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])),
  );
}

function plain(value: unknown): unknown {
  if (value instanceof Date) return value.getTime();
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  return value ?? null;
}

type ExpectedSketch = Extract<ExpectedValue, { readonly distinct: number } | { readonly sorted: unknown }>;

function isSketch(value: ExpectedValue): value is ExpectedSketch {
  return typeof value === 'object' && value !== null && ('distinct' in value || 'sorted' in value);
}

/** A text that is equal for what a sketch was made of and for the sketch; null: no sketch. */
export function sketchKey(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  if (isSketch(value as ExpectedValue)) {
    const wanted = value as ExpectedSketch;
    return 'distinct' in wanted ? `${wanted.distinct}` : wanted.sorted.map((one) => one + 0).join();
  }
  const bytes = bytesOf(value) ?? new Uint8Array();
  if (kindOf(bytes) === 'hll') return `${Math.round(HllSketch.fromBytes(bytes).estimate())}`;
  const sketch = QuantilesSketch.fromBytes(bytes);
  const shares = Array.from({ length: sketch.count }, (_, at) => (at + 1) / sketch.count);
  return sketch
    .quantiles(shares)
    .map((one) => Number(one) + 0)
    .join();
}

/** So few values are kept as they are. */
function expectSketch(found: unknown, wanted: ExpectedSketch): void {
  const bytes = bytesOf(found);
  if ('distinct' in wanted) {
    const estimate = bytes === null ? 0 : HllSketch.fromBytes(bytes).estimate();
    expect(Math.round(estimate)).toBe(wanted.distinct);
    return;
  }
  const { sorted } = wanted;
  const sketch = bytes === null ? new QuantilesSketch(128) : QuantilesSketch.fromBytes(bytes);
  expect(sketch.count).toBe(sorted.length);
  for (const share of [0, 0.25, 0.5, 1])
    expect(sketch.quantile(share)).toEqual(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null);
}

/** As either reader gives a BLOB; nothing was ever seen: null. */
function bytesOf(found: unknown): Uint8Array | null {
  if (found instanceof Uint8Array) return found;
  return found === null ? null : Uint8Array.from((found as { bytes: Uint8Array }).bytes);
}

/** `rows` are exactly `wanted`, in this order. `names`: field to column. */
export function expectRows(
  schema: DataSchema,
  rows: readonly ReadRow[],
  wanted: readonly Expected[],
  names: ReadonlyMap<string, string>,
): void {
  expect(rows.length).toBe(wanted.length);
  wanted.forEach((expected, at) => {
    const row = rows[at] ?? {};
    expect(row['__time']).toBe(expected.timeMs);
    for (const [field, name] of names) {
      if (field === '__time' || expected.metrics.has(field)) continue;
      const value = expected.values.get(field) ?? null;
      const found = row[name];
      // In a list column a plain text is a list of one.
      expect(Array.isArray(found) && !Array.isArray(value) ? found : [found]).toEqual([value]);
    }
    for (const [name, value] of expected.metrics) {
      const found = row[name];
      if (isSketch(value)) {
        expectSketch(found, value);
        continue;
      }
      if (!/Sum$/.test(name) || value === null || typeof value === 'bigint') {
        expect(typeof value === 'bigint' ? BigInt(found as number | bigint) : found).toEqual(value);
      } else {
        const tolerance = (expected.scales.get(name) ?? 0) * (name === 'floatSum' ? 1.2e-7 : 1e-12);
        expect(Math.abs(Number(found) - Number(value))).toBeLessThanOrEqual(tolerance);
      }
    }
  });
}
