/**
 * A small world in Postgres, step by step: supervisor, seeds, generation, attempts, ends, files, commit. Defaults make a
 * state in which everything would pass; a test changes the one thing it is about.
 */
import { type GenerationKey, baseSequenceNameOf } from '../../domain/ids.ts';
import { zeroCounters } from '../../domain/counters.ts';
import { type Positions, toPosition } from '../../domain/positions.ts';
import { type Lease, acquireTask, recordProgress } from '../../storage/attempts.ts';
import type { Database } from '../../storage/call.ts';
import {
  type CheckpointSequence,
  adoptCheckpoint,
  insertCheckpoint,
  insertIntents,
} from '../../storage/checkpoints.ts';
import { answerPause, endSequence, requestPause } from '../../storage/control.ts';
import {
  type CreateGenerationInput,
  type GenerationRow,
  createGeneration,
  readGeneration,
  sequenceIdOf,
} from '../../storage/generations.ts';
import { seedPartitions } from '../../storage/partitions.ts';
import { type CommitInput, type CommitOutcome, commitSequence } from '../../storage/publish.ts';
import { storeSupervisorVersion } from '../../storage/supervisors.ts';

export function positions(values: Record<string, number>): Positions {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, toPosition(value)]));
}

export const hour = 3_600_000;
let counter = 0;

/** Unique and rising within the process. */
export function nextUuid(): string {
  return `00000000-0000-4000-8000-${String(++counter).padStart(12, '0')}`;
}

/** Eight letters a to p. */
export function nextLetters(): string {
  return String((++counter).toString(16).padStart(8, '0')).replace(/./g, (digit) =>
    String.fromCharCode(97 + Number.parseInt(digit, 16)),
  );
}

export class Fixture {
  readonly database: Database;
  readonly supervisorId: string;

  constructor(database: Database, supervisorId = 'wiki') {
    this.database = database;
    this.supervisorId = supervisorId;
  }

  /** A supervisor of version 1 with seeded partitions of topic `clicks`. */
  static async with(
    database: Database,
    options: { supervisorId?: string; seeds?: Record<string, number> } = {},
  ): Promise<Fixture> {
    const fixture = new Fixture(database, options.supervisorId);
    await storeSupervisorVersion(database, {
      supervisorId: fixture.supervisorId,
      dataSource: 'wikipedia',
      specText: '{"type":"kafka"}',
      by: 'test',
      desired: 'running',
    });
    await fixture.seed(options.seeds ?? { 0: 100, 1: 200 });
    return fixture;
  }

  async seed(seeds: Record<string, number>): Promise<string[]> {
    const { seeded } = await seedPartitions(this.database, {
      supervisorId: this.supervisorId,
      stream: 'clicks',
      sourceIdentity: 'topic-1',
      why: 'first start',
      positions: Object.entries(seeds).map(([partition, position]) => ({
        partition,
        position: toPosition(position),
      })),
    });
    return seeded;
  }

  generationInput(options: Partial<CreateGenerationInput> = {}): CreateGenerationInput {
    const replicas = options.replicas ?? 1;
    return {
      supervisorId: this.supervisorId,
      groupId: 0,
      expectedGeneration: 0,
      specVersion: 1,
      stream: 'clicks',
      partitions: ['0', '1'],
      replicas,
      windowMinMs: null,
      windowMaxMs: null,
      taskLetters: Array.from({ length: replicas }, nextLetters),
      ...options,
    };
  }

  async generation(options: Partial<CreateGenerationInput> = {}): Promise<GenerationKey> {
    const outcome = await createGeneration(this.database, this.generationInput(options));
    if (outcome.kind === 'refused') throw new Error(`${outcome.reason}: ${outcome.detail}`);
    return outcome.key;
  }

  async read(key: GenerationKey): Promise<GenerationRow> {
    const row = await readGeneration(this.database, key);
    if (row === null) throw new Error('no such generation');
    return row;
  }

  async taskOf(key: GenerationKey, replica = 0): Promise<string> {
    const task = (await this.read(key)).tasks.findLast((candidate) => candidate.replica === replica);
    if (task === undefined) throw new Error(`no replica ${replica}`);
    return task.taskId;
  }

  /** Acquired under a run of its own unless told otherwise. */
  async attempt(
    key: GenerationKey,
    options: { replica?: number; run?: string; attempt?: number } = {},
  ): Promise<Lease> {
    const outcome = await acquireTask(this.database, {
      taskId: await this.taskOf(key, options.replica),
      activityRun: options.run ?? nextUuid(),
      attempt: options.attempt ?? 1,
      workerId: 'worker-1',
    });
    if (outcome.kind === 'refused') throw new Error(`${outcome.reason}: ${outcome.detail}`);
    return outcome.lease;
  }

  async progress(lease: Lease, at: Record<string, number>): Promise<'ok' | 'fenced'> {
    return recordProgress(this.database, lease, {
      positions: positions(at),
      counters: zeroCounters,
      rowsPerSecond: 1,
      rowsInMemory: 1,
      bytesInMemory: 1,
    });
  }

  async pause(key: GenerationKey, ordinal = 0, leaseMs = 30_000): Promise<number> {
    const outcome = await requestPause(this.database, { key, ordinal, leaseMs });
    if (outcome.kind !== 'requested') throw new Error(outcome.kind);
    return outcome.requestNo;
  }

  /** Pause, one answer, end: the ends are exactly `ends`. */
  async end(
    key: GenerationKey,
    lease: Lease,
    ends: Record<string, number>,
    options: { ordinal?: number; final?: boolean } = {},
  ): Promise<void> {
    const ordinal = options.ordinal ?? 0;
    const requestNo = await this.pause(key, ordinal);
    await answerPause(this.database, lease, { requestNo, positions: positions(ends) });
    const outcome = await endSequence(this.database, {
      key,
      ordinal,
      requestNo,
      final: options.final ?? true,
    });
    if (outcome.kind !== 'ended') throw new Error(outcome.kind);
  }

  sequenceId(key: GenerationKey, ordinal = 0): string {
    return sequenceIdOf(baseSequenceNameOf(key), ordinal);
  }

  /** What a right-minded attempt would commit, with one file. */
  async commitInput(
    key: GenerationKey,
    options: { ordinal?: number; files?: number } = {},
  ): Promise<CommitInput> {
    const sequence = (await this.read(key)).sequences[options.ordinal ?? 0];
    if (sequence === undefined) throw new Error('no such sequence');
    const publishId = nextUuid();
    return {
      publishId,
      sequenceId: sequence.sequenceId,
      ranges: Object.entries(sequence.starts).map(([partition, start]) => ({
        partition,
        incarnation: sequence.incarnations[partition] ?? '',
        start,
        end: sequence.ends?.[partition] ?? start,
      })),
      segments: Array.from({ length: options.files ?? 1 }, (_, index) => ({
        path: `wikipedia/${publishId}/${index}.parquet`,
        sha256: 'ab',
        size: 10,
        rows: 5,
        startMs: index * hour,
        endMs: (index + 1) * hour,
        columns: [{ name: '__time', type: 'TIMESTAMP' }],
      })),
      counters: { ...zeroCounters, records: 5, processed: 5 * (options.files ?? 1) },
    };
  }

  async intents(
    lease: Lease,
    paths: readonly string[],
    kind: 'publish' | 'checkpoint' = 'publish',
  ): Promise<'ok' | 'fenced'> {
    return insertIntents(this.database, lease, { kind, paths });
  }

  /** Intents and commit of the whole sequence. */
  async publish(lease: Lease, key: GenerationKey, ordinal = 0): Promise<CommitOutcome> {
    const input = await this.commitInput(key, { ordinal });
    await this.intents(
      lease,
      input.segments.map((segment) => segment.path),
    );
    return commitSequence(this.database, lease, input);
  }

  checkpointSequence(
    key: GenerationKey,
    at: Record<string, number>,
    paths: readonly string[],
    ordinal = 0,
  ): CheckpointSequence {
    return {
      sequenceId: this.sequenceId(key, ordinal),
      positions: positions(at),
      counters: zeroCounters,
      files: paths.map((path) => ({ path, size: 1, sha256: 'cd', rows: 1 })),
    };
  }

  /** Intents and checkpoint row of one sequence; `fresh` are the paths that need an intent. */
  async checkpoint(
    lease: Lease,
    key: GenerationKey,
    at: Record<string, number>,
    files: { all: readonly string[]; fresh?: readonly string[]; ordinal?: number },
  ): Promise<{ checkpointId: string; outcome: 'ok' | 'fenced' | 'beyondEnd' }> {
    await this.intents(lease, files.fresh ?? files.all, 'checkpoint');
    const checkpointId = nextUuid();
    const outcome = await insertCheckpoint(this.database, lease, {
      checkpointId,
      sequences: [this.checkpointSequence(key, at, files.all, files.ordinal)],
    });
    return { checkpointId, outcome };
  }

  adopt(lease: Lease, checkpointId: string): ReturnType<typeof adoptCheckpoint> {
    return adoptCheckpoint(this.database, lease, checkpointId);
  }

  /** One value of one row, for looking behind the functions. */
  async value(sql: string, ...parameters: unknown[]): Promise<unknown> {
    const { rows } = await this.database.query(sql, parameters);
    return Object.values(rows[0] ?? {})[0];
  }
}
