/**
 * What `watch` reads and writes at every look, in one statement each: hundreds of supervisors look every period, and a round
 * trip costs more than the rows.
 */
import type { SupervisorStatus } from '../domain/supervisor/status.ts';
import { type Database, query } from './call.ts';
import { numberOf, rowOf, rowsOf } from './decode.ts';
import { generationOf, liveGenerationsJson } from './generations.ts';
import type { GenerationRow } from './generations.ts';
import { byPlace, partitionOf, streamPositionsUpsert } from './partitions.ts';
import type { PartitionRow, StreamPositionInput } from './partitions.ts';
import { supervisorColumns, supervisorOf, supervisorTables } from './supervisors.ts';
import type { SupervisorRow } from './supervisors.ts';

/** Of one moment: a single statement sees a single snapshot. */
export type Look = {
  readonly row: SupervisorRow;
  readonly partitions: readonly PartitionRow[];
  /** Every generation with a sequence that is neither published nor discarded, oldest first within its group. */
  readonly generations: readonly GenerationRow[];
  /** Group id to the newest generation there ever was. */
  readonly newest: Readonly<Record<string, number>>;
};

/** Null: no such supervisor. */
export async function readLook(database: Database, supervisorId: string): Promise<Look | null> {
  const { rows } = await query(
    database,
    `select ${supervisorColumns},
       (select jsonb_agg(jsonb_build_object('stream', p.stream, 'partition', p.partition,
          'source_identity', p.source_identity, 'incarnation', p.incarnation::text,
          'next_position', p.next_position::text, 'state', p.state))
        from partition_state p where p.supervisor_id = s.supervisor_id) as partitions,
       (${liveGenerationsJson('s.supervisor_id')}) as generations,
       (select jsonb_object_agg(group_id, generation) from (
          select group_id, max(generation) as generation from task_group
          where supervisor_id = s.supervisor_id group by group_id) newest) as newest
     ${supervisorTables} where s.supervisor_id = $1`,
    [supervisorId],
  );
  const [row] = rows;
  if (row === undefined) return null;
  const newest = row['newest'] === null ? {} : rowOf(row['newest']);
  return {
    row: supervisorOf(row),
    partitions: rowsOf(row['partitions']).map(partitionOf).sort(byPlace),
    generations: rowsOf(row['generations']).map(generationOf),
    newest: Object.fromEntries(Object.keys(newest).map((groupId) => [groupId, numberOf(newest, groupId)])),
  };
}

/** The status and one snapshot of the stream, for people: nothing safe rests on either. */
export async function writeLook(
  database: Database,
  look: {
    readonly supervisorId: string;
    /** Null: another look writes it. */
    readonly status: SupervisorStatus | null;
    readonly stream: string;
    readonly positions: readonly StreamPositionInput[];
  },
): Promise<void> {
  const { supervisorId, stream, positions, status } = look;
  await query(
    database,
    `with noted as (
       insert into supervisor_status (supervisor_id, status) select $1, $4::jsonb where $4::jsonb is not null
       on conflict (supervisor_id) do update set status = excluded.status, updated_at = clock_timestamp())
     ${streamPositionsUpsert}`,
    [supervisorId, stream, JSON.stringify(positions), status === null ? null : JSON.stringify(status)],
  );
}
