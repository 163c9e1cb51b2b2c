/** Texts of headers as Java decodes them. */
import { expect, test } from 'vitest';
import { textOf } from '../../formats/java-charsets.ts';
import type { HeaderEncoding } from '../../domain/spec/input-format.ts';

test.each<[HeaderEncoding, number[], string]>([
  ['UTF-8', [0x61, 0xc3, 0xa9], 'aé'],
  ['UTF-8', [0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80], '\ufffd\ufffd'],
  ['UTF-8', [0xed, 0x9f, 0xbf], '\ud7ff'],
  ['UTF-8', [0xed], '\ufffd'],
  ['UTF-8', [0xf0, 0x9f, 0x98], '\ufffd'],
  ['UTF-8', [0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
  ['US-ASCII', [0x41, 0x80, 0xff], 'A\ufffd\ufffd'],
  ['ISO-8859-1', [0x41, 0x80, 0xff], 'A\u0080ÿ'],
  ['UTF-16', [], ''],
  ['UTF-16', [0xfe, 0xff, 0, 0x41], 'A'],
  ['UTF-16', [0xff, 0xfe, 0x41, 0], 'A'],
  ['UTF-16', [0, 0x41, 0xfe, 0xff], 'A\ufeff'],
  ['UTF-16', [0xff], '\ufffd'],
  ['UTF-16BE', [0xfe, 0xff, 0, 0x41], '\ufeffA'],
  ['UTF-16BE', [0xd8, 0x3d, 0xde, 0], '😀'],
  ['UTF-16LE', [0x3d, 0xd8, 0, 0xde], '😀'],
  ['UTF-16BE', [0xde, 0, 0, 0x41], '\ufffdA'],
  ['UTF-16BE', [0xd8, 0x3d, 0, 0x41, 0, 0x42], '\ufffdB'],
  ['UTF-16BE', [0, 0x41, 0xd8, 0x3d], 'A\ufffd'],
  ['UTF-16BE', [0, 0x41, 0xd8, 0x3d, 0x41], 'A\ufffd'],
  ['UTF-16BE', [0, 0x41, 0x42], 'A\ufffd'],
])('%s %j', (encoding, bytes, text) => {
  expect(textOf[encoding](Uint8Array.from(bytes))).toBe(text);
});
