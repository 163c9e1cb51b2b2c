/** A fake of `POST /druid/v2/sql` and its DELETE: a test says what a statement answers, or lets it run until it is stopped. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Asked = {
  readonly query: string;
  readonly resultFormat: string;
  readonly header: boolean;
  readonly context: Readonly<Record<string, unknown>>;
  readonly parameters?: readonly unknown[];
};

export type Answer = {
  readonly status?: number;
  readonly body: string | readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
};

export class SqlServer {
  readonly asked: Asked[] = [];
  readonly cancelled: string[] = [];
  /** What a statement answers; `hang` runs until it is cancelled. */
  answer: (asked: Asked) => Answer | 'hang' = () => ({ body: '[]\n' });
  /** How many times a DELETE says that there is no such query yet. */
  unknownCancels = 0;
  readonly #hanging = new Map<string, ServerResponse>();
  readonly #server = createServer((request, response) => this.#serve(request, response));

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get hanging(): number {
    return this.#hanging.size;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method === 'DELETE') return this.#cancel(request.url ?? '', response);
      const asked = JSON.parse(Buffer.concat(chunks).toString()) as Asked;
      this.asked.push(asked);
      const answer = this.answer(asked);
      if (answer === 'hang') return void this.#hanging.set(String(asked.context['sqlQueryId']), response);
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
      for (const part of [answer.body].flat()) response.write(part);
      response.end();
    });
  }

  #cancel(url: string, response: ServerResponse): void {
    const id = decodeURIComponent(url.split('/').at(-1) ?? '');
    const running = this.#hanging.get(id);
    if (this.unknownCancels > 0 || running === undefined) {
      this.unknownCancels--;
      return void response.writeHead(404).end('{"error":"not running"}');
    }
    this.cancelled.push(id);
    this.#hanging.delete(id);
    response.writeHead(202).end();
    running.writeHead(400).end(sqlError('the query was stopped'));
  }
}

export function sqlError(errorMessage: string, context: Record<string, string> = {}): string {
  return JSON.stringify({ error: 'druidException', errorCode: 'invalidInput', errorMessage, context });
}

/** An answer in the format `array`, with names. */
export function rows(...lines: readonly (readonly unknown[])[]): Answer {
  return { body: `${JSON.stringify(lines)}\n` };
}
