/** Functions that take a lambda: `map`, `filter`, `fold` and their kin. Each step of a lambda is paid for. */
import { ExpressionFailure } from './failure.ts';
import type { JsonValue } from '../json-text.ts';
import type { Compiled } from './functions.ts';
import { sizeOf, spend, type Scope } from './scope.ts';
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
  asBoolean,
  castTo,
  nullString,
  ofArray,
  ofBoolean,
  ofType,
  rawOf,
  type Value,
} from './values.ts';

export type Lambda = {
  readonly body: Compiled;
  /** Where its arguments go, in order. */
  readonly slots: readonly number[];
};

export type ApplyDefinition = {
  /** What was expected when this many arguments, and a lambda of this many, are not right. */
  readonly complaint: (args: number, parameters: number) => string | null;
  readonly build: (lambda: Lambda, args: readonly Compiled[]) => Pick<Compiled, 'evaluate' | 'type'>;
};

/** Larger products are not begun. */
const maxProduct = 1_000_000;
/** What a step costs beside the work within it. */
const stepCost = 32;

export const applyFunctions: Readonly<Record<string, ApplyDefinition>> = {
  map: {
    complaint: exactly(1, 1),
    build: (lambda, args) => ({
      evaluate: (scope) => mapped(lambda, args[0] as Compiled, scope),
      type: (slots) => lambdaArrayType(lambda, [(args[0] as Compiled).type(slots)], slots),
    }),
  },
  cartesian_map: {
    complaint: (args, parameters) =>
      args < 1
        ? 'a lambda and at least one array'
        : args === parameters
          ? null
          : 'as many lambda arguments as arrays',
    build: (lambda, args) => ({
      evaluate: (scope) => cartesianMapped(lambda, args, scope),
      type: (slots) =>
        lambdaArrayType(
          lambda,
          args.map((arg) => arg.type(slots)),
          slots,
        ),
    }),
  },
  filter: {
    complaint: exactly(1, 1),
    build: (lambda, args) => ({
      evaluate: (scope) => filtered(lambda, args[0] as Compiled, scope),
      type: (slots) => (args[0] as Compiled).type(slots),
    }),
  },
  any: match(true),
  all: match(false),
  fold: {
    complaint: exactly(2, 2),
    build: (lambda, args) => ({
      evaluate: (scope) => folding(lambda, args, scope),
      type: (slots) => (args[1] as Compiled).type(slots),
    }),
  },
  cartesian_fold: {
    complaint: (args, parameters) =>
      args < 2
        ? 'a lambda, at least one array, and what to begin with'
        : args === parameters
          ? null
          : 'a lambda argument for each array, and one for what was folded so far',
    build: (lambda, args) => ({
      evaluate: (scope) => folding(lambda, args, scope),
      type: (slots) => (args.at(-1) as Compiled).type(slots),
    }),
  },
};

function exactly(wantedArgs: number, wantedParameters: number): ApplyDefinition['complaint'] {
  return (args, parameters) => {
    if (args !== wantedArgs)
      return `a lambda and ${wantedArgs} ${wantedArgs === 1 ? 'argument' : 'arguments'}, found ${args},`;
    return parameters === wantedParameters
      ? null
      : `a lambda of ${wantedParameters} ${wantedParameters === 1 ? 'argument' : 'arguments'}, found ${parameters},`;
  };
}

/** The lambda's value for these arguments. */
function step({ body, slots }: Lambda, args: readonly Value[], scope: Scope): Value {
  let cost = stepCost;
  args.forEach((arg, at) => {
    const slot = slots[at];
    if (slot !== undefined) scope.slots[slot] = arg;
    cost += sizeOf(arg);
  });
  spend(scope, cost);
  return body.evaluate(scope);
}

function lambdaArrayType(
  lambda: Lambda,
  types: readonly (ExprType | null)[],
  outer: readonly (ExprType | null)[],
): ExprType | null {
  const type = lambdaType(
    lambda,
    types.map((array) => (array === null ? null : elementOf(array))),
    outer,
  );
  return type === null ? null : asArrayType(type);
}

function lambdaType(
  { body, slots }: Lambda,
  types: readonly (ExprType | null)[],
  outer: readonly (ExprType | null)[],
): ExprType | null {
  const inner = [...outer];
  slots.forEach((slot, at) => (inner[slot] = types[at] ?? null));
  return body.type(inner);
}

function mapped(lambda: Lambda, arg: Compiled, scope: Scope): Value {
  const array = arg.evaluate(scope);
  const items = asArray(array);
  if (items === null) return nullString;
  if (items.length === 0) return array;
  const element = elementOf(array.type);
  return collected(
    lambda,
    element,
    items.map((item) => [item]),
    scope,
  );
}

/** Druid gives every lambda argument the item type of the last array. */
function cartesianMapped(lambda: Lambda, args: readonly Compiled[], scope: Scope): Value {
  const arrays = arraysOf(args, scope);
  if (arrays === null) return nullString;
  if (arrays.items.some((items) => items.length === 0)) return ofArray(arrayOf(STRING), []);
  return collected(lambda, arrays.element, product(arrays.items), scope);
}

type Arrays = { readonly items: readonly (readonly JsonValue[])[]; readonly element: ExprType };

/** Null when one of them is null. */
function arraysOf(args: readonly Compiled[], scope: Scope): Arrays | null {
  const values = args.map((arg) => arg.evaluate(scope));
  const items = values.map(asArray);
  if (items.some((array) => array === null)) return null;
  return {
    items: items as readonly (readonly JsonValue[])[],
    element: elementOf((values.at(-1) as Value).type),
  };
}

function product(arrays: readonly (readonly JsonValue[])[]): readonly (readonly JsonValue[])[] {
  const size = arrays.reduce((sum, { length }) => sum * length, 1);
  if (size > maxProduct)
    throw new ExpressionFailure(`the arrays have ${size} combinations; at most ${maxProduct} are computed`);
  let rows: readonly (readonly JsonValue[])[] = [[]];
  for (const array of arrays) rows = rows.flatMap((row) => array.map((item) => [...row, item]));
  return rows;
}

/** Every result is cast to the type the lambda is known to have; else to what the results have in common. */
function collected(
  lambda: Lambda,
  element: ExprType,
  rows: readonly (readonly JsonValue[])[],
  scope: Scope,
): Value {
  const known = lambdaType(
    lambda,
    lambda.slots.map(() => element),
    Array.from(scope.slots, (outer: Value | undefined) => outer?.type ?? null),
  );
  const results = rows.map((row) =>
    step(
      lambda,
      row.map((item) => ofType(element, item)),
      scope,
    ),
  );
  const type = known ?? commonType(results);
  return ofArray(
    arrayOf(type),
    results.map((result) => rawOf(castTo(result, type))),
  );
}

function commonType(results: readonly Value[]): ExprType {
  let common: ExprType | null = null;
  for (const { value, type } of results)
    if (value !== null) common = common === null ? type : leastRestrictive(common, type);
  return common ?? LONG;
}

/** Null when nothing is left, as in Druid. */
function filtered(lambda: Lambda, arg: Compiled, scope: Scope): Value {
  const array = arg.evaluate(scope);
  const type = arrayTypeOf(array);
  const element = elementOf(array.type);
  const left = asArray(array)?.filter((item) => asBoolean(step(lambda, [ofType(element, item)], scope)));
  return ofArray(type, left === undefined || left.length === 0 ? null : left);
}

/** `any` looks for a true step, `all` for one that is not. */
function match(wanted: boolean): ApplyDefinition {
  return {
    complaint: exactly(1, 1),
    build: (lambda, args) => ({
      evaluate: (scope) => {
        const array = (args[0] as Compiled).evaluate(scope);
        const items = asArray(array);
        if (items === null) return ofBoolean(false);
        const element = elementOf(array.type);
        const isFound = items.some(
          (item) => asBoolean(step(lambda, [ofType(element, item)], scope)) === wanted,
        );
        return ofBoolean(isFound === wanted);
      },
      type: () => LONG,
    }),
  };
}

/** What was folded so far keeps the type it began with: a DOUBLE added to a LONG loses its fraction at each step. */
function folding(lambda: Lambda, args: readonly Compiled[], scope: Scope): Value {
  const arrays = arraysOf(args.slice(0, -1), scope);
  const start = (args.at(-1) as Compiled).evaluate(scope);
  if (arrays === null) return nullString;
  const isCartesian = args.length > 2;
  if (isCartesian && arrays.items.some((items) => items.length === 0)) return ofArray(arrayOf(STRING), []);
  const rows = product(arrays.items);
  let raw = rawOf(start);
  for (const row of rows) {
    const items = row.map((item) => ofType(arrays.element, item));
    raw = rawOf(step(lambda, [...items, ofType(start.type, raw)], scope));
  }
  return ofType(start.type, raw);
}
