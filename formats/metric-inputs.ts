/**
 * What the aggregator of a metric takes from a row, by the table in conversions.ts.
 *
 * Sums, minima and maxima read their input at once: what cannot be read is a problem of the row. First, last and any, as in
 * Druid, read a value only when it counts, so theirs is a problem only then, and travels with the input.
 */
import type { MetricInput, TimedInput } from '../domain/rows.ts';
import { couponOfDouble, couponOfLong, couponOfText } from '../domain/sketches/hll.ts';
import { defaultMaxStringBytes } from '../domain/spec/metric-defaults.ts';
import type { MetricSpec } from '../domain/spec/spec.ts';
import {
  doubleOfText,
  isNumber,
  javaTrim,
  longOf,
  maxLong,
  minLong,
  plain,
  refused,
  type Refused,
} from './conversions.ts';
import { couldNot } from './could-not.ts';
import { compileExpression } from './expression/expression.ts';
import { compileFilter, type RowFilter } from './filter/filter.ts';
import { javaText, wellFormed } from './java-text.ts';
import { JavaDouble, type JsonValue } from './json-text.ts';
import { numberExpression, type NumberExpression } from './metric-expression.ts';
import { wholeOfText } from './number-text.ts';
import type { RowView } from './row-view.ts';

/** Throws `ExpressionFailure`. */
export type MetricReader = (row: RowView, problems: string[]) => MetricInput;

export type MetricOptions = {
  /** Years of two digits are near it. */
  readonly presentYear?: number;
};

/** Throws `CompileProblem`. */
export function metricInput(spec: MetricSpec, options: MetricOptions = {}): MetricReader {
  const read = readerOf(spec, options);
  if (spec.filters === undefined) return read;
  const filters = spec.filters.map((filter) => compileFilter(filter, options));
  const leftOut = spec.type === 'count' ? 0 : null;
  return (row, problems) => (matchesAll(filters, row) ? read(row, problems) : leftOut);
}

function matchesAll(filters: readonly RowFilter[], row: RowView): boolean {
  for (const filter of filters) if (!filter(row)) return false;
  return true;
}

function readerOf(spec: MetricSpec, options: MetricOptions): MetricReader {
  const { type, name, fieldName, expression } = spec;
  if (type === 'count') return () => null;
  if (type === 'HLLSketchBuild') return eager(fieldName ?? name, type, couponsOf);
  if (type === 'quantilesDoublesSketch') return eager(fieldName ?? name, type, quantilesInput);
  if (/(First|Last)$/.test(type)) return timed(spec);
  const convert = toNumber(type);
  if (type.endsWith('Any')) return any(fieldName ?? name, type, convert);
  if (expression !== undefined) return ofExpression(numberExpression(expression, options), convert);
  return eager(fieldName ?? name, type, (value) => throughNumber(metricNumber(value), convert));
}

function eager(
  field: string,
  type: string,
  convert: (value: JsonValue) => MetricInput | Refused,
): MetricReader {
  return (row, problems) => {
    const value = row.get(field) ?? null;
    if (value === null) return null;
    const input = convert(value);
    if (input !== refused) return input;
    problems.push(couldNot(value, type, field));
    return null;
  };
}

type NumberConversion = (value: number | bigint) => number | bigint;

function toNumber(type: string): NumberConversion {
  if (type.startsWith('long')) return longOf;
  return type.startsWith('float') ? (value) => Math.fround(Number(value)) : Number;
}

function throughNumber(
  value: number | bigint | null | Refused,
  convert: NumberConversion,
): number | bigint | null | Refused {
  return value === null || value === refused ? value : convert(value);
}

/** Druid's `Rows.objectToNumber`: blanks and commas do not matter, integers stay integers (so `"-0"` is 0). */
export function metricNumber(value: JsonValue): number | bigint | null | Refused {
  if (value === null) return null;
  if (isNumber(value)) return plain(value);
  if (typeof value !== 'string') return refused;
  const text = javaTrim(value).replaceAll(',', '');
  return wholeOfText(text) ?? doubleOfText(javaTrim(text));
}

function ofExpression(evaluate: NumberExpression, convert: NumberConversion): MetricReader {
  return (row) => {
    const number = evaluate(row);
    return number === null ? null : convert(number);
  };
}

function timed({ type, name, fieldName, timeColumn, maxStringBytes }: MetricSpec): MetricReader {
  const field = fieldName ?? name;
  const read = type.startsWith('string')
    ? textReader(field, maxStringBytes ?? defaultMaxStringBytes)
    : numberReader(field, type, toNumber(type));
  const at = timeColumn ?? '__time';
  return (row, problems) => {
    const time = at === '__time' ? row.timeMs : (row.get(at) ?? null);
    if (time === null) return null;
    const timeMs = throughNumber(metricNumber(time), longOf);
    if (timeMs === refused || timeMs === null) {
      problems.push(couldNot(time, 'long', at));
      return null;
    }
    return read(row, timeMs);
  };
}

/** A number that is missing is one more value. */
function numberReader(field: string, type: string, convert: NumberConversion) {
  return (row: RowView, timeMs: number | bigint): TimedInput => {
    const found = row.get(field) ?? null;
    const value = throughNumber(metricNumber(found), convert);
    return value === refused
      ? { timeMs, value: null, problem: couldNot(found, type, field) }
      : { timeMs, value, problem: null };
  };
}

function textReader(field: string, bytesMax: number) {
  return (row: RowView, timeMs: number | bigint): TimedInput | null => {
    const found = row.get(field) ?? null;
    if (found === null) return null;
    return { timeMs, value: chopped(wellFormed(javaText(found)), bytesMax), problem: null };
  };
}

const encoder = new TextEncoder();

/** So many bytes of UTF-8 at most, and whole characters. */
function chopped(text: string, bytesMax: number): string {
  if (text.length * 3 <= bytesMax) return text;
  // No more characters than bytes: a text of megabytes is not encoded to the end.
  return text.slice(0, encoder.encodeInto(text, new Uint8Array(bytesMax)).read);
}

/** Time plays no part. */
function any(field: string, type: string, convert: NumberConversion): MetricReader {
  const read = numberReader(field, type, convert);
  return (row) => {
    const input = read(row, 0);
    return input.value === null && input.problem === null ? null : input;
  };
}

/** As in Druid: each text of a list counts by itself, a number is another value than its text, an empty text is none. */
function couponsOf(value: JsonValue): readonly number[] | null | Refused {
  if (Array.isArray(value)) {
    const texts = value
      .filter((item) => item !== null && item !== '')
      .map((item) => wellFormed(javaText(item)));
    return texts.length === 0 ? null : texts.map(couponOfText);
  }
  if (typeof value === 'string') return value === '' ? null : [couponOfText(wellFormed(value))];
  if (value instanceof JavaDouble) return [couponOfDouble(value.value)];
  if (typeof value !== 'number' && typeof value !== 'bigint') return refused;
  // Beyond 64 bits a whole number of JSON is a double for Druid.
  return [value >= minLong && value <= maxLong ? couponOfLong(value) : couponOfDouble(Number(value))];
}

/** Texts without blanks and commas around, as Druid reads numbers for its sketch. */
function quantilesInput(value: JsonValue): number | null | Refused {
  if (value === '') return null;
  if (typeof value === 'string') return doubleOfText(value);
  return isNumber(value) ? Number(plain(value)) : refused;
}

/** Fields a metric reads: they are not discovered as dimensions, as in Druid. */
export function metricFields(spec: MetricSpec): readonly string[] {
  return [
    ...(spec.fieldName === null ? [] : [spec.fieldName]),
    ...(spec.timeColumn === undefined ? [] : [spec.timeColumn]),
    ...(spec.expression === undefined ? [] : compileExpression(spec.expression).inputs),
    ...(spec.filters ?? []).flatMap(filterFields),
  ];
}

/** The columns a filter of Druid names, wherever in it. */
function filterFields(filter: unknown): string[] {
  if (typeof filter !== 'object' || filter === null) return [];
  if (Array.isArray(filter)) return filter.flatMap(filterFields);
  return Object.entries(filter).flatMap(([key, value]) => {
    if ((key === 'dimension' || key === 'column') && typeof value === 'string') return [value];
    if (key === 'expression' && typeof value === 'string') return [...compileExpression(value).inputs];
    return key === 'field' || key === 'fields' || key === 'dimensions' ? namesIn(value) : [];
  });
}

function namesIn(value: unknown): string[] {
  if (Array.isArray(value))
    return value.flatMap((item) => (typeof item === 'string' ? [item] : filterFields(item)));
  return filterFields(value);
}
