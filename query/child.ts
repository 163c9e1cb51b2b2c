/**
 * The query process: the only place where SQL of a caller runs. It has no secrets in its environment, opens a fresh
 * locked DuckDB for each query, and can be killed at any moment without loss.
 *
 * One query at a time: `analyze` (parse and gate), then `run`. The parser's instance holds no data and never binds
 * or runs a caller's text; the next query's instance is opened while the process is idle.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isHeadgateError } from '../domain/errors.ts';
import { explainDuckdbError } from './duckdb-errors.ts';
import { checkStatement, refused } from './gate.ts';
import type { Statement } from './gate.ts';
import { LockedInstance } from './locked-instance.ts';
import type { FromChild, RunMessage, ToChild } from './messages.ts';
import { runStatement } from './run-statement.ts';

type Settings = Extract<ToChild, { kind: 'settings' }>;
type Prepared = { readonly instance: LockedInstance; readonly folder: string };

let settings: Settings | null = null;
let parser: LockedInstance | null = null;
let next: Promise<Prepared> | null = null;
let running: LockedInstance | null = null;

function send(message: FromChild): void {
  // The parent may be gone; then `disconnect` ends this process.
  process.send?.(message, () => {});
}

// Not exit(): it would wait for the threads of a running query.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.on('message', (message: ToChild) => {
  if (message.kind === 'interrupt') return running?.connection.interrupt();
  void handle(message).catch((error: unknown) => send(failure(error)));
});

async function handle(message: Exclude<ToChild, { kind: 'interrupt' }>): Promise<void> {
  switch (message.kind) {
    case 'settings':
      settings = message;
      parser = await LockedInstance.open(settings);
      await parser.lock([]);
      next = prepare();
      await next;
      return send({ kind: 'ready' });
    case 'analyze':
      return send({ kind: 'analyzed', tables: (await analyze(message.sql)).tables });
    case 'run':
      return run(message);
  }
}

async function prepare(): Promise<Prepared> {
  if (!settings) throw new Error('no settings yet');
  const folder = mkdtempSync(join(settings.folder, 'q-'));
  return { instance: await LockedInstance.open({ ...settings, folder }), folder };
}

/** Druid's EXPLAIN PLAN FOR and plain EXPLAIN, blanked out so that positions in the rest stay true. */
const explainPrefix = /^((?:\s|--[^\n]*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*)explain(?:\s+plan\s+for)?(?=\s)/i;

function splitExplain(sql: string): { select: string; isExplain: boolean } {
  const match = explainPrefix.exec(sql);
  if (!match) return { select: sql, isExplain: false };
  return { select: match[0].replace(/[^\n]/g, ' ') + sql.slice(match[0].length), isExplain: true };
}

async function analyze(sql: string): Promise<Statement> {
  if (!parser) throw new Error('no settings yet');
  if (sql.trim() === '') throw refused('the query is empty, expected a SELECT statement', sql, 0);
  const { select } = splitExplain(sql);
  const answer = await parser.connection.runAndReadAll('select json_serialize_sql($1::varchar)', [select]);
  return checkStatement(JSON.parse(withoutNonNumbers(String(answer.getRows()[0]?.[0]))), select);
}

/** DuckDB writes constants such as 1e400 as bare words. Only after a key of its own: a caller's quote is escaped there. */
function withoutNonNumbers(tree: string): string {
  return tree.replace(/(?<=[a-z_]":)-?(?:Infinity|NaN|inf|nan)(?=[,}\]])/g, 'null');
}

async function run(message: RunMessage): Promise<void> {
  const statement = await analyze(message.sql);
  const { select, isExplain } = splitExplain(message.sql);
  const { instance, folder } = await (next ?? prepare());
  next = null;
  running = instance;
  try {
    const rows = await runStatement(instance, { ...message, sql: select, isExplain }, statement, (bytes) =>
      send({ kind: 'chunk', bytes }),
    );
    send({ kind: 'done', rows });
  } finally {
    running = null;
    instance.close();
    rmSync(folder, { recursive: true, force: true });
    next = prepare();
    next.catch(() => process.exit(1));
  }
}

function failure(error: unknown): FromChild {
  const known = isHeadgateError(error) ? error : explainDuckdbError(error);
  return { kind: 'failed', code: known.code, message: known.message, details: known.details };
}
