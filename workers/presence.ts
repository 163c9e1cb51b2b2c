/**
 * A row in `worker` for as long as the process is at work, kept fresh: who is there (`sys.servers`), and where running tasks
 * are asked for their rows. Only a hint: leases decide who holds what.
 */
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { messageOf } from '../domain/errors.ts';
import { registerWorker, removeWorker, touchWorker } from '../storage/workers.ts';

const touchEveryMs = 5_000;

/** Returns what ends it. Postgres may be away: it is written again when it is back. */
export function announcePresence(
  pool: Pool,
  worker: Parameters<typeof registerWorker>[1],
  logger: Logger,
): () => Promise<void> {
  const announce = async (): Promise<void> => {
    if (!(await touchWorker(pool, worker.workerId))) await registerWorker(pool, worker);
  };
  const quietly = (): void =>
    void announce().catch((error: unknown) => logger.debug(`presence was not written: ${messageOf(error)}`));
  quietly();
  const timer = setInterval(quietly, touchEveryMs);
  return async () => {
    clearInterval(timer);
    await removeWorker(pool, worker.workerId).catch(() => undefined);
  };
}
