/** `POST /live` of an ingest process: who may ask, what is refused, and that bytes are streamed and let go of. */
import { fstatSync } from 'node:fs';
import { mkdtemp, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LiveReply, LiveRequest } from '../../activities/ingest/live-board.ts';
import { startLiveServer } from '../../workers/live-server.ts';
import type { LiveServer, LiveServerOptions } from '../../workers/live-server.ts';
import { waitFor } from '../support/wait-for.ts';

const token = 'a'.repeat(64);
const question = {
  taskId: 't',
  epoch: '3',
  sequences: [{ sequenceId: 's', atLeast: { '0': '5' }, have: ['x'] }],
};

/** By this process. */
async function timesOpen(path: string): Promise<number> {
  const { ino, dev } = await stat(path);
  return (await readdir('/dev/fd')).filter((fd) => {
    try {
      const found = fstatSync(Number(fd));
      return found.ino === ino && found.dev === dev;
    } catch {
      // The listing's own.
      return false;
    }
  }).length;
}

describe('the live server', () => {
  let folder: string;
  let server: LiveServer | null = null;
  let asked: LiveRequest[] = [];
  let released = 0;
  let reply: () => Promise<LiveReply>;
  const warnings: string[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'headgate-live-'));
    asked = [];
    released = 0;
    warnings.length = 0;
    reply = async () => replyOf([]);
  });

  afterEach(async () => {
    await server?.close();
    server = null;
    await rm(folder, { recursive: true, force: true });
  });

  function replyOf(files: LiveReply['files']): LiveReply {
    return { sequences: [{ sequenceId: 's', state: 'published' }], files, release: () => (released += 1) };
  }

  async function start(limits: LiveServerOptions['limits'] = {}): Promise<string> {
    server = await startLiveServer({
      host: '127.0.0.1',
      token,
      limits,
      log: { warn: (message) => warnings.push(message) },
      registry: {
        ask: (request) => {
          asked.push(request);
          return reply();
        },
      },
    });
    return `${server.url}/live`;
  }

  async function post(
    url: string,
    body: unknown,
    options: { authorization?: string; method?: string } = {},
  ): Promise<Response> {
    const method = options.method ?? 'POST';
    return fetch(url, {
      method,
      headers: { authorization: options.authorization ?? `Bearer ${token}` },
      ...(method === 'GET' ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  }

  async function errorOf(response: Response): Promise<[number, string]> {
    return [response.status, ((await response.json()) as { error: string }).error];
  }

  async function fileOf(name: string, bytes: Buffer): Promise<LiveReply['files'][number]> {
    const localPath = join(folder, name);
    await writeFile(localPath, bytes);
    return { localPath, bytes: bytes.length };
  }

  it('sends the header and then the bytes of the pieces, and lets go of them', async () => {
    const url = await start();
    const [one, two] = [Buffer.alloc(300_000, 1), Buffer.from('two')];
    const files = [await fileOf('1', one), await fileOf('2', two)];
    reply = async () => replyOf(files);
    const response = await post(url, question);
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'application/octet-stream',
    ]);
    const bytes = Buffer.from(await response.arrayBuffer());
    const length = bytes.readUInt32BE(0);
    expect(JSON.parse(bytes.toString('utf8', 4, 4 + length))).toEqual({
      sequences: [{ sequenceId: 's', state: 'published' }],
    });
    expect(bytes.subarray(4 + length).equals(Buffer.concat([one, two]))).toBe(true);
    expect(asked).toEqual([{ ...question, waitMs: 2_000, maxBytes: 64 * 1024 * 1024 }]);
    await waitFor(() => released === 1, { what: 'the release', everyMs: 2 });
  });

  it.each([
    ['no token', ''],
    ['another token', `Bearer ${'b'.repeat(64)}`],
    ['a longer token', `Bearer ${token}a`],
    ['another scheme', `Basic ${token}`],
  ])('refuses %s', async (_, authorization) => {
    const [status, error] = await errorOf(await post(await start(), question, { authorization }));
    expect([status, error]).toEqual([401, expect.stringMatching(/not that of this worker/)]);
    expect(asked).toEqual([]);
  });

  it('knows one path and one method', async () => {
    const url = await start();
    expect((await post(`${url}/x`, question)).status).toBe(404);
    const wrong = await post(url, question, { method: 'PUT' });
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await post(url, '', { method: 'GET' })).status).toBe(405);
  });

  it.each<[string, unknown, RegExp]>([
    ['no JSON', '{', /not JSON/],
    ['no object', [], /not valid/],
    ['a number as epoch', { ...question, epoch: 3 }, /epoch/],
    ['no sequences', { ...question, sequences: [] }, /sequences/],
    ['a field that is not known', { ...question, other: 1 }, /other/],
    ['a wait without end', { ...question, waitMs: 1e9 }, /waitMs/],
    [
      'a negative position',
      { ...question, sequences: [{ sequenceId: 's', atLeast: { '0': '-1' } }] },
      /atLeast.0/,
    ],
  ])('refuses %s by name', async (_, body, message) => {
    const [status, error] = await errorOf(await post(await start(), body));
    expect([status, error]).toEqual([400, expect.stringMatching(message)]);
  });

  it('takes no large body, announced or not', async () => {
    const url = await start({ bodyBytes: 1_000 });
    expect((await post(url, 'x'.repeat(1_001))).status).toBe(413);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sending = httpRequest(url, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
      sending.on('response', (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sending.on('error', reject);
      sending.write('x'.repeat(600));
      sending.write('x'.repeat(600));
    });
    expect(status).toBe(413);
    expect(asked).toEqual([]);
  });

  it('answers so many at a time and no more', async () => {
    const url = await start({ openAnswers: 1 });
    let finish: () => void = () => undefined;
    reply = () => new Promise((resolve) => (finish = () => resolve(replyOf([]))));
    const first = post(url, question);
    await waitFor(() => asked.length === 1, { what: 'the first', everyMs: 2 });
    expect(await errorOf(await post(url, question))).toEqual([
      503,
      expect.stringMatching(/answers 1 requests/),
    ]);
    finish();
    expect((await first).status).toBe(200);
    reply = async () => replyOf([]);
    expect((await post(url, question)).status).toBe(200);
  });

  it('cuts off an asker who takes nothing, and bears one who hangs up', async () => {
    const url = await start({ stallMs: 50, openAnswers: 1 });
    const large = await fileOf('large', Buffer.alloc(64 * 1024 * 1024));
    reply = async () => replyOf([large]);
    const { port } = new URL(url);
    const body = JSON.stringify(question);
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.pause();
      socket.write(
        `POST /live HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
    });
    await waitFor(() => asked.length === 1, { what: 'the question', everyMs: 2 });
    reply = async () => replyOf([]);
    // The one place there is becomes free again.
    const answered = async (): Promise<boolean> => (await post(url, question)).status === 200;
    await waitFor(answered, { what: 'the end of a stalled answer', everyMs: 5 });
    socket.destroy();
    reply = async () => replyOf([large]);
    const hasty = new AbortController();
    await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body,
      signal: hasty.signal,
    });
    hasty.abort();
    reply = async () => replyOf([]);
    await waitFor(answered, { what: 'the end of an abandoned answer', everyMs: 5 });
  });

  it('asks again when an attempt has taken its pieces along, and gives up when that does not help', async () => {
    const url = await start();
    const gone = replyOf([{ localPath: join(folder, 'gone'), bytes: 10 }]);
    reply = async () => (asked.length === 1 ? gone : replyOf([]));
    expect((await post(url, question)).status).toBe(200);
    expect([asked.length, released]).toEqual([2, 2]);
    reply = async () => gone;
    await expect(post(url, question)).rejects.toThrow();
    expect(warnings).toEqual([expect.stringMatching(/ENOENT/)]);
    expect([asked.length, released]).toEqual([5, 5]);
  });

  it('leaves no file open, however often others are gone', async () => {
    const url = await start();
    const there = await fileOf('there', Buffer.from('there'));
    const gone = { localPath: join(folder, 'gone'), bytes: 10 };
    reply = async () => replyOf([there, there, gone]);
    for (let time = 0; time < 5; time += 1) await expect(post(url, question)).rejects.toThrow();
    expect([asked.length, released]).toEqual([15, 15]);
    expect(await timesOpen(there.localPath)).toBe(0);
    reply = async () => replyOf([there, there]);
    await (await post(url, question)).arrayBuffer();
    await waitFor(async () => (await timesOpen(there.localPath)) === 0, {
      what: 'files to be closed',
      everyMs: 2,
    });
    const witness = await open(there.localPath);
    expect(await timesOpen(there.localPath)).toBe(1);
    await witness.close();
  });

  it('sends a piece to its end although it is removed meanwhile', async () => {
    const url = await start();
    const large = await fileOf('large', Buffer.alloc(8 * 1024 * 1024, 7));
    reply = async () => {
      const answer = replyOf([large]);
      return { ...answer, release: () => void rm(large.localPath).then(answer.release) };
    };
    const response = await post(url, question);
    await waitFor(() => released === 1, { what: 'the removal', everyMs: 2 });
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.subarray(-large.bytes).every((byte) => byte === 7)).toBe(true);
  });

  it('stops in order: nothing new, and nobody is left waiting', async () => {
    const url = await start();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const gone = new Promise((resolve) => socket.once('close', resolve));
    await server?.close();
    await gone;
    await expect(post(url, question)).rejects.toThrow();
  });
});
