/**
 * The proof: every group of the source, computed by DuckDB, against the same group summed over the published segment
 * files themselves. Rows too few in a group are lost, rows too many are doubled; the sums must agree as well, or rows
 * were mixed up.
 */
import { fileURLToPath } from 'node:url';
import type { DuckDBConnection } from '@duckdb/node-api';
import { quoted } from './flights.ts';

export type Proof = {
  readonly produced: number;
  readonly ingested: number;
  readonly lost: number;
  readonly doubled: number;
  /** Groups with the right number of rows and wrong sums. */
  readonly wrong: number;
  readonly groups: number;
};

/** `connection` has the view `flights`; `segments` are file URLs. */
export async function prove(connection: DuckDBConnection, segments: readonly string[]): Promise<Proof> {
  const files = segments.map((uri) => quoted(fileURLToPath(uri))).join(', ');
  const published =
    segments.length === 0
      ? `select null::date as day, null::varchar as origin, null::varchar as destination, 0::bigint as flights,
           0::bigint as delay, 0::bigint as worst, 0::bigint as distance limit 0`
      : `select __time::date as day, origin, destination, sum(flights)::bigint as flights, sum(delay)::bigint as delay,
           max(worst_delay)::bigint as worst, sum(distance)::bigint as distance
           from read_parquet([${files}], union_by_name = true) group by all`;
  const result = await connection.runAndReadAll(`
    with source as (
      select date::date as day, origin, destination, count(*) as flights, sum(delay)::bigint as delay,
             max(delay)::bigint as worst, sum(distance)::bigint as distance
      from flights group by all
    ),
    published as (${published}),
    both_sides as (
      select coalesce(source.flights, 0) as produced, coalesce(published.flights, 0) as ingested,
             source.delay is not distinct from published.delay
               and source.worst is not distinct from published.worst
               and source.distance is not distinct from published.distance as agree
      from source full join published
        on source.day = published.day
       and source.origin is not distinct from published.origin
       and source.destination is not distinct from published.destination
    )
    select sum(produced)::bigint, sum(ingested)::bigint,
           sum(greatest(produced - ingested, 0))::bigint,
           sum(greatest(ingested - produced, 0))::bigint,
           count(*) filter (produced = ingested and not agree),
           count(*) filter (produced > 0)
    from both_sides`);
  const [produced, ingested, lost, doubled, wrong, groups] = (result.getRows()[0] ?? []).map(Number);
  return {
    produced: produced ?? 0,
    ingested: ingested ?? 0,
    lost: lost ?? 0,
    doubled: doubled ?? 0,
    wrong: wrong ?? 0,
    groups: groups ?? 0,
  };
}

export function holds({ produced, ingested, lost, doubled, wrong }: Proof): boolean {
  return produced === ingested && lost === 0 && doubled === 0 && wrong === 0;
}

export function proofLine(proof: Proof): string {
  const { produced, ingested, lost, doubled, wrong, groups } = proof;
  const counts =
    produced === ingested
      ? `produced = ingested = ${count(produced)} rows`
      : `produced ${count(produced)} rows, ingested ${count(ingested)}`;
  const sums = wrong === 0 ? '' : `, wrong sums in ${count(wrong)} groups`;
  return `${counts}, lost ${count(lost)}, doubled ${count(doubled)}${sums} (${count(groups)} groups compared with DuckDB over the source)`;
}

export function count(n: number): string {
  return n.toLocaleString('en-US');
}
