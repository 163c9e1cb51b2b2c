/**
 * The bytes of a Protobuf message, by its descriptor: which fields are set, as Java's parser sets them.
 *
 * The last value of a field counts, two parts of one message are merged, a number may come packed or not, a field of another kind than
 * the descriptor says is unknown and skipped. Bounded in depth and in the number of messages, whatever the bytes claim
 * (reliability.md S11): lengths are checked before they are believed.
 */
import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { javaUtf8 } from '../java-charsets.ts';
import { maxDepth, maxKeys } from '../json-text.ts';

/** What is wrong with a record. */
export class ProtobufError extends Error {}

export type Scalar = number | bigint | boolean | string | Uint8Array;
export type FieldValue = Scalar | WireMessage | readonly FieldValue[] | ReadonlyMap<string, FieldValue>;

export class WireMessage {
  readonly desc: DescMessage;
  readonly values = new Map<DescField, FieldValue>();

  constructor(desc: DescMessage) {
    this.desc = desc;
  }
}

/** Throws `ProtobufError`. */
export function parseMessage(desc: DescMessage, bytes: Uint8Array): WireMessage {
  const message = new WireMessage(desc);
  try {
    new Parser(bytes).message(message, bytes.byteLength);
  } catch (error) {
    if (error instanceof ProtobufError) throw error;
    // What the library's reader says of bytes that end too early or are no varint.
    throw new ProtobufError(error instanceof Error ? error.message : String(error));
  }
  return message;
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const wireTypes: { readonly [scalar in ScalarType]: WireType } = {
  [ScalarType.DOUBLE]: WireType.Bit64,
  [ScalarType.FLOAT]: WireType.Bit32,
  [ScalarType.INT64]: WireType.Varint,
  [ScalarType.UINT64]: WireType.Varint,
  [ScalarType.INT32]: WireType.Varint,
  [ScalarType.FIXED64]: WireType.Bit64,
  [ScalarType.FIXED32]: WireType.Bit32,
  [ScalarType.BOOL]: WireType.Varint,
  [ScalarType.STRING]: WireType.LengthDelimited,
  [ScalarType.BYTES]: WireType.LengthDelimited,
  [ScalarType.UINT32]: WireType.Varint,
  [ScalarType.SFIXED32]: WireType.Bit32,
  [ScalarType.SFIXED64]: WireType.Bit64,
  [ScalarType.SINT32]: WireType.Varint,
  [ScalarType.SINT64]: WireType.Varint,
};

const fieldsByNumber = new WeakMap<DescMessage, ReadonlyMap<number, DescField>>();

function fieldsOf(desc: DescMessage): ReadonlyMap<number, DescField> {
  const known = fieldsByNumber.get(desc);
  if (known !== undefined) return known;
  const fields = new Map(desc.fields.map((field) => [field.number, field]));
  fieldsByNumber.set(desc, fields);
  return fields;
}

class Parser {
  readonly #reader: BinaryReader;
  #depth = 0;
  #messages = 0;

  constructor(bytes: Uint8Array) {
    this.#reader = new BinaryReader(bytes);
  }

  /** Until `end`, or, for a group, until its own end. */
  message(message: WireMessage, end: number, group: number | null = null): void {
    if (++this.#depth > maxDepth) throw new ProtobufError(`it is nested deeper than ${maxDepth} levels`);
    if (++this.#messages > maxKeys) throw new ProtobufError(`it has more than ${maxKeys} messages`);
    const fields = fieldsOf(message.desc);
    while (this.#reader.pos < end) {
      const [number, wire] = this.#reader.tag();
      if (wire === WireType.EndGroup) {
        if (number !== group) throw new ProtobufError('a group ends that did not begin');
        this.#depth -= 1;
        return;
      }
      const field = fields.get(number);
      if (field === undefined || !this.#field(message, field, wire))
        this.#reader.skip(wire, number, maxDepth - this.#depth);
    }
    if (group !== null || this.#reader.pos !== end) throw new ProtobufError('a message ends too early');
    this.#depth -= 1;
  }

  /** False: what stands there is no value of this field. */
  #field(message: WireMessage, field: DescField, wire: WireType): boolean {
    switch (field.fieldKind) {
      case 'scalar':
        if (wire !== wireTypes[field.scalar]) return false;
        set(message, field, this.#scalar(field.scalar, field));
        return true;
      case 'enum':
        if (wire !== WireType.Varint) return false;
        this.#enum(field, (value) => set(message, field, value));
        return true;
      case 'message':
        return this.#message(message, field, wire);
      case 'list':
        return this.#list(message, field, wire);
      case 'map':
        if (wire !== WireType.LengthDelimited) return false;
        this.#mapEntry(message, field);
        return true;
    }
  }

  #scalar(type: ScalarType, { name, utf8Validation }: Pick<DescField, 'name' | 'utf8Validation'>): Scalar {
    const reader = this.#reader;
    switch (type) {
      case ScalarType.STRING:
        return textOf(reader.bytes(), name, utf8Validation);
      case ScalarType.BYTES:
        return reader.bytes();
      case ScalarType.BOOL:
        return reader.bool();
      case ScalarType.DOUBLE:
        return reader.double();
      case ScalarType.FLOAT:
        return reader.float();
      default:
        return this.#integer(type);
    }
  }

  #integer(type: ScalarType): number | bigint {
    const reader = this.#reader;
    switch (type) {
      case ScalarType.INT32:
        return reader.int32();
      case ScalarType.UINT32:
        return reader.uint32();
      case ScalarType.SINT32:
        return reader.sint32();
      case ScalarType.FIXED32:
        return reader.fixed32();
      case ScalarType.SFIXED32:
        return reader.sfixed32();
      case ScalarType.UINT64:
        return BigInt(reader.uint64());
      case ScalarType.SINT64:
        return BigInt(reader.sint64());
      case ScalarType.FIXED64:
        return BigInt(reader.fixed64());
      case ScalarType.SFIXED64:
        return BigInt(reader.sfixed64());
      default:
        return BigInt(reader.int64());
    }
  }

  /** A number that a closed enum does not know is an unknown field. */
  #enum({ enum: desc }: DescField, take: (value: number) => void): void {
    const value = this.#reader.int32();
    if (desc === undefined || desc.open || desc.value[value] !== undefined) take(value);
  }

  #message(message: WireMessage, field: DescField & { fieldKind: 'message' }, wire: WireType): boolean {
    const wanted = field.delimitedEncoding ? WireType.StartGroup : WireType.LengthDelimited;
    if (wire !== wanted) return false;
    const known = message.values.get(field);
    const part = known instanceof WireMessage ? known : new WireMessage(field.message);
    this.#part(part, field);
    set(message, field, part);
    return true;
  }

  #part(part: WireMessage, field: { readonly delimitedEncoding: boolean; readonly number: number }): void {
    if (field.delimitedEncoding) this.message(part, this.#reader.len, field.number);
    else this.message(part, this.#end());
  }

  #list(message: WireMessage, field: DescField & { fieldKind: 'list' }, wire: WireType): boolean {
    const items = (message.values.get(field) ?? []) as FieldValue[];
    if (field.listKind === 'message') {
      const wanted = field.delimitedEncoding ? WireType.StartGroup : WireType.LengthDelimited;
      if (wire !== wanted) return false;
      const part = new WireMessage(field.message);
      this.#part(part, field);
      items.push(part);
    } else {
      const single = field.listKind === 'enum' ? WireType.Varint : wireTypes[field.scalar];
      const take = (): void => {
        if (field.listKind === 'enum') this.#enum(field, (value) => items.push(value));
        else items.push(this.#scalar(field.scalar, field));
      };
      if (wire === single) take();
      else if (wire === WireType.LengthDelimited) this.#packed(take);
      else return false;
    }
    message.values.set(field, items);
    return true;
  }

  #packed(take: () => void): void {
    const end = this.#end();
    while (this.#reader.pos < end) take();
    if (this.#reader.pos !== end) throw new ProtobufError('packed numbers end too early');
  }

  /** An entry is a message of a key and a value; what is missing of it has its default. */
  #mapEntry(message: WireMessage, field: DescField & { fieldKind: 'map' }): void {
    if (++this.#messages > maxKeys) throw new ProtobufError(`it has more than ${maxKeys} messages`);
    const end = this.#end();
    let key: Scalar = defaultOf(field.mapKey);
    let value: FieldValue | null =
      field.mapKind === 'message'
        ? new WireMessage(field.message)
        : field.mapKind === 'enum'
          ? (field.enum.values[0]?.number ?? 0)
          : defaultOf(field.scalar);
    while (this.#reader.pos < end) {
      const [number, wire] = this.#reader.tag();
      if (number === 1 && wire === wireTypes[field.mapKey]) key = this.#scalar(field.mapKey, field);
      else if (number === 2 && wire === mapWire(field)) value = this.#mapValue(field, value);
      else this.#reader.skip(wire, number, maxDepth - this.#depth);
    }
    if (this.#reader.pos !== end) throw new ProtobufError('an entry of a map ends too early');
    const entries = (message.values.get(field) ?? new Map()) as Map<string, FieldValue>;
    if (value !== null) entries.set(String(key), value);
    message.values.set(field, entries);
  }

  #mapValue(field: DescField & { fieldKind: 'map' }, known: FieldValue | null): FieldValue | null {
    if (field.mapKind === 'scalar') return this.#scalar(field.scalar, field);
    if (field.mapKind === 'message') {
      const part = known instanceof WireMessage ? known : new WireMessage(field.message);
      this.message(part, this.#end());
      return part;
    }
    let value: number | null = null;
    this.#enum(field, (found) => (value = found));
    return value;
  }

  /** Where the part ends whose length stands here. */
  #end(): number {
    const size = this.#reader.uint32();
    const left = this.#reader.len - this.#reader.pos;
    if (size > left) throw new ProtobufError(`it claims ${size} more bytes, and ${left} are left`);
    return this.#reader.pos + size;
  }
}

/** Of a oneof the last one counts. */
function set(message: WireMessage, field: DescField, value: FieldValue): void {
  for (const other of field.oneof?.fields ?? []) if (other !== field) message.values.delete(other);
  message.values.set(field, value);
}

function textOf(bytes: Uint8Array, name: string, isStrict: boolean): string {
  if (!isStrict) return javaUtf8(bytes);
  try {
    return strictUtf8.decode(bytes);
  } catch {
    throw new ProtobufError(`field ${name} is not UTF-8`);
  }
}

function mapWire(field: DescField & { fieldKind: 'map' }): WireType {
  if (field.mapKind === 'scalar') return wireTypes[field.scalar];
  return field.mapKind === 'enum' ? WireType.Varint : WireType.LengthDelimited;
}

function defaultOf(type: ScalarType): Scalar {
  if (type === ScalarType.STRING) return '';
  if (type === ScalarType.BYTES) return new Uint8Array();
  return type === ScalarType.BOOL ? false : 0;
}
