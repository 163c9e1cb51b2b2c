/** Lag as Druid names it, from one look per supervisor. A sum with an unknown part would look like good news: it is left out. */
import type { LagRow, MetricsRows } from '../../storage/metrics.ts';
import type { Families } from './families.ts';
import type { Labels } from './exposition.ts';

/** Series of single partitions in one scrape; supervisors beyond it have only their sums. */
export const partitionSeriesMost = 5_000;

export function lagFamilies(
  families: Families,
  lags: readonly LagRow[],
  supervisors: MetricsRows['supervisors'],
): void {
  let left = partitionSeriesMost;
  let omitted = 0;
  for (const { supervisorId, dataSource } of supervisors) {
    const rows = lags.filter((row) => row.supervisorId === supervisorId);
    const stream = rows[0]?.stream;
    if (stream === undefined) continue;
    const labels = { supervisorId, dataSource, stream };
    const records = rows.map(({ lag }) => lag);
    sums(families, labels, records, ['druid_ingest_kafka_', '', 'records behind the end of the stream']);
    const seconds = rows.map(({ lagMs }) => (lagMs === null ? null : lagMs / 1_000));
    sums(families, labels, seconds, [
      'druid_ingest_kafka_',
      '_time_seconds',
      'seconds behind the newest record',
    ]);
    families.add(
      'headgate_ingest_kafka_lag_age_seconds',
      'gauge',
      'How old the look is that the lag comes from.',
      {
        labels,
        value: Math.max(...rows.map(({ ageSeconds }) => ageSeconds)),
      },
    );
    const known = rows.filter(({ lag }) => lag !== null);
    if (known.length > left) {
      omitted += known.length;
      continue;
    }
    left -= known.length;
    for (const { partition, lag } of known)
      families.add('druid_ingest_kafka_partitionLag', 'gauge', 'Records behind the end of the partition.', {
        labels: { ...labels, partition },
        value: lag ?? 0,
      });
  }
  if (omitted > 0)
    families.add(
      'headgate_metrics_partitions_omitted',
      'gauge',
      'Partitions without a series of their own: there are too many.',
      { labels: {}, value: omitted },
    );
}

/** Sum, maximum and mean; none of them while one part is not known. */
function sums(
  families: Families,
  labels: Labels,
  values: readonly (number | null)[],
  [prefix, suffix, what]: readonly [prefix: string, suffix: string, what: string],
): void {
  const known = values.filter((value) => value !== null);
  if (known.length < values.length) return;
  const sum = known.reduce((total, value) => total + value, 0);
  const add = (name: string, help: string, value: number): void =>
    families.add(`${prefix}${name}${suffix}`, 'gauge', help, { labels, value });
  add('lag', `All partitions together: ${what}.`, sum);
  add('maxLag', `The partition furthest back: ${what}.`, Math.max(...known));
  add('avgLag', `Mean over partitions: ${what}.`, sum / known.length);
}
