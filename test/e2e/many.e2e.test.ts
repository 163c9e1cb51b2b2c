/** Breadth on two cores: two hundred partitions, a stream that hardly speaks, twenty supervisors at once. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDev, postSpec, produceIds, publishedIds, smallSpec } from '../support/dev.ts';
import type { TestDev } from '../support/dev.ts';
import { waitFor } from '../support/wait-for.ts';

let dev: TestDev;
let bootstrap: string;

beforeAll(async () => {
  dev = await openDev();
  bootstrap = dev.stack.addresses.kafka ?? '';
}, 180_000);

afterAll(async () => dev?.[Symbol.asyncDispose](), 60_000);

async function allPublished(dataSource: string, count: number, timeoutMs = 180_000): Promise<void> {
  await waitFor(async () => (await publishedIds(dev, dataSource)).rows >= count, {
    what: `${count} rows of ${dataSource}`,
    timeoutMs,
    everyMs: 1_000,
  });
  expect(await publishedIds(dev, dataSource)).toEqual({ rows: count, ids: count });
}

it('reads a topic of 200 partitions', async () => {
  await produceIds(dev, { topic: 'wide', partitions: 200, first: 0, count: 20_000 });
  await postSpec(dev, smallSpec({ id: 'wide', topic: 'wide', bootstrap, taskCount: 2 }));
  await allPublished('wide', 20_000);
});

it('publishes the one message of a stream that hardly speaks, across idle rollovers', async () => {
  await produceIds(dev, { topic: 'quiet', partitions: 3, first: 0, count: 1 });
  await postSpec(dev, smallSpec({ id: 'quiet', topic: 'quiet', bootstrap }));
  await allPublished('quiet', 1);
  await produceIds(dev, { topic: 'quiet', partitions: 3, first: 1, count: 1 });
  await allPublished('quiet', 2);
});

it('runs twenty supervisors at once', async () => {
  const ids = Array.from({ length: 20 }, (_, index) => `many_${index}`);
  for (const id of ids) {
    await produceIds(dev, { topic: id, partitions: 2, first: 0, count: 500 });
    await postSpec(dev, smallSpec({ id, topic: id, bootstrap, taskDuration: 'PT10S' }));
  }
  for (const id of ids) await allPublished(id, 500, 300_000);
});
