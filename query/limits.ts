/**
 * What one query may cost. Every limit has its own clear error (QUERY_LIMIT, `details.limit` says which), and a query
 * that does not stop when asked is killed together with its process.
 */
import { HeadgateError } from '../domain/errors.ts';

export type QueryLimits = {
  /** For a query that asks for no timeout of its own. */
  readonly timeoutMs: number;
  /** The most a query may ask for. */
  readonly timeoutMaxMs: number;
  /** After so long a query gives way: whatever else runs on the machine goes first. */
  readonly giveWayAfterMs: number;
  /** From the interrupt to SIGKILL. */
  readonly killAfterMs: number;
  /** DuckDB's own budget, beyond which it spills or refuses. */
  readonly memoryBytes: number;
  /** Resident bytes of the query process, all told; beyond this it is killed. */
  readonly residentBytesMax: number;
  readonly spillBytesMax: number;
  readonly threads: number;
  readonly rowsMax: number;
  readonly resultBytesMax: number;
  /** In the one place that is kept for short queries, once others wait. */
  readonly shortMs: number;
  /** Queries running at the same time, and those that may wait for one of them to end. */
  readonly concurrent: number;
  readonly waiting: number;
  /** Queries that were begun and not yet answered, whatever they wait for: a process, rows of workers, Postgres. */
  readonly queriesMax: number;
};

const mebibyte = 1024 * 1024;

export const defaultQueryLimits: QueryLimits = {
  timeoutMs: 120_000,
  timeoutMaxMs: 300_000,
  giveWayAfterMs: 1_000,
  killAfterMs: 1_000,
  memoryBytes: 1_024 * mebibyte,
  residentBytesMax: 2_048 * mebibyte,
  spillBytesMax: 4_096 * mebibyte,
  threads: 2,
  rowsMax: 5_000_000,
  resultBytesMax: 128 * mebibyte,
  shortMs: 500,
  concurrent: 4,
  waiting: 32,
  queriesMax: 128,
};

export type LimitName = 'time' | 'memory' | 'rows' | 'bytes' | 'concurrent';

export function limitExceeded(limit: LimitName, message: string): HeadgateError {
  return new HeadgateError('QUERY_LIMIT', message, { details: { limit } });
}
