/** Processes at work, with the address and token under which running tasks can be queried. A hint: leases decide. */
import { type Database, query } from './call.ts';
import { numberOf, numberOrNull, textOf, textOrNull } from './decode.ts';

export type WorkerRow = {
  readonly workerId: string;
  readonly role: string;
  readonly address: string | null;
  readonly token: string | null;
  /** Tasks it takes at the same time; null: none, or a process of an older version. */
  readonly slots: number | null;
  readonly startedAtMs: number;
  readonly seenAtMs: number;
};

export async function registerWorker(
  database: Database,
  worker: Pick<WorkerRow, 'workerId' | 'role' | 'address' | 'token' | 'slots'>,
): Promise<void> {
  await query(
    database,
    `insert into worker (worker_id, role, address, token, slots) values ($1, $2, $3, $4, $5)
     on conflict (worker_id) do update set role = excluded.role, address = excluded.address,
       token = excluded.token, slots = excluded.slots, seen_at = clock_timestamp()`,
    [worker.workerId, worker.role, worker.address, worker.token, worker.slots],
  );
}

/** False: it is not registered (any more). */
export async function touchWorker(database: Database, workerId: string): Promise<boolean> {
  const { rows } = await query(
    database,
    `update worker set seen_at = clock_timestamp() where worker_id = $1 returning worker_id`,
    [workerId],
  );
  return rows.length === 1;
}

export async function removeWorker(database: Database, workerId: string): Promise<void> {
  await query(database, `delete from worker where worker_id = $1`, [workerId]);
}

export async function listWorkers(database: Database): Promise<WorkerRow[]> {
  const { rows } = await query(
    database,
    `select worker_id, role, address, token, slots, headgate_ms(started_at) as started_at_ms,
       headgate_ms(seen_at) as seen_at_ms
     from worker order by role, worker_id`,
  );
  return rows.map((row) => ({
    workerId: textOf(row, 'worker_id'),
    role: textOf(row, 'role'),
    address: textOrNull(row, 'address'),
    token: textOrNull(row, 'token'),
    slots: numberOrNull(row, 'slots'),
    startedAtMs: numberOf(row, 'started_at_ms'),
    seenAtMs: numberOf(row, 'seen_at_ms'),
  }));
}
