/** A supervisor's whole life over mock activities on a real Temporal server. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { openHarness, workflowBundle } from './support/harness.ts';
import type { Harness } from './support/harness.ts';
import { World } from './support/world.ts';

let harness: Harness;
let world: World;

beforeAll(async () => void (await workflowBundle()), 120_000);
beforeEach(async () => {
  harness = await openHarness('sup');
});
afterEach(() => harness.close());

async function start(options: { partitions?: number; taskCount?: number; replicas?: number } = {}) {
  world = new World(harness.supervisorId, options.partitions ?? 2);
  world.taskCount = options.taskCount ?? 1;
  world.replicas = options.replicas ?? 1;
  await harness.runWorkers(world);
  return harness.client.workflow.start('supervisorWorkflow', {
    workflowId: harness.workflowId,
    taskQueue: harness.queues.control,
    args: [{ kind: 'start', spec: { id: harness.supervisorId } }],
  });
}

const states = () => world.generations.map((entry) => `${entry.groupId}/${entry.generation} ${entry.state}`);

describe('supervisorWorkflow', () => {
  test('seeds, creates a generation per group, starts its workflow and ingests', async () => {
    const handle = await start({ partitions: 4, taskCount: 2 });
    await waitFor(() => world.ingests.length === 2, { timeoutMs: 20_000, what: 'two ingest calls' });
    expect(states()).toEqual(['0/1 reading', '1/1 reading']);
    expect(world.generations.map((entry) => entry.partitions)).toEqual([
      ['0', '2'],
      ['1', '3'],
    ]);
    await waitFor(() => world.status?.state === 'RUNNING' && world.status.detailedState === 'RUNNING', {
      timeoutMs: 10_000,
      what: 'RUNNING',
    });
    expect(await handle.query('getStatus')).toMatchObject({
      state: 'RUNNING',
      healthy: true,
      suspended: false,
    });
  });
});
