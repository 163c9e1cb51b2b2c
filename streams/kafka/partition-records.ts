/**
 * Turns what one partition answered into batches of the port.
 *
 * Delivered: data batches at or past the position that no abort touches. Control batches and aborted ones only move
 * the position, which always comes from batch headers, never from records: they may all be gone (compaction).
 * A batch that cannot be used stops the walk: what came before it is delivered first.
 */
import { gunzipSync } from 'node:zlib';
import { HeadgateError, isHeadgateError } from '../../domain/errors.ts';
import type { RecordBatch, SourceRecord } from '../record-source.ts';
import { AbortedTransactions } from './aborted-transactions.ts';
import type { AbortedTransaction } from './messages/fetch.ts';
import { readBatchHeader, recordsOf, type BatchHeader, type BatchPlace } from './record-batch.ts';
import { RecordIterator } from './records.ts';

/** A batch may not inflate past this: a few bytes can claim gigabytes. */
export const inflatedBytesMax = 64 * 1024 * 1024;

export type DecodedPartition = {
  readonly batches: readonly RecordBatch[];
  /** Where the next fetch begins. */
  readonly next: bigint;
  /** The batch at `next` cannot be used. */
  readonly error: HeadgateError | null;
  /** There were bytes, but not one whole batch. */
  readonly isCutShort: boolean;
};

export type FetchedRecords = BatchPlace & {
  /** The position that was asked for. */
  readonly position: bigint;
  readonly records: Buffer;
  /** Null under read_uncommitted: nothing is filtered but control batches. */
  readonly aborted: readonly AbortedTransaction[] | null;
};

export function decodePartition(fetched: FetchedRecords): DecodedPartition {
  const { records: bytes, position } = fetched;
  const transactions = fetched.aborted === null ? null : new AbortedTransactions(fetched.aborted);
  const batches: KafkaRecordBatch[] = [];
  let next = position;
  let error: HeadgateError | null = null;
  let at = 0;
  let wholeBatches = 0;
  while (at < bytes.length && error === null) {
    try {
      const header = readBatchHeader(bytes, at, fetched);
      if (header === null) break;
      wholeBatches += 1;
      const after = header.baseOffset + BigInt(header.lastOffsetDelta) + 1n;
      if (after > next) {
        addBatch(batches, {
          header,
          bytes: recordsOf(bytes, at, header),
          from: next,
          after,
          transactions,
          fetched,
        });
        next = after;
      }
      at += header.sizeBytes;
    } catch (thrown) {
      if (!isHeadgateError(thrown)) throw thrown;
      error = thrown;
    }
  }
  return { batches, next, error, isCutShort: wholeBatches === 0 && error === null && bytes.length > 0 };
}

type ReadBatch = {
  readonly header: BatchHeader;
  readonly bytes: Buffer;
  /** Records below it are passed over: the first batch of an answer may begin before the position. */
  readonly from: bigint;
  /** The position after the batch. */
  readonly after: bigint;
  readonly transactions: AbortedTransactions | null;
  readonly fetched: FetchedRecords;
};

function addBatch(batches: KafkaRecordBatch[], batch: ReadBatch): void {
  if (!isDelivered(batch)) {
    // The batch before may say where reading goes on as well, which saves the reader an empty one.
    const previous = batches.at(-1);
    if (previous === undefined) batches.push(new KafkaRecordBatch(batch, false));
    else previous.next = batch.after;
    return;
  }
  const { codec, codecNumber, baseOffset } = batch.header;
  if (codec !== 'none' && codec !== 'gzip')
    throw unsupportedCodec(batch.fetched, baseOffset, codec ?? `number ${codecNumber}`);
  batches.push(new KafkaRecordBatch(batch, true));
}

function isDelivered(batch: ReadBatch): boolean {
  const { header, after, transactions } = batch;
  transactions?.reach(after - 1n);
  if (header.isControl) {
    if (isAbortMarker(batch)) transactions?.passAbortMarker(header.producerId);
    return false;
  }
  return !(header.isTransactional && transactions?.isAborted(header.producerId) === true);
}

/** A control batch has one record, whose key is version:int16 type:int16; type 0 is an abort. */
function isAbortMarker(batch: ReadBatch): boolean {
  const first = openRecords(batch).next();
  const key = first.done === true ? null : first.value.key;
  return key !== null && key.byteLength >= 4 && key[2] === 0 && key[3] === 0;
}

class KafkaRecordBatch implements RecordBatch {
  readonly partition: string;
  readonly bytes: number;
  /** Grows when batches without records follow; fixed once the batch is handed out. */
  next: bigint;
  readonly #batch: ReadBatch | null;

  constructor(batch: ReadBatch, hasRecords: boolean) {
    this.partition = batch.fetched.partition;
    this.next = batch.after;
    this.bytes = hasRecords ? batch.header.sizeBytes : 0;
    this.#batch = hasRecords ? batch : null;
  }

  get records(): Iterable<SourceRecord> {
    const batch = this.#batch;
    return batch === null ? [] : { [Symbol.iterator]: () => openRecords(batch) };
  }
}

function openRecords(batch: ReadBatch): RecordIterator {
  const { header, fetched, from } = batch;
  return new RecordIterator({
    topic: fetched.topic,
    partition: fetched.partition,
    bytes: header.codec === 'gzip' ? inflate(batch) : batch.bytes,
    count: header.recordCount,
    baseOffset: header.baseOffset,
    lastOffsetDelta: header.lastOffsetDelta,
    baseTimestampMs: header.baseTimestampMs,
    fixedTimestampMs: header.isLogAppendTime ? header.maxTimestampMs : null,
    fromDelta: from > header.baseOffset ? Number(from - header.baseOffset) : 0,
  });
}

function inflate({ bytes, header, fetched }: ReadBatch): Buffer {
  try {
    const chunkSize = Math.min(Math.max(bytes.length * 4, 16 * 1024), 1024 * 1024);
    return gunzipSync(bytes, { maxOutputLength: inflatedBytesMax, chunkSize });
  } catch (cause) {
    const isTooLarge = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE';
    const where = `topic ${fetched.topic} partition ${fetched.partition}: the gzip batch at offset ${header.baseOffset}`;
    const details = { partition: fetched.partition, position: String(header.baseOffset) };
    if (isTooLarge)
      throw new HeadgateError(
        'RECORD_TOO_LARGE',
        `${where} inflates to more than ${inflatedBytesMax} bytes`,
        {
          details,
          cause,
        },
      );
    throw new HeadgateError('STREAM_CORRUPT', `${where} cannot be inflated`, { details, cause });
  }
}

function unsupportedCodec(place: BatchPlace, offset: bigint, codec: string): HeadgateError {
  return new HeadgateError(
    'STREAM_CODEC_UNSUPPORTED',
    `topic ${place.topic} partition ${place.partition}: the batch at offset ${offset} is compressed with ${codec}, ` +
      'expected none or gzip; set compression.type of the topic or its producers',
    { details: { codec, partition: place.partition, position: String(offset) } },
  );
}
