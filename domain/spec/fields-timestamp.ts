/** The `dataSchema.timestampSpec` rows of the field table (fields.ts). */
import type { SpecField } from './fields.ts';

export const timestampFields: readonly SpecField[] = [
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
      'auto, iso, posix (seconds), millis, micro, nano or ruby, in any case; anything else is a pattern of Joda-Time. See docs/timestamps.md.',
  },
  {
    path: 'dataSchema.timestampSpec.missingValue',
    class: 'works',
    meaning: 'The time of rows without one: ISO 8601 or milliseconds. None: such a row is unparseable.',
  },
];
