/**
 * Hostile requests to the SQL door of a real HTTP server with a real engine behind it: each is refused with a clear error in
 * Druid's shape or answered as the harmless thing it is, and the server goes on. Whoever hangs up, or asks and does not read,
 * costs nobody else.
 */
import { connect } from 'node:net';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createServer } from '../../api/server.ts';
import type { ApiDeps } from '../../api/server.ts';
import { sqlPath } from '../../api/sql-routes.ts';
import type { QueryEngine } from '../../query/engine.ts';
import { makeWorkplace, openEngine, writeSegment } from '../query/segments.ts';
import { waitFor } from '../support/wait-for.ts';
import { hostileBodies, hostileIds } from './hostile-bodies.ts';
import type { HostileBody } from './hostile-bodies.ts';
import { serverOver } from './hostile-server.ts';

const canary = 'CANARY-4b81cc';
const workplace = makeWorkplace();
let engine: QueryEngine;
let server: FastifyInstance;
let port = 0;

beforeAll(async () => {
  process.env['HEADGATE_CANARY'] = canary;
  const life = await writeSegment(
    workplace,
    `select timestamptz '2026-01-01' as __time, range as n from range(1000000)`,
  );
  engine = openEngine(workplace, { life: { groups: [[life]] } });
  ({ server, port } = await listening(engine));
});

afterAll(async () => {
  delete process.env['HEADGATE_CANARY'];
  await server.close();
  await engine.close();
  workplace.remove();
});

async function listening(over: ApiDeps['engine']): Promise<{ server: FastifyInstance; port: number }> {
  const opened = createServer(serverOver(over));
  await opened.listen({ host: '127.0.0.1', port: 0 });
  return { server: opened, port: (opened.server.address() as AddressInfo).port };
}

type Answer = { readonly status: number; readonly headers: Record<string, unknown>; readonly text: string };

/** Not fetch: it would not send every header. */
function send(
  to: number,
  options: { method?: string; path?: string; headers?: Record<string, string>; body?: string | Buffer },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        port: to,
        host: '127.0.0.1',
        method: options.method ?? 'POST',
        path: options.path ?? sqlPath,
        headers: options.headers ?? {},
        agent: false,
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(parts).toString(),
          }),
        );
        response.on('error', reject);
      },
    );
    // A body that is too large is answered before it is read to its end.
    asked.on('error', (error) => !asked.writableFinished && reject(error));
    asked.end(options.body);
  });
}

const json = { 'content-type': 'application/json' };
const ask = (sql: string): Promise<Answer> =>
  send(port, { headers: json, body: JSON.stringify({ query: sql }) });

/** Nothing of ours, whatever was asked. */
function expectNoLeak({ headers, text }: Answer): void {
  const all = text + JSON.stringify(headers);
  expect(all).not.toContain(canary);
  expect(all).not.toContain(workplace.folder);
  expect(all).not.toMatch(/node_modules|\.[jt]s:\d+|\n\s+at /);
  expect(headers['set-cookie']).toBeUndefined();
}

describe('a hostile body', () => {
  it('is one of at least 150', () => {
    const all = hostileBodies.map((one) => JSON.stringify([one.body.toString(), one.headers]));
    expect(new Set(all).size).toBeGreaterThanOrEqual(150);
  });

  it.each<[string, HostileBody]>(hostileBodies.map((one) => [one.name, one]))('%s', async (_name, one) => {
    const answer = await send(port, { headers: { ...json, ...one.headers }, body: one.body });
    expectNoLeak(answer);
    expect({ status: answer.status, text: answer.text.slice(0, 300) }).toMatchObject({ status: one.status });
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    if (typeof one.says === 'string') return expect(answer.text).toBe(one.says);
    const body = JSON.parse(answer.text) as { error: string; errorCode: string; errorMessage: string };
    expect(body).toMatchObject({ error: 'druidException', errorCode: 'invalidInput' });
    expect(body.errorMessage).toMatch(one.says);
    expect(body.errorMessage.length).toBeLessThan(4_000);
  });

  it('has polluted nothing, and the next question is answered', async () => {
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(await ask('select 1 as a')).toMatchObject({ status: 200, text: '[{"a":1}]\n' });
  });
});

describe('a hostile id or method', () => {
  it.each(hostileIds.map((id) => [id.slice(0, 60), id]))('cancelling %s', async (_shown, id) => {
    const answer = await send(port, { method: 'DELETE', path: `${sqlPath}/${id}` });
    expectNoLeak(answer);
    expect([400, 404, 414]).toContain(answer.status);
    expect(JSON.parse(answer.text)).toMatchObject({ errorMessage: expect.any(String) });
  });

  it.each(['GET', 'PUT', 'PATCH', 'HEAD'])('%s', async (method) => {
    const answer = await send(port, {
      method,
      headers: json,
      ...(method === 'HEAD' || method === 'GET' ? {} : { body: '{"query":"select 1"}' }),
    });
    expect(answer.status).toBe(405);
  });

  it('an id comes back as it was given, in one header each', async () => {
    const answer = await send(port, {
      headers: json,
      body: '{"query":"select 1 as a","context":{"sqlQueryId":"a.b:c-d_1"}}',
    });
    expect(answer.headers).toMatchObject({
      'x-druid-sql-query-id': 'a.b:c-d_1',
      'x-druid-query-id': 'a.b:c-d_1',
    });
  });
});

/** What no client library would send. */
const raw: readonly (readonly [name: string, text: string, status: RegExp])[] = [
  ['no HTTP', 'select 1;\r\n\r\n', /^HTTP\/1\.1 400 /],
  ['a line without end', `GET /${'x'.repeat(100_000)}`, /^HTTP\/1\.1 (400|414|431) /],
  ['headers without end', `GET / HTTP/1.1\r\n${'x: y\r\n'.repeat(20_000)}`, /^HTTP\/1\.1 431 /],
  [
    'a header of 100 KB',
    `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`,
    /^HTTP\/1\.1 431 /,
  ],
  ['no host', `POST ${sqlPath} HTTP/1.1\r\ncontent-length: 0\r\n\r\n`, /^HTTP\/1\.1 400 /],
  [
    'two lengths',
    `POST ${sqlPath} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n{}`,
    /^HTTP\/1\.1 400 /,
  ],
  [
    'a length and chunks',
    `POST ${sqlPath} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    /^HTTP\/1\.1 400 /,
  ],
  [
    'a negative length',
    `POST ${sqlPath} HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n`,
    /^HTTP\/1\.1 400 /,
  ],
  [
    'a length beyond all numbers',
    `POST ${sqlPath} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99999999999999999999\r\n\r\n{}`,
    /^HTTP\/1\.1 (400|413) /,
  ],
  ['a NUL in a header', `GET / HTTP/1.1\r\nhost: localhost\r\nx: a\0b\r\n\r\n`, /^HTTP\/1\.1 400 /],
  [
    'a bare line feed in a header',
    `GET / HTTP/1.1\r\nhost: localhost\r\nx: a\nset-cookie: b\r\n\r\n`,
    /^HTTP\/1\.1 (400|404) /,
  ],
  [
    'an address of another host',
    'GET http://169.254.169.254/latest HTTP/1.1\r\nhost: 169.254.169.254\r\n\r\n',
    /^HTTP\/1\.1 403 /,
  ],
  ['a tunnel', 'CONNECT 127.0.0.1:22 HTTP/1.1\r\nhost: localhost\r\n\r\n', /^(HTTP\/1\.1 4\d\d |$)/],
  ['a folder above', 'GET /../../../../etc/passwd HTTP/1.1\r\nhost: localhost\r\n\r\n', /^HTTP\/1\.1 404 /],
  [
    'a wrong chunk',
    `POST ${sqlPath} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`,
    /^HTTP\/1\.1 400 /,
  ],
];

describe('bytes that no client would send', () => {
  it.each(raw)('%s', async (_name, text, status) => {
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      let said = '';
      socket.on('data', (part) => {
        said += part.toString('latin1');
        socket.end();
      });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(said));
      socket.write(text, 'latin1');
    });
    expect(answer).toMatch(status);
    expect(answer).not.toMatch(/root:|node_modules|\.[jt]s:\d+|^set-cookie/im);
    expect((await ask('select 1 as a')).status).toBe(200);
  });
});

describe('callers who do not stay', { timeout: 60_000 }, () => {
  it('hanging up cancels the query', async () => {
    const sql = 'select sum(a.n - b.n + c.n) from life a, life b, life c';
    const asked = request({ port, host: '127.0.0.1', method: 'POST', path: sqlPath, headers: json });
    asked.on('error', () => undefined);
    asked.end(JSON.stringify({ query: sql }));
    await waitFor(() => engine.running().some((query) => query.sql === sql), { what: 'the query to run' });
    asked.destroy();
    await waitFor(() => engine.running().length === 0, { what: 'the query to be cancelled' });
  });

  it('answers that nobody reads are bounded, and given back when their caller leaves', async () => {
    const body = Buffer.alloc(200 * 1024 * 1024, 32);
    const large = await listening({
      run: async () => ({ id: 'x', rows: 1, body, incomplete: [] }),
      cancel: () => false,
    });
    const post = `POST ${sqlPath} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{"query":"select 1"}`;
    const readers = [1, 2, 3].map(() => {
      const socket = connect(large.port, '127.0.0.1').pause();
      socket.on('error', () => undefined);
      socket.write(post);
      return socket;
    });
    const again = (): Promise<Answer> => send(large.port, { headers: json, body: '{}' });
    // The room is looked at before the body is: a question without a query is refused for its query, or for the room.
    const full = await waitFor(
      async () => await again().then((answer) => (answer.status === 429 ? answer : null)),
      {
        what: 'no room for another answer',
      },
    );
    expect(full.text).toMatch(/answers of 629145600 bytes wait to be fetched/);
    for (const socket of readers) socket.destroy();
    await waitFor(async () => (await again()).status === 400, { what: 'room again' });
    await large.server.close();
  });
});
