/**
 * Values as Java prints them: what Druid stores in a string column for a number, an object or a nested array.
 *
 * Doubles as domain/double-text.ts has them. Integers beyond 64 bits keep their digits (Druid prints a double):
 * vectors/README.md, "different on purpose".
 */
import { doubleText, floatText } from '../domain/double-text.ts';
import { JavaFloat } from './java-float.ts';
import { JavaDouble, type JsonValue } from './json-text.ts';

export function javaText(value: JsonValue): string {
  if (typeof value === 'string') return value;
  if (value === null) return 'null';
  if (value instanceof JavaFloat) return floatText(value.value);
  if (value instanceof JavaDouble) return doubleText(value.value);
  if (Array.isArray(value)) return `[${value.map(javaText).join(', ')}]`;
  if (value instanceof Map)
    return `{${[...value].map(([key, field]: [string, JsonValue]) => `${key}=${javaText(field)}`).join(', ')}}`;
  return String(value);
}

export { wellFormed } from '../domain/nested-value.ts';
