/**
 * What a scrape of the metrics reads: one snapshot, a fixed number of statements. Sums over history are read once; after that
 * only what was added since, so that a scrape does not grow with the history.
 */
import type { Pool } from 'pg';
import type { IngestCounters } from '../domain/counters.ts';
import type { Json } from '../domain/json.ts';
import type { SupervisorStatus } from '../domain/supervisor/status.ts';
import { type Database, query } from './call.ts';
import {
  type Row,
  countersOf,
  numberOf,
  numberOrNull,
  rowOf,
  rowsOf,
  textOf,
  textOrNull,
  wordOf,
} from './decode.ts';
import { inSnapshot } from './snapshot.ts';
import { runnerStates, runningTaskStates, unpublishedSql } from './tasks.ts';
import type { RunnerState } from './tasks.ts';

/** Up to where the caller has added history up. */
export type MetricsKnown = {
  /** By supervisor, of one timeline of Postgres: commits up to here. */
  readonly commits: readonly {
    readonly supervisorId: string;
    readonly timeline: string;
    readonly commitSeq: string;
  }[];
  /** Tasks that ended up to this instant, as Postgres wrote it. */
  readonly tasksUntil: string;
  readonly eventId: string;
};

export const nothingKnown: MetricsKnown = { commits: [], tasksUntil: '-infinity', eventId: '0' };

export type MetricsRows = {
  readonly supervisors: readonly {
    readonly supervisorId: string;
    readonly dataSource: string;
    readonly desired: 'running' | 'suspended' | 'terminated';
    readonly isHalted: boolean;
    readonly version: number;
    readonly timeline: string;
    readonly commitSeq: string;
    readonly status: SupervisorStatus | null;
    /** Orders taken in the last hour that nobody has worked on. */
    readonly waitingOrders: number;
    readonly autoscaler: Json | null;
  }[];
  /** Newest looks at the streams of supervisors that should run, none older than `lagFreshSeconds`. */
  readonly lags: readonly LagRow[];
  /** What was published since `known`. */
  readonly published: readonly PublishedRow[];
  /** Of tasks that run: what they hold and have not published. */
  readonly unpublished: readonly {
    readonly supervisorId: string;
    readonly groupId: number;
    readonly generation: number;
    readonly counters: IngestCounters;
  }[];
  readonly runningTasks: readonly {
    readonly supervisorId: string;
    readonly runner: RunnerState;
    readonly count: number;
  }[];
  /** `settled` is final and up to `tasksUntil`; `all` since `known`. */
  readonly endedTasks: readonly {
    readonly supervisorId: string;
    readonly state: 'SUCCESS' | 'FAILED';
    readonly settled: number;
    readonly all: number;
  }[];
  readonly sequences: readonly {
    readonly supervisorId: string;
    readonly groupId: number;
    readonly state: 'open' | 'ended';
    readonly count: number;
  }[];
  readonly events: readonly {
    readonly supervisorId: string;
    readonly kind: string;
    readonly count: number;
    /** Of checkpoints that say how long reading stood still. */
    readonly pauses: number;
    readonly pausedMs: number;
  }[];
  readonly workers: readonly {
    readonly role: string;
    readonly count: number;
    readonly slots: number;
    readonly runningTasks: number;
  }[];
  /** For the next call. */
  readonly tasksUntil: string;
  readonly eventId: string;
};

export type LagRow = {
  readonly supervisorId: string;
  readonly stream: string;
  readonly partition: string;
  /** Null: not known. Records, not below zero. */
  readonly lag: number | null;
  readonly lagMs: number | null;
  readonly ageSeconds: number;
};

export type PublishedRow = {
  readonly supervisorId: string;
  readonly groupId: number;
  readonly counters: IngestCounters;
  readonly sequences: number;
  /** From the end of reading to the commit, all of them together. */
  readonly publishMs: number;
  readonly segments: number;
  readonly rows: number;
  readonly bytes: number;
};

/** An older look says nothing about now. */
export const lagFreshSeconds = 300;
/** Partitions looked at in one scrape. */
export const lagRowsMost = 20_000;
/** What began before this ago is committed by now: functions commit as soon as they have written. */
const settledAfter = '60 seconds';
const storySettledAfter = '5 seconds';

export async function readMetrics(pool: Pick<Pool, 'connect'>, known: MetricsKnown): Promise<MetricsRows> {
  return inSnapshot(pool, async (database) => {
    const bounds = rowOf(
      (
        await query(
          database,
          `select (now() - interval '${settledAfter}')::text as tasks_until,
             coalesce((select max(event_id) from supervisor_event
               where at < now() - interval '${storySettledAfter}'), 0)::text as event_id`,
        )
      ).rows[0],
    );
    const tasksUntil = textOf(bounds, 'tasks_until');
    const eventId = textOf(bounds, 'event_id');
    // One after the other: they share a connection.
    const supervisors = await readSupervisors(database);
    const lags = await readLags(database);
    const published = await readPublished(database, known);
    const unpublished = await query(database, unpublishedSql(`t.state = 'RUNNING'`));
    const running = await query(
      database,
      `select supervisor_id, runner, count(*) as count from (${runningTaskStates}) as live group by 1, 2`,
    );
    const ended = await query(
      database,
      `select supervisor_id, state, count(*) filter (where ended_at <= $2::timestamptz) as settled, count(*) as all
       from task where ended_at > $1::timestamptz group by 1, 2`,
      [known.tasksUntil, tasksUntil],
    );
    const sequences = await query(
      database,
      `select supervisor_id, group_id, state, count(*) as count from sequence
       where state in ('open', 'ended') group by 1, 2, 3`,
    );
    const events = await readEvents(database, known.eventId, eventId);
    const workers = await readWorkers(database);
    return {
      supervisors,
      lags,
      published,
      unpublished: unpublished.rows.map((row) => ({
        supervisorId: textOf(row, 'supervisor_id'),
        groupId: numberOf(row, 'group_id'),
        generation: numberOf(row, 'generation'),
        counters: countersOf(row['counters']),
      })),
      runningTasks: running.rows.map((row) => ({
        supervisorId: textOf(row, 'supervisor_id'),
        runner: wordOf(row, 'runner', runnerStates),
        count: numberOf(row, 'count'),
      })),
      endedTasks: ended.rows.map((row) => ({
        supervisorId: textOf(row, 'supervisor_id'),
        state: wordOf(row, 'state', ['SUCCESS', 'FAILED']),
        settled: numberOf(row, 'settled'),
        all: numberOf(row, 'all'),
      })),
      sequences: sequences.rows.map((row) => ({
        supervisorId: textOf(row, 'supervisor_id'),
        groupId: numberOf(row, 'group_id'),
        state: wordOf(row, 'state', ['open', 'ended']),
        count: numberOf(row, 'count'),
      })),
      events,
      workers,
      tasksUntil,
      eventId,
    };
  });
}

async function readSupervisors(database: Database): Promise<MetricsRows['supervisors']> {
  const { rows } = await query(
    database,
    `select v.supervisor_id, v.data_source, v.desired, v.halted is not null as halted, v.version, v.timeline::text as timeline,
       v.commit_seq::text as commit_seq, u.status, a.state as autoscaler,
       (select count(*) from command c where c.supervisor_id = v.supervisor_id and c.state = 'accepted'
         and c.created_at > now() - interval '1 hour') as waiting_orders
     from supervisor v
     left join supervisor_status u using (supervisor_id)
     left join autoscaler a using (supervisor_id)
     order by v.supervisor_id`,
  );
  return rows.map((row) => ({
    supervisorId: textOf(row, 'supervisor_id'),
    dataSource: textOf(row, 'data_source'),
    desired: wordOf(row, 'desired', ['running', 'suspended', 'terminated']),
    isHalted: row['halted'] === true,
    version: numberOf(row, 'version'),
    timeline: textOf(row, 'timeline'),
    commitSeq: textOf(row, 'commit_seq'),
    status: row['status'] === null ? null : (rowOf(row['status']) as unknown as SupervisorStatus),
    waitingOrders: numberOf(row, 'waiting_orders'),
    autoscaler: (row['autoscaler'] ?? null) as Json | null,
  }));
}

async function readLags(database: Database): Promise<LagRow[]> {
  const { rows } = await query(
    database,
    `select p.supervisor_id, p.stream, p.partition,
       (case when p.latest_position >= p.current_position then p.latest_position - p.current_position
         when p.latest_position < p.current_position then 0 end)::text as lag, p.lag_ms,
       extract(epoch from now() - p.updated_at)::double precision as age
     from stream_position p join supervisor v using (supervisor_id)
     where v.desired = 'running' and p.updated_at > now() - interval '${lagFreshSeconds} seconds'
     order by p.supervisor_id, p.stream, length(p.partition), p.partition
     limit ${lagRowsMost}`,
  );
  return rows.map((row) => ({
    supervisorId: textOf(row, 'supervisor_id'),
    stream: textOf(row, 'stream'),
    partition: textOf(row, 'partition'),
    lag: textOrNull(row, 'lag') === null ? null : Number(row['lag']),
    lagMs: numberOrNull(row, 'lag_ms'),
    ageSeconds: Math.max(0, Number(row['age'])),
  }));
}

async function readPublished(database: Database, known: MetricsKnown): Promise<PublishedRow[]> {
  const sum = (path: string): string => `coalesce(sum((p.counters ${path})::bigint), 0)`;
  const plain = ['records', 'processedBytes', 'processed', 'processedWithError', 'unparseable', 'thrownAway'];
  const reasons = ['null', 'beforeMinimumMessageTime', 'afterMaximumMessageTime', 'filtered'];
  const { rows } = await query(
    database,
    `select p.supervisor_id, s.group_id, count(*) as sequences,
       coalesce(sum(headgate_ms(p.published_at) - headgate_ms(s.ended_at)), 0) as publish_ms,
       coalesce(sum(made.segments), 0) as segments, coalesce(sum(made.rows), 0) as rows, coalesce(sum(made.bytes), 0) as bytes,
       jsonb_build_object(${plain.map((name) => `'${name}', ${sum(`->> '${name}'`)}`).join(', ')},
         'thrownAwayByReason', jsonb_build_object(
           ${reasons.map((name) => `'${name}', ${sum(`-> 'thrownAwayByReason' ->> '${name}'`)}`).join(', ')})) as counters
     from supervisor v
     left join jsonb_to_recordset($1::jsonb) as k ("supervisorId" text, timeline text, "commitSeq" bigint)
       on k."supervisorId" = v.supervisor_id and k.timeline = v.timeline::text
     join publish p on p.supervisor_id = v.supervisor_id and p.commit_seq > coalesce(k."commitSeq", 0)
     join sequence s on s.sequence_id = p.sequence_id
     cross join lateral (select count(*) as segments, sum(g.rows) as rows, sum(g.size) as bytes
       from segment g where g.publish_id = p.publish_id) as made
     group by 1, 2`,
    [JSON.stringify(known.commits)],
  );
  return rows.map((row) => ({
    supervisorId: textOf(row, 'supervisor_id'),
    groupId: numberOf(row, 'group_id'),
    counters: countersOf(row['counters']),
    sequences: numberOf(row, 'sequences'),
    publishMs: numberOf(row, 'publish_ms'),
    segments: numberOf(row, 'segments'),
    rows: numberOf(row, 'rows'),
    bytes: numberOf(row, 'bytes'),
  }));
}

async function readEvents(database: Database, after: string, until: string): Promise<MetricsRows['events']> {
  const pause = `kind = 'checkpoint' and jsonb_typeof(details -> 'tookMs') = 'number'`;
  const { rows } = await query(
    database,
    `select supervisor_id, kind, count(*) as count, count(*) filter (where ${pause}) as pauses,
       coalesce(round(sum((details ->> 'tookMs')::double precision) filter (where ${pause})), 0) as paused_ms
     from supervisor_event where event_id > $1::bigint and event_id <= $2::bigint group by 1, 2`,
    [after, until],
  );
  return rows.map((row) => ({
    supervisorId: textOf(row, 'supervisor_id'),
    kind: textOf(row, 'kind'),
    count: numberOf(row, 'count'),
    pauses: numberOf(row, 'pauses'),
    pausedMs: numberOf(row, 'paused_ms'),
  }));
}

async function readWorkers(database: Database): Promise<MetricsRows['workers']> {
  const { rows } = await query(
    database,
    `select coalesce(json_agg(found), '[]') as workers from (
       select w.role, count(*) as count, coalesce(sum(w.slots), 0) as slots, coalesce(sum(held.count), 0) as running
       from worker w left join lateral (
         select count(*) as count from task t where t.state = 'RUNNING' and t.worker_id = w.worker_id) as held on true
       where w.seen_at > now() - interval '30 seconds' group by w.role) as found`,
  );
  return rowsOf(rowOf(rows[0])['workers']).map((row: Row) => ({
    role: textOf(row, 'role'),
    count: numberOf(row, 'count'),
    slots: numberOf(row, 'slots'),
    runningTasks: numberOf(row, 'running'),
  }));
}
