/** Where each partition stands in the database, and where the stream stood when it was last looked at. */
import { type Position, toPosition } from '../domain/positions.ts';
import { comparePartitions } from '../domain/partition-key.ts';
import { type Database, query, unknownThing } from './call.ts';
import {
  type Row,
  numberOf,
  numberOrNull,
  positionOrNull,
  rowOf,
  rowsOf,
  textOf,
  textsOf,
  wordOf,
} from './decode.ts';

export type PartitionRow = {
  readonly stream: string;
  readonly partition: string;
  readonly sourceIdentity: string;
  readonly incarnation: string;
  /** Null until seeded. */
  readonly nextPosition: Position | null;
  readonly state: 'open' | 'closed' | 'expired';
};

/** What a new start means against where the partition stood before a reset (I14). */
export type Jump = {
  readonly partition: string;
  /** `skipped` and `otherSource` have left a gap row; `readAgain` will give rows a second time. */
  readonly kind: 'skipped' | 'readAgain' | 'otherSource';
  readonly from: Position;
  readonly to: Position | null;
};

export type Seeds = {
  readonly supervisorId: string;
  readonly stream: string;
  readonly sourceIdentity: string;
  readonly why: string;
  readonly by?: string;
  readonly positions: readonly { readonly partition: string; readonly position: Position }[];
};

export type Seeded = { readonly seeded: string[]; readonly jumps: Jump[] };

/** Sets positions of partitions that have none; the others keep theirs. Answers which were set. */
export function seedPartitions(database: Database, seeds: Seeds): Promise<Seeded> {
  return seedTogether(database, [seeds]);
}

/** The same for partitions of several identities, all of them or none. */
export async function seedTogether(database: Database, all: readonly Seeds[]): Promise<Seeded> {
  // One statement is one transaction; whichever call comes first locks the supervisor for all of them.
  const { rows } = await query(
    database,
    `select headgate_seed_partitions(seeds.item) as answer
     from jsonb_array_elements($1::jsonb) with ordinality as seeds (item, place) order by seeds.place`,
    [JSON.stringify(all)],
  );
  const answers = rows.map((row) => rowOf(row['answer']));
  if (answers.some((answer) => answer['kind'] === 'unknown'))
    throw unknownThing(`supervisor ${all[0]?.supervisorId}`);
  return {
    seeded: answers.flatMap((answer) => textsOf(answer['seeded'])),
    jumps: answers.flatMap((answer) => rowsOf(answer['jumps'])).map(jumpOf),
  };
}

export function jumpOf(row: Row): Jump {
  return {
    partition: textOf(row, 'partition'),
    kind: wordOf(row, 'kind', ['skipped', 'readAgain', 'otherSource']),
    from: toPosition(textOf(row, 'from')),
    to: positionOrNull(row, 'to'),
  };
}

export async function readPartitions(database: Database, supervisorId: string): Promise<PartitionRow[]> {
  const { rows } = await query(
    database,
    `select stream, partition, source_identity, incarnation, next_position::text as next_position, state
     from partition_state where supervisor_id = $1`,
    [supervisorId],
  );
  return rows.map(partitionOf).sort(byPlace);
}

export function partitionOf(row: Row): PartitionRow {
  return {
    stream: textOf(row, 'stream'),
    partition: textOf(row, 'partition'),
    sourceIdentity: textOf(row, 'source_identity'),
    incarnation: textOf(row, 'incarnation'),
    nextPosition: positionOrNull(row, 'next_position'),
    state: wordOf(row, 'state', ['open', 'closed', 'expired']),
  };
}

/** One partition in one snapshot of the stream. */
export type StreamPositionInput = {
  readonly partition: string;
  readonly earliest: Position | null;
  readonly latest: Position | null;
  readonly current: Position | null;
  /** Absent or null: not measured, or not to be known now. */
  readonly lagMs?: number | null;
};

/** $1: supervisor, $2: stream, $3: a list of `StreamPositionInput`. Sorted, so that two of them never wait for each other. */
export const streamPositionsUpsert = `
  insert into stream_position
    (supervisor_id, stream, partition, earliest_position, latest_position, current_position, lag_ms)
  select $1, $2, item->>'partition', (item->>'earliest')::headgate_position,
    (item->>'latest')::headgate_position, (item->>'current')::headgate_position, (item->>'lagMs')::bigint
  from jsonb_array_elements($3::jsonb) item order by (item->>'partition') collate "C"
  on conflict (supervisor_id, stream, partition) do update
    set earliest_position = excluded.earliest_position, latest_position = excluded.latest_position,
      current_position = excluded.current_position, lag_ms = excluded.lag_ms, updated_at = clock_timestamp()`;

export async function readStreamPositions(
  database: Database,
  supervisorId: string,
): Promise<
  {
    stream: string;
    partition: string;
    earliest: Position | null;
    latest: Position | null;
    current: Position | null;
    /** How far behind the newest record, where it is measured. */
    lagMs: number | null;
    atMs: number;
  }[]
> {
  const { rows } = await query(
    database,
    `select stream, partition, earliest_position::text as earliest, latest_position::text as latest,
       current_position::text as current, lag_ms, headgate_ms(updated_at) as at_ms
     from stream_position where supervisor_id = $1`,
    [supervisorId],
  );
  const found = rows.map((row) => ({
    stream: textOf(row, 'stream'),
    partition: textOf(row, 'partition'),
    earliest: positionOrNull(row, 'earliest'),
    latest: positionOrNull(row, 'latest'),
    current: positionOrNull(row, 'current'),
    lagMs: numberOrNull(row, 'lag_ms'),
    atMs: numberOf(row, 'at_ms'),
  }));
  return found.sort(byPlace);
}

type Place = { readonly stream: string; readonly partition: string };

export function byPlace(left: Place, right: Place): number {
  if (left.stream !== right.stream) return left.stream < right.stream ? -1 : 1;
  return comparePartitions(left.partition, right.partition);
}
