/**
 * Spill files: the sorted rows of an index, sealed, so that another attempt can go on from them (protocol.md 4).
 *
 * Layout: magic and version, a header (length, JSON: what the rows look like), blocks (length, rows, CRC-32, bytes), an
 * empty block, a trailer (JSON: rows and columns per interval), its length, its CRC-32, the magic again. Integers are
 * little-endian. Never changed in place; a reader refuses versions it does not know. Local files: durability is deep
 * storage's affair.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { HeadgateError, messageOf } from '../domain/errors.ts';
import { intervalOf } from '../domain/granularity.ts';
import type { DataSchema } from '../domain/spec/spec.ts';
import { ColumnCensus, type CensusJson } from './column-census.ts';
import { MetricStates } from './metric-states.ts';
import type { RowIndex } from './row-index.ts';
import { RowMerge, sortedRuns, type RowSource } from './row-merge.ts';
import { BlockWriter, decodeBlock, type BlockShape, type TimeOrder } from './spill-codec.ts';
import { rowOrder, type StoredRow } from './stored-row.ts';

const magic = 'HGSP';
const version = 1;
const blockBytes = 128 * 1024;
const blockRows = 2048;
/** Rows written between two yields: well under 5 ms. */
const rowsPerStep = 256;
/** No block of ours comes near; a length beyond is damage. */
const maxLength = 256 * 1024 * 1024;

export type SpillFile = { readonly size: number; readonly sha256: string; readonly rows: number };

/** What was written, with its rows by segment interval: fewer than went in when several indexes shared groups. */
export type WrittenSpill = SpillFile & { readonly rowsByInterval: ReadonlyMap<number, number> };

/**
 * Writes the rows of the indexes, sorted and, with rollup, joined across them. A file that was there is replaced. Yields
 * every few milliseconds.
 */
export function* writeSpill(
  indexes: readonly RowIndex[],
  schema: DataSchema,
  localPath: string,
): Generator<void, WrittenSpill> {
  const order = rowOrder(schema);
  const sources: RowSource[] = [];
  for (const index of indexes) sources.push(...(yield* sortedRuns(index.stored(), order)));
  // Within one index groups are apart for a reason.
  const combine = schema.rollup && indexes.length > 1 ? new MetricStates(schema.metrics) : null;
  const writer = new SpillWriter(localPath, schema);
  for (const index of indexes) writer.includeGiven(index.census());
  return yield* writeAll(new RowMerge(sources, combine, order), writer);
}

/** Rows that are in no index, sorted; equal ones stay apart. Yields every few milliseconds. */
export function* writeRun(
  rows: readonly StoredRow[],
  schema: DataSchema,
  localPath: string,
): Generator<void, WrittenSpill> {
  const order = rowOrder(schema);
  const merge = new RowMerge(yield* sortedRuns(rows, order), null, order);
  return yield* writeAll(merge, new SpillWriter(localPath, schema));
}

function* writeAll(merge: RowMerge, writer: SpillWriter): Generator<void, WrittenSpill> {
  try {
    for (let count = 1; ; count++) {
      const row = merge.next();
      if (row === null || row === 'blocked') break;
      writer.add(row);
      if (count % rowsPerStep === 0) yield;
    }
    return { ...writer.finish(), rowsByInterval: writer.rowsByInterval() };
  } finally {
    writer.close();
  }
}

export class SpillWriter {
  readonly #file: number;
  readonly #hash = createHash('sha256');
  readonly #block: BlockWriter;
  readonly #census: ColumnCensus;
  readonly #schema: DataSchema;
  #interval = { startMs: 0, endMs: 0 };
  #size = 0;
  #rows = 0;
  #open = true;

  constructor(localPath: string, schema: DataSchema) {
    this.#schema = schema;
    this.#census = new ColumnCensus(schema, 'given');
    this.#block = new BlockWriter(timesOf(schema));
    this.#file = openSync(localPath, 'w');
    const header = Buffer.from(JSON.stringify(shapeOf(schema)));
    this.#write(Buffer.concat([Buffer.from(magic), uint32s(version, header.length), header]));
  }

  /** What the rows do not say: that 1.0 was among the values of a group, for one. */
  includeGiven(census: CensusJson): void {
    this.#census.includeGiven(census);
  }

  /** In order of `rowOrder`. */
  add(row: StoredRow): void {
    if (row.timeMs < this.#interval.startMs || row.timeMs >= this.#interval.endMs)
      this.#interval = intervalOf(this.#schema.segmentGranularity, row.timeMs);
    this.#census.note(this.#interval.startMs, row);
    this.#block.add(row);
    this.#rows += 1;
    if (this.#block.length >= blockBytes || this.#block.rows >= blockRows) this.#flush();
  }

  finish(): SpillFile {
    this.#flush();
    const trailer = Buffer.from(JSON.stringify({ rows: this.#rows, census: this.#census.toJson() }));
    this.#write(
      Buffer.concat([uint32s(0, 0, 0), trailer, uint32s(trailer.length, crc32(trailer)), Buffer.from(magic)]),
    );
    this.close();
    return { size: this.#size, sha256: this.#hash.digest('hex'), rows: this.#rows };
  }

  rowsByInterval(): ReadonlyMap<number, number> {
    return this.#census.rowsByInterval();
  }

  /** Idempotent. A file that was not finished is refused by every reader. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#file);
  }

  #flush(): void {
    const rows = this.#block.rows;
    if (rows === 0) return;
    const bytes = this.#block.take();
    this.#write(uint32s(bytes.length, rows, crc32(bytes, rows)));
    this.#write(bytes);
  }

  #write(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at);
    this.#hash.update(bytes);
    this.#size += bytes.length;
  }
}

/** Streams a spill back, a block at a time. Damage of any kind is SEGMENT_CORRUPT. */
export class SpillReader implements RowSource {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #shape: BlockShape;
  readonly census: CensusJson;
  readonly rows: number;
  #position: number;
  #block: StoredRow[] = [];
  #at = 0;
  #seen = 0;
  #ended = false;

  private constructor(path: string, file: FileHandle, opened: Opened) {
    this.#path = path;
    this.#file = file;
    this.#shape = opened.shape;
    this.#position = opened.firstBlock;
    this.census = opened.census;
    this.rows = opened.rows;
  }

  static async open(path: string, schema: DataSchema): Promise<SpillReader> {
    const file = await open(path, 'r');
    try {
      return new SpillReader(path, file, await readEnds(path, file, schema));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get current(): StoredRow | null {
    return this.#block[this.#at] ?? null;
  }

  get needsLoad(): boolean {
    return !this.#ended && this.#at >= this.#block.length;
  }

  advance(): void {
    this.#at += 1;
  }

  async load(): Promise<void> {
    const head = await read(this.#path, this.#file, this.#position, 12);
    const length = head.readUInt32LE(0);
    const rows = head.readUInt32LE(4);
    this.#at = 0;
    this.#block = [];
    this.#seen += rows;
    if (length === 0) {
      const complete = rows === 0 && head.readUInt32LE(8) === 0 && this.#seen === this.rows;
      if (!complete) throw corrupt(this.#path, `it holds ${this.#seen} rows, expected ${this.rows}`);
      this.#ended = true;
      return;
    }
    const bytes = await read(this.#path, this.#file, this.#position + 12, length);
    if (crc32(bytes, rows) !== head.readUInt32LE(8)) throw corrupt(this.#path, 'a block fails its checksum');
    try {
      this.#block = decodeBlock(bytes, rows, this.#shape);
    } catch (error) {
      throw corrupt(this.#path, messageOf(error), error);
    }
    this.#position += 12 + length;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

type Opened = {
  readonly shape: BlockShape;
  readonly firstBlock: number;
  readonly census: CensusJson;
  readonly rows: number;
};

async function readEnds(path: string, file: FileHandle, schema: DataSchema): Promise<Opened> {
  const { size } = await file.stat();
  const head = await read(path, file, 0, 12);
  if (head.toString('latin1', 0, 4) !== magic) throw corrupt(path, 'not a spill file');
  if (head.readUInt32LE(4) !== version)
    throw corrupt(path, `version ${head.readUInt32LE(4)}; this program reads version ${version}`);
  const shape = await read(path, file, 12, head.readUInt32LE(8));
  if (shape.toString('utf8') !== JSON.stringify(shapeOf(schema)))
    throw corrupt(path, 'its columns are not those of this spec version');
  const tail = await read(path, file, size - 12, 12);
  if (tail.toString('latin1', 8) !== magic) throw corrupt(path, 'it was not finished');
  const length = tail.readUInt32LE(0);
  const trailer = await read(path, file, size - 12 - length, length);
  if (crc32(trailer) !== tail.readUInt32LE(4)) throw corrupt(path, 'its trailer fails its checksum');
  const { rows, census: written } = JSON.parse(trailer.toString('utf8')) as {
    rows: number;
    census: CensusJson;
  };
  // Files of earlier versions have no kinds, and no columns that need them.
  const census = written.map((interval) => ({ ...interval, kinds: interval.kinds ?? [] }));
  const { width } = new MetricStates(schema.metrics);
  const blocks = { dimensions: schema.dimensions.length, cells: width, times: timesOf(schema) };
  return { shape: blocks, firstBlock: 12 + shape.length, census, rows };
}

async function read(path: string, file: FileHandle, position: number, length: number): Promise<Buffer> {
  if (position < 0 || length > maxLength) throw corrupt(path, 'a length in it is impossible');
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length;) {
    const { bytesRead } = await file.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) throw corrupt(path, 'it ends too early');
    at += bytesRead;
  }
  return bytes;
}

/** What must agree between the writer and the reader of a spill. */
function shapeOf(schema: DataSchema): unknown {
  return {
    dimensions: schema.dimensions.map(({ name, type, castToType }) =>
      castToType === undefined ? [name, type] : [name, type, castToType],
    ),
    metrics: schema.metrics.map(({ name, type }) => [name, type]),
    ...(schema.discoverTypes ? { discoverTypes: true } : {}),
    ...((schema.timeSortPosition ?? 0) > 0 ? { timeSortPosition: schema.timeSortPosition } : {}),
    rollup: schema.rollup,
    segmentGranularity: schema.segmentGranularity,
  };
}

function timesOf({ timeSortPosition }: DataSchema): TimeOrder {
  return (timeSortPosition ?? 0) > 0 ? 'any' : 'rising';
}

function uint32s(...values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 4);
  values.forEach((value, at) => bytes.writeUInt32LE(value, at * 4));
  return bytes;
}

function corrupt(path: string, why: string, cause?: unknown): HeadgateError {
  return new HeadgateError('SEGMENT_CORRUPT', `spill file ${path} cannot be used: ${why}`, {
    details: { path },
    cause,
  });
}
