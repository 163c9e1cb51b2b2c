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
/** Of a record that is too large. */
const keyBytesKept = 4 * 1024;

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
      throw notTaken(this.#topic, error);
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

  /** A record the topic has no room for goes without what is large in it: it must not hold up the others for ever. */
  async #send(letters: readonly DeadLetter[]): Promise<void> {
    try {
      await this.#sendAll(letters.map(messageFor));
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      const [only] = letters;
      if (letters.length > 1) for (const letter of letters) await this.#send([letter]);
      else if (only !== undefined) await this.#sendAll([withoutBulk(only)]);
    }
  }

  async #sendAll(messages: Message[]): Promise<void> {
    await this.#producer.send({ topic: this.#topic, acks: -1, compression: CompressionTypes.None, messages });
  }
}

/** What a broker says of a login is not repeated, as in sasl/login.ts: it knows the password. */
export function notTaken(topic: string, error: unknown): HeadgateError {
  const isLogin = isLoginRefused(error);
  const why = isLogin ? 'the login is refused' : messageOf(error);
  return new HeadgateError(
    'DEAD_LETTERS_UNAVAILABLE',
    `dead letters: topic ${topic} does not take them: ${why}; does it exist, and may this user write to it?`,
    isLogin ? {} : { cause: error },
  );
}

function isLoginRefused(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth += 1)
    if (at.name === 'KafkaJSSASLAuthenticationError') return true;
  return false;
}

function messageFor(letter: DeadLetter): Message {
  // A header may have any name, those of the members of an object too.
  const headers = Object.create(null) as Record<string, Buffer | Buffer[]>;
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

function withoutBulk(letter: DeadLetter): Message {
  const { headers, key, value } = messageFor({ ...letter, headers: [] });
  const keyBytes = key?.length ?? 0;
  const keepsKey = keyBytes <= keyBytesKept;
  return {
    key: keepsKey ? (key ?? null) : null,
    value: null,
    headers: {
      ...headers,
      'headgate.value-left-out': `${value?.length ?? 0} bytes`,
      ...(keepsKey ? {} : { 'headgate.key-left-out': `${keyBytes} bytes` }),
    },
  };
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'type' in error && error.type === tooLarge;
}
