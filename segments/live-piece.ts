/**
 * Live pieces: rows a running task holds of a sequence as one Parquet file that other processes read and never change.
 *
 * A piece is not sorted and weakly compressed, since it lives for seconds. Metrics are stored so that pieces can be added up
 * (group-merge.ts): all pieces of a sequence, added up, are what a merge would give.
 */
import { stat } from 'node:fs/promises';
import type { DataSchema } from '../domain/spec/spec.ts';
import { allColumns, type CensusJson, type ColumnsFound } from './column-census.ts';
import type { Merge } from './group-merge.ts';
import { MetricStates } from './metric-states.ts';
import { metricColumns } from './metrics/columns.ts';
import type { ColumnValue, ParquetEngine, ParquetFile } from './parquet-writer.ts';
import type { RowIndex } from './row-index.ts';
import { segmentColumns } from './segment-columns.ts';
import type { SegmentColumn } from './segment-columns.ts';
import { SpillReader } from './spill.ts';
import type { StoredRow } from './stored-row.ts';
import { isVariant, pieceType, type PieceFoundType } from './variant-columns.ts';

/** How values of one group in two pieces become one; null: the column is part of what makes a group. */
export type PieceColumn = SegmentColumn & { readonly merge: Merge | null };

export type Piece = {
  readonly localPath: string;
  readonly rows: number;
  readonly bytes: number;
  /**
   * Rows of a group may stand side by side: a long sum is beyond 2^53, and added to others it might leave int64; or the piece
   * was merged and has sketches, which only a query process joins. Rows stand in the order of reading.
   */
  readonly wide: boolean;
  readonly columns: readonly PieceColumn[];
};

/** Rows in memory, or a spill on the local disk. */
export type PieceSource = RowIndex | { readonly spill: string };

const rowsPerStep = 128;

/** Yields every few milliseconds of work. Rows of the source are not changed. */
export async function* writePiece(options: {
  readonly schema: DataSchema;
  readonly source: PieceSource;
  readonly engine: ParquetEngine;
  readonly localPath: string;
}): AsyncGenerator<void, Piece> {
  const { schema, source, engine, localPath } = options;
  if (!('spill' in source)) {
    const batches = [source.stored()];
    return yield* writeRows({ schema, engine, localPath, census: source.census(), batches });
  }
  const reader = await SpillReader.open(source.spill, schema);
  try {
    return yield* writeRows({ schema, engine, localPath, census: reader.census, batches: blocksOf(reader) });
  } finally {
    await reader.close();
  }
}

async function* blocksOf(reader: SpillReader): AsyncGenerator<readonly StoredRow[]> {
  for (;;) {
    if (reader.needsLoad) await reader.load();
    if (reader.current === null) return;
    const block: StoredRow[] = [];
    for (let row = reader.current as StoredRow | null; row !== null; row = reader.current) {
      block.push(row);
      reader.advance();
    }
    yield block;
  }
}

type Writing = {
  readonly schema: DataSchema;
  readonly engine: ParquetEngine;
  readonly localPath: string;
  readonly census: CensusJson;
  readonly batches: Iterable<readonly StoredRow[]> | AsyncIterable<readonly StoredRow[]>;
};

async function* writeRows(writing: Writing): AsyncGenerator<void, Piece> {
  const { schema, engine, localPath, batches } = writing;
  const columns = columnsOver(schema, writing.census);
  const file = await engine.create(columns);
  const filler = new PieceFiller(schema, columns, file);
  try {
    for await (const rows of batches)
      for (let start = 0; start < rows.length; start += rowsPerStep) {
        filler.add(rows.slice(start, start + rowsPerStep));
        await file.settle();
        yield;
      }
    await file.write(localPath, '{}', 'snappy');
  } finally {
    await file.discard().catch(() => undefined);
  }
  const { size } = await stat(localPath);
  // Equal in the type that the column will have, values of one group may not be equal yet.
  const isOpen = schema.rollup && columns.some(({ type }) => isVariant(type));
  return { localPath, rows: file.rows, bytes: size, wide: filler.isWide || isOpen, columns };
}

/** Stored rows to rows of the file. */
class PieceFiller {
  readonly #states: MetricStates;
  readonly #discovered: readonly string[];
  readonly #longSums: readonly number[];
  readonly #file: ParquetFile;
  isWide = false;

  constructor(schema: DataSchema, columns: readonly PieceColumn[], file: ParquetFile) {
    this.#states = new MetricStates(schema.metrics);
    this.#discovered = columns.filter(({ role }) => role === 'discovered').map(({ field }) => field);
    this.#longSums = schema.metrics
      .flatMap((metric) => metricColumns(metric).map(() => metric.type))
      .flatMap((type, at) => (type === 'longSum' ? [at] : []));
    this.#file = file;
  }

  add(rows: readonly StoredRow[]): void {
    for (const row of rows) this.#addOne(row);
  }

  #addOne(row: StoredRow): void {
    const values: ColumnValue[] = [row.timeMs, ...row.dimensions];
    if (this.#discovered.length > 0) {
      const found = new Map(row.discovered.map(({ name, value }) => [name, value]));
      for (const name of this.#discovered) values.push(found.get(name) ?? null);
    }
    const metrics = this.#states.finish(row.cells);
    for (const at of this.#longSums) if (typeof metrics[at] === 'bigint') this.isWide = true;
    values.push(...metrics);
    this.#file.add(values);
  }
}

/** Over all its intervals. */
function columnsOver(schema: DataSchema, census: CensusJson): PieceColumn[] {
  const found = allColumns(census);
  const types = new Map([...found.kinds].map(([name, kinds]) => [name, pieceType(kinds)]));
  return pieceColumns(schema, found, types);
}

/** `types`: of the columns whose type is found. */
export function pieceColumns(
  schema: DataSchema,
  found: ColumnsFound,
  types: ReadonlyMap<string, PieceFoundType>,
): PieceColumn[] {
  const merges = new Map(schema.metrics.flatMap(metricColumns).map(({ field, merge }) => [field, merge]));
  return segmentColumns(schema, found).map((column) => ({
    ...column,
    type: isFound(schema, column) ? (types.get(column.field) ?? column.type) : column.type,
    merge: column.role === 'metric' ? (merges.get(column.field) ?? 'sum') : null,
  }));
}

/** Whether the column's type comes from its values. */
export function isFound(schema: DataSchema, { field, role }: SegmentColumn): boolean {
  if (role === 'discovered') return schema.discoverTypes;
  if (role !== 'dimension') return false;
  const dimension = schema.dimensions.find(({ name }) => name === field);
  return dimension?.type === 'auto' && dimension.castToType === undefined;
}
