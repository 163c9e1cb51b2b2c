/** A few real segment files in a folder of their own, and an engine over them. */
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { QueryEngine } from '../../query/engine.ts';
import type { Query, QueryAnswer } from '../../query/engine.ts';
import type { QueryLimits } from '../../query/limits.ts';
import type { Column, ResultFormat, SystemRows } from '../../query/messages.ts';
import type { SystemTableName } from '../../query/system-tables.ts';

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

type Source = { readonly groups: readonly (readonly string[])[]; readonly knownColumns?: readonly Column[] };

export function openEngine(
  workplace: Workplace,
  sources: Readonly<Record<string, Source>>,
  options: {
    limits?: Partial<QueryLimits>;
    system?: Partial<Record<SystemTableName, SystemRows['rows']>>;
  } = {},
): QueryEngine {
  return new QueryEngine(
    {
      dataSources: async (names) =>
        names.flatMap((name) => {
          const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
          return source === undefined ? [] : [{ name, knownColumns: [], ...source }];
        }),
      systemTable: async (name) => options.system?.[name] ?? [],
    },
    { scratch: join(workplace.folder, 'scratch'), ...(options.limits ? { limits: options.limits } : {}) },
  );
}

export function aQuery(sql: string, more: Partial<Query> & { format?: ResultFormat } = {}): Query {
  const { format, ...rest } = more;
  return {
    sql,
    parameters: [],
    result: { format: format ?? 'object', header: false, typesHeader: false, sqlTypesHeader: false },
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
