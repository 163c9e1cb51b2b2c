/**
 * Our error and Temporal's failure, both ways; the only file that knows both.
 *
 * `type` is our code, retry follows the code. Never extend Temporal's failures; in workflows compare the code,
 * never the message. A `nextRetryDelay` of 0 makes the server give up for good (measured), so none is below 1 ms.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  ApplicationFailureCategory,
  CancelledFailure,
  ChildWorkflowFailure,
  TimeoutFailure,
} from '@temporalio/common';
import { errorCodes, HeadgateError, isHeadgateError, messageOf } from '../domain/errors.ts';
import type { ErrorCode, ErrorDetails } from '../domain/errors.ts';

/** Delay in ms before the next attempt, for codes that deserve another than the policy's second. */
const retryDelays: Partial<Record<ErrorCode, readonly [least: number, most: number]>> = {
  SIBLING_HERE: [2_000, 5_000],
  // The task goes on elsewhere at once.
  WORKER_SHUTDOWN: [1, 1],
  MEMORY_LIMIT: [2_000, 5_000],
  STREAM_UNREACHABLE: [2_000, 10_000],
  STREAM_SCHEMAS_UNREACHABLE: [2_000, 10_000],
  STREAM_NOT_FOUND: [5_000, 10_000],
  STREAM_IDENTITY_CHANGED: [10_000, 10_000],
  STREAM_OFFSET_OUT_OF_RANGE: [10_000, 10_000],
  STREAM_CODEC_UNSUPPORTED: [10_000, 10_000],
  STREAM_PROTOCOL: [2_000, 10_000],
};

/** Expected in ordinary operation: no warning in the log for them. */
const benign: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['SIBLING_HERE', 'WORKER_SHUTDOWN']);

/** What an activity throws. Temporal's own failures pass unchanged, so that a cancellation stays one. */
export function toApplicationFailure(error: unknown): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (!isHeadgateError(error))
    return ApplicationFailure.create({
      type: 'INTERNAL',
      message: messageOf(error),
      nonRetryable: false,
      ...causeOf(error),
    });
  const delay = retryDelays[error.code];
  return ApplicationFailure.create({
    type: error.code,
    message: error.message,
    nonRetryable: !error.retryable,
    details: [error.details],
    ...causeOf(error.cause),
    ...(delay ? { nextRetryDelay: Math.round(delay[0] + Math.random() * (delay[1] - delay[0])) } : {}),
    ...(benign.has(error.code) ? { category: ApplicationFailureCategory.BENIGN } : {}),
  });
}

function causeOf(cause: unknown): { cause?: Error } {
  return cause instanceof Error ? { cause } : {};
}

export type FailureFacts = {
  /** One of ours, or what Temporal itself says of a call that gave no answer of its own. */
  readonly code: ErrorCode | 'TIMEOUT' | 'CANCELLED' | 'INTERNAL';
  readonly message: string;
  readonly details: ErrorDetails;
};

/** What a failed activity, child or client call means, whatever it is wrapped in. */
export function fromFailure(failure: unknown): FailureFacts {
  for (let error = failure, depth = 0; error instanceof Error && depth < 10; error = error.cause, depth++) {
    if (isHeadgateError(error)) return { code: error.code, message: error.message, details: error.details };
    if (error instanceof ApplicationFailure)
      return {
        code: isOurCode(error.type) ? error.type : 'INTERNAL',
        message: error.message,
        details: detailsOf(error),
      };
    if (error instanceof TimeoutFailure)
      return { code: 'TIMEOUT', message: `${error.timeoutType}: ${error.message}`, details: {} };
    if (error instanceof CancelledFailure) return { code: 'CANCELLED', message: error.message, details: {} };
    if (!(error instanceof ActivityFailure || error instanceof ChildWorkflowFailure) && !error.cause)
      return { code: 'INTERNAL', message: error.message, details: {} };
  }
  return { code: 'INTERNAL', message: messageOf(failure), details: {} };
}

/** The same, as our error, for doors that speak it. */
export function toHeadgateError(failure: unknown): HeadgateError {
  const facts = fromFailure(failure);
  const code = isOurCode(facts.code) ? facts.code : 'TEMPORAL_UNAVAILABLE';
  return new HeadgateError(code, facts.message, { details: facts.details, cause: failure });
}

function isOurCode(code: string | undefined | null): code is ErrorCode {
  return code !== undefined && code !== null && Object.hasOwn(errorCodes, code);
}

function detailsOf(failure: ApplicationFailure): ErrorDetails {
  const first: unknown = failure.details?.[0];
  return typeof first === 'object' && first !== null && !Array.isArray(first) ? (first as ErrorDetails) : {};
}
