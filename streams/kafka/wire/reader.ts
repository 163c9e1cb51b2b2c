/**
 * Reads the primitive types of the Kafka protocol from one answer, in order.
 *
 * Nothing is read past the end and no count is believed that the remaining bytes cannot hold: both throw
 * STREAM_PROTOCOL. Byte fields are views into the answer, never copies.
 */
import { HeadgateError } from '../../../domain/errors.ts';

const emptyId = Buffer.alloc(16);

export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  bytes(length: number): Buffer {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  skip(length: number): void {
    this.#take(length);
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#take(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8));
  }

  /** Kafka writes a uuid as 22 characters of base64url; the id of nothing (all zeros) is null. */
  uuid(): string | null {
    const bytes = this.bytes(16);
    return bytes.equals(emptyId) ? null : bytes.toString('base64url');
  }

  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes[this.#take(1)] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw malformed('a varint goes on past 5 bytes');
  }

  /** Length + 1 as varint, 0 for null. */
  compactBytes(): Buffer | null {
    const length = this.unsignedVarint();
    return length === 0 ? null : this.bytes(length - 1);
  }

  compactNullableString(): string | null {
    return this.compactBytes()?.toString('utf8') ?? null;
  }

  compactString(): string {
    const text = this.compactNullableString();
    if (text === null) throw malformed('a string that must be there is null');
    return text;
  }

  /** The form before flexible versions: the length as int16. */
  string(): string {
    const length = this.int16();
    if (length < 0) throw malformed('a string that must be there is null');
    return this.bytes(length).toString('utf8');
  }

  /** Null arrays read as empty: no message of ours tells the two apart. */
  compactArray<T>(readElement: (reader: WireReader) => T): T[] {
    const length = this.unsignedVarint();
    return length === 0 ? [] : this.#elements(length - 1, readElement);
  }

  array<T>(readElement: (reader: WireReader) => T): T[] {
    const length = this.int32();
    return length < 0 ? [] : this.#elements(length, readElement);
  }

  /** Nothing we need is in a tagged field of the versions we speak. */
  skipTaggedFields(): void {
    const fields = this.unsignedVarint();
    for (let field = 0; field < fields; field += 1) {
      this.unsignedVarint();
      this.skip(this.unsignedVarint());
    }
  }

  /** Everything must have been read: bytes left over mean that the two sides speak of different versions. */
  end(): void {
    if (this.remaining > 0) throw malformed(`${this.remaining} bytes are left over`);
  }

  #elements<T>(length: number, readElement: (reader: WireReader) => T): T[] {
    // Every element takes a byte at least, so a count past the end is a lie, not a reason to allocate.
    if (length > this.remaining) throw malformed(`an array of ${length} elements in ${this.remaining} bytes`);
    const elements: T[] = [];
    for (let index = 0; index < length; index += 1) elements.push(readElement(this));
    return elements;
  }

  #take(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start)
      throw malformed(`${length} bytes are expected, ${this.remaining} are there`);
    this.#at = start + length;
    return start;
  }
}

function malformed(what: string): HeadgateError {
  return new HeadgateError('STREAM_PROTOCOL', `the answer of a Kafka broker cannot be read: ${what}`);
}
