/**
 * JSON as Druid's reader sees it: strict, several objects may follow one another, and no digit is lost.
 *
 * `JSON.parse` cannot be used: it makes `1.0` and `1` the same number (a string column shows the difference), drops digits
 * beyond 2^53, sorts digit keys to the front, and makes `__proto__` special. Objects are Maps: a key is only a key.
 * Nesting and the number of keys are bounded (reliability.md S11), so no record can exhaust the stack or the heap.
 */
import { JavaDouble } from '../domain/java-double.ts';
import { strictJson, type JsonFeatures } from './json/features.ts';
import { JsonScanner, JsonTextError, maxDepth, maxKeys } from './json/scanner.ts';

/** A number written with a fraction or an exponent. */
export { JavaDouble };
export { JsonTextError, maxDepth, maxKeys };

export type JsonObject = ReadonlyMap<string, JsonValue>;
export type JsonValue =
  string | number | bigint | boolean | null | JavaDouble | readonly JsonValue[] | JsonObject;

/** The objects of a record, in order. Anything but objects and white space, or an error anywhere, throws `JsonTextError`. */
export function parseJsonObjects(text: string): JsonObject[] {
  const scanner = new JsonScanner().start(text);
  const objects: JsonObject[] = [];
  while (!scanner.atEnd()) objects.push(scanner.object());
  return objects;
}

/** A text that is one value and nothing else; throws `JsonTextError`. */
export function parseJsonValue(text: string, features: JsonFeatures = strictJson): JsonValue {
  const scanner = new JsonScanner(features).start(text);
  const value = scanner.value();
  if (!scanner.atEnd()) throw new JsonTextError('more than one value', text.length);
  return value;
}
