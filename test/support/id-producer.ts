/**
 * Produces rows with unique ids at a steady pace, so that a ledger can say of each id where it ended up.
 *
 * Row: `{"ts","id","p","site","value"}`; ids count from 0, `p` is the partition the row was sent to. `pause` resolves when nothing
 * is in flight: a broker killed then cannot make the producer's own retries write a row twice.
 */
import { Kafka, logLevel, type Producer } from 'kafkajs';

export type IdProducerOptions = {
  readonly bootstrap: string;
  readonly topic: string;
  readonly partitions: number;
  readonly total: number;
  readonly rowsPerSecond: number;
  /** Event time of id 0, milliseconds; later ids spread over `spanMs`. */
  readonly firstTimestampMs: number;
  readonly spanMs: number;
};

const batchRows = 1_000;

export class IdProducer {
  readonly done: Promise<void>;
  readonly #options: IdProducerOptions;
  readonly #producer: Producer;
  #next = 0;
  #sentUntil = 0;
  #paused: { resumed: Promise<void>; resume: () => void } | null = null;
  #idle: Promise<void> = Promise.resolve();
  #stopped = false;

  private constructor(options: IdProducerOptions, producer: Producer) {
    this.#options = options;
    this.#producer = producer;
    this.done = this.#run();
    this.done.catch(() => undefined);
  }

  static async open(options: IdProducerOptions): Promise<IdProducer> {
    const kafka = new Kafka({
      clientId: 'headgate-id-producer',
      brokers: [options.bootstrap],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 100, retries: 30, maxRetryTime: 2_000 },
    });
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: options.topic, numPartitions: options.partitions }] });
    await admin.disconnect();
    // Idempotent: a request that is sent again must not write its records twice.
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    return new IdProducer(options, producer);
  }

  /** Rows acknowledged so far. */
  get produced(): number {
    return this.#next;
  }

  /** Rows that may have reached the stream: those acknowledged, and the batch under way. Ids are their own numbers. */
  get sent(): { readonly count: number; readonly sum: number } {
    return { count: this.#sentUntil, sum: (this.#sentUntil * (this.#sentUntil - 1)) / 2 };
  }

  async pause(): Promise<void> {
    if (this.#paused === null) {
      let resume = (): void => undefined;
      const resumed = new Promise<void>((resolve) => (resume = resolve));
      this.#paused = { resumed, resume };
    }
    await this.#idle;
  }

  resume(): void {
    this.#paused?.resume();
    this.#paused = null;
  }

  async close(): Promise<void> {
    this.#stopped = true;
    this.resume();
    await this.done.catch(() => undefined);
    await this.#producer.disconnect();
  }

  async #run(): Promise<void> {
    const startedMs = Date.now();
    let pausedMs = 0;
    while (this.#next < this.#options.total && !this.#stopped) {
      if (this.#paused !== null) {
        const since = Date.now();
        await this.#paused.resumed;
        pausedMs += Date.now() - since;
        continue;
      }
      this.#idle = this.#sendBatch();
      await this.#idle;
      const due = startedMs + pausedMs + (this.#next / this.#options.rowsPerSecond) * 1_000;
      if (due > Date.now()) await new Promise((resolve) => setTimeout(resolve, due - Date.now()));
    }
  }

  async #sendBatch(): Promise<void> {
    const { topic, partitions, total, firstTimestampMs, spanMs } = this.#options;
    const until = Math.min(this.#next + batchRows, total);
    this.#sentUntil = until;
    const messages = [];
    for (let id = this.#next; id < until; id += 1) {
      const partition = id % partitions;
      const ts = new Date(firstTimestampMs + ((id * 37) % spanMs)).toISOString();
      messages.push({
        partition,
        value: JSON.stringify({ ts, id, p: partition, site: `site-${id % 50}`, value: (id % 1000) / 4 }),
      });
    }
    await this.#producer.send({ topic, acks: -1, messages });
    this.#next = until;
  }
}
