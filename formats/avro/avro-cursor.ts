/**
 * Avro's binary encoding, read byte by byte with everything bounded: a length or a count that the bytes at hand cannot hold is an
 * error at once, before anything is made of it (reliability.md S11).
 */
import { maxDepth, maxKeys } from '../json-text.ts';
import { narrow } from '../conversions.ts';

/** What is wrong with a record. */
export class AvroError extends Error {}

/** Items without bytes (null, records without fields) are bounded by nothing else. */
const maxEmptyItems = 100_000;

export class AvroCursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #depth = 0;
  #keys = 0;
  #emptyItems = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  enter(): void {
    if (++this.#depth > maxDepth) throw new AvroError(`it is nested deeper than ${maxDepth} levels`);
  }

  leave(): void {
    this.#depth -= 1;
  }

  /** A field of a record or an entry of a map. */
  countKeys(keys: number): void {
    this.#keys += keys;
    if (this.#keys > maxKeys) throw new AvroError(`it has more than ${maxKeys} fields`);
  }

  /** Reads one item of an array. */
  item<T>(read: (cursor: AvroCursor) => T): T {
    const before = this.#at;
    const item = read(this);
    if (this.#at === before && ++this.#emptyItems > maxEmptyItems)
      throw new AvroError(`it has more than ${maxEmptyItems} items without content`);
    return item;
  }

  /** The number of items of the next block of an array or map; 0 ends it. */
  blockCount(): number {
    let count = this.#size();
    if (count < 0) {
      count = -count;
      // The bytes of the block, for those who skip it.
      this.long();
    }
    if (count > this.#left() + maxEmptyItems)
      throw new AvroError(`it claims ${count} items, and ${this.#left()} bytes are left`);
    return count;
  }

  boolean(): boolean {
    return this.#byte() === 1;
  }

  int(): number {
    const value = this.long();
    if (typeof value === 'bigint' || value < -2_147_483_648 || value > 2_147_483_647)
      throw new AvroError('an int has more than 32 bits');
    return value;
  }

  /** Zigzag, seven bits a byte, the lowest first. */
  long(): number | bigint {
    let sum = 0;
    let factor = 1;
    for (let read = 0; read < exactBytes; read++) {
      const byte = this.#byte();
      sum += (byte & 0x7f) * factor;
      if (byte < 0x80) return sum % 2 === 0 ? sum / 2 : -(sum + 1) / 2;
      factor *= 128;
    }
    return this.#longOf(BigInt(sum));
  }

  #longOf(low: bigint): number | bigint {
    let sum = low;
    for (let read = exactBytes; read < longBytes; read++) {
      const byte = this.#byte();
      sum |= BigInt(byte & 0x7f) << BigInt(7 * read);
      if (byte >= 0x80) continue;
      const unsigned = BigInt.asUintN(64, sum);
      return narrow(BigInt.asIntN(64, (unsigned >> 1n) ^ -(unsigned & 1n)));
    }
    throw new AvroError('a number has more than 64 bits');
  }

  float(): number {
    return this.#view.getFloat32(this.#advance(4), true);
  }

  double(): number {
    return this.#view.getFloat64(this.#advance(8), true);
  }

  fixed(size: number): Uint8Array {
    const start = this.#advance(size);
    return this.#bytes.subarray(start, start + size);
  }

  /** Bytes or text: a length, then so many bytes. */
  sized(): Uint8Array {
    const size = this.#size();
    if (size < 0) throw new AvroError(`it claims a length of ${size}`);
    return this.fixed(size);
  }

  #size(): number {
    return Number(this.long());
  }

  #byte(): number {
    return this.#bytes[this.#advance(1)] ?? 0;
  }

  #left(): number {
    return this.#bytes.byteLength - this.#at;
  }

  #advance(size: number): number {
    if (size > this.#left())
      throw new AvroError(`it claims ${size} more bytes, and ${this.#left()} are left`);
    const start = this.#at;
    this.#at += size;
    return start;
  }
}

/** So many groups of seven bits a double holds exactly. */
const exactBytes = 7;
const longBytes = 10;
