/** `java.lang.Math` over LONG and DOUBLE. Texts are no numbers here, unless the other argument is one. */
import { longOf } from '../conversions.ts';
import { ofValues, type FunctionDefinition, type FunctionTable } from './functions.ts';
import { ExpressionFailure } from './failure.ts';
import {
  absLong,
  bitwise,
  divideLong,
  shiftLeft,
  shiftRight,
  type BitOperation,
  type Long,
} from './java-long.ts';
import { commonType } from './operators.ts';
import { exp, hypot, log, log10, pow } from './exact-math.ts';
import { copySign, exponentOf, ieeeRemainder, nextAfter, rint, scalb, ulp } from './java-double.ts';
import { roundDouble, roundLong } from './java-decimal.ts';
import { DOUBLE, functionType, LONG, STRING, type ExprType } from './expression-types.ts';
import {
  asDouble,
  asInt,
  asLong,
  asText,
  isNumericNull,
  nullDouble,
  nullLong,
  nullString,
  ofDouble,
  ofLong,
  ofString,
  type Value,
} from './values.ts';
import { compareTexts } from './comparing.ts';

/** Of one number; what is neither LONG nor DOUBLE gives null. */
function ofNumber(
  type: ExprType | null,
  { longs, doubles }: { longs: (value: Long) => Value; doubles: (value: number) => Value },
): FunctionDefinition {
  return ofValues([1, 1], type ?? (([only = null]) => only), ([value = nullString]) => {
    if (isNumericNull(value)) return nullString;
    if (value.type === LONG) return longs(asLong(value));
    return value.type === DOUBLE ? doubles(asDouble(value)) : nullString;
  });
}

function ofOneDouble(compute: (value: number) => number): FunctionDefinition {
  return ofNumber(DOUBLE, {
    longs: (value) => ofDouble(compute(Number(value))),
    doubles: (value) => ofDouble(compute(value)),
  });
}

type OfTwo = {
  readonly longs: (left: Long, right: Long) => Value;
  readonly doubles: (left: number, right: number) => Value;
};

/** Of two numbers; two texts give null, a text beside a number counts as what it reads as, or zero. */
function ofTwoNumbers(
  type: ExprType | ((types: readonly (ExprType | null)[]) => ExprType | null),
  { longs, doubles }: OfTwo,
): FunctionDefinition {
  return ofValues([2, 2], type, ([left = nullString, right = nullString]) => {
    if (left.value === null || right.value === null) return nullString;
    const common = commonType(left, right);
    if (common === STRING) return nullString;
    return common === LONG ? longs(asLong(left), asLong(right)) : doubles(asDouble(left), asDouble(right));
  });
}

function ofTwoDoubles(compute: (left: number, right: number) => number): FunctionDefinition {
  return ofTwoNumbers(DOUBLE, {
    longs: (left, right) => ofDouble(compute(Number(left), Number(right))),
    doubles: (left, right) => ofDouble(compute(left, right)),
  });
}

/** Fractions are cut off. */
function ofTwoBits(operation: BitOperation): FunctionDefinition {
  return ofValues([2, 2], LONG, ([left = nullString, right = nullString]) => {
    if (left.value === null || right.value === null || commonType(left, right) === STRING) return nullString;
    return ofLong(bitwise(operation, asLong(left), asLong(right)));
  });
}

const common = ([left = null, right = null]: readonly (ExprType | null)[]): ExprType | null =>
  functionType(left, right);

export const mathFunctions: FunctionTable = {
  abs: ofNumber(null, {
    longs: (value) => ofLong(absLong(value)),
    doubles: (value) => ofDouble(Math.abs(value)),
  }),
  acos: ofOneDouble(Math.acos),
  asin: ofOneDouble(Math.asin),
  atan: ofOneDouble(Math.atan),
  atan2: ofTwoDoubles(Math.atan2),
  bitwiseand: ofTwoBits((left, right) => left & right),
  bitwiseor: ofTwoBits((left, right) => left | right),
  bitwisexor: ofTwoBits((left, right) => left ^ right),
  bitwiseshiftleft: ofTwoBits(shiftLeft),
  bitwiseshiftright: ofTwoBits(shiftRight),
  bitwisecomplement: ofNumber(LONG, { longs: complement, doubles: (value) => complement(inLong(value)) }),
  bitwiseconvertdoubletolongbits: ofNumber(LONG, {
    longs: (value) => ofLong(bitsOf(Number(value))),
    doubles: (value) => ofLong(bitsOf(value)),
  }),
  bitwiseconvertlongbitstodouble: ofNumber(DOUBLE, {
    longs: (value) => ofDouble(doubleOfBits(value)),
    doubles: (value) => ofDouble(doubleOfBits(inLong(value))),
  }),
  cbrt: ofOneDouble(Math.cbrt),
  ceil: ofOneDouble(Math.ceil),
  copysign: ofTwoDoubles(copySign),
  cos: ofOneDouble(Math.cos),
  cosh: ofOneDouble(Math.cosh),
  cot: ofOneDouble((value) => Math.cos(value) / Math.sin(value)),
  div: ofTwoNumbers((types) => (common(types) === DOUBLE ? LONG : common(types)), {
    longs: (left, right) => ofLong(divideLong(left, right)),
    doubles: (left, right) => ofLong(longOf(left / right)),
  }),
  exp: ofOneDouble(exp),
  expm1: ofOneDouble(Math.expm1),
  floor: ofOneDouble(Math.floor),
  getexponent: ofNumber(LONG, {
    longs: (value) => ofLong(exponentOf(Number(value))),
    doubles: (value) => ofLong(exponentOf(value)),
  }),
  hypot: ofTwoDoubles(hypot),
  log: ofOneDouble(log),
  log10: ofOneDouble(log10),
  log1p: ofOneDouble(Math.log1p),
  max: ofTwoNumbers(common, {
    longs: (left, right) => ofLong(left > right ? left : right),
    doubles: (left, right) => ofDouble(Math.max(left, right)),
  }),
  min: ofTwoNumbers(common, {
    longs: (left, right) => ofLong(left < right ? left : right),
    doubles: (left, right) => ofDouble(Math.min(left, right)),
  }),
  nextafter: ofTwoDoubles(nextAfter),
  nextup: ofOneDouble((value) => nextAfter(value, Infinity)),
  pi: ofValues([0, 0], DOUBLE, () => ofDouble(Math.PI)),
  pow: ofTwoDoubles(pow),
  remainder: ofTwoDoubles(ieeeRemainder),
  rint: ofOneDouble(rint),
  round: ofValues(
    [1, 2],
    ([first = null]) => first,
    ([value = nullString, scale]) => rounded(value, scale),
  ),
  safe_divide: ofTwoNumbers(common, {
    longs: (left, right) => (right === 0 ? nullLong : ofLong(divideLong(left, right))),
    doubles: safeDivision,
  }),
  scalb: ofValues([2, 2], DOUBLE, ([value = nullString, by = nullString]) => {
    if (value.value === null || by.value === null || commonType(value, by) === STRING) return nullString;
    return ofDouble(scalb(asDouble(value), asInt(by)));
  }),
  signum: ofOneDouble(Math.sign),
  sin: ofOneDouble(Math.sin),
  sinh: ofOneDouble(Math.sinh),
  sqrt: ofOneDouble(Math.sqrt),
  tan: ofOneDouble(Math.tan),
  tanh: ofOneDouble(Math.tanh),
  todegrees: ofOneDouble((value) => value * (180 / Math.PI)),
  toradians: ofOneDouble((value) => value * (Math.PI / 180)),
  ulp: ofOneDouble(ulp),
  greatest: extreme(1),
  least: extreme(-1),
};

function complement(value: Long): Value {
  return ofLong(bitwise((bits) => ~bits, value, 0));
}

/** Beyond a long there are no bits to work on. */
function inLong(value: number): Long {
  if (value < -(2 ** 63) || value > 2 ** 63)
    throw new ExpressionFailure(`${value} is beyond the range of a LONG and would lose digits`);
  return longOf(value);
}

const view = new DataView(new ArrayBuffer(8));

function bitsOf(value: number): Long {
  view.setFloat64(0, value);
  return bitwise((bits) => bits, Number.isNaN(value) ? 0x7ff8_0000_0000_0000n : view.getBigInt64(0), 0);
}

function doubleOfBits(value: Long): number {
  view.setBigInt64(0, BigInt(value));
  return view.getFloat64(0);
}

function safeDivision(left: number, right: number): Value {
  if (right !== 0 && !Number.isNaN(right)) return ofDouble(left / right);
  return left === 0 ? ofDouble(0) : nullDouble;
}

function rounded(value: Value, scale: Value | undefined): Value {
  if (isNumericNull(value)) return nullString;
  if (value.type !== LONG && value.type !== DOUBLE)
    throw new ExpressionFailure(`round() takes a LONG or a DOUBLE, found ${value.type.name}`);
  if (scale !== undefined && scale.type !== LONG)
    throw new ExpressionFailure(`round() takes a LONG as the number of places, found ${scale.type.name}`);
  const places = scale === undefined ? 0 : asInt(scale);
  return value.type === LONG
    ? ofLong(roundLong(asLong(value), places))
    : ofDouble(roundDouble(asDouble(value), places));
}

/** Nulls are left out; one text makes all texts. */
function extreme(sign: 1 | -1): FunctionDefinition {
  const typeOf = (types: readonly (ExprType | null)[]): ExprType | null =>
    types.reduce<ExprType | null>((type, other) => functionType(type, other), LONG);
  return ofValues([0, null], typeOf, (args) => {
    for (const { type } of args)
      if (type.kind === 'ARRAY' || type.kind === 'COMPLEX')
        throw new ExpressionFailure(`${sign > 0 ? 'greatest' : 'least'}() does not take ${type.name}`);
    const values = args.filter(({ value }) => value !== null);
    if (values.length === 0) return nullString;
    const type = typeOf(values.map((value) => value.type));
    if (type === LONG)
      return ofLong(values.map(asLong).reduce((one, other) => (other > one === sign > 0 ? other : one)));
    if (type === DOUBLE) return ofDouble((sign > 0 ? Math.max : Math.min)(...values.map(asDouble)));
    const texts = values.map((value) => asText(value) ?? '');
    return ofString(texts.reduce((one, other) => (compareTexts(other, one) * sign > 0 ? other : one)));
  });
}
