/** Reads the format avro_stream (druid.md 1.3). Schemas are only compiled later (formats/avro); here each part has its shape. */
import type { Json } from '../json.ts';
import type { AvroFormat } from './input-format.ts';
import { readFlattenSpec } from './parse-flatten-spec.ts';
import type { SectionReader } from './parse-reader.ts';
import { readSchemaRegistry, registryFields } from './parse-schema-registry.ts';
import { flag } from './parse-values.ts';
import { isPlainObject } from './raw.ts';

const decoderTypes = 'schema_inline, multiple_schemas_inline or schema_registry';
const maxSchemas = 1_000;

export function readAvroFormat(section: SectionReader): AvroFormat {
  return {
    type: 'avro_stream',
    flatten: readFlattenSpec(section),
    binaryAsString: section.read('binaryAsString', flag, false),
    extractUnionsByType: section.read('extractUnionsByType', flag, false),
    decoder: readDecoder(section),
  };
}

function readDecoder(section: SectionReader): AvroFormat['decoder'] {
  const expected = `an object of type ${decoderTypes}`;
  const decoder = section.section('avroBytesDecoder', 'required', expected);
  const none = { type: 'schema_inline', schema: {} } as const;
  if (!isPlainObject(section.get('avroBytesDecoder'))) return none;
  switch (decoder.get('type')) {
    case 'schema_inline':
      warnOthers(decoder, ['type', 'schema']);
      return { type: 'schema_inline', schema: readSchema(decoder, 'schema') };
    case 'multiple_schemas_inline':
      warnOthers(decoder, ['type', 'schemas']);
      return { type: 'multiple_schemas_inline', schemas: readSchemas(decoder) };
    case 'schema_registry':
      warnOthers(decoder, registryFields);
      return { type: 'schema_registry', registry: readSchemaRegistry(decoder) };
    case 'schema_repo':
      decoder.problem('type', decoderTypes, 'schema_repo is refused: that registry is no longer made');
      return none;
    default:
      decoder.problem('type', decoderTypes);
      return none;
  }
}

function readSchema(section: SectionReader, name: string): Json {
  const schema = section.get(name);
  if (isPlainObject(schema)) return schema as Json;
  section.problem(name, 'a schema of Avro as an object: {"type": "record", "name": ..., "fields": [...]}');
  return {};
}

function readSchemas(decoder: SectionReader): Readonly<Record<string, Json>> {
  const schemas = decoder.section('schemas', 'required', 'an object from ids to schemas');
  const ids = Object.keys(schemas.raw);
  if (isPlainObject(decoder.get('schemas')) && (ids.length === 0 || ids.length > maxSchemas))
    decoder.problem('schemas', `1 to ${maxSchemas} schemas by their ids`);
  const entries = ids.slice(0, maxSchemas).map((id): [string, Json] => {
    if (!/^[+-]?\d{1,10}$/.test(id))
      schemas.problemAt(schemas.path, `the id ${JSON.stringify(id.slice(0, 40))}`, 'whole numbers as ids');
    return [id, readSchema(schemas, id)];
  });
  return Object.fromEntries(entries);
}

/** What the decoder does not know is ignored, as in Druid. */
export function warnOthers(section: SectionReader, known: readonly string[]): void {
  for (const name of Object.keys(section.raw))
    if (!known.includes(name) && section.has(name))
      section.warning(name, `one of ${known.join(', ')}; it is ignored`);
}
