/** Reads `ioConfig.inputFormat` (druid.md 1.3): which format, then that format's own fields. */
import { checkNames } from './field-names.ts';
import { formatsOfField } from './fields-input-format.ts';
import { plainJson, type InputFormat, type PayloadFormat } from './input-format.ts';
import { readJsonFormat } from './parse-json-format.ts';
import { readAvroFormat } from './parse-avro-format.ts';
import { readKafkaFormat } from './parse-kafka-format.ts';
import { readProtobufFormat } from './parse-protobuf-format.ts';
import type { SectionReader } from './parse-reader.ts';
import { linesFormat, readDelimitedFormat, readRegexFormat } from './parse-text-formats.ts';
import type { ProblemList } from './problem.ts';
import { isPlainObject } from './raw.ts';

const payloadTypes = ['json', 'csv', 'tsv', 'lines', 'regex', 'avro_stream', 'protobuf'] as const;
type PayloadType = (typeof payloadTypes)[number];

/** What is no format of a record here, and why. */
const refusedTypes: ReadonlyMap<unknown, string> = new Map([
  ['orc', 'orc is a format of files, not of the records of a stream'],
  ['parquet', 'parquet is a format of files, not of the records of a stream'],
  ['avro_ocf', 'avro_ocf is a format of files; records of a stream are avro_stream'],
  ['thrift', 'thrift is refused: it needs classes from a jar'],
  ['javascript', 'javascript is refused: a spec carries no code'],
  ['kinesis', 'kinesis is refused in Kafka specs: the format around a Kafka record is kafka'],
]);

/** Only the names of the format at hand are known; an unknown format is one problem, not one per field. */
export function readInputFormat(list: ProblemList, section: SectionReader): InputFormat {
  const format = section.section('inputFormat', 'required', 'an object such as {"type": "json"}');
  if (!isPlainObject(section.get('inputFormat'))) return plainJson;
  if (format.get('type') !== 'kafka') return readPayloadFormat(list, format);
  checkFormatNames(list, format, 'kafka');
  return readKafkaFormat(format, (part) => readPayloadFormat(list, part));
}

function readPayloadFormat(list: ProblemList, format: SectionReader): PayloadFormat {
  const given = format.get('type');
  const type = payloadTypes.find((known) => known === given);
  if (type === undefined) {
    format.problem('type', `${payloadTypes.join(', ')} or kafka`, refusedTypes.get(given));
    return plainJson;
  }
  checkFormatNames(list, format, type);
  return readOfType(format, type);
}

function readOfType(format: SectionReader, type: PayloadType): PayloadFormat {
  switch (type) {
    case 'json':
      return readJsonFormat(format);
    case 'csv':
    case 'tsv':
      return readDelimitedFormat(format, type);
    case 'regex':
      return readRegexFormat(format);
    case 'lines':
      return linesFormat;
    case 'avro_stream':
      return readAvroFormat(format);
    case 'protobuf':
      return readProtobufFormat(format);
  }
}

/** A field of another format is ignored, as in Druid, but seldom meant so. */
function checkFormatNames(list: ProblemList, format: SectionReader, type: string): void {
  const own = Object.entries(format.raw).filter(([name, value]) => {
    const formats = formatsOfField(name);
    const isForeign = formats !== null && !formats.includes(type) && value !== null;
    if (isForeign)
      format.warning(name, `nothing; it is a field of ${formats.join(', ')} and is ignored in ${type}`);
    return !isForeign;
  });
  checkNames(list, Object.fromEntries(own), format.path, 'ioConfig.inputFormat');
}
