/** Segments as a publish would have left them, by the thousand, without writing their files. */
import type { Database } from '../../storage/call.ts';
import { Fixture, hour } from './fixture.ts';

export type SegmentRowInput = {
  readonly dataSource?: string;
  readonly id: string;
  readonly startMs?: number;
  readonly endMs?: number;
  readonly columns?: readonly { readonly name: string; readonly type: string }[];
  readonly used?: boolean;
  readonly path?: string;
  readonly sha256?: string;
  readonly size?: number;
  readonly rows?: number;
  readonly statistics?: Readonly<Record<string, unknown>>;
  readonly problem?: string;
};

export const timeOnly = [{ name: '__time', type: 'TIMESTAMP WITH TIME ZONE' }];

/** They belong to one publish of a supervisor, which is made when there is none. */
export async function insertSegments(database: Database, rows: readonly SegmentRowInput[]): Promise<void> {
  const { rows: publishes } = await database.query('select publish_id from publish limit 1');
  const publishId = publishes[0]?.['publish_id'] ?? (await publishNothing(database));
  await database.query(
    `insert into segment (segment_id, publish_id, supervisor_id, data_source, start_at, end_at, version, partition_num, path,
       sha256, size, rows, columns, used)
     select row->>'id', $2, 'wiki', row->>'dataSource', headgate_instant((row->>'startMs')::bigint),
       headgate_instant((row->>'endMs')::bigint), row->>'id', 0, row->>'path', row->>'sha256', (row->>'size')::bigint,
       (row->>'rows')::bigint, row->'columns', (row->>'used')::boolean
     from jsonb_array_elements($1::jsonb) row`,
    [JSON.stringify(rows.map(filledIn)), publishId],
  );
  await database.query(
    `insert into segment_check (segment_id, problem, statistics)
     select row->>'id', row->>'problem', coalesce(row->'statistics', '{}')
     from jsonb_array_elements($1::jsonb) row where row ? 'statistics' or row ? 'problem'`,
    [JSON.stringify(rows)],
  );
}

function filledIn(row: SegmentRowInput): SegmentRowInput {
  return {
    dataSource: 'wiki',
    startMs: 0,
    endMs: hour,
    columns: timeOnly,
    used: true,
    path: `wiki/${row.id}.parquet`,
    sha256: 'ab',
    size: 10,
    rows: 5,
    ...row,
  };
}

async function publishNothing(database: Database): Promise<unknown> {
  const fixture = await Fixture.with(database);
  const key = await fixture.generation();
  const lease = await fixture.attempt(key);
  await fixture.end(key, lease, { 0: 150, 1: 250 });
  await fixture.publish(lease, key);
  await database.query(`delete from segment`);
  return fixture.value('select publish_id from publish');
}
