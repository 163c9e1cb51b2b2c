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
