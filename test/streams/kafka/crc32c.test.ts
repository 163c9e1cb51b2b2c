import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../streams/kafka/crc32c.ts';

/** Bit by bit, as the definition has it. */
function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

describe('CRC-32C', () => {
  it('gives the published values (RFC 3720, B.4)', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
    expect(crc32c(Buffer.from(Array.from({ length: 32 }, (_, index) => index)))).toBe(0x46dd794e);
    expect(crc32c(Buffer.from(Array.from({ length: 32 }, (_, index) => 31 - index)))).toBe(0x113fdb5c);
    expect(crc32c(Buffer.alloc(0))).toBe(0);
  });

  it('does not depend on where in a buffer the bytes lie, or how many there are', () => {
    const bytes = Buffer.from(Array.from({ length: 120 }, (_, index) => (index * 131 + 7) & 0xff));
    for (let start = 0; start < 8; start += 1)
      for (let end = start; end < bytes.length; end += 1)
        expect(crc32c(bytes.subarray(start, end))).toBe(slowCrc32c(bytes.subarray(start, end)));
  });
});
