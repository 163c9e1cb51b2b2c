/** A schema registry of Confluent's protocol over node:http, as small as it can be, which a test can also make misbehave. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type FakeSchema = {
  readonly schema: string;
  readonly schemaType?: string;
  readonly references?: readonly { name: string; subject: string; version: number }[];
};

export class FakeRegistry {
  readonly ids = new Map<number, FakeSchema>();
  /** By `subject/version`. */
  readonly versions = new Map<string, FakeSchema>();
  readonly asked: { readonly path: string; readonly headers: IncomingMessage['headers'] }[] = [];
  /** Answers instead, when it returns true. */
  instead: (answer: ServerResponse, path: string) => boolean = () => false;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(port = 0): Promise<FakeRegistry> {
    const server = createServer((request, answer) => registry.#answer(request, answer));
    const registry = new FakeRegistry(server);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return registry;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  #answer({ url: path = '', headers }: IncomingMessage, answer: ServerResponse): void {
    this.asked.push({ path, headers });
    if (this.instead(answer, path)) return;
    const [, id] = /^\/schemas\/ids\/(-?\d+)/.exec(path) ?? [];
    const [, subject, version] = /^\/subjects\/([^/]+)\/versions\/(\d+)/.exec(path) ?? [];
    const found =
      id === undefined
        ? this.versions.get(`${decodeURIComponent(subject ?? '')}/${version ?? ''}`)
        : this.ids.get(Number(id));
    answer.statusCode = found === undefined ? 404 : 200;
    answer.setHeader('content-type', 'application/vnd.schemaregistry.v1+json');
    answer.end(JSON.stringify(found ?? { error_code: 40403, message: 'Schema not found' }));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** What stands before an Avro record of a registry. */
export function withId(id: number, record: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeInt32BE(id, 1);
  return Buffer.concat([head, record]);
}
