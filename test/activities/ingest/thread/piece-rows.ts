/** What is in pieces, read as a query does; and a schema whose rows add up. */
import { DuckDBInstance } from '@duckdb/node-api';
import type { DataSchema } from '../../../../domain/spec/spec.ts';
import { aDimension, aSchema } from '../../../support/data-schema.ts';

export async function rowsOf(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowsJS() as unknown[][];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

export function union(paths: readonly string[]): string {
  return `read_parquet([${paths.map((path) => `'${path}'`).join(', ')}], union_by_name = true)`;
}

/** Rolled up: a spill of several runs holds fewer rows than went in. */
export const rolledUp: DataSchema = aSchema({
  dimensions: [aDimension('site')],
  metrics: [
    { type: 'count', name: 'n', fieldName: null },
    { type: 'longSum', name: 'sum', fieldName: 'v' },
    { type: 'longMax', name: 'max', fieldName: 'v' },
  ],
  queryGranularity: { kind: 'all' },
  rollup: true,
});
