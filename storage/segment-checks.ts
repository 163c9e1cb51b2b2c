/**
 * What api processes found when they looked at the file of a segment, once for all of them: a problem, or what its footer says
 * of its values. A claim keeps two processes from the same file; when it is lost, both write the same.
 */
import { type Database, query } from './call.ts';
import { type Row, numberOf, textOf, textOrNull } from './decode.ts';

export type UncheckedSegment = {
  readonly dataSource: string;
  readonly segmentId: string;
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  readonly rows: number;
  /** What the last check found wrong, if there was one. */
  readonly problem: string | null;
};

export type SegmentCheck = {
  readonly segmentId: string;
  readonly problem: string | null;
  /** As in `segment_check.statistics`. */
  readonly statistics: Readonly<Record<string, unknown>>;
};

/**
 * Newest first: segments nobody has looked at, then those whose problem was found longer ago than `recheckMs`.
 * `recentMs` looks only at segments that were published since, which costs nothing when all are checked.
 */
export async function claimUnchecked(
  database: Database,
  options: { workerId: string; limit: number; claimMs: number; recheckMs: number; recentMs: number | null },
): Promise<UncheckedSegment[]> {
  const { rows } = await query(
    database,
    `with free as (
       (select s.segment_id, s.created_at from segment s
        where s.used and ($5::float8 is null or s.created_at > clock_timestamp() - make_interval(secs => $5 / 1000))
          and not exists (select from segment_check c where c.segment_id = s.segment_id)
          and not exists (select from segment_check_claim k where k.segment_id = s.segment_id and k.until_at > clock_timestamp())
        order by s.created_at desc, s.segment_id limit $2)
       union all
       (select s.segment_id, '-infinity' from segment_check c join segment s on s.segment_id = c.segment_id
        where s.used and c.problem is not null
          and c.checked_at < clock_timestamp() - make_interval(secs => $4::float8 / 1000)
          and not exists (select from segment_check_claim k where k.segment_id = s.segment_id and k.until_at > clock_timestamp())
        order by c.checked_at limit $2)),
     -- Locked, so that none is deleted before its claim is written.
     wanted as (
       select s.* from segment s join free on free.segment_id = s.segment_id
       order by free.created_at desc, s.segment_id limit $2 for key share of s skip locked),
     claimed as (
       insert into segment_check_claim as k (segment_id, worker_id, until_at)
       select segment_id, $1, clock_timestamp() + make_interval(secs => $3::float8 / 1000) from wanted
       on conflict (segment_id) do update set worker_id = excluded.worker_id, until_at = excluded.until_at
         where k.until_at <= clock_timestamp()
       returning segment_id)
     select w.data_source, w.segment_id, w.path, w.size, w.sha256, w.rows, c.problem
     from wanted w join claimed using (segment_id) left join segment_check c using (segment_id)
     order by c.problem is not null, w.created_at desc, w.segment_id`,
    [options.workerId, options.limit, options.claimMs, options.recheckMs, options.recentMs],
  );
  return rows.map(uncheckedOf);
}

/**
 * Writes what was found. Nothing happens for a segment that is gone. Claims are left to run out: another process may be claiming
 * with a snapshot in which this check is not there yet, and must find the claim.
 */
export async function recordChecks(database: Database, checks: readonly SegmentCheck[]): Promise<void> {
  if (checks.length === 0) return;
  await query(
    database,
    `with found as (
       select * from jsonb_to_recordset($1::jsonb) as it ("segmentId" text, problem text, statistics jsonb)),
     there as (
       select s.segment_id, f.problem, f.statistics from segment s join found f on f."segmentId" = s.segment_id
       order by s.segment_id for key share of s),
     released as (
       delete from segment_check_claim where segment_id in (
         select k.segment_id from segment_check_claim k
         where k.until_at < clock_timestamp() - interval '1 minute' for update skip locked))
     insert into segment_check (segment_id, problem, statistics)
     select segment_id, problem, statistics from there
     on conflict (segment_id) do update
       set checked_at = clock_timestamp(), problem = excluded.problem, statistics = excluded.statistics`,
    [JSON.stringify(checks)],
  );
}

function uncheckedOf(row: Row): UncheckedSegment {
  return {
    dataSource: textOf(row, 'data_source'),
    segmentId: textOf(row, 'segment_id'),
    path: textOf(row, 'path'),
    size: numberOf(row, 'size'),
    sha256: textOf(row, 'sha256'),
    rows: numberOf(row, 'rows'),
    problem: textOrNull(row, 'problem'),
  };
}
