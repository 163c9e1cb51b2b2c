/**
 * The golden vectors of real Druid (../shared/vectors beside the checkout) against the plain path, one area a test file.
 *
 * The spec goes in as a user posts it. What it asks for and is not supported yet is counted as pending, by the first thing
 * the refusal names; deliberate differences are listed one by one, with the reason.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { NestedValue, listItems } from '../../domain/nested-value.ts';
import type { DimensionValue } from '../../domain/rows.ts';
import type { InputFormat } from '../../domain/spec/input-format.ts';
import type { DataSchema, MetricSpec } from '../../domain/spec/spec.ts';
import { checkSupervisorSpec } from '../../formats/check-spec.ts';
import { createRecordParser } from '../../formats/record-parser.ts';
import { JavaDouble, parseJsonObjects, type JsonValue } from '../../formats/json-text.ts';
import type { InputRecord } from '../../formats/input-reader.ts';
import { allColumns } from '../../segments/column-census.ts';
import { MetricStates, type MetricValue } from '../../segments/metric-states.ts';
import { RowIndex } from '../../segments/row-index.ts';
import { metricColumns } from '../../segments/metrics/columns.ts';
import { segmentColumns } from '../../segments/segment-columns.ts';

const folder = resolve(import.meta.dirname, '../../../shared/vectors');

/** Years of two digits are near it. */
const recordedIn = 2026;

type Row = { readonly [column: string]: unknown };
type RawObject = { readonly [key: string]: unknown };
type RawRecord = {
  readonly value?: string | null;
  readonly valueBase64?: string;
  readonly key?: string | null;
  readonly keyBase64?: string;
  readonly headers?: readonly {
    readonly key: string;
    readonly value?: string | null;
    readonly valueBase64?: string;
  }[];
  readonly timestamp?: number;
};
export type Vector = {
  readonly id: string;
  readonly spec: string | { readonly dataSchema: RawObject; readonly inputFormat: RawObject };
  readonly records: readonly RawRecord[];
  readonly expected: {
    readonly rows?: readonly Row[];
    readonly errors?: readonly { readonly record: number | null; readonly kind: string }[];
    readonly refused?: { readonly message?: unknown };
    readonly fails?: unknown;
    readonly columns?: readonly (readonly [string, string])[];
  };
};

/** Where Headgate answers otherwise on purpose, or the recording is wrong. The vector's answer is not compared. */
export type Difference = {
  readonly why: string;
  readonly is: (vector: Vector) => boolean;
  /** What is compared instead, where the rest of the answer can be. */
  readonly instead?: (vector: Vector) => Vector;
};

export const isFarTime: Difference = {
  why: 'times beyond the year 275760 are unparseable: no reader of the files could hold them',
  is: ({ expected }) => (expected.rows ?? []).some((row) => Math.abs(wholeOf(row['__time'])) >= 8.64e15),
};

function wholeOf(value: unknown): number {
  return typeof value === 'number' ? value : Number((value as { long: string }).long);
}

const specs = existsSync(folder)
  ? (JSON.parse(readFileSync(resolve(folder, 'specs.json'), 'utf8')) as {
      [name: string]: Exclude<Vector['spec'], string>;
    })
  : {};

type Counts = {
  passed: number;
  refused: number;
  readonly different: Map<string, number>;
  readonly pending: Map<string, number>;
};

/** `pendingAtMost`: how many vectors of the area may still ask for what is not supported yet. */
export function compareArea(
  area: string,
  {
    differences,
    pendingAtMost,
  }: { readonly differences: readonly Difference[]; readonly pendingAtMost: number },
): void {
  const counts: Counts = { passed: 0, refused: 0, different: new Map(), pending: new Map() };
  test(`golden vectors, ${area}: no wrong row`, { timeout: 180_000 }, ({ skip }) => {
    if (!existsSync(folder)) return skip(`${folder} does not exist: no answer of real Druid was compared`);
    const lines = readFileSync(resolve(folder, `${area}.jsonl`), 'utf8')
      .trim()
      .split('\n');
    const wrong = lines
      .map((line) => check(JSON.parse(line) as Vector, differences, counts))
      .filter((problem) => problem !== null)
      .map((problem) => problem.slice(0, 2_000));
    expect(wrong).toEqual([]);
    const pending = [...counts.pending.values()].reduce((sum, times) => sum + times, 0);
    expect(pending).toBeLessThanOrEqual(pendingAtMost);
  });

  afterAll(() => {
    const list = (map: Map<string, number>): string =>
      [...map]
        .sort((left, right) => right[1] - left[1])
        .map(([why, times]) => `\n    ${times} ${why}`)
        .join('');
    console.log(
      `golden vectors, ${area}: ${counts.passed} agree, ${counts.refused} refused as in Druid` +
        `\n  different on purpose:${list(counts.different)}\n  pending:${list(counts.pending)}`,
    );
  });
}

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

function check(vector: Vector, differences: readonly Difference[], counts: Counts): string | null {
  const spec = typeof vector.spec === 'string' ? specs[vector.spec] : vector.spec;
  if (spec === undefined) return `${vector.id}: no spec`;
  const difference = differences.find(({ is }) => is(vector));
  if (difference !== undefined) {
    count(counts.different, difference.why);
    if (difference.instead === undefined) return null;
    return check(difference.instead(vector), [], { ...counts, passed: 0 });
  }
  const parsed = checkSupervisorSpec(asPosted(spec));
  if (parsed.kind === 'ok') {
    const { dataSchema, io } = parsed.spec;
    const problem = compare(vector, dataSchema, io.inputFormat);
    if (problem !== null) return problem;
    if (vector.expected.refused === undefined) counts.passed += 1;
    else counts.refused += 1;
    return null;
  }
  const pending = parsed.problems.find(({ expected, remedy }) =>
    `${expected} ${remedy ?? ''}`.includes('not supported yet'),
  );
  if (pending !== undefined) {
    count(counts.pending, `${pending.path.replace(/\[\d+\]/g, '[]')}: ${pending.expected.slice(-60)}`);
    return null;
  }
  counts.refused += 1;
  return vector.expected.refused === undefined
    ? `${vector.id}: refused: ${JSON.stringify(parsed.problems)}`
    : null;
}

/** The sampler's index knows no segments: rows keep the time that queryGranularity gives. */
function asPosted({ dataSchema, inputFormat }: Exclude<Vector['spec'], string>): RawObject {
  const granularities = (dataSchema['granularitySpec'] ?? {}) as RawObject;
  const segmentGranularity =
    granularities['segmentGranularity'] === 'day' ? 'all' : granularities['segmentGranularity'];
  return {
    type: 'kafka',
    spec: {
      dataSchema: { ...dataSchema, granularitySpec: { ...granularities, segmentGranularity } },
      ioConfig: {
        topic: 'vectors',
        inputFormat,
        consumerProperties: { 'bootstrap.servers': 'localhost:9092' },
      },
    },
  };
}

function compare(vector: Vector, schema: DataSchema, inputFormat: InputFormat): string | null {
  const parser = createRecordParser(schema, inputFormat, recordedIn);
  const index = new RowIndex(schema);
  const errors: { record: number; kind: string }[] = [];
  vector.records.forEach((record, at) => {
    const { rows, unparseable } = parser.parse(inputOf(record, at));
    for (let left = unparseable.length; left > 0; left--) errors.push({ record: at, kind: 'unparseable' });
    for (const row of rows) {
      if (index.add(row).length > 0) errors.push({ record: at, kind: 'processedWithError' });
    }
  });
  const states = new MetricStates(schema.metrics);
  const rows = index.stored().map((row) => {
    const result: [string, unknown][] = [['__time', row.timeMs]];
    schema.dimensions.forEach(({ name }, at) => result.push([name, shown(row.dimensions[at] ?? null)]));
    for (const { name, value } of row.discovered) result.push([name, shown(value)]);
    const values = states.finish(row.cells);
    for (const spec of schema.metrics) result.push([spec.name, metricValue(spec, values)]);
    return Object.fromEntries(result.filter(([, value]) => value !== null));
  });
  const isUnparseable = errors.some(({ kind }) => kind === 'unparseable');
  if (vector.expected.fails !== undefined && (rows.length === 0 || isUnparseable)) return null;
  if (vector.expected.refused !== undefined) {
    // What Druid finds at the first record only, and then at every one, is an unparseable record here.
    const isFoundLate = String(vector.expected.refused.message).startsWith('Failed to sample data');
    return isFoundLate && rows.length === 0 && isUnparseable ? null : `${vector.id}: not refused`;
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
  return null;
}

/** Takes what belongs to the metric off the front of `values`. Pairs as the recordings have them; nothing seen is nothing. */
function metricValue(spec: MetricSpec, values: MetricValue[]): unknown {
  const [value = null, time = null] = values.splice(0, metricColumns(spec).length);
  if (!/(First|Last)$/.test(spec.type)) return value;
  return time === null ? null : { lhs: time, rhs: value };
}

function inputOf(record: RawRecord, at: number): InputRecord {
  return {
    value: bytesOf(record.value, record.valueBase64),
    key: bytesOf(record.key, record.keyBase64),
    headers: (record.headers ?? []).map(({ key, value, valueBase64 }) => ({
      key,
      value: bytesOf(value, valueBase64),
    })),
    timestampMs: record.timestamp ?? 1_600_000_000_000,
    topic: 'vectors',
    partition: '0',
    position: BigInt(at),
  };
}

function bytesOf(text: string | null | undefined, base64: string | undefined): Uint8Array | null {
  if (base64 !== undefined) return Buffer.from(base64, 'base64');
  return text === null || text === undefined ? null : Buffer.from(text);
}

/** As the vectors print it: README, "Comparing". */
function shown(value: DimensionValue): unknown {
  if (value instanceof JavaDouble) return Number.isFinite(value.value) ? value.value : String(value.value);
  if (!(value instanceof NestedValue)) return value;
  const items = listItems(value);
  return items === null ? plainJson(parsedJson(value.text)) : items.map((item) => plainJson(item));
}

function parsedJson(text: string): JsonValue {
  return parseJsonObjects(`{"value":${text}}`)[0]?.get('value') ?? null;
}

function plainJson(value: JsonValue): unknown {
  if (value instanceof JavaDouble) return shown(value);
  if (typeof value === 'bigint') return { long: value.toString() };
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, field]: [string, JsonValue]) => [key, plainJson(field)]));
  return Array.isArray(value) ? value.map(plainJson) : value;
}

/** The keys of an object have no order. */
function inKeyOrder(_key: string, value: unknown): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value;
}

function bigints(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return { long: value.toString() };
  return typeof value === 'number' && !Number.isFinite(value) ? { double: String(value) } : value;
}

function sameErrors(
  found: readonly { record: number; kind: string }[],
  wanted: readonly { readonly record: number | null; readonly kind: string }[],
): boolean {
  // What is wrong with one record comes in no particular order of kinds.
  const [ours, theirs] = [byRecordAndKind(found), byRecordAndKind(wanted)];
  return (
    ours.length === theirs.length &&
    ours.every(({ record, kind }, at) => {
      const other = theirs[at];
      return kind === other?.kind && (other.record === null || record === other.record);
    })
  );
}

function byRecordAndKind<E extends { readonly record: number | null; readonly kind: string }>(
  errors: readonly E[],
): readonly E[] {
  return [...errors].sort(
    (one, other) => (one.record ?? 0) - (other.record ?? 0) || one.kind.localeCompare(other.kind),
  );
}

/**
 * Druid lists discovered columns in order of discovery, we by name: compared as a set. A column in which no row has a
 * value (`[]`, `[null]`) is not made here; it is null everywhere all the same.
 */
function sameColumns(schema: DataSchema, index: RowIndex, wanted: Vector['expected']['columns']): boolean {
  if (wanted === undefined) return true;
  const found = segmentColumns(schema, { ...allColumns(index.census()), multi: new Set<string>() });
  const json = new Set(schema.dimensions.flatMap(({ name, type }) => (type === 'json' ? [name] : [])));
  const types = new Map(found.map(({ field, type }) => [field, druidTypes[type]]));
  const wantedTypes = new Map(wanted);
  return (
    // The sampler says of a json column what its values are; a segment makes it COMPLEX<json>.
    [...types].every(([name, type]) => json.has(name) || wantedTypes.get(name) === type) &&
    [...wantedTypes].every(
      ([name, type]) => types.has(name) || (type === 'STRING' && schema.discoverDimensions),
    )
  );
}

const druidTypes: { readonly [type: string]: string } = {
  'TIMESTAMP WITH TIME ZONE': 'LONG',
  VARCHAR: 'STRING',
  UNKNOWN: 'STRING',
  BIGINT: 'LONG',
  FLOAT: 'FLOAT',
  DOUBLE: 'DOUBLE',
  'BIGINT[]': 'ARRAY<LONG>',
  'DOUBLE[]': 'ARRAY<DOUBLE>',
  'ARRAY<VARCHAR>': 'ARRAY<STRING>',
  JSON: 'COMPLEX<json>',
};

/** Our sums are compensated and a float sum is rounded once, Druid's at every row. Relative. */
const tolerances: { readonly [type: string]: number } = { doubleSum: 1e-12, floatSum: 3e-7 };

function sameRow(found: Row, wanted: Row, types: ReadonlyMap<string, string>): boolean {
  const columns = new Set([...Object.keys(found), ...Object.keys(wanted)]);
  return [...columns].every((column) => sameValue(found[column], wanted[column], types.get(column) ?? ''));
}

type Pair = { readonly lhs: unknown; readonly rhs: unknown };

function isPair(value: unknown): value is Pair {
  return typeof value === 'object' && value !== null && 'lhs' in value;
}

/** The time a pair begins with, before anything is seen. */
function isFar(time: unknown): boolean {
  return (
    typeof time === 'object' && time !== null && /^-?(46|92)\d{17}$/.test((time as { long: string }).long)
  );
}

/** NaN and the infinities are plain text inside pairs. */
function sameNumber(found: unknown, wanted: unknown, type: string): boolean {
  const special = typeof found === 'number' && !Number.isFinite(found);
  return sameValue(special ? String(found) : found, wanted, type);
}

function sameValue(found: unknown, wanted: unknown, type: string): boolean {
  if (isPair(wanted)) {
    if (isPair(found))
      return sameValue(found.lhs, wanted.lhs, 'long') && sameNumber(found.rhs, wanted.rhs, type);
    return found === undefined && wanted.rhs === null && isFar(wanted.lhs);
  }
  if (typeof wanted === 'object' && wanted !== null && !Array.isArray(wanted)) {
    const special = wanted as { long?: string; double?: string };
    const text = special.long ?? special.double;
    if (typeof text === 'string' && typeof found !== 'object') return String(found) === text;
  }
  if (typeof found === 'number' && typeof wanted === 'number') {
    // The recorded text of a float is Java's shortest; both sides are rounded to float first.
    const [one, other] = type.startsWith('float')
      ? [Math.fround(found), Math.fround(wanted)]
      : [found, wanted];
    return one === other || Math.abs(one - other) <= (tolerances[type] ?? 0) * Math.abs(other);
  }
  return JSON.stringify(found, inKeyOrder) === JSON.stringify(wanted, inKeyOrder);
}
