/**
 * The type of a column whose type is found: the least restrictive over its values, as in Druid.
 *
 * What matters of a value is its kind. A set of kinds is all that must be remembered of millions of values, sets of several
 * spills add up, and both the type and the need to sort anew follow from it.
 */
import { JavaDouble } from './java-double.ts';
import { NestedValue, listItems, type ListItem } from './nested-value.ts';
import type { FoundValue } from './rows.ts';

/** A type of Druid that a found column can have. */
export type FoundType =
  'LONG' | 'DOUBLE' | 'STRING' | 'ARRAY<LONG>' | 'ARRAY<DOUBLE>' | 'ARRAY<STRING>' | 'COMPLEX<json>';

export const foundTypes: readonly FoundType[] = [
  'LONG',
  'DOUBLE',
  'STRING',
  'ARRAY<LONG>',
  'ARRAY<DOUBLE>',
  'ARRAY<STRING>',
  'COMPLEX<json>',
];

/**
 * `wide`: a whole number beyond 2^53, which a double may not hold. `list`: a list without values, which Druid takes for one of
 * longs; what its items are is said by kinds of their own. `json`: an object, or a list with lists or objects in it.
 */
export type ValueKind =
  | 'boolean'
  | 'long'
  | 'wide'
  | 'double'
  | 'string'
  | 'list'
  | 'list:boolean'
  | 'list:long'
  | 'list:double'
  | 'list:string'
  | 'json';

export function noteKinds(value: FoundValue, kinds: Set<ValueKind>): void {
  if (!(value instanceof NestedValue)) {
    kinds.add(kindOf(value));
    return;
  }
  const items = listItems(value);
  if (items === null) kinds.add('json');
  else {
    kinds.add('list');
    for (const item of items) if (item !== null) kinds.add(listKinds[kindOf(item)]);
  }
}

function kindOf(value: NonNullable<ListItem>): keyof typeof listKinds {
  if (typeof value === 'number') return 'long';
  if (typeof value === 'bigint') return 'wide';
  return value instanceof JavaDouble ? 'double' : (typeof value as 'string' | 'boolean');
}

const listKinds = {
  boolean: 'list:boolean',
  long: 'list:long',
  wide: 'list:long',
  double: 'list:double',
  string: 'list:string',
} as const satisfies { readonly [kind: string]: ValueKind };

/** No kinds, no values: a column of texts, as in Druid. */
export function typeOfKinds(kinds: ReadonlySet<ValueKind>): FoundType {
  if (kinds.has('json')) return 'COMPLEX<json>';
  const has = (...some: readonly ValueKind[]): boolean => some.some((kind) => kinds.has(kind));
  const element = has('string', 'list:string')
    ? 'STRING'
    : has('double', 'list:double')
      ? 'DOUBLE'
      : kinds.size === 0
        ? 'STRING'
        : 'LONG';
  return kinds.has('list') ? `ARRAY<${element}>` : element;
}

/**
 * Whether rows that are in order of these values still are once all have the column's type. Whole numbers that fit a double are
 * ordered like doubles; `true` and 1 are one number, and 10 stands behind 9, but before it as a text.
 */
export function keepsOrder(kinds: ReadonlySet<ValueKind>): boolean {
  const lists = [...kinds].filter((kind) => kind.startsWith('list:'));
  const plain = [...kinds].filter((kind) => !kind.startsWith('list'));
  if (kinds.has('list')) return plain.length === 0 && lists.length <= 1 && !kinds.has('list:boolean');
  const isNumber = plain.every((kind) => kind === 'long' || kind === 'wide' || kind === 'double');
  return plain.length <= 1 || (isNumber && !(kinds.has('wide') && kinds.has('double')));
}

/** One type for columns that have these in different files. */
export function leastRestrictive(types: Iterable<FoundType>): FoundType {
  const kinds = new Set<ValueKind>();
  for (const type of types) for (const kind of kindsOfType[type]) kinds.add(kind);
  return typeOfKinds(kinds);
}

const kindsOfType: { readonly [type in FoundType]: readonly ValueKind[] } = {
  LONG: ['long'],
  DOUBLE: ['double'],
  STRING: ['string'],
  'ARRAY<LONG>': ['list', 'list:long'],
  'ARRAY<DOUBLE>': ['list', 'list:double'],
  'ARRAY<STRING>': ['list', 'list:string'],
  'COMPLEX<json>': ['json'],
};
