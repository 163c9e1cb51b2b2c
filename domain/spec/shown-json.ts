/**
 * JSON as it is shown to people: numbers that JavaScript cannot hold keep their digits, from the text that was stored to the
 * text that is answered.
 */
import type { Json } from '../json.ts';
import { scanJson, type JsonSpan } from './json-text.ts';

/** A number as it was written. */
export class Digits {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Shown = null | boolean | number | string | Digits | readonly Shown[] | ShownObject;
export type ShownObject = { readonly [name: string]: Shown };

/** Null when the text is not an object of JSON. */
export function readShownObject(text: string): ShownObject | null {
  const root = scanJson(text);
  const value = root === null ? null : valueOf(root, text);
  return isShownObject(value) ? value : null;
}

function valueOf(span: JsonSpan, text: string): Shown {
  switch (span.kind) {
    case 'array':
      return span.items.map((item) => valueOf(item, text));
    case 'object':
      return Object.fromEntries(span.members.map(({ key, value }) => [key, valueOf(value, text)]));
    case 'leaf': {
      const written = text.slice(span.start, span.end);
      return typeof span.value === 'number' && String(span.value) !== written
        ? new Digits(written)
        : span.value;
    }
  }
}

export function isShownObject(value: Shown | undefined): value is ShownObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Digits);
}

export function writeShown(value: Shown): string {
  if (value instanceof Digits) return value.text;
  if (Array.isArray(value)) return `[${value.map((item: Shown) => writeShown(item)).join(',')}]`;
  if (!isShownObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}:${writeShown(item)}`);
  return `{${members.join(',')}}`;
}

/** For comparing: digits that no number holds become a text. */
export function plainJson(value: Shown): Json {
  if (value instanceof Digits) return value.text;
  if (Array.isArray(value)) return value.map((item: Shown) => plainJson(item));
  if (!isShownObject(value)) return value as Json;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plainJson(item)]));
}
