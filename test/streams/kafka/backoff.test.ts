import { describe, expect, it } from 'vitest';
import { Backoff } from '../../../streams/kafka/backoff.ts';

describe('the back-off', () => {
  it('doubles up to its limit and starts again after a reset', () => {
    const backoff = new Backoff({ minMs: 50, maxMs: 1_000 }, () => 1);
    expect(Array.from({ length: 7 }, () => backoff.next())).toEqual([50, 100, 200, 400, 800, 1_000, 1_000]);
    backoff.reset();
    expect(backoff.next()).toBe(50);
  });

  it('never waits less than half', () => {
    const backoff = new Backoff({ minMs: 100, maxMs: 100 }, () => 0);
    expect(backoff.next()).toBe(50);
  });

  it('stays finite after very many failures', () => {
    const backoff = new Backoff({ minMs: 1, maxMs: 500 }, () => 1);
    for (let failure = 0; failure < 2_000; failure += 1) expect(backoff.next()).toBeLessThanOrEqual(500);
  });
});
