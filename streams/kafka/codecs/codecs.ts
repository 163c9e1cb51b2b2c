/** The codecs of Kafka's record batches by name; their numbers are in record-batch.ts. */
import type { Codec } from '../record-batch.ts';
import type { Decompress } from './codec.ts';
import { gunzip } from './gzip.ts';
import { unlz4 } from './lz4.ts';
import { unsnappy } from './snappy.ts';
import { prepareZstd, unzstd } from './zstd.ts';

export const decompressors: Readonly<Record<Exclude<Codec, 'none'>, Decompress>> = {
  gzip: gunzip,
  snappy: unsnappy,
  lz4: unlz4,
  zstd: unzstd,
};

/** To be awaited before records are walked. */
export function prepareCodecs(): Promise<void> {
  return prepareZstd();
}
