/**
 * An Avro schema to a function that reads a record of it: the writer's schema is the reader's, as in Druid.
 *
 * avsc reads the schema - names, references, unions; values are read here, because a claimed length must be checked before it is
 * believed (avro-cursor.ts). Logical types are not looked at: a date is its days, a timestamp its number, a decimal its bytes.
 * Floats print as Java's floats; bytes and fixed are base64 text or, with `binaryAsString`, the text they hold.
 */
import avsc, { type Schema, type Type, type types } from 'avsc';
import { javaUtf8 } from '../java-charsets.ts';
import { JavaFloat } from '../java-float.ts';
import { JavaDouble, type JsonObject, type JsonValue } from '../json-text.ts';
import { AvroError, type AvroCursor } from './avro-cursor.ts';

export type AvroOptions = {
  readonly binaryAsString: boolean;
  /**
   * A field of a record that can be of several types besides null is an object with one field, named after the type. Only for
   * paths of a flattenSpec: `$.value.int`.
   */
  readonly explodesUnions: boolean;
};

export type AvroDecoder = (cursor: AvroCursor) => JsonObject;

type Decode = (cursor: AvroCursor) => JsonValue;

/** A schema that cannot be used. */
export class AvroSchemaError extends Error {}

const maxSchemaLength = 1024 * 1024;

/** Throws `AvroSchemaError`. Schemas that `schema` refers to by name come first, in `others`. */
export function compileAvro(
  schema: unknown,
  options: AvroOptions,
  others: readonly unknown[] = [],
): AvroDecoder {
  const type = typeOf(schema, others);
  if (type.typeName !== 'record' && type.typeName !== 'error')
    throw new AvroSchemaError(`a record, not ${type.typeName}`);
  return new Compiler(options).record(type as types.RecordType);
}

/** Throws `AvroSchemaError`. */
export function parseSchemaText(text: string): unknown {
  if (text.length > maxSchemaLength) throw new AvroSchemaError(`at most ${maxSchemaLength} characters`);
  try {
    return JSON.parse(text);
  } catch {
    throw new AvroSchemaError('JSON');
  }
}

function typeOf(schema: unknown, others: readonly unknown[]): Type {
  const options = {
    registry: {},
    wrapUnions: 'always',
    noAnonymousTypes: true,
    omitRecordMethods: true,
  } as const;
  try {
    for (const other of others) avsc.Type.forSchema(withoutDefaults(other) as Schema, options);
    return avsc.Type.forSchema(withoutDefaults(schema) as Schema, options);
  } catch (error) {
    // Whatever the library says of a schema; one nested too deep for it ends its recursion.
    const reason = error instanceof RangeError ? 'nested too deep' : (error as Error).message;
    throw new AvroSchemaError(`a schema of Avro (${reason.slice(0, 160)})`);
  }
}

/** Defaults matter to those who read with another schema; a long of 19 digits in one would be refused. */
function withoutDefaults(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutDefaults);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).filter(([key]) => key !== 'default');
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutDefaults(value)]));
}

class Compiler {
  readonly #options: AvroOptions;
  /** A record may hold itself. */
  readonly #records = new Map<Type, AvroDecoder>();

  constructor(options: AvroOptions) {
    this.#options = options;
  }

  record(type: types.RecordType): AvroDecoder {
    const known = this.#records.get(type);
    if (known !== undefined) return known;
    let fields: readonly { readonly name: string; readonly decode: Decode }[] = [];
    const decode: AvroDecoder = (cursor) => {
      cursor.enter();
      cursor.countKeys(fields.length);
      const record = new Map<string, JsonValue>();
      for (const field of fields) record.set(field.name, field.decode(cursor));
      cursor.leave();
      return record;
    };
    this.#records.set(type, decode);
    fields = type.fields.map(({ name, type: of }) => ({ name, decode: this.#field(of) }));
    return decode;
  }

  #field(type: Type): Decode {
    const branches = isUnion(type) ? type.types.filter(({ typeName }) => typeName !== 'null') : [];
    return this.#options.explodesUnions && branches.length > 1 && isUnion(type)
      ? this.#explodedUnion(type)
      : this.#value(type);
  }

  #value(type: Type): Decode {
    if (isUnion(type)) {
      const branches = type.types.map((branch) => this.#value(branch));
      return (cursor) => choice(branches, cursor)(cursor);
    }
    switch (type.typeName) {
      case 'null':
        return () => null;
      case 'boolean':
        return (cursor) => cursor.boolean();
      case 'int':
        return (cursor) => cursor.int();
      case 'long':
        return (cursor) => cursor.long();
      case 'float':
        return (cursor) => new JavaFloat(cursor.float());
      case 'double':
        return (cursor) => new JavaDouble(cursor.double());
      case 'string':
        return (cursor) => javaUtf8(cursor.sized());
      default:
        return this.#complex(type);
    }
  }

  #complex(type: Type): Decode {
    const bytesText = this.#options.binaryAsString ? javaUtf8 : base64;
    switch (type.typeName) {
      case 'bytes':
        return (cursor) => bytesText(cursor.sized());
      case 'fixed': {
        const { size } = type as types.FixedType;
        return (cursor) => bytesText(cursor.fixed(size));
      }
      case 'enum': {
        const { symbols } = type as types.EnumType;
        return (cursor) => choice(symbols, cursor);
      }
      case 'array':
        return this.#array((type as types.ArrayType).itemsType);
      case 'map':
        return this.#map((type as types.MapType).valuesType as Type);
      case 'record':
      case 'error':
        return this.record(type as types.RecordType);
      default:
        throw new AvroSchemaError(`a schema without ${type.typeName}`);
    }
  }

  #array(type: Type): Decode {
    const decode = this.#value(type);
    return (cursor) => {
      cursor.enter();
      const items: JsonValue[] = [];
      for (let left = cursor.blockCount(); left > 0; left = cursor.blockCount())
        for (; left > 0; left--) items.push(cursor.item(decode));
      cursor.leave();
      return items;
    };
  }

  #map(type: Type): Decode {
    const decode = this.#value(type);
    return (cursor) => {
      cursor.enter();
      const entries = new Map<string, JsonValue>();
      for (let left = cursor.blockCount(); left > 0; left = cursor.blockCount())
        for (; left > 0; left--) {
          cursor.countKeys(1);
          const key = javaUtf8(cursor.sized());
          entries.set(key, decode(cursor));
        }
      cursor.leave();
      return entries;
    };
  }

  #explodedUnion(type: types.WrappedUnionType): Decode {
    const branches = type.types.map((of): Decode => {
      if (of.typeName === 'null') return () => new Map();
      const decode = this.#value(of);
      const name = shortName(of);
      return (cursor) => new Map([[name, decode(cursor)]]);
    });
    return (cursor) => choice(branches, cursor)(cursor);
  }
}

function isUnion(type: Type): type is types.WrappedUnionType {
  return type.typeName.startsWith('union');
}

function choice<T>(choices: readonly T[], cursor: AvroCursor): T {
  const index = Number(cursor.long());
  const chosen = choices[index];
  if (chosen === undefined || index < 0)
    throw new AvroError(`it chooses ${index} of ${choices.length} types or symbols`);
  return chosen;
}

/** `int`, `array`; named types without their namespace. */
function shortName(type: Type): string {
  const { name, typeName } = type;
  return name === undefined ? typeName : name.slice(name.lastIndexOf('.') + 1);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
