/**
 * One socket to one broker, from connecting - with TLS and a login where the settings say so - to its end; it never
 * reconnects (broker.ts does).
 *
 * Requests are answered in order, matched by correlation id. Whatever goes wrong - refused, closed, an answer that
 * is late, out of order or unreadable - ends the connection and fails every request under way: after such an event
 * nothing that comes on this socket can be trusted. Every wait is bounded and `close` ends all of them at once.
 */
import { connect, type Socket } from 'node:net';
import { assert } from '../../domain/assert.ts';
import { HeadgateError, isHeadgateError } from '../../domain/errors.ts';
import { nameKafkaError, kafkaError } from './kafka-errors.ts';
import { apiVersions, apiVersionsFallback, type ApiVersionsResponse } from './messages/api-versions.ts';
import { fetch } from './messages/fetch.ts';
import { listOffsets } from './messages/list-offsets.ts';
import type { Message } from './messages/message.ts';
import { metadata } from './messages/metadata.ts';
import { saslAuthenticate } from './messages/sasl-authenticate.ts';
import { saslHandshake } from './messages/sasl-handshake.ts';
import { logIn } from './sasl/login.ts';
import type { SaslSettings, Security } from './security.ts';
import {
  closedBeforeAnswer,
  closedInHandshake,
  tlsExpected,
  tlsProblem,
  type TlsPlace,
} from './tls-problems.ts';
import { connectTls } from './tls.ts';
import { FrameAssembler } from './wire/frames.ts';
import { WireReader } from './wire/reader.ts';
import { WireWriter } from './wire/writer.ts';

export type ConnectionOptions = {
  readonly clientId: string;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** An answer larger than this ends the connection. */
  readonly answerBytesMax: number;
  readonly security: Security;
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
const neededToLogIn = [saslHandshake, saslAuthenticate];
/** The first two bytes of a TLS alert: how a TLS server answers what it cannot read. */
const tlsAlert = [0x15, 0x03] as const;
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
  /** Requests asked for and not over. */
  #uses = 0;
  #stage: 'connecting' | 'connected' | 'answered' | 'usable' = 'connecting';
  #hasBytes = false;
  #isRetired = false;
  /** The broker lets the login last no longer; null: for as long as the connection lasts. */
  #sessionEndsMs: number | null = null;
  #fail: (error: HeadgateError) => void = () => undefined;

  constructor(address: Address, options: ConnectionOptions) {
    this.address = formatAddress(address);
    this.#options = options;
    this.#frames = new FrameAssembler(options.answerBytesMax, (frame) => this.#onFrame(frame));
    this.#socket = this.#connect(address);
    this.#socket.on('error', (cause) => this.#onError(cause));
    this.#socket.on('close', () => this.#onClosed());
    // Whatever the opening waits for, the end of the connection ends it.
    const over = new Promise<never>((_, reject) => (this.#fail = reject));
    this.#ready = Promise.race([this.#open(), over]);
    // Requests await it; when there is none, its failure has nobody to tell.
    this.#ready.catch(() => undefined);
  }

  get isUsable(): boolean {
    return this.#failure === null;
  }

  /** Whether the login is so near to its end that another connection should take over. */
  get isAging(): boolean {
    return this.#sessionEndsMs !== null && Date.now() >= this.#sessionEndsMs;
  }

  /** Throws STREAM_UNREACHABLE, STREAM_PROTOCOL, STREAM_AUTH_FAILED or STREAM_TLS_FAILED; the connection has ended then. */
  async request<Request, Response>(
    message: Message<Request, Response>,
    body: Request,
    timeoutMs = this.#options.requestTimeoutMs,
  ): Promise<Response> {
    this.#uses += 1;
    try {
      await this.#ready;
      return await this.#send(message, body, timeoutMs);
    } finally {
      this.#uses -= 1;
      if (this.#isRetired && this.#uses === 0) this.close();
    }
  }

  /** No more requests are coming: closes when the last one is over. */
  retire(): void {
    this.#isRetired = true;
    if (this.#uses === 0) this.close();
  }

  close(): void {
    this.#end('was closed by this process');
  }

  #connect(address: Address): Socket {
    const callback = (length: number, bytes: Uint8Array): boolean => this.#onBytes(bytes, length);
    const { tls } = this.#options.security;
    if (tls === null) {
      // What the socket reads goes straight into the answer under way.
      const onread = { buffer: () => this.#frames.space(), callback };
      return connect({ ...address, noDelay: true, keepAlive: true, onread });
    }
    const onread = { buffer: Buffer.allocUnsafeSlow(readBufferBytes), callback };
    const socket = connectTls(address, tls, { onread });
    return socket.setNoDelay(true).setKeepAlive(true);
  }

  async #open(): Promise<void> {
    await this.#connected();
    const request = { softwareName: 'headgate', softwareVersion: '1' };
    let answer = await this.#send(apiVersions, request, this.#options.requestTimeoutMs);
    if (answer.errorCode === kafkaError.UNSUPPORTED_VERSION)
      answer = await this.#send(apiVersionsFallback, request, this.#options.requestTimeoutMs);
    this.#checkVersions(answer);
    const { sasl } = this.#options.security;
    if (sasl !== null) await this.#logIn(sasl);
  }

  #connected(): Promise<void> {
    return new Promise((resolve) => {
      const { connectTimeoutMs, security } = this.#options;
      const timer = setTimeout(
        () => this.#end(`did not open within ${connectTimeoutMs} ms`),
        connectTimeoutMs,
      );
      this.#socket.once(security.tls === null ? 'connect' : 'secureConnect', () => {
        this.#stage = 'connected';
        resolve();
      });
      for (const event of ['connect', 'secureConnect', 'close'])
        if (event !== 'connect' || security.tls === null) this.#socket.once(event, () => clearTimeout(timer));
    });
  }

  /** The gate may hold it up while the same login is tried on another connection: no longer than one request may take. */
  async #logIn(sasl: SaslSettings): Promise<void> {
    const { requestTimeoutMs } = this.#options;
    const timer = setTimeout(
      () => this.#end(`did not log in within ${3 * requestTimeoutMs} ms`),
      3 * requestTimeoutMs,
    );
    try {
      const lifetimeMs = await sasl.gate.pass(() =>
        logIn(sasl, {
          broker: this.address,
          send: (message, body) => this.#send(message, body, requestTimeoutMs),
        }),
      );
      if (lifetimeMs !== null) this.#sessionEndsMs = Date.now() + lifetimeMs * (0.75 + Math.random() / 10);
    } catch (error) {
      assert(isHeadgateError(error), `a login fails with an error of ours, not ${String(error)}`);
      throw this.#endFor(error);
    } finally {
      clearTimeout(timer);
    }
  }

  #checkVersions(answer: ApiVersionsResponse): void {
    if (answer.errorCode !== kafkaError.NONE)
      throw this.#end(`answered ApiVersions with ${nameKafkaError(answer.errorCode)}`);
    const all = this.#options.security.sasl === null ? needed : [...needed, ...neededToLogIn];
    for (const { name, apiKey, version } of all) {
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
    const isFirst = !this.#hasBytes;
    this.#hasBytes = true;
    if (isFirst && this.#options.security.tls === null && tlsAlert.every((byte, at) => bytes[at] === byte)) {
      this.#endFor(tlsExpected(this.address));
      return true;
    }
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
      this.#stage = pending.name === apiVersions.name ? 'answered' : 'usable';
    } catch (error) {
      this.#endWith(error);
    }
  }

  #onError(cause: Error): void {
    const place = this.#tlsPlace();
    const problem = place === null ? null : tlsProblem(cause, place);
    if (problem !== null) this.#endFor(problem);
    else this.#end(`failed: ${cause.message}`, cause);
  }

  /** Closed without a word: how far it had come says what the broker may have missed. */
  #onClosed(): void {
    const place = this.#tlsPlace();
    const { sasl } = this.#options.security;
    if (this.#stage === 'connecting' && place !== null) this.#endFor(closedInHandshake(place));
    else if (this.#stage === 'connected' && place !== null) this.#endFor(closedBeforeAnswer(place));
    else if (this.#stage === 'connected')
      this.#end('was closed by the broker before it answered anything; does this port want TLS?');
    else if (this.#stage === 'answered' && sasl === null)
      this.#end(
        'was closed by the broker at the first request; does this port want SASL (security.protocol)?',
      );
    else this.#end('was closed by the broker');
  }

  #tlsPlace(): TlsPlace | null {
    const { tls } = this.#options.security;
    return tls === null ? null : { broker: this.address, tls, isSecured: this.#stage !== 'connecting' };
  }

  #endWith(error: unknown): void {
    const isProtocol = isHeadgateError(error) && error.code === 'STREAM_PROTOCOL';
    const what = error instanceof Error ? error.message : String(error);
    this.#end(`cannot be understood: ${what}`, error, isProtocol ? 'STREAM_PROTOCOL' : 'STREAM_UNREACHABLE');
  }

  #end(
    what: string,
    cause?: unknown,
    code: 'STREAM_UNREACHABLE' | 'STREAM_PROTOCOL' = 'STREAM_UNREACHABLE',
  ): HeadgateError {
    return this.#endFor(this.#problem(what, cause, code));
  }

  /** Idempotent; the first reason stays. */
  #endFor(failure: HeadgateError): HeadgateError {
    if (this.#failure !== null) return this.#failure;
    this.#failure = failure;
    const pending = this.#pending;
    this.#pending = [];
    this.#socket.destroy();
    this.#fail(failure);
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
