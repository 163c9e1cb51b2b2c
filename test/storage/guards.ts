/**
 * Every guard of protocol.md 3 to 6 with a state in which all other guards pass, and the answer that only this guard
 * gives. `without()` is called between the state and the last step: there a test takes the guard out of its function.
 */
import { isHeadgateError } from '../../domain/errors.ts';
import { type Lease, acquireTask, finishTask, noteEnding } from '../../storage/attempts.ts';
import { storeScaling } from '../../storage/autoscalers.ts';
import type { Database } from '../../storage/call.ts';
import { insertCheckpoint } from '../../storage/checkpoints.ts';
import { answerPause, endSequence, requestPause, resumeAfterLease } from '../../storage/control.ts';
import { createGeneration } from '../../storage/generations.ts';
import { commitSequence, discardSequence } from '../../storage/publish.ts';
import { reapIntents } from '../../storage/reaper.ts';
import { forcedStop, fullReset, partialReset, resetAndBackfill } from '../../storage/resets.ts';
import {
  readSupervisor,
  replaceSupervisorVersion,
  storeSupervisorVersion,
  storeTombstone,
} from '../../storage/supervisors.ts';
import { Fixture, nextUuid, positions } from './fixture.ts';
import type { GenerationKey } from '../../domain/ids.ts';
import { toPosition } from '../../domain/positions.ts';

export type Guard = {
  /** The SQL function it stands in, and its name there. */
  readonly of: string;
  readonly guard: string;
  readonly what: string;
  readonly scenario: (database: Database, without: () => Promise<void>) => Promise<unknown>;
  readonly answer: unknown;
};

/** A generation whose first sequence is ended at 150 and 250, its attempt holding the lease. */
async function ended(
  database: Database,
  options: { final?: boolean; replicas?: number } = {},
): Promise<{ f: Fixture; key: GenerationKey; lease: Lease }> {
  const f = await Fixture.with(database);
  const key = await f.generation({ replicas: options.replicas ?? 1 });
  const lease = await f.attempt(key);
  await f.end(key, lease, { 0: 150, 1: 250 }, { final: options.final ?? true });
  return { f, key, lease };
}

/** A generation that reads its first sequence. */
async function reading(
  database: Database,
  options: { replicas?: number } = {},
): Promise<{ f: Fixture; key: GenerationKey; lease: Lease }> {
  const f = await Fixture.with(database);
  const key = await f.generation({ replicas: options.replicas ?? 1 });
  return { f, key, lease: await f.attempt(key) };
}

/** Ready to commit: ends written, intents of its one file pending. */
async function ready(database: Database) {
  const state = await ended(database);
  const input = await state.f.commitInput(state.key);
  await state.f.intents(
    state.lease,
    input.segments.map((segment) => segment.path),
  );
  return { ...state, input };
}

/** What the protocol forbids to happen, done behind its back to reach the state of one guard. */
const behind = {
  raiseTerm: (database: Database) => database.query(`update supervisor set term = term + 1`),
  discard: (database: Database, ordinal = 0) =>
    database.query(`update sequence set state = 'discarded', discard_why = 'test' where ordinal = $1`, [
      ordinal,
    ]),
  reap: (database: Database) => database.query(`update upload_intent set state = 'reaped'`),
  async movePosition(database: Database, to: number) {
    await database.query(`alter table partition_state disable trigger partition_state_has_reason`);
    await database.query(`update partition_state set next_position = $1 where partition = '0'`, [to]);
    await database.query(`alter table partition_state enable trigger partition_state_has_reason`);
  },
  async newIncarnation(database: Database) {
    await database.query(`insert into incarnation (supervisor_id, stream, partition, incarnation, source_identity,
      seeded_start, why) values ('wiki', 'clicks', '0', 2, 'topic-1', 100, 'test')`);
    await database.query(`update partition_state set incarnation = 2 where partition = '0'`);
  },
};

export async function outcomeOf(action: Promise<unknown>): Promise<unknown> {
  try {
    const answer = await action;
    return answer === undefined ? 'done' : answer;
  } catch (error) {
    if (isHeadgateError(error)) return `${error.code}`;
    throw error;
  }
}

/** Only the kind of an answer, where the rest is ids. */
async function kindOf(action: Promise<{ kind: string } | string>): Promise<unknown> {
  const answer = await outcomeOf(action);
  return typeof answer === 'object' && answer !== null && 'kind' in answer
    ? 'reason' in answer
      ? `${String(answer.kind)} ${String(answer.reason)}`
      : answer.kind
    : answer;
}

const acquire = (database: Database, taskId: string, run: string, attempt: number) =>
  kindOf(acquireTask(database, { taskId, activityRun: run, attempt, workerId: 'w' }));

const creation: readonly Guard[] = [
  {
    of: 'headgate_seed_partitions',
    guard: 'seed-once',
    what: 'a partition that has a position keeps it',
    scenario: async (database, without) => {
      const f = await Fixture.with(database);
      await without();
      return outcomeOf(f.seed({ 0: 999 }));
    },
    answer: [],
  },
  {
    of: 'headgate_create_generation',
    guard: 'expectation',
    what: 'a caller that does not know the newest generation creates none',
    scenario: async (database, without) => {
      const f = await Fixture.with(database);
      await without();
      return kindOf(createGeneration(database, f.generationInput({ expectedGeneration: 4 })));
    },
    answer: 'refused STALE_EXPECTATION',
  },
  {
    of: 'headgate_create_generation',
    guard: 'discarded-predecessor',
    what: 'a caller that means to go on from a discarded sequence is told',
    scenario: async (database, without) => {
      const { f, key } = await ended(database);
      await discardSequence(database, { sequenceId: f.sequenceId(key), why: 'test' });
      await without();
      const input = f.generationInput({ expectedGeneration: 1, expectedPredecessors: [f.sequenceId(key)] });
      return kindOf(createGeneration(database, input));
    },
    answer: 'refused PREDECESSOR_DISCARDED',
  },
  {
    of: 'headgate_create_generation',
    guard: 'seeded',
    what: 'no reading without a start position that is a row',
    scenario: async (database, without) => {
      const f = await Fixture.with(database, { seeds: { 0: 1 } });
      await without();
      return kindOf(createGeneration(database, f.generationInput()));
    },
    answer: 'refused NOT_SEEDED',
  },
  {
    of: 'headgate_create_generation',
    guard: 'still-reading',
    what: 'the sequence before has ended',
    scenario: async (database, without) => {
      const { f } = await reading(database);
      await without();
      return kindOf(createGeneration(database, f.generationInput({ groupId: 1 })));
    },
    answer: 'refused STILL_READING',
  },
  {
    of: 'headgate_create_generation',
    guard: 'too-many-unpublished',
    what: 'at most three generations wait to publish',
    scenario: async (database, without) => {
      const f = await Fixture.with(database);
      for (const expectedGeneration of [0, 1, 2]) {
        const key = await f.generation({ expectedGeneration });
        const at = 300 + expectedGeneration;
        await f.end(key, await f.attempt(key), { 0: at, 1: at });
      }
      await without();
      return kindOf(createGeneration(database, f.generationInput({ expectedGeneration: 3 })));
    },
    answer: 'refused TOO_MANY_UNPUBLISHED',
  },
];

const attempts: readonly Guard[] = [
  {
    of: 'headgate_acquire',
    guard: 'acquire-attempt',
    what: 'a late lower attempt of the same run does not take the task back',
    scenario: async (database, without) => {
      const f = await Fixture.with(database);
      const key = await f.generation();
      await f.attempt(key, { run: 'run', attempt: 2 });
      await without();
      return acquire(database, await f.taskOf(key), 'run', 1);
    },
    answer: 'refused LOWER_ATTEMPT',
  },
  {
    of: 'headgate_acquire',
    guard: 'acquire-terminal',
    what: 'a task that has ended is not taken',
    scenario: async (database, without) => {
      const { f, key } = await reading(database);
      const taskId = await f.taskOf(key);
      await finishTask(database, { taskId, state: 'FAILED', error: 'x', counted: true });
      await without();
      return acquire(database, taskId, 'run', 1);
    },
    answer: 'refused TASK_TERMINAL',
  },
  {
    of: 'headgate_acquire',
    guard: 'acquire-discarded',
    what: 'nothing is read for a discarded generation',
    scenario: async (database, without) => {
      const { f, key } = await reading(database);
      await discardSequence(database, { sequenceId: f.sequenceId(key), why: 'test' });
      await without();
      return acquire(database, await f.taskOf(key), 'run', 1);
    },
    answer: 'refused DISCARDED',
  },
  {
    of: 'headgate_acquire',
    guard: 'acquire-term',
    what: 'nothing is read for an old term',
    scenario: async (database, without) => {
      const { f, key } = await reading(database);
      await behind.raiseTerm(database);
      await without();
      return acquire(database, await f.taskOf(key), 'run', 1);
    },
    answer: 'refused TERM',
  },
  {
    of: 'headgate_check_time',
    guard: 'time-travel',
    what: 'a database that forgot commits stops publishing',
    scenario: async (database, without) => {
      const { f, key } = await reading(database);
      const timeline = String(await f.value(`select timeline from supervisor`));
      await without();
      return outcomeOf(
        acquireTask(database, {
          taskId: await f.taskOf(key),
          activityRun: 'run',
          attempt: 1,
          workerId: 'w',
          seen: { supervisorId: 'wiki', timeline, commitSeq: '7' },
        }),
      );
    },
    answer: 'METADATA_TIME_TRAVEL',
  },
  {
    of: 'headgate_record_progress',
    guard: 'progress-lease',
    what: 'progress of a fenced attempt does not count',
    scenario: async (database, without) => {
      const { f, key, lease } = await reading(database);
      await f.attempt(key);
      await without();
      return f.progress(lease, { 0: 120, 1: 220 });
    },
    answer: 'fenced',
  },
  {
    of: 'headgate_note_ending',
    guard: 'ending-lease',
    what: 'a fenced attempt has no say in how its task stands',
    scenario: async (database, without) => {
      const { f, key, lease } = await reading(database);
      await f.attempt(key);
      await without();
      return noteEnding(database, lease, { ending: 'failed', error: 'late' });
    },
    answer: 'fenced',
  },
];

const control: readonly Guard[] = [
  {
    of: 'headgate_request_pause',
    guard: 'pause-discarded',
    what: 'a discarded sequence is not paused',
    scenario: async (database, without) => {
      const { key } = await reading(database);
      await behind.discard(database);
      await without();
      return kindOf(requestPause(database, { key, ordinal: 0, leaseMs: 1000 }));
    },
    answer: 'discarded',
  },
  {
    of: 'headgate_request_pause',
    guard: 'pause-ended',
    what: 'an ended sequence is not paused again',
    scenario: async (database, without) => {
      const { key } = await ended(database);
      await without();
      return kindOf(requestPause(database, { key, ordinal: 0, leaseMs: 1000 }));
    },
    answer: 'alreadyEnded',
  },
  {
    of: 'headgate_answer_pause',
    guard: 'answer-lease',
    what: 'a fenced attempt has no say in the ends',
    scenario: async (database, without) => {
      const { f, key, lease } = await reading(database);
      const requestNo = await f.pause(key);
      await f.attempt(key);
      await without();
      return answerPause(database, lease, { requestNo, positions: positions({ 0: 900, 1: 900 }) });
    },
    answer: 'fenced',
  },
  {
    of: 'headgate_answer_pause',
    guard: 'answer-request',
    what: 'an answer to an older request is told so',
    scenario: async (database, without) => {
      const { f, key, lease } = await reading(database);
      const requestNo = await f.pause(key);
      await without();
      return answerPause(database, lease, {
        requestNo: requestNo - 1,
        positions: positions({ 0: 120, 1: 220 }),
      });
    },
    answer: 'superseded',
  },
  {
    of: 'headgate_resume_after_lease',
    guard: 'resume-lease',
    what: 'a fenced attempt does not raise the request',
    scenario: async (database, without) => {
      const { f, key, lease } = await reading(database);
      const requestNo = await f.pause(key, 0, 0);
      await f.attempt(key);
      await without();
      return resumeAfterLease(database, lease, { requestNo });
    },
    answer: 'superseded',
  },
  {
    of: 'headgate_resume_after_lease',
    guard: 'resume-request',
    what: 'only the pending request is raised',
    scenario: async (database, without) => {
      const { f, key, lease } = await reading(database);
      const requestNo = await f.pause(key, 0, 0);
      await without();
      return resumeAfterLease(database, lease, { requestNo: requestNo - 1 });
    },
    answer: 'superseded',
  },
  {
    of: 'headgate_resume_after_lease',
    guard: 'resume-renewed',
    what: 'a renewed pause stays a pause',
    scenario: async (database, without) => {
      const { f, key, lease } = await reading(database);
      await f.pause(key, 0, 0);
      const requestNo = await f.pause(key, 0, 60_000);
      await without();
      return resumeAfterLease(database, lease, { requestNo });
    },
    answer: 'superseded',
  },
  {
    of: 'headgate_end_sequence',
    guard: 'end-once',
    what: 'a retry gets the ends that were written',
    scenario: async (database, without) => {
      const { key } = await ended(database);
      await without();
      return outcomeOf(endSequence(database, { key, ordinal: 0, requestNo: 99, final: false }));
    },
    answer: { kind: 'ended', ends: { 0: '150', 1: '250' }, final: true, nextOrdinal: null },
  },
  {
    of: 'headgate_end_sequence',
    guard: 'end-discarded',
    what: 'a discarded sequence gets no ends',
    scenario: async (database, without) => {
      const { f, key } = await reading(database);
      const requestNo = await f.pause(key);
      await behind.discard(database);
      await without();
      return kindOf(endSequence(database, { key, ordinal: 0, requestNo, final: true }));
    },
    answer: 'discarded',
  },
  {
    of: 'headgate_end_sequence',
    guard: 'end-term',
    what: 'a sequence of an old term gets no ends',
    scenario: async (database, without) => {
      const { f, key } = await reading(database);
      const requestNo = await f.pause(key);
      await behind.raiseTerm(database);
      await without();
      return kindOf(endSequence(database, { key, ordinal: 0, requestNo, final: true }));
    },
    answer: 'discarded',
  },
  {
    of: 'headgate_end_sequence',
    guard: 'end-request',
    what: 'ends are written only while the replicas of this request are paused',
    scenario: async (database, without) => {
      const { f, key, lease } = await reading(database);
      const requestNo = await f.pause(key, 0, 0);
      await resumeAfterLease(database, lease, { requestNo });
      await without();
      return kindOf(endSequence(database, { key, ordinal: 0, requestNo, final: true }));
    },
    answer: 'superseded',
  },
];

const checkpoints: readonly Guard[] = [
  {
    of: 'headgate_insert_intents',
    guard: 'intent-lease',
    what: 'a fenced attempt gets no names',
    scenario: async (database, without) => {
      const { f, key, lease } = await reading(database);
      await f.attempt(key);
      await without();
      return f.intents(lease, ['a/1']);
    },
    answer: 'fenced',
  },
  {
    of: 'headgate_insert_checkpoint',
    guard: 'checkpoint-lease',
    what: 'a fenced attempt leaves no checkpoint',
    scenario: async (database, without) => {
      const { f, key, lease } = await reading(database);
      await f.intents(lease, ['c/1'], 'checkpoint');
      await f.attempt(key);
      await without();
      return insertCheckpoint(database, lease, {
        checkpointId: nextUuid(),
        sequences: [f.checkpointSequence(key, { 0: 120, 1: 220 }, ['c/1'])],
      });
    },
    answer: 'fenced',
  },
  {
    of: 'headgate_insert_checkpoint',
    guard: 'checkpoint-beyond-end',
    what: 'no checkpoint beyond a written end',
    scenario: async (database, without) => {
      const { f, key, lease } = await ended(database);
      await without();
      return (await f.checkpoint(lease, key, { 0: 151, 1: 250 }, { all: ['c/1'] })).outcome;
    },
    answer: 'beyondEnd',
  },
  {
    of: 'headgate_insert_checkpoint',
    guard: 'checkpoint-files',
    what: 'a checkpoint lists only files that are its own and not garbage',
    scenario: async (database, without) => {
      const { f, key, lease } = await reading(database);
      await f.intents(lease, ['c/1'], 'checkpoint');
      await behind.reap(database);
      await without();
      return outcomeOf(
        insertCheckpoint(database, lease, {
          checkpointId: nextUuid(),
          sequences: [f.checkpointSequence(key, { 0: 120, 1: 220 }, ['c/1'])],
        }),
      );
    },
    answer: 'INVARIANT_VIOLATED',
  },
  {
    of: 'headgate_adopt',
    guard: 'adopt-lease',
    what: 'a fenced attempt adopts nothing',
    scenario: async (database, without) => {
      const { f, key, lease } = await reading(database);
      const { checkpointId } = await f.checkpoint(lease, key, { 0: 120, 1: 220 }, { all: ['c/1'] });
      await f.attempt(key);
      await without();
      return kindOf(f.adopt(lease, checkpointId).then(({ kind }) => kind));
    },
    answer: 'refused',
  },
  {
    of: 'headgate_adopt',
    guard: 'adopt-replica',
    what: 'the checkpoint of another replica is not ours',
    scenario: async (database, without) => {
      const { f, key, lease } = await reading(database, { replicas: 2 });
      const { checkpointId } = await f.checkpoint(lease, key, { 0: 120, 1: 220 }, { all: ['c/1'] });
      const other = await f.attempt(key, { replica: 1 });
      await without();
      return kindOf(f.adopt(other, checkpointId).then(({ kind }) => kind));
    },
    answer: 'refused',
  },
  {
    of: 'headgate_adopt',
    guard: 'adopt-newest',
    what: 'only the newest checkpoint of a sequence and replica counts',
    scenario: async (database, without) => {
      const { f, key, lease } = await ended(database, { final: false });
      await f.intents(lease, ['c/1', 'c/2'], 'checkpoint');
      const checkpointId = nextUuid();
      // Of two sequences; the next one covers only the first, so this row stays, but is no longer the newest of it.
      await insertCheckpoint(database, lease, {
        checkpointId,
        sequences: [
          f.checkpointSequence(key, { 0: 150, 1: 250 }, ['c/1']),
          f.checkpointSequence(key, { 0: 160, 1: 260 }, ['c/2'], 1),
        ],
      });
      await f.checkpoint(lease, key, { 0: 120, 1: 220 }, { all: ['c/3'] });
      const next = await f.attempt(key);
      await without();
      return kindOf(f.adopt(next, checkpointId).then(({ kind }) => kind));
    },
    answer: 'refused',
  },
  {
    of: 'headgate_adopt',
    guard: 'adopt-files',
    what: 'a checkpoint with reaped files is not adopted, not even in part',
    scenario: async (database, without) => {
      const { f, key, lease } = await reading(database);
      const { checkpointId } = await f.checkpoint(lease, key, { 0: 120, 1: 220 }, { all: ['c/1', 'c/2'] });
      await database.query(`update upload_intent set state = 'reaped' where path = 'c/2'`);
      const next = await f.attempt(key);
      await without();
      return kindOf(f.adopt(next, checkpointId).then(({ kind }) => kind));
    },
    answer: 'refused',
  },
];

const publishing: readonly Guard[] = [
  {
    of: 'headgate_commit',
    guard: 'already',
    what: 'a sequence is published once, whoever asks again',
    scenario: async (database, without) => {
      const { f, key, lease } = await ended(database);
      await f.publish(lease, key);
      const input = await f.commitInput(key);
      await f.intents(
        lease,
        input.segments.map((segment) => segment.path),
      );
      await without();
      return kindOf(commitSequence(database, lease, input));
    },
    answer: 'already',
  },
  {
    of: 'headgate_commit',
    guard: 'discarded',
    what: 'a discarded sequence is not published',
    scenario: async (database, without) => {
      const { lease, input } = await ready(database);
      await behind.discard(database);
      await without();
      return outcomeOf(commitSequence(database, lease, input));
    },
    answer: { kind: 'discarded', why: 'test' },
  },
  {
    of: 'headgate_commit',
    guard: 'term',
    what: 'a sequence of an old term is not published',
    scenario: async (database, without) => {
      const { lease, input } = await ready(database);
      await behind.raiseTerm(database);
      await without();
      return outcomeOf(commitSequence(database, lease, input));
    },
    answer: { kind: 'fenced', by: 'term' },
  },
  {
    of: 'headgate_commit',
    guard: 'lease',
    what: 'an attempt that was taken over does not publish',
    scenario: async (database, without) => {
      const { f, key, lease, input } = await ready(database);
      await f.attempt(key);
      await without();
      return outcomeOf(commitSequence(database, lease, input));
    },
    answer: { kind: 'fenced', by: 'lease' },
  },
  {
    of: 'headgate_holds_lease',
    guard: 'lease-epoch',
    what: 'an older epoch is fenced, even with the right token',
    scenario: async (database, without) => {
      const { lease, input } = await ready(database);
      await database.query(`update task_lease set epoch = epoch + 1`);
      await without();
      return outcomeOf(commitSequence(database, lease, input));
    },
    answer: { kind: 'fenced', by: 'lease' },
  },
  {
    of: 'headgate_holds_lease',
    guard: 'lease-token',
    what: 'a zombie with a repeated epoch is fenced by its token',
    scenario: async (database, without) => {
      const { lease, input } = await ready(database);
      await without();
      return outcomeOf(commitSequence(database, { ...lease, token: nextUuid() }, input));
    },
    answer: { kind: 'fenced', by: 'lease' },
  },
  {
    of: 'headgate_commit',
    guard: 'lease-generation',
    what: 'a task publishes sequences of its own generation only',
    scenario: async (database, without) => {
      const { f, key } = await ended(database);
      const next = await f.generation({ expectedGeneration: 1 });
      const stranger = await f.attempt(next);
      const input = await f.commitInput(key);
      await f.intents(
        stranger,
        input.segments.map((segment) => segment.path),
      );
      await without();
      return outcomeOf(commitSequence(database, stranger, input));
    },
    answer: { kind: 'fenced', by: 'lease' },
  },
  {
    of: 'headgate_commit',
    guard: 'ends',
    what: 'a publish stops exactly at the written ends',
    scenario: async (database, without) => {
      const { lease, input } = await ready(database);
      const ranges = input.ranges.map((range) => ({ ...range, end: toPosition(BigInt(range.end) - 1n) }));
      await without();
      return outcomeOf(commitSequence(database, lease, { ...input, ranges }));
    },
    answer: { kind: 'overread', ends: { 0: '150', 1: '250' } },
  },
  {
    of: 'headgate_compare_positions',
    guard: 'incarnation',
    what: 'a position that came back after a reset is not the old one',
    scenario: async (database, without) => {
      const { lease, input } = await ready(database);
      await behind.newIncarnation(database);
      await without();
      return kindOf(commitSequence(database, lease, input));
    },
    answer: 'stale',
  },
  {
    of: 'headgate_compare_positions',
    guard: 'position-stale',
    what: 'a position that has moved on is not published again',
    scenario: async (database, without) => {
      const { lease, input } = await ready(database);
      await behind.movePosition(database, 120);
      await without();
      return kindOf(commitSequence(database, lease, input));
    },
    answer: 'stale',
  },
  {
    of: 'headgate_compare_positions',
    guard: 'position-ahead',
    what: 'a gap before the start is not published over',
    scenario: async (database, without) => {
      const { lease, input } = await ready(database);
      await behind.movePosition(database, 90);
      await without();
      return kindOf(commitSequence(database, lease, input));
    },
    answer: 'ahead',
  },
  {
    of: 'headgate_compare_positions',
    guard: 'predecessor',
    what: 'nothing overtakes its predecessor, even one that read nothing',
    scenario: async (database, without) => {
      const { f, key, lease } = await reading(database);
      await f.end(key, lease, { 0: 100, 1: 200 });
      const next = await f.generation({ expectedGeneration: 1 });
      const successor = await f.attempt(next);
      await f.end(next, successor, { 0: 180, 1: 280 });
      await without();
      return (await f.publish(successor, next)).kind;
    },
    answer: 'ahead',
  },
  {
    of: 'headgate_commit',
    guard: 'intents',
    what: 'a file that may be deleted is not published',
    scenario: async (database, without) => {
      const { lease, input } = await ready(database);
      await behind.reap(database);
      await without();
      return kindOf(commitSequence(database, lease, input));
    },
    answer: 'reaped',
  },
];

const discards: readonly Guard[] = [
  {
    of: 'headgate_discard',
    guard: 'discard-published',
    what: 'what is published is not discarded',
    scenario: async (database, without) => {
      const { f, key, lease } = await ended(database);
      await f.publish(lease, key);
      await without();
      return kindOf(discardSequence(database, { sequenceId: f.sequenceId(key), why: 'test' }));
    },
    answer: 'published',
  },
  {
    of: 'headgate_with_successors',
    guard: 'cascade',
    what: 'everything read on from a discarded sequence goes with it',
    scenario: async (database, without) => {
      const { f, key } = await ended(database);
      const next = await f.generation({ groupId: 7, partitions: ['1'] });
      await without();
      const outcome = await discardSequence(database, { sequenceId: f.sequenceId(key), why: 'test' });
      return [(await f.read(key)).state, (await f.read(next)).state, outcome.kind];
    },
    answer: ['discarded', 'discarded', 'discarded'],
  },
  {
    of: 'headgate_discard_all',
    guard: 'discard-lease',
    what: 'a task with nothing left to publish is fenced at once',
    scenario: async (database, without) => {
      const { f, key, lease } = await ended(database);
      await without();
      await discardSequence(database, { sequenceId: f.sequenceId(key), why: 'test' });
      return f.progress(lease, { 0: 160, 1: 260 });
    },
    answer: 'fenced',
  },
];

const order = { supervisorId: 'wiki', resetId: 'order-1', why: 'test', by: 'operator' };
const toZero = { stream: 'clicks', positions: [{ partition: '0', position: toPosition(0) }] };

const toLatest = {
  ...order,
  stream: 'clicks',
  positions: [{ partition: '0', position: toPosition(900) }],
  backfill: {
    supervisorId: 'wiki_backfill',
    dataSource: 'wikipedia',
    specText: '{}',
    by: 'test',
    desired: 'running' as const,
  },
};

const resets: readonly Guard[] = [
  ...(
    [
      ['headgate_full_reset', (database) => fullReset(database, { ...order, positions: [] })],
      ['headgate_partial_reset', (database) => partialReset(database, { ...order, ...toZero })],
      ['headgate_forced_stop', (database) => forcedStop(database, order)],
      ['headgate_reset_and_backfill', (database) => resetAndBackfill(database, toLatest)],
    ] satisfies [string, (database: Database) => Promise<unknown>][]
  ).map(([of, reset]): Guard => ({
    of,
    guard: 'reset-once',
    what: 'a repeated order changes nothing',
    scenario: async (database, without) => {
      const { f } = await reading(database);
      await reset(database);
      const look = () =>
        f.value(`select jsonb_build_array(term, (select jsonb_agg(incarnation order by partition)
          from partition_state)) from supervisor`);
      const before = JSON.stringify(await look());
      await without();
      const outcome = await outcomeOf(reset(database));
      return typeof outcome === 'string' ? outcome : before === JSON.stringify(await look());
    },
    answer: true,
  })),
  {
    of: 'headgate_partial_reset',
    guard: 'reset-discards',
    what: 'what was read from the old position goes',
    scenario: async (database, without) => {
      const { f, key } = await ended(database);
      await without();
      await partialReset(database, { ...order, ...toZero });
      return (await f.read(key)).state;
    },
    answer: 'discarded',
  },
  {
    of: 'headgate_partial_reset',
    guard: 'reset-expected',
    what: 'a partition that does not stand where it was seen is left alone',
    scenario: async (database, without) => {
      const { f, key, lease } = await ended(database);
      await f.publish(lease, key);
      await without();
      const seen = { incarnation: '1', position: toPosition(100) };
      return kindOf(
        partialReset(database, {
          ...order,
          stream: 'clicks',
          positions: [{ partition: '0', position: toPosition(900), expected: seen }],
        }),
      );
    },
    answer: 'moved',
  },
  {
    of: 'headgate_settle_targets',
    guard: 'no-earlier',
    what: 'an end of the log that was looked up before a publish does not move the position back',
    scenario: async (database, without) => {
      const { f, key, lease } = await ended(database);
      await f.publish(lease, key);
      await without();
      await partialReset(database, {
        ...order,
        stream: 'clicks',
        positions: [{ partition: '0', position: toPosition(120), noEarlier: true }],
      });
      return f.value(`select next_position::int from partition_state where partition = '0'`);
    },
    answer: 150,
  },
];

/** One pending publish intent of a reading attempt; `dead` makes it nobody's in one single way. */
function reaping(
  of: string,
  guard: string,
  what: string,
  dead: (database: Database, f: Fixture, key: GenerationKey, lease: Lease) => Promise<unknown>,
): Guard {
  return {
    of,
    guard,
    what,
    scenario: async (database, without) => {
      const { f, key, lease } = await ended(database);
      await f.intents(lease, ['p/1']);
      await dead(database, f, key, lease);
      await without();
      return reapIntents(database, { graceMs: 0 });
    },
    answer: ['p/1'],
  };
}

const reaper: readonly Guard[] = [
  {
    of: 'headgate_reapable',
    guard: 'reap-grace',
    what: 'nothing younger than the grace period is reaped',
    scenario: async (database, without) => {
      const { f, key, lease } = await reading(database);
      await f.intents(lease, ['p/1']);
      await f.attempt(key);
      await without();
      return reapIntents(database, { graceMs: 60_000 });
    },
    answer: [],
  },
  {
    of: 'headgate_reapable',
    guard: 'reap-dead',
    what: 'a file that can still be published is not reaped',
    scenario: async (database, without) => {
      const { f, lease } = await reading(database);
      await f.intents(lease, ['p/1']);
      await without();
      return reapIntents(database, { graceMs: 0 });
    },
    answer: [],
  },
  {
    of: 'headgate_reapable',
    guard: 'reap-protected',
    what: 'the files of the newest checkpoint stay for the next attempt',
    scenario: async (database, without) => {
      const { f, key, lease } = await reading(database);
      await f.checkpoint(lease, key, { 0: 120, 1: 220 }, { all: ['c/1'] });
      await f.attempt(key);
      await without();
      return reapIntents(database, { graceMs: 0 });
    },
    answer: [],
  },
  reaping('headgate_live_attempts', 'dead-task', 'the task has ended', (database) =>
    database.query(`update task set state = 'FAILED'`),
  ),
  reaping('headgate_live_attempts', 'dead-term', 'the term is over', (database) =>
    behind.raiseTerm(database),
  ),
  reaping('headgate_live_attempts', 'dead-generation', 'all is published', (_, f, key, lease) =>
    f.publish(lease, key),
  ),
];

const versions: readonly Guard[] = [
  {
    of: 'headgate_store_version',
    guard: 'expected-version',
    what: 'an edit of an older version undoes no newer one and revives no terminated id',
    scenario: async (database, without) => {
      const f = await Fixture.with(database);
      const { supervisorId } = f;
      const row = await readSupervisor(database, supervisorId);
      const expectedVersion = row?.version ?? 0;
      await storeTombstone(database, { supervisorId, by: 'another' });
      await without();
      const edit = { supervisorId, expectedVersion, dataSource: 'any', specText: '{}', by: 'test' };
      return (await replaceSupervisorVersion(database, { ...edit, desired: 'suspended' })).kind;
    },
    answer: 'overtaken',
  },
  {
    of: 'headgate_scale',
    guard: 'scaled-version',
    what: 'scaling what was decided on undoes no version that came in between',
    scenario: async (database, without) => {
      const f = await Fixture.with(database);
      const { supervisorId } = f;
      const row = await readSupervisor(database, supervisorId);
      const expectedVersion = row?.version ?? 0;
      const spec = { supervisorId, dataSource: 'any', specText: '{}', by: 'another' };
      await storeSupervisorVersion(database, { ...spec, desired: 'suspended' });
      await without();
      const scaling = { supervisorId, expectedVersion, key: 'k', specText: '{}', by: 'test', memory: {} };
      return (await storeScaling(database, scaling)).kind;
    },
    answer: 'overtaken',
  },
];

export const guards: readonly Guard[] = [
  ...versions,
  ...creation,
  ...attempts,
  ...control,
  ...checkpoints,
  ...publishing,
  ...discards,
  ...resets,
  ...reaper,
];

export { behind, ended, ready, reading };
