/** The story of each supervisor: lines are added where things happen, read by `explain`, and pruned by housekeeping. */
import type { Json } from '../domain/json.ts';
import { storyKinds } from '../domain/supervisor/story.ts';
import type { StoryKind, StoryLine } from '../domain/supervisor/story.ts';
import { type Database, query } from './call.ts';
import { numberOf, numberOrNull, rowOf, textOf, textOrNull, wordOf } from './decode.ts';

const textLimit = 2_000;

export type NewStoryLine = {
  readonly supervisorId: string;
  readonly kind: StoryKind;
  readonly text: string;
  readonly groupId?: number;
  readonly generation?: number;
  readonly taskId?: string;
  readonly details?: { readonly [key: string]: Json };
  /** The same key is written once: for steps that may be repeated. */
  readonly key?: string;
};

export async function tellStory(database: Database, line: NewStoryLine): Promise<void> {
  await query(
    database,
    `insert into supervisor_event (supervisor_id, kind, group_id, generation, task_id, text, details, event_key)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (event_key) do nothing`,
    [
      line.supervisorId,
      line.kind,
      line.groupId ?? null,
      line.generation ?? null,
      line.taskId ?? null,
      line.text.slice(0, textLimit),
      JSON.stringify(line.details ?? {}),
      line.key ?? null,
    ],
  );
}

/** Newest first. */
export async function readStory(
  database: Database,
  supervisorId: string,
  options: { readonly limit: number; readonly kinds?: readonly StoryKind[]; readonly beforeId?: string },
): Promise<StoryLine[]> {
  const { rows } = await query(
    database,
    `select event_id, supervisor_id, headgate_ms(at) as at_ms, kind, group_id, generation, task_id, text, details
     from supervisor_event
     where supervisor_id = $1 and ($2::text[] is null or kind = any ($2)) and ($3::bigint is null or event_id < $3)
     order by event_id desc limit $4`,
    [supervisorId, options.kinds ?? null, options.beforeId ?? null, options.limit],
  );
  return rows.map((row) => ({
    eventId: textOf(row, 'event_id'),
    supervisorId: textOf(row, 'supervisor_id'),
    atMs: numberOf(row, 'at_ms'),
    kind: wordOf(row, 'kind', storyKinds),
    groupId: numberOrNull(row, 'group_id'),
    generation: numberOrNull(row, 'generation'),
    taskId: textOrNull(row, 'task_id'),
    text: textOf(row, 'text'),
    details: rowOf(row['details']) as StoryLine['details'],
  }));
}

/** Keeps the newest lines of each supervisor. Answers how many went. */
export async function pruneStories(database: Database, keep: number): Promise<number> {
  const { rows } = await query(
    database,
    `with gone as (
       delete from supervisor_event e using (
         select event_id, row_number() over (partition by supervisor_id order by event_id desc) as place
         from supervisor_event) old
       where old.event_id = e.event_id and old.place > $1 returning 1)
     select count(*)::integer as count from gone`,
    [keep],
  );
  return rows[0] === undefined ? 0 : numberOf(rows[0], 'count');
}
