/**
 * The types of Druid's expressions, and which type two of them have in common.
 *
 * Each type exists once, so types are compared with `===`. Null, as a type, is "not known before a row is seen".
 */
import { ExpressionFailure } from './failure.ts';

export type ExprType = {
  readonly kind: 'LONG' | 'DOUBLE' | 'STRING' | 'COMPLEX' | 'ARRAY';
  /** As Druid writes it: `ARRAY<LONG>`. */
  readonly name: string;
  /** Of an array. */
  readonly element: ExprType | null;
};

export const LONG: ExprType = { kind: 'LONG', name: 'LONG', element: null };
export const DOUBLE: ExprType = { kind: 'DOUBLE', name: 'DOUBLE', element: null };
export const STRING: ExprType = { kind: 'STRING', name: 'STRING', element: null };
/** Nested data: any JSON value. The only complex type there is here. */
export const JSON_TYPE: ExprType = { kind: 'COMPLEX', name: 'COMPLEX<json>', element: null };

const arrays = new Map<ExprType, ExprType>();

export function arrayOf(element: ExprType): ExprType {
  const known = arrays.get(element);
  if (known !== undefined) return known;
  const type: ExprType = { kind: 'ARRAY', name: `ARRAY<${element.name}>`, element };
  arrays.set(element, type);
  return type;
}

/** The type as an array: itself, or an array of it. */
export function asArrayType(type: ExprType): ExprType {
  return type.kind === 'ARRAY' ? type : arrayOf(type);
}

export function elementOf(type: ExprType): ExprType {
  return type.element ?? type;
}

export function isPrimitive(type: ExprType): boolean {
  return type === LONG || type === DOUBLE || type === STRING;
}

const scalars: ReadonlyMap<string, ExprType> = new Map([
  ['LONG', LONG],
  ['DOUBLE', DOUBLE],
  ['STRING', STRING],
]);

const deepest = 8;

/** `LONG`, `array<string>`, `COMPLEX<json>`; null when it is no type that expressions have. */
export function typeOfName(name: string, depth = 0): ExprType | null {
  const upper = name.toUpperCase();
  const scalar = scalars.get(upper);
  if (scalar !== undefined) return scalar;
  if (name === JSON_TYPE.name) return JSON_TYPE;
  if (!upper.startsWith('ARRAY<') || !upper.endsWith('>') || depth === deepest) return null;
  const element = typeOfName(name.slice('ARRAY<'.length, -1), depth + 1);
  return element === null ? null : arrayOf(element);
}

/** Whole numbers only when both are; any other pair is computed with as doubles. */
export function numericType(left: ExprType, right: ExprType | null): ExprType {
  return left === LONG && (right === null || right === LONG) ? LONG : DOUBLE;
}

/** What an operator gives: texts stay texts only among themselves. */
export function operatorType(left: ExprType | null, right: ExprType | null): ExprType | null {
  if (left === null || right === null) return left ?? right;
  if (left.kind === 'ARRAY' || right.kind === 'ARRAY') return leastRestrictive(left, right);
  if (left === JSON_TYPE || right === JSON_TYPE) return JSON_TYPE;
  return left === STRING && right === STRING ? STRING : numericType(left, right);
}

/** What a function gives that may return either argument: one text makes it a text. */
export function functionType(left: ExprType | null, right: ExprType | null): ExprType | null {
  if (left === null || right === null) return left ?? right;
  if (left.kind === 'ARRAY' || right.kind === 'ARRAY') return leastRestrictive(left, right);
  if (left === JSON_TYPE || right === JSON_TYPE) return JSON_TYPE;
  return left === STRING || right === STRING ? STRING : numericType(left, right);
}

/** The narrowest type both can be cast to. */
export function leastRestrictive(left: ExprType, right: ExprType): ExprType {
  if (left === right) return left;
  if (left === JSON_TYPE || right === JSON_TYPE) return JSON_TYPE;
  if (left.kind === 'ARRAY' || right.kind === 'ARRAY')
    return arrayOf(leastRestrictive(elementOf(left), elementOf(right)));
  return left === STRING || right === STRING ? STRING : numericType(left, right);
}

export function invalidCast(from: ExprType, to: ExprType): ExpressionFailure {
  return new ExpressionFailure(`cannot cast ${from.name} to ${to.name}`);
}
