/** The `dataSchema.metricsSpec` rows of the field table (fields.ts). Aggregators: docs/aggregators.md. */
import { defaultK, defaultLgK, defaultMaxStringBytes } from './metric-defaults.ts';
import type { SpecField } from './fields.ts';

export const metricFields: readonly SpecField[] = [
  { path: 'dataSchema.metricsSpec', class: 'works', default: [], meaning: 'What is aggregated.' },
  {
    path: 'dataSchema.metricsSpec[].type',
    class: 'works',
    required: true,
    meaning:
      'count; long, float or double with Sum, Min, Max, First, Last or Any; stringFirst, stringLast; filtered; HLLSketchBuild; quantilesDoublesSketch. All others are refused: docs/aggregators.md.',
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
    meaning: 'The input field; required but for count, which has none, and beside an expression.',
  },
  {
    path: 'dataSchema.metricsSpec[].expression',
    class: 'works',
    meaning: 'Sums, minima and maxima: an expression in place of fieldName.',
  },
  {
    path: 'dataSchema.metricsSpec[].filter',
    class: 'works',
    required: true,
    open: true,
    meaning: 'Of filtered, and only there: rows it does not match take no part.',
  },
  {
    path: 'dataSchema.metricsSpec[].aggregator',
    class: 'works',
    required: true,
    open: true,
    meaning: 'Of filtered, and only there: the aggregator the filter is for, one of this list.',
  },
  {
    path: 'dataSchema.metricsSpec[].timeColumn',
    class: 'works',
    default: '__time',
    meaning: 'First and last: the field that says when, in milliseconds.',
  },
  {
    path: 'dataSchema.metricsSpec[].maxStringBytes',
    class: 'works',
    default: defaultMaxStringBytes,
    meaning: 'stringFirst and stringLast: bytes of UTF-8 that are kept, at most 1048576.',
  },
  {
    path: 'dataSchema.metricsSpec[].lgK',
    class: 'works',
    default: defaultLgK,
    meaning: 'HLLSketchBuild: 2 to this power is the number of registers, 4 to 21.',
  },
  {
    path: 'dataSchema.metricsSpec[].k',
    class: 'works',
    default: defaultK,
    meaning: 'quantilesDoublesSketch: how exact it is; a power of two from 2 to 32768.',
  },
  ...(
    [
      ['tgtHllType', 'HLL_4', 'How registers are packed.', 'registers are stored in one form here'],
      [
        'stringEncoding',
        'utf16le',
        'How texts are encoded before they are hashed.',
        'texts are hashed as UTF-8',
      ],
      ['round', false, 'Whether estimates are rounded.', 'it is for queries: HLL_SKETCH_ESTIMATE can round'],
      ['shouldFinalize', true, 'What a native query gives back.', 'there are no native queries here'],
      [
        'maxStreamLength',
        1_000_000_000,
        'How large a buffer queries allocate.',
        'sketches grow as they need',
      ],
    ] as const
  ).map(([name, standard, meaning, why]): SpecField => ({
    path: `dataSchema.metricsSpec[].${name}`,
    class: 'noEffect',
    default: standard,
    meaning,
    why,
  })),
];
