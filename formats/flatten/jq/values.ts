/** What jq does with one or two values: index, slice, iterate, calculate. What makes no sense is `FlattenFailure`. */
import { isNumber, narrow, plain, type JavaNumber } from '../../conversions.ts';
import { JavaDouble, type JsonObject, type JsonValue } from '../../json-text.ts';
import { FlattenFailure, type StepBudget } from '../flatten-failure.ts';
import { measure, spendSearch, spendText } from '../measure.ts';
import { compareJq } from './ordering.ts';
import type { ArithmeticOperator } from './syntax.ts';

export function failed(message: string): never {
  throw new FlattenFailure(`flattenSpec: jq: ${message}`);
}

export function typeOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (isNumber(value)) return 'number';
  if (Array.isArray(value)) return 'array';
  return value instanceof Map ? 'object' : typeof value;
}

export function listOf(value: JsonValue, what: string): readonly JsonValue[] {
  if (Array.isArray(value)) return value as readonly JsonValue[];
  return failed(`${what} of ${typeOf(value)}`);
}

export function objectOf(value: JsonValue, what: string): JsonObject {
  return value instanceof Map ? (value as JsonObject) : failed(`${what} of ${typeOf(value)}`);
}

export function textOf(value: JsonValue, what: string): string {
  return typeof value === 'string' ? value : failed(`${what} of ${typeOf(value)}`);
}

export function numberOf(value: JsonValue, what: string): JavaNumber {
  return isNumber(value) ? value : failed(`${what} of ${typeOf(value)}`);
}

export function isTrue(value: JsonValue): boolean {
  return value !== null && value !== false;
}

export function indexed(value: JsonValue, key: JsonValue): JsonValue {
  if (value instanceof Map && typeof key === 'string') return (value as JsonObject).get(key) ?? null;
  if (value === null && (typeof key === 'string' || isNumber(key) || key === null)) return null;
  if (!Array.isArray(value) || !isNumber(key))
    return failed(`cannot index ${typeOf(value)} with ${typeOf(key)}`);
  const at = Math.floor(Number(plain(key)));
  return (value as readonly JsonValue[])[at < 0 ? value.length + at : at] ?? null;
}

export function sliced(value: JsonValue, from: JsonValue, to: JsonValue, budget: StepBudget): JsonValue {
  if (value === null) return null;
  if (typeof value !== 'string' && !Array.isArray(value)) return failed(`cannot slice ${typeOf(value)}`);
  const items: readonly (JsonValue | string)[] = typeof value === 'string' ? [...value] : value;
  budget.spend(items.length);
  const start = from === null ? 0 : Math.floor(Number(plain(numberOf(from, 'a slice by the start'))));
  const end = to === null ? items.length : Math.ceil(Number(plain(numberOf(to, 'a slice by the end'))));
  const part = items.slice(start, end);
  return typeof value === 'string' ? part.join('') : part;
}

export function itemsOf(value: JsonValue, budget: StepBudget): readonly JsonValue[] {
  const items = value instanceof Map ? [...(value as JsonObject).values()] : value;
  if (!Array.isArray(items)) return failed(`cannot iterate over ${typeOf(value)}`);
  budget.spend(items.length);
  return items as readonly JsonValue[];
}

/** A result that is whole is a whole number, as in jackson-jq. */
export function numberResult(value: number): JavaNumber {
  if (Number.isSafeInteger(value)) return value + 0;
  const isLong = Number.isInteger(value) && Math.abs(value) < 2 ** 63;
  return isLong ? BigInt(value) : new JavaDouble(value);
}

export function calculated(
  operator: ArithmeticOperator,
  left: JsonValue,
  right: JsonValue,
  budget: StepBudget,
): JsonValue {
  const result = calculations[operator](left, right, budget);
  return (
    result ??
    (left === null && right === null && operator === '+'
      ? null
      : failed(`${typeOf(left)} and ${typeOf(right)} cannot be calculated with ${operator}`))
  );
}

/** Undefined: the two do not go together. */
type Calculation = (left: JsonValue, right: JsonValue, budget: StepBudget) => JsonValue | undefined;

const calculations: Readonly<Record<ArithmeticOperator, Calculation>> = {
  '+': added,
  '-': subtracted,
  '*': multiplied,
  '/': divided,
  '%': (left, right) => {
    if (!isNumber(left) || !isNumber(right)) return undefined;
    const divisor = wholeOf(right);
    if (divisor === 0n) return failed('division by zero');
    return narrow(wholeOf(left) % divisor);
  },
};

function wholeOf(value: JavaNumber): bigint {
  const number = plain(value);
  if (typeof number === 'bigint') return BigInt.asIntN(64, number);
  if (!Number.isFinite(number)) return failed('an infinite number where a whole one is needed');
  return BigInt.asIntN(64, BigInt(Math.trunc(number)));
}

function isWhole(value: JavaNumber): value is number | bigint {
  return !(value instanceof JavaDouble);
}

/** Whole numbers are Java's longs; with a fraction on either side it is doubles. */
function withNumbers(
  left: JavaNumber,
  right: JavaNumber,
  whole: (left: bigint, right: bigint) => bigint,
  double: (left: number, right: number) => number,
): JavaNumber {
  if (isWhole(left) && isWhole(right)) {
    const result = double(Number(left), Number(right));
    if (Number.isSafeInteger(result)) return result + 0;
    return narrow(BigInt.asIntN(64, whole(wholeOf(left), wholeOf(right))));
  }
  return numberResult(double(Number(plain(left)), Number(plain(right))));
}

function added(left: JsonValue, right: JsonValue, budget: StepBudget): JsonValue | undefined {
  if (left === null) return right;
  if (right === null) return left;
  if (isNumber(left) && isNumber(right))
    return withNumbers(
      left,
      right,
      (one, other) => one + other,
      (one, other) => one + other,
    );
  if (typeof left === 'string' && typeof right === 'string') {
    spendText(budget, left.length + right.length);
    return left + right;
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    budget.spend(left.length + right.length);
    return [...(left as readonly JsonValue[]), ...(right as readonly JsonValue[])];
  }
  if (!(left instanceof Map) || !(right instanceof Map)) return undefined;
  budget.spend(left.size + right.size);
  return new Map([...(left as JsonObject), ...(right as JsonObject)]);
}

function subtracted(left: JsonValue, right: JsonValue, budget: StepBudget): JsonValue | undefined {
  if (isNumber(left) && isNumber(right))
    return withNumbers(
      left,
      right,
      (one, other) => one - other,
      (one, other) => one - other,
    );
  if (!Array.isArray(left) || !Array.isArray(right)) return undefined;
  budget.spend(measure(left, budget) * right.length);
  const without = right as readonly JsonValue[];
  return (left as readonly JsonValue[]).filter((item) =>
    without.every((other) => compareJq(item, other) !== 0),
  );
}

function multiplied(left: JsonValue, right: JsonValue, budget: StepBudget): JsonValue | undefined {
  if (isNumber(left) && isNumber(right))
    return withNumbers(
      left,
      right,
      (one, other) => one * other,
      (one, other) => one * other,
    );
  if (typeof left === 'string' && isNumber(right)) {
    const times = Math.ceil(Number(plain(right)));
    if (!(times > 0)) return null;
    spendText(budget, left.length * times);
    return left.repeat(times);
  }
  return left instanceof Map && right instanceof Map ? merged(left, right, budget) : undefined;
}

/** Objects within objects too. */
function merged(left: JsonObject, right: JsonObject, budget: StepBudget): JsonObject {
  budget.spend(left.size + right.size);
  const result = new Map(left);
  for (const [name, value] of right) {
    const own = result.get(name);
    const both = own instanceof Map && value instanceof Map;
    result.set(name, both ? merged(own as JsonObject, value as JsonObject, budget) : value);
  }
  return result;
}

function divided(left: JsonValue, right: JsonValue, budget: StepBudget): JsonValue | undefined {
  if (isNumber(left) && isNumber(right)) {
    const divisor = Number(plain(right));
    if (divisor === 0) return failed('division by zero');
    return numberResult(Number(plain(left)) / divisor);
  }
  if (typeof left !== 'string' || typeof right !== 'string') return undefined;
  return split(left, right, budget);
}

export function split(text: string, separator: string, budget: StepBudget): JsonValue {
  spendSearch(budget, text, separator);
  if (text === '') return [];
  return separator === '' ? [...text] : text.split(separator);
}
