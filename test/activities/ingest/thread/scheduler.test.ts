/** Fairness, counted in slices: no clock decides anything here. */
import { describe, expect, it } from 'vitest';
import { Scheduler, sliceMs } from '../../../../activities/ingest/thread/scheduler.ts';
import type { Sliced } from '../../../../activities/ingest/thread/scheduler.ts';

class CountedTask implements Sliced {
  slices = 0;
  deadlines: number[] = [];
  left: number;

  constructor(slicesOfWork: number) {
    this.left = slicesOfWork;
  }

  wantsSlice(): boolean {
    return this.left > 0;
  }

  slice(deadlineMs: number): void {
    this.slices += 1;
    this.left -= 1;
    this.deadlines.push(deadlineMs);
  }
}

function scheduler(now = () => 0): Scheduler {
  return new Scheduler({ now, breathe: () => Promise.resolve() });
}

describe('the scheduler of an ingest thread', () => {
  it('gives every runnable task one slice before any gets another', () => {
    const tasks = [new CountedTask(1_000), new CountedTask(3), new CountedTask(1_000)];
    const turns = scheduler();
    for (const task of tasks) turns.add(task);
    for (let turn = 0; turn < 9; turn += 1) expect(turns.turn()).toBe(true);
    expect(tasks.map(({ slices }) => slices)).toEqual([3, 3, 3]);
    for (let turn = 0; turn < 10; turn += 1) turns.turn();
    expect(tasks.map(({ slices }) => slices)).toEqual([8, 3, 8]);
  });

  it('lets a task that has work for ever starve nobody who wakes up later', () => {
    const busy = new CountedTask(Infinity);
    const quiet = new CountedTask(0);
    const turns = scheduler();
    turns.add(busy);
    turns.add(quiet);
    for (let turn = 0; turn < 100; turn += 1) turns.turn();
    expect(quiet.slices).toBe(0);
    quiet.left = 1;
    turns.turn();
    turns.turn();
    expect(quiet.slices).toBe(1);
  });

  it('gives each slice at most 10 ms from its own start', () => {
    let now = 0;
    const task = new CountedTask(3);
    const turns = scheduler(() => now);
    turns.add(task);
    for (now of [5, 100, 2_000]) turns.turn();
    expect(task.deadlines).toEqual([5 + sliceMs, 100 + sliceMs, 2_000 + sliceMs]);
    expect(sliceMs).toBeLessThanOrEqual(10);
  });

  it('keeps the turn when a task leaves', () => {
    const [first, second, third] = [new CountedTask(9), new CountedTask(9), new CountedTask(9)] as const;
    const turns = scheduler();
    for (const task of [first, second, third]) turns.add(task);
    turns.turn();
    turns.turn();
    turns.remove(first);
    turns.turn();
    expect([second.slices, third.slices]).toEqual([1, 1]);
    turns.turn();
    expect([second.slices, third.slices]).toEqual([2, 1]);
  });

  it('answers false when nothing is runnable', () => {
    const turns = scheduler();
    turns.add(new CountedTask(0));
    expect(turns.turn()).toBe(false);
  });

  it('wakes up for a task that becomes runnable while it sleeps, and ends when told', async () => {
    const task = new CountedTask(0);
    const turns = scheduler();
    turns.add(task);
    const running = turns.run();
    await Promise.resolve();
    task.left = 2;
    turns.wake();
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    expect(task.slices).toBe(2);
    turns.stop();
    await running;
  });
});
