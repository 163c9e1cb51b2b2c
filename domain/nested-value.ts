/**
 * A list or an object in a column of type `auto` or `json`: canonical JSON text, so that equal values are equal texts.
 *
 * Canonical: no white space, keys sorted by UTF-16 units (of equal keys the last one counts), doubles as Java prints them
 * (`1.0E20`, and `"NaN"` as a text, as Druid writes them), whole numbers in digits, lone surrogates as `?`.
 */
import { doubleText } from './double-text.ts';
import { JavaDouble } from './java-double.ts';

/** What a record may hold, once read. */
export type PlainJson =
  string | number | bigint | boolean | null | JavaDouble | readonly PlainJson[] | PlainObject;
export type PlainObject = ReadonlyMap<string, PlainJson>;

/** An item of a list that holds neither lists nor objects. */
export type ListItem = string | number | bigint | boolean | null | JavaDouble;

export class NestedValue {
  readonly text: string;

  /** `text`: as `nestedValue` makes it. */
  constructor(text: string) {
    this.text = text;
  }
}

/** In a list of plain values NaN and the infinities stay bare words: they are doubles until the column is known to be JSON. */
export function nestedValue(value: readonly PlainJson[] | PlainObject): NestedValue {
  if (!isList(value) || !value.every(isItem)) return new NestedValue(canonicalJson(value));
  return new NestedValue(`[${value.map(itemText).join(',')}]`);
}

function itemText(item: ListItem): string {
  return item instanceof JavaDouble ? doubleText(item.value) : canonicalJson(item);
}

function isItem(value: PlainJson): value is ListItem {
  return !(value instanceof Map || Array.isArray(value));
}

export function canonicalJson(value: PlainJson): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return quoted(wellFormed(value));
  if (typeof value === 'number') return String(value);
  if (typeof value === 'bigint') return wholeText(value);
  if (value instanceof JavaDouble) return jsonDouble(value.value);
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  return canonicalObject(value);
}

/** Escapes have upper-case digits, as those of Jackson and DuckDB. */
function quoted(text: string): string {
  const json = JSON.stringify(text);
  if (!json.includes('\\u')) return json;
  return json.replace(/\\(?:u([0-9a-f]{4})|.)/g, (escape, digits: string | undefined) =>
    digits === undefined ? escape : `\\u${digits.toUpperCase()}`,
  );
}

/** Beyond 64 bits a double, as Druid reads it. */
function wholeText(value: bigint): string {
  return BigInt.asIntN(64, value) === value ? value.toString() : doubleText(Number(value));
}

function isList(value: readonly PlainJson[] | PlainObject): value is readonly PlainJson[] {
  return Array.isArray(value);
}

function canonicalObject(object: PlainObject): string {
  const fields = new Map<string, string>();
  for (const [key, value] of object) fields.set(wellFormed(key), canonicalJson(value));
  const keys = [...fields.keys()].sort();
  return `{${keys.map((key) => `${quoted(key)}:${fields.get(key) ?? 'null'}`).join(',')}}`;
}

function jsonDouble(value: number): string {
  return Number.isFinite(value) ? doubleText(value) : `"${String(value)}"`;
}

/** The items of a list; null for an object, and for a list that holds lists or objects. Linear. */
export function listItems({ text }: NestedValue): readonly ListItem[] | null {
  if (!text.startsWith('[')) return null;
  const items: ListItem[] = [];
  for (let at = 1; at < text.length - 1;) {
    const first = text[at];
    if (first === '[' || first === '{') return null;
    const end = first === '"' ? endOfText(text, at) : endOfWord(text, at);
    items.push(itemOf(text.slice(at, end)));
    at = end + 1;
  }
  return items;
}

/** Behind the closing quote. */
function endOfText(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

function endOfWord(text: string, start: number): number {
  const comma = text.indexOf(',', start);
  return comma === -1 ? text.length - 1 : comma;
}

function itemOf(text: string): ListItem {
  if (text === 'null') return null;
  if (text === 'true' || text === 'false') return text === 'true';
  if (text.startsWith('"')) return JSON.parse(text) as string;
  if (/[.IN]/.test(text)) return new JavaDouble(Number(text));
  const whole = Number(text);
  return Number.isSafeInteger(whole) ? whole : BigInt(text);
}

/** Lone surrogates have no UTF-8 form; Druid's segments hold `?` in their place. */
export function wellFormed(text: string): string {
  return loneSurrogate.test(text) ? text.replace(allLoneSurrogates, '?') : text;
}

const loneSurrogate = /\p{Surrogate}/u;
const allLoneSurrogates = /\p{Surrogate}/gu;
