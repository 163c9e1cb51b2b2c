/** A broker that only lets in: ApiVersions, SaslHandshake, SaslAuthenticate, and Metadata of an empty cluster, as a test wants them answered. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { FrameAssembler } from '../../../../streams/kafka/wire/frames.ts';
import { WireReader } from '../../../../streams/kafka/wire/reader.ts';
import { WireWriter } from '../../../../streams/kafka/wire/writer.ts';

export type LoginAnswer = {
  readonly errorCode?: number;
  readonly message?: string;
  readonly bytes?: string;
  readonly lifetimeMs?: number;
};

type Seen = { readonly socket: number; readonly api: number; readonly bytes: string };

export class LoginBroker {
  readonly seen: Seen[] = [];
  /** The answer to each SaslAuthenticate; undefined: none. */
  authenticate: (bytes: string) => LoginAnswer | undefined = () => ({});
  handshake: { readonly errorCode: number; readonly mechanisms: readonly string[] } = {
    errorCode: 0,
    mechanisms: ['PLAIN'],
  };
  /** Metadata waits for it. */
  held: Promise<void> = Promise.resolve();
  readonly #sockets = new Set<Socket>();
  #opened = 0;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async start(): Promise<LoginBroker> {
    const broker = new LoginBroker();
    await new Promise<void>((resolve) => broker.#server.listen(0, '127.0.0.1', resolve));
    return broker;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get openSockets(): number {
    return this.#sockets.size;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#opened += 1;
    const number = this.#opened;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    // One after the other, and none once the login is over, as a broker does.
    let turn = Promise.resolve();
    const session = { endsMs: Infinity };
    const frames = new FrameAssembler(1_000_000, (frame) => {
      if (Date.now() > session.endsMs) socket.destroy();
      else turn = turn.then(() => this.#answer(socket, number, frame, session));
    });
    socket.on('data', (bytes: Buffer) => frames.push(bytes));
  }

  async #answer(socket: Socket, number: number, frame: Buffer, session: { endsMs: number }): Promise<void> {
    const reader = new WireReader(frame);
    const [api, , correlationId] = [reader.int16(), reader.int16(), reader.int32()];
    reader.bytes(Math.max(0, reader.int16()));
    const answer = new WireWriter().int32(0).int32(correlationId);
    let bytes = '';
    if (api === 18) writeVersions(answer);
    else if (api === 17) answer.int16(this.handshake.errorCode).array(this.handshake.mechanisms, writeText);
    else if (api === 36) {
      reader.skipTaggedFields();
      bytes = (reader.compactBytes() ?? Buffer.alloc(0)).toString('utf8');
    }
    this.seen.push({ socket: number, api, bytes });
    if (api === 36) {
      const login = this.authenticate(bytes);
      if (login === undefined) return;
      if (login.lifetimeMs) session.endsMs = Date.now() + login.lifetimeMs;
      answer
        .noTaggedFields()
        .int16(login.errorCode ?? 0)
        .compactString(login.message ?? null);
      answer
        .compactBytes(Buffer.from(login.bytes ?? ''))
        .int64(BigInt(login.lifetimeMs ?? 0))
        .noTaggedFields();
    } else if (api === 3) {
      await this.held;
      answer
        .noTaggedFields()
        .int32(0)
        .unsignedVarint(1)
        .compactString(null)
        .int32(-1)
        .unsignedVarint(1)
        .noTaggedFields();
    }
    const whole = answer.finish();
    whole.writeInt32BE(whole.length - 4, 0);
    socket.write(whole);
  }
}

const versions = [
  [1, 4, 17],
  [2, 1, 10],
  [3, 0, 12],
  [17, 0, 1],
  [18, 0, 4],
  [36, 0, 2],
] as const;

function writeVersions(writer: WireWriter): void {
  writer
    .int16(0)
    .compactArray(versions, (element, [api, min, max]) =>
      element.int16(api).int16(min).int16(max).noTaggedFields(),
    )
    .int32(0)
    .noTaggedFields();
}

function writeText(writer: WireWriter, text: string): void {
  writer.nullableString(text);
}
