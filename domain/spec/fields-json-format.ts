/** The fields of a json format in the field table (fields.ts). */
import type { SpecField } from './fields.ts';

export const jsonFields: readonly SpecField[] = [
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
      'json, csv, tsv, lines, regex, avro_stream, protobuf, or kafka around one of them. Refused: thrift, javascript and formats of files.',
  },
  {
    path: 'ioConfig.inputFormat.flattenSpec',
    class: 'works',
    meaning: 'Of json, avro_stream, protobuf: fields taken from nested values (input-formats.md).',
  },
  {
    path: 'ioConfig.inputFormat.flattenSpec.useFieldDiscovery',
    class: 'works',
    default: true,
    meaning: 'False: of the outermost fields none becomes a dimension by itself, only those named here do.',
  },
  {
    path: 'ioConfig.inputFormat.flattenSpec.fields',
    class: 'works',
    default: [],
    meaning: 'The fields, each name once; a text is the outermost field of that name.',
  },
  {
    path: 'ioConfig.inputFormat.flattenSpec.fields[].type',
    class: 'works',
    required: true,
    meaning: 'root, path (JsonPath), jq or tree (names from the outside in).',
  },
  {
    path: 'ioConfig.inputFormat.flattenSpec.fields[].name',
    class: 'works',
    required: true,
    meaning: 'The name in the row; it hides an outermost field of that name.',
  },
  {
    path: 'ioConfig.inputFormat.flattenSpec.fields[].expr',
    class: 'works',
    required: true,
    meaning: 'The path or program, checked when the spec is posted; of root the field, by default the name.',
  },
  {
    path: 'ioConfig.inputFormat.flattenSpec.fields[].nodes',
    class: 'works',
    required: true,
    meaning: 'Of tree: field names from the outside in.',
  },
  {
    path: 'ioConfig.inputFormat.featureSpec',
    class: 'works',
    default: {},
    open: true,
    meaning:
      "Switches of Jackson's JSON parser (input-formats.md). They count only with assumeNewlineDelimited, as in Druid.",
  },
  {
    path: 'ioConfig.inputFormat.assumeNewlineDelimited',
    class: 'works',
    default: false,
    meaning: 'Each line of a record stands alone: a broken one does not spoil the others.',
  },
  {
    path: 'ioConfig.inputFormat.useJsonNodeReader',
    class: 'works',
    default: false,
    meaning: 'Each object stands alone; what comes before broken text in the same record is kept.',
  },
  {
    path: 'ioConfig.inputFormat.keepNullColumns',
    class: 'works',
    default: false,
    meaning: 'Fields that are always null are discovered too.',
  },
];
