/** Temporal's whole database is lost: every supervisor comes back by itself from Postgres, with nothing lost or doubled. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { newDataDir, openDev, postSpec, produceIds, publishedIds, smallSpec } from '../support/dev.ts';
import type { TestDev } from '../support/dev.ts';
import { waitFor } from '../support/wait-for.ts';

const names = ['one', 'two', 'three'];

async function allPublished(dev: TestDev, count: number): Promise<void> {
  for (const name of names) {
    await waitFor(async () => (await publishedIds(dev, name)).rows >= count, {
      what: `${count} rows of ${name}`,
      timeoutMs: 180_000,
      everyMs: 1_000,
    });
    expect(await publishedIds(dev, name)).toEqual({ rows: count, ids: count });
  }
}

it('starts every supervisor again from an empty Temporal', async () => {
  const dataDir = newDataDir();
  try {
    {
      await using dev = await openDev({ dataDir });
      const bootstrap = dev.stack.addresses.kafka ?? '';
      for (const name of names) {
        await produceIds(dev, { topic: name, partitions: 2, first: 0, count: 1_000 });
        await postSpec(
          dev,
          smallSpec({ id: name, topic: name, bootstrap, replicas: 2, taskDuration: 'PT6S' }),
        );
      }
      await allPublished(dev, 1_000);
      // Left unpublished on purpose: what is read now must survive the loss too.
      for (const name of names)
        await produceIds(dev, { topic: name, partitions: 2, first: 1_000, count: 1_000 });
    }
    rmSync(join(dataDir, 'temporal'), { recursive: true, force: true });
    await using dev = await openDev({ dataDir });
    await allPublished(dev, 2_000);
    for (const name of names) await produceIds(dev, { topic: name, partitions: 2, first: 2_000, count: 500 });
    await allPublished(dev, 2_500);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});
