/**
 * Walks the records of one batch in place: no object a record, no copy of keys, values or headers.
 *
 * The block is opened - decompressed - by the first step, not before, so that of many batches waiting only one lies open.
 * The walk can stop and go on at any record. Lengths are checked against the block, positions must ascend, and the last
 * record must end where the block ends; anything else throws STREAM_CORRUPT at that record, and again at every step.
 *
 *   record: length:varint attributes:int8 timestamp_delta:varlong offset_delta:varint
 *           key_length:varint key value_length:varint value headers:varint [key_length:varint key value_length:varint value]
 *   All varints are zigzag encoded; a length of -1 is null.
 */
import { HeadgateError } from '../../domain/errors.ts';
import type { RecordCursor, RecordHeader, SourceRecord } from '../record-source.ts';
import { placeText } from './topic-choice.ts';

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

const noBytes = Buffer.alloc(0);
const noHeaders: readonly RecordHeader[] = Object.freeze([]);
const exhausted: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

/** A record that stays what it is when the walk goes on. Views are made when asked for: most readers want the value only. */
class KafkaRecord implements SourceRecord {
  readonly timestampMs: number;
  readonly #block: RecordBlock;
  readonly #delta: number;
  readonly #keyStart: number;
  readonly #keyLength: number;
  readonly #valueStart: number;
  readonly #valueLength: number;
  readonly #headerCount: number;

  constructor(block: RecordBlock, cursor: KafkaRecordCursor) {
    this.#block = block;
    this.timestampMs = cursor.timestampMs;
    this.#delta = cursor.delta;
    this.#keyStart = cursor.keyStart;
    this.#keyLength = cursor.keyLength;
    this.#valueStart = cursor.valueStart;
    this.#valueLength = cursor.valueLength;
    this.#headerCount = cursor.headerCount;
  }

  get position(): bigint {
    return this.#block.baseOffset + BigInt(this.#delta);
  }

  get key(): Uint8Array | null {
    return view(this.#block.bytes, this.#keyStart, this.#keyLength);
  }

  get value(): Uint8Array | null {
    return view(this.#block.bytes, this.#valueStart, this.#valueLength);
  }

  get headers(): readonly RecordHeader[] {
    if (this.#headerCount === 0) return noHeaders;
    return headersOf(this.#block, this.#valueStart + Math.max(this.#valueLength, 0));
  }
}

export class KafkaRecordCursor implements RecordCursor {
  /** About the record it stands on. */
  bytes: Buffer = noBytes;
  timestampMs = 0;
  delta = -1;
  keyStart = 0;
  keyLength = -1;
  valueStart = 0;
  valueLength = -1;
  headerCount = 0;
  readonly #open: () => RecordBlock;
  #block: RecordBlock | null = null;
  #fields: FieldReader | null = null;
  #left = 0;
  #failure: unknown = null;

  constructor(open: () => RecordBlock) {
    this.#open = open;
  }

  advance(): boolean {
    // A walk that failed stays failed: "no more" would look like a batch with fewer records.
    if (this.#failure !== null) throw this.#failure;
    try {
      return this.#step();
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  /** The record it stands on, to keep. */
  record(): SourceRecord {
    return new KafkaRecord(this.#opened(), this);
  }

  get position(): bigint {
    return this.#opened().baseOffset + BigInt(this.delta);
  }

  get key(): Uint8Array | null {
    return view(this.bytes, this.keyStart, this.keyLength);
  }

  get value(): Uint8Array | null {
    return view(this.bytes, this.valueStart, this.valueLength);
  }

  get headers(): readonly RecordHeader[] {
    if (this.headerCount === 0) return noHeaders;
    return headersOf(this.#opened(), this.valueStart + Math.max(this.valueLength, 0));
  }

  #opened(): RecordBlock {
    if (this.#block !== null) return this.#block;
    const block = this.#open();
    this.#block = block;
    this.bytes = block.bytes;
    this.#left = block.count;
    return block;
  }

  #step(): boolean {
    const block = this.#opened();
    const fields = (this.#fields ??= new FieldReader(block, 0));
    while (this.#left > 0) {
      this.#left -= 1;
      this.#read(block, fields);
      if (this.delta >= block.fromDelta) return true;
    }
    fields.expectEnd(block.bytes.length, 'the last record');
    return false;
  }

  #read(block: RecordBlock, fields: FieldReader): void {
    const length = fields.varint();
    const end = fields.at + length;
    if (length < 0 || end > block.bytes.length) throw fields.corrupt(`a record claims ${length} bytes`);
    fields.at += 1;
    const timestampDelta = fields.varlong();
    this.timestampMs = block.fixedTimestampMs ?? block.baseTimestampMs + timestampDelta;
    const delta = fields.varint();
    if (delta <= this.delta || delta > block.lastOffsetDelta) throw this.#wrongOrder(block, fields, delta);
    this.delta = delta;
    this.keyLength = fields.varint();
    this.keyStart = fields.skipBytes(this.keyLength, end);
    this.valueLength = fields.varint();
    this.valueStart = fields.skipBytes(this.valueLength, end);
    this.headerCount = fields.varint();
    if (this.headerCount !== 0) fields.checkHeaders(this.headerCount, end);
    fields.expectEnd(end, 'a record');
  }

  #wrongOrder(block: RecordBlock, fields: FieldReader, delta: number): HeadgateError {
    return fields.corrupt(
      `offset delta ${delta} after ${this.delta}, the last one being ${block.lastOffsetDelta}`,
    );
  }
}

/** The same walk with an object a record. */
export class RecordIterator implements IterableIterator<SourceRecord> {
  readonly #cursor: KafkaRecordCursor;

  constructor(cursor: KafkaRecordCursor) {
    this.#cursor = cursor;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<SourceRecord, undefined> {
    return this.#cursor.advance() ? { done: false, value: this.#cursor.record() } : exhausted;
  }
}

/** A place in a block, and how the parts of a record are read from there. */
class FieldReader {
  at: number;
  readonly #block: RecordBlock;
  readonly #bytes: Buffer;

  constructor(block: RecordBlock, at: number) {
    this.#block = block;
    this.#bytes = block.bytes;
    this.at = at;
  }

  /** One and two bytes, the lengths and deltas of nearly every record, without a loop: this is the hottest place of a reader. */
  varint(): number {
    const bytes = this.#bytes;
    const at = this.at;
    const first = bytes[at] ?? 0x80;
    if (first < 0x80) {
      this.at = at + 1;
      return (first >>> 1) ^ -(first & 1);
    }
    const second = bytes[at + 1] ?? 0x80;
    if (second < 0x80) {
      this.at = at + 2;
      return (((first & 0x7f) | (second << 7)) >>> 1) ^ -(first & 1);
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
    const first = this.#bytes[this.at] ?? 0x80;
    const second = first < 0x80 ? 0 : (this.#bytes[this.at + 1] ?? 0x80);
    return second < 0x80 ? this.varint() : this.#longVarlong();
  }

  #longVarlong(): number {
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
  }

  headers(count: number): readonly RecordHeader[] {
    const headers: RecordHeader[] = [];
    for (let index = 0; index < count; index += 1) {
      const keyLength = this.varint();
      const keyStart = this.skipBytes(keyLength, Infinity);
      const valueLength = this.varint();
      const valueStart = this.skipBytes(valueLength, Infinity);
      headers.push({
        key: this.#bytes.toString('utf8', keyStart, keyStart + keyLength),
        value: view(this.#bytes, valueStart, valueLength),
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
      `${placeText(topic, partition)}: the batch at offset ${baseOffset} cannot be decoded: ${what} (at byte ${this.at} of its records)`,
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

function view(bytes: Buffer, start: number, length: number): Uint8Array | null {
  return length < 0 ? null : bytes.subarray(start, start + length);
}

/** Headers that were checked when the walk passed them; `at` is where their count stands. */
function headersOf(block: RecordBlock, at: number): readonly RecordHeader[] {
  const fields = new FieldReader(block, at);
  return fields.headers(fields.varint());
}
