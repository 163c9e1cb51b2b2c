/**
 * MurmurHash3 (x86, 128 bits), of which the first 64 are used: 32-bit arithmetic only, since BigInt is slow and, in hot loops
 * on Node 20, not safe (ecosystem.md 0). Not for secrets: whoever chooses the values can make them collide.
 */

export type Hash64 = { readonly high: number; readonly low: number };

const [c1, c2, c3, c4] = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93] as const;

/** Of the first `length` bytes; both halves are unsigned. */
export function murmur3(bytes: Uint8Array, length: number, seed: number): Hash64 {
  let [h1, h2, h3, h4] = [seed, seed, seed, seed];
  const blocks = length & ~15;
  for (let at = 0; at < blocks; at += 16) {
    h1 = rotated(h1 ^ mixed(word(bytes, at), c1, 15, c2), 19) + h2;
    h1 = Math.imul(h1, 5) + 0x561ccd1b;
    h2 = rotated(h2 ^ mixed(word(bytes, at + 4), c2, 16, c3), 17) + h3;
    h2 = Math.imul(h2, 5) + 0x0bcaa747;
    h3 = rotated(h3 ^ mixed(word(bytes, at + 8), c3, 17, c4), 15) + h4;
    h3 = Math.imul(h3, 5) + 0x96cd1c35;
    h4 = rotated(h4 ^ mixed(word(bytes, at + 12), c4, 18, c1), 13) + h1;
    h4 = Math.imul(h4, 5) + 0x32ac3b17;
  }
  h1 ^= mixed(tail(bytes, blocks, length), c1, 15, c2) ^ length;
  h2 ^= mixed(tail(bytes, blocks + 4, length), c2, 16, c3) ^ length;
  h3 ^= mixed(tail(bytes, blocks + 8, length), c3, 17, c4) ^ length;
  h4 ^= mixed(tail(bytes, blocks + 12, length), c4, 18, c1) ^ length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  [h2, h3, h4] = [final((h2 + h1) | 0), final((h3 + h1) | 0), final((h4 + h1) | 0)];
  h1 = (final(h1) + h2 + h3 + h4) | 0;
  return { high: h1 >>> 0, low: (h2 + h1) >>> 0 };
}

function word(bytes: Uint8Array, at: number): number {
  return (
    byte(bytes, at) | (byte(bytes, at + 1) << 8) | (byte(bytes, at + 2) << 16) | (byte(bytes, at + 3) << 24)
  );
}

/** What is left of a word at the end; zeros beyond. */
function tail(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let next = Math.min(at + 4, length) - 1; next >= at; next--) value = (value << 8) | byte(bytes, next);
  return value;
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

function rotated(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function mixed(value: number, before: number, by: number, after: number): number {
  return Math.imul(rotated(Math.imul(value, before), by), after);
}

function final(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
