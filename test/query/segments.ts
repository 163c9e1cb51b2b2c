/** A few real segment files in a folder of their own, and an engine over them. */
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { QueryEngine } from '../../query/engine.ts';
import type { Query, QueryAnswer, QueryCatalog } from '../../query/engine.ts';
import type { QueryLimits } from '../../query/limits.ts';
import type { Column, FileGroup, ResultFormat, SourceTable, SystemTable } from '../../query/messages.ts';
import { unifyColumns } from '../../query/unify-columns.ts';
import type { Bounds } from '../../query/sql/bounds.ts';
import { systemTableColumns, systemTableNames } from '../../query/system-tables.ts';

export type Workplace = { readonly folder: string; readonly remove: () => void };

export function makeWorkplace(): Workplace {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-query-'));
  mkdirSync(join(folder, 'segments'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Writes what a SELECT gives as one segment file, read-only as real ones are. */
export async function writeSegment(workplace: Workplace, select: string): Promise<string> {
  const path = join(workplace.folder, 'segments', `${randomUUID()}.parquet`);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`set TimeZone = 'UTC'`);
  await connection.run(`copy (${select}) to '${path}' (format parquet, compression zstd)`);
  connection.closeSync();
  instance.closeSync();
  chmodSync(path, 0o444);
  return path;
}

/** Files of one group have the same columns. */
type Source = { readonly groups: readonly (readonly string[])[]; readonly knownColumns?: readonly Column[] };

type SystemRowsOf = Readonly<Record<string, SystemTable['rows']>>;

export function openEngine(
  workplace: Workplace,
  sources: Readonly<Record<string, Source>>,
  options: { limits?: Partial<QueryLimits>; system?: SystemRowsOf } = {},
): QueryEngine {
  return new QueryEngine(fakeCatalog(sources, options.system ?? {}), {
    scratch: join(workplace.folder, 'scratch'),
    ...(options.limits ? { limits: options.limits } : {}),
  });
}

/** Segment files without a Postgres. */
export function fakeCatalog(
  sources: Readonly<Record<string, Source>>,
  system: SystemRowsOf = {},
): QueryCatalog {
  return {
    open: async (uses) => {
      const tables = [];
      for (const { name, bounds } of uses) {
        const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
        if (source !== undefined) tables.push(await sourceTable(name, source, bounds));
      }
      return { sources: tables, incomplete: [], describeFile: () => 'a test file', release: () => undefined };
    },
    systemTable: async (schema, name) => {
      const columns = systemTableColumns(schema, name);
      return columns === null ? null : { schema, name, columns, rows: system[name] ?? [] };
    },
    systemTableNames: (schema) => systemTableNames(schema),
  };
}

async function sourceTable(
  name: string,
  { groups, knownColumns }: Source,
  bounds: Pick<Bounds, 'fromMs' | 'toMs'>,
): Promise<SourceTable> {
  const files: FileGroup[] = [];
  for (const paths of groups)
    if (paths[0] !== undefined) files.push({ paths, columns: await describe(paths[0]) });
  const shapes = files.map(({ columns }) => columns);
  return { name, columns: unifyColumns(shapes, knownColumns ?? []), files, live: [], bounds };
}

async function describe(path: string): Promise<Column[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const answer = await connection.runAndReadAll(`describe select * from read_parquet('${path}')`);
  const columns = answer.getRows().map((row) => ({ name: String(row[0]), type: String(row[1]) }));
  connection.closeSync();
  instance.closeSync();
  return columns;
}

export function aQuery(sql: string, more: Partial<Query> & { format?: ResultFormat } = {}): Query {
  const { format, ...rest } = more;
  return {
    sql,
    parameters: [],
    result: {
      format: format ?? 'object',
      header: false,
      typesHeader: false,
      sqlTypesHeader: false,
      stringifyArrays: true,
    },
    outerLimit: null,
    timeoutMs: null,
    ...rest,
  };
}

export function textOf(answer: QueryAnswer): string {
  return answer.body.toString();
}

/** The rows of an `object` answer. */
export async function rowsOf(
  engine: QueryEngine,
  sql: string,
  more: Partial<Query> = {},
): Promise<unknown[]> {
  return JSON.parse(textOf(await engine.run(aQuery(sql, more)))) as unknown[];
}
