/**
 * Values of a column whose type is found, brought to the type the whole column turned out to have: numbers to text as Java
 * prints them, plain values to lists of one, anything to JSON. Types come from value-kinds.ts, so nothing is ever lost.
 *
 * `true` is 1 in every type but JSON, and `true` beside texts in one list, as in Druid.
 */
import { doubleText } from '../domain/double-text.ts';
import { JavaDouble } from '../domain/java-double.ts';
import { NestedValue, canonicalJson, listItems, nestedValue, type ListItem } from '../domain/nested-value.ts';
import type { DimensionValue, FoundValue } from '../domain/rows.ts';
import type { FoundType } from '../domain/value-kinds.ts';

/** Types of a file's columns. A list of texts that is an array in SQL has a name of its own: `VARCHAR[]` is a multi-value. */
export type FoundColumnType =
  'BIGINT' | 'DOUBLE' | 'VARCHAR' | 'BIGINT[]' | 'DOUBLE[]' | 'ARRAY<VARCHAR>' | 'JSON';

/** Of a column without values, in the file a VARCHAR: it says nothing of the type that the column has elsewhere. */
export const unknownType = 'UNKNOWN';

export const columnTypes: { readonly [type in FoundType]: FoundColumnType } = {
  LONG: 'BIGINT',
  DOUBLE: 'DOUBLE',
  STRING: 'VARCHAR',
  'ARRAY<LONG>': 'BIGINT[]',
  'ARRAY<DOUBLE>': 'DOUBLE[]',
  'ARRAY<STRING>': 'ARRAY<VARCHAR>',
  'COMPLEX<json>': 'JSON',
};

/** With rollup a whole double is in one group with the long (stored-row.ts), so their texts must be one. */
export type CastOptions = { readonly rollup: boolean };

/** A value as a row of that type holds it: `FoundValue` again, so that rows can be sorted and grouped anew. */
export function castFound(value: FoundValue, type: FoundType, options: CastOptions): FoundValue {
  switch (type) {
    case 'LONG':
      return toLong(value);
    case 'DOUBLE':
      return toDouble(value);
    case 'STRING':
      return toText(value, options);
    case 'ARRAY<LONG>':
      return toList(value, toLong, options);
    case 'ARRAY<DOUBLE>':
      return toList(value, toDouble, options);
    case 'ARRAY<STRING>':
      return toList(value, toText, options);
    case 'COMPLEX<json>':
      return toJson(value, options);
  }
}

function toLong(value: FoundValue): ListItemValue {
  return typeof value === 'boolean' ? Number(value) : (value as ListItemValue);
}

function toDouble(value: FoundValue): ListItemValue {
  if (value instanceof JavaDouble) return value;
  return new JavaDouble(Number(value));
}

function toText(value: FoundValue, options: CastOptions): ListItemValue {
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (value instanceof JavaDouble) return numberText(value.value, options);
  return value instanceof NestedValue ? value.text : String(value);
}

function numberText(value: number, { rollup }: CastOptions): string {
  return rollup && hasLongTwin(value) ? String(BigInt(value)) : doubleText(value);
}

function hasLongTwin(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) < 2 ** 63 && !Object.is(value, -0);
}

type ListItemValue = NonNullable<ListItem>;

function toList(
  value: FoundValue,
  cast: (item: ListItemValue, options: CastOptions) => ListItemValue,
  options: CastOptions,
): FoundValue {
  if (!(value instanceof NestedValue)) return nestedValue([cast(value, options)]);
  return nestedValue(ownItems(value).map((item) => (item === null ? null : cast(item, asRead))));
}

/** Lists are equal by their text: [1] and [1.0] are two groups from the beginning. */
const asRead: CastOptions = { rollup: false };

/** A list is first of one type in itself. */
function ownItems(value: NestedValue): readonly ListItem[] {
  const items = listItems(value) ?? [];
  if (!items.some((item) => typeof item === 'string')) return items;
  return items.map((item) => (typeof item === 'boolean' ? String(item) : item));
}

function toJson(value: FoundValue, options: CastOptions): NestedValue {
  if (value instanceof NestedValue) {
    const items = listItems(value);
    return items === null ? value : new NestedValue(canonicalJson(items));
  }
  if (value instanceof JavaDouble && Number.isFinite(value.value))
    return new NestedValue(numberText(value.value, options));
  return new NestedValue(canonicalJson(value));
}

/** For a column of whole numbers, of doubles or of JSON texts, once values have its type. */
export function fileValue(value: DimensionValue, asBigint: boolean): string | number | bigint | null {
  if (value === null || typeof value === 'string') return value;
  if (value instanceof NestedValue) return value.text;
  const number = value instanceof JavaDouble ? value.value : (value as number | bigint | boolean);
  if (asBigint) return BigInt(number);
  // A bigint among doubles: the column's longs and doubles became doubles.
  return Number(number);
}

export function fileItems(value: DimensionValue, type: string): (string | number | bigint | null)[] {
  const items = value instanceof NestedValue ? ownItems(value) : [value as ListItem];
  return items.map((item) => {
    if (item === null || type === 'ARRAY<VARCHAR>') return item === null ? null : String(item);
    return fileValue(item, type === 'BIGINT[]');
  });
}
