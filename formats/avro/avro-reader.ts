/**
 * `avro_stream` records: one Avro record each, without its schema; where that comes from is the decoder's matter.
 *
 * A record must be read to the end of what its schema says; bytes behind that are ignored, as Java's reader ignores them. Of a list
 * the nulls are dropped, as in Druid.
 */
import { assert } from '../../domain/assert.ts';
import type { AvroFormat, FlattenSpec } from '../../domain/spec/input-format.ts';
import { CompileProblem } from '../compile-problem.ts';
import { FlattenFailure } from '../flatten/flatten-failure.ts';
import { createFlattener, FlattenedRow } from '../flatten/flattener.ts';
import { maxRecordBytes, unreadable, type ReadRecord, type ValueReader } from '../input-reader.ts';
import type { JsonObject, JsonValue } from '../json-text.ts';
import { RegisteredSchemas, type Compiled } from '../schema-registry/registered-schemas.ts';
import { RegistryClient, type ResolveSecrets } from '../schema-registry/registry-client.ts';
import { schemaIdBytes, schemaIdOf } from '../schema-registry/wire-format.ts';
import { AvroCursor, AvroError } from './avro-cursor.ts';
import { AvroSchemaError, compileAvro, parseSchemaText, type AvroDecoder } from './avro-schema.ts';

/** A record of one schema to a row. Throws `AvroError` and `FlattenFailure`. */
type ReadRow = (bytes: Uint8Array) => JsonObject;

/** Which schema a record has, and where the record begins. A text: why that cannot be told. */
type Located = { readonly read: ReadRow; readonly start: number } | string;

/** Throws `CompileProblem`. */
export function createAvroReader(format: AvroFormat, resolveSecrets: ResolveSecrets): ValueReader {
  // For its problems, which name the field of the spec.
  if (format.flatten !== null) createFlattener(format.flatten);
  const { decoder } = format;
  if (decoder.type === 'schema_inline') {
    const read = inlineSchema(format, decoder.schema, '.schema');
    return valueReader(() => ({ read, start: 0 }));
  }
  if (decoder.type === 'multiple_schemas_inline') return ofSeveralSchemas(format, decoder.schemas);
  const schemas = new RegisteredSchemas({
    source: new RegistryClient({ registry: decoder.registry, resolveSecrets, format: null }),
    capacity: decoder.registry.capacity,
    compile: ({ type, text, references }): Compiled<ReadRow> => {
      if (type !== 'AVRO') return { reason: `it is of type ${type.slice(0, 20)}, not AVRO` };
      return compiled(() =>
        readerOf(
          format,
          parseSchemaText(text),
          references.map((one) => parseSchemaText(one.text)),
        ),
      );
    },
  });
  return ofRegistry(schemas);
}

function inlineSchema(format: AvroFormat, schema: unknown, at: string): ReadRow {
  const result = compiled(() => readerOf(format, schema, []));
  if ('use' in result) return result.use;
  throw new CompileProblem(result.reason, { at: `avroBytesDecoder${at}` });
}

function compiled(compile: () => ReadRow): Compiled<ReadRow> {
  try {
    return { use: compile() };
  } catch (error) {
    if (error instanceof AvroSchemaError) return { reason: error.message };
    throw error;
  }
}

/** A version byte of 1, then the id of the schema. */
function ofSeveralSchemas(format: AvroFormat, schemas: Readonly<Record<string, unknown>>): ValueReader {
  const readers = new Map(
    Object.entries(schemas).map(([id, schema]) => [
      Number(id),
      inlineSchema(format, schema, `.schemas[${JSON.stringify(id)}]`),
    ]),
  );
  return valueReader((bytes) => {
    if (bytes.byteLength < schemaIdBytes)
      return `it has ${bytes.byteLength} bytes; expected a version and a schema id`;
    if (bytes[0] !== 1) return `it begins with the byte ${bytes[0] ?? ''}; expected version 1`;
    const id = new DataView(bytes.buffer, bytes.byteOffset).getInt32(1);
    const read = readers.get(id);
    return read === undefined ? `its schema ${id} is not in the spec` : { read, start: schemaIdBytes };
  });
}

function ofRegistry(schemas: RegisteredSchemas<ReadRow>): ValueReader {
  const reader = valueReader((bytes) => {
    const id = schemaIdOf(bytes);
    if (id === null) return 'it does not begin with a zero byte and a schema id';
    const schema = schemas.get(id);
    assert(schema !== undefined, `schema ${id} was not prepared`);
    return 'use' in schema
      ? { read: schema.use, start: schemaIdBytes }
      : `its schema ${id} cannot be used: ${schema.reason}`;
  });
  return {
    ...reader,
    prepare: (bytes) => {
      const id = bytes.byteLength > maxRecordBytes ? null : schemaIdOf(bytes);
      return id === null ? null : schemas.prepare(id);
    },
  };
}

function valueReader(locate: (bytes: Uint8Array) => Located): ValueReader {
  return { read: (bytes) => read(locate, bytes), rowsStandAlone: false, prepare: null };
}

function read(locate: (bytes: Uint8Array) => Located, bytes: Uint8Array): ReadRecord {
  if (bytes.byteLength > maxRecordBytes)
    return unreadable(`record has ${bytes.byteLength} bytes; at most ${maxRecordBytes} are read`);
  const located = locate(bytes);
  if (typeof located === 'string') return unreadable(`record is no Avro: ${located}`);
  try {
    return { rows: [located.read(bytes.subarray(located.start))], problems: [] };
  } catch (error) {
    if (error instanceof AvroError) return unreadable(`record is no Avro of its schema: ${error.message}`);
    if (error instanceof FlattenFailure) return unreadable(error.message);
    throw error;
  }
}

/** Throws `AvroSchemaError`. */
function readerOf(format: AvroFormat, schema: unknown, others: readonly unknown[]): ReadRow {
  const { binaryAsString, extractUnionsByType, flatten } = format;
  const decode = compileAvro(schema, { binaryAsString, explodesUnions: false }, others);
  if (flatten === null) return (bytes) => withoutNulls(decode(new AvroCursor(bytes)));
  const isPath = ({ type }: FlattenSpec['fields'][number]): boolean => type === 'path' || type === 'jq';
  if (!extractUnionsByType || !flatten.fields.some(isPath)) return flattened(decode, flatten);
  // Unions are taken apart for paths only: a field of the row itself is what it is.
  const exploded = compileAvro(schema, { binaryAsString, explodesUnions: true }, others);
  const rest = flattened(decode, { ...flatten, fields: flatten.fields.filter((field) => !isPath(field)) });
  const paths = flattened(exploded, { ...flatten, fields: flatten.fields.filter(isPath) });
  const names = flatten.fields.filter(isPath).map(({ name }) => name);
  return (bytes) => {
    const row = rest(bytes);
    const found = paths(bytes);
    const fields = new Map(row);
    for (const name of names) fields.set(name, found.get(name) ?? null);
    return FlattenedRow.blended(fields, row, names);
  };
}

function flattened(decode: AvroDecoder, spec: FlattenSpec): ReadRow {
  const flatten = createFlattener(spec);
  return (bytes) => withoutNulls(flatten(decode(new AvroCursor(bytes))));
}

/** In place: only the lists are new. */
function withoutNulls(row: JsonObject): JsonObject {
  for (const [name, value] of row)
    if (typeof value === 'object' && value !== null)
      (row as Map<string, JsonValue>).set(name, nullsDropped(value));
  return row;
}

function nullsDropped(value: JsonValue): JsonValue {
  if (Array.isArray(value)) {
    const items = (value as readonly JsonValue[]).filter((item) => item !== null);
    return items.map(nullsDropped);
  }
  if (value instanceof Map) return withoutNulls(value as JsonObject);
  return value;
}
