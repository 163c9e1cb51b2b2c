/** The `dataSchema` rows of the field table (fields.ts): what a row is made of, and how rows are stored. */
import { dimensionFields } from './fields-dimensions.ts';
import { granularityFields } from './fields-granularity.ts';
import { metricFields } from './fields-metrics.ts';
import { timestampFields } from './fields-timestamp.ts';
import { transformFields } from './fields-transforms.ts';
import type { SpecField } from './fields.ts';

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
  ...transformFields,
  {
    path: 'dataSchema.projections',
    class: 'noEffect',
    default: [],
    open: true,
    meaning: 'Pre-aggregated copies within a segment.',
    why: 'a segment holds its rows once, and queries read those: the answers are the same',
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
