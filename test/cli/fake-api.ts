/** A server that answers what a test says and remembers what it was asked, and the built program run against it. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

const main = join(import.meta.dirname, '../../dist/cli/main.js');

export type Outcome = { readonly code: number | null; readonly out: string; readonly err: string };
export type Seen = {
  readonly request: string;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
};

export type FakeApi = {
  readonly url: string;
  /** Everything asked since the last `forget`. */
  readonly seen: Seen[];
  /** `METHOD path`; the path may end in `*`. A text goes out as it is. */
  answer(request: string, body: unknown, status?: number): void;
  forget(): void;
  run(words: readonly string[], options?: RunOptions): Promise<Outcome>;
  close(): Promise<void>;
};

export type RunOptions = {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
};

type Answer = { readonly status: number; readonly body: string };
const unknown: Answer = {
  status: 404,
  body: JSON.stringify({ error: `[nope] does not exist`, errorCode: 'SUPERVISOR_UNKNOWN' }),
};

export async function startFakeApi(): Promise<FakeApi> {
  const answers = new Map<string, Answer>();
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const name = `${request.method} ${request.url}`;
      seen.push({ request: name, body: Buffer.concat(chunks).toString(), headers: request.headers });
      const found = answers.get(name) ?? longest(answers, name) ?? unknown;
      response.writeHead(found.status, { 'content-type': 'application/json' }).end(found.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    seen,
    answer: (request, body, status = 200) => {
      answers.set(request, { status, body: typeof body === 'string' ? body : JSON.stringify(body) });
    },
    forget: () => {
      answers.clear();
      seen.length = 0;
    },
    run: (words, options) => run(url, words, options),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function longest(answers: ReadonlyMap<string, Answer>, name: string): Answer | null {
  const fitting = [...answers].filter(([key]) => key.endsWith('*') && name.startsWith(key.slice(0, -1)));
  return fitting.sort(([left], [right]) => right.length - left.length)[0]?.[1] ?? null;
}

function run(url: string, words: readonly string[], { input, env, cwd }: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...words], {
      env: { PATH: process.env['PATH'], HEADGATE_URL: url, ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    const [out, err]: [string[], string[]] = [[], []];
    child.stdout.on('data', (data: Buffer) => out.push(data.toString()));
    child.stderr.on('data', (data: Buffer) => err.push(data.toString()));
    child.on('close', (code) => resolve({ code, out: out.join(''), err: err.join('') }));
    child.stdin.end(input ?? '');
  });
}
