/**
 * Damaged record batches between two right ones: no decoder throws anything but what it says, and what stands before the
 * damage is read whole. In half of the cases the checksum is put right, so that the damage reaches the inside.
 */
import assert from 'node:assert/strict';
import { isHeadgateError } from '../../domain/errors.ts';
import { decodePartition } from '../../streams/kafka/partition-records.ts';
import { encodeBatch, sealBatch, type EncodedBatch } from '../streams/kafka/encode-batch.ts';
import type { Random } from './random.ts';

const mebibyte = 1024 * 1024;
const checksumEnds = 21;

/** Batches that could be made once and damaged often; making them is what costs. */
const kinds: readonly EncodedBatch[] = [0, 1, 2, 3, 4].flatMap((codec) => [
  { baseOffset: 100n, codec, records: recordsOf(3, 20) },
  { baseOffset: 100n, codec, records: recordsOf(40, 100), isTransactional: true, producerId: 7n },
  { baseOffset: 100n, codec, records: [{ value: null }, { key: '', value: '', headers: [['', null]] }] },
]);
const before = encodeBatch({ baseOffset: 90n, records: recordsOf(10, 30) });
const after = encodeBatch({ baseOffset: 200n, records: recordsOf(5, 30) });
const middles = kinds.map(encodeBatch);

function recordsOf(count: number, bytes: number): EncodedBatch['records'] {
  return Array.from({ length: count }, (_, at) => ({
    key: at % 3 === 0 ? null : `key ${at}`,
    value: `${at} `.padEnd(bytes, 'abcde'),
    headers: at % 4 === 0 ? [['h', 'x'] as const, ['n', null] as const] : [],
  }));
}

export function fuzzBatch(random: Random): void {
  const bytes = random.damaged(random.pick(middles));
  const middle = bytes.length > checksumEnds && random.whole(2) === 0 ? sealBatch(Buffer.from(bytes)) : bytes;
  const { batches, error } = decodePartition({
    topic: 'fuzz',
    partition: '0',
    position: 90n,
    records: Buffer.concat([before, middle, after]),
    aborted: random.whole(3) === 0 ? null : [{ producerId: 7n, firstOffset: 100n }],
    decompressedBytesMax: mebibyte,
  });
  assert(
    error === null || /^STREAM_(CORRUPT|CODEC_UNSUPPORTED|PROTOCOL)$/.test(error.code),
    `${error?.code}`,
  );
  let read = 0;
  let last = 89n;
  try {
    for (const batch of batches)
      for (const record of batch.records) {
        assert(record.position > last, `position ${record.position} after ${last}`);
        last = record.position;
        // Touch all of it: views may be made late.
        void record.key?.byteLength;
        void record.value?.byteLength;
        void record.headers.length;
        read += 1;
      }
  } catch (thrown) {
    if (!isHeadgateError(thrown)) throw thrown;
  }
  assert(read >= 10, `only ${read} records of the whole batch before the damage`);
}
