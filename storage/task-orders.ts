/** What orders to running task groups rest on: what they have settled on before they act, and how a task stands. */
import type { GenerationKey } from '../domain/ids.ts';
import type { Json } from '../domain/json.ts';
import { type Database, query } from './call.ts';
import { numberOf, textOrNull, wordOf } from './decode.ts';

/**
 * Keeps what an order is about before it is carried out, so that a repetition of it means the same things. The first
 * one stays: what is answered may be of an earlier try.
 */
export async function settleOrder(
  database: Database,
  order: {
    readonly commandId: string;
    readonly supervisorId: string;
    readonly verb: string;
    readonly input: Json;
    readonly by: string;
    readonly settled: Json;
  },
): Promise<Json> {
  const { rows } = await query(
    database,
    `insert into command as c (command_id, supervisor_id, verb, state, outcome, input, by_whom)
       values ($1, $2, $3, 'accepted', jsonb_build_object('summary', 'under way', 'settled', $4::jsonb), $5, $6)
     on conflict (command_id) do update set outcome = case
       when c.state <> 'accepted' or c.outcome ? 'settled' then c.outcome else excluded.outcome end
     returning outcome->'settled' as settled`,
    [
      order.commandId,
      order.supervisorId,
      order.verb,
      JSON.stringify(order.settled),
      JSON.stringify(order.input),
      order.by,
    ],
  );
  return (rows[0]?.['settled'] ?? order.settled) as Json;
}

export type OrderedTask = {
  readonly key: GenerationKey;
  readonly state: 'RUNNING' | 'SUCCESS' | 'FAILED';
  readonly error: string | null;
  /** The task that took its place; null: none has. */
  readonly replacedBy: string | null;
};

/** Null: the supervisor has no such task. */
export async function readOrderedTask(
  database: Database,
  input: { readonly supervisorId: string; readonly taskId: string },
): Promise<OrderedTask | null> {
  const { rows } = await query(
    database,
    `select t.group_id, t.generation, t.state, t.error, successor.task_id as replaced_by
     from task t left join task successor on successor.replaces_task_id = t.task_id
     where t.task_id = $1 and t.supervisor_id = $2`,
    [input.taskId, input.supervisorId],
  );
  const row = rows[0];
  if (row === undefined) return null;
  return {
    key: {
      supervisorId: input.supervisorId,
      groupId: numberOf(row, 'group_id'),
      generation: numberOf(row, 'generation'),
    },
    state: wordOf(row, 'state', ['RUNNING', 'SUCCESS', 'FAILED']),
    error: textOrNull(row, 'error'),
    replacedBy: textOrNull(row, 'replaced_by'),
  };
}
