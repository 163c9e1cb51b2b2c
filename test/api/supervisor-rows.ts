/** Rows of a supervisor as the api reads them: a generation of two replicas over two partitions, positions, looks. */
import type { GenerationRow, PartitionRow, StreamPositionRow } from '../../api/store.ts';
import { zeroCounters } from '../../domain/counters.ts';
import { toPosition } from '../../domain/positions.ts';

export const lookedAtMs = 1_767_225_600_000;

export function aGeneration(more: Partial<GenerationRow> = {}): GenerationRow {
  const at = toPosition;
  const task = {
    error: null,
    counted: false,
    attempts: 1,
    workerId: 'w1',
    createdAtMs: Date.now() - 10_000,
    endedAtMs: null,
    lastFailure: null,
    fruitlessAttempts: 0,
  };
  const progress = {
    epoch: '1',
    counters: zeroCounters,
    rowsPerSecond: 5,
    rowsInMemory: 1,
    bytesInMemory: 1,
    movingAverages: null,
    pollIdleRatio: null,
    atMs: 0,
  };
  return {
    key: { supervisorId: 'clicks', groupId: 0, generation: 1 },
    term: '1',
    specVersion: 1,
    stream: 'clicks-by-minute',
    dataSource: 'clicks',
    baseSequenceName: 'index_kafka_clicks_g0_1',
    replicas: 2,
    partitions: ['0', '1'],
    state: 'reading',
    createdAtMs: 0,
    sequences: [
      {
        sequenceId: 's0',
        ordinal: 0,
        state: 'open',
        final: false,
        starts: { '0': at('0'), '1': at('9007199254740993') },
        ends: null,
        incarnations: {},
        windowMinMs: null,
        windowMaxMs: null,
        createdAtMs: 0,
        endedAtMs: null,
        publishedAtMs: null,
        discardWhy: null,
        counters: null,
        predecessorIds: [],
      },
    ],
    tasks: [
      {
        ...task,
        taskId: 't0',
        replica: 0,
        state: 'RUNNING',
        progress: { ...progress, positions: { '0': at('40'), '1': at('9007199254740995') } },
      },
      {
        ...task,
        taskId: 't1',
        replica: 1,
        state: 'RUNNING',
        progress: { ...progress, positions: { '0': at('35'), '1': at('9007199254740994') } },
      },
      { ...task, taskId: 'tX', replica: 1, state: 'FAILED', progress: null },
    ],
    control: { requestNo: 0, state: 'run', leaseUntilMs: null },
    ...more,
  };
}

export function aPartition(partition: string, next: string | null): PartitionRow {
  return {
    stream: 'clicks-by-minute',
    partition,
    sourceIdentity: 'x',
    incarnation: '1',
    nextPosition: next === null ? null : toPosition(next),
    state: 'open',
  };
}

/** `current` null: nobody had read when the stream was looked at. */
export function aLook(
  partition: string,
  latest: string | null,
  current: string | null = null,
  lagMs: number | null = null,
): StreamPositionRow {
  return {
    partition,
    stream: 'clicks-by-minute',
    earliest: toPosition('0'),
    latest: latest === null ? null : toPosition(latest),
    current: current === null ? null : toPosition(current),
    lagMs,
    atMs: lookedAtMs,
  };
}
