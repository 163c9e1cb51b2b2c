/**
 * Bytes to text as Java's `new String(bytes, charset)`: what is malformed becomes U+FFFD, nothing ever fails.
 *
 * A byte order mark stays in the text, but for UTF-16, where it only says the order. Half of a surrogate pair is malformed,
 * and takes the unit after it along.
 */
import type { HeaderEncoding } from '../domain/spec/input-format.ts';

export type TextOf = (bytes: Uint8Array) => string;

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** A surrogate written in UTF-8 is one malformed character for Java, three for `TextDecoder`. */
export function javaUtf8(bytes: Uint8Array): string {
  if (!bytes.includes(surrogateLead)) return utf8.decode(bytes);
  const clean = Uint8Array.from(bytes);
  for (let at = clean.indexOf(surrogateLead); at >= 0; at = clean.indexOf(surrogateLead, at + 1))
    if (isTrail(clean[at + 1], 0xa0) && isTrail(clean[at + 2], 0x80)) clean.set(replacementBytes, at);
  return utf8.decode(clean);
}

const surrogateLead = 0xed;
const replacementBytes = [0xef, 0xbf, 0xbd];

function isTrail(byte: number | undefined, from: number): boolean {
  return byte !== undefined && byte >= from && byte <= 0xbf;
}

const replacement = '\ufffd';

export const textOf: { readonly [encoding in HeaderEncoding]: TextOf } = {
  'UTF-8': javaUtf8,
  'UTF-16': (bytes) => utf16(bytes, 'marked'),
  'UTF-16BE': (bytes) => utf16(bytes, 'big'),
  'UTF-16LE': (bytes) => utf16(bytes, 'little'),
  'US-ASCII': (bytes) =>
    singleBytes(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : replacement)),
  'ISO-8859-1': (bytes) => singleBytes(bytes, (byte) => String.fromCharCode(byte)),
};

function singleBytes(bytes: Uint8Array, character: (byte: number) => string): string {
  let text = '';
  for (const byte of bytes) text += character(byte);
  return text;
}

function utf16(bytes: Uint8Array, order: 'marked' | 'big' | 'little'): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mark = order === 'marked' && bytes.byteLength >= 2 ? view.getUint16(0) : 0;
  const isLittle = order === 'little' || mark === 0xfffe;
  let text = '';
  let at = mark === 0xfffe || mark === 0xfeff ? 2 : 0;
  while (at < bytes.byteLength) {
    const left = bytes.byteLength - at;
    const unit = left < 2 ? -1 : view.getUint16(at, isLittle);
    const isHigh = unit >= 0xd800 && unit <= 0xdbff;
    const next = isHigh && left >= 4 ? view.getUint16(at + 2, isLittle) : -1;
    const isPair = next >= 0xdc00 && next <= 0xdfff;
    const isWhole = isPair || (unit >= 0 && (unit < 0xd800 || unit > 0xdfff));
    text += isPair ? String.fromCharCode(unit, next) : isWhole ? String.fromCharCode(unit) : replacement;
    at += isHigh ? 4 : 2;
  }
  return text;
}
