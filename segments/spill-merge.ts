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

/** `name`: of the files it makes in the folder. */
export async function* fewerSpills(options: {
  readonly schema: DataSchema;
  readonly spills: readonly string[];
  readonly folder: string;
  readonly name: string;
}): AsyncGenerator<void, readonly string[]> {
  const { schema, folder, name } = options;
  let spills = options.spills;
  for (let pass = 0; spills.length > maxFanIn; pass++) {
    const path = join(folder, `${name}-${pass}.spill`);
    const readers = await openSpills(spills.slice(0, maxFanIn), schema);
    const writer = new SpillWriter(path, schema);
    try {
      for (const reader of readers) writer.includeKinds(reader.census);
      for await (const rows of merged(readers, schema)) {
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
