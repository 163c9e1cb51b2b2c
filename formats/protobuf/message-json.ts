/**
 * A Protobuf message as the fields of a row: those that are set, by their JSON names, as Druid's converter gives them.
 *
 * Enums are names, bytes base64, floats print as Java's floats; whole numbers keep all their digits, unsigned ones are never negative.
 * Well-known types are what the canonical JSON of Protobuf makes of them, wherever they stand. A proto3 field at its default is not set.
 */
import { ScalarType, type DescEnum, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { narrow } from '../conversions.ts';
import { JavaFloat } from '../java-float.ts';
import { JavaDouble, type JsonObject, type JsonValue } from '../json-text.ts';
import { parseMessage, ProtobufError, WireMessage, type FieldValue } from './wire-message.ts';

/** The message of a name, for `google.protobuf.Any`; undefined: it is not among the descriptors. */
export type FindMessage = (typeName: string) => DescMessage | undefined;

/** Messages within `Any` within messages are parsed anew, so their depth is counted here. */
const maxAnyDepth = 8;

/** Throws `ProtobufError`. */
export function messageFields(message: WireMessage, find: FindMessage): JsonObject {
  return new Converter(find).fields(message);
}

type Special = (converter: Converter, message: WireMessage) => JsonValue;

const wrapper: Special = (converter, message) => converter.get(message, 'value');

const specials: ReadonlyMap<string, Special> = new Map<string, Special>([
  ...['Bool', 'Int32', 'UInt32', 'Int64', 'UInt64', 'String', 'Bytes', 'Float', 'Double'].map(
    (type): [string, Special] => [`google.protobuf.${type}Value`, wrapper],
  ),
  ['google.protobuf.Timestamp', (converter, message) => timestampText(converter.secondsAndNanos(message))],
  ['google.protobuf.Duration', (converter, message) => durationText(converter.secondsAndNanos(message))],
  ['google.protobuf.FieldMask', (converter, message) => maskText(converter.get(message, 'paths'))],
  ['google.protobuf.Struct', (converter, message) => converter.get(message, 'fields') ?? new Map()],
  ['google.protobuf.ListValue', (converter, message) => converter.get(message, 'values') ?? []],
  ['google.protobuf.Value', (converter, message) => converter.onlyValue(message)],
  ['google.protobuf.Any', (converter, message) => converter.any(message)],
]);

class Converter {
  readonly #find: FindMessage;
  #anyDepth = 0;

  constructor(find: FindMessage) {
    this.#find = find;
  }

  fields(message: WireMessage): Map<string, JsonValue> {
    const fields = new Map<string, JsonValue>();
    for (const field of message.desc.fields) {
      const value = message.values.get(field);
      if (value === undefined && field.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED)
        throw new ProtobufError(`the required field ${field.name} of ${message.desc.typeName} is missing`);
      if (value !== undefined && isSet(field, value)) fields.set(jsonName(field), this.#value(field, value));
    }
    return fields;
  }

  #message(message: WireMessage): JsonValue {
    const special = specials.get(message.desc.typeName);
    return special === undefined ? this.fields(message) : special(this, message);
  }

  #value(field: DescField, value: FieldValue): JsonValue {
    if (Array.isArray(value))
      return (value as readonly FieldValue[]).map((item) => this.#single(field, item));
    if (value instanceof Map)
      return new Map(
        [...(value as ReadonlyMap<string, FieldValue>)].map(([key, item]) => [
          key,
          this.#single(field, item),
        ]),
      );
    return this.#single(field, value);
  }

  /** One value, also of a list or a map. */
  #single(field: DescField, value: FieldValue): JsonValue {
    if (value instanceof WireMessage) return this.#message(value);
    if (value instanceof Uint8Array) return base64(value);
    if (typeof value === 'bigint') return narrow(value);
    if (typeof value !== 'number') return value as string | boolean;
    if (field.enum !== undefined) return enumName(field.enum, value);
    if (field.scalar === ScalarType.FLOAT) return new JavaFloat(value);
    return field.scalar === ScalarType.DOUBLE ? new JavaDouble(value) : value;
  }

  // Well-known types.

  /** Of a field that is not set: its default, or null for lists, maps and messages. */
  get(message: WireMessage, name: string): JsonValue {
    const field = message.desc.fields.find((candidate) => candidate.name === name);
    if (field === undefined) throw new ProtobufError(`${message.desc.typeName} has no field ${name}`);
    const value = message.values.get(field);
    if (value !== undefined) return this.#value(field, value);
    if (field.fieldKind !== 'scalar') return null;
    if (field.scalar === ScalarType.STRING || field.scalar === ScalarType.BYTES) return '';
    return field.scalar === ScalarType.BOOL ? false : this.#single(field, 0);
  }

  secondsAndNanos(message: WireMessage): { readonly seconds: number; readonly nanos: number } {
    return { seconds: Number(this.get(message, 'seconds')), nanos: Number(this.get(message, 'nanos')) };
  }

  /** `google.protobuf.Value`: at most one of its fields is set. */
  onlyValue(message: WireMessage): JsonValue {
    for (const [field, value] of message.values) return this.#value(field, value);
    return null;
  }

  /** Of a type that the descriptors do not have only the bytes are known. */
  any(message: WireMessage): JsonValue {
    const url = String(this.get(message, 'type_url'));
    if (url === '') return new Map();
    const bytes = [...message.values].find(([{ name }]) => name === 'value')?.[1];
    const content = bytes instanceof Uint8Array ? bytes : new Uint8Array();
    const desc = this.#find(url.slice(url.lastIndexOf('/') + 1));
    if (desc === undefined)
      return new Map([
        ['@type', url],
        ['value', base64(content)],
      ]);
    if (++this.#anyDepth > maxAnyDepth)
      throw new ProtobufError(`more than ${maxAnyDepth} Any lie within one another`);
    const inner = this.#message(parseMessage(desc, content));
    this.#anyDepth -= 1;
    return inner instanceof Map && !specials.has(desc.typeName)
      ? new Map<string, JsonValue>([['@type', url], ...(inner as JsonObject)])
      : new Map([
          ['@type', url],
          ['value', inner],
        ]);
  }
}

/** Compilers other than protoc may leave it out. */
function jsonName({ jsonName: given, name }: DescField): string {
  return given === '' ? name.replace(/_+(.?)/g, (_, letter: string) => letter.toUpperCase()) : given;
}

/** Fields without presence are not set while they have their default. */
function isSet(field: DescField, value: FieldValue): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Map) return value.size > 0;
  if (field.presence !== FeatureSet_FieldPresence.IMPLICIT || value instanceof WireMessage) return true;
  if (value instanceof Uint8Array) return value.byteLength > 0;
  // A negative zero is not the default.
  return !(Object.is(value, 0) || value === 0n || value === '' || value === false);
}

/** As Java names a number its enum does not know. */
function enumName(desc: DescEnum, number: number): string | null {
  if (desc.typeName === 'google.protobuf.NullValue') return null;
  return desc.value[number]?.name ?? `UNKNOWN_ENUM_VALUE_${desc.name}_${number}`;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

const firstSecond = -62_135_596_800;
const lastSecond = 253_402_300_799;
const maxDurationSeconds = 315_576_000_000;
const nanosPerSecond = 1_000_000_000;

type SecondsAndNanos = { readonly seconds: number; readonly nanos: number };

function timestampText({ seconds, nanos }: SecondsAndNanos): string {
  if (!(seconds >= firstSecond && seconds <= lastSecond) || nanos < 0 || nanos >= nanosPerSecond)
    throw new ProtobufError(`a Timestamp of ${seconds} s and ${nanos} ns is none`);
  const text = new Date(seconds * 1000).toISOString();
  return `${text.slice(0, text.indexOf('.'))}${fraction(nanos)}Z`;
}

function durationText({ seconds, nanos }: SecondsAndNanos): string {
  const isMixed = (seconds < 0 && nanos > 0) || (seconds > 0 && nanos < 0);
  if (isMixed || Math.abs(seconds) > maxDurationSeconds || Math.abs(nanos) >= nanosPerSecond)
    throw new ProtobufError(`a Duration of ${seconds} s and ${nanos} ns is none`);
  const sign = seconds < 0 || nanos < 0 ? '-' : '';
  return `${sign}${Math.abs(seconds)}${fraction(Math.abs(nanos))}s`;
}

/** In three, six or nine digits. */
function fraction(nanos: number): string {
  if (nanos === 0) return '';
  const digits = String(nanos).padStart(9, '0');
  if (digits.endsWith('000000')) return `.${digits.slice(0, 3)}`;
  return digits.endsWith('000') ? `.${digits.slice(0, 6)}` : `.${digits}`;
}

function maskText(paths: JsonValue): string {
  const texts = Array.isArray(paths) ? paths.map(String) : [];
  return texts
    .map((path) => path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()))
    .join(',');
}
