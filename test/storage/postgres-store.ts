/** The safety store over the functions of storage/, with answers reduced to what the model gives. */
import { zeroCounters } from '../../domain/counters.ts';
import { isHeadgateError } from '../../domain/errors.ts';
import { type Positions, toPosition } from '../../domain/positions.ts';
import { acquireTask, finishTask, recordProgress, replaceTask } from '../../storage/attempts.ts';
import type { Database } from '../../storage/call.ts';
import { adoptCheckpoint, insertCheckpoint, insertIntents } from '../../storage/checkpoints.ts';
import {
  answerPause,
  endSequence,
  readControl,
  requestPause,
  resumeAfterLease,
} from '../../storage/control.ts';
import {
  type SequenceRow,
  createGeneration,
  liveGenerations,
  newestGenerations,
} from '../../storage/generations.ts';
import { readPartitions, seedPartitions } from '../../storage/partitions.ts';
import { commitSequence, discardSequence } from '../../storage/publish.ts';
import { reapIntents } from '../../storage/reaper.ts';
import { type ResetOutcome, forcedStop, fullReset, partialReset } from '../../storage/resets.ts';
import type { AsyncStore, At, LiveSequence } from './safety-store.ts';

const stream = 'clicks';

export function postgresStore(database: Database, supervisorId: string): AsyncStore {
  const keyOf = (input: { groupId: number; generation: number }) => ({
    supervisorId,
    groupId: input.groupId,
    generation: input.generation,
  });
  const order = (resetId: string) => ({ supervisorId, resetId, why: 'test', by: 'test' });
  return {
    async seed({ positions }) {
      const { seeded } = await seedPartitions(database, {
        supervisorId,
        stream,
        sourceIdentity: 'topic-1',
        why: 'test',
        positions: Object.entries(positions).map(([partition, position]) => ({
          partition,
          position: toPosition(position),
        })),
      });
      return seeded;
    },
    async live() {
      const generations = await liveGenerations(database, supervisorId);
      const newest = await newestGenerations(database, supervisorId);
      const partitions = await readPartitions(database, supervisorId);
      return {
        generations: generations.map((row) => ({
          groupId: row.key.groupId,
          generation: row.key.generation,
          partitions: row.partitions,
          sequences: row.sequences.map(liveSequenceOf),
          tasks: row.tasks.map(({ taskId, replica, state }) => ({ taskId, replica, state })),
        })),
        newest: Object.fromEntries(newest.map((row) => [row.groupId, String(row.generation)])),
        unseeded: partitions.flatMap((row) => (row.nextPosition === null ? [row.partition] : [])),
      };
    },
    async createGeneration({ letters, ...input }) {
      const outcome = await createGeneration(database, {
        ...input,
        supervisorId,
        stream,
        specVersion: 1,
        replicas: letters.length,
        taskLetters: letters,
        windowMinMs: null,
        windowMaxMs: null,
      });
      return outcome.kind === 'refused'
        ? { kind: outcome.kind, reason: outcome.reason }
        : { kind: outcome.kind, sequenceId: outcome.sequenceId, starts: outcome.starts };
    },
    async acquire(input) {
      const outcome = await acquireTask(database, { ...input, workerId: 'w' });
      if (outcome.kind === 'refused') return { kind: 'refused', reason: outcome.reason };
      const { checkpoint } = outcome;
      return {
        kind: 'acquired',
        lease: outcome.lease,
        sequences: outcome.generation.sequences.map(liveSequenceOf),
        checkpoint: checkpoint && {
          checkpointId: checkpoint.checkpointId,
          sequences: checkpoint.sequences.map((item) => ({
            sequenceId: item.sequenceId,
            positions: item.positions,
            files: item.files.map((file) => file.path),
          })),
        },
      };
    },
    progress: ({ lease, positions }) =>
      recordProgress(database, lease, {
        positions: asPositions(positions),
        counters: zeroCounters,
        rowsPerSecond: 0,
        rowsInMemory: 0,
        bytesInMemory: 0,
      }),
    requestPause: ({ ordinal, leaseMs, ...key }) =>
      requestPause(database, { key: keyOf(key), ordinal, leaseMs }),
    answerPause: ({ lease, requestNo, positions }) =>
      answerPause(database, lease, { requestNo, positions: asPositions(positions) }),
    resumeAfterLease: ({ lease, requestNo }) => resumeAfterLease(database, lease, { requestNo }),
    endSequence: ({ ordinal, requestNo, final, ...key }) =>
      endSequence(database, { key: keyOf(key), ordinal, requestNo, final }),
    async readControl(input) {
      const control = await readControl(database, keyOf(input));
      if (control === null) throw new Error('no such generation');
      const { requestNo, state } = control;
      return { requestNo, state, sequences: control.sequences.map(({ row: _row, ...sequence }) => sequence) };
    },
    insertIntents: ({ lease, kind, paths }) => insertIntents(database, lease, { kind, paths }),
    insertCheckpoint: ({ lease, checkpointId, sequences }) =>
      insertCheckpoint(database, lease, {
        checkpointId,
        sequences: sequences.map((item) => ({
          sequenceId: item.sequenceId,
          positions: asPositions(item.positions),
          counters: zeroCounters,
          files: item.files.map((path) => ({ path, size: 1, sha256: 'ab', rows: 1 })),
        })),
      }).catch(violation),
    adopt: async ({ lease, checkpointId }) => (await adoptCheckpoint(database, lease, checkpointId)).kind,
    async commit({ lease, publishId, sequenceId, ranges, paths }) {
      try {
        const outcome = await commitSequence(database, lease, {
          publishId,
          sequenceId,
          ranges: ranges.map((range) => ({
            ...range,
            start: toPosition(range.start),
            end: toPosition(range.end),
          })),
          segments: paths.map((path) => ({
            path,
            sha256: 'ab',
            size: 1,
            rows: 1,
            startMs: 0,
            endMs: 3_600_000,
            columns: [],
          })),
          counters: { ...zeroCounters, records: 1, processed: paths.length },
        });
        return outcome.kind === 'stale' ? { kind: outcome.kind } : outcome;
      } catch (error) {
        return { kind: violation(error) };
      }
    },
    async discard(input) {
      const outcome = await discardSequence(database, input);
      if (outcome.kind === 'published') return outcome;
      const restart = Object.fromEntries(outcome.restart.map((row) => [row.partition, row.position]));
      return { kind: outcome.kind, sequenceIds: outcome.sequenceIds, restart };
    },
    async finishTask(input) {
      await finishTask(database, { ...input, error: null, counted: false });
      return 'done';
    },
    replaceTask: (input) =>
      replaceTask(database, { ...input, error: null, counted: false }).then(
        ({ taskId }) => taskId,
        violation,
      ),
    partialReset: async ({ resetId, positions }) =>
      resetOf(
        await partialReset(database, {
          ...order(resetId),
          stream,
          positions: Object.entries(positions).map(([partition, position]) => ({
            partition,
            position: position === null ? null : toPosition(position),
          })),
        }),
      ),
    fullReset: async ({ resetId, positions }) =>
      resetOf(
        await fullReset(database, {
          ...order(resetId),
          positions: Object.entries(positions).map(([partition, position]) => ({
            stream,
            partition,
            position: toPosition(position),
          })),
        }),
      ),
    forcedStop: async ({ resetId }) => resetOf(await forcedStop(database, order(resetId))),
    // Other schedules leave garbage behind, too: a schedule sees only its own.
    reap: async () =>
      (await reapIntents(database, { graceMs: 0 })).filter((path) => path.startsWith(`${supervisorId}/`)),
  };
}

function asPositions(at: At): Positions {
  return Object.fromEntries(Object.entries(at).map(([key, value]) => [key, toPosition(value)]));
}

function liveSequenceOf(row: SequenceRow): LiveSequence {
  const { sequenceId, ordinal, state, final, starts, ends, incarnations } = row;
  return { sequenceId, ordinal, state, final, starts, ends, incarnations };
}

function resetOf(outcome: ResetOutcome): { sequenceIds: readonly string[]; jumps: readonly string[] } {
  if (outcome.kind !== 'reset') throw new Error(outcome.detail);
  return {
    sequenceIds: outcome.sequenceIds,
    jumps: outcome.jumps.map(({ partition, kind, from, to }) => `${partition} ${kind} ${from} ${to}`),
  };
}

function violation(error: unknown): 'violation' {
  if (isHeadgateError(error) && error.code === 'INVARIANT_VIOLATED') return 'violation';
  throw error;
}
