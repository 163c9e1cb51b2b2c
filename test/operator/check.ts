/** How often each record is in the visible segment files, against how often the announcements say it must be. */
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Pool } from 'pg';
import type { Announced, Range } from './announced.ts';

export type Miscount = {
  readonly partition: number;
  readonly offset: string;
  readonly found: number;
  readonly expected: number;
};

export type Count = {
  readonly rows: number;
  readonly expectedRows: number;
  readonly miscounted: number;
  readonly first: readonly Miscount[];
};

/** `p` and `id` of a row give its partition and offset: ids go round the partitions in turn. */
export async function countRows(options: {
  readonly pool: Pool;
  readonly deepStorage: string;
  readonly dataSource: string;
  readonly supervisorId: string;
  readonly announced: Announced;
  readonly partitions: number;
  /** Records produced, all partitions together. */
  readonly produced: number;
}): Promise<Count> {
  const { pool, announced, partitions, produced } = options;
  const { rows } = await pool.query<{ path: string }>(
    'select path from segment where used and data_source = $1 order by path',
    [options.dataSource],
  );
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection = await instance.connect();
  try {
    await connection.run('create table actual (p integer, o bigint, c bigint)');
    const files = rows.map((row) => textOf(join(options.deepStorage, row.path)));
    if (files.length > 0)
      await connection.run(
        `insert into actual select p, id // ${partitions}, count(*)
         from read_parquet([${files.join(',')}], union_by_name = true)
         where sup = ${textOf(options.supervisorId)} group by 1, 2`,
      );
    await fill(connection, 'more', announced.more);
    await fill(connection, 'less', announced.less);
    await connection.run(
      `create table expected as
       select (i % ${partitions})::integer as p, i // ${partitions} as o, 1::bigint as c from range(${produced}) t(i)`,
    );
    await change(connection, 'more', '+');
    await change(connection, 'less', '-');
    const compared = `from expected e full join actual a on a.p = e.p and a.o = e.o
      where coalesce(a.c, 0) <> coalesce(e.c, 0)`;
    const wrong = await connection.runAndReadAll(
      `select coalesce(e.p, a.p), coalesce(e.o, a.o)::varchar, coalesce(a.c, 0)::integer, coalesce(e.c, 0)::integer ${compared} order by 1, 2 limit 10`,
    );
    return {
      rows: await number(connection, 'select coalesce(sum(c), 0) from actual'),
      expectedRows: await number(connection, 'select sum(c) from expected'),
      miscounted: await number(connection, `select count(*) ${compared}`),
      first: wrong.getRows().map(([partition, offset, found, expected]) => ({
        partition: Number(partition),
        offset: String(offset),
        found: Number(found),
        expected: Number(expected),
      })),
    };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function fill(connection: DuckDBConnection, table: string, ranges: readonly Range[]): Promise<void> {
  await connection.run(`create table ${table} (p integer, f bigint, t bigint)`);
  for (const { partition, from, to } of ranges)
    await connection.run(`insert into ${table} values (${partition}, ${from}, ${to})`);
}

async function change(connection: DuckDBConnection, table: string, sign: '+' | '-'): Promise<void> {
  await connection.run(
    `update expected set c = c ${sign} (select count(*) from ${table} r where r.p = expected.p and r.f <= expected.o and expected.o < r.t)`,
  );
}

async function number(connection: DuckDBConnection, sql: string): Promise<number> {
  return Number((await connection.runAndReadAll(sql)).getRows()[0]?.[0] ?? 0);
}

function textOf(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
