/** One statement over HTTP: what is asked, what is shown, and that a stopped query is stopped on the server. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runStatement } from '../../../cli/sql/run-statement.ts';
import type { RunSettings } from '../../../cli/sql/run-statement.ts';
import { SqlClient } from '../../../cli/sql/sql-client.ts';
import { tellProblem } from '../../../cli/sql/problem.ts';
import { watch } from '../../../cli/sql/watch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { SqlServer, rows, sqlError } from './sql-server.ts';
import { testScreen } from './test-screen.ts';

let server: SqlServer;
let client: SqlClient;

beforeEach(async () => {
  server = new SqlServer();
  client = new SqlClient({ url: await server.start() });
});

afterEach(() => server.stop());

const plain: RunSettings = {
  format: 'table',
  header: false,
  rowsMax: 1_000,
  timing: false,
  context: {},
  parameters: [],
};
const never = new AbortController().signal;

async function shown(settings: Partial<RunSettings>, size: { columns: number; rows: number } | null = null) {
  const screen = testScreen(size);
  await runStatement(client, screen, 'select 1', { ...plain, ...settings }, never);
  return { out: screen.output(), err: screen.talk() };
}

describe('runStatement', () => {
  it('sends the statement, parameters and settings, and an id to stop it by', async () => {
    const parameters = [{ type: 'BIGINT', value: 5 }];
    await shown({ parameters, context: { sqlTimeZone: 'Asia/Tokyo' }, format: 'csv', header: true });
    expect(server.asked).toEqual([
      {
        query: 'select 1',
        resultFormat: 'csv',
        header: true,
        context: { sqlQueryId: expect.stringMatching(/^headgate-cli-/), sqlTimeZone: 'Asia/Tokyo' },
        parameters,
      },
    ]);
    await shown({ context: { sqlQueryId: 'mine' } });
    expect(server.asked[1]?.context).toEqual({ sqlQueryId: 'mine' });
  });

  it('says how many rows, how long, and what is missing', async () => {
    server.answer = () => ({ ...rows(['n'], [1]), headers: { 'x-headgate-incomplete': 'clicks: group 1' } });
    const { out, err } = await shown({ timing: true });
    expect(out).toBe('┌───┐\n│ n │\n├───┤\n│ 1 │\n└───┘\n');
    expect(err).toMatch(
      /^1 row, \d+ ms\nwarning: rows that just arrived are missing in this answer: clicks: group 1\n$/,
    );
  });

  it('shows the first rows of many and counts them all; 0 is all', async () => {
    const many = Array.from({ length: 2_500 }, (_, at) => [at]);
    server.answer = () => rows(['n'], ...many);
    const first = await shown({});
    expect(first.err).toBe('2,500 rows, the first 1,000 shown (see --rows)\n');
    expect(first.out.match(/^│ +\d+ │$/gm)).toHaveLength(1_000);
    const terminal = await shown({ rowsMax: 0 }, { columns: 80, rows: 24 });
    expect(terminal.out.match(/^│ +\d+ │$/gm)).toHaveLength(2_500);
    expect(terminal.err).toBe('\r2,500 rows\x1b[K\r\x1b[K2,500 rows\n');
  });

  it('prints tsv row by row, whatever their number', async () => {
    const many = Array.from({ length: 2_500 }, (_, at) => [at, 'a\tb\\', null]);
    server.answer = () => rows(['n', 't', 'x'], ...many);
    const { out, err } = await shown({ format: 'tsv', header: true });
    expect(out.split('\n').slice(0, 2)).toEqual(['n\tt\tx', '0\ta\\tb\\\\\t\\N']);
    expect([out.split('\n').length, err]).toEqual([2_502, '2,500 rows\n']);
  });

  it.each<[RunSettings['format'], string[], string]>([
    ['csv', ['a,b\n', '\n'], 'a,b\n'],
    ['csv', ['\n', '\n'], '\n'],
    ['csv', ['\n'], ''],
    ['objectLines', ['{"n":12345678901234567890}\n\n'], '{"n":12345678901234567890}\n'],
    ['json', ['[{"a":', '1}]\n'], '[{"a":1}]\n'],
    ['array', ['[[1]]\n'], '[[1]]\n'],
  ])('prints %s as it came, but for the empty line at its end', async (format, body, out) => {
    server.answer = () => ({ body });
    expect(await shown({ format })).toEqual({ out, err: '' });
  });

  it('keeps escape sequences from a terminal, and only from there', async () => {
    server.answer = () => ({ body: 'a\x1b[2J\n\n' });
    expect((await shown({ format: 'csv' }, { columns: 80, rows: 24 })).out).toBe('a\\u001b[2J\n');
    expect((await shown({ format: 'csv' })).out).toBe('a\x1b[2J\n');
  });

  it('never shows the beginning of an answer as the whole', async () => {
    server.answer = () => ({ body: '[["n"],[1],' });
    await expect(shown({})).rejects.toThrow(/stopped before its end/);
    await expect(shown({ format: 'tsv' })).rejects.toThrow(/stopped before its end/);
  });

  it('stops the query on the server, even when it has not begun', async () => {
    server.answer = () => 'hang';
    server.unknownCancels = 2;
    const stop = new AbortController();
    const running = runStatement(client, testScreen(), 'select 1', plain, stop.signal);
    await waitFor(() => server.hanging > 0, { what: 'the query to run' });
    stop.abort();
    expect(await running).toEqual({ kind: 'stopped' });
    expect(server.cancelled).toEqual([server.asked[0]?.context['sqlQueryId']]);
    expect(await runStatement(client, testScreen(), 'select 1', plain, stop.signal)).toEqual({
      kind: 'stopped',
    });
    expect(server.asked).toHaveLength(1);
  });

  it('lets go of a server that does not stop', async () => {
    server.answer = () => 'hang';
    server.unknownCancels = 1_000_000;
    const stop = new AbortController();
    const running = runStatement(client, testScreen(), 'select 1', plain, stop.signal);
    await waitFor(() => server.hanging > 0, { what: 'the query to run' });
    stop.abort();
    expect(await running).toEqual({ kind: 'stopped' });
    expect(server.cancelled).toEqual([]);
  });

  it('points at the place of a mistake', async () => {
    const statement = `select 1,\n\t'日' || nosuch from t`;
    server.answer = () => ({
      status: 400,
      body: sqlError('Column [nosuch]\x1b[2J', { line: '2', column: '9', headgateCode: 'QUERY_INVALID' }),
    });
    const screen = testScreen();
    const error: unknown = await runStatement(client, screen, statement, plain, never).catch(
      (one: unknown) => one,
    );
    expect(error).toMatchObject({ code: 'QUERY_INVALID', details: { status: 400, line: '2' } });
    tellProblem(screen, error, statement);
    expect(screen.talk()).toBe(
      `headgate: Column [nosuch]\\u001b[2J\n  \\t'日' || nosuch from t\n  ${' '.repeat(10)}^\n`,
    );
  });

  it('shows the part of a long line that matters', async () => {
    const statement = `select ${'x, '.repeat(500)}nosuch ${', y'.repeat(500)}`;
    const column = statement.indexOf('nosuch') + 1;
    server.answer = () => ({ status: 400, body: sqlError('no', { line: '1', column: String(column) }) });
    const screen = testScreen();
    await runStatement(client, screen, statement, plain, never).catch((error: unknown) =>
      tellProblem(screen, error, statement),
    );
    const [, line = '', mark = ''] = screen.talk().split('\n');
    expect(line.slice(mark.indexOf('^')).startsWith('nosuch')).toBe(true);
    expect(line.length).toBeLessThan(140);
  });
});

describe('watch', () => {
  function watching(size: { columns: number; rows: number } | null, everyMs = 1) {
    const stop = new AbortController();
    const screen = testScreen(size);
    const run = (page: typeof screen) => runStatement(client, page, 'select 1', plain, stop.signal);
    const ended = watch({
      screen,
      everyMs,
      title: 'select 1',
      stop: stop.signal,
      run: (page) => run(page as typeof screen),
      tellProblem: (page, error) => tellProblem(page, error, 'select 1'),
    });
    return { stop, screen, ended };
  }

  it('takes the place of the page before on a terminal, and never scrolls', async () => {
    server.answer = () => rows(['n'], ...Array.from({ length: 50 }, () => [1]));
    const { stop, screen, ended } = watching({ columns: 30, rows: 10 });
    await waitFor(() => screen.output().split('\x1b[H').length > 3, { what: 'three pages' });
    stop.abort();
    await ended;
    const [, first = ''] = screen.output().split('\x1b[H');
    expect(screen.output().startsWith('\x1b[2J\x1b[H')).toBe(true);
    expect(first.match(/\n/g)?.length).toBeLessThan(10);
    expect(first).toContain('50 rows');
    expect(screen.talk()).toBe('');
  });

  it('follows one another elsewhere, without a control character', async () => {
    server.answer = () => rows(['n'], [1]);
    const { stop, screen, ended } = watching(null);
    await waitFor(() => screen.talk().split('1 row\n').length > 3, { what: 'three answers' });
    stop.abort();
    await ended;
    expect(screen.output() + screen.talk()).not.toContain('\x1b');
  });

  it('ends with a mistake at once, goes on over a failure later', async () => {
    server.answer = () => ({ status: 400, body: sqlError('no such column') });
    await expect(watching(null).ended).rejects.toThrow('no such column');
    let round = 0;
    server.answer = () => (++round === 2 ? { status: 503, body: sqlError('not now') } : rows(['n'], [round]));
    const { stop, screen, ended } = watching(null);
    await waitFor(() => /1 row\nheadgate: not now\n1 row/.test(screen.talk()), {
      what: 'an answer after it',
    });
    stop.abort();
    await ended;
  });

  it('ends at once while it waits, however long', async () => {
    server.answer = () => rows(['n'], [1]);
    const { stop, screen, ended } = watching(null, 3_600_000);
    await waitFor(() => screen.talk().includes('1 row'), { what: 'the first answer' });
    stop.abort();
    await ended;
    expect(server.asked).toHaveLength(1);
  });
});
