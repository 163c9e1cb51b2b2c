/**
 * LZ4 frames, through `lz4-napi`.
 *
 *   magic:uint32 flags block_descriptor [content_size:uint64] [dictionary_id:uint32] header_checksum
 *   [block_size:uint32 block [block_checksum:uint32]] end_mark:uint32 [content_checksum:uint32]      all little endian
 *
 * The library grows its output as it goes and knows no limit. So the frame is walked first: each block is bounded by the
 * frame's block size and by what its bytes can grow to. Only when that sum passes the limit the blocks' own sequences are
 * walked for the exact length, so that no honest frame is refused. The library gets exactly that one frame.
 */
import { decompressFrameSync } from 'lz4-napi';
import { damaged, damagedBy, tooLarge, type Decompress } from './codec.ts';

const magic = 0x184d2204;
const storedBlock = 0x80000000;
/** A length byte stands for 255 bytes of output at most. */
const growthMax = 255;
/** What the first token can add to that. */
const growthSlack = 64;

type Frame = {
  readonly bytes: Buffer;
  readonly blocks: readonly { readonly start: number; readonly end: number; readonly isStored: boolean }[];
  readonly blockBytesMax: number;
};

export const unlz4: Decompress = (bytes, bytesMax) => {
  const frame = readFrame(bytes);
  if (boundOf(frame) > bytesMax && exactLength(frame, bytesMax) > bytesMax) throw tooLarge(bytesMax);
  try {
    return decompressFrameSync(frame.bytes);
  } catch (cause) {
    throw damagedBy(cause);
  }
};

function readFrame(bytes: Buffer): Frame {
  if (bytes.length < 7 || bytes.readUInt32LE(0) !== magic) throw damaged('it is no LZ4 frame');
  const flags = bytes[4] ?? 0;
  if (flags >>> 6 !== 1) throw damaged(`version ${flags >>> 6} of the LZ4 frame, expected 1`);
  if ((flags & 1) !== 0) throw damaged('an LZ4 frame with a dictionary');
  const sizeCode = ((bytes[5] ?? 0) >>> 4) & 7;
  if (sizeCode < 4) throw damaged(`an LZ4 frame of block size ${sizeCode}, expected 4 to 7`);
  const blockBytesMax = 2 ** (2 * sizeCode + 8);
  const blockTail = (flags & 16) === 0 ? 0 : 4;
  const blocks: Frame['blocks'][number][] = [];
  let at = 7 + ((flags & 8) === 0 ? 0 : 8);
  for (;;) {
    if (at + 4 > bytes.length) throw damaged('an LZ4 frame without an end');
    const word = bytes.readUInt32LE(at);
    at += 4;
    if (word === 0) break;
    const isStored = word >= storedBlock;
    const size = isStored ? word - storedBlock : word;
    if (size > blockBytesMax || at + size > bytes.length)
      throw damaged(`an LZ4 block of ${size} bytes at byte ${at}`);
    blocks.push({ start: at, end: at + size, isStored });
    at += size + blockTail;
  }
  const end = at + ((flags & 4) === 0 ? 0 : 4);
  if (end > bytes.length) throw damaged('an LZ4 frame without its checksum');
  return { bytes: bytes.subarray(0, end), blocks, blockBytesMax };
}

function boundOf({ blocks, blockBytesMax }: Frame): number {
  let bound = 0;
  for (const { start, end, isStored } of blocks)
    bound += isStored ? end - start : Math.min(blockBytesMax, (end - start) * growthMax + growthSlack);
  return bound;
}

/** Stops counting once the limit is passed. */
function exactLength({ bytes, blocks }: Frame, bytesMax: number): number {
  let length = 0;
  for (const { start, end, isStored } of blocks) {
    length += isStored ? end - start : sequencesLength(bytes, start, end);
    if (length > bytesMax) break;
  }
  return length;
}

/** A block is sequences: token, literals, offset:uint16, match; the last one ends after its literals. */
function sequencesLength(bytes: Buffer, start: number, end: number): number {
  let at = start;
  let length = 0;
  /** A length of 15 goes on in bytes, up to the first one that is not 255. */
  const extended = (short: number): number => {
    let full = short;
    if (short < 15) return full;
    for (;;) {
      const byte = at < end ? (bytes[at] ?? 0) : 0;
      at += 1;
      full += byte;
      if (byte !== 255) return full;
    }
  };
  while (at < end) {
    const token = bytes[at] ?? 0;
    at += 1;
    const literals = extended(token >>> 4);
    length += literals;
    at += literals;
    if (at >= end) break;
    at += 2;
    length += extended(token & 15) + 4;
  }
  return length;
}
