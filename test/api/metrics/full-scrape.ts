/** One scrape in which every metric there is has a sample. */
import { openMetrics } from '../../../api/metrics-routes.ts';
import { partitionSeriesMost } from '../../../api/metrics/lag-families.ts';
import { freshState } from '../../../domain/autoscaler/autoscaler-state.ts';
import { zeroCounters } from '../../../domain/counters.ts';
import type { LagRow, MetricsRows } from '../../../storage/metrics.ts';
import { waitFor } from '../../support/wait-for.ts';
import { parseExposition } from './exposition-parser.ts';
import type { ParsedFamily } from './exposition-parser.ts';

function aSupervisor(supervisorId: string): MetricsRows['supervisors'][number] {
  const lastDecision = { atMs: 1, kind: 'skip', code: 'cooldown', desired: 4, reason: 'r' } as const;
  const lastScale = { atMs: 1, from: 1, to: 2, by: 'autoscaler', reason: 'r' };
  return {
    supervisorId,
    dataSource: 'wikipedia',
    desired: 'running',
    isHalted: false,
    version: 1,
    timeline: 'a',
    commitSeq: '1',
    status: null,
    waitingOrders: 0,
    autoscaler: { ...freshState, config: '{}', lastDecision, lastScale, costs: [{ taskCount: 2, cost: 1 }] },
  };
}

function lagsOf(supervisorId: string, partitions: number): LagRow[] {
  return Array.from({ length: partitions }, (_, partition) => ({
    supervisorId,
    stream: 'clicks',
    partition: String(partition),
    lag: 1,
    lagMs: 1,
    ageSeconds: 1,
  }));
}

export async function fullScrape(): Promise<Map<string, ParsedFamily>> {
  const about = { supervisorId: 'wiki', groupId: 0 };
  const rows: MetricsRows = {
    supervisors: [aSupervisor('wiki'), aSupervisor('wide')],
    lags: [...lagsOf('wiki', 2), ...lagsOf('wide', partitionSeriesMost)],
    published: [
      { ...about, counters: zeroCounters, sequences: 1, publishMs: 1, segments: 1, rows: 1, bytes: 1 },
    ],
    unpublished: [],
    runningTasks: [{ supervisorId: 'wiki', runner: 'RUNNING', count: 1 }],
    endedTasks: [],
    sequences: [{ ...about, state: 'open', count: 1 }],
    events: [{ supervisorId: 'wiki', kind: 'checkpoint', count: 1, pauses: 1, pausedMs: 1 }],
    workers: [{ role: 'ingest', count: 1, slots: 1, runningTasks: 0 }],
    tasksUntil: 'later',
    eventId: '1',
  };
  const metrics = openMetrics(async () => rows, { version: '1', onError: () => {} });
  // The delay of the event loop is measured between two scrapes.
  const families = await waitFor(
    async () => {
      const found = parseExposition(await metrics.scrape());
      return found.has('nodejs_eventloop_lag_max_seconds') ? found : null;
    },
    { what: 'a measured event loop' },
  );
  metrics.close();
  return families;
}
