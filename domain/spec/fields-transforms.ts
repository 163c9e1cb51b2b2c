/** The `dataSchema.transformSpec` rows of the field table (fields.ts). Functions of expressions: docs/expressions.md. */
import type { SpecField } from './fields.ts';

export const transformFields: readonly SpecField[] = [
  {
    path: 'dataSchema.transformSpec',
    class: 'works',
    meaning: 'Fields made by expressions, and a filter over them and the fields of the record.',
  },
  {
    path: 'dataSchema.transformSpec.transforms',
    class: 'works',
    default: [],
    meaning:
      'Fields made of other fields, before the filter. A transform hides an input field of its name and is not seen by other transforms; one named __time makes the time of the row.',
  },
  {
    path: 'dataSchema.transformSpec.transforms[].type',
    class: 'works',
    required: true,
    meaning: 'expression; there is no other.',
  },
  {
    path: 'dataSchema.transformSpec.transforms[].name',
    class: 'works',
    required: true,
    meaning: 'The field it makes. Each name once.',
  },
  {
    path: 'dataSchema.transformSpec.transforms[].expression',
    class: 'works',
    required: true,
    meaning: "An expression of Druid's native language: docs/expressions.md.",
  },
  {
    path: 'dataSchema.transformSpec.filter',
    class: 'works',
    default: null,
    open: true,
    meaning: 'Rows it does not match are thrown away. It sees transforms and input fields.',
  },
];
