/** Who is asked first, and how long queries wait together. */
import { describe, expect, it } from 'vitest';
import { toPosition } from '../../../domain/positions.ts';
import { Patience } from '../../../query/live/patience.ts';
import { ReplicaChoice } from '../../../query/live/replicas.ts';
import type { LiveTask } from '../../../storage/live-sequences.ts';
import { liveSequence, liveTask } from './sequences.ts';

function replica(name: string, position: number | null, epoch = '1'): LiveTask {
  const progress = position === null ? null : { epoch: '1', positions: { 0: toPosition(position) } };
  return liveTask({ taskId: `task-${name}`, workerId: `worker-${name}`, epoch, progress });
}

function order(choice: ReplicaChoice, tasks: readonly LiveTask[], nowMs = 0): string[] {
  return choice.order(liveSequence({ start: 10, end: 100 }), tasks, nowMs).map(({ taskId }) => taskId);
}

describe('ReplicaChoice', () => {
  it('asks the furthest first, by what its current attempt said', () => {
    const choice = new ReplicaChoice(5_000);
    expect(order(choice, [replica('a', 20), replica('b', 30)])).toEqual(['task-b', 'task-a']);
    expect(order(choice, [replica('a', 20), replica('b', 30, '2')])).toEqual(['task-a', 'task-b']);
    expect(order(choice, [replica('b', null), replica('a', 5)])).toEqual(['task-a', 'task-b']);
  });

  it('counts nothing beyond the ends', () => {
    expect(order(new ReplicaChoice(5_000), [replica('b', 900), replica('a', 100)])).toEqual([
      'task-a',
      'task-b',
    ]);
  });

  it('stays with the one that answered while its epoch is the same', () => {
    const choice = new ReplicaChoice(5_000);
    choice.answered(liveSequence({ start: 10 }), replica('a', 20));
    expect(order(choice, [replica('b', 30), replica('a', 20)])).toEqual(['task-a', 'task-b']);
    expect(order(choice, [replica('b', 30), replica('a', 20, '2')])).toEqual(['task-b', 'task-a']);
  });

  it('asks a worker that was silent last, for a while', () => {
    const choice = new ReplicaChoice(5_000);
    choice.answered(liveSequence({ start: 10 }), replica('a', 20));
    choice.wasSilent(replica('a', 20), 1_000);
    expect(order(choice, [replica('a', 20), replica('b', null)], 5_999)).toEqual(['task-b', 'task-a']);
    expect(order(choice, [replica('a', 20), replica('b', null)], 6_000)).toEqual(['task-a', 'task-b']);
  });
});

describe('Patience', () => {
  const waitMs = 15_000;

  it('is used up once for all queries, and comes back when the group recovers', () => {
    const patience = new Patience();
    expect(patience.waitUntilMs('s', 0, waitMs)).toBe(15_000);
    expect(patience.lacked('s', { startMs: 0, nowMs: 15_000, waitMs })).toBe(true);
    expect(patience.isGivenUp('s')).toBe(true);
    expect(patience.waitUntilMs('s', 99_000, waitMs)).toBe(99_000);
    expect(patience.lacked('s', { startMs: 99_000, nowMs: 99_001, waitMs })).toBe(false);
    expect(patience.isGivenUp('s')).toBe(true);
    expect(patience.recovered('s')).toBe(true);
    expect(patience.recovered('s')).toBe(false);
    expect(patience.waitUntilMs('s', 100_000, waitMs)).toBe(115_000);
  });

  it('is not used up by a query in a hurry, but its wait counts', () => {
    const patience = new Patience();
    expect(patience.lacked('s', { startMs: 0, nowMs: 100, waitMs })).toBe(false);
    expect(patience.isGivenUp('s')).toBe(false);
    expect(patience.waitUntilMs('s', 5_000, waitMs)).toBe(15_000);
    expect(patience.waitUntilMs('s', 15_101, waitMs)).toBe(30_101);
  });
});
