/**
 * Thrift's compact protocol, read into maps from field number to value: the language of Parquet footers.
 *
 * Throws for bytes that are no such struct, never reads outside of them, and nests to a fixed depth.
 */
export type Value = bigint | boolean | number | Buffer | Struct | readonly Value[];
export type Struct = ReadonlyMap<number, Value>;

const depthMax = 32;
const booleanTrue = 1;
const booleanFalse = 2;

export class CompactReader {
  readonly #bytes: Buffer;
  #at = 0;
  #depth = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  struct(): Struct {
    if (++this.#depth > depthMax) throw new Error(`it nests deeper than ${depthMax}`);
    const fields = new Map<number, Value>();
    for (let id = 0; ;) {
      const header = this.#byte();
      const type = header & 0x0f;
      if (type === 0) break;
      id = header >> 4 === 0 ? Number(this.#zigzag()) : id + (header >> 4);
      fields.set(
        id,
        type === booleanTrue || type === booleanFalse ? type === booleanTrue : this.#value(type),
      );
    }
    this.#depth--;
    return fields;
  }

  #value(type: number): Value {
    switch (type) {
      case booleanTrue:
      case booleanFalse:
        return this.#byte() === booleanTrue;
      case 3:
        return this.#byte();
      case 4:
      case 5:
      case 6:
        return this.#zigzag();
      case 7:
        return this.#take(8).readDoubleLE();
      case 8:
        return this.#take(Number(this.#varint()));
      case 9:
      case 10:
        return this.#list();
      case 12:
        return this.struct();
      default:
        throw new Error(`unknown Thrift type ${type}`);
    }
  }

  #list(): Value[] {
    const header = this.#byte();
    const count = header >> 4 === 15 ? Number(this.#varint()) : header >> 4;
    const items: Value[] = [];
    for (let left = count; left > 0; left--) items.push(this.#value(header & 0x0f));
    return items;
  }

  #zigzag(): bigint {
    const value = this.#varint();
    return value % 2n === 0n ? value / 2n : -(value + 1n) / 2n;
  }

  /** In plain numbers while they are exact: nearly all are lengths and small counts. */
  #varint(): bigint {
    let low = 0;
    let factor = 1;
    for (; factor < 2 ** 42; factor *= 128) {
      const byte = this.#byte();
      low += (byte & 0x7f) * factor;
      if (byte < 128) return BigInt(low);
    }
    let value = BigInt(low);
    for (let wide = BigInt(factor); wide < 2n ** 70n; wide *= 128n) {
      const byte = this.#byte();
      value += BigInt(byte & 0x7f) * wide;
      if (byte < 128) return value;
    }
    throw new Error('it has a number of more than 64 bits');
  }

  #take(length: number): Buffer {
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    if (bytes.length < length) throw new Error('it ends too early');
    this.#at += length;
    return bytes;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new Error('it ends too early');
    return byte;
  }
}

export function structAt(struct: Struct | undefined, id: number): Struct | undefined {
  const value = struct?.get(id);
  return value instanceof Map ? (value as Struct) : undefined;
}

export function structsAt(struct: Struct | undefined, id: number): readonly Struct[] {
  return listAt(struct, id).filter((item): item is Struct => item instanceof Map);
}

export function listAt(struct: Struct | undefined, id: number): readonly Value[] {
  const value = struct?.get(id);
  return Array.isArray(value) ? (value as readonly Value[]) : [];
}

export function bytesAt(struct: Struct | undefined, id: number): Buffer | null {
  const value = struct?.get(id);
  return value instanceof Buffer ? value : null;
}

export function numberAt(struct: Struct | undefined, id: number): number | null {
  const value = struct?.get(id);
  return typeof value === 'bigint' || typeof value === 'number' ? Number(value) : null;
}
