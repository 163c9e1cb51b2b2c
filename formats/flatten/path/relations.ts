/** The operators of a filter between two values. A relation that makes no sense drops the item, as in Jayway. */
import { FlattenFailure, type StepBudget } from '../flatten-failure.ts';
import type { JsonValue } from '../../json-text.ts';
import { measure, spendSearch } from '../measure.ts';
import type { Operator } from './operators.ts';
import { compareValues, filterValue, sameValue, textOf, type FilterValue } from './values.ts';

/** The whole filter does not hold for the item, whatever else it says. */
export class NoSense extends Error {}

export type Relation = (left: FilterValue, right: FilterValue, budget: StepBudget) => boolean;

export const relations: Readonly<Record<Exclude<Operator, '=~'>, Relation>> = {
  '==': sameValue,
  '!=': (left, right) => !sameValue(left, right),
  '===': (left, right) => left.kind === right.kind && sameValue(left, right),
  '!==': (left, right) => left.kind !== right.kind || !sameValue(left, right),
  '<': ordered((order) => order < 0),
  '<=': ordered((order) => order <= 0),
  '>': ordered((order) => order > 0),
  '>=': ordered((order) => order >= 0),
  IN: isIn,
  NIN: (left, right, budget) => !isIn(left, right, budget),
  SUBSETOF: betweenLists((left, right) => left.every((item) => has(right, item))),
  ANYOF: betweenLists((left, right) => left.some((item) => has(right, item))),
  NONEOF: betweenLists((left, right) => !left.some((item) => has(right, item))),
  CONTAINS: contains,
  ALL: () => noSense(),
  SIZE: hasSize,
  EMPTY: isEmpty,
  EXISTS: (left, right) => {
    if (left.kind !== 'boolean' && right.kind !== 'boolean')
      throw new FlattenFailure('flattenSpec: exists in a filter compares true and false');
    return sameBoolean(left, right);
  },
  TYPE: () => noSense(),
  MATCHES: () => noSense(),
};

function noSense(): never {
  throw new NoSense();
}

function ordered(holds: (order: number) => boolean): Relation {
  return (left, right) => {
    const order = compareValues(left, right);
    return order !== null && holds(order);
  };
}

function isIn(left: FilterValue, right: FilterValue, budget: StepBudget): boolean {
  const list = listOf(right, budget);
  return list !== null && has(list, left);
}

/** `List.contains`: the one looked for decides what is equal. */
function has(list: readonly FilterValue[], value: FilterValue): boolean {
  return list.some((item) => sameValue(value, item));
}

function betweenLists(
  holds: (left: readonly FilterValue[], right: readonly FilterValue[]) => boolean,
): Relation {
  return (left, right, budget) => {
    const rightList = listOf(right, budget);
    const leftList = rightList === null ? null : listOf(left, budget);
    if (rightList === null || leftList === null) return false;
    budget.spend(leftList.length * rightList.length);
    return holds(leftList, rightList);
  };
}

function contains(left: FilterValue, right: FilterValue, budget: StepBudget): boolean {
  if (left.kind === 'text' && right.kind === 'text') {
    spendSearch(budget, left.text, right.text);
    return left.text.includes(right.text);
  }
  if (left.kind !== 'json') return false;
  const list = listOf(left, budget);
  return list !== null && has(list, right);
}

function hasSize(left: FilterValue, right: FilterValue): boolean {
  const size = right.kind === 'number' ? Math.trunc(Number(textOf(right))) : null;
  if (left.kind === 'text') return left.text.length === size;
  if (left.kind !== 'json') return false;
  return (Array.isArray(left.value) ? left.value.length : -1) === size;
}

function isEmpty(left: FilterValue, right: FilterValue): boolean {
  if (left.kind === 'text') return (left.text === '') === booleanOf(right);
  if (left.kind !== 'json') return false;
  if (!Array.isArray(left.value))
    throw new FlattenFailure('flattenSpec: empty in a filter is for lists and texts');
  return (left.value.length === 0) === booleanOf(right);
}

function sameBoolean(left: FilterValue, right: FilterValue): boolean {
  return booleanOf(left) === booleanOf(right);
}

function booleanOf(value: FilterValue): boolean {
  return value.kind === 'boolean' ? value.value : noSense();
}

/** Null: an object, which is no list. Anything else that is no list makes no sense. */
export function listOf(value: FilterValue, budget: StepBudget): readonly FilterValue[] | null {
  if (value.kind !== 'json') return noSense();
  if (!Array.isArray(value.value)) return null;
  const items = value.value as readonly JsonValue[];
  measure(items, budget);
  return items.map(itemOf);
}

function itemOf(item: JsonValue): FilterValue {
  if (Array.isArray(item) || item instanceof Map)
    throw new FlattenFailure('flattenSpec: a filter looks into a list that holds lists or objects');
  // A text that looks like a list or an object is one, in Jayway; here it stays a text.
  return filterValue(item);
}
