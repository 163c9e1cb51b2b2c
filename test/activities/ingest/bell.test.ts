/** A ring between the look and the wait is not slept through. */
import { describe, it, vi } from 'vitest';
import { Bell } from '../../../activities/ingest/bell.ts';

describe('a bell', () => {
  const never = new AbortController().signal;

  it('ends a wait when it rings', async () => {
    const bell = new Bell();
    const waiting = bell.wait(bell.count, 60_000, never);
    bell.ring();
    await waiting;
  });

  it('does not begin a wait when it rang since the look', async () => {
    const bell = new Bell();
    const seen = bell.count;
    bell.ring();
    await bell.wait(seen, 60_000, never);
  });

  it('ends a wait when the time is over, or when it is aborted', async () => {
    vi.useFakeTimers();
    const bell = new Bell();
    const timed = bell.wait(bell.count, 500, never);
    await vi.advanceTimersByTimeAsync(500);
    await timed;
    const abort = new AbortController();
    const aborted = bell.wait(bell.count, 60_000, abort.signal);
    abort.abort();
    await aborted;
    await bell.wait(bell.count, 60_000, abort.signal);
    vi.useRealTimers();
  });
});
