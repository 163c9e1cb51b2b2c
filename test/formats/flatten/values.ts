/** Values of the plain path, from and to what JSON.parse knows. */
import { JavaDouble, parseJsonObjects, type JsonObject, type JsonValue } from '../../../formats/json-text.ts';

export function aRecord(text: string): JsonObject {
  const [object] = parseJsonObjects(text);
  if (object === undefined) throw new Error('an object is needed');
  return object;
}

/** Doubles as `{double}`, so that 1.0 and 1 are seen apart. */
export function shown(value: JsonValue): unknown {
  if (value instanceof JavaDouble) return { double: value.value };
  if (typeof value === 'bigint') return { long: String(value) };
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(shown);
  if (value instanceof Map)
    return Object.fromEntries([...(value as JsonObject)].map(([key, field]) => [key, shown(field)]));
  return value;
}
