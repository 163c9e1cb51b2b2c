/**
 * LISTEN on one connection of its own; after every reconnect each handler is called with null: "look again".
 *
 * A notification is a hint that something changed, never the change itself: what was missed while the connection was
 * away is found by looking. So every listener also polls. A connection that only seems to live (the other end is gone, or
 * something between swallows its packets) is found out by asking now and then, and replaced.
 */
import pg from 'pg';

export type Channel =
  /** Payload: `generationLabel(key)`, or what `control-notices.ts` reads. */
  | 'headgate_control'
  /** Payload: the supervisor id; a generation, task, sequence or version of it changed. */
  | 'headgate_supervisor';

type Handler = (payload: string | null) => void;

const firstBackOffMs = 100;
const longestBackOffMs = 5_000;
const probeEveryMs = 15_000;
const probePatienceMs = 10_000;

export class Notifications {
  readonly #url: string;
  readonly #handlers = new Map<Channel, Set<Handler>>();
  #client: pg.Client | null = null;
  #connecting: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;
  #backOffMs = firstBackOffMs;
  #closed = false;
  readonly #probing: NodeJS.Timeout;
  /** Has not answered yet. */
  #probed: pg.Client | null = null;

  constructor(url: string, options: { readonly probeEveryMs?: number } = {}) {
    this.#url = url;
    this.#probing = setInterval(() => this.#probe(), options.probeEveryMs ?? probeEveryMs);
    this.#probing.unref();
  }

  /**
   * Answers when Postgres listens, or at once when it cannot be reached: then the handler is called with null as soon
   * as it can. The returned function ends the subscription.
   */
  async listen(channel: Channel, handler: Handler): Promise<() => void> {
    const handlers = this.#handlers.get(channel) ?? new Set();
    const isFirst = handlers.size === 0;
    handlers.add(handler);
    this.#handlers.set(channel, handlers);
    if (this.#client === null) await this.#connect();
    else if (isFirst) await this.#client.query(`listen ${channel}`).catch(() => this.#reconnectLater());
    return () => {
      handlers.delete(handler);
    };
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#probing);
    if (this.#retry !== null) clearTimeout(this.#retry);
    await this.#connecting;
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => undefined);
  }

  #connect(): Promise<void> {
    this.#connecting ??= this.#tryToConnect().finally(() => {
      this.#connecting = null;
    });
    return this.#connecting;
  }

  async #tryToConnect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: 'headgate-notifications',
      connectionTimeoutMillis: 10_000,
      query_timeout: probePatienceMs,
      keepAlive: true,
    });
    client.on('error', () => this.#reconnectLater(client));
    client.on('end', () => this.#reconnectLater(client));
    client.on('notification', (message) => this.#deliver(message.channel, message.payload ?? null));
    try {
      await client.connect();
      for (const channel of this.#handlers.keys()) await client.query(`listen ${channel}`);
      if (this.#closed) return void (await client.end());
      this.#client = client;
      // A channel that got its first handler while this connection was made.
      for (const channel of this.#handlers.keys()) await client.query(`listen ${channel}`);
      this.#backOffMs = firstBackOffMs;
    } catch {
      this.#reconnectLater(client);
    }
  }

  #probe(): void {
    const client = this.#client;
    if (client === null || client === this.#probed) return;
    this.#probed = client;
    client.query('select').then(
      () => (this.#probed = null),
      // Another one may be on its way already.
      () => client === this.#client && this.#reconnectLater(client),
    );
  }

  #reconnectLater(failed: pg.Client | null = this.#client): void {
    if (failed !== null && this.#client !== null && failed !== this.#client) return;
    const lost = this.#client ?? failed;
    this.#client = null;
    lost?.removeAllListeners();
    lost?.on('error', () => undefined);
    void lost?.end().catch(() => undefined);
    if (this.#closed || this.#retry !== null) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      void this.#connect().then(() => {
        if (this.#client !== null) for (const channel of this.#handlers.keys()) this.#deliver(channel, null);
      });
    }, this.#backOffMs);
    this.#retry.unref();
    this.#backOffMs = Math.min(this.#backOffMs * 2, longestBackOffMs);
  }

  #deliver(channel: string, payload: string | null): void {
    for (const [name, handlers] of this.#handlers) {
      if (name === channel) for (const handler of [...handlers]) handler(payload);
    }
  }
}
