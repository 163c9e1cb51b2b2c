/**
 * The golden vectors of real Druid (../shared/vectors beside the checkout) against the plain path: 0 wrong rows.
 *
 * A vector is in scope when its spec only uses what this version supports; the rest is counted by feature. Deliberate
 * differences are listed one by one, with the reason.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { DimensionValue } from '../../domain/rows.ts';
import type { DataSchema } from '../../domain/spec/spec.ts';
import { createRecordParser } from '../../formats/record-parser.ts';
import { MetricStates } from '../../segments/metric-states.ts';
import { RowIndex } from '../../segments/row-index.ts';
import { segmentColumns } from '../../segments/segment-columns.ts';
import { dataSchemaFrom } from '../support/data-schema.ts';

const folder = resolve(import.meta.dirname, '../../../shared/vectors');
const areas = ['json', 'timestamp', 'dimensions', 'aggregators', 'granularity', 'errors'];

type Row = { readonly [column: string]: unknown };
type Vector = {
  readonly id: string;
  readonly spec:
    string | { readonly dataSchema: unknown; readonly inputFormat: { readonly [key: string]: unknown } };
  readonly records: readonly { readonly value?: string | null; readonly valueBase64?: string }[];
  readonly clock?: boolean;
  readonly expected: {
    readonly rows?: readonly Row[];
    readonly errors?: readonly { readonly record: number | null; readonly kind: string }[];
    readonly refused?: unknown;
    readonly fails?: unknown;
    readonly columns?: readonly (readonly [string, string])[];
  };
};

/** Where Headgate answers otherwise on purpose, or the recording is wrong. The vector's answer is not compared. */
const differences: readonly { readonly why: string; readonly is: (vector: Vector) => boolean }[] = [
  {
    why: 'longSum is exact: a sum beyond int64 is two rows (vectors/README)',
    is: ({ id }) => /^agg-basic-many-00(14|15|16|22|23|39)$|^err-metrics-rollup-0018$/.test(id),
  },
  {
    why: 'integers beyond 64 bits keep their digits in string columns (vectors/README)',
    is: ({ id }) => /^json-string-00(60|62|63|64)$|^json-found-0015$|^dims-none-0019$/.test(id),
  },
  {
    why: 'doubles have the shortest digits, as Java prints them since 19; the recordings are of Java 17',
    is: ({ id }) => id === 'json-string-0066',
  },
  {
    why: 'UTF-8 is checked: UTF-16 and surrogates written in UTF-8 are unparseable (design 7)',
    is: ({ id }) => /^jsontext-plain-01(65|66|67|73|74|75)$/.test(id),
  },
  {
    why: 'times beyond the year 275760 are unparseable: no reader of the files could hold them',
    is: ({ expected }) => (expected.rows ?? []).some((row) => Math.abs(wholeOf(row['__time'])) >= 8.64e15),
  },
  {
    why: 'an unknown dimension type is refused; Druid takes it for string (design 9)',
    is: ({ spec }) => spec === '@dims-odd-11',
  },
  {
    why: 'recorded answers stand one record too late (the sampler gave them in another order)',
    is: ({ spec }) => spec === '@gran-object-08',
  },
];

function wholeOf(value: unknown): number {
  return typeof value === 'number' ? value : Number((value as { long: string }).long);
}

const specs = existsSync(folder)
  ? (JSON.parse(readFileSync(resolve(folder, 'specs.json'), 'utf8')) as {
      [name: string]: Exclude<Vector['spec'], string>;
    })
  : {};
const counts = {
  passed: 0,
  refused: 0,
  different: new Map<string, number>(),
  outOfScope: new Map<string, number>(),
};

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

describe.skipIf(!existsSync(folder))('golden vectors', () => {
  test.each(areas)('%s: no wrong row', (area) => {
    const lines = readFileSync(resolve(folder, `${area}.jsonl`), 'utf8')
      .trim()
      .split('\n');
    const wrong = lines
      .map((line) => check(JSON.parse(line) as Vector))
      .filter((problem) => problem !== null);
    expect(wrong).toEqual([]);
  });

  afterAll(() => {
    const list = (map: Map<string, number>): string =>
      [...map]
        .sort((left, right) => right[1] - left[1])
        .map(([why, times]) => `\n    ${times} ${why}`)
        .join('');
    console.log(
      `golden vectors: ${counts.passed} rows agree, ${counts.refused} refused as in Druid` +
        `\n  different on purpose:${list(counts.different)}\n  out of scope:${list(counts.outOfScope)}`,
    );
  });
});

if (!existsSync(folder)) {
  test('golden vectors', ({ skip: skipTest }) => {
    const why = `${folder} does not exist: no answer of real Druid was compared`;
    console.warn(`SKIPPED: golden vectors: ${why}`);
    skipTest(why);
  });
}

function check(vector: Vector): string | null {
  const spec = typeof vector.spec === 'string' ? specs[vector.spec] : vector.spec;
  if (spec === undefined) return `${vector.id}: no spec`;
  if (vector.clock === true) return skip('answer depends on the clock');
  const feature = formatFeature(spec.inputFormat);
  if (feature !== null) return skip(feature);
  const difference = differences.find(({ is }) => is(vector));
  if (difference !== undefined) {
    count(counts.different, difference.why);
    return null;
  }
  const parsed = dataSchemaFrom(spec.dataSchema);
  if ('outOfScope' in parsed) return skip(parsed.outOfScope);
  if ('refused' in parsed || vector.expected.refused !== undefined) {
    counts.refused += 1;
    const both = 'refused' in parsed && vector.expected.refused !== undefined;
    return both
      ? null
      : `${vector.id}: ${'refused' in parsed ? `refused: ${parsed.refused}` : 'not refused'}`;
  }
  return compare(vector, forSampler(parsed.schema));
}

function skip(feature: string): null {
  count(counts.outOfScope, feature);
  return null;
}

function formatFeature(format: { readonly [key: string]: unknown }): string | null {
  if (format['type'] !== 'json') return `inputFormat ${String(format['type'])}`;
  const extra = Object.keys(format).filter((key) => key !== 'type');
  return extra.length === 0 ? null : `inputFormat.${extra.join(', ')}`;
}

/** The sampler's index knows no segments: rows keep the time that queryGranularity gives. */
function forSampler(schema: DataSchema): DataSchema {
  return { ...schema, segmentGranularity: { kind: 'all' } };
}

function compare(vector: Vector, schema: DataSchema): string | null {
  const parser = createRecordParser(schema);
  const index = new RowIndex(schema);
  const errors: { record: number; kind: string }[] = [];
  vector.records.forEach((record, at) => {
    const { rows, unparseable } = parser.parse({ value: bytesOf(record) });
    if (unparseable.length > 0) errors.push({ record: at, kind: 'unparseable' });
    for (const row of rows) {
      if (row.problems.length > 0) errors.push({ record: at, kind: 'processedWithError' });
      index.add(row);
    }
  });
  const states = new MetricStates(schema.metrics);
  const rows = index.stored().map((row) => {
    const result: [string, DimensionValue][] = [['__time', row.timeMs]];
    schema.dimensions.forEach(({ name }, at) => result.push([name, row.dimensions[at] ?? null]));
    for (const { name, value } of row.discovered) result.push([name, value]);
    states.finish(row.cells).forEach((value, at) => result.push([schema.metrics[at]?.name ?? '', value]));
    return Object.fromEntries(result.filter(([, value]) => value !== null));
  });
  if (vector.expected.fails !== undefined && rows.length === 0) {
    counts.passed += 1;
    return null;
  }
  const types = new Map(
    [...schema.dimensions, ...schema.metrics].map(({ name, type }) => [name, String(type)]),
  );
  const found = JSON.stringify([rows, errors], bigints);
  const wanted = JSON.stringify([vector.expected.rows ?? [], vector.expected.errors ?? []]);
  const agree =
    rows.length === (vector.expected.rows ?? []).length &&
    rows.every((row, at) => sameRow(row, vector.expected.rows?.[at] ?? {}, types)) &&
    sameErrors(errors, vector.expected.errors ?? []) &&
    sameColumns(schema, index, vector.expected.columns);
  if (!agree) return `${vector.id}: ${JSON.stringify(vector.records)}: got ${found}, expected ${wanted}`;
  counts.passed += 1;
  return null;
}

function bytesOf(record: Vector['records'][number]): Uint8Array | null {
  if (record.valueBase64 !== undefined) return Buffer.from(record.valueBase64, 'base64');
  return record.value === null || record.value === undefined ? null : Buffer.from(record.value);
}

function bigints(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return { long: value.toString() };
  return typeof value === 'number' && !Number.isFinite(value) ? { double: String(value) } : value;
}

function sameErrors(
  found: readonly { record: number; kind: string }[],
  wanted: readonly { readonly record: number | null; readonly kind: string }[],
): boolean {
  return (
    found.length === wanted.length &&
    found.every(({ record, kind }, at) => {
      const other = wanted[at];
      return kind === other?.kind && (other.record === null || record === other.record);
    })
  );
}

/**
 * Druid lists discovered columns in order of discovery, we by name: compared as a set. A column in which no row has a
 * value (`[]`, `[null]`) is not made here; it is null everywhere all the same.
 */
function sameColumns(schema: DataSchema, index: RowIndex, wanted: Vector['expected']['columns']): boolean {
  if (wanted === undefined) return true;
  const discovered = new Set(index.census().flatMap((interval) => interval.discovered));
  const found = segmentColumns(schema, { multi: new Set<string>(), discovered });
  const types = new Map(found.map(({ field, type }) => [field, druidTypes[type]]));
  const wantedTypes = new Map(wanted);
  return (
    [...types].every(([name, type]) => wantedTypes.get(name) === type) &&
    [...wantedTypes].every(
      ([name, type]) => types.has(name) || (type === 'STRING' && schema.discoverDimensions),
    )
  );
}

const druidTypes: { readonly [type: string]: string } = {
  'TIMESTAMP WITH TIME ZONE': 'LONG',
  VARCHAR: 'STRING',
  BIGINT: 'LONG',
  FLOAT: 'FLOAT',
  DOUBLE: 'DOUBLE',
};

/** Our sums are compensated and a float sum is rounded once, Druid's at every row. Relative. */
const tolerances: { readonly [type: string]: number } = { doubleSum: 1e-12, floatSum: 3e-7 };

function sameRow(found: Row, wanted: Row, types: ReadonlyMap<string, string>): boolean {
  const columns = new Set([...Object.keys(found), ...Object.keys(wanted)]);
  return [...columns].every((column) => sameValue(found[column], wanted[column], types.get(column) ?? ''));
}

function sameValue(found: unknown, wanted: unknown, type: string): boolean {
  if (typeof wanted === 'object' && wanted !== null && !Array.isArray(wanted)) {
    const special = wanted as { long?: string; double?: string };
    return String(found) === (special.long ?? special.double);
  }
  if (typeof found === 'number' && typeof wanted === 'number') {
    // The recorded text of a float is Java's shortest; both sides are rounded to float first.
    const [one, other] = type.startsWith('float')
      ? [Math.fround(found), Math.fround(wanted)]
      : [found, wanted];
    return one === other || Math.abs(one - other) <= (tolerances[type] ?? 0) * Math.abs(other);
  }
  return JSON.stringify(found) === JSON.stringify(wanted);
}
