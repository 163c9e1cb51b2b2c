/**
 * Turns what one partition answered into batches of the port.
 *
 * Delivered: data batches at or past the position that no abort touches. Control batches and aborted ones only move
 * the position, which always comes from batch headers, never from records: they may all be gone (compaction).
 * A batch that cannot be used stops the walk: what came before it is delivered first.
 */
import { HeadgateError, isHeadgateError } from '../../domain/errors.ts';
import type { RecordBatch, RecordCursor, SourceRecord } from '../record-source.ts';
import { AbortedTransactions } from './aborted-transactions.ts';
import { DecompressionError } from './codecs/codec.ts';
import { decompressors } from './codecs/codecs.ts';
import type { AbortedTransaction } from './messages/fetch.ts';
import { readBatchHeader, recordsOf, type BatchHeader, type BatchPlace, type Codec } from './record-batch.ts';
import { KafkaRecordCursor, RecordIterator, type RecordBlock } from './records.ts';
import { placeText } from './topic-choice.ts';

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
  /** A batch may not grow past this: a few bytes can claim gigabytes. */
  readonly decompressedBytesMax: number;
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
  if (batch.header.codec === null) throw unsupportedCodec(batch);
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
  const cursor = walk(batch);
  const key = cursor.advance() ? cursor.key : null;
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
    return { [Symbol.iterator]: () => new RecordIterator(walk(this.#batch)) };
  }

  walk(): RecordCursor {
    return walk(this.#batch);
  }
}

const noRecords: RecordBlock = {
  topic: '',
  partition: '',
  bytes: Buffer.alloc(0),
  count: 0,
  baseOffset: 0n,
  lastOffsetDelta: 0,
  baseTimestampMs: 0,
  fixedTimestampMs: null,
  fromDelta: 0,
};

function walk(batch: ReadBatch | null): KafkaRecordCursor {
  return new KafkaRecordCursor(() => (batch === null ? noRecords : openBlock(batch)));
}

function openBlock(batch: ReadBatch): RecordBlock {
  const { header, fetched, from } = batch;
  const { codec } = header;
  if (codec === null) throw unsupportedCodec(batch);
  return {
    topic: fetched.topic,
    partition: fetched.partition,
    bytes: codec === 'none' ? batch.bytes : decompress(batch, codec),
    count: header.recordCount,
    baseOffset: header.baseOffset,
    lastOffsetDelta: header.lastOffsetDelta,
    baseTimestampMs: header.baseTimestampMs,
    fixedTimestampMs: header.isLogAppendTime ? header.maxTimestampMs : null,
    fromDelta: from > header.baseOffset ? Number(from - header.baseOffset) : 0,
  };
}

function decompress({ bytes, header, fetched }: ReadBatch, codec: Exclude<Codec, 'none'>): Buffer {
  try {
    return decompressors[codec](bytes, fetched.decompressedBytesMax);
  } catch (cause) {
    if (!(cause instanceof DecompressionError)) throw cause;
    const { topic, partition } = fetched;
    const position = String(header.baseOffset);
    throw new HeadgateError(
      cause.kind === 'tooLarge' ? 'RECORD_TOO_LARGE' : 'STREAM_CORRUPT',
      `${placeText(topic, partition)}: the ${codec} batch at offset ${position} cannot be decompressed: ${cause.message}`,
      { details: { partition, position, codec }, cause },
    );
  }
}

function unsupportedCodec({ header, fetched }: ReadBatch): HeadgateError {
  const { topic, partition } = fetched;
  const codec = header.codec ?? `number ${header.codecNumber}`;
  return new HeadgateError(
    'STREAM_CODEC_UNSUPPORTED',
    `${placeText(topic, partition)}: the batch at offset ${header.baseOffset} is compressed with codec ${codec}, ` +
      'expected none, gzip, snappy, lz4 or zstd; set compression.type of the topic or its producers',
    { details: { codec, partition, position: String(header.baseOffset) } },
  );
}
