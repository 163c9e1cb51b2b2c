/** Values as Jackson writes them, and the order in which Java's HashMap lists its keys. */
import { doubleText } from '../../domain/double-text.ts';
import { JavaDouble, type JsonValue } from '../json-text.ts';
import { spend, type Scope } from './scope.ts';

export function jsonOutput(value: JsonValue, scope: Scope): string {
  const parts: string[] = [];
  write(value, parts, scope);
  return parts.join('');
}

function write(value: JsonValue, parts: string[], scope: Scope): void {
  if (Array.isArray(value)) {
    parts.push('[');
    (value as readonly JsonValue[]).forEach((item, at) => {
      if (at > 0) parts.push(',');
      write(item, parts, scope);
    });
    parts.push(']');
  } else if (value instanceof Map) {
    parts.push('{');
    let at = 0;
    for (const [key, field] of value as ReadonlyMap<string, JsonValue>) {
      parts.push(at++ > 0 ? ',' : '', quoted(key), ':');
      write(field, parts, scope);
    }
    parts.push('}');
  } else {
    const text = scalarText(
      value as Exclude<JsonValue, readonly JsonValue[] | ReadonlyMap<string, JsonValue>>,
    );
    spend(scope, text.length + 1);
    parts.push(text);
  }
}

function scalarText(value: string | number | bigint | boolean | null | JavaDouble): string {
  if (typeof value === 'string') return quoted(value);
  if (value instanceof JavaDouble)
    return Number.isFinite(value.value) ? doubleText(value.value) : `"${value.value}"`;
  return String(value);
}

const shortEscapes: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\b', '\\b'],
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\f', '\\f'],
  ['\r', '\\r'],
]);

function quoted(text: string): string {
  const escaped = text.replace(
    /["\\\u0000-\u001f]/g,
    (character) =>
      shortEscapes.get(character) ??
      `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
  );
  return `"${escaped}"`;
}

/** By bucket, within a bucket in the order they came: what iterating over a `HashMap` gives. */
export function inHashOrder<T>(fields: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  let buckets = 16;
  while (fields.size > buckets * 0.75) buckets *= 2;
  const placed = [...fields].map((field): [number, [string, T]] => [bucketOf(field[0], buckets), field]);
  return new Map(placed.sort(([left], [right]) => left - right).map(([, field]) => field));
}

function bucketOf(key: string, buckets: number): number {
  let hash = 0;
  for (let at = 0; at < key.length; at += 1) hash = (Math.imul(hash, 31) + key.charCodeAt(at)) | 0;
  return (hash ^ (hash >>> 16)) & (buckets - 1);
}
