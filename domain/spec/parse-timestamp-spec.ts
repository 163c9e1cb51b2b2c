/**
 * Reads `timestampSpec` (druid.md 1.2). Whether a pattern can be read is for `formats/check-spec.ts` to say: here it is a text.
 */
import type { SectionReader } from './parse-reader.ts';
import { instant, text } from './parse-values.ts';
import type { DataSchema, TimestampFormat } from './spec.ts';

const formats = ['auto', 'iso', 'posix', 'millis', 'micro', 'nano', 'ruby'] as const;

export function readTimestampSpec(section: SectionReader): DataSchema['timestampSpec'] {
  const reader = section.section('timestampSpec', 'required', 'an object; {} reads the field "timestamp"');
  const missingValueMs = reader.read('missingValue', instant, null);
  // Druid takes an empty column when every row gets missingValue.
  const everyRowMisses = reader.get('column') === '' && missingValueMs !== null;
  const column = everyRowMisses ? '' : reader.read('column', text('the name of a field'), 'timestamp');
  const format = reader.read('format', text(`${formats.join(', ')} or a pattern of Joda-Time`), 'auto');
  return { column, format: formatOf(format), missingValueMs };
}

/** Names in any case; anything else is a pattern. */
function formatOf(written: string): TimestampFormat {
  return formats.find((format) => format === written.toLowerCase()) ?? { pattern: written };
}
