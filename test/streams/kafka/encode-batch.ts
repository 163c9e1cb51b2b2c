/** Writes record batches of message format 2, right ones and, through the overrides, wrong ones. The decoder's opposite, kept apart from it. */
import { compress } from './compress.ts';

export type EncodedRecord = {
  readonly offsetDelta?: number;
  readonly timestampDelta?: number | bigint;
  readonly key?: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers?: readonly (readonly [key: string, value: string | null])[];
};

export type EncodedBatch = {
  readonly baseOffset: bigint;
  readonly records: readonly EncodedRecord[];
  readonly baseTimestamp?: bigint;
  readonly maxTimestamp?: bigint;
  /** 0 none, 1 gzip, 2 snappy in a single block, 3 lz4, 4 zstd; others are written without being compressed. */
  readonly codec?: number;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
  readonly isLogAppendTime?: boolean;
  readonly producerId?: bigint;
  /** Where these differ from what the records say, as after compaction or in a broken batch. */
  readonly lastOffsetDelta?: number;
  readonly recordCount?: number;
  readonly magic?: number;
  readonly batchLength?: number;
  /** Instead of the encoded records. */
  readonly rawRecords?: Buffer;
  /** Instead of the compressed records. */
  readonly compressedRecords?: Buffer;
};

export function encodeBatch(batch: EncodedBatch): Buffer {
  const codec = batch.codec ?? 0;
  const plain = batch.rawRecords ?? Buffer.concat(batch.records.map(encodeRecord));
  const records = batch.compressedRecords ?? compress(codec, plain);
  const lastRecord = batch.records.at(-1);
  const bytes = Buffer.alloc(61 + records.length);
  bytes.writeBigInt64BE(batch.baseOffset, 0);
  bytes.writeInt32BE(batch.batchLength ?? bytes.length - 12, 8);
  bytes.writeInt32BE(0, 12);
  bytes.writeInt8(batch.magic ?? 2, 16);
  const flags = [batch.isLogAppendTime, batch.isTransactional, batch.isControl];
  const attributes = flags.reduce((sum, flag, index) => sum | (flag === true ? 8 << index : 0), codec);
  bytes.writeInt16BE(attributes, 21);
  const lastIndex = batch.records.length - 1;
  bytes.writeInt32BE(batch.lastOffsetDelta ?? lastRecord?.offsetDelta ?? Math.max(lastIndex, 0), 23);
  bytes.writeBigInt64BE(batch.baseTimestamp ?? 1_700_000_000_000n, 27);
  bytes.writeBigInt64BE(batch.maxTimestamp ?? batch.baseTimestamp ?? 1_700_000_000_000n, 35);
  bytes.writeBigInt64BE(batch.producerId ?? -1n, 43);
  bytes.writeInt16BE(batch.producerId === undefined ? -1 : 0, 51);
  bytes.writeInt32BE(-1, 53);
  bytes.writeInt32BE(batch.recordCount ?? batch.records.length, 57);
  records.copy(bytes, 61);
  return sealBatch(bytes);
}

/** Writes the checksum anew, so that what was changed looks as if its producer had written it. */
export function sealBatch(bytes: Buffer): Buffer {
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
  return bytes;
}

export function encodeMarker(options: {
  readonly offset: bigint;
  readonly producerId: bigint;
  readonly kind: 'abort' | 'commit';
}): Buffer {
  const key = Buffer.from([0, 0, 0, options.kind === 'abort' ? 0 : 1]);
  return encodeBatch({
    baseOffset: options.offset,
    records: [{ key, value: Buffer.from([0, 0, 0, 0, 0, 0]) }],
    isTransactional: true,
    isControl: true,
    producerId: options.producerId,
  });
}

export function encodeRecord(record: EncodedRecord, index: number): Buffer {
  const headers = record.headers ?? [];
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(record.timestampDelta ?? 0),
    varint(record.offsetDelta ?? index),
    field(record.key ?? null),
    field(record.value),
    varint(headers.length),
    ...headers.flatMap(([key, value]) => [field(key), field(value)]),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

export function varint(value: number | bigint): Buffer {
  const wide = BigInt(value);
  let rest = BigInt.asUintN(64, (wide << 1n) ^ (wide >> 63n));
  const bytes: number[] = [];
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}

const crcTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C as its definition has it: the decoder uses a library's. */
function crc32c(bytes: Buffer): number {
  let crc = -1;
  for (const byte of bytes) crc = (crc >>> 8) ^ (crcTable[(crc ^ byte) & 0xff] ?? 0);
  return (crc ^ -1) >>> 0;
}

function field(value: string | Buffer | null): Buffer {
  if (value === null) return varint(-1);
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(bytes.length), bytes]);
}
