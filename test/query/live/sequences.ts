/** Live sequences, tasks and snapshots for tests, with defaults that make a sound state. */
import { toPosition } from '../../../domain/positions.ts';
import type { LiveSequence, LiveSnapshot, LiveTask } from '../../../storage/live-sequences.ts';

export function liveTask(options: Partial<LiveTask> = {}): LiveTask {
  return {
    taskId: 'task-a',
    epoch: '1',
    attempts: 1,
    workerId: 'worker-a',
    address: 'http://127.0.0.1:1',
    token: 'secret',
    workerSeenMs: 0,
    progress: null,
    ...options,
  };
}

/** `range` of the one partition `0`; without an end it is open. */
export function liveSequence(
  range: { start: number; end?: number; incarnation?: number },
  options: Partial<LiveSequence> = {},
): LiveSequence {
  return {
    sequenceId: `from-${range.start}`,
    dataSource: 'clicks',
    supervisorId: 'clicks',
    groupId: 0,
    generation: 1,
    ordinal: 0,
    term: '1',
    stream: 'clicks',
    partitions: {
      0: {
        start: toPosition(range.start),
        end: range.end === undefined ? null : toPosition(range.end),
        incarnation: String(range.incarnation ?? 1),
      },
    },
    tasks: [liveTask()],
    began: true,
    ...options,
  };
}

export function liveSnapshot(
  sequences: readonly LiveSequence[],
  published: number | null,
  life: { term?: number; incarnation?: number } = {},
): LiveSnapshot {
  return {
    sequences,
    published: [
      {
        dataSource: 'clicks',
        supervisorId: 'clicks',
        stream: 'clicks',
        partition: '0',
        term: String(life.term ?? 1),
        incarnation: String(life.incarnation ?? 1),
        position: published === null ? null : toPosition(published),
      },
    ],
  };
}
