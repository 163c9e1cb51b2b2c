/** What an autoscaler remembers between two looks, as JSON that `domain/autoscaler` understands. */
import type { Json } from '../domain/json.ts';
import { type Database, query } from './call.ts';

/** Null: it has never looked. */
export async function readAutoscaler(database: Database, supervisorId: string): Promise<Json | null> {
  const { rows } = await query(database, `select state from autoscaler where supervisor_id = $1`, [
    supervisorId,
  ]);
  return (rows[0]?.['state'] ?? null) as Json | null;
}

export async function writeAutoscaler(database: Database, supervisorId: string, state: Json): Promise<void> {
  await query(
    database,
    `insert into autoscaler (supervisor_id, state) values ($1, $2)
     on conflict (supervisor_id) do update set state = excluded.state, updated_at = clock_timestamp()`,
    [supervisorId, JSON.stringify(state)],
  );
}
