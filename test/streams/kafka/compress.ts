/** Compresses as producers do, by the number of the codec. Its zstd frames have their size in the header; Java's have not. */
import * as zlib from 'node:zlib';
import { compress as compressByWasm } from '@bokuweb/zstd-wasm';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import { prepareCodecs } from '../../../streams/kafka/codecs/codecs.ts';

// The WebAssembly module bears one initialization only; where node:zlib has zstd, nobody needs it.
await prepareCodecs();
const found: unknown = Reflect.get(zlib, 'zstdCompressSync');
const compressZstd = typeof found === 'function' ? (found as (plain: Buffer) => Buffer) : compressByWasm;

export const codecNumbers = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;

export function compress(codec: number, plain: Buffer): Buffer {
  switch (codec) {
    case codecNumbers.gzip:
      return zlib.gzipSync(plain);
    case codecNumbers.snappy:
      return compressSync(plain);
    case codecNumbers.lz4:
      return compressFrameSync(plain);
    case codecNumbers.zstd:
      return Buffer.from(compressZstd(plain));
    default:
      return plain;
  }
}

/** As snappy-java frames it: blocks of 32 KiB behind a header. */
export function xerialSnappy(plain: Buffer, blockBytes = 32 * 1024): Buffer {
  const parts: Buffer[] = [
    Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]),
  ];
  for (let at = 0; at < plain.length; at += blockBytes) {
    const block = compressSync(plain.subarray(at, at + blockBytes));
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

/** A zstd frame without its size, of the blocks given: [kind, size, bytes], the last one marked. */
export function zstdFrame(
  blocks: readonly (readonly [kind: number, size: number, bytes: Buffer])[],
  windowDescriptor = 0x50,
): Buffer {
  const parts: Buffer[] = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, windowDescriptor])];
  blocks.forEach(([kind, size, bytes], index) => {
    const header = Buffer.alloc(3);
    header.writeUIntLE((size << 3) | (kind << 1) | (index === blocks.length - 1 ? 1 : 0), 0, 3);
    parts.push(header, bytes);
  });
  return Buffer.concat(parts);
}
