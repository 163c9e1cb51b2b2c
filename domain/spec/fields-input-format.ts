/** The `ioConfig.inputFormat` rows of the field table (fields.ts): how a record is read. */
import { jsonFields } from './fields-json-format.ts';
import { otherFormatFields } from './fields-other-formats.ts';
import type { SpecField } from './fields.ts';

export const inputFormatFields: readonly SpecField[] = [...jsonFields, ...otherFormatFields];
