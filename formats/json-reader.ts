/**
 * JSON records, read in one of Druid's three ways.
 *
 * Usually a record is taken whole or not at all: text that is not JSON, anything but objects, or one row without a time,
 * makes the whole record unparseable. With `useJsonNodeReader` each value stands alone, and what comes before broken text is
 * kept. With `assumeNewlineDelimited` each line stands alone and what follows its first value is not looked at; only then do
 * the switches of `featureSpec` count, as in Druid.
 */
import type { JsonFormat } from '../domain/spec/input-format.ts';
import { FlattenFailure } from './flatten/flatten-failure.ts';
import { FlattenedRow, flattenerOf } from './flatten/flattener.ts';
import { maxRecordBytes, unreadable, type ReadRecord, type ValueReader } from './input-reader.ts';
import { JsonTextError, parseJsonObjects, type JsonObject, type JsonValue } from './json-text.ts';
import { jsonFeatures, type JsonFeatures } from './json/features.ts';
import { byteLines } from './json/lines.ts';
import { JsonScanner } from './json/scanner.ts';
import { maxLines } from './text-lines.ts';

type Decoder = InstanceType<typeof TextDecoder>;
type ToRow = (object: JsonObject) => JsonObject;

/** Throws `CompileProblem`. */
export function createJsonReader(format: JsonFormat): ValueReader {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const toRow = rowOf(format);
  if (format.assumeNewlineDelimited) {
    const features = jsonFeatures(format.features);
    return reader('rowsStandAlone', (value) => readLines(decoder, features, toRow, value));
  }
  return format.useJsonNodeReader
    ? reader('rowsStandAlone', (value) => readText(decoder, value, (text) => readValues(text, toRow)))
    : reader('wholeRecord', (value) => readText(decoder, value, (text) => readObjects(text, toRow)));
}

function reader(
  unit: 'rowsStandAlone' | 'wholeRecord',
  read: (value: Uint8Array) => ReadRecord,
): ValueReader {
  return {
    read: (value) =>
      value.byteLength > maxRecordBytes
        ? unreadable(`record has ${value.byteLength} bytes; at most ${maxRecordBytes} are read`)
        : read(value),
    rowsStandAlone: unit === 'rowsStandAlone',
    prepare: null,
  };
}

/** Null: a row is the object as it is. */
function rowOf({ flatten, keepNullColumns }: JsonFormat): ToRow | null {
  const flattened = flattenerOf(flatten);
  if (!keepNullColumns) return flattened;
  return (object) => FlattenedRow.keepingNulls(flattened?.(object) ?? object);
}

function readText(decoder: Decoder, value: Uint8Array, read: (text: string) => ReadRecord): ReadRecord {
  const text = decode(decoder, value);
  return text === null ? unreadable('record is not UTF-8') : read(text);
}

function decode(decoder: Decoder, value: Uint8Array): string | null {
  try {
    return decoder.decode(value);
  } catch {
    return null;
  }
}

/** All or nothing. */
function readObjects(text: string, toRow: ToRow | null): ReadRecord {
  const rows = attempt(() => {
    const objects = parseJsonObjects(text);
    return toRow === null ? objects : objects.map(toRow);
  });
  if (typeof rows === 'string') return unreadable(rows);
  return rows.length === 0 ? unreadable('record is blank; expected JSON objects') : { rows, problems: [] };
}

/** Broken text ends the record; a value that is no object is one problem. */
function readValues(text: string, toRow: ToRow | null): ReadRecord {
  const scanner = new JsonScanner().start(text);
  const rows: JsonObject[] = [];
  const problems: string[] = [];
  while (!scanner.atEnd()) {
    const value = attempt(() => ({ value: scanner.value() }));
    if (typeof value === 'string') {
      problems.push(value);
      break;
    }
    if (problems.length === maxLines) return unreadable(`record has more than ${maxLines} broken values`);
    keep(value.value, toRow, { rows, problems, place: '' });
  }
  if (rows.length === 0 && problems.length === 0) return unreadable('record is blank; expected JSON objects');
  return { rows, problems };
}

function readLines(
  decoder: Decoder,
  features: JsonFeatures,
  toRow: ToRow | null,
  value: Uint8Array,
): ReadRecord {
  const lines = byteLines(value);
  if (lines === null) return unreadable(`record has more than ${maxLines} lines`);
  const scanner = new JsonScanner(features);
  const rows: JsonObject[] = [];
  const problems: string[] = [];
  lines.forEach((line, at) => {
    const place = `line ${at + 1}: `;
    const text = decode(decoder, line);
    const found = text === null ? 'not UTF-8' : attempt(() => ({ value: scanner.start(text).value() }));
    if (typeof found === 'string') problems.push(place + found);
    else keep(found.value, toRow, { rows, problems, place });
  });
  return { rows, problems };
}

/** Null is a row without fields, as for Druid. */
function keep(
  value: JsonValue,
  toRow: ToRow | null,
  { rows, problems, place }: { rows: JsonObject[]; problems: string[]; place: string },
): void {
  const object: JsonObject | null = value === null ? new Map() : value instanceof Map ? value : null;
  if (object === null) {
    problems.push(`${place}expected a JSON object; found another value`);
    return;
  }
  const row = attempt(() => (toRow === null ? object : toRow(object)));
  if (typeof row === 'string') problems.push(place + row);
  else rows.push(row);
}

/** A text: why the record, or this part of it, cannot be read. */
function attempt<T extends object>(read: () => T): T | string {
  try {
    return read();
  } catch (error) {
    if (error instanceof JsonTextError || error instanceof FlattenFailure) return error.message;
    throw error;
  }
}
