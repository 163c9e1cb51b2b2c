/**
 * What a query has to ask running tasks for: the sequences that are neither published nor discarded, with who holds
 * them, and how far each partition is published. Read in the caller's snapshot, the two belong to the same moment.
 *
 * Leases and addresses may also be read again later, outside that snapshot: they say where rows are, not which count.
 */
import { type Position, type Positions, toPosition } from '../domain/positions.ts';
import { type Database, query } from './call.ts';
import {
  type Row,
  booleanOf,
  numberOf,
  numberOrNull,
  positionOrNull,
  positionsOf,
  rowOf,
  rowsOf,
  textOf,
  textOrNull,
} from './decode.ts';

export type LivePartition = {
  /** Inclusive. */
  readonly start: Position;
  /** Exclusive; null while the sequence is open. */
  readonly end: Position | null;
  readonly incarnation: string;
};

/** A running task of the sequence's generation. */
export type LiveTask = {
  readonly taskId: string;
  readonly epoch: string;
  /** 0: it never began. */
  readonly attempts: number;
  readonly workerId: string | null;
  /** Null with the token: that process is not registered (any more), or answers no queries. */
  readonly address: string | null;
  readonly token: string | null;
  readonly workerSeenMs: number | null;
  readonly progress: { readonly epoch: string; readonly positions: Positions } | null;
};

export type LiveSequence = {
  readonly sequenceId: string;
  readonly dataSource: string;
  readonly supervisorId: string;
  readonly groupId: number;
  readonly generation: number;
  readonly ordinal: number;
  readonly term: string;
  readonly stream: string;
  readonly partitions: Readonly<Record<string, LivePartition>>;
  readonly tasks: readonly LiveTask[];
  /** Whether any task of the generation ever had an attempt, also one that was replaced: else it holds no rows. */
  readonly began: boolean;
};

/** Where a partition stands: what comes before `position` is in segments. */
export type PublishedPosition = {
  readonly dataSource: string;
  readonly supervisorId: string;
  readonly term: string;
  readonly stream: string;
  readonly partition: string;
  readonly incarnation: string;
  /** Null: not seeded. */
  readonly position: Position | null;
};

export type LiveSnapshot = {
  readonly sequences: readonly LiveSequence[];
  readonly published: readonly PublishedPosition[];
};

/** Both in the caller's transaction, which must be one snapshot (REPEATABLE READ). Null: of all data sources. */
export async function readLiveSnapshot(
  database: Database,
  dataSources: readonly string[] | null,
): Promise<LiveSnapshot> {
  const [sequences, published] = await Promise.all([
    readLiveSequences(database, dataSources),
    readPublishedPositions(database, dataSources),
  ]);
  return { sequences, published };
}

export async function readLiveSequences(
  database: Database,
  dataSources: readonly string[] | null,
): Promise<LiveSequence[]> {
  const { rows } = await query(
    database,
    `select s.sequence_id, g.data_source, s.supervisor_id, s.group_id, s.generation, s.ordinal,
       s.term::text as term, g.stream,
       (select jsonb_object_agg(sp.partition, jsonb_build_object('start', sp.start_position::text,
            'end', sp.end_position::text, 'incarnation', sp.incarnation::text))
          from sequence_partition sp where sp.sequence_id = s.sequence_id) as partitions,
       exists (select 1 from task t
          where (t.supervisor_id, t.group_id, t.generation) = (s.supervisor_id, s.group_id, s.generation)
            and t.attempts > 0) as began,
       (select jsonb_agg(jsonb_build_object('taskId', t.task_id, 'epoch', l.epoch::text, 'attempts', t.attempts,
            'workerId', t.worker_id, 'address', w.address, 'token', w.token,
            'workerSeenMs', headgate_ms(w.seen_at), 'progressEpoch', p.epoch::text, 'positions', p.positions)
            order by t.replica)
          from task t join task_lease l on l.task_id = t.task_id
          left join task_progress p on p.task_id = t.task_id
          left join worker w on w.worker_id = t.worker_id
          where (t.supervisor_id, t.group_id, t.generation) = (s.supervisor_id, s.group_id, s.generation)
            and t.state = 'RUNNING') as tasks
     from sequence s join task_group g on (g.supervisor_id, g.group_id, g.generation)
       = (s.supervisor_id, s.group_id, s.generation)
     where s.state in ('open', 'ended') and ($1::text[] is null or g.data_source = any ($1))
     order by s.number`,
    [dataSources],
  );
  return rows.map(sequenceOf);
}

/** Of the supervisors that ever wrote to these data sources, once per data source. */
async function readPublishedPositions(
  database: Database,
  dataSources: readonly string[] | null,
): Promise<PublishedPosition[]> {
  const { rows } = await query(
    database,
    `select v.data_source, ps.supervisor_id, s.term::text as term, ps.stream, ps.partition,
       ps.incarnation::text as incarnation, ps.next_position::text as position
     from (select distinct data_source, supervisor_id from supervisor_version
         where $1::text[] is null or data_source = any ($1)) v
       join supervisor s on s.supervisor_id = v.supervisor_id
       join partition_state ps on ps.supervisor_id = v.supervisor_id
     order by v.data_source, ps.supervisor_id, ps.stream, ps.partition`,
    [dataSources],
  );
  return rows.map((row) => ({
    dataSource: textOf(row, 'data_source'),
    supervisorId: textOf(row, 'supervisor_id'),
    term: textOf(row, 'term'),
    stream: textOf(row, 'stream'),
    partition: textOf(row, 'partition'),
    incarnation: textOf(row, 'incarnation'),
    position: positionOrNull(row, 'position'),
  }));
}

function sequenceOf(row: Row): LiveSequence {
  const partitions = Object.entries(rowOf(row['partitions'])).map(([partition, value]) => {
    const found = rowOf(value);
    return [
      partition,
      {
        start: toPosition(textOf(found, 'start')),
        end: positionOrNull(found, 'end'),
        incarnation: textOf(found, 'incarnation'),
      },
    ] as const;
  });
  return {
    sequenceId: textOf(row, 'sequence_id'),
    dataSource: textOf(row, 'data_source'),
    supervisorId: textOf(row, 'supervisor_id'),
    groupId: numberOf(row, 'group_id'),
    generation: numberOf(row, 'generation'),
    ordinal: numberOf(row, 'ordinal'),
    term: textOf(row, 'term'),
    stream: textOf(row, 'stream'),
    partitions: Object.fromEntries(partitions),
    tasks: rowsOf(row['tasks']).map(taskOf),
    began: booleanOf(row, 'began'),
  };
}

function taskOf(row: Row): LiveTask {
  const progressEpoch = textOrNull(row, 'progressEpoch');
  return {
    taskId: textOf(row, 'taskId'),
    epoch: textOf(row, 'epoch'),
    attempts: numberOf(row, 'attempts'),
    workerId: textOrNull(row, 'workerId'),
    address: textOrNull(row, 'address'),
    token: textOrNull(row, 'token'),
    workerSeenMs: numberOrNull(row, 'workerSeenMs'),
    progress:
      progressEpoch === null ? null : { epoch: progressEpoch, positions: positionsOf(row['positions']) },
  };
}
