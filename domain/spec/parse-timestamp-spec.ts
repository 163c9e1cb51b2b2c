/** Reads `timestampSpec` (druid.md 1.2). */
import type { SectionReader } from './parse-reader.ts';
import { instant, text, word } from './parse-values.ts';
import type { DataSchema } from './spec.ts';

const formats = ['auto', 'iso', 'posix', 'millis', 'micro', 'nano'] as const;

export function readTimestampSpec(section: SectionReader): DataSchema['timestampSpec'] {
  const reader = section.section('timestampSpec', 'required', 'an object; {} reads the field "timestamp"');
  const missingValueMs = reader.read('missingValue', instant, null);
  // Druid takes an empty column when every row gets missingValue.
  const everyRowMisses = reader.get('column') === '' && missingValueMs !== null;
  const column = everyRowMisses ? '' : reader.read('column', text('the name of a field'), 'timestamp');
  const format = reader.read(
    'format',
    word(formats),
    'auto' as const,
    'other formats and patterns are not supported yet',
  );
  return { column, format, missingValueMs };
}
