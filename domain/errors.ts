/**
 * The one error of Headgate: a code from a closed list, whether a retry can help, and plain-JSON details.
 *
 * Retry follows the code, never the call site. Outcomes the business expects (AHEAD, ALREADY, ...) are return
 * values, not errors. `docs/errors.md` lists every code with cause and remedy; a test compares the two.
 */
import type { Json } from './json.ts';

type CodeFacts = {
  /** Whether the same call may succeed later by itself. */
  readonly retryable: boolean;
  /** What it means, for docs/errors.md and `headgate` messages. */
  readonly meaning: string;
};

export const errorCodes = {
  SPEC_INVALID: { retryable: false, meaning: 'the supervisor spec has problems; all of them are listed' },
  SPEC_SECRET_INLINE: {
    retryable: false,
    meaning: 'a spec given to a Temporal client carries a secret in clear',
  },
  REQUEST_INVALID: { retryable: false, meaning: 'a request is malformed: a field, a parameter or the body' },
  SUPERVISOR_UNKNOWN: { retryable: false, meaning: 'no supervisor with this id' },
  SUPERVISOR_ID_MISMATCH: {
    retryable: false,
    meaning: 'the workflow id is not the one that belongs to the spec',
  },
  NOT_SUPPORTED: { retryable: false, meaning: 'understood, but not supported by this version' },
  STREAM_UNREACHABLE: { retryable: true, meaning: 'the stream cannot be reached' },
  STREAM_AUTH_FAILED: {
    retryable: false,
    meaning: 'the brokers refuse the login, or what the user asks for',
  },
  STREAM_TLS_FAILED: {
    retryable: false,
    meaning: 'no TLS connection to a broker can be made, or one is made where there is none',
  },
  STREAM_SECRET_MISSING: {
    retryable: false,
    meaning: 'a secret that the spec refers to is not in the environment of the worker',
  },
  STREAM_SCHEMAS_UNREACHABLE: {
    retryable: true,
    meaning: 'the schema registry that records need cannot be asked',
  },
  STREAM_NOT_FOUND: { retryable: true, meaning: 'the topic does not exist or has no partitions' },
  STREAM_IDENTITY_CHANGED: { retryable: true, meaning: 'the topic was deleted and created again' },
  STREAM_OFFSET_OUT_OF_RANGE: {
    retryable: true,
    meaning: 'the position to read is no longer, or not yet, in the log',
  },
  STREAM_CODEC_UNSUPPORTED: {
    retryable: true,
    meaning: 'a record batch is compressed with a codec this version cannot read',
  },
  STREAM_PROTOCOL: { retryable: true, meaning: 'the broker answered something the protocol does not allow' },
  STREAM_CORRUPT: { retryable: false, meaning: 'a record batch fails its checksum or cannot be decoded' },
  RECORD_TOO_LARGE: { retryable: false, meaning: 'a record is larger than the limit' },
  PARSE_LIMIT_EXCEEDED: {
    retryable: false,
    meaning: 'more rows could not be parsed than maxParseExceptions allows',
  },
  METADATA_UNAVAILABLE: { retryable: true, meaning: 'Postgres cannot be reached, or answered an error' },
  METADATA_TOO_NEW: { retryable: false, meaning: 'the database schema is newer than this program' },
  METADATA_TIME_TRAVEL: {
    retryable: false,
    meaning: 'Postgres went back in time (a restore); publishing stops',
  },
  API_UNREACHABLE: { retryable: true, meaning: 'the command line cannot reach the HTTP API' },
  TEMPORAL_UNAVAILABLE: { retryable: true, meaning: 'the Temporal server cannot be reached' },
  ORDER_PENDING: {
    retryable: true,
    meaning: 'what was ordered has not happened yet; it was taken and goes on',
  },
  LEASE_LOST: { retryable: false, meaning: 'another attempt, a discard or a reset took this task over' },
  SEQUENCE_DISCARDED: {
    retryable: false,
    meaning: 'the sequence was discarded; its rows are read again by a new one',
  },
  PUBLISH_STALE: { retryable: false, meaning: 'the stored position has moved on without this sequence' },
  PUBLISH_REAPED: { retryable: false, meaning: 'the files of this publish were reaped before the commit' },
  PUBLISH_OVERREAD: {
    retryable: true,
    meaning: 'rows beyond the written ends were held; the attempt goes back',
  },
  SIBLING_HERE: { retryable: true, meaning: 'another replica of this group runs in this worker process' },
  WORKER_SHUTDOWN: { retryable: true, meaning: 'the worker process is stopping; the task goes on elsewhere' },
  MEMORY_LIMIT: { retryable: true, meaning: 'the worker process has no memory left for another task' },
  STORAGE_UNAVAILABLE: { retryable: true, meaning: 'deep storage cannot be reached or written' },
  DEAD_LETTERS_UNAVAILABLE: {
    retryable: true,
    meaning: 'records that could not be read cannot be delivered as dead letters',
  },
  STORAGE_CONFLICT: { retryable: false, meaning: 'a file of this name exists with other content' },
  SEGMENT_CORRUPT: { retryable: false, meaning: 'a segment or spill file does not match its checksum' },
  QUERY_INVALID: { retryable: false, meaning: 'the SQL statement is refused or cannot be planned' },
  QUERY_LIMIT: { retryable: false, meaning: 'the query exceeded its time, memory or row limit' },
  PAYLOAD_TOO_LARGE: { retryable: false, meaning: 'a value is too large for a workflow' },
  INVARIANT_VIOLATED: { retryable: false, meaning: 'an invariant does not hold; publishing stops' },
  CONFIG_INVALID: { retryable: false, meaning: 'a setting or an environment variable has a wrong value' },
  TOOL_MISSING: { retryable: false, meaning: 'a program needed for the development stack is not installed' },
  SERVER_START_FAILED: { retryable: true, meaning: 'a server of the development stack did not start' },
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof errorCodes;

export type ErrorDetails = { readonly [key: string]: Json | undefined };

/**
 * Message form: subject, what was found and expected, identifiers, what to do.
 * "supervisor wiki: topic clicks has no partition 7, found 4; reset the supervisor or restore the topic".
 */
export class HeadgateError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: { details?: ErrorDetails; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HeadgateError';
    this.code = code;
    this.details = options.details ?? {};
  }

  get retryable(): boolean {
    return errorCodes[this.code].retryable;
  }
}

export function isHeadgateError(error: unknown): error is HeadgateError {
  return error instanceof HeadgateError;
}

/** The text of anything thrown, for people. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
