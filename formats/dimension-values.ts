/** JSON values to values of a dimension column, by the table in conversions.ts. */
import type { DimensionValue } from '../domain/rows.ts';
import type { DimensionSpec, DimensionType } from '../domain/spec/spec.ts';
import { NestedValue, canonicalJson, nestedValue } from '../domain/nested-value.ts';
import { castToType } from './cast-to-type.ts';
import {
  doubleOfText,
  isNumber,
  longOf,
  longOfText,
  maxLong,
  minLong,
  plain,
  refused,
  type Refused,
} from './conversions.ts';
import { javaText, wellFormed } from './java-text.ts';
import { JavaDouble, type JsonValue } from './json-text.ts';

export type DimensionConversion = (value: JsonValue) => DimensionValue | Refused;

export function dimensionConversion(spec: DimensionSpec): DimensionConversion {
  if (spec.type === 'string') return stringConversion(spec);
  if (spec.type === 'auto' && spec.castToType !== undefined && spec.castToType !== 'COMPLEX<json>')
    return castToType(spec.castToType);
  return plainConversions[spec.type];
}

/** As it was read: what type the column has is known once all values are. */
export function asFound(value: JsonValue): DimensionValue {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'string') return wellFormed(value);
  if (typeof value === 'bigint')
    return value > maxLong || value < minLong ? new JavaDouble(Number(value)) : value;
  return value instanceof JavaDouble ? value : nestedValue(value);
}

/** Plain values too are JSON texts here: they need no type. */
function asJson(value: JsonValue): DimensionValue {
  return value === null ? null : new NestedValue(canonicalJson(value));
}

const plainConversions: Record<Exclude<DimensionType, 'string'>, DimensionConversion> = {
  auto: asFound,
  json: asJson,
  long: toLong,
  double: toDouble,
  float: toFloat,
};

function stringConversion({ multiValueHandling, maxStringLength }: DimensionSpec): DimensionConversion {
  const text = maxStringLength === undefined ? toText : cutTo(maxStringLength);
  return (value) => (isList(value) ? multiValue(value.map(text), multiValueHandling) : text(value));
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** A character cut in half is `?`, as every half is. */
function cutTo(length: number): (value: JsonValue) => string | null {
  return (value) => (value === null ? null : wellFormed(javaText(value).slice(0, length)));
}

function toText(value: JsonValue): string | null {
  return value === null ? null : wellFormed(javaText(value));
}

/** A list of one is its value, an empty list is null (druid.md 1.2); nulls sort first, texts by UTF-16 units as in Java. */
function multiValue(
  values: (string | null)[],
  handling: DimensionSpec['multiValueHandling'],
): DimensionValue {
  let texts = values;
  if (handling !== 'array') texts.sort(nullsFirst);
  if (handling === 'sorted_set') texts = texts.filter((text, at) => at === 0 || text !== texts[at - 1]);
  return texts.length > 1 ? texts : (texts[0] ?? null);
}

function nullsFirst(left: string | null, right: string | null): number {
  if (left === right) return 0;
  if (left === null || right === null) return left === null ? -1 : 1;
  return left < right ? -1 : 1;
}

function toLong(value: JsonValue): DimensionValue | Refused {
  if (value === null) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string') return longOfText(value);
  return isNumber(value) ? longOf(plain(value)) : refused;
}

function toDouble(value: JsonValue): number | null | Refused {
  if (value === null) return null;
  if (typeof value === 'string') return doubleOfText(value);
  return isNumber(value) ? Number(plain(value)) : refused;
}

function toFloat(value: JsonValue): number | null | Refused {
  const double = toDouble(value);
  return typeof double === 'number' ? Math.fround(double) : double;
}
