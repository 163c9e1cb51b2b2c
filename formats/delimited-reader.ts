/**
 * csv and tsv records: header lines and columns are those of each record by itself, as in Druid's streaming tasks.
 *
 * csv knows quotes (csv-line.ts), tsv knows none and may have any delimiter. Columns beyond the named ones are dropped, missing
 * ones are null. A header that names a column twice makes the record unparseable.
 */
import type { DelimitedFormat } from '../domain/spec/input-format.ts';
import { csvFields } from './csv-line.ts';
import { unreadable, type ReadRecord, type ValueReader } from './input-reader.ts';
import type { JsonObject } from './json-text.ts';
import { linesOf } from './text-lines.ts';
import { defaultColumn, rowOf, textValue, type TextValue } from './text-values.ts';

/** As many as a spec may list. */
const maxColumns = 10_000;

type Fields = (line: string, limit: number) => (string | null)[];

/** Throws `CompileProblem`. */
export function createDelimitedReader(format: DelimitedFormat): ValueReader {
  const fields: Fields =
    format.type === 'csv' ? csvFields : (line, limit) => tsvFields(line, format.delimiter, limit);
  const value = textValue(format);
  return { read: (bytes) => read(format, fields, value, bytes), rowsStandAlone: true, prepare: null };
}

function tsvFields(line: string, delimiter: string, limit: number): (string | null)[] {
  return line.split(delimiter, limit).map((field) => (field === '' ? null : field));
}

function read(format: DelimitedFormat, fields: Fields, value: TextValue, bytes: Uint8Array): ReadRecord {
  const found = linesOf(bytes);
  if ('problem' in found) return unreadable(found.problem);
  let first = format.skipHeaderRows;
  let names: readonly string[] = format.columns ?? [];
  if (format.findColumnsFromHeader) {
    const header = found.lines[first];
    if (header === undefined) return { rows: [], problems: [] };
    const columns = headerColumns(fields(header, maxColumns + 1));
    if (typeof columns === 'string') return unreadable(columns);
    names = columns;
    first += 1;
  }
  const rows: JsonObject[] = [];
  for (let at = first; at < found.lines.length; at++)
    rows.push(rowOf(names, fields(found.lines[at] ?? '', names.length), value));
  return { rows, problems: [] };
}

/** A text: what is wrong with the header. */
function headerColumns(fields: readonly (string | null)[]): readonly string[] | string {
  if (fields.length > maxColumns) return `header line has more than ${maxColumns} columns`;
  const names = fields.map((field, index) => (field === null || field === '' ? defaultColumn(index) : field));
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) return `header line names column [${name.slice(0, 64)}] twice`;
    seen.add(name);
  }
  return names;
}
