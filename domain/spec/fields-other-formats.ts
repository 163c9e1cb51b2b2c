/** The fields of the formats besides json in the field table (fields.ts). */
import type { SpecField } from './fields.ts';

/** Fields of input formats that come later; in a json format they are a mistake. */
export const otherFormatFields: readonly SpecField[] = (
  [
    ['columns', 'csv, tsv, regex', 'Names of the columns.'],
    ['findColumnsFromHeader', 'csv, tsv', 'Names come from a header line.'],
    ['skipHeaderRows', 'csv, tsv', 'Lines left out.'],
    ['listDelimiter', 'csv, tsv, regex', 'Separates the values of one column.'],
    ['delimiter', 'tsv', 'Separates columns.'],
    ['tryParseNumbers', 'csv, tsv', 'Numbers are read as numbers.'],
    ['pattern', 'regex', 'The expression whose groups are the columns.'],
    ['valueFormat', 'kafka', 'The format of the value.'],
    ['keyFormat', 'kafka', 'The format of the key.'],
    ['headerFormat', 'kafka', 'How headers are read.'],
    ['headerColumnPrefix', 'kafka', 'Prefix of columns made of headers.'],
    ['keyColumnName', 'kafka', 'The column of the key.'],
    ['timestampColumnName', 'kafka', "The column of the record's time."],
    ['topicColumnName', 'kafka', 'The column of the topic.'],
    ['partitionColumnName', 'kafka', 'The column of the partition.'],
    ['offsetColumnName', 'kafka', 'The column of the offset.'],
    ['avroBytesDecoder', 'avro_stream', 'Where the schema comes from.'],
    ['protoBytesDecoder', 'protobuf', 'Where the descriptor comes from.'],
  ] as const
).map(([key, formats, meaning]): SpecField => ({
  path: `ioConfig.inputFormat.${key}`,
  class: 'later',
  meaning: `Of ${formats}: ${meaning}`,
  why: `it goes with the input format ${formats.replaceAll(', ', ' or ')}`,
}));
