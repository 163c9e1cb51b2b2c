/**
 * The format `kafka`: fields of the value, and below them headers, the key, and the record's time and topic.
 *
 * On a clash of names the value's field counts unless it is null, then a header, then the key and the rest. Of the key only the
 * first field of the first row is taken; a key that cannot be read spoils the record. A record without value gives nothing, as
 * in Druid's tasks (golden vectors, area kafka). Rows stand alone: each has its own time.
 */
import type { KafkaFormat } from '../domain/spec/input-format.ts';
import { CompileProblem } from './compile-problem.ts';
import { FlattenedRow } from './flatten/flattener.ts';
import {
  unreadable,
  type InputReader,
  type InputRecord,
  type ReadRecord,
  type ValueReader,
} from './input-reader.ts';
import { textOf } from './java-charsets.ts';
import type { JsonObject, JsonValue } from './json-text.ts';

/** Enough for any tracing; a record of a million empty headers must not become a million columns. */
const maxHeaders = 10_000;

export type OpenValueReader = (format: KafkaFormat['valueFormat']) => ValueReader;

/** Throws `CompileProblem`. */
export function createKafkaRecordReader(format: KafkaFormat, open: OpenValueReader): InputReader {
  const value = within('valueFormat', () => open(format.valueFormat));
  const { keyFormat } = format;
  const key = keyFormat === null ? null : within('keyFormat', () => open(keyFormat));
  return {
    read: (record) => read(format, value, key, record),
    rowsStandAlone: true,
    prepare: value.prepare === null && (key?.prepare ?? null) === null ? null : preparing(value, key),
  };
}

function within<T>(part: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof CompileProblem)) throw error;
    const { expected, remedy } = error;
    const at = error.at === '' ? part : `${part}${/^[.[]/.test(error.at) ? '' : '.'}${error.at}`;
    throw new CompileProblem(expected, {
      at,
      ...(remedy === undefined ? {} : { remedy }),
      ...(error.found === undefined ? {} : { found: error.found }),
    });
  }
}

function preparing(value: ValueReader, key: ValueReader | null): InputReader['prepare'] {
  return (record) => {
    // A record without value is not read at all.
    if (record.value === null) return null;
    const waits = [
      value.prepare?.(record.value) ?? null,
      record.key === null ? null : (key?.prepare?.(record.key) ?? null),
    ].filter((wait) => wait !== null);
    return waits.length === 0 ? null : Promise.all(waits).then(() => undefined);
  };
}

function read(
  format: KafkaFormat,
  valueReader: ValueReader,
  keyReader: ValueReader | null,
  record: InputRecord,
): ReadRecord {
  if (record.value === null) return { rows: [], problems: [] };
  if (record.headers.length > maxHeaders)
    return unreadable(`record has ${record.headers.length} headers; at most ${maxHeaders} are read`);
  const around = headersAndMetadata(format, record);
  if (keyReader !== null && record.key !== null) {
    const key = firstField(keyReader.read(record.key));
    if (typeof key === 'string') return unreadable(`key: ${key}`);
    if (key !== null) putIfAbsent(around, format.keyColumnName, key.value);
  }
  const { rows, problems } = valueReader.read(record.value);
  if (rows.length > 1 && !valueReader.rowsStandAlone)
    return unreadable(
      `value holds ${rows.length} objects; the format kafka takes one, or with assumeNewlineDelimited one per line`,
    );
  return { rows: rows.map((row) => blended(row, around)), problems };
}

function headersAndMetadata(format: KafkaFormat, record: InputRecord): Map<string, JsonValue> {
  const around = new Map<string, JsonValue>();
  const { headerEncoding } = format;
  if (headerEncoding !== null)
    for (const { key, value } of record.headers)
      around.set(`${format.headerColumnPrefix}${key}`, value === null ? null : textOf[headerEncoding](value));
  putIfAbsent(around, format.timestampColumnName, record.timestampMs);
  putIfAbsent(around, format.topicColumnName, record.topic);
  return around;
}

/** A header without value hides nothing. */
function putIfAbsent(around: Map<string, JsonValue>, name: string, value: JsonValue): void {
  if ((around.get(name) ?? null) === null) around.set(name, value);
}

/** Null: the key holds no row. A text: why it cannot be read. */
function firstField({ rows, problems }: ReadRecord): { readonly value: JsonValue } | string | null {
  const [row] = rows;
  if (row === undefined) return problems[0] ?? null;
  const [value] = row.values();
  return value === undefined ? 'it has no field' : { value };
}

/** Whatever stands around the value may be discovered by its name, and what the value lets be discovered. */
function blended(row: JsonObject, around: JsonObject): JsonObject {
  const fields = new Map(around);
  for (const [name, value] of row) if (value !== null || !fields.has(name)) fields.set(name, value);
  return FlattenedRow.blended(fields, row, around.keys());
}
