/**
 * SQL of callers, end to end: the statement is analyzed in a query process, what its tables hold is looked up in one snapshot
 * (segments and the sequences not yet published), running tasks are asked for their rows, and a query process runs it all on
 * a fresh locked DuckDB.
 *
 * The answer is whole or an error: rows are collected up to the byte limit before anything is sent. What it may lack, because
 * no worker answers for a group, it says (`incomplete`).
 */
import { randomUUID } from 'node:crypto';
import { HeadgateError } from '../domain/errors.ts';
import { limitExceeded, defaultQueryLimits } from './limits.ts';
import type { QueryLimits } from './limits.ts';
import type {
  QueryParameter,
  QuerySettings,
  ResultOptions,
  SourceTable,
  SystemTable,
  TableUse,
} from './messages.ts';
import { ProcessPool } from './process-pool.ts';
import { GaveUp } from './query-process.ts';
import type { QueryProcess } from './query-process.ts';
import { QueryRegister } from './query-register.ts';
import type { RunningQuery } from './query-register.ts';
import { widen } from './sql/bounds.ts';
import type { Bounds } from './sql/bounds.ts';
import { placeOf } from './sql/errors.ts';

export type SourceUse = { readonly name: string; readonly bounds: Bounds };

/** Everything one query reads, pinned until it is released. */
export type OpenedSources = {
  readonly sources: readonly SourceTable[];
  /** Groups whose rows are missing, one sentence each; empty: the answer is complete. */
  readonly incomplete: readonly string[];
  /** What went wrong with a file, for a message: by the path the query process saw. */
  readonly describeFile: (path: string) => string | null;
  readonly release: () => void;
};

/** `publishedOnly`: running tasks are not asked. */
export type OpenOptions = { readonly deadlineMs: number; readonly publishedOnly: boolean };

/** What the engine asks of the world. */
export type QueryCatalog = {
  /** Every data source named, in one snapshot; one that does not exist is absent. */
  readonly open: (uses: readonly SourceUse[], options: OpenOptions) => Promise<OpenedSources>;
  /** Null: there is no such table. */
  readonly systemTable: (
    schema: 'sys' | 'INFORMATION_SCHEMA',
    name: string,
    running: readonly RunningQuery[],
  ) => Promise<SystemTable | null>;
  readonly systemTableNames: (schema: 'sys' | 'INFORMATION_SCHEMA') => readonly string[];
};

export type Query = {
  readonly id?: string | undefined;
  readonly sql: string;
  readonly parameters: readonly QueryParameter[];
  readonly result: ResultOptions;
  readonly outerLimit: number | null;
  /** Null: the default. More than the maximum is the maximum. */
  readonly timeoutMs: number | null;
  /** IANA name of a known zone; absent: UTC. */
  readonly timeZone?: string;
  readonly approximateCountDistinct?: boolean;
  /** Only rows in segments; absent: live rows too. */
  readonly publishedOnly?: boolean;
  /** Whoever asked is gone: the query is cancelled. */
  readonly left?: AbortSignal | undefined;
};

export type QueryAnswer = {
  readonly id: string;
  readonly rows: number;
  readonly body: Buffer;
  readonly incomplete: readonly string[];
};

export class QueryEngine {
  readonly #catalog: QueryCatalog;
  readonly #limits: QueryLimits;
  readonly #pool: ProcessPool;
  readonly #register = new QueryRegister();

  constructor(catalog: QueryCatalog, options: { scratch: string; limits?: Partial<QueryLimits> }) {
    this.#catalog = catalog;
    this.#limits = { ...defaultQueryLimits, ...options.limits };
    this.#pool = new ProcessPool(options.scratch, this.#limits);
  }

  async run(query: Query): Promise<QueryAnswer> {
    const timeoutMs = Math.min(query.timeoutMs ?? this.#limits.timeoutMs, this.#limits.timeoutMaxMs);
    this.#checkRoom();
    const running = this.#register.enter({
      id: query.id ?? randomUUID(),
      sql: query.sql,
      startedMs: Date.now(),
    });
    const cancel = (): void => running.cancel();
    query.left?.addEventListener('abort', cancel);
    try {
      if (query.left?.aborted === true) cancel();
      return await this.#answer(query, running, Date.now() + timeoutMs);
    } finally {
      query.left?.removeEventListener('abort', cancel);
      running.leave();
    }
  }

  /** What a query waits for costs memory too. */
  #checkRoom(): void {
    const { length } = this.#register.list();
    if (length >= this.#limits.queriesMax)
      throw limitExceeded('concurrent', `${length} queries are begun and not answered yet; try again later`);
  }

  /** False when no query of this id runs. */
  cancel(id: string): boolean {
    return this.#register.cancel(id);
  }

  running(): readonly RunningQuery[] {
    return this.#register.list();
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  async #answer(query: Query, running: Running, deadlineMs: number): Promise<QueryAnswer> {
    const settings: QuerySettings = {
      timeZone: query.timeZone ?? 'UTC',
      nowMs: Date.now(),
      approximateCountDistinct: query.approximateCountDistinct ?? true,
    };
    const { tables } = await this.#with(running, deadlineMs, (process) =>
      process.ask(
        { kind: 'analyze', sql: query.sql, parameters: query.parameters, settings },
        'analyzed',
        deadlineMs,
      ),
    );
    const { system } = await running.orCancelled(
      withDeadline(this.#systemTables(tables, query.sql), deadlineMs),
    );
    const opened = await running.orCancelled(
      this.#open(tables, { deadlineMs, publishedOnly: query.publishedOnly ?? false }),
    );
    try {
      checkFound(tables, opened, query.sql);
      const answer = await this.#with(running, deadlineMs, (process) =>
        this.#run(process, query, { settings, opened, system, deadlineMs }),
      );
      return { id: running.id, ...answer, incomplete: opened.incomplete };
    } catch (error) {
      throw withFileNamed(error, opened);
    } finally {
      opened.release();
    }
  }

  async #run(
    process: QueryProcess,
    query: Query,
    frame: {
      settings: QuerySettings;
      opened: OpenedSources;
      system: readonly SystemTable[];
      deadlineMs: number;
    },
  ): Promise<{ rows: number; body: Buffer }> {
    const chunks: Uint8Array[] = [];
    const done = await process.ask(
      {
        kind: 'run',
        sql: query.sql,
        parameters: query.parameters,
        settings: frame.settings,
        sources: frame.opened.sources,
        system: frame.system,
        result: query.result,
        outerLimit: query.outerLimit,
        rowsMax: this.#limits.rowsMax,
        resultBytesMax: this.#limits.resultBytesMax,
      },
      'done',
      frame.deadlineMs,
      (bytes) => chunks.push(bytes),
    );
    return { rows: done.rows, body: Buffer.concat(chunks) };
  }

  /**
   * A query holds a process only while it computes: one that waits for rows of a worker keeps nobody waiting. What was begun in
   * the place for short ones and is not short is begun again.
   */
  async #with<T>(
    running: Running,
    deadlineMs: number,
    work: (process: QueryProcess) => Promise<T>,
  ): Promise<T> {
    try {
      return await this.#seated(running, { deadlineMs, lasting: false }, work);
    } catch (error) {
      if (!(error instanceof GaveUp)) throw error;
      return this.#seated(running, { deadlineMs, lasting: true }, work);
    }
  }

  async #seated<T>(
    running: Running,
    wish: { readonly deadlineMs: number; readonly lasting: boolean },
    work: (process: QueryProcess) => Promise<T>,
  ): Promise<T> {
    const left = new AbortController();
    running.throwIfCancelled();
    running.on(() => left.abort());
    const { process, release } = await this.#pool
      .acquire({ ...wish, left: left.signal })
      .finally(() => running.on(null));
    try {
      running.throwIfCancelled();
      running.on(() => process.stop('cancelled'));
      return await work(process);
    } finally {
      running.on(null);
      release();
    }
  }

  async #systemTables(
    tables: readonly TableUse[],
    sql: string,
  ): Promise<{ system: readonly SystemTable[]; release: () => void }> {
    const found = new Map<string, SystemTable>();
    for (const use of tables) {
      if (use.schema === 'druid' || found.has(`${use.schema}.${use.name}`)) continue;
      const table = await this.#catalog.systemTable(use.schema, use.name, this.running());
      if (table === null) {
        const names = this.#catalog.systemTableNames(use.schema).join(', ');
        throw notFound(use, sql, `expected one of ${names}`);
      }
      found.set(`${use.schema}.${use.name}`, table);
    }
    return { system: [...found.values()], release: () => undefined };
  }

  async #open(tables: readonly TableUse[], options: OpenOptions): Promise<OpenedSources> {
    const uses = new Map<string, Bounds>();
    for (const { schema, name, bounds } of tables) {
      if (schema !== 'druid') continue;
      const known = uses.get(name);
      uses.set(name, known === undefined ? bounds : widen(known, bounds));
    }
    if (uses.size === 0)
      return { sources: [], incomplete: [], describeFile: () => null, release: () => undefined };
    checkCase([...uses.keys()]);
    const opening = this.#catalog.open(
      [...uses].map(([name, bounds]) => ({ name, bounds })),
      options,
    );
    return withDeadline(opening, options.deadlineMs);
  }
}

type Running = ReturnType<QueryRegister['enter']>;

/** What comes too late is still released. */
async function withDeadline<T extends { readonly release: () => void }>(
  opening: Promise<T>,
  deadlineMs: number,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let isLate = false;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => {
        isLate = true;
        reject(limitExceeded('time', 'the query took longer than its timeout and was stopped'));
      },
      Math.max(0, deadlineMs - Date.now()),
    );
  });
  opening.then((opened) => isLate && opened.release()).catch(() => undefined);
  try {
    return await Promise.race([opening, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** DuckDB takes names without regard to case. */
function checkCase(names: readonly string[]): void {
  const seen = new Set<string>();
  const clash = names.find((name) => seen.size === seen.add(name.toLowerCase()).size);
  if (clash !== undefined)
    throw new HeadgateError(
      'QUERY_INVALID',
      `the query names two data sources that differ only in case (${clash}); query them one at a time`,
    );
}

function checkFound(tables: readonly TableUse[], { sources }: OpenedSources, sql: string): void {
  for (const use of tables)
    if (use.schema === 'druid' && !sources.some(({ name }) => name === use.name))
      throw notFound(use, sql, 'expected a data source (names are case-sensitive; a supervisor makes one)');
}

const nameShownMax = 500;

function notFound(use: TableUse, sql: string, expected: string): HeadgateError {
  const full = use.schema === 'druid' ? use.name : `${use.schema}.${use.name}`;
  const name = full.length <= nameShownMax ? full : `${full.slice(0, nameShownMax)}...`;
  const { line, column, endLine, endColumn } = placeOf(sql, use);
  return new HeadgateError(
    'QUERY_INVALID',
    `Object '${name}' not found (line [${line}], column [${column}]), ${expected}`,
    {
      details: {
        line: String(line),
        column: String(column),
        endLine: String(endLine),
        endColumn: String(endColumn),
      },
    },
  );
}

/** A query process knows a file by its path alone; people know it by its segment. */
function withFileNamed(error: unknown, opened: OpenedSources): unknown {
  if (!(error instanceof HeadgateError) || typeof error.details['file'] !== 'string') return error;
  const what = opened.describeFile(error.details['file']);
  return new HeadgateError('SEGMENT_CORRUPT', what ?? 'a file of live rows could not be read; ask again', {
    cause: error,
  });
}
