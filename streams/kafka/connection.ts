/**
 * One socket to one broker, from connecting to its end; it never reconnects (broker.ts does).
 *
 * Requests are answered in order, matched by correlation id. Whatever goes wrong - refused, closed, an answer that
 * is late, out of order or unreadable - ends the connection and fails every request under way: after such an event
 * nothing that comes on this socket can be trusted. Every wait is bounded and `close` ends all of them at once.
 */
import { connect, type Socket } from 'node:net';
import { HeadgateError, isHeadgateError } from '../../domain/errors.ts';
import { nameKafkaError, kafkaError } from './kafka-errors.ts';
import { apiVersions, apiVersionsFallback, type ApiVersionsResponse } from './messages/api-versions.ts';
import { fetch } from './messages/fetch.ts';
import { listOffsets } from './messages/list-offsets.ts';
import type { Message } from './messages/message.ts';
import { metadata } from './messages/metadata.ts';
import { FrameAssembler } from './wire/frames.ts';
import { WireReader } from './wire/reader.ts';
import { WireWriter } from './wire/writer.ts';

export type ConnectionOptions = {
  readonly clientId: string;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** An answer larger than this ends the connection. */
  readonly answerBytesMax: number;
};

export type Address = { readonly host: string; readonly port: number };

type Pending = {
  readonly name: string;
  readonly correlationId: number;
  readonly answer: (frame: Buffer) => void;
  readonly fail: (error: HeadgateError) => void;
};

/** What every broker we read from must speak. */
const needed = [metadata, listOffsets, fetch];
const readBufferBytes = 128 * 1024;

export class Connection {
  readonly address: string;
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  readonly #frames: FrameAssembler;
  readonly #ready: Promise<void>;
  #pending: Pending[] = [];
  #nextCorrelationId = 1;
  #failure: HeadgateError | null = null;

  constructor(address: Address, options: ConnectionOptions) {
    this.address = formatAddress(address);
    this.#options = options;
    this.#frames = new FrameAssembler(options.answerBytesMax, (frame) => this.#onFrame(frame));
    this.#socket = connect({
      ...address,
      noDelay: true,
      keepAlive: true,
      onread: {
        buffer: Buffer.allocUnsafeSlow(readBufferBytes),
        callback: (length, bytes) => this.#onBytes(bytes, length),
      },
    });
    this.#socket.on('error', (cause) => this.#end(`failed: ${cause.message}`, cause));
    this.#socket.on('close', () => this.#end('was closed by the broker'));
    this.#ready = this.#open();
    // Requests await it; when there is none, its failure has nobody to tell.
    this.#ready.catch(() => undefined);
  }

  get isUsable(): boolean {
    return this.#failure === null;
  }

  /** Throws STREAM_UNREACHABLE or STREAM_PROTOCOL; the connection has ended then. */
  async request<Request, Response>(
    message: Message<Request, Response>,
    body: Request,
    timeoutMs = this.#options.requestTimeoutMs,
  ): Promise<Response> {
    await this.#ready;
    return this.#send(message, body, timeoutMs);
  }

  close(): void {
    this.#end('was closed by this process');
  }

  async #open(): Promise<void> {
    await this.#connected();
    const request = { softwareName: 'headgate', softwareVersion: '1' };
    let answer = await this.#send(apiVersions, request, this.#options.requestTimeoutMs);
    if (answer.errorCode === kafkaError.UNSUPPORTED_VERSION)
      answer = await this.#send(apiVersionsFallback, request, this.#options.requestTimeoutMs);
    this.#checkVersions(answer);
  }

  #connected(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { connectTimeoutMs } = this.#options;
      const timer = setTimeout(
        () => this.#end(`did not open within ${connectTimeoutMs} ms`),
        connectTimeoutMs,
      );
      this.#socket.once('connect', () => {
        clearTimeout(timer);
        resolve();
      });
      this.#socket.once('close', () => {
        clearTimeout(timer);
        reject(this.#failure ?? this.#problem('was closed'));
      });
    });
  }

  #checkVersions(answer: ApiVersionsResponse): void {
    if (answer.errorCode !== kafkaError.NONE)
      throw this.#end(`answered ApiVersions with ${nameKafkaError(answer.errorCode)}`);
    for (const { name, apiKey, version } of needed) {
      const range = answer.apis.find((api) => api.apiKey === apiKey);
      if (range !== undefined && range.min <= version && version <= range.max) continue;
      const found = range === undefined ? 'no version' : `versions ${range.min} to ${range.max}`;
      throw this.#end(
        `speaks ${found} of ${name}, expected version ${version}; Kafka 3.1 or newer is needed`,
        undefined,
        'STREAM_PROTOCOL',
      );
    }
  }

  #send<Request, Response>(
    message: Message<Request, Response>,
    body: Request,
    timeoutMs: number,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure);
      const correlationId = this.#nextCorrelationId;
      this.#nextCorrelationId = (correlationId + 1) & 0x7fffffff;
      const timer = setTimeout(
        () => this.#end(`did not answer ${message.name} within ${timeoutMs} ms`),
        timeoutMs,
      );
      this.#pending.push({
        name: message.name,
        correlationId,
        answer: (frame) => {
          clearTimeout(timer);
          resolve(readAnswer(message, frame));
        },
        fail: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      this.#socket.write(frameRequest(message, body, { correlationId, clientId: this.#options.clientId }));
    });
  }

  #onBytes(bytes: Uint8Array, length: number): boolean {
    try {
      this.#frames.push(length === bytes.length ? bytes : bytes.subarray(0, length));
    } catch (error) {
      this.#endWith(error);
    }
    return true;
  }

  #onFrame(frame: Buffer): void {
    if (this.#failure !== null) return;
    const pending = this.#pending[0];
    const correlationId = frame.readInt32BE(0);
    if (pending === undefined || pending.correlationId !== correlationId) {
      const expected = pending === undefined ? 'none' : `${pending.correlationId} (${pending.name})`;
      this.#end(
        `answered correlation id ${correlationId}, expected ${expected}`,
        undefined,
        'STREAM_PROTOCOL',
      );
      return;
    }
    try {
      pending.answer(frame);
      this.#pending.shift();
    } catch (error) {
      this.#endWith(error);
    }
  }

  #endWith(error: unknown): void {
    const isProtocol = isHeadgateError(error) && error.code === 'STREAM_PROTOCOL';
    const what = error instanceof Error ? error.message : String(error);
    this.#end(`cannot be understood: ${what}`, error, isProtocol ? 'STREAM_PROTOCOL' : 'STREAM_UNREACHABLE');
  }

  /** Idempotent; the first reason stays. */
  #end(
    what: string,
    cause?: unknown,
    code: 'STREAM_UNREACHABLE' | 'STREAM_PROTOCOL' = 'STREAM_UNREACHABLE',
  ): HeadgateError {
    if (this.#failure !== null) return this.#failure;
    const failure = this.#problem(what, cause, code);
    this.#failure = failure;
    const pending = this.#pending;
    this.#pending = [];
    this.#socket.destroy();
    for (const { fail } of pending) fail(failure);
    return failure;
  }

  #problem(
    what: string,
    cause?: unknown,
    code: 'STREAM_UNREACHABLE' | 'STREAM_PROTOCOL' = 'STREAM_UNREACHABLE',
  ): HeadgateError {
    return new HeadgateError(code, `the connection to Kafka broker ${this.address} ${what}`, {
      details: { broker: this.address },
      cause,
    });
  }
}

export function formatAddress({ host, port }: Address): string {
  return `${host}:${port}`;
}

function frameRequest<Request>(
  message: Message<Request, unknown>,
  body: Request,
  header: { readonly correlationId: number; readonly clientId: string },
): Buffer {
  const writer = new WireWriter(512);
  writer.int32(0).int16(message.apiKey).int16(message.version).int32(header.correlationId);
  writer.nullableString(header.clientId);
  if (message.header.request === 2) writer.noTaggedFields();
  message.write(writer, body);
  const frame = writer.finish();
  frame.writeInt32BE(frame.length - 4, 0);
  return frame;
}

function readAnswer<Response>(message: Message<never, Response>, frame: Buffer): Response {
  const reader = new WireReader(frame);
  reader.int32();
  if (message.header.response === 1) reader.skipTaggedFields();
  const response = message.read(reader);
  reader.end();
  return response;
}
