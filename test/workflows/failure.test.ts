/** Our errors as Temporal's failures, both ways. */
import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { errorCodes, HeadgateError } from '../../domain/errors.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import { fromFailure, toApplicationFailure, toHeadgateError } from '../../workflows/failure.ts';

const codes = Object.keys(errorCodes) as ErrorCode[];
const failureOf = (code: ErrorCode) =>
  toApplicationFailure(
    new HeadgateError(code, 'what', { details: { partition: '3' } }),
  ) as ApplicationFailure;

function inActivity(cause: Error): ActivityFailure {
  return new ActivityFailure(
    'Activity task failed',
    'ingest',
    'ingest-r0',
    'NON_RETRYABLE_FAILURE',
    'worker',
    cause,
  );
}

describe('toApplicationFailure', () => {
  test.each(codes)('%s keeps code, details and retryability', (code) => {
    const failure = failureOf(code);
    expect(failure).toMatchObject({
      type: code,
      message: 'what',
      nonRetryable: !errorCodes[code].retryable,
      details: [{ partition: '3' }],
    });
    expect(fromFailure(inActivity(failure))).toEqual({ code, message: 'what', details: { partition: '3' } });
  });

  test('no retry delay is zero: the server would give up for good', () => {
    for (const code of codes) {
      const delay = failureOf(code).nextRetryDelay;
      if (delay !== undefined && delay !== null) expect(Number(delay)).toBeGreaterThanOrEqual(1);
    }
    expect(failureOf('WORKER_SHUTDOWN').nextRetryDelay).toBe(1);
  });

  test('what is ordinary is benign: no warning for it', () => {
    expect(failureOf('SIBLING_HERE').category).toBe('BENIGN');
    expect(failureOf('PARSE_LIMIT_EXCEEDED').category).not.toBe('BENIGN');
  });

  test('a cancellation stays one', () => {
    const cancelled = new CancelledFailure('CANCELLED');
    expect(toApplicationFailure(cancelled)).toBe(cancelled);
  });

  test('what is not ours may be tried again', () => {
    expect(toApplicationFailure(new TypeError('bug'))).toMatchObject({
      type: 'INTERNAL',
      nonRetryable: false,
    });
  });
});

describe('fromFailure', () => {
  test('a timeout and a cancellation, however wrapped', () => {
    expect(fromFailure(inActivity(new TimeoutFailure('late', undefined, 'HEARTBEAT'))).code).toBe('TIMEOUT');
    expect(fromFailure(inActivity(new CancelledFailure('gone'))).code).toBe('CANCELLED');
  });

  test('a type that is not one of our codes is INTERNAL', () => {
    expect(fromFailure(ApplicationFailure.create({ type: 'toString', message: 'x' })).code).toBe('INTERNAL');
  });

  test('doors get our error back', () => {
    const error = toHeadgateError(inActivity(failureOf('SPEC_INVALID')));
    expect(error).toBeInstanceOf(HeadgateError);
    expect(error.code).toBe('SPEC_INVALID');
    expect(toHeadgateError(new Error('x')).code).toBe('TEMPORAL_UNAVAILABLE');
  });
});
