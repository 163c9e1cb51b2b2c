/** Filters that compare a column with given values: selector, in, inType, equals, null, arrayContainsElement. */
import type { Json } from '../../domain/json.ts';
import { CompileProblem } from '../compile-problem.ts';
import { doubleOfText, longOf, longOfText, refused } from '../conversions.ts';
import { constantOf, readMatchType, type Constant } from './constants.ts';
import { readExtraction, withExtraction } from './extraction.ts';
import { listedText, type FilterReader } from './filter-reader.ts';
import { matchColumn, type Matcher, type ValueTest } from './match.ts';

export function selector(reader: FilterReader): Matcher {
  reader.allow('dimension', 'value', 'extractionFn', 'filterTuning');
  const column = reader.text('dimension', 'the name of a field');
  const value = reader.optionalText('value', 'a text, a number or null');
  return matchColumn(
    column,
    withExtraction(readExtraction(reader), valuesTest(value === null ? [null] : [value])),
  );
}

/** An old name for a selector with an extractionFn. */
export function extraction(reader: FilterReader): Matcher {
  if (reader.get('extractionFn') === undefined)
    throw reader.problem('extractionFn', 'an extraction function');
  return selector(reader);
}

export function inValues(reader: FilterReader): Matcher {
  reader.allow('dimension', 'values', 'extractionFn', 'filterTuning');
  const column = reader.text('dimension', 'the name of a field');
  const values = reader
    .list('values', 'a list of texts, numbers or null')
    .map((value, index) => listedText(value, reader, `values[${index}]`));
  return matchColumn(column, withExtraction(readExtraction(reader), valuesTest(values)));
}

/**
 * Texts are equal as texts; a number is equal to a text that is exactly it: 5 to "5" and "5.0". Whether null is among values
 * without null, is unknown.
 */
function valuesTest(values: readonly (string | null)[]): ValueTest {
  const texts = new Set(values);
  const hasNull = texts.has(null);
  const longs = new Set<bigint>();
  const doubles: number[] = [];
  for (const value of values) {
    if (value === null) continue;
    const long = longOfText(value);
    if (long !== refused) longs.add(BigInt(long));
    const double = doubleOfText(value);
    if (double !== refused) doubles.push(double);
  }
  return {
    text: (value) => (value === null ? hasNull || null : texts.has(value)),
    long: (value) => longs.has(BigInt(value)),
    double: doubleSet(doubles),
  };
}

/** A set takes -0 and 0 for one; Java does not. */
function doubleSet(doubles: readonly number[]): (value: number) => boolean {
  const set = new Set(doubles);
  const [hasZero, hasMinusZero] = [0, -0].map((zero) => doubles.some((double) => Object.is(double, zero)));
  return (value) => (value !== 0 ? set.has(value) : (Object.is(value, -0) ? hasMinusZero : hasZero) === true);
}

export function isNull(reader: FilterReader): Matcher {
  reader.allow('column', 'filterTuning');
  const column = reader.text('column', 'the name of a field');
  return matchColumn(column, { text: (value) => value === null, long: () => false, double: () => false });
}

export function equals(reader: FilterReader): Matcher {
  reader.allow('column', 'matchValueType', 'matchValue', 'filterTuning');
  const column = reader.text('column', 'the name of a field');
  const test = typedTest(reader, { type: 'matchValueType', value: 'matchValue' });
  if (test === null)
    throw reader.problem(
      'matchValue',
      'a value of matchValueType',
      'use the filter "null" for rows without a value',
    );
  return matchColumn(column, test);
}

export function arrayContainsElement(reader: FilterReader): Matcher {
  reader.allow('column', 'elementMatchValueType', 'elementMatchValue', 'filterTuning');
  const column = reader.text('column', 'the name of a field');
  const test = typedTest(reader, { type: 'elementMatchValueType', value: 'elementMatchValue' });
  return matchColumn(column, test ?? nothing);
}

/** Null: the value is none of its type. */
function typedTest(
  reader: FilterReader,
  names: { readonly type: string; readonly value: string },
): ValueTest | null {
  const { element, isArray } = readMatchType(reader, names.type);
  const value = reader.get(names.value);
  if (!isArray) return constantTest(constantOf(value, element));
  if (!Array.isArray(value)) return constantTest(constantOf(value, element));
  const items = value as readonly Json[];
  // Lists of rows are multi-values here: each value by itself is compared, and none of them is an array of two.
  return items.length === 1 ? (constantTest(constantOf(items[0], element)) ?? nothing) : nothing;
}

const nothing: ValueTest = {
  text: (value) => (value === null ? null : false),
  long: () => false,
  double: () => false,
};

function constantTest(constant: Constant | null): ValueTest | null {
  if (constant === null) return null;
  const { text, double } = constant;
  const long = constant.long === null ? null : BigInt(constant.long);
  return {
    text: (value) => (value === null ? null : value === text),
    long: (value) => long !== null && BigInt(value) === long,
    double: (value) => double !== null && Object.is(value, double),
  };
}

/** `inType`: the values have a type, and rows of other types are compared as they are. */
export function inType(reader: FilterReader): Matcher {
  reader.allow('column', 'matchValueType', 'values', 'sortedValues', 'filterTuning');
  const column = reader.text('column', 'the name of a field');
  const { element, isArray } = readMatchType(reader, 'matchValueType');
  if (isArray) throw reader.problem('matchValueType', 'STRING, LONG, DOUBLE or FLOAT');
  const both = ['values', 'sortedValues'].filter((name) => reader.get(name) !== undefined);
  const [name] = both;
  if (both.length !== 1 || name === undefined)
    throw new CompileProblem('exactly one of values and sortedValues', { at: reader.at });
  const values = reader.list(name, 'a list of values');
  const constants = values.map((value, index) => {
    const constant = constantOf(value, element);
    if (constant === null && value !== null)
      throw reader.problem(`${name}[${index}]`, 'a value of matchValueType, or null');
    return constant;
  });
  return matchColumn(column, constantsTest(constants));
}

function constantsTest(constants: readonly (Constant | null)[]): ValueTest {
  const hasNull = constants.includes(null);
  const texts = new Set(constants.map((constant) => constant?.text));
  // A double among them stands for the long it is cut to, as in Druid.
  const longs = new Set(
    constants.flatMap((constant) =>
      constant?.double === null || constant === null
        ? []
        : [BigInt(constant.long ?? longOf(constant.double))],
    ),
  );
  const doubles = constants.flatMap((constant) =>
    constant?.double === null || constant === null ? [] : [constant.double],
  );
  return {
    text: (value) => (value === null ? hasNull || null : texts.has(value)),
    long: (value) => longs.has(BigInt(value)),
    double: doubleSet(doubles),
  };
}
