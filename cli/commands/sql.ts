/**
 * `headgate sql`: statements from the arguments, a file or standard input, once or again and again; on a terminal, without
 * a statement, a prompt.
 */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { Option } from 'commander';
import type { Command } from 'commander';
import { HeadgateError } from '../../domain/errors.ts';
import { clientCommand } from '../client.ts';
import type { ClientOptions } from '../client.ts';
import { exitCodeOf } from '../output.ts';
import { readSpecFile } from '../spec-files.ts';
import { formats } from '../sql/formats.ts';
import type { Format } from '../sql/formats.ts';
import { History, historyPath } from '../sql/history.ts';
import { tellProblem } from '../sql/problem.ts';
import { prompt } from '../sql/prompt.ts';
import { runStatement } from '../sql/run-statement.ts';
import type { RunSettings } from '../sql/run-statement.ts';
import { ServerNames } from '../sql/schema-names.ts';
import { processScreen, tell } from '../sql/screen.ts';
import type { Screen } from '../sql/screen.ts';
import { SqlClient } from '../sql/sql-client.ts';
import type { SqlParameter } from '../sql/sql-client.ts';
import { addContext, addParameter, milliseconds, rowLimit, seconds } from '../sql/sql-options.ts';
import { allStatements, oneLine } from '../sql/statements.ts';
import { watch } from '../sql/watch.ts';

type Options = ClientOptions & {
  readonly format: Format;
  readonly header?: boolean;
  readonly rows: number;
  readonly timeout?: string;
  readonly param?: readonly SqlParameter[];
  readonly context?: Readonly<Record<string, unknown>>;
  readonly file?: string;
  readonly watch?: number;
};

export function register(program: Command): void {
  clientCommand(program, 'sql', 'run SQL queries; on a terminal without a statement, a prompt')
    .argument('[statement...]', 'statements; from standard input when it is - or no terminal')
    .addOption(new Option('--format <format>', 'how to print the rows').choices(formats).default('table'))
    .option('--header', 'column names first (always with table, vertical and markdown)')
    .option('--rows <n>', 'rows of a table to show, 0 for all', rowLimit, 1_000)
    .option('--timeout <ms>', 'stop a query after so many milliseconds', milliseconds)
    .option(
      '--param <type:value>',
      'value of the next ? in the statement; a type alone is null',
      addParameter,
    )
    .option('--context <key=value>', 'setting of the query, such as sqlTimeZone=Europe/Berlin', addContext)
    .option('--file <file>', 'read statements from a file')
    .option('--watch <seconds>', 'run the statement again and again, until Ctrl-C', seconds)
    .action(runSql);
}

async function runSql(words: readonly string[], options: Options): Promise<void> {
  const stop = stopOnSignals();
  const run: Run = {
    client: new SqlClient(options),
    screen: processScreen(),
    settings: settingsOf(options),
    stop,
    everySeconds: options.watch ?? null,
  };
  const isTyped = words.length === 0 && options.file === undefined;
  const hasPrompt = isTyped && process.stdin.isTTY && process.stdout.isTTY && options.watch === undefined;
  if (hasPrompt) await runPrompt(run);
  else await runStatements(run, allStatements(readStatements(words, options.file)));
  // Ctrl-C is the way to end --watch; anything else it cuts short.
  if (stop.aborted && !(options.watch !== undefined && stop.reason === 'SIGINT'))
    process.exitCode = 128 + constants.signals[stop.reason as NodeJS.Signals];
}

type Run = {
  readonly client: SqlClient;
  readonly screen: Screen;
  readonly settings: RunSettings;
  readonly stop: AbortSignal;
  readonly everySeconds: number | null;
};

async function runPrompt({ client, screen, settings, stop }: Run): Promise<void> {
  tell(screen, 'Headgate SQL. A statement ends with ; and \\? helps.');
  const history = new History(historyPath(process.env));
  const deps = { client, names: new ServerNames(client), history, input: process.stdin, screen, stop };
  await prompt(deps, { ...settings, timing: true });
}

/** In order; the first that fails is the last. */
async function runStatements(run: Run, statements: readonly string[]): Promise<void> {
  if (statements.length === 0 || (run.everySeconds !== null && statements.length > 1))
    throw new HeadgateError(
      'CONFIG_INVALID',
      `statement: found ${statements.length === 0 ? 'none' : `${statements.length} with --watch`}, expected ${run.everySeconds === null ? 'SQL' : 'one'}, such as 'select 1'`,
    );
  for (const statement of statements) {
    try {
      if (run.everySeconds !== null) await watchOne(run, statement, run.everySeconds);
      else await runStatement(run.client, run.screen, statement, run.settings, run.stop);
    } catch (error) {
      tellProblem(run.screen, error, statement);
      process.exitCode = exitCodeOf(error);
      return;
    }
    if (run.stop.aborted) return;
  }
}

function watchOne(
  { client, screen, settings, stop }: Run,
  statement: string,
  everySeconds: number,
): Promise<void> {
  const timed = { ...settings, timing: settings.timing || screen.size() !== null };
  return watch({
    screen,
    everyMs: everySeconds * 1000,
    title: oneLine(statement) ?? statement,
    stop,
    run: (page) => runStatement(client, page, statement, timed, stop),
    tellProblem: (page, error) => tellProblem(page, error, statement),
  });
}

function readStatements(words: readonly string[], file: string | undefined): string {
  if (words.length > 0 && words[0] !== '-') return words.join(' ');
  return file === undefined ? readFileSync(0, 'utf8') : readSpecFile(file);
}

function settingsOf(options: Options): RunSettings {
  return {
    format: options.json ? 'json' : options.format,
    header: options.header === true,
    rowsMax: options.rows,
    // For people; a program compares what we say.
    timing: process.stderr.isTTY === true,
    context: { ...options.context, ...(options.timeout === undefined ? {} : { timeout: options.timeout }) },
    parameters: options.param ?? [],
  };
}

/** The first signal stops in order, so that no query goes on alone; a second one ends this process at once. */
function stopOnSignals(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(128 + constants.signals[name]);
      stop.abort(name);
    });
  return stop.signal;
}
