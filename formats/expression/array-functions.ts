/** Functions of arrays. A scalar counts as an array of one. */
import { CompileProblem } from '../compile-problem.ts';
import { javaText } from '../java-text.ts';
import type { JsonValue } from '../json-text.ts';
import { compareRaw, identity, sameRaw } from './comparing.ts';
import { ExpressionFailure } from './failure.ts';
import { ofValues, typed, type FunctionDefinition, type FunctionTable } from './functions.ts';
import { itemCost, spend, type Scope } from './scope.ts';
import {
  arrayOf,
  asArrayType,
  elementOf,
  leastRestrictive,
  LONG,
  STRING,
  type ExprType,
} from './expression-types.ts';
import {
  arrayTypeOf,
  asArray,
  asDouble,
  asInt,
  asText,
  castTo,
  isNumericNull,
  nullLong,
  nullString,
  ofArray,
  ofBoolean,
  ofLong,
  ofString,
  ofType,
  rawOf,
  type Value,
} from './values.ts';

type Items = readonly JsonValue[];

const firstAsArray = ([first = null]: readonly (ExprType | null)[]): ExprType | null =>
  first === null ? null : asArrayType(first);
const firstElement = ([first = null]: readonly (ExprType | null)[]): ExprType | null =>
  first === null ? null : elementOf(first);

/** Null when the array is null. */
function ofArrayAnd(
  type: ExprType | ((types: readonly (ExprType | null)[]) => ExprType | null),
  compute: (items: Items, array: Value, other: Value, scope: Scope) => Value,
): FunctionDefinition {
  return ofValues([2, 2], type, ([array = nullString, other = nullString], scope) => {
    const items = asArray(array);
    return items === null ? nullString : compute(items, array, other, scope);
  });
}

export const arrayFunctions: FunctionTable = {
  array: ofValues(
    [1, null],
    (types) => constructed(types),
    (args) => arrayOfValues(args),
  ),
  array_length: ofValues([1, 1], LONG, ([array = nullString]) => {
    const items = asArray(array);
    return items === null ? nullString : ofLong(items.length);
  }),
  array_offset: ofArrayAnd(firstElement, (items, array, at) => itemAt(items, array, asInt(at))),
  array_ordinal: ofArrayAnd(firstElement, (items, array, at) => itemAt(items, array, asInt(at) - 1)),
  array_offset_of: ofArrayAnd(LONG, (items, _array, item) => placeOf(items, item, 0)),
  array_ordinal_of: ofArrayAnd(LONG, (items, _array, item) => placeOf(items, item, 1)),
  array_append: ofArrayAnd(firstAsArray, (items, array, item) =>
    ofArray(arrayTypeOf(array), [...items, castItem(array, item)]),
  ),
  array_prepend: ofValues(
    [2, 2],
    ([, array = null]) => (array === null ? null : asArrayType(array)),
    ([item = nullString, array = nullString]) => {
      const items = asArray(array);
      return items === null ? nullString : ofArray(arrayTypeOf(array), [castItem(array, item), ...items]);
    },
  ),
  // What is added keeps its own type, as in Druid: only its text or number is looked at later.
  array_concat: ofTwoArrays((left, right) => [...left, ...right]),
  array_set_add: ofArrayAnd(firstAsArray, (items, array, item) =>
    ofArray(arrayTypeOf(array), asSet([...items, castItem(array, item)])),
  ),
  array_set_add_all: ofTwoArrays((left, right) => asSet([...left, ...right])),
  array_contains: ofArrayAnd(LONG, contains),
  array_overlap: ofArrayAnd(LONG, (items, array, other, scope) => {
    const others = asArray(castTo(other, arrayTypeOf(array)));
    if (others === null) return ofBoolean(false);
    const known = identities(items, array, scope);
    return ofBoolean(others.some((item) => known.has(identity(item))));
  }),
  scalar_in_array: ofValues([2, 2], LONG, ([scalar = nullString, array = nullString]) =>
    scalarInArray(scalar, array),
  ),
  array_slice: ofValues([2, 3], firstAsArray, ([array = nullString, from = nullLong, to], scope) => {
    const items = asArray(array);
    if (items === null) return nullString;
    const start = asInt(from);
    const end = to === undefined ? items.length : asInt(to);
    if (start < 0 || start > items.length || start > end) return nullString;
    spend(scope, (end - start) * itemCost);
    const cut = items.slice(start, end);
    // Beyond the array stand nulls, as `Arrays.copyOfRange` has it.
    return ofArray(arrayTypeOf(array), [...cut, ...new Array<null>(end - start - cut.length).fill(null)]);
  }),
  array_to_string: ofArrayAnd(STRING, (items, _array, join, scope) => {
    if (items.length === 1 && items[0] === null) return nullString;
    const between = asText(join) ?? '';
    spend(scope, items.length * between.length);
    const text = items.map(javaText).join(between);
    spend(scope, text.length);
    return ofString(text);
  }),
  array_to_mv: ofValues([1, 1], arrayOf(STRING), ([value = nullString]) => castTo(value, arrayOf(STRING))),
  mv_to_array: {
    min: 1,
    max: 1,
    build: (args, name, context) => {
      if (args[0]?.written !== 'name')
        throw new CompileProblem('mv_to_array() of a field; use array() for anything else');
      return ofValues([1, 1], arrayOf(STRING), ([value = nullString]) =>
        castTo(value, arrayOf(STRING)),
      ).build(args, name, context);
    },
  },
  mv_harmonize_nulls: {
    min: 1,
    max: 1,
    build: (args, name, context) => ({
      ...ofValues([1, 1], arrayOf(STRING), ([value = nullString]) => {
        const items = asArray(value);
        if (items === null || items.length === 0) return ofArray(arrayOf(STRING), [null]);
        return castTo(value, arrayOf(STRING));
      }).build(args, name, context),
      type: typed(args, arrayOf(STRING)),
    }),
  },
};

function constructed(types: readonly (ExprType | null)[]): ExprType | null {
  let common: ExprType | null = null;
  for (const type of types)
    common = type === null ? common : common === null ? type : leastRestrictive(common, type);
  return common === null ? null : arrayOf(common);
}

/** Of the type of the first argument that is not null, or what all have in common. */
function arrayOfValues(args: readonly Value[]): Value {
  const type = constructed(args.map((arg) => (arg.value === null && arg.type === STRING ? null : arg.type)));
  const element = type === null ? STRING : elementOf(type);
  return ofArray(
    arrayOf(element),
    args.map((arg) =>
      (element.kind === 'LONG' || element.kind === 'DOUBLE') && isNumericNull(arg)
        ? null
        : rawOf(castTo(arg, element)),
    ),
  );
}

function itemAt(items: Items, array: Value, at: number): Value {
  const item = items[at];
  return item === undefined ? nullString : ofType(elementOf(array.type), item);
}

/** Not cast: a LONG is nowhere among DOUBLEs. */
function placeOf(items: Items, item: Value, base: number): Value {
  if (item.type.kind === 'ARRAY' || item.type.kind === 'COMPLEX')
    throw new ExpressionFailure(`a scalar is looked for in an array, found ${item.type.name}`);
  const raw = rawOf(item);
  const at = items.findIndex((other) => sameRaw(other, raw));
  return at === -1 ? nullLong : ofLong(at + base);
}

function castItem(array: Value, item: Value): JsonValue {
  return rawOf(castTo(item, elementOf(array.type)));
}

function ofTwoArrays(join: (left: Items, right: Items) => JsonValue[]): FunctionDefinition {
  return ofArrayAnd(firstAsArray, (items, array, other) => {
    const others = asArray(other);
    if (others === null) return ofArray(arrayTypeOf(array), null);
    // Looked at only to refuse what cannot be cast.
    if (arrayTypeOf(array) !== arrayTypeOf(other)) castTo(other, arrayTypeOf(array));
    return ofArray(arrayTypeOf(array), join(items, others));
  });
}

/** In order, nulls first, each once. */
function asSet(items: JsonValue[]): JsonValue[] {
  return items
    .sort(compareRaw)
    .filter((item, at) => at === 0 || compareRaw(items[at - 1] ?? null, item) !== 0);
}

/** By which items are found. Arrays within an array equal nothing, as in Java. */
function identities(items: Items, array: Value, scope: Scope): ReadonlySet<string> {
  spend(scope, items.length * itemCost);
  const isNested = elementOf(array.type).kind === 'ARRAY';
  return new Set((isNested ? items.filter((item) => item === null) : items).map(identity));
}

function hasItem(items: Items, array: Value, wanted: JsonValue): boolean {
  if (elementOf(array.type).kind === 'ARRAY' && wanted !== null) return false;
  return items.some((item) => sameRaw(item, wanted));
}

function contains(items: Items, array: Value, other: Value, scope: Scope): Value {
  if (other.type.kind === 'ARRAY') {
    const others = asArray(castTo(other, arrayTypeOf(array)));
    const known = identities(items, array, scope);
    return ofBoolean(others !== null && others.every((item) => known.has(identity(item))));
  }
  const item = castItem(array, other);
  if (item === null && other.value !== null) return ofBoolean(false);
  return ofBoolean(hasItem(items, array, item));
}

function scalarInArray(scalar: Value, array: Value): Value {
  const items = asArray(array);
  if (items === null) return nullLong;
  if (scalar.value === null) return items.includes(null) ? ofBoolean(true) : nullLong;
  const raw = castForEquality(scalar, elementOf(array.type));
  return ofBoolean(raw !== null && hasItem(items, array, raw));
}

/** Null when nothing of the type equals it: 1.5 is no LONG. */
function castForEquality(value: Value, type: ExprType): JsonValue {
  if (value.type.kind === 'ARRAY' && type.kind !== 'ARRAY' && (asArray(value)?.length ?? 0) > 1) return null;
  const cast = castTo(value, type);
  if (type === LONG && asDouble(value) !== asDouble(cast)) return null;
  return rawOf(cast);
}
