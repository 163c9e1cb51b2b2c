/** `headgate sql` as a process: where statements come from, signals and exit codes. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { SqlServer, rows, sqlError } from './sql/sql-server.ts';

const main = join(import.meta.dirname, '../../dist/cli/main.js');

type Outcome = { readonly code: number | null; readonly out: string; readonly err: string };

let server: SqlServer;
let url: string;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-cli-sql-'));
  server = new SqlServer();
  server.answer = () => rows(['n'], [1]);
  url = await server.start();
});

afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

function start(words: readonly string[], input = ''): { child: ChildProcess; ended: Promise<Outcome> } {
  const env = { PATH: process.env['PATH'], HEADGATE_URL: url };
  const child = spawn(process.execPath, [main, 'sql', ...words], { cwd: folder, env });
  const [out, err]: [string[], string[]] = [[], []];
  child.stdout.on('data', (data: Buffer) => out.push(data.toString()));
  child.stderr.on('data', (data: Buffer) => err.push(data.toString()));
  child.stdin.end(input);
  const ended = new Promise<Outcome>((resolve) =>
    child.on('close', (code) => resolve({ code, out: out.join(''), err: err.join('') })),
  );
  return { child, ended };
}

it('takes statements from a file or standard input and runs them in order, up to the first that fails', async () => {
  server.answer = ({ query }) =>
    query.includes('bad') ? { status: 400, body: sqlError('no such thing') } : rows(['n'], [1]);
  const text = "select ';';\nselect bad;\nselect 3;\n";
  const file = join(folder, 'queries.sql');
  writeFileSync(file, text);
  for (const outcome of [
    await start(['--file', file]).ended,
    await start([], text).ended,
    await start(['-'], text).ended,
  ])
    expect(outcome).toMatchObject({ code: 1, err: '1 row\nheadgate: no such thing\n' });
  expect(server.asked.map(({ query }) => query.trim())).toEqual(
    Array(3).fill(["select ';'", 'select bad']).flat(),
  );
});

it('sends parameters and settings', async () => {
  const words = ['--param', 'BIGINT:5', '--param', 'VARCHAR', '--context', 'sqlTimeZone=Asia/Tokyo'];
  expect(await start([...words, '--timeout', '900', 'select ?']).ended).toMatchObject({ code: 0 });
  expect(server.asked[0]).toMatchObject({
    parameters: [
      { type: 'BIGINT', value: 5 },
      { type: 'VARCHAR', value: null },
    ],
    context: { sqlTimeZone: 'Asia/Tokyo', timeout: '900' },
  });
});

it.each([
  [[], 'statement: found none'],
  [['--watch', '1', 'select 1; select 2'], 'statement: found 2 with --watch'],
  [['--param', 'x:1', 'select ?'], 'Expected TYPE:VALUE'],
  [['--watch', '0', 'select 1'], 'Expected seconds'],
])('%j is wrong usage, and asks nothing', async (words, says) => {
  const { code, err } = await start(words).ended;
  expect({ code, asked: server.asked.length }).toEqual({ code: 2, asked: 0 });
  expect(err).toContain(says);
});

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s stops the query on the server and runs no other', async (signal, code) => {
  server.answer = () => 'hang';
  const { child, ended } = start(['select 1; select 2']);
  await waitFor(() => server.hanging > 0, { what: 'the query to run' });
  child.kill(signal);
  expect(await ended).toEqual({ code, out: '', err: '' });
  expect(server.cancelled).toHaveLength(1);
  expect(server.asked).toHaveLength(1);
});

it('--watch goes on until Ctrl-C, which is no failure', async () => {
  const { child, ended } = start(['--watch', '0.1', '--format', 'csv', 'select 1']);
  await waitFor(() => server.asked.length >= 3, { what: 'three queries' });
  child.kill('SIGINT');
  expect((await ended).code).toBe(0);
});
