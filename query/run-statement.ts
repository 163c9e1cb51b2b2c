/** One translated statement on one fresh instance: lock, tables and views, prepare, stream the rows out. */
import { StatementType } from '@duckdb/node-api';
import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api';
import { HeadgateError, isHeadgateError, messageOf } from '../domain/errors.ts';
import { explainDuckdbError } from './duckdb-errors.ts';
import type { LockedInstance } from './locked-instance.ts';
import type { RunMessage, SystemTable } from './messages.ts';
import { ResultWriter } from './result-writer.ts';
import type { ResultColumn } from './result-writer.ts';
import { types } from './sql/typed-sql.ts';
import type { SqlType } from './sql/typed-sql.ts';
import { systemRelation, systemTableName } from './system-relation.ts';
import type { TranslatedRun } from './translate-run.ts';
import { identifier, viewSql } from './views.ts';

/** Nothing is prepared before the statement has `passed` the gate. Returns the number of rows sent. Throws only HeadgateError. */
export async function runStatement(
  instance: LockedInstance,
  run: RunMessage,
  translated: TranslatedRun & { readonly passed: Promise<void> },
  send: (bytes: Uint8Array) => void,
): Promise<number> {
  try {
    await bothEnded(translated.passed, fill(instance, run));
    if (translated.isExplain) return await explain(instance.connection, run, translated, send);
    const prepared = await prepare(instance.connection, translated.sql, StatementType.SELECT);
    return await stream(prepared, run, translated.outputs, send);
  } catch (error) {
    throw isHeadgateError(error) ? error : (unreadableFile(error, run) ?? explainDuckdbError(error));
  }
}

/** Not Promise.all: whoever is told of a refusal closes the instance, and nothing may be at work in it then. */
async function bothEnded(...work: readonly Promise<void>[]): Promise<void> {
  for (const ended of await Promise.allSettled(work)) if (ended.status === 'rejected') throw ended.reason;
}

async function fill(instance: LockedInstance, run: RunMessage): Promise<void> {
  await instance.lock(run.sources.flatMap(pathsOf));
  for (const table of run.system) await fillSystemTable(instance.connection, table);
  if (run.sources.length > 0) await instance.connection.run(run.sources.map(viewSql).join(';\n'));
}

/** The parent knows which segment it is. */
function unreadableFile(error: unknown, run: RunMessage): HeadgateError | null {
  const message = messageOf(error);
  const file = run.sources.flatMap(pathsOf).find((path) => message.includes(path));
  if (file === undefined) return null;
  return new HeadgateError('SEGMENT_CORRUPT', 'a file of the data source cannot be read', {
    details: { file },
  });
}

function pathsOf(source: RunMessage['sources'][number]): string[] {
  return [
    ...source.files.flatMap(({ paths }) => paths),
    ...source.live.flatMap(({ pieces }) => pieces.map(({ path }) => path)),
  ];
}

async function fillSystemTable(connection: DuckDBConnection, table: SystemTable): Promise<void> {
  const list = table.columns.map(({ name, type }) => `${identifier(name)} ${heldAs(type)}`).join(', ');
  await connection.run(`create table ${systemRelation(table)} (${list})`);
  const appender = await connection.createAppender(systemTableName(table), 'sys');
  for (const row of table.rows) {
    for (const value of row) {
      if (value === null) appender.appendNull();
      else if (typeof value === 'bigint') appender.appendBigInt(value);
      else if (typeof value === 'number') appender.appendDouble(value);
      else appender.appendVarchar(value);
    }
    appender.endRow();
  }
  appender.closeSync();
}

function heldAs({ name }: SqlType): 'BIGINT' | 'DOUBLE' | 'VARCHAR' {
  if (name === 'BIGINT' || name === 'INTEGER') return 'BIGINT';
  return name === 'DOUBLE' || name === 'FLOAT' ? 'DOUBLE' : 'VARCHAR';
}

/** Exactly one statement, and of a kind that only reads: whatever came before, nothing else runs. */
async function prepare(
  connection: DuckDBConnection,
  sql: string,
  expected: StatementType,
): Promise<DuckDBPreparedStatement> {
  const extracted = await connection.extractStatements(sql);
  if (extracted.count !== 1) throw notOne(`found ${extracted.count} statements`);
  const prepared = await extracted.prepare(0);
  if (prepared.statementType !== expected)
    throw notOne(`found a ${StatementType[prepared.statementType]} statement`);
  return prepared;
}

function notOne(found: string): HeadgateError {
  return new HeadgateError('QUERY_INVALID', `${found}, expected one SELECT or EXPLAIN PLAN FOR SELECT`);
}

async function stream(
  prepared: DuckDBPreparedStatement,
  run: RunMessage,
  outputs: readonly ResultColumn[],
  send: (bytes: Uint8Array) => void,
): Promise<number> {
  const result = await prepared.stream();
  const writer = new ResultWriter(outputs, { ...run.result, timeZone: run.settings.timeZone }, run, send);
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk())
    for (const row of chunk.getRows()) writer.row(row);
  writer.end();
  return writer.rows;
}

/** Druid's three columns; the plan is DuckDB's, for people. */
async function explain(
  connection: DuckDBConnection,
  run: RunMessage,
  translated: TranslatedRun,
  send: (bytes: Uint8Array) => void,
): Promise<number> {
  const prepared = await prepare(connection, `explain ${translated.sql}`, StatementType.EXPLAIN);
  const answer = await prepared.runAndReadAll();
  const plan = answer.getRows().map((row) => String(row[1] ?? ''));
  const outputs = ['PLAN', 'RESOURCES', 'ATTRIBUTES'].map((name) => ({ name, type: types.varchar }));
  const writer = new ResultWriter(outputs, { ...run.result, timeZone: run.settings.timeZone }, run, send);
  writer.row([
    plan.join('\n'),
    JSON.stringify(translated.resources),
    JSON.stringify({ statementType: 'SELECT' }),
  ]);
  writer.end();
  return writer.rows;
}
