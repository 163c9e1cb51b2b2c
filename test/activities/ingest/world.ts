/**
 * A small world for ingest tests: a database, a stream in memory, deep storage in a folder, worker processes whose ingest
 * threads run in this very thread, and the part of the task group that ends sequences.
 */
import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DuckDBInstance } from '@duckdb/node-api';
import type pg from 'pg';
import { HeadgateError } from '../../../domain/errors.ts';
import type { GenerationKey } from '../../../domain/ids.ts';
import type { Json } from '../../../domain/json.ts';
import type { Positions } from '../../../domain/positions.ts';
import { toPosition } from '../../../domain/positions.ts';
import type { DeadLetter } from '../../../activities/ingest/dead-letter.ts';
import type { LetterSink } from '../../../activities/ingest/dead-letter-office.ts';
import type { IngestDeps } from '../../../activities/ingest/deps.ts';
import { Failpoints } from '../../../activities/ingest/failpoints.ts';
import { HighWater } from '../../../activities/ingest/high-water.ts';
import { createIngestActivities } from '../../../activities/ingest/ingest.ts';
import { LiveBoard } from '../../../activities/ingest/live-board.ts';
import { MemoryBudget } from '../../../activities/ingest/memory-budget.ts';
import { NoticeBoard } from '../../../activities/ingest/notice-board.ts';
import type { ProgressReport } from '../../../activities/ingest/protocol.ts';
import { Siblings } from '../../../activities/ingest/siblings.ts';
import { ThreadPool } from '../../../activities/ingest/thread-pool.ts';
import type { SpawnThread, ThreadHandlers } from '../../../activities/ingest/thread-pool.ts';
import { IngestThread } from '../../../activities/ingest/thread/ingest-thread.ts';
import { openLocalDeepStorage } from '../../../segments/deep-storage/local.ts';
import type { DeepStorage } from '../../../segments/deep-storage/deep-storage.ts';
import type { Database } from '../../../storage/call.ts';
import { endSequence, readAnswers, requestPause } from '../../../storage/control.ts';
import type { EndOutcome } from '../../../storage/control.ts';
import { createGeneration, readGeneration } from '../../../storage/generations.ts';
import type { GenerationRow } from '../../../storage/generations.ts';
import { Notifications } from '../../../storage/notifications.ts';
import { seedPartitions } from '../../../storage/partitions.ts';
import { discardSequence } from '../../../storage/publish.ts';
import { fullReset } from '../../../storage/resets.ts';
import { openPool } from '../../../storage/pool.ts';
import { storeSupervisorVersion } from '../../../storage/supervisors.ts';
import type { RecordSource } from '../../../streams/record-source.ts';
import { MemoryStream } from '../../../streams/memory-record-source.ts';
import type { IngestInput, IngestResult } from '../../../workflows/contract.ts';
import { waitFor } from '../../support/wait-for.ts';

export const topic = 'clicks';

export type WorldOptions = {
  readonly partitions?: number;
  readonly replicas?: number;
  readonly tuning?: { readonly [field: string]: Json };
  readonly io?: { readonly [field: string]: Json };
  /** Rows at or after it are thrown away. */
  readonly windowMaxMs?: number | null;
};

export class World {
  readonly stream: MemoryStream;
  readonly pool: pg.Pool;
  readonly deepStorage: FaultyStorage;
  readonly folder: string;
  readonly signals = new EventEmitter();
  readonly sent: { name: string; payload: Json }[] = [];
  readonly options: Required<WorldOptions>;
  readonly supervisorId: string;
  #url: string;
  #workers: WorkerProcess[] = [];
  /** What was delivered of records that could not be read. */
  readonly deadLetters = new TestLetters();
  #letters = 0;

  private constructor(parts: { options: Required<WorldOptions>; folder: string; url: string }) {
    this.options = parts.options;
    this.folder = parts.folder;
    // Worlds of one database must not meet.
    this.supervisorId = `clicks-${randomBytes(4).toString('hex')}`;
    this.#url = parts.url;
    this.stream = new MemoryStream({ name: topic, partitions: parts.options.partitions });
    this.pool = openPool({ url: parts.url, applicationName: 'ingest-test' });
    this.deepStorage = new FaultyStorage(openLocalDeepStorage(join(parts.folder, 'deep')));
  }

  static async open(url: string, options: WorldOptions = {}): Promise<World> {
    const world = new World({
      options: { partitions: 2, replicas: 1, tuning: {}, io: {}, windowMaxMs: null, ...options },
      folder: await mkdtemp(join(tmpdir(), 'headgate-ingest-')),
      url,
    });
    await world.#prepare();
    return world;
  }

  async #prepare(): Promise<void> {
    await storeSupervisorVersion(this.pool, {
      supervisorId: this.supervisorId,
      dataSource: 'clicks',
      specText: JSON.stringify(aSpec(this.supervisorId, this.options)),
      by: 'test',
      desired: 'running',
    });
    await this.seed();
  }

  async seed(): Promise<void> {
    await seedPartitions(this.pool, {
      supervisorId: this.supervisorId,
      stream: topic,
      sourceIdentity: `${topic}-1`,
      why: 'test',
      positions: this.partitions.map((partition) => ({ partition, position: toPosition(0) })),
    });
  }

  get partitions(): string[] {
    return Array.from({ length: this.options.partitions }, (_, number) => String(number));
  }

  worker(): WorkerProcess {
    const worker = new WorkerProcess(this, this.#url, `worker-${this.#workers.length}`);
    this.#workers.push(worker);
    return worker;
  }

  /** The next generation of group 0, as the supervisor makes it. */
  async generation(expectedGeneration = 0): Promise<GenerationKey> {
    const created = await createGeneration(this.pool, {
      supervisorId: this.supervisorId,
      groupId: 0,
      expectedGeneration,
      specVersion: 1,
      stream: topic,
      partitions: this.partitions,
      replicas: this.options.replicas,
      windowMinMs: null,
      windowMaxMs: this.options.windowMaxMs,
      taskLetters: Array.from({ length: this.options.replicas }, () => this.#nextLetters()),
    });
    if (created.kind === 'refused') throw new Error(`generation refused: ${created.detail}`);
    return created.key;
  }

  #nextLetters(): string {
    this.#letters += 1;
    return `aaaaaa${String.fromCharCode(97 + (this.#letters >> 4))}${String.fromCharCode(97 + (this.#letters & 15))}`;
  }

  async read(key: GenerationKey): Promise<GenerationRow> {
    const row = await readGeneration(this.pool, key);
    if (row === null) throw new Error('no such generation');
    return row;
  }

  async inputs(key: GenerationKey): Promise<IngestInput[]> {
    const { tasks } = await this.read(key);
    return tasks.map(({ taskId, replica }) => ({ ...key, taskId, replica }));
  }

  /** Pause, collect from `answers` replicas, end: the group's checkpoint. */
  async end(key: GenerationKey, options: { final: boolean; answers?: number }): Promise<Positions> {
    const { sequences } = await this.read(key);
    const open = sequences.find(({ state }) => state === 'open');
    if (open === undefined) throw new Error('no open sequence');
    const { ordinal } = open;
    const requestNo = await this.pause(key, ordinal, 30_000);
    const wanted = options.answers ?? this.options.replicas;
    await waitFor(async () => (await readAnswers(this.pool, key, requestNo)).length >= wanted, {
      what: `${wanted} answers`,
      everyMs: 5,
    });
    const ended = await endSequence(this.pool, { key, ordinal, requestNo, final: options.final });
    if (ended.kind !== 'ended') throw new Error(`end: ${ended.kind}`);
    return ended.ends;
  }

  /** Rows with consecutive ids, spread over the partitions. */
  produce(from: number, count: number): void {
    for (let id = from; id < from + count; id += 1)
      this.stream.append(String(id % this.options.partitions), { value: rowOf(id) });
  }

  async pause(key: GenerationKey, ordinal: number, leaseMs: number): Promise<number> {
    const pause = await requestPause(this.pool, { key, ordinal, leaseMs });
    if (pause.kind !== 'requested') throw new Error(`pause: ${pause.kind}`);
    return pause.requestNo;
  }

  answers(key: GenerationKey, requestNo: number): ReturnType<typeof readAnswers> {
    return readAnswers(this.pool, key, requestNo);
  }

  endRequest(
    key: GenerationKey,
    request: { ordinal: number; requestNo: number; final: boolean },
  ): Promise<EndOutcome> {
    return endSequence(this.pool, { key, ...request });
  }

  async discard(key: GenerationKey, why: string): Promise<void> {
    for (const { sequenceId } of (await this.read(key)).sequences)
      await discardSequence(this.pool, { sequenceId, why });
  }

  async reset(): Promise<void> {
    await fullReset(this.pool, {
      supervisorId: this.supervisorId,
      resetId: randomBytes(4).toString('hex'),
      why: 'test',
      by: 'test',
      positions: [],
    });
  }

  /** As if Postgres had been restored from before the first commit. */
  async goBackInTime(): Promise<void> {
    await this.pool.query('alter table supervisor disable trigger supervisor_never_falls');
    await this.pool.query('update supervisor set commit_seq = 0 where supervisor_id = $1', [
      this.supervisorId,
    ]);
    await this.pool.query('alter table supervisor enable trigger supervisor_never_falls');
  }

  storageDown(): HeadgateError {
    return new HeadgateError('STORAGE_UNAVAILABLE', 'deep storage: away, as the test asked');
  }

  /** Records in the newest checkpoint. */
  async checkpointedRecords(key: GenerationKey): Promise<number> {
    const { rows } = await this.pool.query<{ records: string }>(
      `select coalesce(sum((counters->>'records')::bigint), 0) as records from checkpoint_sequence
       where checkpoint_id = (select checkpoint_id from checkpoint
         where supervisor_id = $1 and group_id = $2 and generation = $3 order by number desc limit 1)`,
      [key.supervisorId, key.groupId, key.generation],
    );
    return Number(rows[0]?.records);
  }

  async publishers(): Promise<{ epoch: string }[]> {
    const { rows } = await this.pool.query<{ epoch: string }>(
      'select epoch from publish where supervisor_id = $1 order by commit_seq',
      [this.supervisorId],
    );
    return rows;
  }

  async readUntil(key: GenerationKey, records: number): Promise<void> {
    await waitFor(
      async () => {
        const { tasks } = await this.read(key);
        return tasks.some(({ progress }) => (progress?.counters.records ?? 0) >= records);
      },
      { what: `${records} records read`, everyMs: 20 },
    );
  }

  /** Every id in every visible segment, ascending. */
  async publishedIds(): Promise<number[]> {
    const { rows } = await this.pool.query<{ path: string }>(
      'select path from segment where used and supervisor_id = $1',
      [this.supervisorId],
    );
    return this.idsIn(rows.map(({ path }) => this.deepStorage.locate(path)));
  }

  /** Every id in these Parquet files, ascending. */
  async idsIn(paths: readonly string[]): Promise<number[]> {
    const ids: number[] = [];
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    for (const path of paths) {
      const found = await connection.runAndReadAll(`select id from read_parquet('${path}')`);
      for (const [id] of found.getRows()) ids.push(Number(id));
    }
    connection.closeSync();
    instance.closeSync();
    return ids.sort((left, right) => left - right);
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close()));
    await this.pool.end();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A place for dead letters that can be away. */
export class TestLetters implements LetterSink {
  readonly delivered: DeadLetter[] = [];
  isAway = false;
  refused = 0;

  deliver(letters: readonly DeadLetter[]): Promise<void> {
    if (this.isAway) {
      this.refused += 1;
      return Promise.reject(new HeadgateError('DEAD_LETTERS_UNAVAILABLE', 'the place is away'));
    }
    this.delivered.push(...letters);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

export function rowOf(id: number): string {
  return JSON.stringify({
    t: new Date(1_767_225_600_000 + id * 1_000).toISOString(),
    id,
    site: `site-${id % 7}`,
  });
}

export function ids(count: number): number[] {
  return Array.from({ length: count }, (_, id) => id);
}

function aSpec(id: string, options: Required<WorldOptions>): Json {
  return {
    id,
    type: 'kafka',
    spec: {
      dataSchema: {
        dataSource: 'clicks',
        timestampSpec: { column: 't', format: 'iso' },
        dimensionsSpec: { dimensions: ['site', { type: 'long', name: 'id' }] },
        metricsSpec: [],
        granularitySpec: { segmentGranularity: 'DAY', queryGranularity: 'NONE', rollup: false },
      },
      ioConfig: {
        topic,
        inputFormat: { type: 'json' },
        consumerProperties: { 'bootstrap.servers': '127.0.0.1:1' },
        taskCount: 1,
        replicas: options.replicas,
        taskDuration: 'PT1H',
        ...options.io,
      },
      tuningConfig: { type: 'kafka', ...options.tuning },
    },
  };
}

export type Run = {
  readonly result: Promise<IngestResult>;
  readonly environment: MockActivityEnvironment;
  readonly heartbeats: Json[];
};

const nothing = (): undefined => undefined;
const quiet = { log: nothing, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

/** One ingest worker process, without Temporal: its threads are in this thread, and can be killed. */
export class WorkerProcess {
  readonly id: string;
  readonly #threads: { kill: () => void }[] = [];
  readonly #world: World;
  readonly #notifications: Notifications;
  readonly #pool: pg.Pool;
  readonly #database: FaultyDatabase;
  readonly live = new LiveBoard();
  #delivered = 0;
  #report: ProgressReport | null = null;
  #deps: Promise<IngestDeps> | null = null;
  #threadPool: ThreadPool | null = null;

  constructor(world: World, url: string, id: string) {
    this.#world = world;
    this.id = id;
    this.#notifications = new Notifications(url);
    this.#pool = openPool({ url, applicationName: id });
    this.#database = new FaultyDatabase(this.#pool);
  }

  async #prepare(): Promise<IngestDeps> {
    const notices = new NoticeBoard();
    await notices.listen(this.#notifications);
    this.#threadPool = new ThreadPool({
      spawn: this.#spawn,
      threads: 2,
      log: () => undefined,
    });
    return {
      pool: this.#database,
      notices,
      deepStorage: this.#world.deepStorage,
      threads: this.#threadPool,
      memory: new MemoryBudget(1024 * 1024 * 1024),
      siblings: new Siblings(),
      highWater: new HighWater(),
      failpoints: new Failpoints(undefined, () => undefined),
      live: this.live,
      workerId: this.id,
      scratch: join(this.#world.folder, this.id),
      sourceOf: () => ({ kind: 'test', name: topic }),
      letterSink: () => this.#world.deadLetters,
      signalGroup: async (_key, name, payload) => {
        this.#world.sent.push({ name, payload });
        this.#world.signals.emit(name, payload);
      },
      log: { info: () => undefined, warn: () => undefined },
    };
  }

  /** As Temporal would run an attempt here. */
  async run(input: IngestInput, attempt = 1): Promise<Run> {
    this.#deps ??= this.#prepare();
    const deps = await this.#deps;
    const environment = new MockActivityEnvironment(
      { attempt, activityId: input.taskId, workflowExecution: { workflowId: 'group', runId: 'run-1' } },
      { logger: quiet },
    );
    const heartbeats: Json[] = [];
    environment.on('heartbeat', (details: Json) => heartbeats.push(details));
    const { ingest } = createIngestActivities(deps);
    const result = environment.run<[IngestInput], IngestResult, typeof ingest>(ingest, input);
    result.catch(() => undefined);
    return { result, environment, heartbeats };
  }

  /** Its threads die; Postgres hears nothing more of it until `undeafen`. */
  kill(): void {
    this.deafen();
    for (const thread of this.#threads) thread.kill();
    this.undeafen();
  }

  /** Calls to Postgres hang, as with a frozen network. */
  deafen(): void {
    this.#database.close();
  }

  undeafen(): void {
    this.#database.open();
  }

  /** The next answers of a function are lost after it was done. */
  loseAnswersOf(name: string, times: number): { readonly publishIds: string[] } {
    return this.#database.loseAnswersOf(name, times);
  }

  /** A function answers this, once, and does nothing. */
  answerOnce(name: string, answer: Json): void {
    this.#database.answerOnce(name, answer);
  }

  /** Newest of any task here. */
  lastReport(): ProgressReport | null {
    return this.#report;
  }

  /** What the stream has given to this process. */
  recordsRead(): number {
    return this.#delivered;
  }

  async close(): Promise<void> {
    await this.#threadPool?.close();
    await this.#notifications.close();
    await this.#pool.end();
  }

  #counted(source: RecordSource): RecordSource {
    return {
      describe: () => source.describe(),
      positions: (partitions, bound) => source.positions(partitions, bound),
      close: () => source.close(),
      read: (starts) => {
        const reader = source.read(starts);
        return {
          drop: (partitions) => reader.drop(partitions),
          close: () => reader.close(),
          poll: async (maxWaitMs) => {
            const batches = await reader.poll(maxWaitMs);
            for (const { records } of batches) this.#delivered += [...records].length;
            return batches;
          },
        };
      },
    };
  }

  #spawn: SpawnThread = (handlers: ThreadHandlers) => {
    let isAlive = true;
    const thread = new IngestThread({
      post: (message) => {
        if (message.kind === 'progress') this.#report = message.report;
        const copy = structuredClone(message);
        setImmediate(() => isAlive && handlers.onMessage(copy));
      },
      openSource: () => this.#counted(this.#world.stream.openSource({ recordsPerBatch: 50 })),
    });
    const terminate = async (): Promise<void> => {
      if (!isAlive) return;
      isAlive = false;
      await thread.close();
      handlers.onExit('killed by the test');
    };
    this.#threads.push({ kill: () => void terminate() });
    return {
      post: (message) => {
        const copy = structuredClone(message);
        setImmediate(() => isAlive && thread.receive(copy));
      },
      terminate,
    };
  };
}

/** Postgres whose calls can hang, and whose answers can get lost. */
class FaultyDatabase implements Database {
  readonly #inner: Database;
  #gate: Promise<void> | null = null;
  #open: () => void = () => undefined;
  readonly #answers = new Map<string, Json>();
  #losing = { name: '', times: 0, publishIds: [] as string[] };

  constructor(inner: Database) {
    this.#inner = inner;
  }

  close(): void {
    this.#gate = new Promise((resolve) => (this.#open = resolve));
  }

  open(): void {
    this.#gate = null;
    this.#open();
  }

  loseAnswersOf(name: string, times: number): { readonly publishIds: string[] } {
    this.#losing = { name, times, publishIds: [] };
    return this.#losing;
  }

  answerOnce(name: string, answer: Json): void {
    this.#answers.set(name, answer);
  }

  async query(text: string, values?: unknown[]): ReturnType<Database['query']> {
    if (this.#gate !== null) await this.#gate;
    for (const [name, answer] of this.#answers)
      if (text.includes(`${name}(`)) {
        this.#answers.delete(name);
        return { rows: [{ answer }] };
      }
    const answer = await this.#inner.query(text, values);
    const { name, publishIds } = this.#losing;
    if (name === '' || !text.includes(name)) return answer;
    publishIds.push((JSON.parse(String(values?.[0])) as { publishId: string }).publishId);
    this.#losing.times -= 1;
    if (this.#losing.times >= 0) throw new Error('Connection terminated unexpectedly');
    return answer;
  }
}

/** Deep storage that can be away, and can damage files. */
export class FaultyStorage implements DeepStorage {
  readonly #inner: DeepStorage;
  /** Thrown by every put and fetch while set. */
  trouble: Error | null = null;
  /** The same for puts of segments only. */
  segmentTrouble: Error | null = null;
  readonly puts: string[] = [];
  readonly fetches: string[] = [];

  constructor(inner: DeepStorage) {
    this.#inner = inner;
  }

  async put(path: string, localFile: string): Promise<{ readonly size: number }> {
    if (this.trouble !== null) throw this.trouble;
    if (this.segmentTrouble !== null && path.endsWith('.parquet')) throw this.segmentTrouble;
    this.puts.push(path);
    return this.#inner.put(path, localFile);
  }

  async fetch(path: string, localFile: string): Promise<void> {
    if (this.trouble !== null) throw this.trouble;
    this.fetches.push(path);
    return this.#inner.fetch(path, localFile);
  }

  locate(path: string): string {
    return this.#inner.locate(path);
  }

  uri(path: string): string {
    return this.#inner.uri(path);
  }

  stat(path: string): Promise<{ readonly size: number } | null> {
    return this.#inner.stat(path);
  }

  remove(path: string): Promise<void> {
    return this.#inner.remove(path);
  }

  list(prefix: string): AsyncIterable<{ readonly path: string; readonly modifiedMs: number }> {
    return this.#inner.list(prefix);
  }
}
