/**
 * DuckDB's values as Druid prints them: whole numbers as bare digits whatever their size, times in ISO form with
 * milliseconds in UTC, lists and structs as JSON text in a string (Druid's `sqlStringifyArrays`).
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
  DuckDBTypeId,
} from '@duckdb/node-api';
import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';

const dayMs = 86_400_000;

/** A cell as JSON text. */
export function jsonText(value: DuckDBValue): string {
  const nested = nestedText(value);
  return nested === null ? scalarJson(value) : JSON.stringify(nested);
}

/** A cell as plain text, for csv; null is empty. */
export function plainText(value: DuckDBValue): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  const text = nestedText(value) ?? scalarJson(value);
  return text.startsWith('"') ? (JSON.parse(text) as string) : text;
}

/** JSON text of a list, array, struct or map; null for anything else. */
function nestedText(value: DuckDBValue): string | null {
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue)
    return `[${value.items.map(inner).join(',')}]`;
  if (value instanceof DuckDBStructValue)
    return `{${Object.entries(value.entries)
      .map(([key, item]) => `${JSON.stringify(key)}:${inner(item)}`)
      .join(',')}}`;
  if (value instanceof DuckDBMapValue)
    return `{${value.entries.map(({ key, value: item }) => `${JSON.stringify(plainText(key))}:${inner(item)}`).join(',')}}`;
  return null;
}

function inner(value: DuckDBValue): string {
  return nestedText(value) ?? scalarJson(value);
}

function scalarJson(value: DuckDBValue): string {
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
  const ms = timeMs(value);
  if (ms !== null) return JSON.stringify(iso(ms) ?? String(value));
  if (value instanceof DuckDBBlobValue) return JSON.stringify(Buffer.from(value.bytes).toString('base64'));
  return JSON.stringify(String(value));
}

/** Milliseconds since the epoch, rounded down, of whatever DuckDB calls a time stamp or a date. */
function timeMs(value: DuckDBValue): number | null {
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue)
    return floorDivide(value.micros, 1000n);
  if (value instanceof DuckDBTimestampMillisecondsValue) return Number(value.millis);
  if (value instanceof DuckDBTimestampSecondsValue) return Number(value.seconds) * 1000;
  if (value instanceof DuckDBTimestampNanosecondsValue) return floorDivide(value.nanos, 1_000_000n);
  if (value instanceof DuckDBDateValue) return value.days * dayMs;
  return null;
}

function floorDivide(value: bigint, by: bigint): number {
  const quotient = value / by;
  return Number(value % by < 0n ? quotient - 1n : quotient);
}

/** Null beyond JavaScript's calendar ("infinity" is such a value). */
function iso(ms: number): string | null {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

/** Druid's two names of a column type: the native one (typesHeader) and SQL's (sqlTypesHeader). */
export function druidTypes(type: DuckDBType): { native: string; sql: string } {
  switch (type.typeId) {
    case DuckDBTypeId.BOOLEAN:
      return { native: 'LONG', sql: 'BOOLEAN' };
    case DuckDBTypeId.TINYINT:
    case DuckDBTypeId.SMALLINT:
    case DuckDBTypeId.INTEGER:
    case DuckDBTypeId.UTINYINT:
    case DuckDBTypeId.USMALLINT:
      return { native: 'LONG', sql: 'INTEGER' };
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.HUGEINT:
    case DuckDBTypeId.UINTEGER:
    case DuckDBTypeId.UBIGINT:
    case DuckDBTypeId.UHUGEINT:
      return { native: 'LONG', sql: 'BIGINT' };
    case DuckDBTypeId.FLOAT:
      return { native: 'FLOAT', sql: 'FLOAT' };
    case DuckDBTypeId.DOUBLE:
      return { native: 'DOUBLE', sql: 'DOUBLE' };
    case DuckDBTypeId.DECIMAL:
      return { native: 'DOUBLE', sql: 'DECIMAL' };
    case DuckDBTypeId.DATE:
      return { native: 'LONG', sql: 'DATE' };
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_S:
    case DuckDBTypeId.TIMESTAMP_MS:
    case DuckDBTypeId.TIMESTAMP_NS:
    case DuckDBTypeId.TIMESTAMP_TZ:
      return { native: 'LONG', sql: 'TIMESTAMP' };
    case DuckDBTypeId.LIST:
    case DuckDBTypeId.ARRAY:
      return { native: `ARRAY<${druidTypes(type.valueType).native}>`, sql: 'ARRAY' };
    default:
      return { native: 'STRING', sql: 'VARCHAR' };
  }
}
