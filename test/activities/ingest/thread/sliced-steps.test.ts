/** Work in slices: never a step more than the clock allows, and no callback after it was cancelled. */
import { describe, expect, it } from 'vitest';
import { SlicedSteps } from '../../../../activities/ingest/thread/sliced-steps.ts';
import { waitFor } from '../../../support/wait-for.ts';

class Work {
  steps = 0;
  slices = 0;
  isClosed = false;
  readonly told: unknown[] = [];
  readonly sliced: SlicedSteps<string>;

  constructor(step: (number: number) => Promise<void> = async () => undefined) {
    this.sliced = new SlicedSteps({
      steps: this.#run(step),
      onSlice: () => (this.slices += 1),
      onDone: (result) => this.told.push(result),
      onFailed: (error) => this.told.push(error),
    });
  }

  async *#run(step: (number: number) => Promise<void>): AsyncGenerator<void, string> {
    try {
      for (let number = 1; number <= 5; number += 1) {
        await step(number);
        this.steps += 1;
        yield;
      }
      return 'done';
    } finally {
      this.isClosed = true;
    }
  }

  async slice(isLate: () => boolean): Promise<void> {
    const before = this.slices + this.told.length;
    this.sliced.advance(isLate);
    await waitFor(() => this.slices + this.told.length > before, { what: 'the end of a slice', everyMs: 1 });
  }
}

describe('sliced steps', () => {
  it('take one step and no more when it is late', async () => {
    const work = new Work();
    for (let slice = 1; slice <= 5; slice += 1) {
      await work.slice(() => true);
      expect(work.steps).toBe(slice);
      expect(work.sliced.isReady).toBe(true);
    }
    await work.slice(() => true);
    expect(work.told).toEqual(['done']);
    expect(work.sliced.isReady).toBe(false);
  });

  it('go on until it is late', async () => {
    const work = new Work();
    await work.slice(() => work.steps === 3);
    expect(work.steps).toBe(3);
    await work.slice(() => false);
    expect([work.steps, work.told]).toEqual([5, ['done']]);
  });

  it('are not ready while a step waits', async () => {
    let go: () => void = () => undefined;
    const work = new Work(() => new Promise((resolve) => (go = resolve)));
    work.sliced.advance(() => true);
    expect([work.sliced.isReady, work.sliced.isWaiting]).toEqual([false, true]);
    go();
    await waitFor(() => work.sliced.isReady, { what: 'the step', everyMs: 1 });
  });

  it('tell a failure once', async () => {
    const work = new Work(async (number) => {
      if (number === 2) throw new Error('no disk');
    });
    await work.slice(() => false);
    expect(work.told).toEqual([new Error('no disk')]);
    expect(work.isClosed).toBe(true);
  });

  it('end where they are when cancelled, and tell nothing more', async () => {
    let go: () => void = () => undefined;
    const work = new Work(() => new Promise((resolve) => (go = resolve)));
    work.sliced.advance(() => false);
    const cancelled = work.sliced.cancel();
    go();
    await cancelled;
    expect([work.told, work.slices, work.isClosed]).toEqual([[], 0, true]);
  });
});
