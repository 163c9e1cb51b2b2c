/** Writes the primitive types of the Kafka protocol into one growing buffer. */

export class WireWriter {
  #bytes: Buffer;
  #at = 0;

  constructor(sizeHint = 256) {
    this.#bytes = Buffer.allocUnsafe(sizeHint);
  }

  /** What was written so far, as a view: the writer must not be used afterwards. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  get length(): number {
    return this.#at;
  }

  int8(value: number): this {
    const at = this.#grow(1);
    this.#bytes.writeInt8(value, at);
    return this;
  }

  int16(value: number): this {
    const at = this.#grow(2);
    this.#bytes.writeInt16BE(value, at);
    return this;
  }

  int32(value: number): this {
    const at = this.#grow(4);
    this.#bytes.writeInt32BE(value, at);
    return this;
  }

  uint32(value: number): this {
    const at = this.#grow(4);
    this.#bytes.writeUInt32BE(value, at);
    return this;
  }

  int64(value: bigint): this {
    const at = this.#grow(8);
    this.#bytes.writeBigInt64BE(value, at);
    return this;
  }

  /** The form of `WireReader.uuid`. */
  uuid(value: string | null): this {
    return this.raw(value === null ? Buffer.alloc(16) : Buffer.from(value, 'base64url'));
  }

  unsignedVarint(value: number): this {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.#byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.#byte(rest);
    return this;
  }

  raw(value: Uint8Array): this {
    const at = this.#grow(value.byteLength);
    this.#bytes.set(value, at);
    return this;
  }

  compactBytes(value: Uint8Array | null): this {
    if (value === null) return this.unsignedVarint(0);
    return this.unsignedVarint(value.byteLength + 1).raw(value);
  }

  compactString(value: string | null): this {
    return this.compactBytes(value === null ? null : Buffer.from(value, 'utf8'));
  }

  /** The form of strings before flexible versions; request headers still use it for the client id. */
  nullableString(value: string | null): this {
    if (value === null) return this.int16(-1);
    const bytes = Buffer.from(value, 'utf8');
    return this.int16(bytes.length).raw(bytes);
  }

  compactArray<T>(elements: readonly T[], writeElement: (writer: this, element: T) => void): this {
    this.unsignedVarint(elements.length + 1);
    for (const element of elements) writeElement(this, element);
    return this;
  }

  array<T>(elements: readonly T[], writeElement: (writer: this, element: T) => void): this {
    this.int32(elements.length);
    for (const element of elements) writeElement(this, element);
    return this;
  }

  noTaggedFields(): this {
    return this.unsignedVarint(0);
  }

  #byte(value: number): void {
    const at = this.#grow(1);
    this.#bytes[at] = value;
  }

  /** May replace the buffer, so it must have returned before the buffer is looked at. */
  #grow(length: number): number {
    const start = this.#at;
    const needed = start + length;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, start);
      this.#bytes = larger;
    }
    this.#at = needed;
    return start;
  }
}
