/** Workers that answer what they should not: never believed, never followed, never held for long, always logged. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askOverHttp } from '../../../query/live/ask-worker.ts';
import { type LiveLimits, defaultLiveLimits } from '../../../query/live/limits.ts';
import { PieceStore } from '../../../query/live/piece-store.ts';
import { waitFor } from '../../support/wait-for.ts';
import { liveSequence, liveTask } from './sequences.ts';
import { pieceOf } from './worker-stand-in.ts';

let folder = '';
let server: Server;
let serve: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;
let requests = 0;
let logged: object[] = [];
const stop = new AbortController();

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-live-'));
  logged = [];
  requests = 0;
  server = createServer((request, response) => {
    requests++;
    request.resume().on('end', () => serve(request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

async function ask(limits: Partial<LiveLimits> = {}): Promise<unknown> {
  const store = new PieceStore({ folder, bytesMax: 1_000_000, now: () => 0 });
  const asked = askOverHttp({
    fetch,
    store,
    limits: { ...defaultLiveLimits, ...limits },
    log: { warn: (details) => void logged.push(details), info: () => undefined },
    signal: stop.signal,
  });
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const task = liveTask({ address });
  const answer = await asked({
    task,
    sequence: liveSequence({ start: 5 }, { tasks: [task] }),
    atLeast: null,
    waitMs: 0,
  });
  await waitFor(() => answer.kind === 'held' || readdirSync(folder).length === 0, {
    what: 'no file to stay',
  });
  expect(answer.kind === 'held' || store.bytes === 0).toBe(true);
  return answer;
}

function framed(header: unknown, ...bodies: Buffer[]): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text, ...bodies]);
}

const column = { name: 'a', field: 'a', type: 'BIGINT', role: 'metric', merge: 'sum' };
const piece = { id: 'one', rows: 1, bytes: 100, wide: false, columns: [column] };
const held = {
  sequenceId: 'from-5',
  state: 'held',
  positions: { 0: '9' },
  ends: null,
  rollup: true,
  pieces: [piece],
  sent: ['one'],
};
const only = (sequence: object): object => ({ sequences: [sequence] });
const bytes = pieceOf('one').bytes;

const nonsense: readonly (readonly [what: string, answer: Buffer])[] = [
  ['nothing', Buffer.alloc(0)],
  ['half a length', Buffer.alloc(2)],
  ['a header that ends early', framed(only(held)).subarray(0, 20)],
  ['a header of four gigabytes', Buffer.from('ffffffff', 'hex')],
  ['no JSON', framed('{"sequences":')],
  ['no UTF-8', Buffer.concat([Buffer.from([0, 0, 0, 2]), Buffer.from([0xff, 0xfe])])],
  ['another shape', framed({ rows: [] })],
  ['a header nested deep', framed('['.repeat(100_000) + ']'.repeat(100_000))],
  ['no sequence', framed({ sequences: [] })],
  ['two sequences', framed({ sequences: [held, held] }, bytes, bytes)],
  ['another sequence', framed(only({ ...held, sequenceId: 'other' }), bytes)],
  ['a word of its own', framed(only({ ...held, state: 'maybe' }), bytes)],
  ['no position', framed(only({ ...held, positions: {} }), bytes)],
  ['a position of another partition', framed(only({ ...held, positions: { 1: '9' } }), bytes)],
  ['a position before the start', framed(only({ ...held, positions: { 0: '4' } }), bytes)],
  ['a negative position', framed(only({ ...held, positions: { 0: '-1' } }), bytes)],
  ['a position that is a number', framed(only({ ...held, positions: { 0: 9 } }), bytes)],
  ['a prototype', framed(`{"sequences":[{"sequenceId":"from-5","__proto__":{"state":"published"}}]}`)],
  ['two pieces of one id', framed(only({ ...held, pieces: [piece, piece] }), bytes)],
  ['a piece that is not listed', framed(only({ ...held, pieces: [] }), bytes)],
  ['a piece twice', framed(only({ ...held, sent: ['one', 'one'] }), bytes, bytes)],
  ['no piece', framed(only({ ...held, sent: [] }))],
  ['a piece without bytes', framed(only({ ...held, pieces: [{ ...piece, bytes: 0 }] }))],
  ['a piece of negative size', framed(only({ ...held, pieces: [{ ...piece, bytes: -1 }] }))],
  ['a piece that ends early', framed(only(held), bytes.subarray(0, 99))],
  ['more bytes than pieces', framed(only(held), bytes, Buffer.from('x'))],
  ['a piece that is no Parquet file', framed(only(held), Buffer.alloc(100, 'x'))],
  ['half a Parquet file', framed(only(held), Buffer.concat([bytes.subarray(0, 50), Buffer.alloc(50)]))],
  [
    'too many pieces',
    framed(
      only({
        ...held,
        pieces: Array.from({ length: 1_001 }, (_, at) => ({ ...piece, id: String(at) })),
        sent: [],
      }),
    ),
  ],
];

describe('an answer of', () => {
  it.each(nonsense)('%s is not believed', async (_, answer) => {
    serve = (__, response) => response.end(answer);
    expect(await ask()).toMatchObject({ kind: 'unreachable' });
    expect(logged).toMatchObject([{ taskId: 'task-a', workerId: 'worker-a' }]);
    expect(requests).toBe(1);
  });

  it('the right shape is', async () => {
    serve = (__, response) => response.end(framed(only(held), bytes));
    expect(await ask()).toMatchObject({ kind: 'held', pieces: [{ id: 'one' }] });
  });
});

describe('a worker', () => {
  it('sends nobody anywhere else', async () => {
    serve = (request, response) =>
      request.url === '/live'
        ? response.writeHead(307, { location: '/elsewhere' }).end()
        : response.end(framed(only(held), bytes));
    expect(await ask()).toMatchObject({ kind: 'unreachable', why: 'the worker answered 307' });
    expect(requests).toBe(1);
  });

  it('sends no more in one answer than it was asked for', async () => {
    const pieces = ['one', 'two'].map((id) => ({ ...piece, id }));
    const answer = framed(only({ ...held, pieces, sent: ['one', 'two'] }), bytes, bytes);
    serve = (__, response) => response.end(answer);
    expect(await ask({ answerBytesMax: 150 })).toMatchObject({ kind: 'unreachable' });
    expect(await ask({ answerBytesMax: 200 })).toMatchObject({ kind: 'held' });
  });

  it('that sends something now and then does not hold a query for ever', async () => {
    const answer = framed(only(held), bytes);
    serve = (__, response) => {
      let at = 0;
      const drip = setInterval(() => response.write(answer.subarray(at, ++at)), 20);
      response.on('close', () => clearInterval(drip));
    };
    expect(await ask({ exchangeMs: 200 })).toMatchObject({ kind: 'unreachable', wasSilent: true });
  });

  it('that stops in the middle of a piece is silent', async () => {
    serve = (__, response) => void response.write(framed(only(held), bytes.subarray(0, 50)));
    expect(await ask({ silenceMs: 200 })).toMatchObject({ kind: 'unreachable', wasSilent: true });
  });

  it('that resets the connection is not', async () => {
    serve = (request) => void request.socket.destroy();
    expect(await ask()).toMatchObject({ kind: 'unreachable', wasSilent: false });
  });

  it('whose piece does not fit on the disk makes the limit known', async () => {
    const big = { ...piece, bytes: 2_000_000 };
    serve = (__, response) => response.end(framed(only({ ...held, pieces: [big] }), bytes));
    await expect(ask()).rejects.toMatchObject({ code: 'QUERY_LIMIT' });
  });
});
