/**
 * Live pieces: rows a running task holds of a sequence as one Parquet file that other processes read and never change.
 *
 * A piece is not sorted and weakly compressed, since it lives for seconds. Metrics are stored so that pieces can be added up
 * by sum, min and max: all pieces of a sequence, added up, are what a merge would give.
 */
import { stat } from 'node:fs/promises';
import type { DimensionValue } from '../domain/rows.ts';
import type { DataSchema, MetricType } from '../domain/spec/spec.ts';
import { allColumns, type CensusJson } from './column-census.ts';
import { MetricStates } from './metric-states.ts';
import type { ParquetEngine, ParquetFile } from './parquet-writer.ts';
import type { RowIndex } from './row-index.ts';
import { segmentColumns } from './segment-columns.ts';
import type { SegmentColumn } from './segment-columns.ts';
import { SpillReader } from './spill.ts';
import type { StoredRow } from './stored-row.ts';

/** How values of one group in two pieces become one; null: the column is part of what makes a group. */
export type PieceColumn = SegmentColumn & { readonly merge: 'sum' | 'min' | 'max' | null };

export type Piece = {
  readonly localPath: string;
  readonly rows: number;
  readonly bytes: number;
  /** A long sum is beyond 2^53: added to others it might leave int64, so its rows stay as they are. */
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
        yield;
      }
    await file.write(localPath, '{}', 'snappy');
  } finally {
    await file.discard().catch(() => undefined);
  }
  const { size } = await stat(localPath);
  return { localPath, rows: file.rows, bytes: size, wide: filler.isWide, columns };
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
    this.#longSums = schema.metrics.flatMap(({ type }, at) => (type === 'longSum' ? [at] : []));
    this.#file = file;
  }

  add(rows: readonly StoredRow[]): void {
    for (const row of rows) this.#addOne(row);
  }

  #addOne(row: StoredRow): void {
    const values: DimensionValue[] = [row.timeMs, ...row.dimensions];
    for (const name of this.#discovered)
      values.push(row.discovered.find((found) => found.name === name)?.value ?? null);
    const metrics = this.#states.finish(row.cells);
    for (const at of this.#longSums) if (typeof metrics[at] === 'bigint') this.isWide = true;
    values.push(...metrics);
    this.#file.add(values);
  }
}

/** Over all its intervals. */
function columnsOver(schema: DataSchema, census: CensusJson): PieceColumn[] {
  return pieceColumns(schema, allColumns(census));
}

export function pieceColumns(schema: DataSchema, found: Parameters<typeof segmentColumns>[1]): PieceColumn[] {
  const types = new Map(schema.metrics.map(({ name, type }) => [name, type]));
  return segmentColumns(schema, found).map((column) => ({
    ...column,
    merge: column.role === 'metric' ? mergeOf(types.get(column.field) ?? 'count') : null,
  }));
}

function mergeOf(type: MetricType): 'sum' | 'min' | 'max' {
  if (type.endsWith('Min')) return 'min';
  return type.endsWith('Max') ? 'max' : 'sum';
}
