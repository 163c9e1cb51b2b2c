/**
 * The header of a record batch (message format 2): parsed and checked before anything of it is believed.
 *
 * The checksum covers everything after it, so a batch whose header passes here is what its producer or the broker
 * wrote. Formats 0 and 1, which Kafka 4 has dropped, are refused by name.
 *
 *   base_offset:int64 length:int32 partition_leader_epoch:int32 magic:int8 crc:uint32 attributes:int16
 *   last_offset_delta:int32 base_timestamp:int64 max_timestamp:int64 producer_id:int64 producer_epoch:int16
 *   base_sequence:int32 records_count:int32 records
 */
import { HeadgateError } from '../../domain/errors.ts';
import { crc32c } from '@node-rs/crc32';
import { placeText } from './topic-choice.ts';

/** Offset and length: what is there before `length` begins to count. */
const prefixBytes = 12;
const headerBytes = 61;
const magicAt = 16;
const crcAt = 17;
const checkedFrom = 21;
/** The position after the batch must still be an int64. */
const baseOffsetMax = 2n ** 63n - 1n - 2n ** 31n;

export type Codec = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

const codecs: readonly Codec[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

export type BatchHeader = {
  readonly baseOffset: bigint;
  readonly lastOffsetDelta: number;
  /** Null: a number no known codec has. */
  readonly codec: Codec | null;
  readonly codecNumber: number;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  readonly isLogAppendTime: boolean;
  readonly baseTimestampMs: number;
  readonly maxTimestampMs: number;
  readonly producerId: bigint;
  readonly recordCount: number;
  /** Of the whole batch with its prefix. */
  readonly sizeBytes: number;
};

/** A partition and the place in it, for messages. */
export type BatchPlace = { readonly topic: string; readonly partition: string };

/**
 * Null when the bytes from `at` on hold only the beginning of a batch: brokers cut an answer at its size limit.
 * Throws STREAM_PROTOCOL for formats 0 and 1, STREAM_CORRUPT for what cannot be.
 */
export function readBatchHeader(bytes: Buffer, at: number, place: BatchPlace): BatchHeader | null {
  const there = bytes.length - at;
  if (there <= magicAt) return null;
  const baseOffset = bytes.readBigInt64BE(at);
  const magic = bytes.readInt8(at + magicAt);
  if (magic !== 2) throw wrongFormat(place, baseOffset, magic);
  const sizeBytes = prefixBytes + bytes.readInt32BE(at + 8);
  if (sizeBytes < headerBytes) throw corrupt(place, baseOffset, `it claims to be ${sizeBytes} bytes long`);
  if (sizeBytes > there) return null;
  const expected = bytes.readUInt32BE(at + crcAt);
  const found = crc32c(bytes.subarray(at + checkedFrom, at + sizeBytes));
  if (found !== expected) throw corrupt(place, baseOffset, `its checksum is ${found}, expected ${expected}`);
  const attributes = bytes.readInt16BE(at + checkedFrom);
  const header = {
    baseOffset,
    lastOffsetDelta: bytes.readInt32BE(at + 23),
    codec: codecs[attributes & 7] ?? null,
    codecNumber: attributes & 7,
    isLogAppendTime: (attributes & 8) !== 0,
    isTransactional: (attributes & 16) !== 0,
    isControl: (attributes & 32) !== 0,
    baseTimestampMs: Number(bytes.readBigInt64BE(at + 27)),
    maxTimestampMs: Number(bytes.readBigInt64BE(at + 35)),
    producerId: bytes.readBigInt64BE(at + 43),
    recordCount: bytes.readInt32BE(at + 57),
    sizeBytes,
  };
  if (baseOffset < 0n || baseOffset > baseOffsetMax || header.lastOffsetDelta < 0 || header.recordCount < 0)
    throw corrupt(
      place,
      baseOffset,
      `offset ${baseOffset}, last offset delta ${header.lastOffsetDelta}, ${header.recordCount} records`,
    );
  return header;
}

/** The records of a batch as they lie in `bytes`: compressed if the batch is. */
export function recordsOf(bytes: Buffer, at: number, header: BatchHeader): Buffer {
  return bytes.subarray(at + headerBytes, at + header.sizeBytes);
}

function wrongFormat(place: BatchPlace, offset: bigint, magic: number): HeadgateError {
  const format =
    magic === 0 || magic === 1 ? `the legacy message format ${magic}` : `message format ${magic}`;
  return new HeadgateError(
    'STREAM_PROTOCOL',
    `${placeText(place.topic, place.partition)}: records at offset ${offset} are in ${format}, expected format 2; ` +
      'write them again with a producer of Kafka 0.11 or newer',
    { details: { partition: place.partition, position: String(offset), magic } },
  );
}

function corrupt(place: BatchPlace, offset: bigint, what: string): HeadgateError {
  return new HeadgateError(
    'STREAM_CORRUPT',
    `${placeText(place.topic, place.partition)}: the batch at offset ${offset} is damaged: ${what}`,
    { details: { partition: place.partition, position: String(offset) } },
  );
}
