/**
 * Spills and memory to segment files: one sorted Parquet file per segment interval, equal groups combined across all
 * sources. Streaming: memory is bounded by a block per spill and DuckDB's limit, whatever the number of rows.
 *
 * Yields every few milliseconds of work; long steps (COPY, hashing) wait off the thread. What was read is not changed, so a
 * failed build can be repeated. Files are scratch: deep storage makes them durable.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { intervalOf } from '../domain/granularity.ts';
import type { Json } from '../domain/json.ts';
import type { DataSchema } from '../domain/spec/spec.ts';
import { ColumnCensus } from './column-census.ts';
import { MetricStates } from './metric-states.ts';
import { ParquetEngine, type ColumnValue, type ParquetFile } from './parquet-writer.ts';
import type { RowIndex } from './row-index.ts';
import { Recast, castsOf } from './recast.ts';
import { sortedRuns, type RowSource } from './row-merge.ts';
import { segmentColumns, type SegmentColumn } from './segment-columns.ts';
import { fewerSpills, merged, openSpills } from './spill-merge.ts';
import { rowOrder, type StoredRow } from './stored-row.ts';

export type SegmentFile = {
  readonly localPath: string;
  readonly size: number;
  readonly sha256: string;
  readonly rows: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
};

export type BuildOptions = {
  readonly schema: DataSchema;
  /** Local files of `writeSpill`. */
  readonly spills: readonly string[];
  /** In order; what a group holds in several of them is joined. */
  readonly memory: readonly RowIndex[];
  /** Scratch; made when it is not there. Files are `<n>.parquet`. */
  readonly folder: string;
  /** Goes into the files' metadata beside what this module knows. */
  readonly header: Json;
  readonly memoryBytes?: number;
};

const defaultMemoryBytes = 256 * 1024 * 1024;

export async function* buildSegments(options: BuildOptions): AsyncGenerator<void, readonly SegmentFile[]> {
  await mkdir(options.folder, { recursive: true });
  const { schema, folder } = options;
  const spills = yield* fewerSpills({ schema, spills: options.spills, folder, name: 'merged' });
  const readers = await openSpills(spills, schema);
  try {
    const census = new ColumnCensus(schema);
    for (const reader of readers) census.include(reader.census);
    const inMemory: RowSource[] = [];
    for (const index of options.memory) {
      census.include(index.census());
      inMemory.push(...(yield* sortedRuns(index.stored(), rowOrder(schema))));
    }
    return yield* writeFiles(options, census, [...readers, ...inMemory]);
  } finally {
    for (const reader of readers) await reader.close();
  }
}

async function* writeFiles(
  options: BuildOptions,
  census: ColumnCensus,
  sources: readonly RowSource[],
): AsyncGenerator<void, readonly SegmentFile[]> {
  const { schema, folder } = options;
  const engine = await ParquetEngine.open(folder, options.memoryBytes ?? defaultMemoryBytes);
  const files: SegmentFile[] = [];
  let open: OpenSegment | null = null;
  try {
    for await (const rows of merged(sources, schema)) {
      for (const row of rows) {
        if (open === null || row.timeMs >= open.endMs) {
          if (open !== null) files.push(yield* finish(open, options));
          const path = join(folder, `${files.length}.parquet`);
          open = await begin({ engine, census, options, timeMs: row.timeMs, path });
        }
        if (open.recast === null) open.filler.add(row);
        else open.recast.add(row);
      }
      if (open?.recast) yield* open.recast.settle();
      await open?.file.settle();
      yield;
    }
    if (open !== null) files.push(yield* finish(open, options));
    open = null;
    return files;
  } finally {
    await open?.file.discard().catch(() => undefined);
    engine.close();
    await rm(join(folder, 'duckdb'), { recursive: true, force: true });
  }
}

type OpenSegment = {
  readonly startMs: number;
  readonly endMs: number;
  readonly path: string;
  readonly columns: readonly SegmentColumn[];
  readonly filler: RowFiller;
  readonly file: ParquetFile;
  /** Values are cast and sorted before they go to the file; null: rows come as they are stored. */
  readonly recast: Recast | null;
};

async function begin(opening: {
  readonly engine: ParquetEngine;
  readonly census: ColumnCensus;
  readonly options: BuildOptions;
  readonly timeMs: number;
  readonly path: string;
}): Promise<OpenSegment> {
  const { engine, census, options, timeMs, path } = opening;
  const { schema, folder } = options;
  const { startMs, endMs } = intervalOf(schema.segmentGranularity, timeMs);
  const found = census.columnsOf(startMs);
  const columns = segmentColumns(schema, found);
  const casts = castsOf(schema, found);
  const recast = casts === null ? null : new Recast(casts, { schema, folder, name: basename(path) });
  const file = await engine.create(columns);
  return { startMs, endMs, path, columns, file, filler: new RowFiller(schema, columns, file), recast };
}

/** Stored rows to rows of the file. */
class RowFiller {
  readonly #states: MetricStates;
  readonly #discovered: readonly string[];
  readonly #file: ParquetFile;

  constructor(schema: DataSchema, columns: readonly SegmentColumn[], file: ParquetFile) {
    this.#states = new MetricStates(schema.metrics);
    this.#discovered = columns.filter(({ role }) => role === 'discovered').map(({ field }) => field);
    this.#file = file;
  }

  add(row: StoredRow): void {
    const values: ColumnValue[] = [row.timeMs, ...row.dimensions];
    if (this.#discovered.length > 0) {
      const found = new Map(row.discovered.map(({ name, value }) => [name, value]));
      for (const name of this.#discovered) values.push(found.get(name) ?? null);
    }
    values.push(...this.#states.finish(row.cells));
    this.#file.add(values);
  }
}

async function* finish(open: OpenSegment, options: BuildOptions): AsyncGenerator<void, SegmentFile> {
  if (open.recast !== null)
    for await (const rows of open.recast.sorted()) {
      for (const row of rows) open.filler.add(row);
      await open.file.settle();
      yield;
    }
  const { startMs, endMs, path, columns, file } = open;
  const header = {
    format: 1,
    dataSource: options.schema.dataSource,
    interval: { startMs, endMs },
    rows: file.rows,
    columns,
    header: options.header,
  };
  await file.write(path, JSON.stringify(header));
  return {
    localPath: path,
    size: (await stat(path)).size,
    sha256: await sha256Of(path),
    rows: file.rows,
    startMs,
    endMs,
    columns: columns.map(({ name, type }) => ({ name, type })),
  };
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path)) hash.update(bytes as Buffer);
  return hash.digest('hex');
}
