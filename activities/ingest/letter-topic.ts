/**
 * Dead letters as records of a topic in the same cluster: key, value and headers as they were, and what Headgate knows of them
 * in headers of its own. Durable on all in-sync replicas before `deliver` resolves.
 */
import { CompressionTypes, Kafka, logLevel, type KafkaConfig, type Message, type Producer } from 'kafkajs';
import { HeadgateError, messageOf } from '../../domain/errors.ts';
import { bytesOf, type DeadLetter } from './dead-letter.ts';
import type { LetterSink } from './dead-letter-office.ts';

const requestTimeoutMs = 15_000;
/** Kafka's error of a record beyond the topic's max.message.bytes. */
const tooLarge = 'MESSAGE_TOO_LARGE';

export class LetterTopic implements LetterSink {
  readonly #topic: string;
  readonly #producer: Producer;
  #connected: Promise<void> | null = null;

  constructor(topic: string, connection: KafkaConfig) {
    this.#topic = topic;
    this.#producer = new Kafka({
      ...connection,
      logLevel: logLevel.NOTHING,
      requestTimeout: requestTimeoutMs,
      retry: { retries: 2 },
    }).producer({ allowAutoTopicCreation: false });
  }

  async deliver(letters: readonly DeadLetter[]): Promise<void> {
    try {
      await this.#connect();
      await this.#send(letters);
    } catch (error) {
      throw new HeadgateError(
        'DEAD_LETTERS_UNAVAILABLE',
        `dead letters: topic ${this.#topic} does not take them: ${messageOf(error)}; does it exist, and may this user write to it?`,
        { cause: error },
      );
    }
  }

  async close(): Promise<void> {
    if (this.#connected !== null) await this.#producer.disconnect().catch(() => undefined);
  }

  #connect(): Promise<void> {
    this.#connected ??= this.#producer.connect().catch((error: unknown) => {
      this.#connected = null;
      throw error;
    });
    return this.#connected;
  }

  /** A record the topic has no room for goes without its value: it must not hold up the others for ever. */
  async #send(letters: readonly DeadLetter[]): Promise<void> {
    try {
      await this.#sendAll(letters.map(messageFor));
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      const [only] = letters;
      if (letters.length > 1) for (const letter of letters) await this.#send([letter]);
      else if (only !== undefined) await this.#sendAll([withoutValue(only)]);
    }
  }

  async #sendAll(messages: Message[]): Promise<void> {
    await this.#producer.send({ topic: this.#topic, acks: -1, compression: CompressionTypes.None, messages });
  }
}

function messageFor(letter: DeadLetter): Message {
  const headers: Record<string, Buffer | Buffer[]> = {};
  for (const { key, value, valueBase64 } of letter.headers) {
    const bytes = bytesOf(value, valueBase64) ?? Buffer.alloc(0);
    const before = headers[key];
    headers[key] = before === undefined ? bytes : [...(Array.isArray(before) ? before : [before]), bytes];
  }
  return {
    key: bytesOf(letter.key, letter.keyBase64),
    value: bytesOf(letter.value, letter.valueBase64),
    headers: {
      ...headers,
      'headgate.topic': letter.topic,
      'headgate.partition': letter.partition,
      'headgate.offset': letter.offset,
      'headgate.timestamp': String(letter.timestamp),
      'headgate.reason': letter.reasons.join('; '),
    },
  };
}

function withoutValue(letter: DeadLetter): Message {
  const { headers, key } = messageFor({ ...letter, headers: [] });
  const bytes = bytesOf(letter.value, letter.valueBase64)?.byteLength ?? 0;
  return {
    key: key ?? null,
    value: null,
    headers: { ...headers, 'headgate.value-left-out': `${bytes} bytes` },
  };
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'type' in error && error.type === tooLarge;
}
