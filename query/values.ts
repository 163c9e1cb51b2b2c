/**
 * DuckDB's values as Druid prints them: whole numbers as bare digits whatever their size, times in ISO form with
 * milliseconds in the zone of the query, lists and structs as JSON text in a string (Druid's `sqlStringifyArrays`), a
 * multi-value as its only value or a JSON array of several.
 */
import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
} from '@duckdb/node-api';
import type { DuckDBValue } from '@duckdb/node-api';
import { doubleText, floatText } from '../domain/double-text.ts';
import { isMulti } from './sql/typed-sql.ts';
import type { SqlType } from './sql/typed-sql.ts';
import { isoInZone, midnightInZone } from './zoned-time.ts';

/** A cell that is text already, to be written without quotes. */
export class Printed {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Cell = DuckDBValue | Printed;

export type ValueStyle = { readonly timeZone: string; readonly stringifyArrays: boolean };

/** A cell as JSON text. */
export function jsonText(value: Cell, style: ValueStyle): string {
  if (value instanceof Printed) return value.text;
  const nested = nestedText(value, style.timeZone);
  if (nested === null) return scalarJson(value, style.timeZone);
  return style.stringifyArrays ? JSON.stringify(nested) : nested;
}

/** A cell as plain text, for csv; null is empty. */
export function plainText(value: Cell, timeZone: string): string {
  if (value instanceof Printed) return value.text;
  if (value === null) return '';
  if (typeof value === 'string') return value;
  const nested = nestedText(value, timeZone);
  if (nested !== null) return nested;
  const text = scalarJson(value, timeZone);
  return text.startsWith('"') ? (JSON.parse(text) as string) : text;
}

/** How values of a column are shown when its type says more than the value does; null: as they are. */
export function shownAs(type: SqlType): ((value: DuckDBValue) => Cell) | null {
  if (isMulti(type)) return multiValue;
  if (type.name === 'DOUBLE' || type.name === 'DECIMAL') return fraction(doubleText);
  return type.name === 'FLOAT' ? fraction(floatText) : null;
}

/** JSON has no word for NaN and infinities; those stay as they are. */
function fraction(textOf: (value: number) => string): (value: DuckDBValue) => Cell {
  return (value) =>
    typeof value === 'number' && Number.isFinite(value) ? new Printed(textOf(value)) : value;
}

/** Nothing, its one value, or several as a list. */
export function multiValue(value: DuckDBValue): DuckDBValue {
  if (!(value instanceof DuckDBListValue)) return value;
  if (value.items.length > 1) return value;
  return value.items[0] ?? null;
}

/** JSON text of a list, array, struct or map; null for anything else. */
function nestedText(value: DuckDBValue, timeZone: string): string | null {
  const inner = (item: DuckDBValue): string => nestedText(item, timeZone) ?? scalarJson(item, timeZone);
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue)
    return `[${value.items.map(inner).join(',')}]`;
  if (value instanceof DuckDBStructValue)
    return `{${Object.entries(value.entries)
      .map(([key, item]) => `${JSON.stringify(key)}:${inner(item)}`)
      .join(',')}}`;
  if (value instanceof DuckDBMapValue)
    return `{${value.entries.map(({ key, value: item }) => `${JSON.stringify(plainText(key, timeZone))}:${inner(item)}`).join(',')}}`;
  return null;
}

function scalarJson(value: DuckDBValue, timeZone: string): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'number':
      // JSON has no word for these; Druid's writer puts them in quotes.
      return Number.isFinite(value) ? JSON.stringify(value) : JSON.stringify(String(value));
    default:
      break;
  }
  if (value === null) return 'null';
  if (value instanceof DuckDBDecimalValue) return value.toString();
  if (value instanceof DuckDBDateValue)
    return JSON.stringify(midnightInZone(value.days, timeZone) ?? String(value));
  const ms = timeMs(value);
  if (ms !== null) return JSON.stringify(isoInZone(ms, timeZone) ?? String(value));
  if (value instanceof DuckDBBlobValue) return JSON.stringify(Buffer.from(value.bytes).toString('base64'));
  return JSON.stringify(String(value));
}

/** Milliseconds since the epoch, rounded down, of whatever DuckDB calls a time stamp. */
function timeMs(value: DuckDBValue): number | null {
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue)
    return floorDivide(value.micros, 1000n);
  if (value instanceof DuckDBTimestampMillisecondsValue) return Number(value.millis);
  if (value instanceof DuckDBTimestampSecondsValue) return Number(value.seconds) * 1000;
  if (value instanceof DuckDBTimestampNanosecondsValue) return floorDivide(value.nanos, 1_000_000n);
  return null;
}

function floorDivide(value: bigint, by: bigint): number {
  const quotient = value / by;
  return Number(value % by < 0n ? quotient - 1n : quotient);
}

/** Druid's two names of a column type: the native one (typesHeader) and SQL's (sqlTypesHeader). */
export function druidTypes(type: SqlType): { native: string; sql: string } {
  switch (type.name) {
    case 'ARRAY':
      return { native: `ARRAY<${druidTypes(type.element).native}>`, sql: 'ARRAY' };
    case 'BOOLEAN':
    case 'INTEGER':
    case 'BIGINT':
    case 'DATE':
    case 'TIMESTAMP':
      return { native: 'LONG', sql: type.name };
    case 'FLOAT':
      return { native: 'FLOAT', sql: 'FLOAT' };
    case 'DOUBLE':
    case 'DECIMAL':
      return { native: 'DOUBLE', sql: type.name };
    case 'SKETCH':
      return { native: `COMPLEX<${type.sketch}>`, sql: 'OTHER' };
    case 'COMPLEX':
      return { native: 'COMPLEX<json>', sql: 'OTHER' };
    case 'NULL':
      return { native: 'STRING', sql: 'NULL' };
    case 'VARCHAR':
    case 'INTERVAL':
      return { native: 'STRING', sql: type.name };
  }
}
