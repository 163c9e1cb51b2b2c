/** The control activities over a real database and a stream in memory, one call at a time, without a Temporal server. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type pg from 'pg';
import type { ControlDeps } from '../../activities/control-deps.ts';
import { createControlActivities } from '../../activities/index.ts';
import type { ControlActivities } from '../../activities/index.ts';
import { openLocalDeepStorage } from '../../segments/deep-storage/local.ts';
import { Notifications } from '../../storage/notifications.ts';
import { MemoryStream } from '../../streams/memory-record-source.ts';
import { queuesOf, supervisorWorkflowId } from '../../workflows/contract.ts';
import { Fixture, nextLetters } from '../storage/fixture.ts';
import { FakeGroupOffsets } from './fake-group-offsets.ts';

type Options = { readonly partitions?: number; readonly spec?: SpecChanges; readonly watchLimitMs?: number };
type SpecChanges = {
  taskCount?: number;
  replicas?: number;
  useEarliestOffset?: boolean;
  suspended?: boolean;
  /** Instead of the topic. */
  topicPattern?: string;
};

const silent = new DefaultLogger('ERROR', () => undefined);

export function quietEnvironment(): MockActivityEnvironment {
  return new MockActivityEnvironment({}, { logger: silent });
}

let worlds = 0;

export class ControlWorld {
  readonly supervisorId: string;
  readonly stream: MemoryStream;
  /** What was committed to a consumer group, and what becomes of the next commits. */
  readonly groupOffsets = new FakeGroupOffsets();
  readonly deps: ControlDeps;
  readonly fixture: Fixture;
  readonly logged: string[] = [];
  readonly notifications: Notifications;
  readonly folder: string;
  /** Milliseconds the clock of the activities is ahead. */
  aheadMs = 0;
  readonly #activities: ControlActivities;

  private constructor(pool: pg.Pool, url: string, folder: string, options: Options) {
    worlds += 1;
    this.supervisorId = `world-${process.pid}-${worlds}`;
    this.stream = new MemoryStream({ name: 'clicks', partitions: options.partitions ?? 2 });
    this.notifications = new Notifications(url);
    this.folder = folder;
    this.fixture = new Fixture(pool, this.supervisorId);
    this.deps = {
      pool,
      notifications: this.notifications,
      deepStorage: openLocalDeepStorage(folder),
      client: {} as ControlDeps['client'],
      queues: queuesOf('test'),
      openSource: () => this.stream.openSource(),
      openGroupOffsets: () => this.groupOffsets,
      now: () => Date.now() + this.aheadMs,
      newLetters: nextLetters,
      reaperGraceMs: 0,
      watchLimitMs: options.watchLimitMs ?? 60_000,
      log: (level, message) => void this.logged.push(`${level} ${message}`),
    };
    this.#activities = createControlActivities(this.deps);
  }

  /** With a stored spec and nothing else. */
  static async open(pool: pg.Pool, url: string, options: Options = {}): Promise<ControlWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'headgate-control-'));
    const world = new ControlWorld(pool, url, folder, options);
    await world.post(options.spec);
    return world;
  }

  /** Runs one activity as a worker would; `cancel` as its attempt's end. */
  async run<N extends keyof ControlActivities>(
    name: N,
    input: Parameters<ControlActivities[N]>[0],
    environment = quietEnvironment(),
  ): Promise<Awaited<ReturnType<ControlActivities[N]>>> {
    const activity = this.#activities[name] as unknown as (given: typeof input) => Promise<unknown>;
    const run = environment.run.bind(environment) as (work: () => Promise<unknown>) => Promise<unknown>;
    return (await run(() => activity(input))) as Awaited<ReturnType<ControlActivities[N]>>;
  }

  post(changes: SpecChanges = {}) {
    return this.run('storeSpec', {
      spec: this.spec(changes),
      workflowId: supervisorWorkflowId(this.supervisorId),
    });
  }

  spec(changes: SpecChanges = {}) {
    const { suspended, ...io } = changes;
    return {
      type: 'kafka',
      id: this.supervisorId,
      suspended: suspended ?? false,
      spec: {
        dataSchema: {
          dataSource: 'clicks',
          timestampSpec: { column: 'ts', format: 'iso' },
          dimensionsSpec: { dimensions: ['site'] },
          granularitySpec: { segmentGranularity: 'HOUR', queryGranularity: 'NONE', rollup: false },
        },
        ioConfig: {
          ...(changes.topicPattern === undefined ? { topic: 'clicks' } : {}),
          inputFormat: { type: 'json' },
          consumerProperties: { 'bootstrap.servers': 'broker:9092' },
          taskCount: 1,
          replicas: 1,
          taskDuration: 'PT1H',
          startDelay: 'PT0S',
          period: 'PT1S',
          useEarliestOffset: true,
          ...io,
        },
        tuningConfig: { type: 'kafka' },
      },
    };
  }

  fill(partition: string, records: number): void {
    this.stream.append(partition, ...Array.from({ length: records }, () => ({ value: '{}' })));
  }

  async close(): Promise<void> {
    await this.notifications.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
