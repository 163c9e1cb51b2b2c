/** Small tables in a real DuckDB, set up as a query process does, and what a translated statement answers over them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { HeadgateError } from '../../../domain/errors.ts';
import { explainDuckdbError } from '../../../query/duckdb-errors.ts';
import { checkStatement } from '../../../query/gate.ts';
import { LockedInstance } from '../../../query/locked-instance.ts';
import { located, SqlProblem } from '../../../query/sql/errors.ts';
import { functionTable } from '../../../query/sql/functions/index.ts';
import { parse } from '../../../query/sql/parser.ts';
import { translate } from '../../../query/sql/translate/index.ts';
import type { TableShape, TranslateOptions, Translation } from '../../../query/sql/translate/index.ts';
import { isMulti, types, typeText } from '../../../query/sql/typed-sql.ts';
import type { SqlType } from '../../../query/sql/typed-sql.ts';
import { jsonText, multiValue } from '../../../query/values.ts';

type Table = {
  readonly schema: string;
  readonly name: string;
  readonly relation: string;
  readonly columns: readonly (readonly [name: string, type: SqlType, duckdb: string])[];
  readonly rows: readonly string[];
};

const { bigint, double, float, multi, timestamp, varchar } = types;
const text = (name: string): readonly [string, SqlType, string] => [name, varchar, 'varchar'];
const long = (name: string): readonly [string, SqlType, string] => [name, bigint, 'bigint'];
const time: readonly [string, SqlType, string] = ['__time', timestamp, 'timestamp'];

const tables: readonly Table[] = [
  {
    schema: 'druid',
    name: 'events',
    relation: 'druid."events"',
    columns: [
      time,
      text('country'),
      text('page'),
      ['tags', multi, 'varchar[]'],
      long('cnt'),
      ['price', double, 'double'],
      ['ratio', float, 'float'],
      text('code'),
    ],
    rows: [
      `('2026-01-01 00:00:00', 'US', '/a', ['x', 'y'], 1, 0.5, 0.5, '10')`,
      `('2026-01-01 00:30:00', 'US', '/b', ['x'], 2, 1.5, 1.5, '2.5')`,
      `('2026-01-01 01:00:00', 'DE', '/a', null, 3, null, null, 'abc')`,
      `('2026-01-02 00:00:00', null, '/c', ['y', 'z'], 4, 2.0, 2.5, null)`,
      `('2026-02-01 12:00:00', 'DE', '/b', ['z'], null, 4.0, 3.5, '7')`,
    ],
  },
  {
    schema: 'druid',
    name: 'users',
    relation: 'druid."users"',
    columns: [time, text('country'), text('user'), long('age'), ['roles', multi, 'varchar[]']],
    rows: [
      `('2026-01-01 00:00:00', 'US', 'ann', 30, ['x'])`,
      `('2026-01-01 00:00:00', 'DE', 'bob', 40, ['y', 'z'])`,
      `('2026-01-02 00:00:00', 'FR', 'cyd', null, null)`,
    ],
  },
  {
    schema: 'druid',
    name: 'odd " name',
    relation: 'druid."odd "" name"',
    columns: [time, text('a"b'), text('Case'), text('case')],
    rows: [`('2026-01-01', 'q', 'upper', 'lower')`],
  },
  {
    schema: 'druid',
    name: 'nothing',
    relation: 'druid."nothing"',
    columns: [time, text('a'), long('n')],
    rows: [],
  },
  {
    schema: 'sys',
    name: 'segments',
    relation: 'sys."segments"',
    columns: [
      ...['segment_id', 'datasource', 'start', 'end', 'version', 'shard_spec'].map(text),
      ...['partition_num', 'size', 'num_rows', 'num_replicas', 'is_published', 'is_available'].map(long),
      ...['is_realtime', 'is_overshadowed'].map(long),
    ],
    rows: [
      `('s1', 'events', '2026-01-01', '2026-01-02', 'v', '{}', 0, 1000, 10, 1, 1, 1, 0, 0)`,
      `('s2', 'events', '2026-01-02', '2026-01-03', 'v', '{}', 1, 500, 30, 2, 1, 0, 0, 0)`,
      `('s3', 'users', '2026-01-01', '2026-01-02', 'v', '{}', 0, 0, 0, 1, 0, 1, 1, 0)`,
    ],
  },
  {
    schema: 'sys',
    name: 'servers',
    relation: 'sys."servers"',
    columns: [
      ...['server', 'host', 'server_type', 'tier', 'start_time'].map(text),
      ...['plaintext_port', 'tls_port', 'curr_size', 'max_size', 'is_leader'].map(long),
    ],
    rows: [
      `('h:1', 'h', 'broker', null, '2026', 1, -1, 0, 0, null)`,
      `('h:2', 'h', 'coordinator', null, '2026', 2, -1, 0, 0, 1)`,
      `('h:3', 'h', 'broker', null, '2026', 3, -1, 0, 0, null)`,
    ],
  },
  {
    schema: 'sys',
    name: 'tasks',
    relation: 'sys."tasks"',
    columns: [
      ...['task_id', 'group_id', 'type', 'datasource', 'created_time', 'location', 'error_msg'].map(text),
      ...['status', 'runner_status'].map(text),
      long('duration'),
    ],
    rows: [
      `('t1', 'g', 'index_kafka', 'events', '2026-01-01', 'h:1', null, 'RUNNING', 'RUNNING', -1)`,
      `('t2', 'g', 'index_kafka', 'events', '2026-01-02', 'h:1', 'Shutdown request from user', 'FAILED', 'NONE', 5)`,
      `('t3', 'g', 'index_kafka', 'events', '2026-01-03', 'h:1', null, 'RUNNING', 'PENDING', -1)`,
      `('t4', 'g', 'index_kafka', 'users', '2026-01-04', 'h:1', null, 'SUCCESS', 'NONE', 7)`,
    ],
  },
  {
    schema: 'sys',
    name: 'supervisors',
    relation: 'sys."supervisors"',
    columns: [
      ...['supervisor_id', 'type', 'source', 'state', 'detailed_state', 'spec'].map(text),
      ...['healthy', 'suspended'].map(long),
    ],
    rows: [
      `('users', 'kafka', 'u', 'RUNNING', 'RUNNING', '{}', 1, 1)`,
      `('events', 'kafka', 'e', 'RUNNING', 'RUNNING', '{}', 1, 0)`,
    ],
  },
  {
    schema: 'INFORMATION_SCHEMA',
    name: 'COLUMNS',
    relation: 'sys."INFORMATION_SCHEMA.COLUMNS"',
    columns: ['TABLE_SCHEMA', 'TABLE_NAME', 'COLUMN_NAME', 'DATA_TYPE'].map(text),
    rows: [`('druid', 'events', '__time', 'TIMESTAMP')`, `('sys', 'segments', 'segment_id', 'VARCHAR')`],
  },
];

export function shapeOf(schema: string, name: string): TableShape | null {
  const table = tables.find((known) => known.schema === schema && known.name === name);
  if (table === undefined) return null;
  // The last table has names that DuckDB takes for one: the second is called otherwise there.
  const columns = table.columns.map(([column, type], index) => ({
    name: column,
    field: fieldOf(table, index),
    type,
  }));
  return { relation: table.relation, columns };
}

function fieldOf({ columns }: Table, index: number): string {
  const name = columns[index]?.[0] ?? '';
  const isTaken = columns.slice(0, index).some(([other]) => other.toLowerCase() === name.toLowerCase());
  return isTaken ? `${name}_1` : name;
}

export const options: TranslateOptions = {
  tables: shapeOf,
  functions: functionTable,
  parameters: [],
  timeZone: 'UTC',
  nowMs: Date.parse('2026-01-02T03:04:05.678Z'),
  approximateCountDistinct: true,
  outerLimit: null,
};

export type Answer = {
  readonly names: readonly string[];
  readonly types: readonly string[];
  readonly rows: readonly unknown[];
  readonly sql: string;
};

export type World = {
  readonly answer: (sql: string, changed?: Partial<TranslateOptions>) => Promise<Answer>;
  readonly close: () => void;
};

export async function openWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-translate-'));
  const open = { folder, memoryBytes: 256e6, spillBytesMax: 256e6, threads: 1 };
  const instance = await LockedInstance.open(open);
  for (const table of tables) await createTable(instance, table);
  await instance.lock([]);
  return {
    answer: (sql, changed) => answer(instance, sql, { ...options, ...changed }),
    close: () => {
      instance.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function createTable(instance: LockedInstance, table: Table): Promise<void> {
  const columns = table.columns.map(([, , duckdb], index) => {
    return `"${fieldOf(table, index).replaceAll('"', '""')}" ${duckdb}`;
  });
  await instance.connection.run(`create table ${table.relation} (${columns.join(', ')})`);
  if (table.rows.length > 0)
    await instance.connection.run(`insert into ${table.relation} values ${table.rows.join(', ')}`);
}

/** Through the gate as well: what is made here must pass the second wall. */
async function answer(instance: LockedInstance, sql: string, given: TranslateOptions): Promise<Answer> {
  const translation = translated(sql, given);
  const style = { timeZone: given.timeZone, stringifyArrays: true };
  try {
    const tree = await instance.connection.runAndReadAll('select json_serialize_sql($1::varchar)', [
      translation.sql,
    ]);
    checkStatement(JSON.parse(String(tree.getRows()[0]?.[0])));
    const result = await instance.connection.runAndReadAll(translation.sql);
    const rows = result.getRows().map((row) =>
      row.map((value, index): unknown => {
        const type = translation.outputs[index]?.type ?? types.null;
        return JSON.parse(jsonText(isMulti(type) ? multiValue(value) : value, style));
      }),
    );
    return {
      names: translation.outputs.map(({ name }) => name),
      types: translation.outputs.map(({ type }) => (isMulti(type) ? 'VARCHAR MULTI' : typeText(type))),
      rows,
      sql: translation.sql,
    };
  } catch (error) {
    throw error instanceof HeadgateError ? error : explainDuckdbError(error);
  }
}

export function translated(sql: string, given: TranslateOptions = options): Translation {
  try {
    return translate(parse(sql), given);
  } catch (error) {
    throw error instanceof SqlProblem ? located(error, sql) : error;
  }
}

/** One statement and its rows; a row of one value is that value. */
export type Case = readonly [sql: string, rows: readonly unknown[]];

export async function expectRows(
  world: World,
  [sql, expected]: Case,
  changed?: Partial<TranslateOptions>,
): Promise<void> {
  const { rows } = await world.answer(sql, changed);
  const plain = rows.map((row) => (Array.isArray(row) && row.length === 1 ? (row[0] as unknown) : row));
  expect(plain, sql).toEqual(expected);
}

/** The message of the error that the statement is refused with. */
export async function refusal(
  world: World,
  sql: string,
  changed?: Partial<TranslateOptions>,
): Promise<string> {
  try {
    const found = await world.answer(sql, changed);
    return `no error: ${JSON.stringify(found.rows)}`;
  } catch (error) {
    if (error instanceof HeadgateError) return error.message;
    throw error;
  }
}
