/** The reader of an input format. */
import { HeadgateError } from '../domain/errors.ts';
import type { InputFormat, PayloadFormat } from '../domain/spec/input-format.ts';
import type { InputReader, InputRecord, ReadRecord, ValueReader } from './input-reader.ts';
import { createDelimitedReader } from './delimited-reader.ts';
import { createJsonReader } from './json-reader.ts';
import { createKafkaRecordReader } from './kafka-record-reader.ts';
import { createLinesReader } from './lines-reader.ts';
import { createRegexReader } from './regex-reader.ts';

/** Throws `CompileProblem`. */
export function openReader(format: InputFormat): InputReader {
  if (format.type === 'kafka') return createKafkaRecordReader(format, openValueReader);
  return new WholeValue(openValueReader(format));
}

export function openValueReader(format: PayloadFormat): ValueReader {
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
    default:
      throw notYet(format.type);
  }
}

function notYet(type: string): HeadgateError {
  return new HeadgateError('NOT_SUPPORTED', `ioConfig.inputFormat: ${type} is not supported yet`);
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
