/** Orders over HTTP reach a real workflow once each: through its rollovers, its absence, repeats, and a Temporal that is away. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openOrderSender } from '../../api/order-sender.ts';
import type { Order, OrderSender } from '../../api/order-sender.ts';
import type { Store } from '../../api/store.ts';
import { openSupervisorStarter } from '../../api/supervisor-starter.ts';
import type { SupervisorStarter } from '../../api/supervisor-starter.ts';
import type { CommandRow } from '../../storage/supervisors.ts';
import type { supervisorWorkflow } from '../../workflows/supervisor.ts';
import { temporalServer } from '../support/addresses.ts';
import { waitFor } from '../support/wait-for.ts';
import { openHarness, workflowBundle } from '../workflows/support/harness.ts';
import type { Harness } from '../workflows/support/harness.ts';
import { World } from '../workflows/support/world.ts';

let harness: Harness;
let world: World;
let starters: SupervisorStarter[];

beforeAll(async () => void (await workflowBundle()), 120_000);
beforeEach(async () => {
  harness = await openHarness('orders');
  world = new World(harness.supervisorId, 2);
  starters = [];
});
afterEach(async () => {
  await Promise.all(starters.map((starter) => starter.close()));
  await harness.close();
});

/** One per api process. */
function aStarter(address = temporalServer().address): SupervisorStarter {
  const starter = openSupervisorStarter({
    address,
    namespace: temporalServer().namespace,
    queues: harness.queues,
  });
  starters.push(starter);
  return starter;
}

function aSender(starter = aStarter()): OrderSender {
  return openOrderSender({ store: commandTable(), starter });
}

/** What the worker wrote, as the api reads it. */
function commandTable(): Store {
  const rowOf = (commandId: string): CommandRow | null => {
    const found = world.commands.find((command) => command.commandId === commandId);
    if (!found) return null;
    const summary = found.refusal?.message ?? `${found.verb} ${JSON.stringify(found.input)}`;
    return {
      commandId,
      supervisorId: found.supervisorId,
      verb: found.verb,
      input: found.input ?? {},
      by: found.by,
      state: found.refusal ? 'refused' : 'done',
      outcome: { summary },
      createdAtMs: 0,
      updatedAtMs: 0,
    };
  };
  const table: Partial<Store> = {
    readCommand: async (id) => rowOf(id),
    recordCommand: async () => ({ first: true }),
  };
  return table as Store;
}

function anOrder(more: Partial<Order> = {}): Order {
  return {
    supervisorId: harness.supervisorId,
    specVersion: 1,
    verb: 'handoffTaskGroups',
    input: { taskGroupIds: [9] },
    by: 'ada',
    ...more,
  };
}

async function start(rolloverEvents?: number): Promise<void> {
  await harness.runWorkers(world);
  await harness.client.workflow.start<typeof supervisorWorkflow>('supervisorWorkflow', {
    workflowId: harness.workflowId,
    taskQueue: harness.queues.control,
    args: [
      { kind: 'start', spec: { id: harness.supervisorId }, ...(rolloverEvents ? { rolloverEvents } : {}) },
    ],
  });
}

const timesApplied = (): Map<string, number> => {
  const times = new Map<string, number>();
  for (const { commandId } of world.commands) times.set(commandId, (times.get(commandId) ?? 0) + 1);
  return times;
};

describe('an order', () => {
  test('is applied once each while the workflow goes from life to life', async () => {
    await start(30);
    const senders = [aSender(), aSender()];
    const lives = new Set<string>();
    const answers = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const answer = await senders[index % 2]!.send(anOrder({ commandId: `order-${index}` }));
        lives.add((await harness.client.workflow.getHandle(harness.workflowId).describe()).runId);
        return answer;
      }),
    );
    expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(['done']));
    expect(lives.size).toBeGreaterThan(2);
    expect(timesApplied()).toEqual(new Map(answers.map(({ commandId }) => [commandId, 1])));
  });

  test('starts a workflow that does not run, with the version it was given', async () => {
    await harness.runWorkers(world);
    const answer = await aSender().send(anOrder({ input: { taskGroupIds: [3] } }));
    expect(answer).toMatchObject({
      kind: 'done',
      outcome: { summary: 'handoffTaskGroups {"taskGroupIds":[3]}' },
    });
    expect(world.commands).toMatchObject([{ verb: 'handoffTaskGroups', by: 'ada' }]);
    expect((await harness.client.workflow.getHandle(harness.workflowId).describe()).status.name).toBe(
      'RUNNING',
    );
  });

  test('starts one that was terminated by hand', async () => {
    await start();
    await harness.client.workflow.getHandle(harness.workflowId).terminate('by hand');
    expect(await aSender().send(anOrder())).toMatchObject({ kind: 'done' });
  });

  test('that is wrong is refused by the workflow as by the sender: 400, and nothing is left of it', async () => {
    await start();
    const wrong = anOrder({ input: { taskGroupIds: 'all' }, commandId: 'wrong' });
    const { supervisorId, verb, input, by } = wrong;
    const starter = aStarter();
    for (const send of [
      () => starter.order({ supervisorId, verb, input, by, commandId: 'wrong' }, 1),
      () => aSender(starter).send(wrong),
    ])
      await expect(send()).rejects.toMatchObject({
        code: 'REQUEST_INVALID',
        message: expect.stringMatching(/^handoffTaskGroups: taskGroupIds is "all", expected a list/),
      });
    expect(world.commands).toEqual([]);
  });

  test('with an id that was used before is applied once, whichever process repeats it', async () => {
    await start();
    const [first, second] = [aSender(), aSender()];
    const order = anOrder({ commandId: 'mine' });
    const answers = await Promise.all([first.send(order), second.send(order), first.send(order)]);
    answers.push(await second.send(order));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(timesApplied()).toEqual(new Map([['mine', 1]]));
    await expect(first.send(anOrder({ commandId: 'mine', verb: 'reset', input: {} }))).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      details: { status: 409 },
    });
  });

  test('says that nothing was changed while Temporal is away', async () => {
    await expect(aSender(aStarter('127.0.0.1:1')).send(anOrder())).rejects.toMatchObject({
      code: 'TEMPORAL_UNAVAILABLE',
      message: expect.stringContaining('nobody was told and nothing was changed'),
    });
  });

  test('says that nobody knows while no worker answers, and is applied once when it is repeated', async () => {
    const { stop } = await harness.runWorkers(world);
    await harness.client.workflow.start<typeof supervisorWorkflow>('supervisorWorkflow', {
      workflowId: harness.workflowId,
      taskQueue: harness.queues.control,
      args: [{ kind: 'start', spec: { id: harness.supervisorId } }],
    });
    await waitFor(() => world.looks > 0, { what: 'a look' });
    await stop();
    const sender = aSender();
    await expect(sender.send(anOrder({ commandId: 'unsure' }))).rejects.toMatchObject({
      code: 'TEMPORAL_UNAVAILABLE',
      message: expect.stringMatching(/not known whether the order was taken.*x-headgate-command-id: unsure/),
      details: { isSent: true, commandId: 'unsure' },
    });
    await harness.runWorkers(world);
    expect(await sender.send(anOrder({ commandId: 'unsure' }))).toMatchObject({ kind: 'done' });
    expect(timesApplied()).toEqual(new Map([['unsure', 1]]));
  });
});
