/**
 * The query process: the only place where SQL of a caller is parsed or runs. It has no secrets in its environment, opens a
 * fresh locked DuckDB for each query, and can be killed at any moment without loss.
 *
 * One message at a time: `analyze` (which tables, which parts of them), then `run`. The gate's instance holds no data and
 * never binds or runs anything; the next query's instance is opened while the process is idle.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isHeadgateError } from '../domain/errors.ts';
import { explainDuckdbError } from './duckdb-errors.ts';
import { passGate } from './gate.ts';
import { LockedInstance } from './locked-instance.ts';
import type { FromChild, RunMessage, TableUse, ToChild } from './messages.ts';
import { runStatement } from './run-statement.ts';
import { widen } from './sql/bounds.ts';
import { located, SqlProblem } from './sql/errors.ts';
import { parse } from './sql/parser.ts';
import { tablesUsed } from './sql/tables-used.ts';
import { translateRun } from './translate-run.ts';

type Settings = Extract<ToChild, { kind: 'settings' }>;
type AnalyzeMessage = Extract<ToChild, { kind: 'analyze' }>;
type Prepared = { readonly instance: LockedInstance; readonly folder: string };

const tablesMax = 100;
const residentCheckMs = 50;
const messageMax = 2_000;

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
// The parent looks too, where it can and less often; nothing here waits for the engine, which works in threads of its own.
const residentBytesMax = Number(process.argv[2] ?? Number.POSITIVE_INFINITY);
setInterval(() => {
  if (process.memoryUsage.rss() > residentBytesMax) process.kill(process.pid, 'SIGKILL');
}, residentCheckMs).unref();
process.on('message', (message: ToChild) => {
  if (message.kind === 'interrupt') return running?.connection.interrupt();
  void handle(message).catch((error: unknown) => send(failure(error, message)));
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
      return send({ kind: 'analyzed', tables: analyze(message) });
    case 'run':
      return run(message);
  }
}

async function prepare(): Promise<Prepared> {
  if (!settings) throw new Error('no settings yet');
  const folder = mkdtempSync(join(settings.folder, 'q-'));
  return { instance: await LockedInstance.open({ ...settings, folder }), folder };
}

/** Each table once, where it stands first: a statement can name thousands, and the parent looks every one of them up. */
function analyze({ sql, parameters, settings: { timeZone, nowMs } }: AnalyzeMessage): TableUse[] {
  const uses = new Map<string, TableUse>();
  for (const { schema, name, span, bounds } of tablesUsed(parse(sql), {
    timeZone,
    nowMs,
    parameters,
  })) {
    const key = `${schema}.${name}`;
    const known = uses.get(key);
    if (known === undefined && uses.size >= tablesMax)
      throw new SqlProblem(
        `The statement names more than ${tablesMax} tables, expected at most ${tablesMax}; ask in several statements`,
        span,
      );
    uses.set(
      key,
      known === undefined
        ? { schema, name, at: span.at, end: span.end, bounds }
        : { ...known, bounds: widen(known.bounds, bounds) },
    );
  }
  return [...uses.values()];
}

async function run(message: RunMessage): Promise<void> {
  const translated = translateRun(message);
  if (!parser) throw new Error('no settings yet');
  // The second wall: what the translator made is looked at as if a caller had written it. Until then nothing of it runs.
  const passed = passGate(parser.connection, translated.sql);
  // It may fail before anybody waits for it.
  passed.catch(() => undefined);
  const { instance, folder } = await (next ?? prepare());
  next = null;
  running = instance;
  try {
    const rows = await runStatement(instance, message, { ...translated, passed }, (bytes) =>
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

function failure(error: unknown, message: ToChild): FromChild {
  const known = explained(error, message);
  return { kind: 'failed', code: known.code, message: shown(known.message), details: known.details };
}

/** Names and texts of a caller are in it, and may be as long as the statement. */
function shown(message: string): string {
  return message.length <= messageMax ? message : `${message.slice(0, messageMax)}...`;
}

function explained(error: unknown, message: ToChild): ReturnType<typeof explainDuckdbError> {
  if (isHeadgateError(error)) return error;
  if (error instanceof SqlProblem) return located(error, 'sql' in message ? message.sql : '');
  if (error instanceof RangeError) return located(new SqlProblem(rangeProblem(error), null), '');
  return explainDuckdbError(error);
}

/** The walls against each of these are elsewhere; this is the last one. */
function rangeProblem({ message }: RangeError): string {
  if (/call stack/i.test(message)) return 'the statement is nested too deeply';
  if (/string length|array length/i.test(message))
    return 'the statement grows too large when it is translated';
  return 'a number or a time in the statement is out of range';
}
