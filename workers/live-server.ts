/**
 * `POST /live` of an ingest process: the rows its tasks hold, as Parquet pieces, for api processes that know its token.
 *
 * The bytes of piece files are streamed: a slow reader holds a file open and nothing in memory, and is cut off when it takes
 * nothing for a while. Bodies, sequences, waits and open answers are bounded.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { open as openFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { pipeline } from 'node:stream/promises';
import type { LiveReply, LiveRequest } from '../activities/ingest/live-board.ts';
import { messageOf } from '../domain/errors.ts';
import { BadLiveRequest, readLiveRequest } from './live-request.ts';

export type LiveServerOptions = {
  /** To listen on. With all addresses the url names this host. */
  readonly host: string;
  readonly registry: { ask(request: LiveRequest): Promise<LiveReply> };
  readonly token: string;
  readonly log: { warn(message: string): void };
  readonly port?: number;
  readonly limits?: Partial<Limits>;
};

export type LiveServer = { readonly url: string; close(): Promise<void> };

type Limits = { readonly bodyBytes: number; readonly openAnswers: number; readonly stallMs: number };

const defaultLimits: Limits = { bodyBytes: 256 * 1024, openAnswers: 512, stallMs: 30_000 };
/** Answers under way get this long when the process stops. */
const closeBoundMs = 1_000;
const asksPerAnswer = 3;

export async function startLiveServer(options: LiveServerOptions): Promise<LiveServer> {
  const door = new LiveDoor(options);
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    door.serve(request, response).catch((error: unknown) => {
      options.log.warn(`a live answer failed: ${messageOf(error)}`);
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    url: urlOf(options.host, (server.address() as AddressInfo).port),
    close: () => {
      door.isStopping = true;
      return closed(server);
    },
  };
}

function urlOf(host: string, port: number): string {
  const named = host === '0.0.0.0' || host === '::' ? hostname() : host;
  return `http://${named.includes(':') ? `[${named}]` : named}:${port}`;
}

async function closed(server: Server): Promise<void> {
  if (!server.listening) return;
  const timer = setTimeout(() => server.closeAllConnections(), closeBoundMs);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(timer);
}

class LiveDoor {
  readonly #options: LiveServerOptions;
  readonly #limits: Limits;
  readonly #tokenHash: Buffer;
  #open = 0;
  isStopping = false;

  constructor(options: LiveServerOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#tokenHash = hashOf(options.token);
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const problem = this.#problemOf(request);
    if (problem !== null) return refuse(response, problem);
    this.#open += 1;
    try {
      await this.#answer(request, response);
    } finally {
      this.#open -= 1;
    }
  }

  #problemOf({ headers, method, url }: IncomingMessage): Problem | null {
    if (url !== '/live') return { status: 404, error: `nothing is here but POST /live, found ${url ?? ''}` };
    if (method !== 'POST') return { status: 405, error: `use POST, found ${method ?? ''}`, allow: 'POST' };
    const [, token] = /^Bearer (.+)$/.exec(headers.authorization ?? '') ?? [];
    if (token === undefined || !timingSafeEqual(hashOf(token), this.#tokenHash))
      return { status: 401, error: 'the bearer token is not that of this worker; read it from table worker' };
    if (Number(headers['content-length'] ?? 0) > this.#limits.bodyBytes) return tooLarge(this.#limits);
    if (this.isStopping) return { status: 503, error: 'this worker is stopping; ask another replica' };
    if (this.#open >= this.#limits.openAnswers)
      return { status: 503, error: `this worker answers ${this.#open} requests already; ask again` };
    return null;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request, this.#limits.bodyBytes);
    if (body === null) return refuse(response, tooLarge(this.#limits));
    let wanted: LiveRequest;
    try {
      wanted = readLiveRequest(body);
    } catch (error) {
      if (!(error instanceof BadLiveRequest)) throw error;
      return refuse(response, { status: 400, error: error.message });
    }
    const { reply, open } = await this.#ask(wanted);
    try {
      await this.#send(response, reply, open);
    } finally {
      await closeAll(open);
    }
  }

  /** An attempt that ends takes its files along: it is asked again, and says what has become of the sequence. */
  async #ask(wanted: LiveRequest): Promise<{ reply: LiveReply; open: readonly FileHandle[] }> {
    for (let left = asksPerAnswer; ; left -= 1) {
      const reply = await this.#options.registry.ask(wanted);
      try {
        // Once open they can be read to the end, whoever removes them.
        return { reply, open: await openAll(reply.files) };
      } catch (error) {
        if (left <= 1) throw error;
      } finally {
        reply.release();
      }
    }
  }

  async #send(
    response: ServerResponse,
    { sequences, files }: LiveReply,
    open: readonly FileHandle[],
  ): Promise<void> {
    const header = Buffer.from(JSON.stringify({ sequences }));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(header.length);
    const bytes = files.reduce((sum, file) => sum + file.bytes, length.length + header.length);
    response.setTimeout(this.#limits.stallMs, () => response.destroy());
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes });
    response.write(Buffer.concat([length, header]));
    for (const file of open) {
      if (response.destroyed) return;
      await pipeline(file.createReadStream({ autoClose: false }), response, { end: false });
    }
    response.end();
  }
}

async function openAll(files: LiveReply['files']): Promise<FileHandle[]> {
  const open: FileHandle[] = [];
  try {
    for (const { localPath } of files) open.push(await openFile(localPath, 'r'));
    return open;
  } catch (error) {
    await closeAll(open);
    throw error;
  }
}

/** One that cannot be closed keeps none of the others open. */
async function closeAll(files: readonly FileHandle[]): Promise<void> {
  await Promise.allSettled(files.map((file) => file.close()));
}

type Problem = { readonly status: number; readonly error: string; readonly allow?: string };

function tooLarge({ bodyBytes }: Limits): Problem {
  return { status: 413, error: `the body may have ${bodyBytes} bytes; ask for fewer sequences at a time` };
}

function refuse(response: ServerResponse, { status, error, allow }: Problem): void {
  const body = JSON.stringify({ error });
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    // What is left of the body is not read.
    connection: 'close',
    ...(allow === undefined ? {} : { allow }),
  });
  response.end(body);
}

/** Null: too large. */
async function bodyOf(request: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxBytes) return null;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** Of one length, so that comparing tells nothing. */
function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
