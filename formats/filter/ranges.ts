/** Filters that ask for what lies between: bound (by an ordering of texts), range (by a type), interval (of time). */
import type { Json } from '../../domain/json.ts';
import { CompileProblem } from '../compile-problem.ts';
import { doubleOfText, refused } from '../conversions.ts';
import { compareDoubles } from '../expression/comparing.ts';
import { constantOf, readMatchType, type Constant } from './constants.ts';
import { readExtraction, withExtraction } from './extraction.ts';
import type { FilterReader } from './filter-reader.ts';
import { readInterval } from './intervals.ts';
import { matchColumn, textTest, type Match, type Matcher, type ValueTest } from './match.ts';
import { lexicographic, numeric, orderingOf, type Ordering } from './orderings.ts';

/** One end; null: it is open for ever. `strict`: the end itself is outside. */
type End<T> = { readonly value: T; readonly strict: boolean } | null;

/** `compare(left, right)` of an end with a value. */
function isWithin<V, E>(
  lower: End<E>,
  upper: End<E>,
  compare: (value: V, end: E) => number,
): (value: V) => boolean {
  return (value) => {
    if (lower !== null) {
      const order = compare(value, lower.value);
      if (order < 0 || (order === 0 && lower.strict)) return false;
    }
    if (upper === null) return true;
    const order = compare(value, upper.value);
    return order < 0 || (order === 0 && !upper.strict);
  };
}

export function bound(reader: FilterReader): Matcher {
  reader.allow(
    ...['dimension', 'lower', 'upper', 'lowerStrict', 'upperStrict', 'ordering', 'alphaNumeric'],
    ...['extractionFn', 'filterTuning'],
  );
  const column = reader.text('dimension', 'the name of a field');
  const lower = endOf(reader, 'lower', 'lowerStrict');
  const upper = endOf(reader, 'upper', 'upperStrict');
  if (lower === null && upper === null) throw new CompileProblem('lower, upper or both', { at: reader.at });
  const name = reader.optionalText('ordering', 'the name of an ordering');
  const alphaNumeric = reader.flag('alphaNumeric');
  if (alphaNumeric && name !== null && name.toLowerCase() !== 'alphanumeric')
    throw reader.problem('ordering', 'alphanumeric, or no alphaNumeric beside it');
  const ordering = orderingOf(
    name ?? (alphaNumeric ? 'alphanumeric' : 'lexicographic'),
    reader.place('ordering'),
  );
  return matchColumn(column, withExtraction(readExtraction(reader), boundTest(lower, upper, ordering)));
}

function endOf(reader: FilterReader, name: string, strictName: string): End<string> {
  const value = reader.optionalText(name, 'a text or a number');
  const strict = reader.flag(strictName);
  return value === null ? null : { value, strict };
}

/** Null is below every end: within a bound that has only an upper one. That is an answer, not unknown. */
function boundTest(lower: End<string>, upper: End<string>, ordering: Ordering): ValueTest {
  const within = isWithin(lower, upper, ordering);
  const texts = textTest((value) => (value === null ? lower === null : within(value)));
  if (ordering !== numeric) return texts;
  return {
    text: texts.text,
    long: (value) => within(String(value)),
    double: doubleBound(lower, upper),
  };
}

/** By the order of doubles: -0.0 is below 0.0, and NaN, no number for the ordering of texts, above all. */
function doubleBound(lower: End<string>, upper: End<string>): (value: number) => Match {
  const ends = [lower, upper].map((end): End<number> => {
    const value = end === null ? refused : doubleOfText(end.value);
    return end === null || value === refused ? null : { value, strict: end.strict };
  });
  const [low = null, high = null] = ends;
  // An end that is no number lies below all numbers.
  if (upper !== null && high === null) return () => false;
  return isWithin(low, high, compareDoubles);
}

export function range(reader: FilterReader): Matcher {
  reader.allow('column', 'matchValueType', 'lower', 'upper', 'lowerOpen', 'upperOpen', 'filterTuning');
  const column = reader.text('column', 'the name of a field');
  const { element, isArray } = readMatchType(reader, 'matchValueType');
  const constant = (name: string): Constant | null => {
    const value = itemOf(reader, name, isArray);
    const found = constantOf(value, element);
    if (found === null && value !== undefined) throw reader.problem(name, 'a value of matchValueType');
    return found;
  };
  const [lower, upper] = [constant('lower'), constant('upper')];
  if (lower === null && upper === null) throw new CompileProblem('lower, upper or both', { at: reader.at });
  const [lowerOpen, upperOpen] = [reader.flag('lowerOpen'), reader.flag('upperOpen')];
  const end = <T>(found: Constant | null, strict: boolean, read: (found: Constant) => T): End<T> =>
    found === null ? null : { value: read(found), strict };
  const isNumber = element !== 'STRING' && !isArray;
  const ends = <T>(read: (found: Constant) => T): readonly [End<T>, End<T>] => [
    end(lower, lowerOpen, read),
    end(upper, upperOpen, read),
  ];
  const byText = isWithin(...ends(({ text }) => text), isNumber ? numeric : lexicographic);
  const texts = textTest((value) => (value === null ? null : byText(value)));
  if (!isNumber) return matchColumn(column, texts);
  const doubles = isWithin(...ends(({ double }) => double ?? Number.NaN), compareDoubles);
  const longs = isWithin(...ends(({ long, double }) => long ?? double ?? Number.NaN), compareLong);
  return matchColumn(column, { text: texts.text, long: longs, double: doubles });
}

function compareLong(value: number | bigint, end: number | bigint): number {
  return value < end ? -1 : value > end ? 1 : 0;
}

/** An array of one is compared as that one; rows have no arrays here, their lists are multi-values. */
function itemOf(reader: FilterReader, name: string, isArray: boolean): Json | undefined {
  const value = reader.get(name);
  if (!isArray || !Array.isArray(value)) return value;
  const items = value as readonly Json[];
  if (items.length !== 1)
    throw reader.problem(
      name,
      'an array of one',
      'lists of a record are multi-values: no longer array is ever compared',
    );
  return items[0];
}

/** Whether a time in milliseconds lies in one of the intervals; their ends are outside. */
export function interval(reader: FilterReader): Matcher {
  reader.allow('dimension', 'intervals', 'extractionFn', 'filterTuning');
  const column = reader.text('dimension', 'the name of a field');
  const intervals = reader.list('intervals', 'a list of intervals such as 2026-01-01/2026-02-01');
  if (intervals.length === 0) throw reader.problem('intervals', 'at least one interval');
  const tests = intervals.map((value, index) => {
    const { startMs, endMs } = readInterval(value, reader.place(`intervals[${index}]`));
    return boundTest(
      { value: String(startMs), strict: false },
      { value: String(endMs), strict: true },
      numeric,
    );
  });
  const any: ValueTest = {
    text: (value) => tests.some(({ text }) => text(value) === true),
    long: (value) => tests.some(({ long }) => long(value) === true),
    double: (value) => tests.some(({ double }) => double(value) === true),
  };
  return matchColumn(column, withExtraction(readExtraction(reader), any));
}
