/** Values as compact JSON, as Jackson writes them: doubles as Java prints them. */
import { doubleText } from '../../domain/double-text.ts';
import { JavaDouble } from '../../domain/java-double.ts';
import type { JsonObject, JsonValue } from '../json-text.ts';

export function jsonText(value: JsonValue): string {
  if (value instanceof JavaDouble)
    return Number.isFinite(value.value) ? doubleText(value.value) : `"${doubleText(value.value)}"`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  if (value instanceof Map)
    return `{${[...(value as JsonObject)].map(([key, field]) => `${JSON.stringify(key)}:${jsonText(field)}`).join(',')}}`;
  return String(value);
}
