/**
 * Columns of live pieces whose type is not settled: `1` beside `1.5`, a text after numbers. What type the segment will have is
 * known when it is written, and a value must then read the same as it did live; so a piece keeps such a column as it was read.
 *
 * A `VARIANT<T>` column is text: JSON of each value, but that NaN and the infinities are bare words and that a double may be
 * written in any way that shows it is one (`1.0`, `1e+20`). `T` is the column's type over the piece. Readers cast values to the
 * type over all pieces of a sequence (query/found-columns.ts).
 */
import { doubleText } from '../domain/double-text.ts';
import { JavaDouble } from '../domain/java-double.ts';
import { NestedValue, canonicalJson } from '../domain/nested-value.ts';
import type { DimensionValue, FoundValue } from '../domain/rows.ts';
import {
  foundTypes,
  leastRestrictive,
  typeOfKinds,
  type FoundType,
  type ValueKind,
} from '../domain/value-kinds.ts';
import { columnTypes, type FoundColumnType } from './found-values.ts';

export type VariantType = `VARIANT<${FoundColumnType}>`;
export type PieceFoundType = FoundColumnType | VariantType;

/** Values of one kind are kept in the type they have. */
export function pieceType(kinds: ReadonlySet<ValueKind>): PieceFoundType {
  const type = columnTypes[typeOfKinds(kinds)];
  return isSettled(kinds) ? type : `VARIANT<${type}>`;
}

/** In no type but JSON `true` is other than 1. */
function isSettled(kinds: ReadonlySet<ValueKind>): boolean {
  if (kinds.has('boolean') || kinds.has('list:boolean')) return false;
  const [kind, another] = new Set(
    [...kinds].filter((some) => some !== 'list').map((some) => (some === 'wide' ? 'long' : some)),
  );
  if (kind === undefined) return true;
  return another === undefined && (!kinds.has('list') || kind.startsWith('list:') || kind === 'json');
}

/** The type of a column that has these in several pieces. */
export function commonPieceType(types: readonly PieceFoundType[]): PieceFoundType {
  const [first] = types;
  if (first !== undefined && types.every((type) => type === first)) return first;
  return `VARIANT<${columnTypes[leastRestrictive(types.map(foundTypeOf))]}>`;
}

export function isVariant(type: string): type is VariantType {
  return type.startsWith('VARIANT<');
}

/** `BIGINT` of `VARIANT<BIGINT>`. */
export function settledType(type: string): string {
  return isVariant(type) ? type.slice('VARIANT<'.length, -1) : type;
}

function foundTypeOf(type: PieceFoundType): FoundType {
  return foundTypes.find((found) => columnTypes[found] === settledType(type)) ?? 'COMPLEX<json>';
}

export function variantText(value: DimensionValue): string | null {
  if (value === null) return null;
  if (value instanceof NestedValue) return value.text;
  if (value instanceof JavaDouble) return doubleText(value.value);
  return canonicalJson(value as Exclude<FoundValue, NestedValue>);
}

/** The DuckDB SQL that makes a variant of a value of another type. */
export function asVariant(type: string, value: string): string {
  switch (type) {
    case 'BIGINT[]':
    case 'DOUBLE[]':
      return (
        `case when ${value} is null then null else '[' || ` +
        `array_to_string(list_transform(${value}, lambda e: coalesce(cast(e as varchar), 'null')), ',') || ']' end`
      );
    case 'VARCHAR':
    case 'ARRAY<VARCHAR>':
      return `cast(to_json(${value}) as varchar)`;
    default:
      return `cast(${value} as varchar)`;
  }
}
