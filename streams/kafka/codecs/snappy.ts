/**
 * Snappy, through `snappy`: one raw block, or the framing of xerial's snappy-java, which Java producers write.
 *
 *   xerial: 0x82 "SNAPPY" 0x00 version:int32 compatible:int32 [length:int32 block]; streams may follow one another
 *
 * The library allocates what a block's preamble claims. So all preambles are read first: their sum is held against the
 * limit, and each one against what a block of its length can hold.
 */
import { uncompressSync } from 'snappy';
import { damaged, damagedBy, tooLarge, type Decompress } from './codec.ts';

const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const xerialHeaderBytes = 16;
/** The best element makes 64 bytes out of 3. */
const growthMax = 22;

export const unsnappy: Decompress = (bytes, bytesMax) => {
  const isXerial = bytes.subarray(0, xerialMagic.length).equals(xerialMagic);
  const blocks = isXerial ? xerialBlocks(bytes) : [bytes];
  let total = 0;
  for (const block of blocks) {
    total += claimedLength(block);
    if (total > bytesMax) throw tooLarge(bytesMax);
  }
  const [only] = blocks;
  if (only !== undefined && blocks.length === 1) return uncompressBlock(only);
  const result = Buffer.allocUnsafe(total);
  let at = 0;
  for (const block of blocks) {
    const part = uncompressBlock(block);
    result.set(part, at);
    at += part.length;
  }
  return result;
};

function xerialBlocks(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes.subarray(at, at + xerialMagic.length).equals(xerialMagic)) {
      at += xerialHeaderBytes;
      continue;
    }
    const length = at + 4 > bytes.length ? -1 : bytes.readInt32BE(at);
    const start = at + 4;
    if (length < 0 || start + length > bytes.length)
      throw damaged(`a block at byte ${at} does not end within the batch`);
    blocks.push(bytes.subarray(start, start + length));
    at = start + length;
  }
  return blocks;
}

/** The preamble of a block: its uncompressed length as a varint of at most 32 bits. */
function claimedLength(block: Buffer): number {
  let length = 0;
  for (let index = 0; index < 5; index += 1) {
    const byte = block[index];
    if (byte === undefined) break;
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte >= 0x80) continue;
    if (length > block.length * growthMax)
      throw damaged(`a block of ${block.length} bytes claims to hold ${length}`);
    return length;
  }
  throw damaged('a block has no length');
}

/** Copied out of the library's memory: that is four times as fast as handing it over, for blocks of this size. */
function uncompressBlock(block: Buffer): Buffer {
  try {
    const plain = uncompressSync(block, { asBuffer: true, copyOutputData: true });
    return typeof plain === 'string' ? Buffer.from(plain) : plain;
  } catch (cause) {
    throw damagedBy(cause);
  }
}
