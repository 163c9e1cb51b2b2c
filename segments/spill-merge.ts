/**
 * Sorted sources to one sorted stream of batches, and many spills to few, so that open files and loaded blocks stay bounded.
 */
import { join } from 'node:path';
import type { DataSchema } from '../domain/spec/spec.ts';
import { MetricStates } from './metric-states.ts';
import { RowMerge, type RowSource } from './row-merge.ts';
import { SpillReader, SpillWriter } from './spill.ts';
import { rowOrder, type StoredRow } from './stored-row.ts';

/** More spills than this are first merged into fewer. */
const maxFanIn = 64;
const rowsPerStep = 256;

/** All rows in order, a few milliseconds' worth at a time. With rollup equal groups are one row. */
export async function* merged(
  sources: readonly RowSource[],
  schema: DataSchema,
): AsyncGenerator<readonly StoredRow[]> {
  const combine = schema.rollup ? new MetricStates(schema.metrics) : null;
  const merge = new RowMerge(sources, combine, rowOrder(schema));
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

/** In the order of `spills`. `name`: of the files it makes in the folder. */
export async function* fewerSpills(options: {
  readonly schema: DataSchema;
  readonly spills: readonly string[];
  readonly folder: string;
  readonly name: string;
}): AsyncGenerator<void, readonly string[]> {
  const { schema, folder, name } = options;
  let done: readonly string[] = [];
  let rest = options.spills;
  for (let pass = 0; done.length + rest.length > maxFanIn; pass++) {
    // Neighbours alone, so that rows of a group stay in the order of reading: first and last values go by it.
    if (rest.length < 2) [rest, done] = [[...done, ...rest], []];
    const path = join(folder, `${name}-${pass}.spill`);
    yield* mergedTo(path, rest.slice(0, maxFanIn), schema);
    done = [...done, path];
    rest = rest.slice(maxFanIn);
  }
  return [...done, ...rest];
}

async function* mergedTo(path: string, spills: readonly string[], schema: DataSchema): AsyncGenerator<void> {
  const readers = await openSpills(spills, schema);
  const writer = new SpillWriter(path, schema);
  try {
    for (const reader of readers) writer.includeGiven(reader.census);
    for await (const rows of merged(readers, schema)) {
      for (const row of rows) writer.add(row);
      yield;
    }
    writer.finish();
  } finally {
    writer.close();
    for (const reader of readers) await reader.close();
  }
}

export async function openSpills(paths: readonly string[], schema: DataSchema): Promise<SpillReader[]> {
  const readers: SpillReader[] = [];
  try {
    for (const path of paths) readers.push(await SpillReader.open(path, schema));
    return readers;
  } catch (error) {
    for (const reader of readers) await reader.close();
    throw error;
  }
}
