/** Reads `ioConfig.inputFormat` (druid.md 1.3): which format, then that format's own fields. */
import { checkNames } from './field-names.ts';
import { plainJson, type InputFormat } from './input-format.ts';
import type { SectionReader } from './parse-reader.ts';
import type { ProblemList } from './problem.ts';
import { isPlainObject } from './raw.ts';

const laterFormats: readonly unknown[] = [
  'csv',
  'tsv',
  'lines',
  'regex',
  'avro_stream',
  'avro_ocf',
  'protobuf',
  'kafka',
  'orc',
  'parquet',
];
const refusedFormats: readonly unknown[] = ['thrift', 'javascript', 'kinesis'];

/** Only the names of the format at hand are known; an unknown format is one problem, not one per field. */
export function readInputFormat(list: ProblemList, section: SectionReader): InputFormat {
  const format = section.section('inputFormat', 'required', 'an object such as {"type": "json"}');
  if (!section.has('inputFormat') || !isPlainObject(section.get('inputFormat'))) return plainJson;
  const type = format.get('type');
  if (type === 'json') checkNames(list, format.raw, format.path, 'ioConfig.inputFormat');
  else if (laterFormats.includes(type)) format.problem('type', `json; ${String(type)} is not supported yet`);
  else if (refusedFormats.includes(type))
    format.problem('type', `json; ${String(type)} is refused in Kafka specs`);
  else format.problem('type', 'json');
  return plainJson;
}
