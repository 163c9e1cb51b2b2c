/** The `dataSchema.granularitySpec` rows of the field table (fields.ts). */
import type { SpecField } from './fields.ts';

export const granularityFields: readonly SpecField[] = [
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
      'The interval of a segment: a name, or an object of type period (with timeZone and origin) or duration (with origin). Refused: none. See docs/timestamps.md.',
  },
  {
    path: 'dataSchema.granularitySpec.queryGranularity',
    class: 'works',
    default: 'NONE',
    open: true,
    meaning: 'What __time is cut to, in the same forms; must nest in segmentGranularity.',
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
