/** The `dataSchema.metricsSpec` rows of the field table (fields.ts). */
import type { SpecField } from './fields.ts';

export const metricFields: readonly SpecField[] = [
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
