import { describe, expect, it } from 'vitest';
import { Signal } from '../../../streams/kafka/signal.ts';

describe('a signal', () => {
  it('wakes everyone who waits, once', async () => {
    const signal = new Signal();
    let woken = 0;
    const waits = [signal.wait(null), signal.wait(60_000)].map((wait) => wait.then(() => (woken += 1)));
    signal.notify();
    await Promise.all(waits);
    expect(woken).toBe(2);
    signal.notify();
    expect(woken).toBe(2);
  });

  it('lets go after the time is over', async () => {
    await new Signal().wait(1);
  });

  it('leaves no timer behind', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    const signal = new Signal();
    const wait = signal.wait(60_000);
    expect(timers()).toBe(before + 1);
    signal.notify();
    await wait;
    expect(timers()).toBe(before);
  });
});
