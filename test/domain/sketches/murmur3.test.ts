import { expect, test } from 'vitest';
import { murmur3 } from '../../../domain/sketches/murmur3.ts';

/** What the library mmh3 of Python gives (x86, 128 bits), the first two words. */
test.each([
  ['I will not buy this record, it is scratched.', 0, 'a0a9683b 25ac5e40'],
  ['', 9003, 'db2e14c8 627c815a'],
  ['hello', 9003, 'e6262df5 36e28418'],
  ['0123456789abcdef', 9003, '856aad21 763a8253'],
  ['0123456789abcdefXYZ', 9003, 'eb579028 08cd4854'],
])('the hash of %j with seed %i', (text, seed, expected) => {
  const bytes = new TextEncoder().encode(text);
  const { high, low } = murmur3(bytes, bytes.length, seed);
  expect([high, low].map((word) => word.toString(16).padStart(8, '0')).join(' ')).toBe(expected);
});
