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
import { join } from 'node:path';
import { intervalOf } from '../domain/granularity.ts';
import type { Json } from '../domain/json.ts';
import type { DimensionValue } from '../domain/rows.ts';
import type { DataSchema } from '../domain/spec/spec.ts';
import { ColumnCensus } from './column-census.ts';
import { MetricStates } from './metric-states.ts';
import { ParquetEngine, type ParquetFile } from './parquet-writer.ts';
import type { RowIndex } from './row-index.ts';
import { RowMerge, sortedRuns, type RowSource } from './row-merge.ts';
import { segmentColumns, type SegmentColumn } from './segment-columns.ts';
import { SpillReader, SpillWriter } from './spill.ts';
import type { StoredRow } from './stored-row.ts';

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
/** More spills than this are first merged into fewer, so that open files and loaded blocks stay bounded. */
const maxFanIn = 64;
const rowsPerStep = 256;

export async function* buildSegments(options: BuildOptions): AsyncGenerator<void, readonly SegmentFile[]> {
  await mkdir(options.folder, { recursive: true });
  const spills = yield* reduceFanIn(options);
  const readers = await openAll(spills, options.schema);
  try {
    const census = new ColumnCensus(options.schema);
    for (const reader of readers) census.include(reader.census);
    const inMemory: RowSource[] = [];
    for (const index of options.memory) {
      census.include(index.census());
      inMemory.push(...(yield* sortedRuns(index.stored())));
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
  const states = new MetricStates(schema.metrics);
  const engine = await ParquetEngine.open(folder, options.memoryBytes ?? defaultMemoryBytes);
  const files: SegmentFile[] = [];
  let open: OpenSegment | null = null;
  try {
    for await (const rows of merged(sources, schema.rollup ? states : null)) {
      for (const row of rows) {
        if (open === null || row.timeMs >= open.endMs) {
          if (open !== null) files.push(await finish(open, options));
          open = await begin(engine, schema, census, row.timeMs, join(folder, `${files.length}.parquet`));
        }
        open.file.add(valuesOf(row, open, states));
      }
      yield;
    }
    if (open !== null) files.push(await finish(open, options));
    open = null;
    return files;
  } finally {
    await open?.file.discard().catch(() => undefined);
    engine.close();
    await rm(join(folder, 'duckdb'), { recursive: true, force: true });
  }
}

/** All rows in order, a few milliseconds' worth at a time. */
async function* merged(
  sources: readonly RowSource[],
  combine: MetricStates | null,
): AsyncGenerator<readonly StoredRow[]> {
  const merge = new RowMerge(sources, combine);
  let batch: StoredRow[] = [];
  for (;;) {
    const row = merge.next();
    if (row === 'blocked') await merge.load();
    else if (row !== null) batch.push(row);
    if (batch.length === rowsPerStep || row === null) {
      yield batch;
      batch = [];
    }
    if (row === null) return;
  }
}

type OpenSegment = {
  readonly startMs: number;
  readonly endMs: number;
  readonly path: string;
  readonly columns: readonly SegmentColumn[];
  readonly discovered: readonly string[];
  readonly file: ParquetFile;
};

async function begin(
  engine: ParquetEngine,
  schema: DataSchema,
  census: ColumnCensus,
  timeMs: number,
  path: string,
): Promise<OpenSegment> {
  const { startMs, endMs } = intervalOf(schema.segmentGranularity, timeMs);
  const columns = segmentColumns(schema, census.columnsOf(startMs));
  const discovered = columns.filter(({ role }) => role === 'discovered').map(({ field }) => field);
  return { startMs, endMs, path, columns, discovered, file: await engine.create(columns) };
}

function valuesOf(row: StoredRow, open: OpenSegment, states: MetricStates): DimensionValue[] {
  const values: DimensionValue[] = [row.timeMs, ...row.dimensions];
  if (open.discovered.length > 0) {
    const found = new Map(row.discovered.map(({ name, value }) => [name, value]));
    for (const name of open.discovered) values.push(found.get(name) ?? null);
  }
  values.push(...states.finish(row.cells));
  return values;
}

async function finish(open: OpenSegment, options: BuildOptions): Promise<SegmentFile> {
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

async function* reduceFanIn(options: BuildOptions): AsyncGenerator<void, readonly string[]> {
  const { schema, folder } = options;
  let spills = options.spills;
  for (let pass = 0; spills.length > maxFanIn; pass++) {
    const path = join(folder, `merged-${pass}.spill`);
    const readers = await openAll(spills.slice(0, maxFanIn), schema);
    const writer = new SpillWriter(path, schema);
    try {
      const combine = schema.rollup ? new MetricStates(schema.metrics) : null;
      for await (const rows of merged(readers, combine)) {
        for (const row of rows) writer.add(row);
        yield;
      }
      writer.finish();
    } finally {
      writer.close();
      for (const reader of readers) await reader.close();
    }
    spills = [...spills.slice(maxFanIn), path];
  }
  return spills;
}

async function openAll(paths: readonly string[], schema: DataSchema): Promise<SpillReader[]> {
  const readers: SpillReader[] = [];
  try {
    for (const path of paths) readers.push(await SpillReader.open(path, schema));
    return readers;
  } catch (error) {
    for (const reader of readers) await reader.close();
    throw error;
  }
}
