/** What the aggregator of a metric takes from a row, by the table in conversions.ts. */
import type { MetricInput } from '../domain/rows.ts';
import type { MetricSpec, MetricType } from '../domain/spec/spec.ts';
import {
  doubleOfText,
  isNumber,
  javaTrim,
  longOf,
  maxLong,
  minLong,
  narrow,
  plain,
  refused,
  type Refused,
} from './conversions.ts';
import type { JsonValue } from './json-text.ts';
import type { RowView } from './row-view.ts';

/** Refused: the value cannot be taken; the row is processedWithError. */
export type MetricReader = (row: RowView) => MetricInput | Refused;

export function metricInput(spec: MetricSpec): MetricReader {
  if (spec.type === 'count') return () => null;
  const convert = metricConversion(spec.type);
  const field = spec.fieldName ?? spec.name;
  return (row) => {
    const value = row.get(field);
    return value === undefined || value === null ? null : convert(value);
  };
}

type MetricConversion = (value: JsonValue) => MetricInput | Refused;

/** What the aggregators of a column type take; `count` takes nothing. */
function metricConversion(type: MetricType): MetricConversion {
  if (type === 'count') return () => null;
  if (type.startsWith('long')) return (value) => fromNumber(metricNumber(value), longOf);
  if (type.startsWith('float')) return (value) => fromNumber(metricNumber(value), floatOf);
  return (value) => fromNumber(metricNumber(value), Number);
}

/** Druid's `Rows.objectToNumber`: blanks and commas do not matter, integers stay integers (so `"-0"` is 0). */
export function metricNumber(value: JsonValue): number | bigint | null | Refused {
  if (value === null) return null;
  if (isNumber(value)) return plain(value);
  if (typeof value !== 'string') return refused;
  const text = javaTrim(value).replaceAll(',', '');
  if (/^[+-]?[0-9]+$/.test(text)) {
    const long = BigInt(text.replace(/^\+/, ''));
    if (long >= minLong && long <= maxLong) return narrow(long);
  }
  return doubleOfText(javaTrim(text));
}

function fromNumber(
  value: number | bigint | null | Refused,
  convert: (value: number | bigint) => number | bigint,
): MetricInput | Refused {
  return value === null || value === refused ? value : convert(value);
}

function floatOf(value: number | bigint): number {
  return Math.fround(Number(value));
}
