/** Three million real flights of 2001, as npm's `vega-datasets` ships them, read and counted by DuckDB. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';

export const flightsMax = 3_000_000;

export function flightsFile(): string {
  const entry = createRequire(import.meta.url).resolve('vega-datasets');
  return join(dirname(dirname(entry)), 'data', 'flights-3m.parquet');
}

/** Opens DuckDB with a view `flights` of the first `rows` flights. Close it with `closeSync()`. */
export async function openFlights(rows: number): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '1GB' });
  const connection = await instance.connect();
  await connection.run("set timezone = 'UTC'");
  await connection.run(
    `create view flights as select * from read_parquet(${quoted(flightsFile())}) limit ${rows}`,
  );
  return connection;
}

/** Each flight as one JSON record, in the order of the file, some thousand at a time. */
export async function* flightRecords(connection: DuckDBConnection): AsyncGenerator<string[]> {
  const result = await connection.stream(
    `select json_object('date', strftime(date, '%Y-%m-%dT%H:%M:%SZ'), 'delay', delay, 'distance', distance,
            'origin', origin, 'destination', destination)::varchar from flights`,
  );
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return;
    yield chunk.getColumnValues(0).map(String);
  }
}

export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
