/** docs/metrics.md names every metric there is, with its type, and none that is not. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { partitionSeriesMost } from '../../api/metrics/lag-families.ts';
import { lagFreshSeconds } from '../../storage/metrics.ts';
import { fullScrape } from '../api/metrics/full-scrape.ts';
import { tableRows } from './markdown.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8');

describe('docs/metrics.md', () => {
  const named = new Map(
    tableRows(page)
      .filter(([cell]) => /^`\w+`$/.test(cell ?? ''))
      .filter(([, type]) => ['counter', 'gauge', 'summary'].includes(type ?? ''))
      .map(([cell, type, labels]) => [(cell ?? '').slice(1, -1), { type, labels }] as const),
  );

  it('has the metrics of a scrape that has everything, and no other', async () => {
    const families = await fullScrape();
    expect([...named.keys()].sort()).toEqual([...families.keys()].sort());
    for (const { name, type } of families.values()) expect(named.get(name)?.type, name).toBe(type);
  });

  it('names the labels of each', async () => {
    for (const { name, samples } of (await fullScrape()).values()) {
      const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)));
      labels.delete('supervisorId');
      labels.delete('dataSource');
      const listed = (named.get(name)?.labels ?? '').split(',').map((label) => label.trim());
      expect([...labels].sort(), name).toEqual(listed.filter((label) => label !== '').sort());
    }
  });

  it('says the bounds', () => {
    expect(page).toContain(partitionSeriesMost.toLocaleString('en'));
    expect(lagFreshSeconds).toBe(300);
  });
});
