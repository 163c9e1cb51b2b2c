/**
 * Records to rows, the plain path: short, complete, and the oracle for every faster one (design.md 7).
 *
 * Input format, timestamp, transforms, filter, columns, in this order (druid.md 1.2). One row whose timestamp cannot be read
 * makes its whole record unparseable, as in a Druid task. A single column that cannot be converted only makes its value null
 * (processedWithError). Nothing a record holds can throw out of here.
 */
import type { ParsedRow } from '../domain/rows.ts';
import type { InputFormat } from '../domain/spec/input-format.ts';
import type { DataSchema } from '../domain/spec/spec.ts';
import type { InputReader, InputRecord } from './input-reader.ts';
import type { JsonObject } from './json-text.ts';
import { noPorts, openReader, type ReaderPorts } from './open-reader.ts';
import { RowMaker, Unparseable } from './row-maker.ts';

export type ParsedRecord = {
  readonly rows: readonly ParsedRow[];
  /** For each of `rows` what it was made from. */
  readonly sources: readonly JsonObject[];
  /** One for each parse exception. */
  readonly unparseable: readonly Unparsed[];
  /** Rows that the filter drops. */
  readonly filtered: number;
  /** Nothing in it, and nothing wrong: a tombstone, a header line. Thrown away with reason `null`. */
  readonly empty: boolean;
};

/** `fields`: the row as it was read; null when the record could not be read at all. */
export type Unparsed = { readonly message: string; readonly fields: JsonObject | null };

export type RecordParser = {
  readonly parse: (record: InputRecord) => ParsedRecord;
  /** As `InputReader.prepare`. */
  readonly prepare: InputReader['prepare'];
};

/**
 * `presentYear`: where a time has a year of two digits, it is near it. Throws `CompileProblem`, which a checked spec
 * (check-spec.ts) never gives.
 */
export function createRecordParser(
  schema: DataSchema,
  inputFormat: InputFormat,
  presentYear: number,
  ports: ReaderPorts = noPorts,
): RecordParser {
  const reader = openReader(inputFormat, ports);
  const maker = new RowMaker(schema, presentYear);
  return { parse: (record) => parse(reader, maker, record), prepare: reader.prepare };
}

function parse(reader: InputReader, maker: RowMaker, record: InputRecord): ParsedRecord {
  const { rows: found, problems } = reader.read(record);
  const rows: ParsedRow[] = [];
  const sources: JsonObject[] = [];
  const unparseable = problems.map((message): Unparsed => ({ message, fields: null }));
  let filtered = 0;
  for (const fields of found) {
    const row = made(maker, fields);
    if (row === null) filtered += 1;
    else if (typeof row !== 'string') {
      rows.push(row);
      sources.push(fields);
    } else {
      unparseable.push({ message: row, fields });
      if (!reader.rowsStandAlone) return { rows: [], sources: [], unparseable, filtered: 0, empty: false };
    }
  }
  return { rows, sources, unparseable, filtered, empty: found.length === 0 && problems.length === 0 };
}

/** Null: dropped by the filter. A text: why there is no row. */
function made(maker: RowMaker, fields: JsonObject): ParsedRow | string | null {
  try {
    return maker.make(fields);
  } catch (error) {
    if (error instanceof Unparseable) return error.message;
    throw error;
  }
}
