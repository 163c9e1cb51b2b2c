/**
 * A small world in memory behind the control activities: partitions, generations, control rows. Its `watch` uses the
 * same pure functions as the real one, so workflow tests see real decisions without Postgres or a stream.
 */
import { Context } from '@temporalio/activity';
import type {
  ApplyCommandInput,
  CompleteResult,
  CreatedGeneration,
  SupervisorActivities,
  WatchInput,
  WatchResult,
} from '../../../activities/supervisor/contract.ts';
import type {
  CheckpointGroupInput,
  CheckpointGroupResult,
  FinishGroupInput,
  GroupStanding,
  IngestActivities,
  PreparedGroup,
  ReplaceFailedTaskInput,
  ReplaceFailedTaskResult,
  TaskGroupActivities,
} from '../../../activities/task-group/contract.ts';
import { HeadgateError } from '../../../domain/errors.ts';
import type { GenerationKey } from '../../../domain/ids.ts';
import { toPosition } from '../../../domain/positions.ts';
import { statusOf } from '../../../domain/supervisor/describe.ts';
import { groupsOf } from '../../../domain/supervisor/grouping.ts';
import { takeLook } from '../../../domain/supervisor/look.ts';
import { nextPauseEnd } from '../../../domain/supervisor/plan.ts';
import { summarize } from '../../../domain/supervisor/summarize.ts';
import type { Facts, GenerationFact, StreamFacts } from '../../../domain/supervisor/facts.ts';
import type { SupervisorStatus } from '../../../domain/supervisor/status.ts';
import type { IngestInput, IngestResult } from '../../../workflows/contract.ts';
import { toApplicationFailure } from '../../../workflows/failure.ts';

export type FakeGeneration = {
  groupId: number;
  generation: number;
  specVersion: number;
  partitions: readonly string[];
  createdAtMs: number;
  state: 'reading' | 'publishing' | 'published' | 'discarded';
  why: string;
  ordinal: number;
  tasks: { replica: number; taskId: string; state: 'RUNNING' | 'SUCCESS' | 'FAILED' }[];
};

export class World {
  supervisorId: string;
  partitions: string[];
  stream: { ok: boolean; identity: string } = { ok: true, identity: 'topic-1' };
  seeded = new Set<string>();
  version = 1;
  desired: 'running' | 'suspended' | 'terminated' = 'running';
  terminatedDone = false;
  taskCount = 1;
  replicas = 1;
  taskDurationMs = 3_600_000;
  completionTimeoutMs = 3_600_000;
  stopsItself = true;
  /** Tasks that leave the next pause unanswered once too often. */
  mute: readonly string[] = [];
  /** What checkpoints were asked for, and why. */
  checkpoints: CheckpointGroupInput[] = [];
  watchLimitMs = 15 * 60_000;
  generations: FakeGeneration[] = [];
  status: SupervisorStatus | null = null;
  statuses: string[] = [];
  commands: ApplyCommandInput[] = [];
  /** While a group workflow reads its rows. */
  onPrepare: () => Promise<void> = () => Promise.resolve();
  /** What an order that cannot be carried out ends with. */
  orderFails: (input: ApplyCommandInput) => Error | null = () => null;
  ingests: IngestInput[] = [];
  replaced: ReplaceFailedTaskInput[] = [];
  looks = 0;
  /** Asked before an ingest call works: answer a result, throw, or null to read on. */
  onIngest: (input: IngestInput, call: number) => IngestResult | null = () => null;
  /** Throws when a failed task cannot be replaced. */
  onReplace: () => void = () => undefined;
  /** Holds publishing back. */
  publishGate = true;
  #listeners = new Set<() => void>();

  constructor(supervisorId: string, partitions: number) {
    this.supervisorId = supervisorId;
    this.partitions = Array.from({ length: partitions }, (_, index) => String(index));
  }

  /** Wakes every waiting activity, as NOTIFY does. */
  changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  async until(ready: () => boolean, limitMs: number): Promise<boolean> {
    const { cancellationSignal } = Context.current();
    cancellationSignal.throwIfAborted();
    if (ready()) return true;
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        clearInterval(beat);
        this.#listeners.delete(listener);
        cancellationSignal.removeEventListener('abort', abort);
      };
      const done = (value: boolean) => {
        leave();
        resolve(value);
      };
      const abort = () => {
        leave();
        reject(cancellationSignal.reason as Error);
      };
      const listener = () => ready() && done(true);
      const timer = setTimeout(() => done(ready()), limitMs);
      const beat = setInterval(() => Context.current().heartbeat(), 200);
      this.#listeners.add(listener);
      cancellationSignal.addEventListener('abort', abort);
    });
  }

  find(key: GenerationKey): FakeGeneration {
    const found = this.generations.find(
      (entry) => entry.groupId === key.groupId && entry.generation === key.generation,
    );
    if (!found) throw new Error(`no generation ${key.groupId}/${key.generation}`);
    return found;
  }

  live(): FakeGeneration[] {
    return this.generations.filter((entry) => entry.state === 'reading' || entry.state === 'publishing');
  }

  facts(): Facts {
    const zero = toPosition(0);
    const all = (value: string) =>
      Object.fromEntries(this.partitions.map((name) => [name, toPosition(value)]));
    const stream: StreamFacts = this.stream.ok
      ? {
          kind: 'ok',
          identity: this.stream.identity,
          partitions: this.partitions,
          earliest: all('0'),
          latest: all('100'),
        }
      : {
          kind: 'failed',
          error: { code: 'STREAM_UNREACHABLE', message: 'the broker does not answer', streamException: true },
        };
    return {
      atMs: Date.now(),
      version: this.version,
      desired: this.desired,
      settings: {
        specVersion: this.version,
        dataSource: 'clicks',
        stream: 'clicks',
        taskCount: this.taskCount,
        replicas: this.replicas,
        taskDurationMs: this.taskDurationMs,
        periodMs: 1_000,
        startDelayMs: 0,
        useEarliestOffset: true,
      },
      commitSeq: String(this.generations.filter((entry) => entry.state === 'published').length),
      timeline: 'timeline',
      halted: null,
      stream,
      partitions: [...this.seeded].map((partition) => ({
        stream: 'clicks',
        partition,
        sourceIdentity: 'topic-1',
        nextPosition: zero,
        state: 'open' as const,
      })),
      generations: this.live().map((entry) => factOf(entry)),
      newestGenerations: Object.fromEntries(
        [...this.generations]
          .sort((left, right) => left.generation - right.generation)
          .map((entry) => [String(entry.groupId), entry.generation]),
      ),
      lastPublishAtMs: null,
    };
  }

  readonly supervisorActivities: SupervisorActivities = {
    storeSpec: async ({ spec, workflowId }) => {
      const id = (spec as { id: string }).id;
      if (workflowId !== `supervisor:${id}`)
        throw toApplicationFailure(
          new HeadgateError('SUPERVISOR_ID_MISMATCH', `workflow id ${workflowId}, expected supervisor:${id}`),
        );
      return { supervisorId: id, specVersion: this.version, dataSource: 'clicks' };
    },
    watch: (input) => this.#watch(input),
    seedPartitions: async () => {
      const fresh = this.partitions.filter((partition) => !this.seeded.has(partition));
      for (const partition of fresh) this.seeded.add(partition);
      return { seeded: fresh.length };
    },
    createGenerations: async ({ groups }) => ({
      generations: groups.map(({ groupId, expectedGeneration }) => this.#create(groupId, expectedGeneration)),
    }),
    applyCommand: async (input) => this.#apply(input),
    scaleSupervisor: async ({ taskCount }) => {
      this.taskCount = taskCount;
      this.version += 1;
      this.changed();
    },
    resetLost: async () => undefined,
    haltSupervisor: async () => undefined,
    completeTermination: async (): Promise<CompleteResult> => {
      if (this.desired !== 'terminated' || this.live().length > 0) return { kind: 'goOn' };
      this.terminatedDone = true;
      return { kind: 'completed' };
    },
  };

  #apply(input: ApplyCommandInput) {
    this.commands.push(input);
    const failure = input.refusal ? null : this.orderFails(input);
    if (failure) throw failure;
    if (input.refusal) return { kind: 'refused' as const, outcome: { summary: input.refusal.message } };
    const desired = ({ suspend: 'suspended', resume: 'running', terminate: 'terminated' } as const)[
      input.verb as 'suspend' | 'resume' | 'terminate'
    ];
    if (desired) {
      this.version += 1;
      this.desired = desired;
    }
    this.changed();
    return { kind: 'done' as const, outcome: { summary: 'done' } };
  }

  async #watch(input: WatchInput): Promise<WatchResult> {
    let { known, health } = input;
    let stamp = '';
    const until = Date.now() + this.watchLimitMs;
    this.#note(input.status);
    for (let looks = 1; ; looks++) {
      this.looks += 1;
      const observation = summarize(this.facts());
      const look = takeLook(known, health, observation);
      ({ known, health } = look);
      if (!look.isNews) this.#note(statusOf(known, health, observation, observation.atMs));
      if (look.isNews || Date.now() >= until) return { observation, health, looks };
      stamp = this.#stamp();
      const pause = nextPauseEnd(known, Date.now());
      const limit = Math.min(until - Date.now(), pause === null ? 1_000 : Math.max(20, pause - Date.now()));
      await this.until(() => this.#stamp() !== stamp, limit);
    }
  }

  #stamp(): string {
    return JSON.stringify([
      this.version,
      this.desired,
      this.stream,
      this.partitions,
      this.generations,
      this.taskCount,
    ]);
  }

  #note(status: SupervisorStatus): void {
    this.status = status;
    if (this.statuses.at(-1) !== status.detailedState) this.statuses.push(status.detailedState);
  }

  #create(groupId: number, expected: number): CreatedGeneration {
    const newest = Math.max(
      0,
      ...this.generations.filter((e) => e.groupId === groupId).map((e) => e.generation),
    );
    if (newest !== expected) return { kind: 'refused', groupId, why: `the newest is ${newest}` };
    const generation = expected + 1;
    this.generations.push({
      groupId,
      generation,
      specVersion: this.version,
      partitions: groupsOf([...this.seeded], this.taskCount).get(groupId) ?? [],
      createdAtMs: Date.now(),
      state: 'reading',
      why: '',
      ordinal: 0,
      tasks: Array.from({ length: this.replicas }, (_, replica) => ({
        replica,
        taskId: `g${groupId}_${generation}_r${replica}_a`,
        state: 'RUNNING' as const,
      })),
    });
    this.changed();
    return { kind: 'created', groupId, generation };
  }

  readonly groupActivities: TaskGroupActivities = {
    prepareGroup: async ({ key }): Promise<PreparedGroup> => {
      await this.onPrepare();
      const found = this.find(key);
      if (found.state === 'published') return { kind: 'published' };
      if (found.state === 'discarded') return { kind: 'discarded', why: found.why };
      return {
        kind: 'ready',
        dataSource: 'clicks',
        stream: 'clicks',
        settings: {
          taskDurationMs: this.taskDurationMs,
          completionTimeoutMs: this.completionTimeoutMs,
          stopsItself: this.stopsItself,
        },
        replicas: found.tasks
          .filter((task) => task.state === 'RUNNING')
          .map(({ replica, taskId }) => ({ replica, taskId })),
        startedAtMs: null,
        endedOrdinal: found.ordinal - 1,
        readEndedAtMs: found.state === 'publishing' ? Date.now() : null,
      };
    },
    checkpointGroup: async (input) => this.#checkpoint(input),
    awaitPredecessor: async () => {
      await this.until(() => this.publishGate, 60_000);
      return { kind: 'published' };
    },
    replaceFailedTask: async (input): Promise<ReplaceFailedTaskResult> => {
      const { key, replica, taskId } = input;
      this.onReplace();
      this.replaced.push(input);
      const found = this.find(key);
      const old = found.tasks.find((task) => task.taskId === taskId);
      if (old) old.state = 'FAILED';
      const next = { replica, taskId: `${taskId}a`, state: 'RUNNING' as const };
      found.tasks.push(next);
      return { kind: 'replaced', taskId: next.taskId, counted: input.shutDownBy === undefined };
    },
    groupStanding: async ({ key }): Promise<GroupStanding> => {
      const found = this.find(key);
      if (found.state === 'published') return { kind: 'published' };
      if (found.state === 'discarded') return { kind: 'discarded', why: found.why };
      return { kind: 'waiting', predecessorUnpublished: false, started: true };
    },
    discardGroup: async ({ key, why }) => {
      const found = this.find(key);
      found.state = 'discarded';
      found.why = why;
      this.changed();
      return { kind: 'discarded', sequences: 1 };
    },
    finishGroup: async ({ key, outcome }: FinishGroupInput) => {
      const state = outcome === 'published' ? 'SUCCESS' : 'FAILED';
      for (const task of this.find(key).tasks) if (task.state === 'RUNNING') task.state = state;
    },
  };

  #checkpoint(input: CheckpointGroupInput): CheckpointGroupResult {
    const { key, final } = input;
    this.checkpoints.push(input);
    const { mute } = this;
    this.mute = [];
    const found = this.find(key);
    if (found.state === 'discarded') return { kind: 'discarded', why: found.why };
    const ordinal = found.ordinal;
    if (final) found.state = 'publishing';
    else found.ordinal += 1;
    this.changed();
    return { kind: 'ended', ordinal, final, answers: this.replicas, tookMs: 1, mute };
  }

  readonly ingestActivities: IngestActivities = {
    ingest: async (input) => {
      this.ingests.push(input);
      const answer = this.onIngest(input, this.ingests.length);
      if (answer) return answer;
      const found = this.find(input);
      const { client, info } = Context.current();
      if (info.attempt === 1)
        await client.workflow
          .getHandle(info.workflowExecution!.workflowId)
          .signal('replicaStarted', { replica: input.replica });
      await this.until(
        () =>
          (found.state === 'publishing' && this.publishGate) ||
          found.state === 'discarded' ||
          found.state === 'published',
        600_000,
      );
      if (found.state === 'discarded') return { kind: 'discarded', why: found.why };
      found.state = 'published';
      this.changed();
      return { kind: 'published' };
    },
  };
}

function factOf(entry: FakeGeneration): GenerationFact {
  const starts = Object.fromEntries(entry.partitions.map((partition) => [partition, toPosition(0)]));
  const reading = entry.state === 'reading';
  return {
    groupId: entry.groupId,
    generation: entry.generation,
    specVersion: entry.specVersion,
    stream: 'clicks',
    partitions: entry.partitions,
    createdAtMs: entry.createdAtMs,
    sequences: [
      { state: reading ? 'open' : 'ended', final: !reading, starts, ends: reading ? null : starts },
    ],
    tasks: entry.tasks.map((task) => ({
      replica: task.replica,
      state: task.state,
      attempts: 1,
      error: null,
      positions: null,
    })),
  };
}
