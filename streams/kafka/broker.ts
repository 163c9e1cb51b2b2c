/**
 * One broker as seen by one user of it: a connection that is opened when needed, again after it broke, and anew before
 * the broker ends its login.
 */
import { HeadgateError } from '../../domain/errors.ts';
import { Connection, formatAddress, type Address, type ConnectionOptions } from './connection.ts';
import type { Message } from './messages/message.ts';

export class Broker {
  readonly address: Address;
  readonly #options: ConnectionOptions;
  #connection: Connection | null = null;
  /** Give place to a newer one; the last answers are still on their way. */
  readonly #retired = new Set<Connection>();
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
    return this.#usable().request(message, body, timeoutMs);
  }

  #usable(): Connection {
    const current = this.#connection;
    if (current?.isUsable === true && !current.isAging) return current;
    if (current?.isUsable === true) this.#retire(current);
    this.#connection = new Connection(this.address, this.#options);
    return this.#connection;
  }

  #retire(old: Connection): void {
    for (const retired of this.#retired) if (!retired.isUsable) this.#retired.delete(retired);
    this.#retired.add(old);
    old.retire();
  }

  close(): void {
    this.#closed = true;
    this.#connection?.close();
    for (const retired of this.#retired) retired.close();
  }
}
