import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { attended, heartbeating } from '../../activities/attend.ts';
import { HeadgateError } from '../../domain/errors.ts';

const failing = (error: Error) =>
  attended({ act: async () => Promise.reject(error) })
    .act()
    .then(
      () => null,
      (thrown: unknown) => thrown,
    );

test('our errors leave as failures of their code', async () => {
  expect(await failing(new HeadgateError('SPEC_INVALID', 'x'))).toMatchObject({
    type: 'SPEC_INVALID',
    nonRetryable: true,
  });
});

test('a cancellation stays one', async () => {
  expect(await failing(new CancelledFailure('CANCELLED'))).toBeInstanceOf(CancelledFailure);
});

test('a worker that stops gives its calls to the next one at once', async () => {
  const failure = await failing(new CancelledFailure('WORKER_SHUTDOWN'));
  expect(failure).toBeInstanceOf(ApplicationFailure);
  expect(failure).toMatchObject({ type: 'WORKER_SHUTDOWN', nextRetryDelay: 1, nonRetryable: false });
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a loop that hangs loses its heartbeat', async () => {
  const environment = new MockActivityEnvironment();
  let beats = 0;
  environment.on('heartbeat', () => (beats += 1));
  let end: (value: string) => void = () => undefined;
  const running = environment.run(() =>
    heartbeating(() => new Promise<string>((resolve) => (end = resolve)), { hangMs: 10_000 }),
  );
  await vi.advanceTimersByTimeAsync(9_000);
  const whileFine = beats;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(whileFine).toBeGreaterThan(3);
  expect(beats - whileFine).toBeLessThanOrEqual(1);
  end('done');
  expect(await running).toBe('done');
});

test('beats twice within the heartbeat timeout, however seldom it is asked to', async () => {
  const environment = new MockActivityEnvironment({ heartbeatTimeoutMs: 30_000 });
  let beats = 0;
  environment.on('heartbeat', () => (beats += 1));
  let end: (value: string) => void = () => undefined;
  const running = environment.run(() =>
    heartbeating(() => new Promise<string>((resolve) => (end = resolve)), { everyMs: 40_000 }),
  );
  await vi.advanceTimersByTimeAsync(46_000);
  expect(beats).toBe(4);
  end('done');
  await running;
});
