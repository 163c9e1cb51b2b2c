/** JSON written in a path: lists in filters, parameters of functions. Either quote may be used. */
import { JsonTextError, parseJsonValue, type JsonValue } from '../../json-text.ts';
import { strictJson, type JsonFeatures } from '../../json/features.ts';

const features: JsonFeatures = { ...strictJson, singleQuotes: true, unquotedNames: true, leadingZeros: true };

/** Undefined: it is broken. */
export function jsonOf(text: string): JsonValue | undefined {
  try {
    return parseJsonValue(text, features);
  } catch (error) {
    if (error instanceof JsonTextError) return undefined;
    throw error;
  }
}
