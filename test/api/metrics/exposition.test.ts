/** The text form, held against a strict reader of it; and what a scrape shows of rows made up in memory. */
import { describe, expect, it } from 'vitest';
import { expositionText } from '../../../api/metrics/exposition.ts';
import { partitionSeriesMost } from '../../../api/metrics/lag-families.ts';
import { openMetrics } from '../../../api/metrics-routes.ts';
import { zeroCounters } from '../../../domain/counters.ts';
import type { IngestCounters } from '../../../domain/counters.ts';
import type { LagRow, MetricsKnown, MetricsRows } from '../../../storage/metrics.ts';
import { freshState } from '../../../domain/autoscaler/autoscaler-state.ts';
import { parseExposition, valueOf } from './exposition-parser.ts';

const supervisor: MetricsRows['supervisors'][number] = {
  supervisorId: 'wiki',
  dataSource: 'wikipedia',
  desired: 'running',
  isHalted: false,
  version: 3,
  timeline: 'a',
  commitSeq: '1',
  status: null,
  waitingOrders: 0,
  autoscaler: null,
};

function rowsOf(more: Partial<MetricsRows> = {}): MetricsRows {
  return {
    supervisors: [supervisor],
    lags: [],
    published: [],
    unpublished: [],
    runningTasks: [],
    endedTasks: [],
    sequences: [],
    events: [],
    workers: [],
    tasksUntil: 'later',
    eventId: '7',
    ...more,
  };
}

function counted(processed: number): IngestCounters {
  return { ...zeroCounters, records: processed, processed };
}

function publishedOf(processed: number): MetricsRows['published'][number] {
  return {
    supervisorId: 'wiki',
    groupId: 0,
    counters: counted(processed),
    sequences: 1,
    publishMs: 1_500,
    segments: 2,
    rows: processed,
    bytes: 100,
  };
}

function held(processed: number, more: object = {}): MetricsRows['unpublished'][number] {
  return { supervisorId: 'wiki', groupId: 0, generation: 1, counters: counted(processed), ...more };
}

function aLag(more: Partial<LagRow> = {}): LagRow {
  return {
    supervisorId: 'wiki',
    stream: 'clicks',
    partition: '0',
    lag: 10,
    lagMs: null,
    ageSeconds: 3,
    ...more,
  };
}

/** Scrapes of these rows, one after the other. */
function scraper(...answers: readonly (MetricsRows | Error)[]) {
  const asked: MetricsKnown[] = [];
  const errors: unknown[] = [];
  const left = [...answers];
  const metrics = openMetrics(
    async (known) => {
      asked.push(known);
      const answer = left.shift() ?? rowsOf();
      if (answer instanceof Error) throw answer;
      return answer;
    },
    { version: '1.2.3', onError: (error) => errors.push(error) },
  );
  return { asked, errors, scrape: async () => parseExposition(await metrics.scrape()), metrics };
}

const processed = 'druid_ingest_events_processed_total';

describe('the text form', () => {
  it('escapes whatever a name may hold', () => {
    const evil = 'a"b\\c\nd\\n{},=ü 💥';
    const text = expositionText([
      {
        name: 'm',
        type: 'gauge',
        help: 'One\nline with \\.',
        samples: [{ labels: { supervisorId: evil, x: '' }, value: 1.5e-7 }],
      },
    ]);
    const families = parseExposition(text);
    expect(families.get('m')?.samples).toEqual([
      { name: 'm', labels: { supervisorId: evil, x: '' }, value: 1.5e-7 },
    ]);
    expect(text.split('\n')).toHaveLength(4);
  });

  it('leaves out a family without a sample', () => {
    expect(expositionText([{ name: 'm', type: 'gauge', help: 'h', samples: [] }])).toBe('');
  });

  it.each([
    'm 1\n',
    '# TYPE m gauge\nm 1\n',
    '# HELP m h\n# TYPE m gauge\nm{a="b"} 1\nm{a="b"} 2\n',
    '# HELP m h\n# TYPE m gauge\nm{a="b\\x"} 1\n',
    '# HELP m h\n# TYPE m counter\nm 1\n',
    '# HELP m h\n# TYPE m gauge\nm one\n',
    '# HELP m h\n# TYPE m gauge\nm 1',
  ])('the reader refuses %j', (text) => {
    expect(() => parseExposition(text)).toThrow();
  });
});

describe('a scrape', () => {
  it('has figures of the process, and says when Postgres is away', async () => {
    const { scrape, errors } = scraper(rowsOf(), new Error('down'));
    const first = await scrape();
    expect(valueOf(first, 'headgate_postgres_up')).toBe(1);
    expect(valueOf(first, 'headgate_build_info', { version: '1.2.3', role: 'api' })).toBe(1);
    expect(valueOf(first, 'process_resident_memory_bytes')).toBeGreaterThan(1e6);
    expect(valueOf(first, 'process_cpu_seconds_total')).toBeGreaterThan(0);
    const second = await scrape();
    expect(valueOf(second, 'headgate_postgres_up')).toBe(0);
    expect(second.has('druid_supervisor_count')).toBe(false);
    expect(second.has('process_cpu_seconds_total')).toBe(true);
    expect(String(errors)).toContain('down');
  });

  it('is one reading for all who ask at the same time', async () => {
    const { asked, metrics } = scraper();
    await Promise.all([metrics.scrape(), metrics.scrape(), metrics.scrape()]);
    expect(asked).toHaveLength(1);
  });

  it('shows states, tasks, sequences and workers', async () => {
    const { scrape } = scraper(
      rowsOf({
        supervisors: [
          supervisor,
          { ...supervisor, supervisorId: 'gone', desired: 'terminated' },
          { ...supervisor, supervisorId: 'halted', isHalted: true },
        ],
        runningTasks: [{ supervisorId: 'wiki', runner: 'WAITING', count: 2 }],
        endedTasks: [{ supervisorId: 'wiki', state: 'FAILED', settled: 3, all: 4 }],
        sequences: [{ supervisorId: 'wiki', groupId: 1, state: 'ended', count: 2 }],
        workers: [
          { role: 'ingest', count: 2, slots: 8, runningTasks: 3 },
          { role: 'api', count: 1, slots: 0, runningTasks: 0 },
        ],
      }),
    );
    const families = await scrape();
    const labels = { supervisorId: 'wiki', dataSource: 'wikipedia' };
    expect(valueOf(families, 'druid_supervisor_count', { ...labels, state: 'PENDING' })).toBe(1);
    expect(
      valueOf(families, 'druid_supervisor_count', { supervisorId: 'halted', state: 'UNHEALTHY_SUPERVISOR' }),
    ).toBe(1);
    expect(valueOf(families, 'headgate_supervisor_healthy', { supervisorId: 'halted' })).toBe(0);
    expect(valueOf(families, 'druid_supervisor_count', { supervisorId: 'gone' })).toBeUndefined();
    expect(valueOf(families, 'druid_task_waiting_count', labels)).toBe(2);
    expect(valueOf(families, 'druid_task_running_count', labels)).toBe(0);
    expect(valueOf(families, 'druid_task_failed_count_total', labels)).toBe(4);
    expect(valueOf(families, 'headgate_sequences', { ...labels, groupId: '1', state: 'ended' })).toBe(2);
    expect(valueOf(families, 'druid_taskSlot_idle_count')).toBe(5);
    expect(valueOf(families, 'headgate_workers', { role: 'api' })).toBe(1);
  });

  it('adds history up once and asks only for what is new', async () => {
    const { asked, scrape } = scraper(
      rowsOf({
        published: [publishedOf(5)],
        endedTasks: [{ supervisorId: 'wiki', state: 'SUCCESS', settled: 1, all: 1 }],
      }),
      rowsOf({
        supervisors: [{ ...supervisor, commitSeq: '2' }],
        published: [publishedOf(7)],
        endedTasks: [{ supervisorId: 'wiki', state: 'SUCCESS', settled: 0, all: 1 }],
      }),
    );
    await scrape();
    const families = await scrape();
    expect(asked[1]).toEqual({
      commits: [{ supervisorId: 'wiki', timeline: 'a', commitSeq: '1' }],
      tasksUntil: 'later',
      eventId: '7',
    });
    expect(valueOf(families, processed, { groupId: '0' })).toBe(12);
    expect(valueOf(families, 'druid_ingest_segments_count_total')).toBe(4);
    expect(valueOf(families, 'druid_segment_added_bytes_total')).toBe(200);
    expect(valueOf(families, 'headgate_ingest_publish_seconds_sum')).toBe(3);
    expect(valueOf(families, 'headgate_ingest_publish_seconds_count')).toBe(2);
    expect(valueOf(families, 'druid_task_success_count_total')).toBe(2);
  });

  it('counts what is held once for all replicas, and does not fall at a publish or when a worker is lost', async () => {
    const { scrape } = scraper(
      rowsOf({ unpublished: [held(10), held(8), held(3, { generation: 2 })] }),
      rowsOf({ published: [publishedOf(10)], unpublished: [held(4, { generation: 2 })] }),
      // The worker of generation 2 is lost: its next attempt has read nothing yet.
      rowsOf({ supervisors: [{ ...supervisor, commitSeq: '2' }] }),
      rowsOf({ unpublished: [held(6, { generation: 2 })] }),
    );
    const values = [];
    for (let turn = 0; turn < 4; turn++) values.push(valueOf(await scrape(), processed));
    expect(values).toEqual([13, 14, 14, 16]);
  });

  it('begins anew for a supervisor whose database was restored', async () => {
    const { scrape } = scraper(
      rowsOf({ published: [publishedOf(10)] }),
      rowsOf({ supervisors: [{ ...supervisor, timeline: 'b' }], published: [publishedOf(4)] }),
    );
    await scrape();
    expect(valueOf(await scrape(), processed)).toBe(4);
  });

  it('knows a pause time only where checkpoints tell it', async () => {
    const event = { supervisorId: 'wiki', count: 2, pauses: 0, pausedMs: 0 };
    const { scrape } = scraper(
      rowsOf({ events: [{ ...event, kind: 'rollover' }] }),
      rowsOf({ events: [{ ...event, kind: 'checkpoint', pauses: 2, pausedMs: 90 }] }),
    );
    const first = await scrape();
    expect(valueOf(first, 'headgate_events_total', { kind: 'rollover' })).toBe(2);
    expect(first.has('druid_ingest_pause_time_seconds')).toBe(false);
    const second = await scrape();
    expect(valueOf(second, 'druid_ingest_pause_time_seconds_sum')).toBe(0.09);
    expect(valueOf(second, 'druid_ingest_pause_time_seconds_count')).toBe(2);
    expect(valueOf(second, 'headgate_events_total', { kind: 'rollover' })).toBe(2);
  });
});

describe('lag', () => {
  it('is a sum, a maximum and a mean over partitions', async () => {
    const { scrape } = scraper(
      rowsOf({ lags: [aLag(), aLag({ partition: '1', lag: 30, lagMs: 500, ageSeconds: 9 })] }),
    );
    const families = await scrape();
    const labels = { supervisorId: 'wiki', dataSource: 'wikipedia', stream: 'clicks' };
    expect(valueOf(families, 'druid_ingest_kafka_lag', labels)).toBe(40);
    expect(valueOf(families, 'druid_ingest_kafka_maxLag', labels)).toBe(30);
    expect(valueOf(families, 'druid_ingest_kafka_avgLag', labels)).toBe(20);
    expect(valueOf(families, 'druid_ingest_kafka_partitionLag', { ...labels, partition: '1' })).toBe(30);
    expect(valueOf(families, 'headgate_ingest_kafka_lag_age_seconds', labels)).toBe(9);
    // Measured for one partition only.
    expect(families.has('druid_ingest_kafka_maxLag_time_seconds')).toBe(false);
  });

  it('in time, where it is measured for all', async () => {
    const { scrape } = scraper(
      rowsOf({ lags: [aLag({ lagMs: 500 }), aLag({ partition: '1', lagMs: 1_500 })] }),
    );
    const families = await scrape();
    expect(valueOf(families, 'druid_ingest_kafka_maxLag_time_seconds')).toBe(1.5);
    expect(valueOf(families, 'druid_ingest_kafka_lag_time_seconds')).toBe(2);
  });

  it('is absent, not 0, while one partition is unknown', async () => {
    const { scrape } = scraper(rowsOf({ lags: [aLag(), aLag({ partition: '1', lag: null })] }));
    const families = await scrape();
    expect(families.has('druid_ingest_kafka_lag')).toBe(false);
    expect(families.has('druid_ingest_kafka_maxLag')).toBe(false);
    expect(families.get('druid_ingest_kafka_partitionLag')?.samples).toHaveLength(1);
  });

  it('has a bounded number of series', async () => {
    const many = Array.from({ length: partitionSeriesMost + 1 }, (_, index) =>
      aLag({ partition: String(index) }),
    );
    const { scrape } = scraper(rowsOf({ lags: many }));
    const families = await scrape();
    expect(families.has('druid_ingest_kafka_partitionLag')).toBe(false);
    expect(valueOf(families, 'headgate_metrics_partitions_omitted')).toBe(partitionSeriesMost + 1);
    expect(valueOf(families, 'druid_ingest_kafka_lag')).toBe(10 * (partitionSeriesMost + 1));
  });
});

describe('the autoscaler', () => {
  it('says what it wants and why it does not do it', async () => {
    const decision = { atMs: 1, kind: 'skip', code: 'cooldown', desired: 4, reason: 'r' } as never;
    const state = { ...freshState, config: '{}', lastDecision: decision };
    const { scrape } = scraper(
      rowsOf({ supervisors: [{ ...supervisor, autoscaler: state }] }),
      rowsOf({ supervisors: [{ ...supervisor, autoscaler: freshState }] }),
    );
    const families = await scrape();
    const name = 'druid_task_autoScaler_requiredCount';
    expect(families.get(name)?.samples).toMatchObject([{ value: 4, labels: { supervisorId: 'wiki' } }]);
    expect(Object.keys(families.get(name)?.samples[0]?.labels ?? {})).toContain('scalingSkipReason');
    expect((await scrape()).has(name)).toBe(false);
  });
});
