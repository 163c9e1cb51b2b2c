/**
 * Segment files through DuckDB (design.md 7): zstd, dictionaries, statistics, row groups, order kept, `__time` as
 * TIMESTAMP_MILLIS in UTC, key-value metadata `headgate`.
 *
 * Rows go in by chunks of 2,048 into a table that may overflow to the scratch folder, then one COPY, off the event loop.
 * Longs travel as doubles while they are exact: BigInt64 arithmetic in hot loops can crash V8 on Node 20 (ecosystem.md 0).
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BIGINT,
  BLOB,
  DOUBLE,
  DuckDBDataChunk,
  DuckDBInstance,
  FLOAT,
  LIST,
  VARCHAR,
  blobValue,
  listValue,
  type DuckDBAppender,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { DimensionValue } from '../domain/rows.ts';
import { fileItems, fileValue, unknownType } from './found-values.ts';
import type { MetricValue } from './metrics/cell.ts';
import { isSketchType } from './metrics/columns.ts';
import { markTimestampUtc } from './parquet-footer.ts';
import type { SegmentColumn } from './segment-columns.ts';
import { isVariant, variantText } from './variant-columns.ts';

/** Sketches are bytes. */
export type ColumnValue = DimensionValue | MetricValue;

const chunkRows = 2048;
/** By itself the appender collects 200,000 rows and then holds the thread for 50 ms. */
const chunksPerFlush = 4;
const rowGroupRows = 131_072;
/**
 * A table in memory holds two blocks of 256 KiB for each column whatever is in them, so 400 columns would be more than a build may
 * take. A table of more columns than this never has more rows than a chunk; what is full goes to a file of its own.
 */
const tableColumnsMax = 128;
/** What a chunk's table and the writer need of memory for each column. */
const bytesPerColumn = 384 * 1024;
const dictionaryBytes = 32 * 1024;

/** One DuckDB for all files of a merge, or of a thread. Close it, always. */
export class ParquetEngine {
  readonly #instance: DuckDBInstance;
  readonly #folder: string;
  #memoryBytes: number;
  #files = 0;

  private constructor(instance: DuckDBInstance, place: { folder: string; memoryBytes: number }) {
    this.#instance = instance;
    this.#folder = place.folder;
    this.#memoryBytes = place.memoryBytes;
  }

  static async open(folder: string, memoryBytes: number): Promise<ParquetEngine> {
    const instance = await DuckDBInstance.create(':memory:', {
      threads: '1',
      memory_limit: limitOf(memoryBytes),
      temp_directory: join(folder, 'duckdb'),
      preserve_insertion_order: 'true',
      // A checkpoint of a table that is dropped in a moment would hold the thread for 100 ms.
      checkpoint_threshold: '1TiB',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    return new ParquetEngine(instance, { folder, memoryBytes });
  }

  /** A connection of its own: appending to one file must not wait until another one is written. */
  async create(columns: readonly SegmentColumn[]): Promise<ParquetFile> {
    this.#files += 1;
    const table = `rows_${this.#files}`;
    const connection = await this.#instance.connect();
    try {
      await this.#provideFor(connection, columns.length);
      await connection.run(createStatement(table, columns));
      return new ParquetFile({
        connection,
        table,
        appender: await connection.createAppender(table),
        columns,
        partsPath: join(this.#folder, table),
      });
    } catch (error) {
      connection.closeSync();
      throw error;
    }
  }

  /** Thousands of columns, which only records of thousands of fields make, need more than the limit. */
  async #provideFor(connection: DuckDBConnection, columns: number): Promise<void> {
    const bytes = columns * bytesPerColumn;
    if (bytes <= this.#memoryBytes) return;
    this.#memoryBytes = bytes;
    await connection.run(`set memory_limit = '${limitOf(bytes)}'`);
  }

  /** For statements over files. Close it. */
  connect(): Promise<DuckDBConnection> {
    return this.#instance.connect();
  }

  /** Nothing may be under way on any connection. */
  close(): void {
    this.#instance.closeSync();
  }
}

type OpenParquet = {
  readonly connection: DuckDBConnection;
  readonly table: string;
  readonly appender: DuckDBAppender;
  readonly columns: readonly SegmentColumn[];
  /** Where its parts lie, without number and ending. */
  readonly partsPath: string;
};

export class ParquetFile {
  readonly #connection: DuckDBConnection;
  readonly #table: string;
  #appender: DuckDBAppender;
  readonly #columns: readonly SegmentColumn[];
  readonly #partsPath: string;
  readonly #parts: string[] = [];
  #values: ColumnValue[][];
  #rows = 0;
  #buffered = 0;
  #unflushed = 0;
  #isOver = false;

  constructor({ connection, table, appender, columns, partsPath }: OpenParquet) {
    this.#connection = connection;
    this.#table = table;
    this.#appender = appender;
    this.#columns = columns;
    this.#partsPath = partsPath;
    this.#values = columns.map(() => []);
  }

  get rows(): number {
    return this.#rows;
  }

  /** One value per column, in order. */
  add(values: readonly ColumnValue[]): void {
    for (let at = 0; at < this.#columns.length; at++) this.#values[at]?.push(values[at] ?? null);
    this.#rows += 1;
    if (++this.#buffered === chunkRows) this.#flush();
  }

  /** To be called now and then, for memory's sake: after some hundred rows. */
  async settle(): Promise<void> {
    if (this.#columns.length <= tableColumnsMax || this.#unflushed === 0) return;
    const path = `${this.#partsPath}-${this.#parts.length}.part`;
    this.#parts.push(path);
    this.#unflushed = 0;
    this.#appender.closeSync();
    await this.#connection.run(
      copyStatement(`select * from ${this.#table}`, {
        path,
        header: '{}',
        codec: 'snappy',
        columns: this.#columns.length,
      }),
    );
    await this.#connection.run(`drop table ${this.#table}`);
    await this.#connection.run(createStatement(this.#table, this.#columns));
    this.#appender = await this.#connection.createAppender(this.#table);
  }

  /** Writes the file and drops the rows. */
  async write(path: string, header: string, codec: ParquetCodec = 'zstd'): Promise<void> {
    this.#flush();
    if (this.#parts.length > 0) await this.settle();
    this.#isOver = true;
    const select = this.#columns.map((column, at) => `${selected(column, at)} as ${quotedName(column.name)}`);
    try {
      this.#appender.closeSync();
      await this.#connection.run(
        copyStatement(`select ${select.join(', ')} from ${this.#source()}`, {
          path,
          header,
          codec,
          columns: select.length,
        }),
      );
    } finally {
      await this.#drop();
    }
    await markTimestampUtc(path, '__time');
  }

  /** Gives up: nothing is written. Idempotent, also after `write`. */
  async discard(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    try {
      this.#appender.closeSync();
    } finally {
      await this.#drop();
    }
  }

  #source(): string {
    if (this.#parts.length === 0) return this.#table;
    return `read_parquet([${this.#parts.map(quotedText).join(', ')}], hive_partitioning = false)`;
  }

  /** The connection is closed in any case: it would keep the instance and its memory. */
  async #drop(): Promise<void> {
    try {
      await this.#connection.run(`drop table if exists ${this.#table}`);
    } finally {
      this.#connection.closeSync();
      for (const part of this.#parts) await rm(part, { force: true });
    }
  }

  #flush(): void {
    if (this.#buffered === 0) return;
    const types = this.#columns.map((column, at) => chunkType(column, this.#values[at] ?? []));
    const chunk = DuckDBDataChunk.create(types, this.#buffered);
    for (let at = 0; at < types.length; at++)
      chunk.setColumnValues(
        at,
        chunkValues(this.#columns[at] as SegmentColumn, types[at] as DuckDBType, this.#values[at] ?? []),
      );
    this.#appender.appendDataChunk(chunk);
    this.#values = this.#columns.map(() => []);
    this.#buffered = 0;
    if (++this.#unflushed < chunksPerFlush) return;
    this.#appender.flushSync();
    this.#unflushed = 0;
  }
}

/** `zstd` for what is kept, `snappy` for what is gone in a minute. */
export type ParquetCodec = 'zstd' | 'snappy';

export function copyStatement(
  select: string,
  file: {
    readonly path: string;
    readonly header: string;
    readonly codec: ParquetCodec;
    readonly columns?: number;
  },
): string {
  return (
    `copy (${select}) to ${quotedText(file.path)} (format parquet, codec ${file.codec}, ` +
    `row_group_size ${rowsOfGroup(file.columns ?? 0)}, kv_metadata {headgate: ${quotedText(file.header)}}${dictionaries(file.columns ?? 0)})`
  );
}

/** A group is in memory until it is written. */
function rowsOfGroup(columns: number): number {
  if (columns <= tableColumnsMax) return rowGroupRows;
  return chunkRows * Math.max(1, Math.floor((rowGroupRows / chunkRows) * (tableColumnsMax / columns)));
}

/** By itself the writer sets a megabyte aside for the dictionary of each column of texts. */
function dictionaries(columns: number): string {
  return columns <= tableColumnsMax ? '' : `, string_dictionary_page_size_limit ${dictionaryBytes}`;
}

function limitOf(bytes: number): string {
  return `${Math.ceil(bytes / 1024)}KiB`;
}

function createStatement(table: string, columns: readonly SegmentColumn[]): string {
  return `create table ${table} (${columns.map((column, at) => `c${at} ${storedType(column)}`).join(', ')})`;
}

function storedType(column: SegmentColumn): string {
  return column.role === 'time' ? 'BIGINT' : heldType(column.type);
}

/** DuckDB's type of a column that has a name of its own. */
export function heldType(type: SegmentColumn['type']): string {
  if (type === 'ARRAY<VARCHAR>') return 'VARCHAR[]';
  if (isSketchType(type)) return 'BLOB';
  return isVariant(type) || type === unknownType ? 'VARCHAR' : type;
}

function selected(column: SegmentColumn, at: number): string {
  return column.role === 'time' ? `cast(make_timestamp_ms(c${at}) as timestamp_ms)` : `c${at}`;
}

function chunkType(column: SegmentColumn, values: readonly ColumnValue[]): DuckDBType {
  if (isVariant(column.type) || column.type === unknownType) return VARCHAR;
  switch (column.type) {
    case 'VARCHAR':
      return VARCHAR;
    case 'VARCHAR[]':
      return LIST(VARCHAR);
    case 'FLOAT':
      return FLOAT;
    case 'DOUBLE':
    case 'TIMESTAMP WITH TIME ZONE':
      return DOUBLE;
    case 'JSON':
      return VARCHAR;
    case 'ARRAY<VARCHAR>':
      return LIST(VARCHAR);
    case 'DOUBLE[]':
      return LIST(DOUBLE);
    case 'BIGINT[]':
      return LIST(BIGINT);
    case 'COMPLEX<HLLSketch>':
    case 'COMPLEX<quantilesDoublesSketch>':
      return BLOB;
    case 'BIGINT':
      return values.some((value) => typeof value === 'bigint') ? BIGINT : DOUBLE;
  }
}

function chunkValues(column: SegmentColumn, type: DuckDBType, values: ColumnValue[]): readonly DuckDBValue[] {
  if (isVariant(column.type)) return values.map((value) => variantText(value as DimensionValue));
  switch (column.type) {
    case 'VARCHAR[]':
      return values.map((value) =>
        value === null ? null : listValue(Array.isArray(value) ? value : [value as string]),
      );
    case 'ARRAY<VARCHAR>':
    case 'DOUBLE[]':
    case 'BIGINT[]':
      return values.map((value) =>
        value === null ? null : listValue(fileItems(value as NonNullable<DimensionValue>, column.type)),
      );
    case 'BIGINT':
    case 'DOUBLE':
    case 'JSON':
      return values.map((value) => fileValue(value as DimensionValue, type === BIGINT));
    case 'COMPLEX<HLLSketch>':
    case 'COMPLEX<quantilesDoublesSketch>':
      return values.map((value) => (value === null ? null : blobValue(value as Uint8Array)));
    default:
      return values as readonly DuckDBValue[];
  }
}

export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quotedText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
