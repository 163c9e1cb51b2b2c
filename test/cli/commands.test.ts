/** The command line as a user and as a program see it: stdout, stderr and exit code of the built program. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aRawSpec, changed } from '../domain/spec/raw-spec.ts';

const main = join(import.meta.dirname, '../../dist/cli/main.js');
const folder = mkdtempSync(join(tmpdir(), 'headgate-cli-'));
const specFile = join(folder, 'spec.json');
const badFile = join(folder, 'bad.json');

type Answer = { readonly status: number; readonly body: string };
/** `METHOD path` to what the fake server answers; anything else is a 404 in our shape. */
const answers = new Map<string, Answer>();
const seen: { request: string; body: string }[] = [];
let server: Server;
let url = '';

type Outcome = { readonly code: number | null; readonly out: string; readonly err: string };

function headgate(
  words: readonly string[],
  options: { input?: string; env?: Record<string, string> } = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...words], {
      cwd: folder,
      env: { PATH: process.env['PATH'], HEADGATE_URL: url, ...options.env },
    });
    const [out, err]: [string[], string[]] = [[], []];
    child.stdout.on('data', (data: Buffer) => out.push(data.toString()));
    child.stderr.on('data', (data: Buffer) => err.push(data.toString()));
    child.on('close', (code) => resolve({ code, out: out.join(''), err: err.join('') }));
    child.stdin.end(options.input ?? '');
  });
}

function answer(request: string, body: unknown, status = 200): void {
  answers.set(request, { status, body: typeof body === 'string' ? body : JSON.stringify(body) });
}

beforeAll(async () => {
  writeFileSync(specFile, JSON.stringify(aRawSpec()));
  writeFileSync(badFile, JSON.stringify(changed(aRawSpec(), 'spec.ioConfig.taskCount', 0)));
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const name = `${request.method} ${request.url}`;
      seen.push({ request: name, body: Buffer.concat(chunks).toString() });
      const found = answers.get(name) ?? {
        status: 404,
        body: JSON.stringify({ error: `[nope] does not exist`, errorCode: 'SUPERVISOR_UNKNOWN' }),
      };
      response.writeHead(found.status, { 'content-type': 'application/json' }).end(found.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const path = '/druid/indexer/v1/supervisor';

const operators = [
  'explain',
  'lag',
  'stats',
  'parse-errors',
  'tasks',
  'diff',
  'handoff',
  'checkpoint',
  'scale',
  'reset',
  'reset-offsets',
  'reset-to-time',
  'backfill',
];

describe('headgate', () => {
  it('lists every command in its help, and ends with 0', async () => {
    const { code, out } = await headgate(['--help']);
    expect(code).toBe(0);
    for (const name of [
      'dev',
      'demo',
      'apply',
      'validate',
      'sample',
      'list',
      'status',
      'explain',
      'lag',
      'stats',
      'parse-errors',
      'tasks',
      'diff',
      'suspend',
      'resume',
      'terminate',
      'handoff',
      'checkpoint',
      'scale',
      'reset',
      'reset-offsets',
      'reset-to-time',
      'backfill',
      'history',
      'sql',
      'doctor',
      'api',
      'worker',
    ])
      expect(out).toMatch(new RegExp(`^  ${name} `, 'm'));
    expect((await headgate([])).code).toBe(0);
  });

  it('shows a sample, and what could not be read without what a terminal would obey', async () => {
    answer('POST /druid/indexer/v1/sampler', {
      numRowsRead: 2,
      numRowsIndexed: 1,
      logicalSegmentSchema: [{ name: 'site', type: 'STRING' }],
      data: [
        { input: { site: 'a' }, parsed: { __time: 0, site: 'a' } },
        { input: { t: 'x\u001b[2J' }, error: 'timestamp [x\u001b[2J] is unparseable', unparseable: true },
      ],
    });
    const { code, out, err } = await headgate(['sample', specFile, '--rows', '7']);
    expect(code).toBe(0);
    expect(out).toMatch(/site STRING/);
    expect(err).not.toContain('\u001b');
    expect(err).toContain('not read: timestamp [x\\u001b[2J] is unparseable');
    expect(err).toContain('2 read, 1 of them become rows, 1 after rollup');
    expect(JSON.parse(seen.at(-1)?.body ?? '')).toMatchObject({
      type: 'kafka',
      samplerConfig: { numRows: 7, timeoutMs: 10_000 },
    });
  });

  it.each([
    ['apply'],
    ['validate'],
    ['list'],
    ['status'],
    ['suspend'],
    ['resume'],
    ['terminate'],
    ['history'],
    ['sql'],
    ['doctor'],
    ['api'],
    ...operators.map((name) => [name]),
  ])('%s --help connects nowhere and needs no setting', async (name) => {
    const { code, out, err } = await headgate([name, '--help'], {
      env: { HEADGATE_URL: 'http://127.0.0.1:1' },
    });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`headgate ${name}`);
    // What an operator needs at night has examples.
    if (operators.includes(name)) expect(out).toMatch(new RegExp(`^Examples:\\n  headgate ${name} `, 'm'));
  });

  it.each([
    [['nosuch'], /unknown command 'nosuch'/],
    [['status', '--nosuch'], /unknown option '--nosuch'/],
    [['suspend'], /missing required argument 'id'/],
    [['apply'], /required option '-f, --file/],
    [['sql', '--format', 'xml', 'select 1'], /Allowed choices are table, object/],
    [['list', '--url', 'nowhere'], /--url: found "nowhere", expected/],
    [['validate'], /found no file/],
  ])('%j: exit code 2 and a sentence', async (words, says) => {
    const { code, out, err } = await headgate(words);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(says);
  });

  it('names what is missing of a role, without a trace', async () => {
    const { code, err } = await headgate(['api']);
    expect(code).toBe(2);
    expect(err).toMatch(/HEADGATE_POSTGRES_URL: found nothing/);
    expect(err).not.toMatch(/^\s+at /m);
  });

  it('says what to do when the server cannot be reached', async () => {
    const { code, err } = await headgate(['list', '--url', 'http://127.0.0.1:1']);
    expect(code).toBe(1);
    expect(err).toMatch(
      /^headgate: http:\/\/127.0.0.1:1: cannot be reached \([\w ]+\); start it with `headgate dev`/,
    );
  });
});

describe('supervisors', () => {
  it('apply posts the file as it is and prints warnings as talk', async () => {
    const warning = { path: 'spec.x', found: '1', expected: 'nothing' };
    answer(`POST ${path}`, {
      id: 'clicks',
      modified: true,
      restarted: true,
      warnings: [warning],
      warning: 'later',
    });
    expect(await headgate(['apply', '-f', specFile])).toEqual({
      code: 0,
      out: 'clicks: applied\n',
      err: 'warning: spec.x: found 1, expected nothing\nwarning: later\n',
    });
    expect(seen.at(-1)?.body).toBe(JSON.stringify(aRawSpec()));
    expect((await headgate(['apply', '-f', '-', '--json'], { input: '{"a":1}' })).out).toContain(
      '"modified": true',
    );
    expect(seen.at(-1)?.body).toBe('{"a":1}');
  });

  it.each([
    [
      { modified: true, restarted: false, takesEffect: 'nothing' },
      /needs no new tasks, nothing is restarted/,
    ],
    [{ modified: true, restarted: true, takesEffect: 'next' }, /at its next rollover \(`--rollover now`/],
    [
      { modified: true, restarted: true, takesEffect: 'now' },
      /takes effect now, task groups of an older version publish/,
    ],
    [{ modified: false, restarted: false }, /^clicks: unchanged$/m],
  ])('apply says when it takes effect: %j', async (applied, says) => {
    answer(`POST ${path}?rollover=now`, { id: 'clicks', ...applied });
    expect((await headgate(['apply', '-f', specFile, '--rollover', 'now'])).out).toMatch(says);
  });

  it('apply ends with 1 and every problem when the server refuses', async () => {
    answer(
      `POST ${path}`,
      { error: 'the spec has 2 problems. a: x\nb: y', errorCode: 'SPEC_INVALID', problems: [] },
      400,
    );
    expect(await headgate(['apply', '-f', badFile])).toEqual({
      code: 1,
      out: '',
      err: 'headgate: the spec has 2 problems. a: x\nb: y\n',
    });
    expect((await headgate(['apply', '-f', 'nosuch.json'])).code).toBe(4);
  });

  it('validate needs no server', async () => {
    const env = { HEADGATE_URL: 'http://127.0.0.1:1' };
    expect(await headgate(['validate', specFile], { env })).toMatchObject({
      code: 0,
      out: `${specFile}: supervisor clicks is valid\n`,
    });
    const bad = await headgate(['validate', badFile, '--json'], { env });
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.out)).toMatchObject({
      valid: false,
      problems: [{ path: 'spec.ioConfig.taskCount', found: '0' }],
    });
    expect((await headgate(['validate', '-'], { env, input: '{' })).out).toContain('valid JSON');
  });

  it('list and status show state, reason, remedy, groups and lag; 3 is unhealthy', async () => {
    answer(`GET ${path}?state=true`, [
      { id: 'a', dataSource: 'd', detailedState: 'RUNNING', healthy: true, suspended: false },
    ]);
    expect((await headgate(['list'])).out).toMatch(/│ a +│ d +│ RUNNING/);
    const payload = {
      id: 'a',
      dataSource: 'd',
      stream: 't',
      partitions: 2,
      detailedState: 'UNHEALTHY_TASKS',
      healthy: false,
      suspended: false,
      aggregateLag: 7,
      activeTasks: [{}],
      publishingTasks: [],
      offsetsLastUpdated: '2026-01-01T00:00:00.000Z',
      recentErrors: [{ timestamp: 'now', message: 'task x failed' }],
      headgate: {
        reason: '3 tasks failed',
        remedy: 'look at the log',
        asOf: null,
        specVersion: 4,
        groups: [
          {
            groupId: 0,
            generation: 9,
            state: 'reading',
            partitions: ['0', '1'],
            sequences: [{ ordinal: 0, state: 'open' }],
            tasks: [
              { id: 'task_x', replica: 0, state: 'RUNNING', attempts: 2, worker: 'w1', error: null },
              {
                id: 'task_y',
                replica: 1,
                state: 'WAITING_FOR_SLOT',
                attempts: 1,
                worker: null,
                error: null,
                waiting: 'all slots are taken',
                lastFailure: { message: 'it broke' },
              },
            ],
          },
        ],
        pendingSpecVersion: 4,
        takesEffect: 'next',
        pendingGroups: [0],
        orders: [{ verb: 'reset', by: 'mara', since: '2026-01-01T00:00:00.000Z' }],
        autoscaler: { line: 'stays at 2 task groups' },
      },
    };
    answer(`GET ${path}/a/status`, { id: 'a', payload });
    answer(`GET ${path}`, ['a']);
    const one = await headgate(['status', 'a']);
    expect(one.code).toBe(3);
    for (const text of [
      'UNHEALTHY_TASKS',
      '3 tasks failed',
      'look at the log',
      '7 records',
      '0/9',
      'task_x on w1, attempt 2',
      'version 4; group 0 takes it on at the next rollover',
      'task_y waits: all slots are taken: it broke',
      'reset by mara, ',
      'stays at 2 task groups',
    ])
      expect(one.out).toContain(text);
    const all = await headgate(['status']);
    expect(all).toMatchObject({ code: 3, out: expect.stringMatching(/│ a +│ UNHEALTHY_TASKS │ 7/) });
    expect(JSON.parse((await headgate(['status', 'a', '--json'])).out)).toMatchObject({
      payload: { aggregateLag: 7 },
    });
    // Nothing is painted when it is not a terminal.
    expect(one.out + all.out).not.toContain('\u001b[');
  });

  it('verbs post, and an unknown id is 4', async () => {
    answer(`POST ${path}/my%20id/suspend`, { suspended: true });
    answer(`POST ${path}/my%20id/terminate?wait=true`, { id: 'my id' });
    expect(await headgate(['suspend', 'my id'])).toEqual({ code: 0, out: 'my id: suspended\n', err: '' });
    expect(await headgate(['terminate', 'my id', '--wait'])).toMatchObject({
      code: 0,
      out: 'my id: terminated\n',
    });
    expect(await headgate(['resume', 'nope'])).toEqual({
      code: 4,
      out: '',
      err: 'headgate: [nope] does not exist\n',
    });
    answer(
      `POST ${path}/slow/suspend?wait=true`,
      { error: 'not reached in 60 s', errorCode: 'TEMPORAL_UNAVAILABLE' },
      504,
    );
    expect((await headgate(['suspend', 'slow', '--wait'])).code).toBe(5);
  });

  it('history shows versions, newest first', async () => {
    const versions = [
      { version: '2026-01-02T00:00:00.000Z', specVersion: 2, spec: { type: 'noop' } },
      { version: '2026-01-01T00:00:00.000Z', specVersion: 1, spec: { type: 'kafka', suspended: true } },
    ];
    answer(`GET ${path}/a/history?count=2`, versions);
    answer(`GET ${path}/history`, { a: versions });
    expect((await headgate(['history', 'a', '--count', '2'])).out).toMatch(
      /│ a +│ 2 .*terminated[\s\S]*│ 1 .*spec, suspended/,
    );
    expect((await headgate(['history'])).out).toContain('terminated');
  });
});

describe('sql', () => {
  it('prints a table with all digits, from arguments or standard input', async () => {
    answer(
      'POST /druid/v2/sql',
      '[["id","n"],["a, \\"1234567890123456789\\"",1234567890123456789],[null,1.5]]\n',
    );
    const result = await headgate(['sql', 'select', '1']);
    expect(result).toMatchObject({ code: 0, err: '2 rows\n' });
    expect(result.out).toContain('│ a, "1234567890123456789" │ 1234567890123456789 │');
    expect(JSON.parse(seen.at(-1)?.body ?? '')).toMatchObject({
      query: 'select 1',
      resultFormat: 'array',
      header: true,
    });
    await headgate(['sql', '--timeout', '9'], { input: 'select 2' });
    expect(JSON.parse(seen.at(-1)?.body ?? '')).toMatchObject({
      query: 'select 2',
      context: { timeout: '9' },
    });
  });

  it('passes other formats through as they are', async () => {
    answer('POST /druid/v2/sql', 'a,b\n1,2\n\n');
    expect((await headgate(['sql', '--format', 'csv', '--header', 'select 1'])).out).toBe('a,b\n1,2\n');
    answer('POST /druid/v2/sql', '[{"n":1234567890123456789}]\n');
    expect((await headgate(['sql', '--json', 'select 1'])).out).toBe('[{"n":1234567890123456789}]\n');
  });

  it('tells a mistake from a timeout', async () => {
    answer(
      'POST /druid/v2/sql',
      { error: 'druidException', errorCode: 'invalidInput', errorMessage: 'syntax error', context: {} },
      400,
    );
    expect(await headgate(['sql', 'selec'])).toEqual({ code: 1, out: '', err: 'headgate: syntax error\n' });
    answer(
      'POST /druid/v2/sql',
      { error: 'Query timeout', errorMessage: 'it took too long', context: { limit: 'time' } },
      504,
    );
    expect((await headgate(['sql', 'select 1'])).code).toBe(5);
  });
});
