/**
 * Java's `long`: 64 bits, wrapping round. A long is a `number` while that is exact, else a `bigint`
 * (`narrow` of conversions.ts makes it so); both are accepted everywhere.
 */
import { narrow } from '../conversions.ts';
import { ExpressionFailure } from './failure.ts';

export type Long = number | bigint;

export function wrapped(value: bigint): Long {
  return narrow(BigInt.asIntN(64, value));
}

export function addLong(left: Long, right: Long): Long {
  if (typeof left === 'number' && typeof right === 'number') {
    const sum = left + right;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return wrapped(BigInt(left) + BigInt(right));
}

export function subtractLong(left: Long, right: Long): Long {
  if (typeof left === 'number' && typeof right === 'number') {
    const difference = left - right;
    if (Number.isSafeInteger(difference)) return difference;
  }
  return wrapped(BigInt(left) - BigInt(right));
}

export function multiplyLong(left: Long, right: Long): Long {
  if (typeof left === 'number' && typeof right === 'number') {
    const product = left * right;
    if (Number.isSafeInteger(product)) return product + 0;
  }
  return wrapped(BigInt(left) * BigInt(right));
}

/** Cut towards zero. */
export function divideLong(left: Long, right: Long): Long {
  if (right === 0) throw new ExpressionFailure('division of a LONG by zero');
  if (typeof left === 'number' && typeof right === 'number') return (left - (left % right)) / right + 0;
  return wrapped(BigInt(left) / BigInt(right));
}

/** With the sign of the dividend. */
export function remainderLong(left: Long, right: Long): Long {
  if (right === 0) throw new ExpressionFailure('remainder of a LONG divided by zero');
  if (typeof left === 'number' && typeof right === 'number') return (left % right) + 0;
  return wrapped(BigInt(left) % BigInt(right));
}

const maxInt = 2_147_483_647;
const minInt = -2_147_483_648;

/** By squaring; every step is cut to 64 bits. */
export function powerLong(base: Long, exponent: Long): Long {
  if (exponent < 0 || exponent > maxInt)
    throw new ExpressionFailure(
      `the power of two LONGs needs an exponent from 0 to ${maxInt}, found ${exponent}; write one of them as a DOUBLE`,
    );
  let result = 1n;
  let square = BigInt(base);
  for (let left = Number(exponent); left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = BigInt.asIntN(64, result * square);
    square = BigInt.asIntN(64, square * square);
  }
  return narrow(result);
}

export function negateLong(value: Long): Long {
  return typeof value === 'number' ? 0 - value : wrapped(-value);
}

/** `Math.abs`: the smallest long stays as it is. */
export function absLong(value: Long): Long {
  return value < 0 ? negateLong(value) : value;
}

export type BitOperation = (left: bigint, right: bigint) => bigint;

/** Only the lowest six bits of `by` count. */
export const shiftLeft: BitOperation = (value, by) => value << (by & 63n);
export const shiftRight: BitOperation = (value, by) => value >> (by & 63n);

export function bitwise(operation: BitOperation, left: Long, right: Long): Long {
  return wrapped(operation(BigInt(left), BigInt(right)));
}

/** `Long.intValue()`: the lowest 32 bits. */
export function intOfLong(value: Long): number {
  return typeof value === 'number' && value >= minInt && value <= maxInt
    ? value
    : Number(BigInt.asIntN(32, BigInt(value)));
}

/** `(int) double`: cut towards zero, held to 32 bits, NaN is 0. */
export function intOfDouble(value: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.max(minInt, Math.min(maxInt, Math.trunc(value))) + 0;
}
