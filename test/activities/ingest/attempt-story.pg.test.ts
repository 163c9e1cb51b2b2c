/** What an operator is told of attempts: how each ended, and where the next one goes on. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CancelledFailure } from '@temporalio/common';
import { readStory } from '../../../storage/stories.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { waitFor } from '../../support/wait-for.ts';
import { World } from './world.ts';

let database: TestDatabase;
let world: World;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterEach(() => world.close());

afterAll(async () => {
  await database.drop();
});

async function reading(records: number) {
  world = await World.open(database.url, { tuning: { intermediatePersistPeriod: 'PT0.2S' } });
  const key = await world.generation();
  const [input] = await world.inputs(key);
  const worker = world.worker();
  world.produce(0, records);
  const run = await worker.run(input!);
  await waitFor(async () => (await world.checkpointedRecords(key)) === records, { what: 'a checkpoint' });
  await world.readUntil(key, records);
  return { key, input: input!, worker, run };
}

const lines = () => readStory(world.pool, world.supervisorId, { limit: 20, kinds: ['taskLost'] });

const firstLine = () =>
  waitFor(async () => (await lines())[0], { what: 'a line of the story', timeoutMs: 20_000 });

describe('the next attempt tells', () => {
  it('of one that was lost with its worker, and where it goes on', async () => {
    const { input, worker } = await reading(100);
    // It says nothing any more, as after kill -9.
    worker.deafen();
    await world.worker().run(input, 2);
    const line = await firstLine();
    expect(line.text).toMatch(
      new RegExp(
        `^Task ${input.taskId}: attempt 1 on worker worker-0 was lost \\(last heard \\d\\d:\\d\\d:\\d\\d UTC\\); ` +
          `attempt 2 on worker worker-1 goes on from checkpoint [0-9a-f-]{36}, at 0:50, 1:50\\.$`,
      ),
    );
    expect(line.details).toMatchObject({ ending: 'lost', worker: 'worker-0', nextWorker: 'worker-1' });
    worker.undeafen();
  });

  it('of a worker that was stopped in order', async () => {
    const { input, run } = await reading(100);
    run.environment.cancel('WORKER_SHUTDOWN');
    await expect(run.result).rejects.toMatchObject({ type: 'WORKER_SHUTDOWN' });
    await world.worker().run(input, 2);
    expect((await firstLine()).text).toContain(
      'worker worker-0 was stopped in order after attempt 1; attempt 2 on worker worker-1 goes on from checkpoint',
    );
  });

  it('of one that was ended for a new attempt', async () => {
    const { input, run } = await reading(100);
    run.environment.cancel('CANCELLED');
    await expect(run.result).rejects.toBeInstanceOf(CancelledFailure);
    await world.worker().run(input, 2);
    expect((await firstLine()).text).toContain(
      'attempt 1 on worker worker-0 was ended so that a new one begins',
    );
  });

  it('of one whose thread died, with why; and the task shows that it does not get on', async () => {
    const { key, input, worker, run } = await reading(100);
    worker.kill();
    await expect(run.result).rejects.toMatchObject({ type: 'INTERNAL' });
    for (let attempt = 2; attempt <= 4; attempt += 1) {
      const broken = world.worker();
      const next = await broken.run(input, attempt);
      await waitFor(() => broken.lastReport(), { what: 'the thread' });
      broken.kill();
      await expect(next.result).rejects.toMatchObject({ type: 'INTERNAL' });
    }
    const last = await world.worker().run(input, 5);
    const told = await waitFor(
      async () => {
        const all = await lines();
        return all.length === 4 ? all : undefined;
      },
      { what: 'four lines', timeoutMs: 20_000 },
    );
    expect(told[3]?.text).toContain(
      'attempt 1 on worker worker-0 failed (the ingest thread of this task ended: killed by the test',
    );
    const [task] = (await world.read(key)).tasks;
    expect(task).toMatchObject({ attempts: 5, fruitlessAttempts: 3 });
    expect(task?.lastFailure?.message).toContain('the ingest thread of this task ended: killed by the test');
    world.produce(100, 20);
    await waitFor(async () => (await world.read(key)).tasks[0]?.fruitlessAttempts === 0, {
      what: 'getting on again',
    });
    await world.end(key, { final: true });
    expect(await last.result).toEqual({ kind: 'published' });
  });
});
