/** One expression of Druid SQL, from text to value: parsed, translated, past the gate, run on a real DuckDB. */
import { DuckDBInstance, DuckDBListValue, DuckDBTimestampValue, DuckDBDateValue } from '@duckdb/node-api';
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { checkStatement } from '../../../query/gate.ts';
import { addSketchFunctions } from '../../../query/sketch-functions.ts';
import { functionTable } from '../../../query/sql/functions/index.ts';
import { parse } from '../../../query/sql/parser.ts';
import { translate } from '../../../query/sql/translate/index.ts';
import { arrayOf, types, typeText } from '../../../query/sql/typed-sql.ts';

/** What it gives: null, text, number, boolean, a list of them; times in ISO form. */
export type Plain = string | number | boolean | null | Plain[];

/** An expression (of one row, or over the table `t`), its value, and its type when that is worth saying. */
export type Case = readonly [expression: string, value: Plain, type?: string];

export const nowMs = Date.parse('2026-11-21T08:41:44.688Z');

const columns = [
  { name: '__time', type: types.timestamp },
  { name: 'n', type: types.bigint },
  { name: 'd', type: types.double },
  { name: 's', type: types.varchar },
  { name: 'tags', type: types.multi },
  { name: 'arr', type: arrayOf(types.bigint) },
  { name: 'j', type: types.complex },
  { name: 'users', type: types.hll },
  { name: 'sizes', type: types.quantiles },
  { name: 'newest', type: types.bigint, timeField: 'newest_at' },
] as const;

/** Sketches of 1 to 10, 6 to 15, and 1000 more values; the newest value stands in the oldest row. */
const rows = `select rows.*,
  case n when 1 then headgate_hll_of_longs(range(1, 11), 12) when 2 then headgate_hll_of_longs(range(6, 16), 12)
    when 4 then headgate_hll_of_longs(range(100, 1100), 10) end as users,
  case n when 1 then headgate_quantiles_of(cast(range(1, 11) as double[]), 128)
    when 2 then headgate_quantiles_of(cast(range(11, 101) as double[]), 128) end as sizes,
  n * 10 as newest, 100 - n as newest_at
  from (select * from (values
  (timestamp '2026-01-01 00:00:00', 1::bigint, 1.5::double, 'one', ['a', 'b'], [1, 2]::bigint[], '{"x":1,"y":{"z":"w"},"l":[1,2]}'),
  (timestamp '2026-01-01 12:00:00', 2, 2.5, 'two', ['b', 'c'], [3], '{"x":"text"}'),
  (timestamp '2026-01-02 00:00:00', 4, null, 'two', null, null, null),
  (timestamp '2026-01-03 00:00:00', null, -1.0, null, ['d'], [], '{}')
  ) as t("__time", n, d, s, tags, arr, j)) as rows`;

export async function openDuckdb(): Promise<DuckDBConnection> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  addSketchFunctions(connection);
  for (const statement of [
    `set TimeZone = 'UTC'`,
    `set default_null_order = 'nulls_first_on_asc_last_on_desc'`,
    'set integer_division = true',
    `create schema druid`,
    `create table druid.t as ${rows}`,
  ])
    await connection.run(statement);
  return connection;
}

export function translated(query: string, timeZone = 'UTC'): { sql: string; type: string } {
  const { sql, outputs } = translate(parse(query), {
    tables: (schema, name) =>
      schema === 'druid' && name === 't'
        ? { relation: 'druid."t"', columns: columns.map((column) => ({ ...column, field: column.name })) }
        : null,
    functions: functionTable,
    parameters: [],
    timeZone,
    nowMs,
    approximateCountDistinct: true,
    outerLimit: null,
  });
  const [output] = outputs;
  return { sql, type: output === undefined ? '' : typeText(output.type) };
}

/** The only value; of a query over several rows, the list of them. */
export async function evaluate(
  connection: DuckDBConnection,
  query: string,
  timeZone = 'UTC',
): Promise<{ value: Plain; type: string; sql: string }> {
  const { sql, type } = translated(query, timeZone);
  return { ...(await run(connection, sql)), type };
}

/** DuckDB's SQL, past the gate. */
export async function run(connection: DuckDBConnection, sql: string): Promise<{ value: Plain; sql: string }> {
  await passGate(connection, sql);
  const found = (await connection.runAndReadAll(sql)).getRows().map(([value]) => plain(value ?? null));
  return { value: found.length === 1 ? (found[0] ?? null) : found, sql };
}

/** Every function of DuckDB that a translation uses must be one that callers' statements may use. */
async function passGate(connection: DuckDBConnection, sql: string): Promise<void> {
  const answer = await connection.runAndReadAll('select json_serialize_sql($1::varchar)', [sql]);
  checkStatement(JSON.parse(String(answer.getRows()[0]?.[0])));
}

function plain(value: DuckDBValue): Plain {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value instanceof DuckDBListValue) return value.items.map(plain);
  if (value instanceof DuckDBTimestampValue) return new Date(Number(value.micros) / 1000).toISOString();
  if (value instanceof DuckDBDateValue) return value.toString();
  return String(value);
}
