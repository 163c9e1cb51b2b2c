/**
 * `protobuf` records: one message each. The descriptor comes with the spec, or from a registry, where each record says which message of
 * which schema it is.
 */
import type { DescMessage } from '@bufbuild/protobuf';
import { assert } from '../../domain/assert.ts';
import type { ProtobufFormat } from '../../domain/spec/input-format.ts';
import { CompileProblem } from '../compile-problem.ts';
import { FlattenFailure } from '../flatten/flatten-failure.ts';
import { flattenerOf } from '../flatten/flattener.ts';
import { maxRecordBytes, unreadable, type ReadRecord, type ValueReader } from '../input-reader.ts';
import type { JsonObject } from '../json-text.ts';
import { RegisteredSchemas, type Compiled } from '../schema-registry/registered-schemas.ts';
import { RegistryClient, type ResolveSecrets } from '../schema-registry/registry-client.ts';
import { messagePlaceOf, schemaIdOf } from '../schema-registry/wire-format.ts';
import {
  DescriptorError,
  descriptorsOfFiles,
  descriptorsOfSet,
  findMessage,
  messageAt,
  type Descriptors,
} from './descriptors.ts';
import { messageFields } from './message-json.ts';
import { parseMessage, ProtobufError } from './wire-message.ts';

/** Which message a record is, and where it begins. A text: why that cannot be told. */
type Located =
  { readonly message: DescMessage; readonly descriptors: Descriptors; readonly start: number } | string;

type Locate = (bytes: Uint8Array) => Located;
type Flatten = (root: JsonObject) => JsonObject;

/** Throws `CompileProblem`. */
export function createProtobufReader(format: ProtobufFormat, resolveSecrets: ResolveSecrets): ValueReader {
  const flatten = flattenerOf(format.flatten) ?? ((root) => root);
  const { decoder } = format;
  if (decoder.type === 'inline')
    return valueReader(inlineDescriptor(decoder.descriptorString, decoder.protoMessageType), flatten);
  const schemas = new RegisteredSchemas({
    source: new RegistryClient({ registry: decoder.registry, resolveSecrets, format: 'serialized' }),
    capacity: decoder.registry.capacity,
    compile: ({ type, text, references }): Compiled<Descriptors> => {
      if (type !== 'PROTOBUF') return { reason: `it is of type ${type.slice(0, 20)}, not PROTOBUF` };
      return compiled(() => descriptorsOfFiles(text, references));
    },
  });
  return ofRegistry(schemas, flatten);
}

function inlineDescriptor(base64: string, name: string | null): Locate {
  const result = compiled(() => descriptorsOfSet(base64));
  if ('reason' in result)
    throw new CompileProblem(result.reason, { at: 'protoBytesDecoder.descriptorString' });
  const message = findMessage(result.use, name);
  if (message === null)
    throw new CompileProblem('a message of the descriptor set', { at: 'protoBytesDecoder.protoMessageType' });
  const located = { message, descriptors: result.use, start: 0 };
  return () => located;
}

function compiled(compile: () => Descriptors): Compiled<Descriptors> {
  try {
    return { use: compile() };
  } catch (error) {
    if (error instanceof DescriptorError) return { reason: error.message };
    throw error;
  }
}

function ofRegistry(schemas: RegisteredSchemas<Descriptors>, flatten: Flatten): ValueReader {
  const locate: Locate = (bytes) => {
    const id = schemaIdOf(bytes);
    if (id === null) return 'it does not begin with a zero byte and a schema id';
    const schema = schemas.get(id);
    assert(schema !== undefined, `schema ${id} was not prepared`);
    if ('reason' in schema) return `its schema ${id} cannot be used: ${schema.reason}`;
    const place = messagePlaceOf(bytes);
    if (place === null) return `behind its schema id ${id} it does not say which message it is`;
    const message = messageAt(schema.use, place.places);
    if (message === null) return `its schema ${id} has no message ${place.places.join('.')}`;
    return { message, descriptors: schema.use, start: place.start };
  };
  return {
    ...valueReader(locate, flatten),
    prepare: (bytes) => {
      const id = bytes.byteLength > maxRecordBytes ? null : schemaIdOf(bytes);
      return id === null ? null : schemas.prepare(id);
    },
  };
}

function valueReader(locate: Locate, flatten: Flatten): ValueReader {
  return { read: (bytes) => read(locate, flatten, bytes), rowsStandAlone: false, prepare: null };
}

function read(locate: Locate, flatten: Flatten, bytes: Uint8Array): ReadRecord {
  if (bytes.byteLength > maxRecordBytes)
    return unreadable(`record has ${bytes.byteLength} bytes; at most ${maxRecordBytes} are read`);
  const located = locate(bytes);
  if (typeof located === 'string') return unreadable(`record is no Protobuf: ${located}`);
  const { message, descriptors, start } = located;
  try {
    const parsed = parseMessage(message, bytes.subarray(start));
    const fields = messageFields(parsed, (name) => descriptors.registry.getMessage(name));
    return { rows: [flatten(fields)], problems: [] };
  } catch (error) {
    if (error instanceof ProtobufError)
      return unreadable(`record is no ${message.typeName}: ${error.message}`);
    if (error instanceof FlattenFailure) return unreadable(error.message);
    throw error;
  }
}
