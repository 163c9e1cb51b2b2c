/** What is said of a value that a column cannot take. */
import { javaText } from './java-text.ts';
import type { JsonValue } from './json-text.ts';

export function couldNot(value: JsonValue, type: string, name: string): string {
  return `could not convert value [${excerpt(value)}] to ${type} for column [${name}]`;
}

/** Enough of a value to find it by. */
export function excerpt(value: JsonValue): string {
  const text = javaText(value);
  return text.length <= 64 ? text : `${text.slice(0, 64)}...`;
}
