/** One broker as seen by one user of it: a connection that is opened when needed and again after it broke. */
import { HeadgateError } from '../../domain/errors.ts';
import { Connection, formatAddress, type Address, type ConnectionOptions } from './connection.ts';
import type { Message } from './messages/message.ts';

export class Broker {
  readonly address: Address;
  readonly #options: ConnectionOptions;
  #connection: Connection | null = null;
  #closed = false;

  constructor(address: Address, options: ConnectionOptions) {
    this.address = address;
    this.#options = options;
  }

  get name(): string {
    return formatAddress(this.address);
  }

  get isConnected(): boolean {
    return this.#connection?.isUsable === true;
  }

  /** One attempt. Throws as `Connection.request` does; the next call connects again. Pauses are the caller's. */
  async request<Request, Response>(
    message: Message<Request, Response>,
    body: Request,
    timeoutMs?: number,
  ): Promise<Response> {
    if (this.#closed)
      throw new HeadgateError(
        'STREAM_UNREACHABLE',
        `the connection to Kafka broker ${this.name} was closed by this process`,
      );
    if (this.#connection?.isUsable !== true) this.#connection = new Connection(this.address, this.#options);
    return this.#connection.request(message, body, timeoutMs);
  }

  close(): void {
    this.#closed = true;
    this.#connection?.close();
  }
}
