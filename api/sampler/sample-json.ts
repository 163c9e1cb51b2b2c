/** Values of a sample as JSON text: all digits of a long, the fraction of a double, keys in the order they came. */
import { doubleText } from '../../domain/double-text.ts';
import { NestedValue } from '../../domain/nested-value.ts';
import type { DimensionValue } from '../../domain/rows.ts';
import { JavaDouble, type JsonValue } from '../../formats/json-text.ts';

/** Text that is JSON already. */
export type JsonText = string;

export function jsonOf(value: JsonValue | DimensionValue | Uint8Array): JsonText {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return numberText(value);
  if (value instanceof JavaDouble) return javaDoubleText(value.value);
  if (value instanceof NestedValue) return value.text;
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'));
  if (value instanceof Map) return objectText(value);
  return `[${(value as readonly JsonValue[]).map(jsonOf).join(',')}]`;
}

function objectText(object: ReadonlyMap<string, JsonValue>): JsonText {
  return `{${[...object].map(([key, field]) => `${JSON.stringify(key)}:${jsonOf(field)}`).join(',')}}`;
}

/** NaN and the infinities have no JSON form; Druid writes them as texts. */
function numberText(value: number): JsonText {
  return Number.isFinite(value) ? JSON.stringify(value) : JSON.stringify(String(value));
}

function javaDoubleText(value: number): JsonText {
  return Number.isFinite(value) ? doubleText(value) : numberText(value);
}
