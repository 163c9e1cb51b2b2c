/**
 * What ingestion would make of some records, for people: each row beside what it was made from, and each thing that could not
 * be read. The same parser and the same index as in a task.
 */
import type { ParsedRow } from '../../domain/rows.ts';
import type { DataSchema } from '../../domain/spec/spec.ts';
import type { InputRecord } from '../../formats/input-reader.ts';
import type { JsonObject } from '../../formats/json-text.ts';
import type { RecordParser } from '../../formats/record-parser.ts';
import { RowIndex } from '../../segments/row-index.ts';
import type { StoredRow } from '../../segments/stored-row.ts';
import { SampleColumns, type SampledDimension } from './sample-columns.ts';
import { jsonOf, type JsonText } from './sample-json.ts';

type Entry = {
  readonly input: JsonText | null;
  readonly row: StoredRow | null;
  readonly error: string | null;
};

export class Sample {
  readonly #schema: DataSchema;
  readonly #parser: RecordParser;
  readonly #index: RowIndex;
  readonly #entries: Entry[] = [];
  #read = 0;
  #indexed = 0;

  constructor(schema: DataSchema, parser: RecordParser) {
    // One segment for all: rows keep the time that queryGranularity gives, as in Druid's sampler.
    this.#schema = { ...schema, segmentGranularity: { kind: 'all' } };
    this.#parser = parser;
    this.#index = new RowIndex(this.#schema);
  }

  /** Rows and unreadable things so far. */
  get rowsRead(): number {
    return this.#read;
  }

  async add(record: InputRecord): Promise<void> {
    await this.#parser.prepare?.(record);
    const { rows, sources, unparseable, filtered } = this.#parser.parse(record);
    this.#read += rows.length + unparseable.length + filtered;
    rows.forEach((row, at) => this.#addRow(row, sources[at] ?? new Map()));
    for (const { message, fields } of unparseable)
      this.#entries.push({ input: fields === null ? null : jsonOf(fields), row: null, error: message });
  }

  #addRow(row: ParsedRow, source: JsonObject): void {
    this.#indexed += 1;
    const before = this.#index.rows;
    this.#index.add(row);
    const stored = this.#index.rows > before ? (this.#index.stored().at(-1) ?? null) : null;
    const error = row.problems.length === 0 ? null : row.problems.join('; ');
    // A row that joined an earlier one is shown there.
    if (stored !== null || error !== null) this.#entries.push({ input: jsonOf(source), row: stored, error });
  }

  /** Druid's answer, as JSON text. `maxBytes`: entries beyond it are left out. */
  answer(maxBytes: number | null): string {
    const columns = new SampleColumns(this.#schema, this.#index);
    const data: JsonText[] = [];
    let bytes = 0;
    for (const entry of this.#entries) {
      const text = this.#entryText(entry, columns);
      bytes += text.length;
      if (maxBytes !== null && data.length > 0 && bytes > maxBytes) break;
      data.push(text);
    }
    const isWhole = data.length === this.#entries.length;
    return (
      `{"numRowsRead":${isWhole ? this.#read : data.length},"numRowsIndexed":${isWhole ? this.#indexed : data.length},` +
      `"logicalDimensions":${JSON.stringify(columns.logical.map(dimensionAnswer))},` +
      `"physicalDimensions":${JSON.stringify(columns.physical.map(dimensionAnswer))},` +
      `"logicalSegmentSchema":${JSON.stringify(columns.schema)},"data":[${data.join(',')}]}`
    );
  }

  #entryText({ input, row, error }: Entry, columns: SampleColumns): JsonText {
    const parts: string[] = [];
    if (input !== null) parts.push(`"input":${input}`);
    if (row !== null) parts.push(`"parsed":${columns.rowText(row)}`);
    if (error !== null) parts.push(`"unparseable":true,"error":${JSON.stringify(error)}`);
    return `{${parts.join(',')}}`;
  }
}

function dimensionAnswer({ name, type, multiValueHandling }: SampledDimension): object {
  return {
    type,
    name,
    multiValueHandling: multiValueHandling.toUpperCase(),
    createBitmapIndex: type === 'string' || type === 'auto' || type === 'json',
  };
}
