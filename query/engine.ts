/**
 * SQL of callers, end to end: the statement is analyzed in a query process, the tables it names are looked up in the
 * catalog (one snapshot of the visible segments), and the same process runs it on a fresh locked DuckDB.
 *
 * The answer is complete or an error: rows are collected up to the byte limit before anything is sent.
 */
import { randomUUID } from 'node:crypto';
import { HeadgateError } from '../domain/errors.ts';
import { defaultQueryLimits } from './limits.ts';
import type { QueryLimits } from './limits.ts';
import type { QueryParameter, ResultOptions, SourceFiles, SystemRows, TableUse } from './messages.ts';
import { ProcessPool } from './process-pool.ts';
import type { QueryProcess } from './query-process.ts';
import { isSystemTable, systemTables } from './system-tables.ts';
import type { SystemTableName } from './system-tables.ts';

/** What the engine asks of the world. */
export type QueryCatalog = {
  /** Every data source named, in one snapshot; one that does not exist is absent. */
  readonly dataSources: (names: readonly string[]) => Promise<readonly SourceFiles[]>;
  readonly systemTable: (name: SystemTableName) => Promise<SystemRows['rows']>;
};

export type Query = {
  readonly id?: string | undefined;
  readonly sql: string;
  readonly parameters: readonly QueryParameter[];
  readonly result: ResultOptions;
  readonly outerLimit: number | null;
  /** Null: the default. More than the maximum is the maximum. */
  readonly timeoutMs: number | null;
};

export type QueryAnswer = { readonly id: string; readonly rows: number; readonly body: Buffer };

export class QueryEngine {
  readonly #catalog: QueryCatalog;
  readonly #limits: QueryLimits;
  readonly #pool: ProcessPool;
  readonly #running = new Map<string, QueryProcess>();

  constructor(catalog: QueryCatalog, options: { scratch: string; limits?: Partial<QueryLimits> }) {
    this.#catalog = catalog;
    this.#limits = { ...defaultQueryLimits, ...options.limits };
    this.#pool = new ProcessPool(options.scratch, this.#limits);
  }

  async run(query: Query): Promise<QueryAnswer> {
    const id = query.id ?? randomUUID();
    const timeoutMs = Math.min(query.timeoutMs ?? this.#limits.timeoutMs, this.#limits.timeoutMaxMs);
    const deadlineMs = Date.now() + timeoutMs;
    const process = await this.#pool.acquire(deadlineMs);
    this.#running.set(id, process);
    try {
      const { tables } = await process.ask({ kind: 'analyze', sql: query.sql }, 'analyzed', deadlineMs);
      const { sources, system } = await this.#lookUp(tables);
      const chunks: Uint8Array[] = [];
      const done = await process.ask(
        {
          kind: 'run',
          sql: query.sql,
          parameters: query.parameters,
          sources,
          system,
          result: query.result,
          outerLimit: query.outerLimit,
          rowsMax: this.#limits.rowsMax,
          resultBytesMax: this.#limits.resultBytesMax,
        },
        'done',
        deadlineMs,
        (bytes) => chunks.push(bytes),
      );
      return { id, rows: done.rows, body: Buffer.concat(chunks) };
    } finally {
      if (this.#running.get(id) === process) this.#running.delete(id);
      this.#pool.release(process);
    }
  }

  /** False when no query of this id runs. */
  cancel(id: string): boolean {
    const process = this.#running.get(id);
    process?.stop('cancelled');
    return process !== undefined;
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  async #lookUp(
    tables: readonly TableUse[],
  ): Promise<{ sources: readonly SourceFiles[]; system: readonly SystemRows[] }> {
    const names = [...new Set(tables.filter((table) => table.schema === 'druid').map((table) => table.name))];
    const clash = names.find((name) =>
      names.some((other) => other !== name && other.toLowerCase() === name.toLowerCase()),
    );
    if (clash !== undefined)
      throw new HeadgateError(
        'QUERY_INVALID',
        `the query names two data sources that differ only in case (${clash}); query them one at a time`,
      );
    const sources = names.length === 0 ? [] : await this.#catalog.dataSources(names);
    for (const table of tables)
      if (table.schema === 'druid' && !table.optional && !sources.some(({ name }) => name === table.name))
        throw notFound(table, 'a data source (names are case-sensitive; a supervisor makes one)');
    const systemNames = new Set<SystemTableName>();
    for (const table of tables.filter(({ schema }) => schema === 'sys')) {
      if (!isSystemTable(table.name))
        throw notFound(
          table,
          `one of ${Object.keys(systemTables)
            .map((name) => `sys.${name}`)
            .join(', ')}`,
        );
      systemNames.add(table.name);
    }
    const system = [];
    for (const name of systemNames) system.push({ name, rows: await this.#catalog.systemTable(name) });
    return { sources, system };
  }
}

function notFound(table: TableUse, expected: string): HeadgateError {
  const name = table.schema === 'sys' ? `sys.${table.name}` : table.name;
  return new HeadgateError(
    'QUERY_INVALID',
    `Object '${name}' not found (line [${table.line}], column [${table.column}]), expected ${expected}`,
    { details: { line: String(table.line), column: String(table.column) } },
  );
}
