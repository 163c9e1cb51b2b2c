/** A real ingest thread from `dist/` over a real Kafka: reading, pausing, sealing, merging, dying. */
import { plainJson } from '../../../domain/spec/input-format.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Positions } from '../../../domain/positions.ts';
import type { ProgressReport, TaskSetup } from '../../../activities/ingest/protocol.ts';
import { ThreadPool } from '../../../activities/ingest/thread-pool.ts';
import type { ThreadHandle } from '../../../activities/ingest/thread-pool.ts';
import type { TaskChannel } from '../../../activities/ingest/task-channel.ts';
import { spawnWorkerThread } from '../../../activities/ingest/worker-thread.ts';
import { kafkaBootstrap } from '../../support/addresses.ts';
import { waitFor } from '../../support/wait-for.ts';
import { aSequence, positions, schema } from './thread/bench.ts';

const topic = `ingest-thread-${process.pid}-${Date.now()}`;

class Task {
  readonly channel: TaskChannel;
  report: ProgressReport | null = null;
  readonly read: string[] = [];
  readonly lost: Error[] = [];

  constructor(pool: ThreadPool) {
    this.channel = pool.open({
      onProgress: (report) => (this.report = report),
      onSequenceRead: (sequenceId) => this.read.push(sequenceId),
      onRewound: () => undefined,
      onLetters: () => undefined,
      onStreamFailed: (error) => this.lost.push(error),
      onLost: (error) => this.lost.push(error),
    });
  }

  async at(expected: Positions): Promise<void> {
    await waitFor(
      () =>
        Object.entries(expected).every(
          ([partition, position]) => this.report?.positions[partition] === position,
        ),
      { what: `positions ${JSON.stringify(expected)}`, everyMs: 10 },
    );
  }
}

describe('a real ingest thread', () => {
  let folder: string;
  let pool: ThreadPool;
  let kafka: Kafka;
  const handles: ThreadHandle[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'headgate-thread-'));
    kafka = new Kafka({ brokers: [kafkaBootstrap()], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] });
    await admin.disconnect();
    const spawn = spawnWorkerThread({ memoryBytes: 64 * 1024 * 1024 });
    pool = new ThreadPool({
      threads: 1,
      log: () => undefined,
      spawn: (handlers) => {
        const handle = spawn(handlers);
        handles.push(handle);
        return handle;
      },
    });
  });

  afterAll(async () => {
    await pool.close();
    const admin = kafka.admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [topic] });
    await admin.disconnect();
    await rm(folder, { recursive: true, force: true });
  });

  async function produce(count: number): Promise<void> {
    const producer = kafka.producer();
    await producer.connect();
    const messages = Array.from({ length: count }, (_, id) => ({
      partition: id % 2,
      value: JSON.stringify({ t: 1_767_225_600_000 + id, id }),
    }));
    await producer.send({ topic, acks: -1, messages });
    await producer.disconnect();
  }

  function setup(): TaskSetup {
    return {
      taskId: 'task',
      source: {
        kind: 'kafka',
        isPattern: false,
        topic,
        bootstrapServers: [kafkaBootstrap()],
        isolationLevel: 'read_committed',
        consumerProperties: {},
        secretEnvPrefixes: [],
        clientId: 'test',
        maxBufferedBytes: 1024 * 1024,
      },
      identities: {},
      topic: 'test',
      inputFormat: plainJson,
      wantsLetters: false,
      partitions: ['0', '1'],
      schema,
      tuning: {
        maxRowsInMemory: 1_000_000,
        maxBytesInMemory: null,
        maxRowsPerSegment: 5_000_000,
        maxTotalRows: 20_000_000,
        maxParseExceptions: null,
        maxSavedParseExceptions: 0,
      },
      pollMs: 100,
      folder,
      sequences: [aSequence(0)],
    };
  }

  it('reads, pauses, seals and merges', async () => {
    await produce(2_000);
    const task = new Task(pool);
    await task.channel.start(setup());
    await task.at(positions(1_000, 1_000));
    expect(await task.channel.pause(1)).toEqual(positions(1_000, 1_000));
    const [sealed] = await task.channel.spill();
    expect(sealed?.files.map(({ rows }) => rows)).toEqual([2_000]);
    task.channel.cut('s0', positions(1_000, 1_000), null);
    await waitFor(() => task.read.includes('s0'), { what: 'the end' });
    const built = await task.channel.build('s0', { of: 'a test' });
    expect(built?.files.map(({ rows }) => rows)).toEqual([2_000]);
    await pool.release(task.channel);
  });

  it('says which secret is not in the environment, and which may not be named', async () => {
    const whole = setup();
    for (const [variable, words] of [
      ['KAFKA_NOT_THERE', /sasl\.jaas\.config .* KAFKA_NOT_THERE, which is not set/],
      ['PATH', /PATH, which a spec may not read/],
    ] as const) {
      const source = {
        ...whole.source,
        secretEnvPrefixes: ['KAFKA_'],
        consumerProperties: { 'security.protocol': 'SASL_SSL', 'sasl.jaas.config': { variable } },
      } as TaskSetup['source'];
      const task = new Task(pool);
      await expect(task.channel.start({ ...whole, source })).rejects.toMatchObject({
        code: 'STREAM_SECRET_MISSING',
        message: expect.stringMatching(words) as string,
      });
      await pool.release(task.channel);
    }
  });

  it('says which broker it cannot reach', async () => {
    const task = new Task(pool);
    const nowhere = setup();
    const source = { ...nowhere.source, bootstrapServers: ['127.0.0.1:1'] } as TaskSetup['source'];
    await expect(task.channel.start({ ...nowhere, source })).rejects.toMatchObject({
      code: 'STREAM_UNREACHABLE',
    });
    await pool.release(task.channel);
  });

  it('fails its tasks when it dies, and another one takes the next', async () => {
    const task = new Task(pool);
    await task.channel.start(setup());
    await handles.at(-1)?.terminate();
    await waitFor(() => task.lost.length > 0, { what: 'the loss' });
    const next = new Task(pool);
    await next.channel.start(setup());
    expect(handles).toHaveLength(2);
    await pool.release(next.channel);
  });
});
