/**
 * Values of every kind for columns whose type is found, and an oracle for them that shares no code with `segments/`: what type
 * a column has, how each value reads in it, which rows are one, and in what order they stand.
 */
import fc from 'fast-check';
import type { ParsedRow } from '../../domain/rows.ts';
import type { DataSchema } from '../../domain/spec/spec.ts';
import { asFound, dimensionConversion } from '../../formats/dimension-values.ts';
import { JavaDouble, type JsonValue } from '../../formats/json-text.ts';
import { aDimension, aSchema } from '../support/data-schema.ts';

/** Doubles with Java's text, by hand. */
const doubleTexts = new Map<number, string>([
  [0, '0.0'],
  [1, '1.0'],
  [9, '9.0'],
  [10, '10.0'],
  [-3, '-3.0'],
  [2.5, '2.5'],
  [-0.001, '-0.001'],
  [1e20, '1.0E20'],
  [1.5e-7, '1.5E-7'],
  [2 ** 53, '9.007199254740992E15'],
  [Number.NaN, 'NaN'],
  [Infinity, 'Infinity'],
]);

function textOf(value: number): string {
  return Object.is(value, -0) ? '-0.0' : (doubleTexts.get(value) ?? '?');
}

export type Raw =
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'long'; readonly value: bigint }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'list'; readonly items: readonly (Exclude<Raw, { kind: 'list' | 'json' }> | null)[] }
  | { readonly kind: 'json'; readonly json: JsonValue; readonly text: string };

type Scalar = Exclude<Raw, { kind: 'list' | 'json' }>;

const booleans: fc.Arbitrary<Scalar> = fc.boolean().map((value) => ({ kind: 'boolean', value }));
const longs: fc.Arbitrary<Scalar> = fc
  .constantFrom(0n, 1n, 9n, 10n, -3n, 2n ** 53n, 2n ** 53n + 1n)
  .map((value) => ({ kind: 'long', value }));
const smallLongs: fc.Arbitrary<Scalar> = fc
  .constantFrom(0n, 1n, 9n, 10n, -3n)
  .map((value) => ({ kind: 'long', value }));
const doubles: fc.Arbitrary<Scalar> = fc
  .constantFrom(-0, ...doubleTexts.keys())
  .map((value) => ({ kind: 'double', value }));
const strings: fc.Arbitrary<Scalar> = fc
  .constantFrom('', '1', '1.0', 'true', 'a', 'é', '\uffee', '\u{1f600}', 'q"\\u001f\u001f', '[1]', '{"a":1}')
  .map((value) => ({ kind: 'string', value }));
const nested: fc.Arbitrary<Raw> = fc.constantFrom<Raw>(
  { kind: 'json', json: new Map(), text: '{}' },
  {
    kind: 'json',
    json: new Map<string, JsonValue>([
      ['b', 1],
      ['a', [new JavaDouble(1), null, new JavaDouble(1e20)]],
    ]),
    text: '{"a":[1.0,null,1.0E20],"b":1}',
  },
  {
    kind: 'json',
    json: new Map<string, JsonValue>([['x', new JavaDouble(Infinity)]]),
    text: '{"x":"Infinity"}',
  },
  { kind: 'json', json: [[1], []], text: '[[1],[]]' },
  { kind: 'json', json: [new Map([['k', 'v,]"}']])], text: '[{"k":"v,]\\"}"}]' },
);

function listOf(items: fc.Arbitrary<Scalar>): fc.Arbitrary<Raw> {
  return fc
    .array(fc.option(items, { freq: 5 }), { maxLength: 3 })
    .map((some): Raw => ({ kind: 'list', items: some }));
}

const pools: readonly fc.Arbitrary<Raw>[] = [
  booleans,
  smallLongs,
  longs,
  doubles,
  strings,
  nested,
  listOf(smallLongs),
  listOf(doubles),
  listOf(strings),
  listOf(fc.oneof(booleans, longs, doubles, strings)),
];

/** A column holds few kinds, or it would always be JSON. */
const columnOf: fc.Arbitrary<fc.Arbitrary<Raw | null>> = fc
  .subarray([...pools.keys()], { minLength: 1, maxLength: 3 })
  .map((numbers) => {
    const kinds = numbers.map((number) => pools[number] as fc.Arbitrary<Raw>);
    return fc.option(fc.oneof(...kinds), { freq: 4 });
  });

export type FoundRow = {
  readonly timeMs: number;
  readonly listed: Raw | null;
  readonly json: Raw | null;
  readonly text: string;
  readonly discovered: ReadonlyMap<string, Raw>;
  readonly metric: number;
};
export type FoundCase = { readonly schema: DataSchema; readonly rows: readonly FoundRow[] };

const start = Date.UTC(2026, 0, 1);
const day = 86_400_000;

export function foundCases(days: number): fc.Arbitrary<FoundCase> {
  return fc
    .record({
      columns: fc.tuple(columnOf, columnOf, columnOf, columnOf),
      rollup: fc.boolean(),
      timeSortPosition: fc.constantFrom(0, 0, 1, 3),
    })
    .chain(({ columns: [listed, json, x, y], rollup, timeSortPosition }) => {
      const schema = aSchema({
        dimensions: [aDimension('a', 'auto'), aDimension('j', 'json'), aDimension('s')],
        discoverDimensions: true,
        discoverTypes: true,
        metrics: [
          { type: 'count', name: 'n', fieldName: null },
          { type: 'longSum', name: 'm', fieldName: 'm' },
        ],
        rollup,
        timeSortPosition,
        segmentGranularity: { kind: 'duration', durationMs: day },
      });
      const row: fc.Arbitrary<FoundRow> = fc.record({
        timeMs: fc.nat(3 * days - 1).map((at) => start + Math.floor(at / 3) * day + (at % 3) * 1000),
        listed,
        json,
        text: fc.constantFrom('p', 'q'),
        discovered: fc
          .record({ x, y })
          .map(
            (found) =>
              new Map(Object.entries(found).filter((entry): entry is [string, Raw] => entry[1] !== null)),
          ),
        metric: fc.integer({ min: 0, max: 9 }),
      });
      return fc.record({ schema: fc.constant(schema), rows: fc.array(row, { maxLength: 40 }) });
    });
}

function jsonOf(raw: Raw | null): JsonValue {
  if (raw === null) return null;
  switch (raw.kind) {
    case 'json':
      return raw.json;
    case 'list':
      return (raw.items as readonly (Raw | null)[]).map(jsonOf);
    case 'double':
      return new JavaDouble(raw.value);
    case 'long':
      return Number.isSafeInteger(Number(raw.value)) ? Number(raw.value) : raw.value;
    default:
      return raw.value;
  }
}

const asJson = dimensionConversion(aDimension('j', 'json'));

export function parsedRow(row: FoundRow): ParsedRow {
  return {
    timestampMs: row.timeMs,
    dimensions: [
      asFound(jsonOf(row.listed)),
      asJson(jsonOf(row.json)) as ReturnType<typeof asFound>,
      row.text,
    ],
    discovered: new Map([...row.discovered].map(([name, value]) => [name, asFound(jsonOf(value))])),
    metrics: [null, row.metric],
    problems: [],
  };
}

/** A value as a file has it: JSON as its text. */
export type Final = null | string | number | bigint | readonly (string | number | bigint | null)[];
export type FoundExpected = {
  readonly timeMs: number;
  readonly values: ReadonlyMap<string, Final>;
  n: number;
  m: number;
};

type Type = { readonly element: 'LONG' | 'DOUBLE' | 'STRING' | 'JSON' | 'NONE'; readonly isList: boolean };

export function typeOf(values: readonly Raw[]): Type {
  const isList = values.some(({ kind }) => kind === 'list');
  if (values.length === 0) return { element: 'NONE', isList };
  if (values.some(({ kind }) => kind === 'json')) return { element: 'JSON', isList: false };
  const scalars = values.flatMap((value): (Raw | null)[] =>
    value.kind === 'list' ? [...value.items] : [value],
  );
  const has = (kind: string): boolean => scalars.some((value) => value?.kind === kind);
  const element = has('string') ? 'STRING' : has('double') ? 'DOUBLE' : 'LONG';
  return { element, isList };
}

export function druidName({ element, isList }: Type): string {
  if (element === 'JSON') return 'JSON';
  if (element === 'NONE') return 'UNKNOWN';
  const plain = { LONG: 'BIGINT', DOUBLE: 'DOUBLE', STRING: 'VARCHAR' }[element];
  return isList ? (element === 'STRING' ? 'ARRAY<VARCHAR>' : `${plain}[]`) : plain;
}

/** Whole doubles read like longs where groups are made. */
function plainText(value: Scalar, rollup: boolean): string {
  if (value.kind === 'boolean') return value.value ? '1' : '0';
  if (value.kind !== 'double') return String(value.value);
  const isLong =
    Number.isInteger(value.value) && Math.abs(value.value) < 2 ** 63 && !Object.is(value.value, -0);
  return rollup && isLong ? String(BigInt(value.value)) : textOf(value.value);
}

function cast(value: Scalar, element: Type['element'], rollup: boolean): string | number | bigint {
  if (element === 'STRING') return plainText(value, rollup);
  return element === 'LONG' ? BigInt(value.value) : Number(value.value);
}

function jsonText(value: Raw | null, rollup: boolean): string {
  if (value === null) return 'null';
  switch (value.kind) {
    case 'json':
      return value.text;
    case 'list':
      return `[${value.items.map((item) => jsonText(item, false)).join(',')}]`;
    case 'string':
      return JSON.stringify(value.value).replace('\\u001f"', '\\u001F"');
    case 'boolean':
      return String(value.value);
    default: {
      const text = plainText(value, rollup);
      return /[a-z]{3}/i.test(text) ? `"${text}"` : text;
    }
  }
}

function finalOf(value: Raw | null, type: Type, rollup: boolean): Final {
  if (value === null) return null;
  if (type.element === 'JSON') return jsonText(value, rollup);
  if (value.kind === 'json') throw new Error('the type of a column with an object is JSON');
  if (!type.isList) return cast(value as Scalar, type.element, rollup);
  if (value.kind !== 'list') return [cast(value, type.element, rollup)];
  const hasText = value.items.some((item) => item?.kind === 'string');
  return value.items.map((item) => {
    if (item === null) return null;
    return hasText && item.kind === 'boolean' ? String(item.value) : cast(item, type.element, false);
  });
}

/** Per day, in order. */
export function foundOracle({
  schema,
  rows,
}: FoundCase): Map<number, { types: Map<string, Type>; rows: FoundExpected[] }> {
  const byDay = new Map<number, FoundRow[]>();
  for (const row of rows) {
    const from = Math.floor(row.timeMs / day) * day;
    byDay.set(from, [...(byDay.get(from) ?? []), row]);
  }
  return new Map(
    [...byDay].sort(([one], [other]) => one - other).map(([from, some]) => [from, dayOracle(schema, some)]),
  );
}

function dayOracle(
  schema: DataSchema,
  rows: readonly FoundRow[],
): { types: Map<string, Type>; rows: FoundExpected[] } {
  const names = [...new Set(rows.flatMap((row) => [...row.discovered.keys()]))].sort();
  const types = new Map<string, Type>([['a', typeOf(rows.flatMap(({ listed }) => listed ?? []))]]);
  for (const name of names)
    types.set(name, typeOf(rows.flatMap(({ discovered }) => discovered.get(name) ?? [])));
  const groups = new Map<string, FoundExpected>();
  rows.forEach((row, at) => {
    const { rollup } = schema;
    const values = new Map<string, Final>([
      ['a', finalOf(row.listed, types.get('a') as Type, rollup)],
      ['j', row.json === null ? null : jsonText(row.json, false)],
      ['s', row.text],
      ...names.map((name): [string, Final] => [
        name,
        finalOf(row.discovered.get(name) ?? null, types.get(name) as Type, rollup),
      ]),
    ]);
    const key = `${row.timeMs} ${[...values.values()].map(orderText).join(' | ')} ${rollup ? '' : at}`;
    const group = groups.get(key) ?? { timeMs: row.timeMs, values, n: 0, m: 0 };
    group.n += 1;
    group.m += row.metric;
    groups.set(key, group);
  });
  const order = ['a', 'j', 's'].toSpliced(schema.timeSortPosition ?? 0, 0, '__time');
  const sorted = [...groups.values()].sort((one, other) => {
    for (const name of [...order, ...names]) {
      const found =
        name === '__time'
          ? one.timeMs - other.timeMs
          : compareFinal(one.values.get(name), other.values.get(name));
      if (found !== 0) return found;
    }
    return 0;
  });
  return { types, rows: sorted };
}

/** Equal texts, equal values; lists stand in the order of these texts. */
function orderText(value: Final | undefined): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'object') return `[${value.map((item) => itemText(item)).join(',')}]`;
  return `${typeof value} ${itemText(value)}`;
}

function itemText(item: string | number | bigint | null): string {
  if (typeof item === 'string') return JSON.stringify(item).replace('\\u001f"', '\\u001F"');
  return typeof item === 'number' ? textOf(item) : String(item);
}

function compareFinal(left: Final | undefined, right: Final | undefined): number {
  if (left === null || left === undefined || right === null || right === undefined)
    return Number(left !== null && left !== undefined) - Number(right !== null && right !== undefined);
  if (typeof left === 'string' && typeof right === 'string') return bytes(left, right);
  if (typeof left === 'object' || typeof right === 'object') return bytes(orderText(left), orderText(right));
  if (left < right) return -1;
  if (left > right) return 1;
  const rank = (value: unknown): number => (Number.isNaN(value) ? 2 : Object.is(value, -0) ? 0 : 1);
  return Number.isNaN(left) === Number.isNaN(right) && left !== 0 && right !== 0
    ? 0
    : rank(left) - rank(right);
}

function bytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
