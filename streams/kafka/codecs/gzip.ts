/**
 * gzip, through node:zlib.
 *
 * Bounded by zlib itself: it inflates chunk by chunk and stops at `maxOutputLength`, so at most one chunk is allocated
 * past what was really inflated. Several members one after the other are one text.
 */
import { gunzipSync } from 'node:zlib';
import { damagedBy, tooLarge, type Decompress } from './codec.ts';

const chunkBytesMin = 256;
const chunkBytesMax = 1024 * 1024;

export const gunzip: Decompress = (bytes, bytesMax) => {
  // The trailer claims the length. Where it is right, one chunk of that size is quicker than many; where not, nothing is lost.
  const claimed = bytes.length < 4 ? 0 : bytes.readUInt32LE(bytes.length - 4);
  const chunkSize = Math.min(Math.max(claimed + 16, chunkBytesMin), chunkBytesMax);
  try {
    return gunzipSync(bytes, { maxOutputLength: bytesMax, chunkSize });
  } catch (cause) {
    const isTooLarge = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE';
    throw isTooLarge ? tooLarge(bytesMax, cause) : damagedBy(cause);
  }
};
