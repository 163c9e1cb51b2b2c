/**
 * An ingest activity without rows: it holds the lease, answers pauses with the ends of the log, and commits ranges with
 * no files. Everything the control side needs to see, over the real storage.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type pg from 'pg';
import { zeroCounters } from '../../../domain/counters.ts';
import { HeadgateError } from '../../../domain/errors.ts';
import { maxPosition, toPosition } from '../../../domain/positions.ts';
import type { Position, Positions } from '../../../domain/positions.ts';
import { acquireTask, recordProgress } from '../../../storage/attempts.ts';
import { answerPause, readControl } from '../../../storage/control.ts';
import { readGeneration } from '../../../storage/generations.ts';
import { commitSequence } from '../../../storage/publish.ts';
import type { RecordSource } from '../../../streams/record-source.ts';
import type { IngestInput, IngestResult } from '../../../workflows/contract.ts';
import { toApplicationFailure } from '../../../workflows/failure.ts';

export type FakeIngestOptions = {
  readonly pool: pg.Pool;
  readonly source: RecordSource;
  /** Asked at every turn; throw to fail the attempt, answer false to publish nothing now. */
  readonly mayPublish?: (input: IngestInput) => boolean;
};

export function createFakeIngest(options: FakeIngestOptions) {
  return {
    ingest: async (input: IngestInput): Promise<IngestResult> => {
      try {
        return await run(options, input);
      } catch (error) {
        throw toApplicationFailure(error);
      }
    },
  };
}

async function run(
  { pool, source, mayPublish }: FakeIngestOptions,
  input: IngestInput,
): Promise<IngestResult> {
  const context = Context.current();
  const { info, client } = context;
  const acquired = await acquireTask(pool, {
    taskId: input.taskId,
    activityRun: `${info.workflowExecution!.runId}/${info.activityId}`,
    attempt: info.attempt,
    workerId: 'fake',
  });
  if (acquired.kind === 'refused') {
    if (acquired.reason === 'DISCARDED') return { kind: 'discarded', why: acquired.detail };
    throw new HeadgateError('LEASE_LOST', acquired.detail);
  }
  if (info.attempt === 1)
    await client.workflow
      .getHandle(info.workflowExecution!.workflowId)
      .signal('replicaStarted', { replica: input.replica });
  const { lease, generation } = acquired;
  let answered = -1;
  for (;;) {
    context.cancellationSignal.throwIfAborted();
    context.heartbeat();
    const row = await readGeneration(pool, input);
    const control = await readControl(pool, input);
    if (!row || !control) throw new Error('no rows');
    const rest = row.sequences.filter((sequence) => sequence.state === 'open' || sequence.state === 'ended');
    const first = rest[0];
    if (!first)
      return row.state === 'discarded' ? { kind: 'discarded', why: 'discarded' } : { kind: 'published' };
    const last = rest.at(-1)!;
    const positions = await reached(source, generation.partitions, last.starts);
    if (control.state === 'pause' && control.requestNo !== answered) {
      await answerPause(pool, lease, { requestNo: control.requestNo, positions });
      answered = control.requestNo;
    }
    await recordProgress(pool, lease, {
      positions,
      counters: zeroCounters,
      rowsPerSecond: 0,
      rowsInMemory: 0,
      bytesInMemory: 0,
    });
    if (first.state === 'ended' && (mayPublish?.(input) ?? true)) {
      const outcome = await commitSequence(pool, lease, {
        publishId: randomUUID(),
        sequenceId: first.sequenceId,
        ranges: Object.entries(first.starts).map(([partition, start]) => ({
          partition,
          incarnation: first.incarnations[partition]!,
          start,
          end: first.ends![partition]!,
        })),
        segments: [],
        counters: zeroCounters,
      });
      if (outcome.kind === 'ahead')
        return { kind: 'waitingForPredecessor', sequenceId: first.predecessorIds[0] ?? '' };
      if (outcome.kind === 'discarded') return { kind: 'discarded', why: outcome.why };
      if (outcome.kind === 'stale') throw new HeadgateError('PUBLISH_STALE', outcome.detail);
      if (outcome.kind === 'fenced') throw new HeadgateError('LEASE_LOST', 'fenced');
      continue;
    }
    await sleep(30);
  }
}

async function reached(
  source: RecordSource,
  partitions: readonly string[],
  starts: Positions,
): Promise<Record<string, Position>> {
  const latest = await source.positions(partitions, 'latest');
  return Object.fromEntries(
    partitions.map((partition) => {
      const start = starts[partition] ?? toPosition(0);
      const end = latest.get(partition);
      return [partition, end === undefined ? start : maxPosition(start, toPosition(end))];
    }),
  );
}
