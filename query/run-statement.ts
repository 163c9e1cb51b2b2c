/** One gated statement on one fresh instance: lock, tables and views, prepare, bind, stream the rows out. */
import { DuckDBTimestampValue, DuckDBDateValue, StatementType } from '@duckdb/node-api';
import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api';
import { HeadgateError, isHeadgateError } from '../domain/errors.ts';
import { explainDuckdbError } from './duckdb-errors.ts';
import { lineAndColumn, nameOutputs, refused } from './gate.ts';
import type { Statement } from './gate.ts';
import type { LockedInstance } from './locked-instance.ts';
import type { QueryParameter, RunMessage, SourceFiles, SystemRows } from './messages.ts';
import { ResultWriter } from './result-writer.ts';
import { systemTables } from './system-tables.ts';
import { identifier, literal, viewSql } from './views.ts';

type Run = RunMessage & { readonly isExplain: boolean };

const explainPrefix = 'explain ';

/** Returns the number of rows sent. Throws only HeadgateError. */
export async function runStatement(
  instance: LockedInstance,
  run: Run,
  statement: Statement,
  send: (bytes: Uint8Array) => void,
): Promise<number> {
  try {
    await instance.lock(run.sources.flatMap((source) => source.groups.flat()));
    for (const table of run.system) await fillSystemTable(instance.connection, table);
    for (const source of run.sources) await createView(instance.connection, source);
    const prepared = await prepare(instance.connection, run);
    bind(prepared, run.parameters, run.sql);
    return await stream(prepared, run, statement, send);
  } catch (error) {
    if (isHeadgateError(error)) throw error;
    const shift = run.isExplain ? explainPrefix.length : 0;
    throw explainDuckdbError(error, (offset) => lineAndColumn(run.sql, offset - shift));
  }
}

async function createView(connection: DuckDBConnection, source: SourceFiles): Promise<void> {
  const groups = [];
  for (const paths of source.groups) {
    if (paths[0] === undefined) continue;
    const answer = await connection.runAndReadAll(
      `describe select * from read_parquet([${literal(paths[0])}], hive_partitioning = false)`,
    );
    const columns = answer.getRows().map((row) => ({ name: String(row[0]), type: String(row[1]) }));
    groups.push({ paths, columns });
  }
  await connection.run(viewSql(source.name, groups, source.knownColumns));
}

async function fillSystemTable(connection: DuckDBConnection, table: SystemRows): Promise<void> {
  const columns = systemTables[table.name];
  const list = columns.map(([name, type]) => `${identifier(name)} ${type}`).join(', ');
  await connection.run(`create table sys.${identifier(table.name)} (${list})`);
  const appender = await connection.createAppender(table.name, 'sys');
  for (const row of table.rows) {
    for (const value of row) {
      if (value === null) appender.appendNull();
      else if (typeof value === 'bigint') appender.appendBigInt(value);
      else appender.appendVarchar(value);
    }
    appender.endRow();
  }
  appender.closeSync();
}

/** The gate again, on what will really run: one statement, and of a kind that only reads. */
async function prepare(connection: DuckDBConnection, run: Run): Promise<DuckDBPreparedStatement> {
  const extracted = await connection.extractStatements(run.isExplain ? explainPrefix + run.sql : run.sql);
  if (extracted.count !== 1)
    throw refused(`found ${extracted.count} statements, expected exactly one`, run.sql);
  const prepared = await extracted.prepare(0);
  const expected = run.isExplain ? StatementType.EXPLAIN : StatementType.SELECT;
  if (prepared.statementType !== expected)
    throw refused(`found a ${StatementType[prepared.statementType]} statement, expected a SELECT`, run.sql);
  return prepared;
}

function bind(prepared: DuckDBPreparedStatement, parameters: readonly QueryParameter[], sql: string): void {
  if (prepared.parameterCount !== parameters.length)
    throw refused(
      `parameters: found ${parameters.length}, expected ${prepared.parameterCount}, one for each placeholder`,
      sql,
    );
  parameters.forEach((parameter, index) => bindOne(prepared, index + 1, parameter));
}

function bindOne(prepared: DuckDBPreparedStatement, index: number, { type, value }: QueryParameter): void {
  if (value === null) return prepared.bindNull(index);
  const wrong = (expected: string): HeadgateError =>
    new HeadgateError(
      'QUERY_INVALID',
      `parameters[${index - 1}]: found ${JSON.stringify(value)} as ${type}, expected ${expected}`,
    );
  switch (type.toUpperCase()) {
    case 'VARCHAR':
    case 'CHAR':
      return prepared.bindVarchar(index, String(value));
    case 'BOOLEAN':
      if (typeof value !== 'boolean') throw wrong('true or false');
      return prepared.bindBoolean(index, value);
    case 'TINYINT':
    case 'SMALLINT':
    case 'INTEGER':
    case 'BIGINT':
      if (!isInt64(value)) throw wrong('a whole number of 64 bits');
      return prepared.bindBigInt(index, BigInt(value));
    case 'FLOAT':
    case 'REAL':
    case 'DOUBLE':
    case 'DECIMAL': {
      const number = typeof value === 'boolean' || value === '' ? NaN : Number(value);
      if (!Number.isFinite(number)) throw wrong('a number');
      return prepared.bindDouble(index, number);
    }
    case 'TIMESTAMP':
    case 'DATE': {
      const ms = timeOf(value);
      if (ms === null) throw wrong('milliseconds or a time such as 2026-01-01T00:00:00Z');
      if (type.toUpperCase() === 'TIMESTAMP')
        return prepared.bindTimestamp(index, new DuckDBTimestampValue(BigInt(ms) * 1000n));
      return prepared.bindDate(index, new DuckDBDateValue(Math.floor(ms / 86_400_000)));
    }
    default:
      throw wrong('a type of VARCHAR, BOOLEAN, BIGINT, DOUBLE, TIMESTAMP or DATE');
  }
}

function isInt64(value: string | number | boolean): value is string | number {
  if (!/^-?\d{1,19}$/.test(String(value))) return false;
  const whole = BigInt(value);
  return BigInt.asIntN(64, whole) === whole;
}

/** A time without a zone is UTC. */
function timeOf(value: string | number | boolean): number | null {
  if (typeof value === 'boolean') return null;
  const text = String(value).trim();
  const ms = /^-?\d+$/.test(text)
    ? Number(text)
    : Date.parse(
        /[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text.replace(' ', 'T')}${text.length > 10 ? 'Z' : ''}`,
      );
  return Number.isSafeInteger(ms) ? ms : null;
}

async function stream(
  prepared: DuckDBPreparedStatement,
  run: Run,
  statement: Statement,
  send: (bytes: Uint8Array) => void,
): Promise<number> {
  const result = await prepared.stream();
  const names = run.isExplain ? null : nameOutputs(statement.outputs, result.columnNames());
  const columns = result
    .columnNames()
    .map((name, index) => ({ name: names?.[index] ?? name, type: result.columnType(index) }))
    .slice(run.isExplain ? 1 : 0)
    .map((column) => (run.isExplain ? { ...column, name: 'PLAN' } : column));
  const writer = new ResultWriter(columns, run.result, run, send);
  const most = run.outerLimit ?? Number.POSITIVE_INFINITY;
  for (
    let chunk = await result.fetchChunk();
    chunk && chunk.rowCount > 0;
    chunk = await result.fetchChunk()
  ) {
    for (const row of chunk.getRows()) {
      if (writer.rows >= most) break;
      writer.row(run.isExplain ? row.slice(1) : row);
    }
    if (writer.rows >= most) break;
  }
  writer.end();
  return writer.rows;
}
