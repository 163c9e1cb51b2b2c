/** The `ioConfig.inputFormat` rows of the field table (fields.ts): how a record is read. */
import { jsonFields } from './fields-json-format.ts';
import { otherFormatFields, otherFormatNames } from './fields-other-formats.ts';
import type { SpecField } from './fields.ts';

export const inputFormatFields: readonly SpecField[] = [...jsonFields, ...otherFormatFields];

const prefix = 'ioConfig.inputFormat.';

/** Which formats have a field of this name; null: all, or none. */
export function formatsOfField(name: string): readonly string[] | null {
  const others = otherFormatNames.get(name);
  if (others !== undefined) return others;
  if (name === 'flattenSpec') return ['json', 'avro_stream', 'protobuf'];
  return name !== 'type' && jsonFields.some(({ path }) => path === `${prefix}${name}`) ? ['json'] : null;
}
