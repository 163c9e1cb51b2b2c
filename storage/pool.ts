/**
 * Connections to Postgres with the timeouts of protocol.md (head) on every one of them.
 *
 * A statement that a frozen server never answers is given up on this side too: its connection is thrown away, its
 * outcome is unknown, and repeating the call is safe.
 */
import pg from 'pg';

const statementTimeoutMs = 10_000;

/** Session settings of every connection, also of those that only listen. */
const sessionOptions = [
  `statement_timeout=${statementTimeoutMs}`,
  'lock_timeout=5000',
  'idle_in_transaction_session_timeout=5000',
  'synchronous_commit=on',
  'default_transaction_isolation=read\\ committed',
  'timezone=UTC',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

export function openPool(options: {
  url: string;
  max?: number;
  applicationName: string;
  /** Statements are sent without waiting for the answers to those before; one that is never answered ends the connection. */
  pipeline?: boolean;
}): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.max ?? 8,
    application_name: options.applicationName,
    options: sessionOptions,
    connectionTimeoutMillis: 10_000,
    // Longer than the looks of supervisors are apart: to connect costs more than a look.
    idleTimeoutMillis: 120_000,
    query_timeout: statementTimeoutMs + 5_000,
    keepAlive: true,
    pipeline: options.pipeline ?? false,
  });
  // An idle connection that dies is replaced by the next call; without a handler it would end the process.
  pool.on('error', () => undefined);
  return pool;
}
