/** `headgate sample spec.json`: what ingestion would make of some records, before anything is started. Exit code 1 when none can be read. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { HeadgateError, messageOf } from '../../domain/errors.ts';
import { ApiClient, clientCommand } from '../client.ts';
import type { ClientOptions } from '../client.ts';
import { exitCodes, print, printJson, say } from '../output.ts';
import { readSpecFile } from '../spec-files.ts';
import type { Cell } from '../sql/answer-rows.ts';
import { printable } from '../sql/display-width.ts';
import { processScreen } from '../sql/screen.ts';
import { tableText } from '../sql/table.ts';
import { milliseconds, rowLimit } from '../sql/sql-options.ts';

type Options = ClientOptions & {
  readonly data?: string;
  readonly rows: number;
  readonly timeout?: string;
};

type Sample = {
  readonly numRowsRead: number;
  readonly numRowsIndexed: number;
  readonly logicalSegmentSchema: readonly { readonly name: string; readonly type: string }[];
  readonly data: readonly {
    readonly input?: unknown;
    readonly parsed?: Readonly<Record<string, unknown>>;
    readonly error?: string;
  }[];
};

/** More would scroll the rows away. */
const problemsShown = 20;

export function register(program: Command): void {
  clientCommand(program, 'sample', 'show what ingestion would make of some records')
    .argument('<spec>', 'spec file; - is standard input')
    .option('--data <file>', 'records, one a line, instead of the topic; - is standard input')
    .option('--rows <n>', 'rows to read, 5000 at most', rowLimit, 20)
    .option('--timeout <ms>', 'how long to wait for records', milliseconds)
    .action(run);
}

async function run(specFile: string, options: Options): Promise<void> {
  const body = requestBody(specFile, options);
  const client = new ApiClient(options);
  const sample = await client.post<Sample>('/druid/indexer/v1/sampler', JSON.stringify(body));
  if (options.json) printJson(sample);
  else show(sample);
  if (sample.numRowsRead > 0 && sample.numRowsIndexed === 0) process.exitCode = exitCodes.failure;
}

function requestBody(specFile: string, { data, rows, timeout }: Options): unknown {
  const posted = parse(specFile);
  const samplerConfig = { numRows: rows === 0 ? 5_000 : rows, timeoutMs: Number(timeout ?? 10_000) };
  if (data === undefined) return { type: 'kafka', spec: { ...posted, type: 'kafka' }, samplerConfig };
  const body = (posted['spec'] ?? posted) as { readonly [key: string]: unknown };
  const { inputFormat } = (body['ioConfig'] ?? {}) as { readonly inputFormat?: unknown };
  const ioConfig = { type: 'index', inputSource: { type: 'inline', data: readData(data) }, inputFormat };
  return { type: 'index', spec: { type: 'index', dataSchema: body['dataSchema'], ioConfig }, samplerConfig };
}

function parse(file: string): { readonly [key: string]: unknown } {
  const text = readSpecFile(file);
  try {
    return JSON.parse(text) as { readonly [key: string]: unknown };
  } catch (error) {
    throw new HeadgateError('REQUEST_INVALID', `${file}: found text that is not JSON: ${messageOf(error)}`);
  }
}

function readData(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new HeadgateError('REQUEST_INVALID', `${file}: cannot be read (${messageOf(error)})`);
  }
}

function show({ numRowsRead, numRowsIndexed, logicalSegmentSchema, data }: Sample): void {
  const names = logicalSegmentSchema.map(({ name }) => name);
  const rows = data.flatMap(({ parsed }) => (parsed === undefined ? [] : [parsed]));
  const screen = processScreen();
  if (rows.length > 0)
    print(
      tableText(
        logicalSegmentSchema.map(({ name, type }) => `${name} ${type}`),
        rows.map((row) => names.map((name) => cellOf(name, row[name]))),
        { width: screen.size()?.columns ?? null, dim: screen.dim },
      ),
    );
  const problems = data.flatMap(({ error, input }) => (error === undefined ? [] : [{ error, input }]));
  for (const { error, input } of problems.slice(0, problemsShown))
    say(
      printable(
        `not read: ${error}${input === undefined ? '' : ` in ${JSON.stringify(input).slice(0, 200)}`}`,
      ),
    );
  if (problems.length > problemsShown) say(`and ${problems.length - problemsShown} more (see --json)`);
  say(`${numRowsRead} read, ${numRowsIndexed} of them become rows, ${rows.length} after rollup`);
}

function cellOf(name: string, value: unknown): Cell {
  if (value === undefined || value === null) return { kind: 'null', text: 'null' };
  if (name === '__time' && typeof value === 'number' && Math.abs(value) <= 8.64e15)
    return { kind: 'text', text: new Date(value).toISOString() };
  if (typeof value === 'number') return { kind: 'number', text: String(value) };
  return { kind: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) };
}
