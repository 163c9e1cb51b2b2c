/** The reader of an input format. */
import type { InputFormat, PayloadFormat } from '../domain/spec/input-format.ts';
import { createAvroReader } from './avro/avro-reader.ts';
import type { InputReader, InputRecord, ReadRecord, ValueReader } from './input-reader.ts';
import { createDelimitedReader } from './delimited-reader.ts';
import { createJsonReader } from './json-reader.ts';
import { createKafkaRecordReader } from './kafka-record-reader.ts';
import { createLinesReader } from './lines-reader.ts';
import { createProtobufReader } from './protobuf/protobuf-reader.ts';
import { createRegexReader } from './regex-reader.ts';
import type { ResolveSecrets } from './schema-registry/registry-client.ts';

/** What a reader needs of the process it is in. */
export type ReaderPorts = { readonly resolveSecrets: ResolveSecrets };

/** For processes that ask no registry. */
export const noPorts: ReaderPorts = {
  resolveSecrets: (values) =>
    Object.fromEntries(
      Object.entries(values).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    ),
};

/** Throws `CompileProblem`. */
export function openReader(format: InputFormat, ports: ReaderPorts = noPorts): InputReader {
  if (format.type === 'kafka') return createKafkaRecordReader(format, (part) => openValueReader(part, ports));
  return new WholeValue(openValueReader(format, ports));
}

export function openValueReader(format: PayloadFormat, { resolveSecrets }: ReaderPorts): ValueReader {
  switch (format.type) {
    case 'json':
      return createJsonReader(format);
    case 'csv':
    case 'tsv':
      return createDelimitedReader(format);
    case 'regex':
      return createRegexReader(format);
    case 'lines':
      return createLinesReader();
    case 'avro_stream':
      return createAvroReader(format, resolveSecrets);
    case 'protobuf':
      return createProtobufReader(format, resolveSecrets);
  }
}

const nothing: ReadRecord = { rows: [], problems: [] };

/** A record that is its value: no value, no rows. */
class WholeValue implements InputReader {
  readonly prepare: InputReader['prepare'];
  readonly rowsStandAlone: boolean;
  readonly #reader: ValueReader;

  constructor(reader: ValueReader) {
    this.#reader = reader;
    this.rowsStandAlone = reader.rowsStandAlone;
    const { prepare } = reader;
    this.prepare =
      prepare === null ? null : (record) => (record.value === null ? null : prepare(record.value));
  }

  read({ value }: InputRecord): ReadRecord {
    return value === null ? nothing : this.#reader.read(value);
  }
}
