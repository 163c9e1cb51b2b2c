/**
 * From rows and JSON answers of Postgres to domain types, checked once at this edge.
 *
 * A wrong shape is a bug of ours (schema and code disagree), hence a plain assertion naming the column.
 */
import { assert } from '../domain/assert.ts';
import type { IngestCounters } from '../domain/counters.ts';
import { type Position, type Positions, toPosition } from '../domain/positions.ts';

export type Row = Readonly<Record<string, unknown>>;

export function rowOf(value: unknown): Row {
  assert(isRow(value), `expected an object from postgres, found ${JSON.stringify(value)}`);
  return value;
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function rowsOf(value: unknown): readonly Row[] {
  return listOf(value).map(rowOf);
}

function listOf(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  assert(Array.isArray(value), `expected a list from postgres, found ${JSON.stringify(value)}`);
  return value;
}

export function textsOf(value: unknown): readonly string[] {
  return listOf(value).map((item) => {
    assert(typeof item === 'string', `expected texts from postgres, found ${JSON.stringify(item)}`);
    return item;
  });
}

export function textOf(row: Row, key: string): string {
  const value = row[key];
  assert(typeof value === 'string', `column ${key}: expected a text, found ${JSON.stringify(value)}`);
  return value;
}

export function textOrNull(row: Row, key: string): string | null {
  return row[key] === null || row[key] === undefined ? null : textOf(row, key);
}

/** int8 comes as a text; only numbers that are exact in JavaScript are read this way. */
export function numberOf(row: Row, key: string): number {
  const value = Number(row[key]);
  assert(
    row[key] !== null && Number.isSafeInteger(value),
    `column ${key}: expected a number, found ${JSON.stringify(row[key])}`,
  );
  return value;
}

export function numberOrNull(row: Row, key: string): number | null {
  return row[key] === null || row[key] === undefined ? null : numberOf(row, key);
}

export function booleanOf(row: Row, key: string): boolean {
  const value = row[key];
  assert(typeof value === 'boolean', `column ${key}: expected true or false, found ${JSON.stringify(value)}`);
  return value;
}

/** One of a closed list of words, as the check constraint of its column has it. */
export function wordOf<const Word extends string>(row: Row, key: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === row[key]);
  assert(
    found !== undefined,
    `column ${key}: expected one of ${words.join(', ')}, found ${JSON.stringify(row[key])}`,
  );
  return found;
}

export function positionOrNull(row: Row, key: string): Position | null {
  const text = textOrNull(row, key);
  return text === null ? null : toPosition(text);
}

export function positionsOf(value: unknown): Positions {
  return Object.fromEntries(
    Object.keys(rowOf(value)).map((partition) => [partition, toPosition(textOf(rowOf(value), partition))]),
  );
}

export function positionsOrNull(value: unknown): Positions | null {
  return value === null || value === undefined ? null : positionsOf(value);
}

export function countersOf(value: unknown): IngestCounters {
  const row = rowOf(value);
  const reasons = rowOf(row['thrownAwayByReason']);
  return {
    records: numberOf(row, 'records'),
    processedBytes: numberOf(row, 'processedBytes'),
    processed: numberOf(row, 'processed'),
    processedWithError: numberOf(row, 'processedWithError'),
    unparseable: numberOf(row, 'unparseable'),
    thrownAway: numberOf(row, 'thrownAway'),
    thrownAwayByReason: {
      null: numberOf(reasons, 'null'),
      beforeMinimumMessageTime: numberOf(reasons, 'beforeMinimumMessageTime'),
      afterMaximumMessageTime: numberOf(reasons, 'afterMaximumMessageTime'),
      filtered: numberOf(reasons, 'filtered'),
    },
  };
}
