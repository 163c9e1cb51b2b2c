/** The `dataSchema.transformSpec` rows of the field table (fields.ts). */
import type { SpecField } from './fields.ts';

export const transformFields: readonly SpecField[] = [
  {
    path: 'dataSchema.transformSpec',
    class: 'later',
    meaning: 'Expressions and a filter applied to every row.',
    neutral: [{ filter: null, transforms: [] }, { transforms: [] }, { filter: null }],
    why: 'rows are stored as they come',
  },
];
