/** JSON values to values of a dimension column, by the table in conversions.ts. */
import type { DimensionValue } from '../domain/rows.ts';
import type { DimensionSpec, DimensionType } from '../domain/spec/spec.ts';
import { doubleOfText, isNumber, longOf, longOfText, plain, refused, type Refused } from './conversions.ts';
import { javaText, wellFormed } from './java-text.ts';
import type { JsonValue } from './json-text.ts';

export type DimensionConversion = (value: JsonValue) => DimensionValue | Refused;

export function dimensionConversion(spec: DimensionSpec): DimensionConversion {
  if (spec.type === 'string') return stringConversion(spec.multiValueHandling);
  return numberConversions[spec.type];
}

const numberConversions: Record<Exclude<DimensionType, 'string'>, DimensionConversion> = {
  long: toLong,
  double: toDouble,
  float: toFloat,
};

function stringConversion(handling: DimensionSpec['multiValueHandling']): DimensionConversion {
  return (value) => (Array.isArray(value) ? multiValue(value, handling) : toText(value));
}

function toText(value: JsonValue): string | null {
  return value === null ? null : wellFormed(javaText(value));
}

/** A list of one is its value, an empty list is null (druid.md 1.2); nulls sort first, texts by UTF-16 units as in Java. */
function multiValue(
  values: readonly JsonValue[],
  handling: DimensionSpec['multiValueHandling'],
): DimensionValue {
  let texts = values.map(toText);
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
