/** Whatever fails while a file is written, its table goes and its connection is closed, once. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ParquetEngine } from '../../segments/parquet-writer.ts';
import type { ParquetFile } from '../../segments/parquet-writer.ts';
import type { SegmentColumn } from '../../segments/segment-columns.ts';

const columns: SegmentColumn[] = [
  { name: '__time', field: '__time', type: 'TIMESTAMP WITH TIME ZONE', role: 'time' },
  { name: 'n', field: 'n', type: 'BIGINT', role: 'metric' },
];

describe('a file that fails', () => {
  let folder: string;
  let engine: ParquetEngine;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'headgate-writer-'));
    engine = await ParquetEngine.open(folder, 64 * 1024 * 1024);
    vi.spyOn(DuckDBConnection.prototype, 'closeSync');
  });

  afterEach(() => {
    vi.restoreAllMocks();
    engine.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const closed = (): number => vi.mocked(DuckDBConnection.prototype.closeSync).mock.calls.length;

  async function aFile(): Promise<ParquetFile> {
    const file = await engine.create(columns);
    file.add([0, 1]);
    return file;
  }

  async function tables(): Promise<unknown> {
    const connection = await engine.connect();
    try {
      return (await connection.runAndReadAll('select table_name from duckdb_tables()')).getRowsJS();
    } finally {
      connection.disconnectSync();
    }
  }

  function appenderFails(): void {
    const close = DuckDBAppender.prototype.closeSync;
    vi.spyOn(DuckDBAppender.prototype, 'closeSync').mockImplementationOnce(function (this: DuckDBAppender) {
      close.call(this);
      throw new Error('appender');
    });
  }

  function statementFails(start: string): void {
    const run = DuckDBConnection.prototype.run;
    vi.spyOn(DuckDBConnection.prototype, 'run').mockImplementation(function (
      this: DuckDBConnection,
      ...given: Parameters<DuckDBConnection['run']>
    ) {
      return given[0].startsWith(start) ? Promise.reject(new Error(start)) : run.apply(this, given);
    });
  }

  it.each(['write', 'discard'] as const)('at the last rows leaves nothing (%s)', async (how) => {
    const file = await aFile();
    appenderFails();
    await expect(file[how](join(folder, 'file'), '{}')).rejects.toThrow('appender');
    expect(closed()).toBe(1);
    expect(await tables()).toEqual([]);
    await file.discard();
    expect(closed()).toBe(1);
  });

  it.each(['write', 'discard'] as const)('to drop its table leaves no connection (%s)', async (how) => {
    const file = await aFile();
    statementFails('drop table');
    await expect(file[how](join(folder, 'file'), '{}')).rejects.toThrow('drop table');
    expect(closed()).toBe(1);
  });

  it('to be written leaves nothing', async () => {
    const file = await aFile();
    await expect(file.write(join(folder, 'no folder', 'file'), '{}')).rejects.toThrow(/no folder/);
    expect(closed()).toBe(1);
    expect(await tables()).toEqual([]);
  });

  it('to be created leaves no connection', async () => {
    statementFails('create table');
    await expect(engine.create(columns)).rejects.toThrow('create table');
    expect(closed()).toBe(1);
    vi.restoreAllMocks();
    vi.spyOn(DuckDBConnection.prototype, 'closeSync');
    vi.spyOn(DuckDBConnection.prototype, 'createAppender').mockRejectedValueOnce(new Error('no appender'));
    await expect(engine.create(columns)).rejects.toThrow('no appender');
    expect(closed()).toBe(1);
  });
});
