/**
 * Kafka brokers in this process that misbehave on demand: real sockets, the messages of streams/kafka/messages read and
 * written the other way round, a log per partition made of encoded batches.
 *
 * `intercept` decides per request what becomes of it; without a word from it a request is answered as a broker would.
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { kafkaError } from '../../../streams/kafka/kafka-errors.ts';
import type { AbortedTransaction } from '../../../streams/kafka/messages/fetch.ts';
import { Signal } from '../../../streams/kafka/signal.ts';
import { FrameAssembler } from '../../../streams/kafka/wire/frames.ts';
import { WireReader } from '../../../streams/kafka/wire/reader.ts';
import { WireWriter } from '../../../streams/kafka/wire/writer.ts';

export type AskedPartition = { partition: number; leaderEpoch: number; offset: bigint };

export type FakeRequest =
  | { name: 'ApiVersions'; node: number; version: number }
  | { name: 'Metadata'; node: number; topic: string }
  | { name: 'ListOffsets'; node: number; timestamp: bigint; isolation: number; partitions: AskedPartition[] }
  | {
      name: 'Fetch';
      node: number;
      topicId: string | null;
      maxWaitMs: number;
      maxBytes: number;
      partitionMaxBytes: number;
      sessionId: number;
      sessionEpoch: number;
      /** What the request itself names. */
      named: AskedPartition[];
      forgotten: number[];
      /** What is asked with all that the session holds. */
      partitions: AskedPartition[];
    };

type FetchRequest = Extract<FakeRequest, { name: 'Fetch' }>;

type FetchedPart = { partition: number; errorCode: number; records: Buffer };

export type Action =
  /** Never answer. */
  | 'silence'
  /** Cut the connection. */
  | 'hangUp'
  /** Answer under another correlation id. */
  | 'wrongCorrelationId'
  /** Answer bytes that no message has. */
  | 'garbage'
  | Twist;

/** A broker's own answer, but for this. */
export type Twist = {
  readonly delayMs?: number;
  /** Made at once, sent only then. */
  readonly heldUntil?: Promise<void>;
  readonly throttleMs?: number;
  /** The error of every partition, of the topic, or of the whole answer to ApiVersions 3. */
  readonly errorCode?: number;
  /** The error of a whole fetch. */
  readonly fetchErrorCode?: number;
  /** Instead of the versions a broker of today speaks. */
  readonly apis?: readonly (readonly [apiKey: number, min: number, max: number])[];
};

export type FakePartition = {
  leader: number;
  epoch: number;
  batches: { first: bigint; after: bigint; bytes: Buffer }[];
  earliest: bigint;
  lastStable: bigint | null;
  aborted: AbortedTransaction[];
};

/** What a node keeps of one reader's fetches (KIP-227): partitions in the order in which answers are filled. */
type Session = { epoch: number; topicId: string | null; partitions: Map<number, AskedPartition> };

const currentApis = [
  [1, 4, 17],
  [2, 1, 10],
  [3, 0, 12],
  [18, 0, 4],
] as const;

export class FakeCluster {
  readonly topic = 'clicks';
  topicId: string | null = 'AAAAAAAAAAAAAAAAAAAAAQ';
  readonly partitions: FakePartition[];
  readonly requests: FakeRequest[] = [];
  intercept: (request: FakeRequest) => Action | undefined = () => undefined;
  readonly #nodes = new Map<number, { server: Server; port: number; sockets: Set<Socket> }>();
  readonly #appended = new Signal();
  readonly #sessions = new Map<number, Session>();
  /** As a broker whose cache is full: it gives none. */
  hasSessions = true;
  /** What brokers say of where they are; null: the truth. */
  advertisedPort: number | null = null;

  private constructor(partitions: number, nodes: readonly number[]) {
    this.partitions = Array.from({ length: partitions }, (_, index) => ({
      leader: nodes[index % nodes.length] ?? 1,
      epoch: 0,
      batches: [],
      earliest: 0n,
      lastStable: null,
      aborted: [],
    }));
  }

  static async start(options: { partitions?: number; nodes?: number } = {}): Promise<FakeCluster> {
    const nodes = Array.from({ length: options.nodes ?? 1 }, (_, index) => index + 1);
    const cluster = new FakeCluster(options.partitions ?? 1, nodes);
    for (const node of nodes) await cluster.startNode(node);
    return cluster;
  }

  get bootstrapServers(): string[] {
    return [...this.#nodes.values()].map(({ port }) => `127.0.0.1:${port}`);
  }

  get openSockets(): number {
    return [...this.#nodes.values()].reduce((sum, { sockets }) => sum + sockets.size, 0);
  }

  /** As a broker that started again or needed the room. */
  forgetSessions(): void {
    this.#sessions.clear();
  }

  get openSessions(): number {
    return this.#sessions.size;
  }

  append(partition: number, bytes: Buffer, count: number): void {
    const log = this.#log(partition);
    const first = bytes.readBigInt64BE(0);
    log.batches.push({ first, after: first + BigInt(count), bytes });
    this.#appended.notify();
  }

  endOf(log: FakePartition): bigint {
    return log.batches.at(-1)?.after ?? log.earliest;
  }

  async startNode(node: number, port = 0): Promise<void> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
      this.#serve(node, socket);
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    this.#nodes.set(node, { server, port: (server.address() as AddressInfo).port, sockets });
  }

  /** Returns the port, to start it again there. */
  async stopNode(node: number): Promise<number> {
    const found = this.#nodes.get(node);
    if (found === undefined) return 0;
    for (const socket of found.sockets) socket.destroy();
    await new Promise((resolve) => found.server.close(resolve));
    return found.port;
  }

  async close(): Promise<void> {
    for (const node of this.#nodes.keys()) await this.stopNode(node);
    this.#appended.notify();
  }

  #log(partition: number): FakePartition {
    const log = this.partitions[partition];
    if (log === undefined) throw new Error(`the fake topic has no partition ${partition}`);
    return log;
  }

  #serve(node: number, socket: Socket): void {
    let queue = Promise.resolve();
    const frames = new FrameAssembler(1_000_000, (frame) => {
      // A broker handles one request of a connection after the other.
      queue = queue.then(() => this.#answer(node, socket, frame));
    });
    socket.on('data', (bytes) => frames.push(bytes as Buffer));
  }

  async #answer(node: number, socket: Socket, frame: Buffer): Promise<void> {
    const reader = new WireReader(frame);
    const apiKey = reader.int16();
    const version = reader.int16();
    const correlationId = reader.int32();
    reader.skip(reader.int16());
    const request = readRequest(reader, { node, apiKey, version });
    const fetchError = request.name === 'Fetch' ? this.#joinSession(request) : kafkaError.NONE;
    this.requests.push(request);
    const action = this.intercept(request);
    if (action === 'silence') return;
    if (action === 'hangUp') return void socket.destroy();
    const refusal = fetchError === kafkaError.NONE ? {} : { fetchErrorCode: fetchError };
    const twist = { ...refusal, ...(typeof action === 'object' ? action : {}) };
    if (twist.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, twist.delayMs));
    const writer = new WireWriter()
      .int32(0)
      .int32(action === 'wrongCorrelationId' ? correlationId + 7 : correlationId);
    if (request.name !== 'ApiVersions') writer.noTaggedFields();
    if (action === 'garbage') writer.raw(Buffer.alloc(30, 0xfe));
    else await this.#writeBody(writer, request, twist);
    await twist.heldUntil;
    const answer = writer.finish();
    answer.writeInt32BE(answer.length - 4, 0);
    if (!socket.destroyed) socket.write(answer);
  }

  async #writeBody(writer: WireWriter, request: FakeRequest, action: Twist): Promise<void> {
    switch (request.name) {
      case 'ApiVersions':
        return writeApiVersions(writer, request.version, action);
      case 'Metadata':
        return this.#writeMetadata(writer, request, action);
      case 'ListOffsets':
        return this.#writeOffsets(writer, request, action);
      case 'Fetch':
        return this.#writeFetch(writer, request, action);
    }
  }

  #writeMetadata(writer: WireWriter, request: { topic: string }, action: Twist): void {
    const known = request.topic === this.topic && this.topicId !== null;
    const errorCode = action.errorCode ?? (known ? kafkaError.NONE : kafkaError.UNKNOWN_TOPIC_OR_PARTITION);
    writer.int32(0);
    writer.compactArray([...this.#nodes], (element, [node, { port }]) =>
      element
        .int32(node)
        .compactString('127.0.0.1')
        .int32(this.advertisedPort ?? port)
        .compactString(null)
        .noTaggedFields(),
    );
    writer.compactString('fake').int32(1);
    writer.compactArray([request.topic], (element, topic) =>
      element
        .int16(errorCode)
        .compactString(topic)
        .uuid(known ? this.topicId : null)
        .int8(0)
        .compactArray(known ? [...this.partitions.entries()] : [], (list, [partition, { leader, epoch }]) =>
          list
            .int16(leader < 0 ? kafkaError.LEADER_NOT_AVAILABLE : kafkaError.NONE)
            .int32(partition)
            .int32(leader)
            .int32(epoch)
            .compactArray([1], (nodes, node) => nodes.int32(node))
            .compactArray([1], (nodes, node) => nodes.int32(node))
            .compactArray([], () => undefined)
            .noTaggedFields(),
        )
        .int32(0)
        .noTaggedFields(),
    );
    writer.noTaggedFields();
  }

  #writeOffsets(
    writer: WireWriter,
    request: Extract<FakeRequest, { name: 'ListOffsets' }>,
    action: Twist,
  ): void {
    writer.int32(0).compactArray([request], (topic, { partitions, timestamp, isolation }) =>
      topic
        .compactString(this.topic)
        .compactArray(partitions, (element, { partition }) => {
          const log = this.#log(partition);
          const errorCode =
            action.errorCode ?? (log.leader === request.node ? 0 : kafkaError.NOT_LEADER_OR_FOLLOWER);
          const latest = isolation === 1 ? (log.lastStable ?? this.endOf(log)) : this.endOf(log);
          const young = log.batches.find(({ bytes }) => bytes.readBigInt64BE(35) >= timestamp);
          const byTime = young === undefined || young.first >= latest ? -1n : young.first;
          const offset = timestamp === -2n ? log.earliest : timestamp === -1n ? latest : byTime;
          element
            .int32(partition)
            .int16(errorCode)
            .int64(-1n)
            .int64(errorCode === 0 ? offset : -1n)
            .int32(log.epoch)
            .noTaggedFields();
        })
        .noTaggedFields(),
    );
    writer.noTaggedFields();
  }

  /** Fills in `partitions`, and the id of the session it makes. The error that a broker answers, or NONE. */
  #joinSession(request: FetchRequest): number {
    const { named, forgotten, sessionId, sessionEpoch } = request;
    if (sessionEpoch <= 0) {
      this.#sessions.delete(sessionId);
      request.partitions = named;
      request.sessionId = 0;
      if (!this.hasSessions || sessionEpoch < 0) return kafkaError.NONE;
      request.sessionId = 1_000 + this.requests.length;
      const partitions = new Map(named.map((asked) => [asked.partition, asked]));
      this.#sessions.set(request.sessionId, { epoch: 1, topicId: request.topicId, partitions });
      return kafkaError.NONE;
    }
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return kafkaError.FETCH_SESSION_ID_NOT_FOUND;
    if (session.epoch !== sessionEpoch) return kafkaError.INVALID_FETCH_SESSION_EPOCH;
    session.epoch += 1;
    request.topicId = session.topicId;
    for (const partition of forgotten) session.partitions.delete(partition);
    for (const asked of named) session.partitions.set(asked.partition, asked);
    request.partitions = [...session.partitions.values()];
    return kafkaError.NONE;
  }

  /** In a session, what has nothing to say is left out, and what gave records is filled last the next time. */
  #leaveOut(request: FetchRequest, parts: readonly FetchedPart[]): readonly FetchedPart[] {
    const session = request.sessionEpoch > 0 ? this.#sessions.get(request.sessionId) : undefined;
    if (session === undefined) return parts;
    for (const { partition, records } of parts) {
      const asked = session.partitions.get(partition);
      if (asked === undefined || records.length === 0) continue;
      session.partitions.delete(partition);
      session.partitions.set(partition, asked);
    }
    return parts.filter(({ errorCode, records }) => errorCode !== 0 || records.length > 0);
  }

  async #writeFetch(writer: WireWriter, request: FetchRequest, action: Twist): Promise<void> {
    if (action.fetchErrorCode !== undefined) {
      writer.int32(0).int16(action.fetchErrorCode).int32(0);
      writer.compactArray([], () => undefined).noTaggedFields();
      return;
    }
    const deadlineMs = Date.now() + request.maxWaitMs;
    let parts = this.#fetchParts(request, action);
    while (parts.every(({ errorCode, records }) => errorCode === 0 && records.length === 0)) {
      const leftMs = deadlineMs - Date.now();
      if (leftMs <= 0) break;
      await this.#appended.wait(leftMs);
      parts = this.#fetchParts(request, action);
    }
    writer
      .int32(action.throttleMs ?? 0)
      .int16(0)
      .int32(request.sessionId);
    writer.compactArray([this.#leaveOut(request, parts)], (topic, list) =>
      topic
        .uuid(request.topicId)
        .compactArray(list, (element, { partition, errorCode, records }) => {
          const log = this.#log(partition);
          element
            .int32(partition)
            .int16(errorCode)
            .int64(this.endOf(log))
            .int64(log.lastStable ?? this.endOf(log))
            .int64(log.earliest)
            .compactArray(log.aborted, (aborted, { producerId, firstOffset }) =>
              aborted.int64(producerId).int64(firstOffset).noTaggedFields(),
            )
            .int32(-1)
            .compactBytes(records)
            .noTaggedFields();
        })
        .noTaggedFields(),
    );
    writer.noTaggedFields();
  }

  /** Fills the answer in the order asked, the first batch of it whatever its size, the last one cut (KIP-74). */
  #fetchParts(request: FetchRequest, action: Twist): FetchedPart[] {
    let room = request.maxBytes;
    let isFirst = true;
    return request.partitions.map(({ partition, leaderEpoch, offset }) => {
      const log = this.#log(partition);
      const errorCode = action.errorCode ?? this.#fetchError(request, log, leaderEpoch, offset);
      if (errorCode !== 0) return { partition, errorCode, records: Buffer.alloc(0) };
      const all = Buffer.concat(log.batches.filter(({ after }) => after > offset).map(({ bytes }) => bytes));
      const firstBytes = all.length === 0 ? 0 : 12 + all.readInt32BE(8);
      const limit = Math.min(room, request.partitionMaxBytes);
      const size = isFirst ? Math.max(limit, firstBytes) : limit < firstBytes ? 0 : limit;
      const records = all.subarray(0, Math.max(0, size));
      if (records.length > 0) isFirst = false;
      room -= records.length;
      return { partition, errorCode, records };
    });
  }

  #fetchError(request: FetchRequest, log: FakePartition, leaderEpoch: number, offset: bigint): number {
    if (request.topicId !== this.topicId) return kafkaError.UNKNOWN_TOPIC_ID;
    if (log.leader !== request.node) return kafkaError.NOT_LEADER_OR_FOLLOWER;
    if (leaderEpoch < log.epoch) return kafkaError.FENCED_LEADER_EPOCH;
    if (leaderEpoch > log.epoch) return kafkaError.UNKNOWN_LEADER_EPOCH;
    if (offset < log.earliest || offset > this.endOf(log)) return kafkaError.OFFSET_OUT_OF_RANGE;
    return kafkaError.NONE;
  }
}

function writeApiVersions(writer: WireWriter, version: number, action: Twist): void {
  const errorCode = action.errorCode ?? kafkaError.NONE;
  const apis = action.apis ?? currentApis;
  writer.int16(version === 3 ? errorCode : kafkaError.NONE);
  const isOldForm = version === 0 || errorCode === kafkaError.UNSUPPORTED_VERSION;
  if (isOldForm) {
    writer.array(apis, (element, [apiKey, min, max]) => element.int16(apiKey).int16(min).int16(max));
    return;
  }
  writer
    .compactArray(apis, (element, [apiKey, min, max]) =>
      element.int16(apiKey).int16(min).int16(max).noTaggedFields(),
    )
    .int32(0)
    .noTaggedFields();
}

function readRequest(
  reader: WireReader,
  header: { node: number; apiKey: number; version: number },
): FakeRequest {
  const { node, apiKey, version } = header;
  if (apiKey === 18) return { name: 'ApiVersions', node, version };
  reader.skipTaggedFields();
  if (apiKey === 3) {
    const [topic] = reader.compactArray((element) => {
      element.uuid();
      const name = element.compactString();
      element.skipTaggedFields();
      return name;
    });
    return { name: 'Metadata', node, topic: topic ?? '' };
  }
  reader.int32();
  return apiKey === 2 ? readListOffsets(reader, node) : readFetch(reader, node);
}

function readListOffsets(reader: WireReader, node: number): FakeRequest {
  const isolation = reader.int8();
  let timestamp = 0n;
  const partitions = reader.compactArray((topic) => {
    topic.compactString();
    const list = topic.compactArray((element) => {
      const asked = { partition: element.int32(), leaderEpoch: element.int32(), offset: 0n };
      timestamp = element.int64();
      element.skipTaggedFields();
      return asked;
    });
    topic.skipTaggedFields();
    return list;
  });
  return { name: 'ListOffsets', node, timestamp, isolation, partitions: partitions.flat() };
}

function readFetch(reader: WireReader, node: number): FakeRequest {
  const maxWaitMs = reader.int32();
  reader.int32();
  const maxBytes = reader.int32();
  reader.int8();
  const sessionId = reader.int32();
  const sessionEpoch = reader.int32();
  let topicId: string | null = null;
  let partitionMaxBytes = 0;
  const named = reader.compactArray((topic) => {
    topicId = topic.uuid();
    const list = topic.compactArray((element) => {
      const asked = { partition: element.int32(), leaderEpoch: element.int32(), offset: element.int64() };
      element.int32();
      element.int64();
      partitionMaxBytes = element.int32();
      element.skipTaggedFields();
      return asked;
    });
    topic.skipTaggedFields();
    return list;
  });
  const forgotten = reader.compactArray((topic) => {
    topicId = topic.uuid();
    const list = topic.compactArray((element) => element.int32());
    topic.skipTaggedFields();
    return list;
  });
  return {
    name: 'Fetch',
    node,
    topicId,
    maxWaitMs,
    maxBytes,
    partitionMaxBytes,
    sessionId,
    sessionEpoch,
    named: named.flat(),
    forgotten: forgotten.flat(),
    partitions: [],
  };
}
