/** The `dataSchema` rows of the field table (fields.ts): what a row is made of, and how rows are stored. */
import type { SpecField } from './fields.ts';

const timestampFields: readonly SpecField[] = [
  {
    path: 'dataSchema.timestampSpec',
    class: 'works',
    required: true,
    meaning: 'Where the time of a row comes from.',
  },
  {
    path: 'dataSchema.timestampSpec.column',
    class: 'works',
    default: 'timestamp',
    meaning: 'The input field.',
  },
  {
    path: 'dataSchema.timestampSpec.format',
    class: 'works',
    default: 'auto',
    meaning:
      'auto, iso, posix (seconds), millis, micro or nano, in any case. Not supported yet: ruby and patterns.',
  },
  {
    path: 'dataSchema.timestampSpec.missingValue',
    class: 'works',
    meaning: 'The time of rows without one: ISO 8601 or milliseconds. None: such a row is unparseable.',
  },
];

const dimensionFields: readonly SpecField[] = [
  {
    path: 'dataSchema.dimensionsSpec',
    class: 'works',
    meaning: 'The columns rows are grouped by. None: all fields are discovered.',
  },
  {
    path: 'dataSchema.dimensionsSpec.dimensions',
    class: 'works',
    default: [],
    meaning:
      'Names or objects, in sort order. Empty: every field that is not excluded becomes a string dimension.',
  },
  {
    path: 'dataSchema.dimensionsSpec.dimensions[].type',
    class: 'works',
    default: 'string',
    meaning:
      'string, long, float or double. Not supported yet: json and auto. Druid reads an unknown type as string; here it is refused.',
  },
  {
    path: 'dataSchema.dimensionsSpec.dimensions[].name',
    class: 'works',
    required: true,
    meaning: 'The column and the input field.',
  },
  {
    path: 'dataSchema.dimensionsSpec.dimensions[].multiValueHandling',
    class: 'works',
    default: 'sorted_array',
    meaning: 'What becomes of an array in a string dimension: sorted_array, sorted_set or array.',
  },
  {
    path: 'dataSchema.dimensionsSpec.dimensions[].createBitmapIndex',
    class: 'noEffect',
    default: true,
    meaning: 'Whether a bitmap index is written.',
    why: 'segments are Parquet files, which have dictionaries and statistics and no bitmaps',
  },
  {
    path: 'dataSchema.dimensionsSpec.dimensions[].maxStringLength',
    class: 'later',
    meaning: 'Longer texts are cut.',
    why: 'texts are stored whole',
  },
  {
    path: 'dataSchema.dimensionsSpec.dimensions[].castToType',
    class: 'later',
    meaning: 'The type an auto dimension is stored with.',
    why: 'auto dimensions come later',
  },
  {
    path: 'dataSchema.dimensionsSpec.dimensions[].formatVersion',
    class: 'later',
    meaning: 'The storage format of a json dimension.',
    why: 'json dimensions come later',
  },
  {
    path: 'dataSchema.dimensionsSpec.dimensionExclusions',
    class: 'works',
    default: [],
    meaning: 'Fields that are never discovered; must not be listed as dimensions too.',
  },
  {
    path: 'dataSchema.dimensionsSpec.spatialDimensions',
    class: 'refused',
    default: [],
    meaning: 'Points made of several fields (deprecated in Druid).',
    why: 'there are no spatial columns; list the coordinates as double dimensions',
  },
  {
    path: 'dataSchema.dimensionsSpec.includeAllDimensions',
    class: 'later',
    default: false,
    meaning: 'Discovered fields are added after the listed ones.',
    why: 'a list of dimensions is complete; leave the list empty to discover all fields',
  },
  {
    path: 'dataSchema.dimensionsSpec.useSchemaDiscovery',
    class: 'later',
    default: false,
    meaning: 'Discovered fields get types of their own.',
    why: 'discovered fields become string dimensions',
  },
  {
    path: 'dataSchema.dimensionsSpec.forceSegmentSortByTime',
    class: 'later',
    default: true,
    meaning: 'False: rows are sorted by the dimensions first, and __time may be placed among them.',
    why: 'rows are sorted by __time first',
  },
];

const metricFields: readonly SpecField[] = [
  { path: 'dataSchema.metricsSpec', class: 'works', default: [], meaning: 'What is aggregated.' },
  {
    path: 'dataSchema.metricsSpec[].type',
    class: 'works',
    required: true,
    meaning: 'count, or long, float or double with Sum, Min or Max. Other aggregators are not supported yet.',
  },
  {
    path: 'dataSchema.metricsSpec[].name',
    class: 'works',
    required: true,
    meaning: 'The column; not the name of a dimension or another metric.',
  },
  {
    path: 'dataSchema.metricsSpec[].fieldName',
    class: 'works',
    meaning: 'The input field; required but for count, which has none.',
  },
  {
    path: 'dataSchema.metricsSpec[].expression',
    class: 'later',
    meaning: 'An expression in place of fieldName.',
    why: 'expressions come with transforms',
  },
];

const granularityFields: readonly SpecField[] = [
  { path: 'dataSchema.granularitySpec', class: 'works', meaning: 'How time is cut.' },
  {
    path: 'dataSchema.granularitySpec.type',
    class: 'works',
    default: 'uniform',
    meaning: 'uniform. The other kind, arbitrary, is for batch ingestion.',
  },
  {
    path: 'dataSchema.granularitySpec.segmentGranularity',
    class: 'works',
    default: 'DAY',
    open: true,
    meaning:
      'The interval of a segment: a name, or a period or duration object. Not supported yet: origin, time zones. Refused: none.',
  },
  {
    path: 'dataSchema.granularitySpec.queryGranularity',
    class: 'works',
    default: 'NONE',
    open: true,
    meaning: 'What __time is cut to; must nest in segmentGranularity.',
  },
  {
    path: 'dataSchema.granularitySpec.rollup',
    class: 'works',
    default: true,
    meaning: 'Whether rows with equal time and dimensions become one.',
  },
  {
    path: 'dataSchema.granularitySpec.intervals',
    class: 'noEffect',
    default: [],
    meaning: 'The intervals of a batch.',
    why: 'streams have no intervals; limit rows by lateMessageRejectionPeriod and earlyMessageRejectionPeriod',
  },
];

export const dataSchemaFields: readonly SpecField[] = [
  { path: 'dataSchema', class: 'works', required: true, meaning: 'What the rows are.' },
  {
    path: 'dataSchema.dataSource',
    class: 'works',
    required: true,
    meaning:
      'The table written to. At most 200 bytes, where each that is not a letter, digit, underscore or hyphen counts for three; no slash, no backslash, no leading dot, no white space but single spaces within.',
  },
  ...timestampFields,
  ...dimensionFields,
  ...metricFields,
  ...granularityFields,
  {
    path: 'dataSchema.transformSpec',
    class: 'later',
    meaning: 'Expressions and a filter applied to every row.',
    neutral: [{ filter: null, transforms: [] }, { transforms: [] }, { filter: null }],
    why: 'rows are stored as they come',
  },
  {
    path: 'dataSchema.projections',
    class: 'later',
    default: [],
    meaning: 'Pre-aggregated copies within a segment.',
    why: 'a segment holds its rows once',
  },
  {
    path: 'dataSchema.baseTable',
    class: 'later',
    meaning: 'A newer layout of dimensions and metrics.',
    why: 'use dimensionsSpec and metricsSpec',
  },
  {
    path: 'dataSchema.segmentGranularitySpec',
    class: 'later',
    meaning: 'Goes with baseTable.',
    why: 'use granularitySpec',
  },
  {
    path: 'dataSchema.parser',
    class: 'refused',
    meaning: "Druid's old way to describe records.",
    why: 'Druid has dropped it too; use timestampSpec, dimensionsSpec and ioConfig.inputFormat',
  },
];
