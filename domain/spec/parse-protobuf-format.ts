/** Reads the format protobuf (druid.md 1.3). Descriptors are only linked later (formats/protobuf). */
import { z } from 'zod';
import type { ProtobufFormat } from './input-format.ts';
import { warnOthers } from './parse-avro-format.ts';
import { readFlattenSpec } from './parse-flatten-spec.ts';
import type { SectionReader } from './parse-reader.ts';
import { readSchemaRegistry, registryFields } from './parse-schema-registry.ts';
import { text } from './parse-values.ts';
import { isPlainObject } from './raw.ts';

const decoderTypes = 'inline or schema_registry';

export function readProtobufFormat(section: SectionReader): ProtobufFormat {
  return {
    type: 'protobuf',
    flatten: readFlattenSpec(section),
    decoder: readDecoder(section),
  };
}

function readDecoder(section: SectionReader): ProtobufFormat['decoder'] {
  const decoder = section.section('protoBytesDecoder', 'required', `an object of type ${decoderTypes}`);
  const none = { type: 'inline', descriptorString: '', protoMessageType: null } as const;
  if (!isPlainObject(section.get('protoBytesDecoder'))) return none;
  switch (decoder.get('type')) {
    case 'inline':
      warnOthers(decoder, ['type', 'descriptorString', 'protoMessageType']);
      return {
        type: 'inline',
        descriptorString: decoder.require(
          'descriptorString',
          text('a compiled descriptor set in base64 (protoc --include_imports --descriptor_set_out)'),
          '',
        ),
        protoMessageType: decoder.read(
          'protoMessageType',
          z.string({ error: 'the name of a message' }),
          null,
        ),
      };
    case 'schema_registry':
      warnOthers(decoder, registryFields);
      return { type: 'schema_registry', registry: readSchemaRegistry(decoder) };
    case 'file':
      decoder.problem(
        'type',
        decoderTypes,
        'file is refused: no file or URL of a worker is read; put the descriptor set into the spec as inline',
      );
      return none;
    default:
      decoder.problem('type', decoderTypes);
      return none;
  }
}
