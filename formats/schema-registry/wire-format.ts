/**
 * What stands before a message whose schema is in a registry: a zero byte and the schema's id; for Protobuf also which message
 * of the schema it is, as places from the outside in.
 */

/** Null: the bytes are too few, or do not begin with a zero byte. */
export function schemaIdOf(bytes: Uint8Array): number | null {
  if (bytes.byteLength < schemaIdBytes || bytes[0] !== 0) return null;
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getInt32(1);
}

/** Where the message begins, for formats without places. */
export const schemaIdBytes = 5;

/** Messages within messages; nothing real comes near. */
const maxPlaces = 64;

export type MessagePlace = { readonly places: readonly number[]; readonly start: number };

/** Null: it cannot be read. A single zero stands for the first message. */
export function messagePlaceOf(bytes: Uint8Array): MessagePlace | null {
  const reader = new Zigzag(bytes, schemaIdBytes);
  const count = reader.next();
  if (count === null || count < 0 || count > maxPlaces) return null;
  if (count === 0) return { places: [0], start: reader.at };
  const places: number[] = [];
  for (let read = 0; read < count; read++) {
    const place = reader.next();
    if (place === null || place < 0) return null;
    places.push(place);
  }
  return { places, start: reader.at };
}

class Zigzag {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** Null: the number does not end, or has more than 32 bits. */
  next(): number | null {
    let sum = 0;
    for (let factor = 1; factor <= 128 ** 4; factor *= 128) {
      const byte = this.#bytes[this.at];
      if (byte === undefined) return null;
      this.at += 1;
      sum += (byte & 0x7f) * factor;
      if (byte < 0x80) return sum % 2 === 0 ? sum / 2 : -(sum + 1) / 2;
    }
    return null;
  }
}
