/**
 * Walks the records of one batch in place: one small object a record, no copy of keys, values or headers.
 *
 * The walk can stop and go on at any record. Lengths are checked against the block, positions must ascend, and the
 * last record must end where the block ends; anything else throws STREAM_CORRUPT at that record.
 *
 *   record: length:varint attributes:int8 timestamp_delta:varlong offset_delta:varint
 *           key_length:varint key value_length:varint value headers:varint [key_length:varint key value_length:varint value]
 *   All varints are zigzag encoded; a length of -1 is null.
 */
import { HeadgateError } from '../../domain/errors.ts';
import type { SourceRecord } from '../record-source.ts';

/** Where the records come from, and what in the batch header they are relative to. */
export type RecordBlock = {
  readonly topic: string;
  readonly partition: string;
  /** Uncompressed records, one after the other. */
  readonly bytes: Buffer;
  readonly count: number;
  readonly baseOffset: bigint;
  readonly lastOffsetDelta: number;
  readonly baseTimestampMs: number;
  /** Set when the broker stamped the whole batch (log append time). */
  readonly fixedTimestampMs: number | null;
  /** Records below it are passed over: a fetch begins with the batch that holds its position. */
  readonly fromDelta: number;
};

type Header = { readonly key: string; readonly value: Uint8Array | null };

const noHeaders: readonly Header[] = Object.freeze([]);
const exhausted: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

/** Views are made when asked for: most readers want the value only. */
class KafkaRecord implements SourceRecord {
  readonly timestampMs: number;
  readonly #block: RecordBlock;
  readonly #delta: number;
  readonly #keyStart: number;
  readonly #keyLength: number;
  readonly #valueStart: number;
  readonly #valueLength: number;
  readonly #headerCount: number;
  readonly #end: number;

  constructor(
    block: RecordBlock,
    timestampMs: number,
    delta: number,
    keyStart: number,
    keyLength: number,
    valueStart: number,
    valueLength: number,
    headerCount: number,
    end: number,
  ) {
    this.#block = block;
    this.timestampMs = timestampMs;
    this.#delta = delta;
    this.#keyStart = keyStart;
    this.#keyLength = keyLength;
    this.#valueStart = valueStart;
    this.#valueLength = valueLength;
    this.#headerCount = headerCount;
    this.#end = end;
  }

  get position(): bigint {
    return this.#block.baseOffset + BigInt(this.#delta);
  }

  get key(): Uint8Array | null {
    return this.#view(this.#keyStart, this.#keyLength);
  }

  get value(): Uint8Array | null {
    return this.#view(this.#valueStart, this.#valueLength);
  }

  get headers(): readonly Header[] {
    if (this.#headerCount === 0) return noHeaders;
    const cursor = new RecordCursor(this.#block, headersStart(this.#valueStart, this.#valueLength));
    cursor.varint();
    return cursor.headers(this.#headerCount, this.#end);
  }

  #view(start: number, length: number): Uint8Array | null {
    return length < 0 ? null : this.#block.bytes.subarray(start, start + length);
  }
}

export class RecordIterator implements IterableIterator<SourceRecord> {
  readonly #block: RecordBlock;
  readonly #cursor: RecordCursor;
  #left: number;
  #lastDelta = -1;
  #failure: unknown = null;

  constructor(block: RecordBlock) {
    this.#block = block;
    this.#cursor = new RecordCursor(block, 0);
    this.#left = block.count;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<SourceRecord, undefined> {
    // A walk that failed stays failed: "done" would look like a batch with fewer records.
    if (this.#failure !== null) throw this.#failure;
    try {
      while (this.#left > 0) {
        this.#left -= 1;
        const record = this.#read();
        if (record !== null) return { done: false, value: record };
      }
      this.#cursor.expectEnd(this.#block.bytes.length, 'the last record');
      return exhausted;
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  #read(): KafkaRecord | null {
    const block = this.#block;
    const cursor = this.#cursor;
    const length = cursor.varint();
    const end = cursor.at + length;
    if (length < 0 || end > block.bytes.length) throw cursor.corrupt(`a record claims ${length} bytes`);
    cursor.at += 1;
    const timestampDelta = cursor.varlong();
    const delta = cursor.varint();
    if (delta <= this.#lastDelta || delta > block.lastOffsetDelta)
      throw cursor.corrupt(
        `offset delta ${delta} after ${this.#lastDelta}, the last one being ${block.lastOffsetDelta}`,
      );
    this.#lastDelta = delta;
    const keyLength = cursor.varint();
    const keyStart = cursor.skipBytes(keyLength, end);
    const valueLength = cursor.varint();
    const valueStart = cursor.skipBytes(valueLength, end);
    const headerCount = cursor.varint();
    if (headerCount === 0) cursor.expectEnd(end, 'a record');
    else cursor.checkHeaders(headerCount, end);
    cursor.at = end;
    if (delta < block.fromDelta) return null;
    return new KafkaRecord(
      block,
      block.fixedTimestampMs ?? block.baseTimestampMs + timestampDelta,
      delta,
      keyStart,
      keyLength,
      valueStart,
      valueLength,
      headerCount,
      end,
    );
  }
}

/** A position in a block, and how the parts of a record are read from there. */
class RecordCursor {
  at: number;
  readonly #block: RecordBlock;
  readonly #bytes: Buffer;

  constructor(block: RecordBlock, at: number) {
    this.#block = block;
    this.#bytes = block.bytes;
    this.at = at;
  }

  varint(): number {
    const byte = this.#bytes[this.at] ?? 0x80;
    if (byte < 0x80) {
      this.at += 1;
      return (byte >>> 1) ^ -(byte & 1);
    }
    return this.#longVarint();
  }

  #longVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw this.corrupt('a varint goes on past 5 bytes');
  }

  /** Exact up to 2^53, which is far past any time. */
  varlong(): number {
    const start = this.at;
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    this.at = start;
    let wide = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      wide |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, (wide >> 1n) ^ -(wide & 1n)));
    }
    throw this.corrupt('a varlong goes on past 10 bytes');
  }

  /** Passes over `length` bytes (none for null) and says where they began. */
  skipBytes(length: number, end: number): number {
    const start = this.at;
    if (length > 0) this.at += length;
    if (length < -1 || this.at > end) throw this.corrupt(`a field claims ${length} bytes`);
    return start;
  }

  /** Passes over all headers, so that reading them later cannot fail. */
  checkHeaders(count: number, end: number): void {
    if (count < 0 || count > end - this.at) throw this.corrupt(`a record claims ${count} headers`);
    for (let index = 0; index < count; index += 1) {
      const keyLength = this.varint();
      if (keyLength < 0) throw this.corrupt('a header has no key');
      this.skipBytes(keyLength, end);
      this.skipBytes(this.varint(), end);
    }
    this.expectEnd(end, 'a record');
  }

  headers(count: number, end: number): readonly Header[] {
    const headers: Header[] = [];
    for (let index = 0; index < count; index += 1) {
      const keyLength = this.varint();
      const keyStart = this.skipBytes(keyLength, end);
      const valueLength = this.varint();
      const valueStart = this.skipBytes(valueLength, end);
      headers.push({
        key: this.#bytes.toString('utf8', keyStart, keyStart + keyLength),
        value: valueLength < 0 ? null : this.#bytes.subarray(valueStart, valueStart + valueLength),
      });
    }
    return headers;
  }

  expectEnd(end: number, what: string): void {
    if (this.at !== end) throw this.corrupt(`${what} ends at byte ${this.at}, expected ${end}`);
  }

  corrupt(what: string): HeadgateError {
    const { topic, partition, baseOffset } = this.#block;
    return new HeadgateError(
      'STREAM_CORRUPT',
      `topic ${topic} partition ${partition}: the batch at offset ${baseOffset} cannot be decoded: ${what} (at byte ${this.at} of its records)`,
      { details: { partition, position: String(baseOffset) } },
    );
  }

  #byte(): number {
    const byte = this.#bytes[this.at];
    if (byte === undefined) throw this.corrupt('it ends too early');
    this.at += 1;
    return byte;
  }
}

function headersStart(valueStart: number, valueLength: number): number {
  return valueStart + Math.max(valueLength, 0);
}
