/**
 * Partitions that come while a supervisor reads, on real servers: those added to its topic, and those of a new topic that its
 * pattern means. They are read from their first record within two periods, and no row is lost or doubled by the handover.
 */
import { Kafka, logLevel } from 'kafkajs';
import type { Admin } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDev, postSpec, produceIds, publishedIds, smallSpec, sql } from '../support/dev.ts';
import type { TestDev } from '../support/dev.ts';
import { waitFor } from '../support/wait-for.ts';

/** Long enough that two of them hold a handover on a busy machine; the groups stop by nothing else. */
const period = 'PT15S';
const twoPeriodsMs = 30_000;
const taskDuration = 'PT1H';

let dev: TestDev;
let admin: Admin;

beforeAll(async () => {
  dev = await openDev();
  admin = new Kafka({ brokers: [bootstrap()], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
}, 180_000);
afterAll(async () => {
  await admin?.disconnect();
  await dev?.[Symbol.asyncDispose]();
}, 60_000);

it(
  'druid 6.7 testPartitionIdsUpdates: a topic of one partition gets two more, which are read within two periods',
  { timeout: 300_000 },
  async () => {
    const id = 'grows';
    await produceIds(dev, { topic: id, partitions: 1, first: 0, count: 300 });
    await post({ id, topic: id, taskCount: 2 }, { useEarliestOffset: true });
    await seen(id, 300, 60_000);
    await admin.createPartitions({ topicPartitions: [{ topic: id, count: 3 }] });
    await produceIds(dev, { topic: id, partitions: 3, first: 300, count: 600 });
    await seen(id, 900, twoPeriodsMs);
    expect(await groups(id)).toEqual({ 0: ['0', '2'], 1: ['1'] });
    await allPublished(id, 900);
  },
);

it(
  'druid 6.7 testAlwaysUsesEarliestOffsetForNewlyDiscoveredPartitions: a new topic of a pattern is read from its first record, although the spec says latest',
  { timeout: 300_000 },
  async () => {
    const id = 'clicks';
    await produceIds(dev, { topic: 'clicks-eu', partitions: 2, first: 0, count: 200 });
    await produceIds(dev, { topic: 'unmeant', partitions: 1, first: 5_000, count: 10 });
    await post({ id, topic: '', taskCount: 3 }, { topic: undefined, topicPattern: 'clicks-.*' });
    await waitFor(async () => Object.values(await groups(id)).flat().length === 2, {
      what: 'both partitions to be read',
      timeoutMs: 60_000,
    });
    // What was there before the first discovery is not wanted: latest.
    await produceIds(dev, { topic: 'clicks-eu', partitions: 2, first: 200, count: 200 });
    await seen(id, 200, 60_000);
    await produceIds(dev, { topic: 'clicks-us', partitions: 1, first: 400, count: 500 });
    await seen(id, 700, twoPeriodsMs);
    await allPublished(id, 700);
    const topics = await sql(
      dev,
      `select "kafka.topic" as topic, count(*) as "rows" from "${id}" group by 1 order by 1`,
    );
    expect(topics).toEqual([
      { topic: 'clicks-eu', rows: 200 },
      { topic: 'clicks-us', rows: 500 },
    ]);
  },
);

function bootstrap(): string {
  return dev.stack.addresses.kafka ?? '';
}

/** Rows hold their topic, too. */
async function post(
  names: { id: string; topic: string; taskCount: number },
  changes: Readonly<Record<string, unknown>>,
): Promise<void> {
  const spec = smallSpec({ ...names, bootstrap: bootstrap(), taskDuration }) as {
    spec: { ioConfig: Record<string, unknown>; dataSchema: { dimensionsSpec: { dimensions: unknown[] } } };
  };
  spec.spec.dataSchema.dimensionsSpec.dimensions.push('kafka.topic');
  Object.assign(spec.spec.ioConfig, {
    inputFormat: { type: 'kafka', valueFormat: { type: 'json' } },
    period,
    useEarliestOffset: false,
    ...changes,
  });
  await postSpec(dev, spec);
}

/** By SQL, running tasks included; each row once. */
async function seen(id: string, rows: number, timeoutMs: number): Promise<void> {
  await waitFor(
    async () => {
      const [found] = await sql<{ rows: number; ids: number }>(
        dev,
        `select count(*) as "rows", count(distinct id) as ids from "${id}"`,
      );
      expect(found?.rows ?? 0).toBeLessThanOrEqual(rows);
      return found?.rows === rows && found.ids === rows;
    },
    { what: `${rows} rows of ${id}`, timeoutMs, everyMs: 500 },
  );
}

async function groups(id: string): Promise<Record<string, string[]>> {
  const answer = await fetch(`${dev.api}/druid/indexer/v1/supervisor/${id}/status`);
  const { payload } = (await answer.json()) as {
    payload: { activeTasks: { id: string; startingOffsets: Record<string, unknown> }[] };
  };
  const found = payload.activeTasks.map(({ startingOffsets }) => Object.keys(startingOffsets).sort());
  return Object.fromEntries(found.sort().entries());
}

async function allPublished(id: string, rows: number): Promise<void> {
  const answer = await fetch(`${dev.api}/druid/indexer/v1/supervisor/${id}/suspend`, { method: 'POST' });
  expect(answer.status).toBe(200);
  await waitFor(async () => (await publishedIds(dev, id)).rows === rows, {
    what: `${rows} published rows of ${id}`,
    timeoutMs: 60_000,
  });
  expect(await publishedIds(dev, id)).toEqual({ rows, ids: rows });
}
