/**
 * Rows of Postgres under Druid's names of metrics (docs/metrics.md has the table). What is not known has no series.
 */
import { addCounters, zeroCounters } from '../../domain/counters.ts';
import type { IngestCounters } from '../../domain/counters.ts';
import { taskType } from '../../query/system-rows/tasks.ts';
import type { MetricsRows } from '../../storage/metrics.ts';
import { runnerStates } from '../../storage/tasks.ts';
import type { Labels, MetricFamily, MetricType, Sample } from './exposition.ts';
import { lagFamilies } from './lag-families.ts';
import { scalerFamilies } from './scaler-families.ts';
import { heldByGroup } from './totals.ts';
import type { Totals } from './totals.ts';

type Supervisor = MetricsRows['supervisors'][number];

/** Families by name, in the order in which they were first named. */
export class Families {
  readonly #families = new Map<string, MetricFamily & { readonly samples: Sample[] }>();

  add(name: string, type: MetricType, help: string, sample: Sample): void {
    const family = this.#families.get(name);
    if (family === undefined) this.#families.set(name, { name, type, help, samples: [sample] });
    else family.samples.push(sample);
  }

  get all(): MetricFamily[] {
    return [...this.#families.values()];
  }
}

/** `totals` holds `rows` already. */
export function metricFamilies(rows: MetricsRows, totals: Totals): MetricFamily[] {
  const families = new Families();
  const supervisors = rows.supervisors.filter(({ desired }) => desired !== 'terminated');
  for (const supervisor of supervisors) {
    stateFamilies(families, supervisor);
    taskFamilies(families, rows, totals, supervisor);
    ingestFamilies(families, rows, totals, supervisor);
    eventFamilies(families, totals, supervisor);
    scalerFamilies(families, supervisor);
  }
  lagFamilies(families, rows.lags, supervisors);
  workerFamilies(families, rows.workers);
  return families.all;
}

function stateFamilies(families: Families, supervisor: Supervisor): void {
  const labels = labelsOf(supervisor);
  const { isHalted, status, waitingOrders } = supervisor;
  const state = isHalted ? 'UNHEALTHY_SUPERVISOR' : (status?.state ?? 'PENDING');
  const detailedState = isHalted ? 'UNHEALTHY_SUPERVISOR' : (status?.detailedState ?? 'PENDING');
  families.add('druid_supervisor_count', 'gauge', 'Supervisors, by state; 1 for each.', {
    labels: { ...labels, type: 'kafka', state, detailedState },
    value: 1,
  });
  families.add('headgate_supervisor_healthy', 'gauge', '1 when healthy, 0 when not.', {
    labels,
    value: !isHalted && (status?.healthy ?? true) ? 1 : 0,
  });
  families.add('headgate_supervisor_suspended', 'gauge', '1 when suspended by an operator.', {
    labels,
    value: supervisor.desired === 'suspended' ? 1 : 0,
  });
  families.add('headgate_supervisor_spec_version', 'gauge', 'Newest version of the spec.', {
    labels,
    value: supervisor.version,
  });
  families.add('druid_ingest_notices_queueSize', 'gauge', 'Orders taken that nobody has worked on yet.', {
    labels,
    value: waitingOrders,
  });
}

const runnerNames = { PENDING: 'pending', WAITING: 'waiting', RUNNING: 'running' } as const;
const endNames = { SUCCESS: 'success', FAILED: 'failed' } as const;

function taskFamilies(
  families: Families,
  rows: MetricsRows,
  totals: Totals,
  { supervisorId, dataSource }: Supervisor,
): void {
  const labels = { supervisorId, dataSource, taskType };
  for (const runner of runnerStates) {
    if (runner === 'NONE') continue;
    const found = rows.runningTasks.find((row) => row.supervisorId === supervisorId && row.runner === runner);
    families.add(`druid_task_${runnerNames[runner]}_count`, 'gauge', `Tasks that are ${runner}.`, {
      labels,
      value: found?.count ?? 0,
    });
  }
  for (const state of ['SUCCESS', 'FAILED'] as const) {
    const row = rows.endedTasks.find(
      (candidate) => candidate.supervisorId === supervisorId && candidate.state === state,
    );
    // What is settled is in the totals already.
    const fresh = row === undefined ? 0 : row.all - row.settled;
    const name = `druid_task_${endNames[state]}_count_total`;
    const value = totals.notFalling(supervisorId, name, totals.endedTasks(supervisorId, state) + fresh);
    families.add(name, 'counter', `Tasks that have ended as ${state}.`, { labels, value });
  }
  for (const { groupId, state, count } of rows.sequences.filter((row) => row.supervisorId === supervisorId))
    families.add(
      'headgate_sequences',
      'gauge',
      'Sequences not published yet: open ones are read, ended ones wait to be published.',
      {
        labels: { supervisorId, dataSource, groupId: String(groupId), state },
        value: count,
      },
    );
}

type CounterName = readonly [name: string, help: string, of: (counters: IngestCounters) => number];

/** Published and still held, together: they do not fall when a sequence is published. */
const eventCounters: readonly CounterName[] = [
  ['headgate_ingest_records_total', 'Records read from the stream.', ({ records }) => records],
  ['druid_ingest_events_processed_total', 'Rows stored without any problem.', ({ processed }) => processed],
  [
    'druid_ingest_events_processedWithError_total',
    'Rows stored although a column could not be parsed.',
    ({ processedWithError }) => processedWithError,
  ],
  [
    'druid_ingest_events_unparseable_total',
    'Rows or records that could not be read.',
    ({ unparseable }) => unparseable,
  ],
  ['druid_ingest_input_bytes_total', 'Bytes of the records read.', ({ processedBytes }) => processedBytes],
];
const reasons = ['null', 'beforeMinimumMessageTime', 'afterMaximumMessageTime', 'filtered'] as const;

function ingestFamilies(
  families: Families,
  rows: MetricsRows,
  totals: Totals,
  { supervisorId, dataSource }: Supervisor,
): void {
  const published = totals.groups(supervisorId);
  const held = heldByGroup(rows.unpublished, supervisorId);
  for (const groupId of [...new Set([...published.keys(), ...held.keys()])].sort((a, b) => a - b)) {
    const labels: Labels = { supervisorId, dataSource, groupId: String(groupId) };
    const done = published.get(groupId);
    const counters = addCounters(done?.counters ?? zeroCounters, held.get(groupId) ?? zeroCounters);
    const count = (name: string, help: string, value: number, more: Labels = {}): void => {
      const series = `${name}/${groupId}/${Object.values(more).join('/')}`;
      const shown = totals.notFalling(supervisorId, series, value);
      families.add(name, 'counter', help, { labels: { ...labels, ...more }, value: shown });
    };
    for (const [name, help, of] of eventCounters) count(name, help, of(counters));
    for (const reason of reasons)
      count(
        'druid_ingest_events_thrownAway_total',
        'Rows dropped on purpose.',
        counters.thrownAwayByReason[reason],
        { reason },
      );
    count('druid_ingest_rows_output_total', 'Rows in published segments.', done?.rows ?? 0);
    count('druid_ingest_rows_published_total', 'Rows in published segments.', done?.rows ?? 0);
    count('druid_ingest_segments_count_total', 'Segments published.', done?.segments ?? 0);
    count('druid_segment_added_bytes_total', 'Bytes of published segments.', done?.bytes ?? 0);
    count(
      'druid_ingest_handoff_count_total',
      'Segments that can be queried: each from its commit on.',
      done?.segments ?? 0,
    );
    const publish = 'headgate_ingest_publish_seconds';
    const help = 'From the end of a sequence to its commit.';
    const seconds = totals.notFalling(supervisorId, `${publish}/${groupId}`, (done?.publishMs ?? 0) / 1_000);
    families.add(publish, 'summary', help, { labels, suffix: '_sum', value: seconds });
    const sequences = totals.notFalling(supervisorId, `${publish}#/${groupId}`, done?.sequences ?? 0);
    families.add(publish, 'summary', help, { labels, suffix: '_count', value: sequences });
  }
}

function eventFamilies(families: Families, totals: Totals, supervisor: Supervisor): void {
  const labels = labelsOf(supervisor);
  for (const [kind, { count, pauses, pausedMs }] of [...totals.events(supervisor.supervisorId)].sort(
    byName,
  )) {
    families.add(
      'headgate_events_total',
      'counter',
      'Lines of the supervisor’s story since they are kept, by kind.',
      {
        labels: { ...labels, kind },
        value: count,
      },
    );
    if (pauses === 0) continue;
    const pause = 'druid_ingest_pause_time_seconds';
    const help = 'How long reading stood still for a checkpoint, all replicas of a group together.';
    families.add(pause, 'summary', help, { labels, suffix: '_sum', value: pausedMs / 1_000 });
    families.add(pause, 'summary', help, { labels, suffix: '_count', value: pauses });
  }
}

function workerFamilies(families: Families, workers: MetricsRows['workers']): void {
  for (const { role, count, slots, runningTasks } of workers) {
    families.add('headgate_workers', 'gauge', 'Processes that showed themselves in the last half minute.', {
      labels: { role },
      value: count,
    });
    if (role !== 'ingest') continue;
    const labels = { category: '_default_worker_category' };
    const slot = (what: string, value: number): void =>
      families.add(`druid_taskSlot_${what}_count`, 'gauge', `Task slots of ingest workers: ${what}.`, {
        labels,
        value,
      });
    slot('total', slots);
    slot('used', runningTasks);
    slot('idle', Math.max(0, slots - runningTasks));
  }
}

export function labelsOf({ supervisorId, dataSource }: Supervisor): Labels {
  return { supervisorId, dataSource };
}

function byName([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : 1;
}
