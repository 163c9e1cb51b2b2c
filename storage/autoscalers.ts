/** What an autoscaler remembers between two looks, as JSON that `domain/autoscaler` understands; and the step of scaling. */
import type { Json } from '../domain/json.ts';
import { type Database, callForRow, query, unknownThing } from './call.ts';
import { numberOf, rowOf, textOf, wordOf } from './decode.ts';

/** Null: it has never looked. */
export async function readAutoscaler(database: Database, supervisorId: string): Promise<Json | null> {
  const { rows } = await query(database, `select state from autoscaler where supervisor_id = $1`, [
    supervisorId,
  ]);
  return (rows[0]?.['state'] ?? null) as Json | null;
}

/**
 * Only if it is still what was read (`expected`; null: nothing was there): a scaling or a reset in between has cleared the
 * window, and an older one must not come back. False: it was not written.
 */
export async function writeAutoscaler(
  database: Database,
  supervisorId: string,
  change: { readonly expected: Json | null; readonly state: Json },
): Promise<boolean> {
  const { rows } = await query(
    database,
    `insert into autoscaler (supervisor_id, state)
     select $1, $2::jsonb where $3::jsonb is null or exists (select from autoscaler where supervisor_id = $1)
     on conflict (supervisor_id) do update set state = excluded.state, updated_at = clock_timestamp()
       where autoscaler.state = $3::jsonb
     returning 1`,
    [
      supervisorId,
      JSON.stringify(change.state),
      change.expected === null ? null : JSON.stringify(change.expected),
    ],
  );
  return rows.length > 0;
}

/** A reset moves positions: lags from before it say nothing. When it last scaled stays. */
export async function clearLagWindow(database: Database, supervisorId: string): Promise<void> {
  await query(
    database,
    `update autoscaler set state = state || '{"samples": []}', updated_at = clock_timestamp() where supervisor_id = $1`,
    [supervisorId],
  );
}

export type ScaleOutcome = {
  readonly kind: 'scaled' | 'overtaken' | 'terminated';
  /** With `scaled` the one that was made, else the newest. */
  readonly version: number;
};

/** The new version of the spec and the memory of scaling, in one transaction. A repeat with the same key answers the same. */
export async function storeScaling(
  database: Database,
  input: {
    readonly supervisorId: string;
    readonly expectedVersion: number;
    readonly key: string;
    readonly specText: string;
    readonly by: string;
    readonly memory: Json;
  },
): Promise<ScaleOutcome> {
  const answer = await callForRow(database, 'scale', input);
  const kind = wordOf(answer, 'kind', ['scaled', 'overtaken', 'terminated', 'unknown']);
  if (kind === 'unknown') throw unknownThing(`supervisor ${input.supervisorId}`);
  return { kind, version: numberOf(answer, 'version') };
}

export type TaskRatesRow = { readonly taskId: string; readonly rates: Json };

/** Of the tasks that read and have reported lately: what `activities/ingest` measures of itself. */
export async function readTaskRates(database: Database, supervisorId: string): Promise<TaskRatesRow[]> {
  const { rows } = await query(
    database,
    `select t.task_id, p.rates from task t join task_progress p on p.task_id = t.task_id
     where t.supervisor_id = $1 and t.state = 'RUNNING' and p.updated_at > clock_timestamp() - interval '1 minute'
       and exists (select from sequence s where s.state = 'open'
         and (s.supervisor_id, s.group_id, s.generation) = (t.supervisor_id, t.group_id, t.generation))
     order by t.task_id`,
    [supervisorId],
  );
  return rows.map((row) => ({ taskId: textOf(row, 'task_id'), rates: rowOf(row['rates']) as Json }));
}
