/** The `ioConfig.inputFormat` rows of the field table (fields.ts): how a record is read. */
import type { SpecField } from './fields.ts';

const jsonFields: readonly SpecField[] = [
  {
    path: 'ioConfig.inputFormat',
    class: 'works',
    required: true,
    open: true,
    meaning: 'How a record is read.',
  },
  {
    path: 'ioConfig.inputFormat.type',
    class: 'works',
    required: true,
    meaning:
      'json. Not supported yet: csv, tsv, lines, regex, avro_stream, protobuf and the wrapper kafka. Refused: thrift, javascript.',
  },
  {
    path: 'ioConfig.inputFormat.flattenSpec',
    class: 'later',
    meaning: 'Fields taken from nested objects.',
    neutral: [{ useFieldDiscovery: true }, { useFieldDiscovery: true, fields: [] }, { fields: [] }],
    why: 'only fields of the outermost object are read',
  },
  {
    path: 'ioConfig.inputFormat.featureSpec',
    class: 'later',
    default: {},
    meaning: "Switches of Druid's JSON reader.",
    why: 'records are read as strict JSON',
  },
  {
    path: 'ioConfig.inputFormat.assumeNewlineDelimited',
    class: 'later',
    default: false,
    meaning: 'Each line of a record stands alone: a broken one does not spoil the others.',
    why: 'several objects in one record are read, but a broken one makes the whole record unparseable',
  },
  {
    path: 'ioConfig.inputFormat.useJsonNodeReader',
    class: 'later',
    default: false,
    meaning: 'Objects before a broken one in the same record are kept.',
    why: 'a broken object makes the whole record unparseable',
  },
  {
    path: 'ioConfig.inputFormat.keepNullColumns',
    class: 'later',
    default: false,
    meaning: 'Fields that are always null are discovered too.',
    why: 'a discovered column has at least one value',
  },
];

/** Fields of input formats that come later; in a json format they are a mistake. */
const otherFormatFields: readonly SpecField[] = (
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

export const inputFormatFields: readonly SpecField[] = [...jsonFields, ...otherFormatFields];
