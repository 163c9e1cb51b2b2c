/**
 * `GET /metrics` in Prometheus' text form, from Postgres alone. Several scrapes at the same time share one reading. While
 * Postgres is away the figures of the process are still answered, and `headgate_postgres_up` says 0.
 */
import type { Pool } from 'pg';
import { readMetrics } from '../storage/metrics.ts';
import type { MetricsKnown, MetricsRows } from '../storage/metrics.ts';
import { expositionText, expositionType } from './metrics/exposition.ts';
import type { MetricFamily } from './metrics/exposition.ts';
import { metricFamilies } from './metrics/families.ts';
import { openProcessFigures } from './metrics/process-figures.ts';
import { Totals } from './metrics/totals.ts';
import type { Route } from './routes.ts';

export type MetricsReader = (known: MetricsKnown) => Promise<MetricsRows>;

export type Metrics = {
  readonly routes: Route[];
  /** The text of a scrape. */
  readonly scrape: () => Promise<string>;
  readonly close: () => void;
};

export function metricsReader(pool: Pick<Pool, 'connect'>): MetricsReader {
  return (known) => readMetrics(pool, known);
}

export function openMetrics(
  read: MetricsReader,
  options: { readonly version: string; readonly onError: (error: unknown) => void },
): Metrics {
  const totals = new Totals();
  const figures = openProcessFigures({ role: 'api', version: options.version });
  let reading: Promise<MetricFamily[]> | null = null;

  const readOnce = async (): Promise<MetricFamily[]> => {
    const startedMs = performance.now();
    const rows = await read(totals.known).catch((error: unknown) => {
      options.onError(error);
      return null;
    });
    const seconds = (performance.now() - startedMs) / 1_000;
    if (rows === null) return [up(0)];
    totals.add(rows);
    return [
      up(1),
      {
        name: 'headgate_metrics_read_seconds',
        type: 'gauge',
        help: 'How long Postgres took for this scrape.',
        samples: [{ labels: {}, value: seconds }],
      },
      ...metricFamilies(rows, totals),
    ];
  };
  const scrape = async (): Promise<string> => {
    reading ??= readOnce().finally(() => {
      reading = null;
    });
    const families = await reading;
    return expositionText([...families, ...figures.families()]);
  };
  return {
    scrape,
    close: figures.close,
    routes: [
      {
        method: 'GET',
        path: '/metrics',
        handle: async (_request, reply) =>
          reply
            .code(200)
            .type(expositionType)
            .send(await scrape()),
      },
    ],
  };
}

function up(value: 0 | 1): MetricFamily {
  const help = '1 when Postgres answered this scrape.';
  return { name: 'headgate_postgres_up', type: 'gauge', help, samples: [{ labels: {}, value }] };
}
