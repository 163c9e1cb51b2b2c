/** Operators: arithmetic, comparison and logic with Druid's types and its three-valued truth. */
import { pow } from './exact-math.ts';
import { ExpressionFailure } from './failure.ts';
import { compareDoubles, compareLongs, compareRaw, compareTexts } from './comparing.ts';
import {
  addLong,
  divideLong,
  multiplyLong,
  negateLong,
  powerLong,
  remainderLong,
  subtractLong,
  type Long,
} from './java-long.ts';
import { evaluation, type Compiled, type Evaluate } from './functions.ts';
import type { BinaryOperator, UnaryOperator } from './syntax.ts';
import {
  DOUBLE,
  leastRestrictive,
  LONG,
  numericType,
  operatorType,
  STRING,
  type ExprType,
} from './expression-types.ts';
import {
  asBoolean,
  asDouble,
  asLong,
  asText,
  castTo,
  isNumericNull,
  nullLong,
  nullString,
  ofBoolean,
  ofDouble,
  ofLong,
  ofString,
  type Value,
} from './values.ts';

type Parts = Pick<Compiled, 'evaluate' | 'type'>;

export function unaryOperation(operator: UnaryOperator, operand: Compiled): Parts {
  if (operator === '!')
    return {
      evaluate: evaluation([operand], ([value = nullString]) =>
        value.value === null ? nullString : ofBoolean(!asBoolean(value)),
      ),
      type: () => LONG,
    };
  return { evaluate: evaluation([operand], ([value = nullString]) => negated(value)), type: operand.type };
}

function negated(value: Value): Value {
  if (value.value === null) return nullString;
  if (value.type === LONG) return ofLong(negateLong(asLong(value)));
  if (value.type === DOUBLE) return ofDouble(-asDouble(value));
  throw new ExpressionFailure(`"-" takes a LONG or a DOUBLE, found ${value.type.name}`);
}

export function binaryOperation(operator: BinaryOperator, left: Compiled, right: Compiled): Parts {
  if (operator === '&&' || operator === '||')
    return { evaluate: logical(operator, left, right), type: () => LONG };
  if (isComparison(operator)) {
    const comparison = comparisons[operator];
    return {
      evaluate: evaluation([left, right], ([one = nullString, other = nullString]) =>
        compared(comparison, one, other),
      ),
      type: () => LONG,
    };
  }
  const arithmetic = arithmetics[operator];
  return {
    evaluate: evaluation([left, right], ([one = nullString, other = nullString]) =>
      computed(operator, arithmetic, one, other),
    ),
    type: (slots) => operatorType(left.type(slots), right.type(slots)),
  };
}

/** False ends an `&&`, true an `||`; else a null on either side makes the result null. */
function logical(operator: '&&' | '||', left: Compiled, right: Compiled): Evaluate {
  const decisive = operator === '||';
  return (scope) => {
    const one = left.evaluate(scope);
    if (one.value !== null && asBoolean(one) === decisive) return ofBoolean(decisive);
    const other = right.evaluate(scope);
    if (other.value !== null && asBoolean(other) === decisive) return ofBoolean(decisive);
    return one.value === null || other.value === null ? nullLong : ofBoolean(!decisive);
  };
}

/** As what two values meet: texts only among themselves, arrays too, anything else as numbers. */
export function commonType(left: Value, right: Value): ExprType {
  if (left.type === STRING && right.type === STRING) return STRING;
  if (left.type.kind === 'ARRAY' && right.type.kind === 'ARRAY')
    return leastRestrictive(left.type, right.type);
  const type = left.value === null ? right.type : left.type;
  return numericType(type, right.value === null ? type : right.type);
}

type Comparison = {
  readonly order: (order: number) => boolean;
  /** Of doubles: `==` takes -0.0 for 0.0 and NaN for nothing, the others order them. */
  readonly doubles: (left: number, right: number) => boolean;
};

function ordering(order: (order: number) => boolean): Comparison {
  return { order, doubles: (left, right) => order(compareDoubles(left, right)) };
}

type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '^';
type ComparisonOperator = Exclude<BinaryOperator, ArithmeticOperator | '&&' | '||'>;

function isComparison(operator: ComparisonOperator | ArithmeticOperator): operator is ComparisonOperator {
  return Object.hasOwn(comparisons, operator);
}

const comparisons: Record<ComparisonOperator, Comparison> = {
  '<': ordering((order) => order < 0),
  '<=': ordering((order) => order <= 0),
  '>': ordering((order) => order > 0),
  '>=': ordering((order) => order >= 0),
  '==': { order: (order) => order === 0, doubles: (left, right) => left === right },
  '!=': { order: (order) => order !== 0, doubles: (left, right) => left !== right },
};

function compared({ order, doubles }: Comparison, left: Value, right: Value): Value {
  if (left.value === null || right.value === null) return nullString;
  const type = commonType(left, right);
  if (type === STRING) return ofBoolean(order(compareTexts(asText(left) ?? '', asText(right) ?? '')));
  if (type === LONG) return ofBoolean(order(compareLongs(asLong(left), asLong(right))));
  if (type.kind === 'ARRAY')
    return ofBoolean(order(compareRaw(castTo(left, type).value, castTo(right, type).value)));
  if (isNumericNull(left) || isNumericNull(right)) return nullString;
  return ofBoolean(doubles(asDouble(left), asDouble(right)));
}

/** `==`, for functions that compare. */
export function equals(left: Value, right: Value): Value {
  return compared(comparisons['=='], left, right);
}

/** As `==`, but null equals null and nothing else, and what is no number equals only its like. */
export function isNotDistinct(left: Value, right: Value): boolean {
  if (left.value === null || right.value === null) return left.value === right.value;
  const type = commonType(left, right);
  if (type === DOUBLE && (isNumericNull(left) || isNumericNull(right)))
    return isNumericNull(left) && isNumericNull(right);
  return asBoolean(equals(left, right));
}

type Arithmetic = {
  readonly longs: (left: Long, right: Long) => Long;
  readonly doubles: (left: number, right: number) => number;
};
const arithmetics: Record<ArithmeticOperator, Arithmetic> = {
  '+': { longs: addLong, doubles: (left, right) => left + right },
  '-': { longs: subtractLong, doubles: (left, right) => left - right },
  '*': { longs: multiplyLong, doubles: (left, right) => left * right },
  '/': { longs: divideLong, doubles: (left, right) => left / right },
  '%': { longs: remainderLong, doubles: (left, right) => left % right },
  '^': { longs: powerLong, doubles: pow },
};

function computed(
  operator: BinaryOperator,
  { longs, doubles }: Arithmetic,
  left: Value,
  right: Value,
): Value {
  if (left.value === null || right.value === null) return nullString;
  const type = commonType(left, right);
  if (type === STRING) {
    if (operator === '+') return ofString(`${asText(left) ?? ''}${asText(right) ?? ''}`);
    throw new ExpressionFailure(`"${operator}" does not work on two STRINGs; cast them to LONG or DOUBLE`);
  }
  if (type === LONG) return ofLong(longs(asLong(left), asLong(right)));
  if (isNumericNull(left) || isNumericNull(right)) return nullString;
  return ofDouble(doubles(asDouble(left), asDouble(right)));
}
