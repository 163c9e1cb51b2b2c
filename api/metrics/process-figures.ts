/** Figures of a process about itself, under the names Prometheus' own clients use. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { MetricFamily } from './exposition.ts';

export type ProcessFigures = { readonly families: () => MetricFamily[]; readonly close: () => void };

const nanosecondsPerSecond = 1e9;

export function openProcessFigures(options: {
  readonly role: string;
  readonly version: string;
}): ProcessFigures {
  const startedSeconds = Math.round(performance.timeOrigin) / 1_000;
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  return {
    families: () => {
      const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
      const { user, system } = process.cpuUsage();
      const isMeasured = delay.count > 0;
      const p99 = isMeasured ? delay.percentile(99) / nanosecondsPerSecond : NaN;
      const longest = isMeasured ? delay.max / nanosecondsPerSecond : NaN;
      delay.reset();
      return [
        gauge('headgate_build_info', 'Always 1; which program this is.', 1, options),
        {
          name: 'process_cpu_seconds_total',
          type: 'counter',
          help: 'User and system CPU time of this process.',
          samples: [{ labels: {}, value: (user + system) / 1e6 }],
        },
        gauge(
          'process_start_time_seconds',
          'When this process started, in seconds since 1970.',
          startedSeconds,
        ),
        gauge('process_resident_memory_bytes', 'Resident memory of this process.', rss),
        gauge('nodejs_heap_size_used_bytes', 'Used part of the JavaScript heap.', heapUsed),
        gauge('nodejs_heap_size_total_bytes', 'Size of the JavaScript heap.', heapTotal),
        gauge('nodejs_external_memory_bytes', 'Memory of buffers outside the heap.', external),
        gauge(
          'nodejs_eventloop_lag_p99_seconds',
          'Delay of the event loop since the last scrape, 99th percentile.',
          p99,
        ),
        gauge(
          'nodejs_eventloop_lag_max_seconds',
          'Longest delay of the event loop since the last scrape.',
          longest,
        ),
      ];
    },
    close: () => delay.disable(),
  };
}

/** What is not a number is not known. */
function gauge(
  name: string,
  help: string,
  value: number,
  labels: { readonly [name: string]: string } = {},
): MetricFamily {
  return { name, type: 'gauge', help, samples: Number.isFinite(value) ? [{ labels, value }] : [] };
}
