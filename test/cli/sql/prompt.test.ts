/** The prompt as it is typed at: keys in, screen out, over a server that answers what the test says. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { History } from '../../../cli/sql/history.ts';
import { promptHelp, readCommand } from '../../../cli/sql/prompt-commands.ts';
import { prompt } from '../../../cli/sql/prompt.ts';
import { ServerNames } from '../../../cli/sql/schema-names.ts';
import { SqlClient } from '../../../cli/sql/sql-client.ts';
import { waitFor } from '../../support/wait-for.ts';
import { SqlServer, rows, sqlError } from './sql-server.ts';
import { testScreen } from './test-screen.ts';
import type { TestScreen } from './test-screen.ts';

const [ctrlC, ctrlD, up, tab] = ['\x03', '\x04', '\x1b[A', '\t'];

let folder: string;
let server: SqlServer;
let url: string;
let input: PassThrough;
let screen: TestScreen;
let stop: AbortController;
let left: Promise<void>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-prompt-'));
  server = new SqlServer();
  url = await server.start();
  server.answer = () => rows(['n'], [7]);
  open();
});

afterEach(async () => {
  stop.abort();
  await left;
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

function open(): void {
  const client = new SqlClient({ url });
  input = new PassThrough();
  screen = testScreen({ columns: 80, rows: 24 });
  stop = new AbortController();
  const history = new History(join(folder, 'history'));
  left = prompt(
    { client, names: new ServerNames(client), history, input, screen, stop: stop.signal },
    { format: 'table', header: false, rowsMax: 1_000, timing: false, context: {}, parameters: [] },
  );
}

function seen(text: string): Promise<true> {
  return waitFor(() => stripVTControlCharacters(screen.output() + screen.talk()).includes(text) || null, {
    what: JSON.stringify(text),
  });
}

function asked(count: number): Promise<true> {
  return waitFor(() => server.asked.length >= count || null, { what: `${count} queries` });
}

function queries(): string[] {
  return server.asked.map(({ query }) => query);
}

describe('the prompt', () => {
  it('runs a statement of several lines at its ;', async () => {
    input.write('select 1,\r');
    await seen('       -> ');
    input.write("  ';'\r\r;\r");
    await seen('│ 7 │');
    await seen('1 row\n');
    expect(queries()).toEqual(["select 1,\n  ';'\n\n"]);
  });

  it('runs several statements of one line in order, none after a mistake, and keeps the beginning of the next', async () => {
    server.answer = ({ query }) =>
      query.includes('bad') ? { status: 400, body: sqlError('no such thing') } : rows(['n'], [7]);
    input.write('select 1; select 2; select\r');
    input.write('3;\r');
    await asked(3);
    await seen('1 row\n');
    input.write('select bad; select 4;\r');
    await seen('headgate: no such thing');
    input.write('select 5;\r');
    await asked(5);
    expect(queries().map((query) => query.trim())).toEqual([
      'select 1',
      'select 2',
      'select\n3',
      'select bad',
      'select 5',
    ]);
  });

  it('asks nothing for empty lines and comments', async () => {
    input.write('\r  \r-- nothing\r;\rselect 1;\r');
    await asked(1);
    expect(queries()).toEqual(['select 1']);
  });

  it('Ctrl-C stops the query that runs, and the prompt goes on', async () => {
    server.answer = () => 'hang';
    input.write('select 1;\r');
    await waitFor(() => server.hanging > 0, { what: 'the query to run' });
    input.write(ctrlC);
    await seen('stopped\n');
    expect(server.cancelled).toEqual([server.asked[0]?.context['sqlQueryId']]);
    server.answer = () => rows(['n'], [8]);
    input.write('select 2;\r');
    await seen('│ 8 │');
  });

  it('Ctrl-C throws away what is typed, and says how to leave', async () => {
    input.write('select 1,\r2');
    await seen('-> 2');
    input.write(ctrlC);
    await seen('^C\n');
    input.write('select 3;\r');
    await asked(1);
    expect(queries()).toEqual(['select 3']);
    await seen('1 row\n');
    input.write(ctrlC);
    await seen('Ctrl-D or \\q leaves.');
  });

  it.each([['\\q\r'], ['exit\r'], ['QUIT;\r'], [ctrlD]])('%j leaves', async (keys) => {
    await seen('headgate> ');
    input.write(keys);
    await left;
    expect(server.asked).toEqual([]);
  });

  it('does what was typed before the end of the input', async () => {
    input.write(`select 1;\rselect 2;\r${ctrlD}`);
    await left;
    expect(queries()).toEqual(['select 1', 'select 2']);
    expect(screen.talk()).toBe('1 row\n1 row\n');
  });

  it('stops what runs when it is told to end', async () => {
    server.answer = () => 'hang';
    input.write('select 1;\rselect 2;\r');
    await waitFor(() => server.hanging > 0, { what: 'the query to run' });
    stop.abort();
    await left;
    expect(server.cancelled).toHaveLength(1);
    expect(queries()).toEqual(['select 1']);
  });

  it('keeps a statement as one entry, for the next time too', async () => {
    input.write('select 1,\r  2;\r');
    await asked(1);
    await seen('1 row\n');
    input.write(` select 'secret';\r${ctrlD}`);
    await left;
    expect(readFileSync(join(folder, 'history'), 'utf8')).toBe('select 1, 2;\n');
    open();
    input.write(`${up}\r`);
    await asked(3);
    expect(queries()[2]).toBe('select 1, 2');
    await seen('1 row\n');
    input.write('select\r4\r;\r');
    await asked(4);
    await waitFor(() => screen.talk() === '1 row\n1 row\n', { what: 'the answer' });
    input.write(`${up}\r`);
    await asked(5);
    expect(queries()[4]).toBe('select 4 ');
  });

  it('completes names from the server', async () => {
    server.answer = ({ query }) =>
      query.includes('TABLES') ? { body: '[["druid","clicks"]]' } : rows(['n'], [7]);
    input.write(`select 1 from cl${tab}`);
    await seen('from clicks');
    input.write(';\r');
    await seen('1 row\n');
    expect(queries().at(-1)).toBe('select 1 from clicks');
    input.write(`\\format obj${tab}`);
    await seen('\\format object');
  });

  it('obeys its commands', async () => {
    input.write('\\timing\r\\format csv\r\\format nosuch\r\\nosuch\r');
    for (const text of [
      'timing is on',
      'format is csv',
      'found "nosuch", expected one of',
      '\\nosuch: no such command',
    ])
      await seen(text);
    input.write('\\?\r');
    await seen('Tab completes');
    server.answer = () => ({ body: '7\n\n' });
    input.write('select 1;\r');
    await seen(' ms\n');
    expect(server.asked[0]).toMatchObject({ query: 'select 1', resultFormat: 'csv' });
  });

  it('describes tables, their names as values', async () => {
    server.answer = () => rows(['column', 'type'], ['__time', 'TIMESTAMP']);
    input.write(`\\d it's\r`);
    await seen('│ __time │ TIMESTAMP │');
    expect(server.asked[0]?.query).not.toContain("it's");
    expect(server.asked[0]?.parameters).toEqual([
      { type: 'VARCHAR', value: 'druid' },
      { type: 'VARCHAR', value: "it's" },
    ]);
    server.answer = () => rows(['column', 'type']);
    input.write('\\d sys.nosuch\r');
    await seen('sys.nosuch: no such table');
    expect(server.asked[1]?.parameters?.[0]).toEqual({ type: 'VARCHAR', value: 'sys' });
  });
});

it('help names every command', () => {
  for (const name of ['\\d', '\\d NAME', '\\format', '\\timing', '\\?', '\\q'])
    expect(promptHelp).toContain(name);
  expect(readCommand('\\d "a ""b"""')).toMatchObject({
    parameters: [{ value: 'druid' }, { value: 'a "b"' }],
  });
  expect(readCommand('select 1')).toBeNull();
  expect(readCommand('exit_code')).toBeNull();
});
