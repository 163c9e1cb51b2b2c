/**
 * The one table from error code to HTTP status, and the two shapes in which an error leaves this server.
 *
 * Nothing a caller sends is a 500; a 500 is a fault of ours and says only where to look. No stack trace ever leaves.
 */
import { isHeadgateError } from '../domain/errors.ts';
import type { ErrorCode, ErrorDetails } from '../domain/errors.ts';

export const statusOfCode = {
  SPEC_INVALID: 400,
  SPEC_SECRET_INLINE: 400,
  REQUEST_INVALID: 400,
  SUPERVISOR_UNKNOWN: 404,
  SUPERVISOR_ID_MISMATCH: 400,
  NOT_SUPPORTED: 501,
  STREAM_UNREACHABLE: 503,
  STREAM_AUTH_FAILED: 503,
  STREAM_TLS_FAILED: 503,
  STREAM_SECRET_MISSING: 503,
  STREAM_SCHEMAS_UNREACHABLE: 503,
  STREAM_NOT_FOUND: 503,
  STREAM_IDENTITY_CHANGED: 409,
  STREAM_OFFSET_OUT_OF_RANGE: 409,
  STREAM_CODEC_UNSUPPORTED: 501,
  STREAM_PROTOCOL: 503,
  STREAM_CORRUPT: 500,
  RECORD_TOO_LARGE: 400,
  PARSE_LIMIT_EXCEEDED: 400,
  METADATA_UNAVAILABLE: 503,
  METADATA_TOO_NEW: 503,
  METADATA_TIME_TRAVEL: 503,
  API_UNREACHABLE: 503,
  TEMPORAL_UNAVAILABLE: 503,
  ORDER_PENDING: 504,
  LEASE_LOST: 409,
  SEQUENCE_DISCARDED: 409,
  PUBLISH_STALE: 409,
  PUBLISH_REAPED: 409,
  PUBLISH_OVERREAD: 409,
  SIBLING_HERE: 503,
  WORKER_SHUTDOWN: 503,
  MEMORY_LIMIT: 503,
  STORAGE_UNAVAILABLE: 503,
  STORAGE_CONFLICT: 409,
  DEAD_LETTERS_UNAVAILABLE: 503,
  SEGMENT_CORRUPT: 500,
  QUERY_INVALID: 400,
  QUERY_LIMIT: 400,
  PAYLOAD_TOO_LARGE: 413,
  INVARIANT_VIOLATED: 500,
  CONFIG_INVALID: 500,
  TOOL_MISSING: 500,
  SERVER_START_FAILED: 503,
} as const satisfies Record<ErrorCode, number>;

export type HttpError = {
  readonly status: number;
  readonly code: ErrorCode | 'INTERNAL';
  readonly message: string;
  readonly details: ErrorDetails;
};

/** `requestId` is what an operator greps the log for. */
export function toHttpError(error: unknown, requestId: string): HttpError {
  if (isHeadgateError(error))
    return {
      status: statusOf(error.code, error.details),
      code: error.code,
      message: error.message,
      details: error.details,
    };
  const status = statusOfFramework(error);
  if (status !== null)
    return { status, code: 'REQUEST_INVALID', message: frameworkMessage(status, error), details: {} };
  return {
    status: 500,
    code: 'INTERNAL',
    message: `internal error; the log of the api process has it under request ${requestId}`,
    details: {},
  };
}

function statusOf(code: ErrorCode, details: ErrorDetails): number {
  const given = details['status'];
  if (typeof given === 'number') return given;
  if (code === 'QUERY_LIMIT' && details['limit'] === 'time') return 504;
  if (code === 'QUERY_LIMIT' && details['limit'] === 'concurrent') return 429;
  return statusOfCode[code];
}

/** Fastify refuses some requests by itself, with an error that carries the status. */
function statusOfFramework(error: unknown): number | null {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : null;
}

function frameworkMessage(status: number, error: unknown): string {
  if (status === 413) return 'the body is too large for this path';
  if (status === 415) return 'Content-Type: found another type or none, expected application/json';
  if (status === 414) return 'the path is too long';
  return error instanceof Error ? error.message : 'the request is malformed';
}

/** The shape of everything but SQL: `error` as in Druid, then what a program needs. */
export function plainErrorBody(error: HttpError): Record<string, unknown> {
  const { status: _status, ...details } = error.details;
  return { error: error.message, errorCode: error.code, ...details };
}

/** Druid's DruidException, for SQL; a timeout has Druid's older shape inside (recorded: sql-046). */
export function druidErrorBody(error: HttpError): Record<string, unknown> {
  if (error.status === 504) return timeoutBody(error);
  const { category, errorCode } = kindOf(error.status);
  const isInput = category === 'INVALID_INPUT' || category === 'UNSUPPORTED';
  return {
    error: 'druidException',
    errorCode,
    persona: isInput ? 'USER' : 'OPERATOR',
    category,
    errorMessage: error.message,
    context: { ...(isInput ? { sourceType: 'sql' } : {}), ...contextOf(error) },
  };
}

function kindOf(status: number): { category: string; errorCode: string } {
  switch (status) {
    case 429:
      return { category: 'CAPACITY_EXCEEDED', errorCode: 'queryCapacityExceeded' };
    case 500:
      return { category: 'UNCATEGORIZED', errorCode: 'general' };
    case 501:
      return { category: 'UNSUPPORTED', errorCode: 'invalidInput' };
    case 503:
      return { category: 'RUNTIME_FAILURE', errorCode: 'general' };
    default:
      return { category: 'INVALID_INPUT', errorCode: 'invalidInput' };
  }
}

function timeoutBody(error: HttpError): Record<string, unknown> {
  const legacy = { host: null, errorClass: 'org.apache.druid.query.QueryTimeoutException' };
  return {
    error: 'Query timeout',
    ...legacy,
    errorCode: 'legacyQueryException',
    persona: 'OPERATOR',
    category: 'TIMEOUT',
    errorMessage: error.message,
    context: { ...legacy, legacyErrorCode: 'Query timeout', ...contextOf(error) },
  };
}

const placeKeys = ['line', 'column', 'endLine', 'endColumn', 'token', 'limit'] as const;

function contextOf(error: HttpError): Record<string, unknown> {
  const known = placeKeys.flatMap((key) =>
    error.details[key] === undefined ? [] : [[key, error.details[key]] as const],
  );
  return { ...Object.fromEntries(known), headgateCode: error.code };
}
