/**
 * The functions a path may end with, as Jayway has them. A function looks at the value before it and at its parameters;
 * what it cannot work with makes the record unparseable, as in Druid.
 */
import { JavaDouble, type JsonObject, type JsonValue } from '../../json-text.ts';
import { javaText } from '../../java-text.ts';
import { jsonText } from '../../json/json-writer.ts';
import { FlattenFailure } from '../flatten-failure.ts';
import { plainNumber } from './values.ts';

/** `json`: a parameter written as JSON, which functions over numbers and texts pass over unless it is a list. */
export type Argument = { readonly kind: 'path' | 'json'; readonly value: JsonValue };

type PathFunction = (model: JsonValue | undefined, parameters: readonly Argument[]) => JsonValue;

/** The value before the function; undefined: a null item of a list, which is no object, where a missing value is. */
const functions: ReadonlyMap<string, PathFunction> = new Map<string, PathFunction>([
  ['min', overNumbers((numbers) => numbers.reduce((left, right) => Math.min(left, right)))],
  ['max', overNumbers((numbers) => numbers.reduce((left, right) => Math.max(left, right)))],
  ['sum', overNumbers(sum)],
  ['avg', overNumbers((numbers) => sum(numbers) / numbers.length)],
  ['stddev', overNumbers(standardDeviation)],
  ['concat', concat],
  ['append', append],
  ['keys', keys],
  ['length', length],
  ['size', length],
  ['first', (model) => itemAt(model, 0)],
  ['last', (model) => itemAt(model, -1)],
  ['index', index],
]);

export const pathFunctions: ReadonlySet<string> = new Set(functions.keys());

/** Throws `FlattenFailure`. */
export function applyFunction(
  name: string,
  model: JsonValue | undefined,
  parameters: readonly Argument[],
): JsonValue {
  const apply = functions.get(name);
  if (apply === undefined) throw new FlattenFailure(`flattenSpec: there is no function ${name}`);
  return apply(model, parameters);
}

function overNumbers(reduce: (numbers: readonly number[]) => number): PathFunction {
  return (model, parameters) => {
    const values = [...listOf(model), ...parameters.flatMap(valuesOf)];
    const numbers = values.map(plainNumber).filter((number) => number !== null);
    if (numbers.length === 0) throw new FlattenFailure('flattenSpec: a function over numbers found none');
    return new JavaDouble(reduce(numbers));
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function standardDeviation(numbers: readonly number[]): number {
  const count = numbers.length;
  const total = sum(numbers);
  const squares = sum(numbers.map((number) => number * number));
  return Math.sqrt(squares / count - (total * total) / count / count);
}

/** Of a list in a parameter everything is taken, elsewhere only texts. */
function concat(model: JsonValue | undefined, parameters: readonly Argument[]): JsonValue {
  const own = listOf(model).filter((value) => typeof value === 'string');
  const others = parameters.flatMap((parameter) =>
    Array.isArray(parameter.value)
      ? listOf(parameter.value).map(textOfItem)
      : valuesOf(parameter).filter((value) => typeof value === 'string'),
  );
  return [...own, ...others].join('');
}

function textOfItem(value: JsonValue): string {
  if (value === null) return '';
  return Array.isArray(value) || value instanceof Map ? jsonText(value) : javaText(value);
}

function append(model: JsonValue | undefined, parameters: readonly Argument[]): JsonValue {
  return Array.isArray(model) ? [...listOf(model), ...parameters.map(({ value }) => value)] : (model ?? null);
}

function keys(model: JsonValue | undefined): JsonValue {
  if (model === null) return [];
  return model instanceof Map ? [...(model as JsonObject).keys()] : null;
}

/** Of a parameter: how many values it finds. */
function length(model: JsonValue | undefined, [first]: readonly Argument[]): JsonValue {
  if (first !== undefined && Array.isArray(first.value)) return first.value.length;
  if (model === null) throw new FlattenFailure('flattenSpec: length() of a value that is missing');
  if (Array.isArray(model)) return model.length;
  return model instanceof Map ? model.size : null;
}

function itemAt(model: JsonValue | undefined, at: number): JsonValue {
  const list = Array.isArray(model) ? listOf(model) : null;
  // Jayway finds no last item in a list of one.
  const position = at >= 0 ? at : (list?.length ?? 0) + at;
  if (list === null || position >= list.length || (at < 0 && position <= 0))
    throw new FlattenFailure(`flattenSpec: there is no item ${at} for first(), last() or index()`);
  return list[position] ?? null;
}

/** Only a number found by a path is an index; one written in the path is not seen as one, in Jayway. */
function index(model: JsonValue | undefined, parameters: readonly Argument[]): JsonValue {
  const [at] = parameters
    .flatMap(valuesOf)
    .map(plainNumber)
    .filter((number) => number !== null);
  if (at === undefined) throw new FlattenFailure('flattenSpec: index() needs a path to a number');
  return itemAt(model, Math.trunc(at));
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

function valuesOf({ kind, value }: Argument): readonly JsonValue[] {
  return Array.isArray(value) ? listOf(value) : kind === 'path' ? [value] : [];
}
