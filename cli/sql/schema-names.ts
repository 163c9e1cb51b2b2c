/**
 * Names of tables, columns and functions for completion, from INFORMATION_SCHEMA: fetched when first wanted, kept for a
 * minute. A server that cannot be asked offers nothing; a key press never ends in an error.
 */
import { RowSplitter, readRow } from './answer-rows.ts';
import type { SqlBody, SqlClient } from './sql-client.ts';

export type TableName = { readonly schema: string; readonly name: string };

export type SchemaNames = {
  tables(): Promise<readonly TableName[]>;
  columns(table: TableName): Promise<readonly string[]>;
  functions(): Promise<readonly string[]>;
};

const keepMs = 60_000;
/** Longer than this nobody waits for a list after a key press. */
const patienceMs = 2_000;
const rowsMax = 10_000;

type Kept = { readonly untilMs: number; readonly rows: Promise<string[][]> };

export class ServerNames implements SchemaNames {
  readonly #client: Pick<SqlClient, 'run'>;
  readonly #now: () => number;
  readonly #kept = new Map<string, Kept>();

  constructor(client: Pick<SqlClient, 'run'>, now: () => number = () => performance.now()) {
    this.#client = client;
    this.#now = now;
  }

  async tables(): Promise<readonly TableName[]> {
    const rows = await this.#ask(
      'select TABLE_SCHEMA, TABLE_NAME from INFORMATION_SCHEMA.TABLES order by 1, 2',
    );
    return rows.map(([schema = '', name = '']) => ({ schema, name }));
  }

  async columns({ schema, name }: TableName): Promise<readonly string[]> {
    const rows = await this.#ask(
      'select COLUMN_NAME from INFORMATION_SCHEMA.COLUMNS where TABLE_SCHEMA = ? and TABLE_NAME = ? order by ORDINAL_POSITION',
      [schema, name],
    );
    return rows.map(([column = '']) => column);
  }

  async functions(): Promise<readonly string[]> {
    const rows = await this.#ask('select distinct ROUTINE_NAME from INFORMATION_SCHEMA.ROUTINES order by 1');
    return rows.map(([name = '']) => name);
  }

  async #ask(query: string, values: readonly string[] = []): Promise<string[][]> {
    const key = JSON.stringify([query, ...values]);
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.untilMs > this.#now()) return kept.rows;
    const rows = this.#fetch(query, values).catch(() => {
      this.#kept.delete(key);
      return [];
    });
    this.#kept.set(key, { untilMs: this.#now() + keepMs, rows });
    return rows;
  }

  async #fetch(query: string, values: readonly string[]): Promise<string[][]> {
    const body: SqlBody = {
      query,
      resultFormat: 'array',
      header: false,
      context: { timeout: patienceMs, sqlOuterLimit: rowsMax },
      ...(values.length === 0 ? {} : { parameters: values.map((value) => ({ type: 'VARCHAR', value })) }),
    };
    const answer = await this.#client.run(body, AbortSignal.timeout(patienceMs));
    const splitter = new RowSplitter();
    const rows: string[][] = [];
    for await (const chunk of answer.text)
      rows.push(...splitter.push(chunk).map((row) => readRow(row).map((cell) => cell.text)));
    splitter.end();
    return rows;
  }
}
