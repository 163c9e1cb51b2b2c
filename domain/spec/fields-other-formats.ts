/** The fields of the formats besides json in the field table (fields.ts), and which formats have them. */
import type { SpecField } from './fields.ts';

type FormatField = Omit<SpecField, 'path' | 'meaning'> & {
  readonly name: string;
  readonly formats: readonly string[];
  readonly meaning: string;
};

const delimited = ['csv', 'tsv'];

const fields: readonly FormatField[] = [
  {
    name: 'columns',
    formats: [...delimited, 'regex'],
    class: 'works',
    meaning: 'Names of the columns, in order. Columns beyond them are dropped, missing ones are null.',
  },
  {
    name: 'findColumnsFromHeader',
    formats: delimited,
    class: 'works',
    default: false,
    meaning: 'Names come from the first line of each record, and count more than columns.',
  },
  {
    name: 'hasHeaderRow',
    formats: delimited,
    class: 'works',
    meaning: 'An older name for findColumnsFromHeader; ignored where columns are listed.',
  },
  {
    name: 'skipHeaderRows',
    formats: delimited,
    class: 'works',
    default: 0,
    meaning: 'So many lines at the beginning of each record are left out.',
  },
  {
    name: 'listDelimiter',
    formats: [...delimited, 'regex'],
    class: 'works',
    default: '\u0001',
    meaning: 'Separates the values of one column.',
  },
  {
    name: 'delimiter',
    formats: ['tsv'],
    class: 'works',
    default: '\t',
    meaning: 'Separates columns; any text.',
  },
  {
    name: 'tryParseNumbers',
    formats: delimited,
    class: 'works',
    default: false,
    meaning: 'Columns that look like numbers are numbers.',
  },
  {
    name: 'pattern',
    formats: ['regex'],
    class: 'works',
    required: true,
    meaning:
      'A regular expression that a whole line must match; its groups are the columns. Runs in linear time (RE2).',
  },
  {
    name: 'valueFormat',
    formats: ['kafka'],
    class: 'works',
    required: true,
    open: true,
    meaning: 'The format of the value; any but kafka.',
  },
  {
    name: 'keyFormat',
    formats: ['kafka'],
    class: 'works',
    open: true,
    meaning: 'The format of the key, of which the first field of the first row is taken.',
  },
  {
    name: 'headerFormat',
    formats: ['kafka'],
    class: 'works',
    open: true,
    meaning:
      'How headers are read: {"type": "string", "encoding": "UTF-8"}. Without it headers make no columns.',
  },
  {
    name: 'headerColumnPrefix',
    formats: ['kafka'],
    class: 'works',
    default: 'kafka.header.',
    meaning: 'Stands before the name of a header.',
  },
  {
    name: 'keyColumnName',
    formats: ['kafka'],
    class: 'works',
    default: 'kafka.key',
    meaning: 'The column of the key.',
  },
  {
    name: 'timestampColumnName',
    formats: ['kafka'],
    class: 'works',
    default: 'kafka.timestamp',
    meaning: "The column of the record's time.",
  },
  {
    name: 'topicColumnName',
    formats: ['kafka'],
    class: 'works',
    default: 'kafka.topic',
    meaning: 'The column of the topic.',
  },
  ...(
    [
      ['partitionColumnName', 'kafka.partition', 'The column of the partition.'],
      ['offsetColumnName', 'kafka.offset', 'The column of the offset.'],
    ] as const
  ).map(([name, standard, meaning]): FormatField => ({
    name,
    formats: ['kafka'],
    class: 'noEffect',
    default: standard,
    meaning,
    why: 'there is no such column, as in Druid 33; only newer versions have it',
  })),
  {
    name: 'avroBytesDecoder',
    formats: ['avro_stream'],
    class: 'works',
    required: true,
    open: true,
    meaning: 'Where the schema comes from: schema_inline, multiple_schemas_inline or schema_registry.',
  },
  {
    name: 'binaryAsString',
    formats: ['avro_stream'],
    class: 'works',
    default: false,
    meaning: 'bytes and fixed are UTF-8 texts, not base64.',
  },
  {
    name: 'extractUnionsByType',
    formats: ['avro_stream'],
    class: 'works',
    default: false,
    meaning: 'A path names the type it wants of a field with several types: $.value.int.',
  },
  {
    name: 'protoBytesDecoder',
    formats: ['protobuf'],
    class: 'works',
    required: true,
    open: true,
    meaning: 'Where the descriptor comes from: inline or schema_registry.',
  },
];

export const otherFormatFields: readonly SpecField[] = fields.map(({ name, formats, meaning, ...field }) => ({
  path: `ioConfig.inputFormat.${name}`,
  ...field,
  meaning: `Of ${formats.join(', ')}: ${meaning}`,
}));

export const otherFormatNames: ReadonlyMap<string, readonly string[]> = new Map(
  fields.map(({ name, formats }) => [name, formats]),
);
