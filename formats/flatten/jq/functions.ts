/** The functions of jq that work here. Each gets the input and its arguments as programs; all give lists of results. */
import { doubleOfText, javaTrim, plain, refused } from '../../conversions.ts';
import { JsonTextError, parseJsonValue, type JsonObject, type JsonValue } from '../../json-text.ts';
import { jsonText } from '../../json/json-writer.ts';
import type { StepBudget } from '../flatten-failure.ts';
import { measure, spendSearch, spendText } from '../measure.ts';
import { compareJq, sortedNames } from './ordering.ts';
import {
  calculated,
  failed,
  indexed,
  isTrue,
  itemsOf,
  listOf,
  numberOf,
  numberResult,
  objectOf,
  split,
  textOf,
  typeOf,
} from './values.ts';

export type Filter = (input: JsonValue, budget: StepBudget) => readonly JsonValue[];
export type JqFunction = (
  input: JsonValue,
  budget: StepBudget,
  filters: readonly Filter[],
) => readonly JsonValue[];

type Entry = readonly [name: string, counts: readonly number[], apply: JqFunction];

const one =
  (apply: (input: JsonValue, budget: StepBudget) => JsonValue): JqFunction =>
  (input, budget) => [apply(input, budget)];

/** For each value of the only argument. */
const each =
  (apply: (input: JsonValue, argument: JsonValue, budget: StepBudget) => JsonValue): JqFunction =>
  (input, budget, [filter]) =>
    (filter?.(input, budget) ?? []).map((argument) => apply(input, argument, budget));

const entries: readonly Entry[] = [
  ['empty', [0], () => []],
  ['error', [0, 1], (input, budget, [message]) => failed(shown(message?.(input, budget)[0] ?? input))],
  ['not', [0], one((input) => !isTrue(input))],
  ['length', [0], one(length)],
  ['keys', [0], one((input) => names(input, 'sorted'))],
  ['keys_unsorted', [0], one((input) => names(input, 'asRead'))],
  ['values', [0], (input) => (input === null ? [] : [input])],
  ['nulls', [0], (input) => (input === null ? [input] : [])],
  ['type', [0], one(typeOf)],
  [
    'add',
    [0],
    one((input, budget) =>
      itemsOf(input, budget).reduce((sum, item) => calculated('+', sum, item, budget), null),
    ),
  ],
  [
    'any',
    [0, 1],
    (input, budget, [filter]) => [itemsOf(input, budget).some((item) => holds(item, budget, filter))],
  ],
  [
    'all',
    [0, 1],
    (input, budget, [filter]) => [itemsOf(input, budget).every((item) => holds(item, budget, filter))],
  ],
  [
    'select',
    [1],
    (input, budget, [filter]) =>
      (filter?.(input, budget) ?? []).flatMap((found) => (isTrue(found) ? [input] : [])),
  ],
  [
    'map',
    [1],
    (input, budget, [filter]) => [itemsOf(input, budget).flatMap((item) => filter?.(item, budget) ?? [])],
  ],
  ['map_values', [1], (input, budget, [filter]) => [mapValues(input, budget, filter)]],
  ['recurse', [0], (input, budget) => everything(input, budget)],
  ['first', [0, 1], (input, budget, [filter]) => ends(input, budget, filter, 0)],
  ['last', [0, 1], (input, budget, [filter]) => ends(input, budget, filter, -1)],
  ['nth', [1], each((input, at) => indexed(input, at))],
  ['has', [1], each(has)],
  ['contains', [1], each((input, other, budget) => contains(input, other, budget))],
  ['inside', [1], each((input, other, budget) => contains(other, input, budget))],
  ['join', [1], each(join)],
  ['split', [1], each((input, by, budget) => split(textOf(input, 'split'), textOf(by, 'split by'), budget))],
  [
    'startswith',
    [1],
    each((input, start) => textOf(input, 'startswith').startsWith(textOf(start, 'startswith'))),
  ],
  ['endswith', [1], each((input, end) => textOf(input, 'endswith').endsWith(textOf(end, 'endswith')))],
  ['ltrimstr', [1], each(trimStart)],
  ['rtrimstr', [1], each(trimEnd)],
  [
    'ascii_downcase',
    [0],
    one((input) => textOf(input, 'ascii_downcase').replace(/[A-Z]+/g, (found) => found.toLowerCase())),
  ],
  [
    'ascii_upcase',
    [0],
    one((input) => textOf(input, 'ascii_upcase').replace(/[a-z]+/g, (found) => found.toUpperCase())),
  ],
  ['tostring', [0], one((input, budget) => (typeof input === 'string' ? input : written(input, budget)))],
  ['tojson', [0], one(written)],
  ['fromjson', [0], one(fromJson)],
  ['tonumber', [0], one(toNumber)],
  ['floor', [0], one((input) => rounded(input, Math.floor))],
  ['ceil', [0], one((input) => rounded(input, Math.ceil))],
  ['round', [0], one((input) => rounded(input, Math.round))],
  ['sqrt', [0], one((input) => rounded(input, Math.sqrt))],
  ['reverse', [0], one((input, budget) => [...sequence(input, budget)].reverse())],
  ['sort', [0], one((input, budget) => sorted(listOf(input, 'sort'), budget))],
  ['sort_by', [1], (input, budget, [filter]) => [grouped(input, budget, filter).flat()]],
  ['group_by', [1], (input, budget, [filter]) => [grouped(input, budget, filter)]],
  ['unique', [0], one((input, budget) => withoutEqual(sorted(listOf(input, 'unique'), budget)))],
  [
    'unique_by',
    [1],
    (input, budget, [filter]) => [grouped(input, budget, filter).map(([item]) => item ?? null)],
  ],
  ['min', [0], one((input, budget) => sorted(listOf(input, 'min'), budget)[0] ?? null)],
  ['max', [0], one((input, budget) => sorted(listOf(input, 'max'), budget).at(-1) ?? null)],
  ['min_by', [1], (input, budget, [filter]) => [grouped(input, budget, filter)[0]?.[0] ?? null]],
  ['max_by', [1], (input, budget, [filter]) => [grouped(input, budget, filter).at(-1)?.at(-1) ?? null]],
  [
    'flatten',
    [0, 1],
    (input, budget, [filter]) => [
      flattened(listOf(input, 'flatten'), depthOf(filter?.(input, budget)[0]), budget),
    ],
  ],
  ['range', [1, 2], range],
  ['to_entries', [0], one(toEntries)],
  ['from_entries', [0], one(fromEntries)],
  [
    'with_entries',
    [1],
    (input, budget, [filter]) => [
      fromEntries(
        toEntries(input, budget).flatMap((entry) => filter?.(entry, budget) ?? []),
        budget,
      ),
    ],
  ],
];

export const jqFunctions: ReadonlyMap<string, JqFunction> = new Map(
  entries.map(([name, , apply]) => [name, apply]),
);

export const jqArguments: ReadonlyMap<string, readonly number[]> = new Map(
  entries.map(([name, counts]) => [name, counts]),
);

function shown(value: JsonValue): string {
  const text = typeof value === 'string' ? value : typeOf(value);
  return text.slice(0, 64);
}

function length(input: JsonValue): JsonValue {
  if (input === null) return 0;
  if (typeof input === 'string') return [...input].length;
  if (Array.isArray(input)) return input.length;
  if (input instanceof Map) return input.size;
  return numberResult(Math.abs(Number(plain(numberOf(input, 'length')))));
}

function names(input: JsonValue, order: 'sorted' | 'asRead'): JsonValue[] {
  if (Array.isArray(input)) return input.map((_item, at) => at);
  const object = objectOf(input, 'keys');
  return order === 'sorted' ? sortedNames(object) : [...object.keys()];
}

function holds(item: JsonValue, budget: StepBudget, filter: Filter | undefined): boolean {
  return filter === undefined ? isTrue(item) : filter(item, budget).some(isTrue);
}

function mapValues(input: JsonValue, budget: StepBudget, filter: Filter | undefined): JsonValue {
  if (Array.isArray(input))
    return itemsOf(input, budget).flatMap((item) => filter?.(item, budget).slice(0, 1) ?? []);
  const result = new Map<string, JsonValue>();
  for (const [name, value] of objectOf(input, 'map_values')) {
    const [found] = filter?.(value, budget) ?? [];
    if (found !== undefined) result.set(name, found);
  }
  return result;
}

/** The value and everything in it, outermost first. */
export function everything(input: JsonValue, budget: StepBudget): JsonValue[] {
  const found: JsonValue[] = [];
  const walk = (value: JsonValue): void => {
    budget.spend(1);
    found.push(value);
    if (Array.isArray(value)) (value as readonly JsonValue[]).forEach(walk);
    else if (value instanceof Map) (value as JsonObject).forEach(walk);
  };
  walk(input);
  return found;
}

function ends(
  input: JsonValue,
  budget: StepBudget,
  filter: Filter | undefined,
  at: 0 | -1,
): readonly JsonValue[] {
  if (filter === undefined) return [indexed(input, at)];
  const found = filter(input, budget).at(at);
  return found === undefined ? [] : [found];
}

function has(input: JsonValue, key: JsonValue): JsonValue {
  if (input instanceof Map && typeof key === 'string') return input.has(key);
  const at = Number(plain(numberOf(key, `has in ${typeOf(input)}`)));
  return at >= 0 && at < listOf(input, 'has').length;
}

function contains(input: JsonValue, other: JsonValue, budget: StepBudget): boolean {
  budget.spend(1);
  if (typeof input === 'string' && typeof other === 'string') {
    spendSearch(budget, input, other);
    return input.includes(other);
  }
  if (Array.isArray(input) && Array.isArray(other)) {
    const items = input as readonly JsonValue[];
    return (other as readonly JsonValue[]).every((wanted) =>
      items.some((item) => typeOf(item) === typeOf(wanted) && contains(item, wanted, budget)),
    );
  }
  if (input instanceof Map && other instanceof Map)
    return [...(other as JsonObject)].every(([name, wanted]) => {
      const own = (input as JsonObject).get(name);
      return own !== undefined && typeOf(own) === typeOf(wanted) && contains(own, wanted, budget);
    });
  if (typeOf(input) !== typeOf(other)) return failed(`contains of ${typeOf(other)} in ${typeOf(input)}`);
  return compareJq(input, other) === 0;
}

/** Null is an empty text. */
function join(input: JsonValue, separator: JsonValue, budget: StepBudget): JsonValue {
  const by = textOf(separator, 'join by');
  const texts = listOf(input, 'join').map((item) => {
    if (item === null) return '';
    if (Array.isArray(item) || item instanceof Map) return failed(`join of ${typeOf(item)}`);
    const text = typeof item === 'string' ? item : jsonText(item);
    spendText(budget, text.length + by.length);
    return text;
  });
  return texts.join(by);
}

function trimStart(input: JsonValue, start: JsonValue): JsonValue {
  if (typeof input !== 'string' || typeof start !== 'string') return input;
  return input.startsWith(start) ? input.slice(start.length) : input;
}

function trimEnd(input: JsonValue, end: JsonValue): JsonValue {
  if (typeof input !== 'string' || typeof end !== 'string' || end === '') return input;
  return input.endsWith(end) ? input.slice(0, -end.length) : input;
}

export function written(input: JsonValue, budget: StepBudget): string {
  measure(input, budget);
  const text = jsonText(input);
  spendText(budget, text.length);
  return text;
}

function fromJson(input: JsonValue, budget: StepBudget): JsonValue {
  const text = textOf(input, 'fromjson');
  budget.spend(text.length);
  try {
    return parseJsonValue(text);
  } catch (error) {
    if (error instanceof JsonTextError) return failed('fromjson of a text that is no JSON');
    throw error;
  }
}

function toNumber(input: JsonValue): JsonValue {
  if (typeof input !== 'string') return numberOf(input, 'tonumber');
  const number = doubleOfText(javaTrim(input));
  return number === refused ? failed('tonumber of a text that is no number') : numberResult(number);
}

function rounded(input: JsonValue, round: (number: number) => number): JsonValue {
  return numberResult(round(Number(plain(numberOf(input, 'rounding')))));
}

function sequence(input: JsonValue, budget: StepBudget): readonly JsonValue[] {
  const items = input === null ? [] : listOf(input, 'reverse');
  budget.spend(items.length);
  return items;
}

/** Comparisons may be long: what is sorted is measured, once for each time it may be compared. */
function sorted(items: readonly JsonValue[], budget: StepBudget): JsonValue[] {
  const times = Math.ceil(Math.log2(items.length + 2));
  for (let time = 0; time < times; time++) for (const item of items) measure(item, budget);
  return [...items].sort(compareJq);
}

function withoutEqual(items: readonly JsonValue[]): JsonValue[] {
  return items.filter((item, at) => at === 0 || compareJq(items[at - 1] ?? null, item) !== 0);
}

function grouped(input: JsonValue, budget: StepBudget, filter: Filter | undefined): JsonValue[][] {
  const keyed = listOf(input, 'sort_by and the like').map((item) => ({
    item,
    key: filter?.(item, budget) ?? [],
  }));
  sorted(
    keyed.map(({ key }) => key),
    budget,
  );
  keyed.sort((left, right) => compareJq(left.key, right.key));
  const groups: JsonValue[][] = [];
  keyed.forEach(({ item, key }, at) => {
    const before = keyed[at - 1];
    if (before !== undefined && compareJq(before.key, key) === 0) groups.at(-1)?.push(item);
    else groups.push([item]);
  });
  return groups;
}

function depthOf(value: JsonValue | undefined): number {
  if (value === undefined) return Number.POSITIVE_INFINITY;
  const depth = Number(plain(numberOf(value, 'flatten by')));
  return depth < 0 ? failed('flatten by a negative depth') : depth;
}

function flattened(items: readonly JsonValue[], depth: number, budget: StepBudget): JsonValue[] {
  budget.spend(items.length);
  return items.flatMap((item) =>
    Array.isArray(item) && depth >= 1 ? flattened(item as readonly JsonValue[], depth - 1, budget) : [item],
  );
}

/** `range(to)` and `range(from; to)`. */
function range(
  input: JsonValue,
  budget: StepBudget,
  [first, second]: readonly Filter[],
): readonly JsonValue[] {
  const firsts = first?.(input, budget) ?? [];
  const ends = second === undefined ? firsts : second(input, budget);
  const starts = second === undefined ? [0] : firsts;
  return starts.flatMap((start) => ends.flatMap((end) => counting(start, end, budget)));
}

function counting(start: JsonValue, end: JsonValue, budget: StepBudget): JsonValue[] {
  const from = Number(plain(numberOf(start, 'range from')));
  const to = Number(plain(numberOf(end, 'range to')));
  const found: JsonValue[] = [];
  for (let number = from; number < to; number++) {
    budget.spend(1);
    found.push(numberResult(number));
  }
  return found;
}

function toEntries(input: JsonValue, budget: StepBudget): JsonValue[] {
  const object = objectOf(input, 'to_entries');
  budget.spend(object.size);
  return [...object].map(
    ([key, value]) =>
      new Map<string, JsonValue>([
        ['key', key],
        ['value', value],
      ]),
  );
}

/** The name may be called key, k, name, Name, K or Key, the value value, v, Value or V. */
function fromEntries(input: JsonValue, budget: StepBudget): JsonValue {
  const result = new Map<string, JsonValue>();
  for (const entry of itemsOf(input, budget)) {
    const object = objectOf(entry, 'from_entries');
    const key = firstOf(object, ['key', 'k', 'name', 'Name', 'K', 'Key']);
    const name = typeof key === 'string' ? key : jsonText(numberOrFlag(key));
    result.set(name, firstOf(object, ['value', 'v', 'Value', 'V']));
  }
  return result;
}

function numberOrFlag(key: JsonValue): JsonValue {
  return typeof key === 'boolean' || key === null ? key : numberOf(key, 'from_entries by');
}

function firstOf(object: JsonObject, candidates: readonly string[]): JsonValue {
  const name = candidates.find(
    (candidate) => (object.get(candidate) ?? null) !== null && object.get(candidate) !== false,
  );
  return object.get(name ?? candidates[0] ?? '') ?? null;
}
