/** What a running task writes of its rates, and what the next attempt of it makes of them. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { waitFor } from '../../support/wait-for.ts';
import { World } from './world.ts';

let database: TestDatabase;
let world: World;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterEach(async () => {
  await world.close();
});

afterAll(async () => {
  await database.drop();
});

it('moving averages and idleness are stored, and a new attempt goes on from them', async () => {
  world = await World.open(database.url);
  const key = await world.generation();
  const [input] = await world.inputs(key);
  const progress = async () => (await world.read(key)).tasks[0]?.progress ?? null;
  const worker = world.worker();
  const run = worker.run(input!);
  world.produce(0, 50);
  await world.readUntil(key, 50);
  // After the first report: only what comes then is a rate.
  await waitFor(progress, { what: 'a first report' });
  world.produce(50, 5_000);
  await world.readUntil(key, 5_050);
  const busy = await waitFor(
    async () => {
      const now = await progress();
      return (now?.movingAverages?.['1m'].processed ?? 0) > 0 ? now : null;
    },
    { what: 'a rate' },
  );
  expect(busy.movingAverages!['15m'].processedBytes).toBeGreaterThan(0);
  expect(busy.pollIdleRatio).toBeGreaterThanOrEqual(0);
  expect(busy.pollIdleRatio).toBeLessThanOrEqual(1);
  worker.kill();
  await run;
  const next = world.worker();
  const again = next.run(input!, 2);
  const resumed = await waitFor(
    async () => {
      const now = await progress();
      return now && now.epoch !== busy.epoch ? now : null;
    },
    { what: 'the first report of the second attempt' },
  );
  // An attempt that began anew would have nothing to compare with in its first report.
  expect(resumed.movingAverages?.['15m'].processed).toBeGreaterThan(0);
  next.kill();
  await again;
});
