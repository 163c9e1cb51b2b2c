/** The activities of a supervisor over real rows and a stream in memory. */
import { ApplicationFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rejectionWindow } from '../../../activities/supervisor/create-generations.ts';
import type { WatchInput } from '../../../activities/supervisor/contract.ts';
import type { Seen } from '../../../domain/supervisor/observation.ts';
import type { SupervisorSpec } from '../../../domain/spec/spec.ts';
import { initialState } from '../../../domain/supervisor/state.ts';
import { liveGenerations, readGeneration } from '../../../storage/generations.ts';
import { readPartitions, readStreamPositions } from '../../../storage/partitions.ts';
import {
  haltSupervisor,
  readCommand,
  readSupervisor,
  storeTombstone,
  supervisorHistory,
} from '../../../storage/supervisors.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ControlWorld, quietEnvironment } from '../control-world.ts';
import { scratchDatabase } from '../../storage/scratch.ts';

const scratch = scratchDatabase();
let world: ControlWorld;

async function open(options: Parameters<typeof ControlWorld.open>[2] = {}): Promise<void> {
  await world?.close();
  world = await ControlWorld.open(scratch.pool(), scratch.url(), options);
}

beforeEach(() => open());
afterEach(() => world.close());

const nexts = async () =>
  (await readPartitions(scratch.pool(), world.supervisorId)).map(
    (row) => `${row.partition}:${row.nextPosition}`,
  );
const seed = () => world.run('seedPartitions', { supervisorId: world.supervisorId });
const create = (...groups: { groupId: number; expectedGeneration: number }[]) =>
  world.run('createGenerations', { supervisorId: world.supervisorId, groups });

function watchInput(): WatchInput {
  const state = initialState({
    supervisorId: world.supervisorId,
    specVersion: 1,
    queues: { control: 'c', ingest: 'i' },
    rolloverEvents: 2_000,
    nowMs: Date.now(),
  });
  return { supervisorId: world.supervisorId, known: state.known, health: state.health, status: state.status };
}

describe('storeSpec', () => {
  test('the same spec twice is one version, another one the next', async () => {
    expect(await world.post()).toMatchObject({ specVersion: 1 });
    expect(await world.post({ taskCount: 2 })).toMatchObject({ specVersion: 2 });
    expect(await readSupervisor(scratch.pool(), world.supervisorId)).toMatchObject({
      desired: 'running',
      version: 2,
    });
  });

  test('a suspended spec is suspended from the start', async () => {
    await world.post({ suspended: true });
    expect(await readSupervisor(scratch.pool(), world.supervisorId)).toMatchObject({ desired: 'suspended' });
  });
});

describe('seedPartitions', () => {
  test('at earliest, once', async () => {
    world.fill('0', 5);
    world.stream.trim('0', 2n);
    expect(await seed()).toEqual({ seeded: 2 });
    expect(await nexts()).toEqual(['0:2', '1:0']);
    world.fill('0', 5);
    expect(await seed()).toEqual({ seeded: 0 });
    expect(await nexts()).toEqual(['0:2', '1:0']);
  });

  test('at latest for the first discovery, later partitions at earliest all the same', async () => {
    await open({ spec: { useEarliestOffset: false } });
    world.fill('0', 5);
    await seed();
    world.stream.addPartitions(1);
    world.fill('2', 7);
    await seed();
    expect(await nexts()).toEqual(['0:5', '1:0', '2:0']);
  });

  test('the first discovery is all or nothing', async () => {
    await open({ spec: { useEarliestOffset: false } });
    const whole = world.stream.openSource.bind(world.stream);
    world.stream.openSource = () => {
      const source = whole();
      const positions = source.positions.bind(source);
      source.positions = async (partitions, bound) => {
        const found = new Map(await positions(partitions, bound));
        found.delete('1');
        return found;
      };
      return source;
    };
    await expect(seed()).rejects.toThrow('gives no latest position for partitions 1');
    expect(await nexts()).toEqual([]);
  });

  test('nothing while it is not running', async () => {
    await world.post({ suspended: true });
    expect(await seed()).toEqual({ seeded: 0 });
  });
});

describe('createGenerations', () => {
  test('one per group, with the partitions that are its own; a repeat answers the same', async () => {
    await open({ partitions: 3, spec: { taskCount: 2, replicas: 2 } });
    await seed();
    const wanted = [
      { groupId: 0, expectedGeneration: 0 },
      { groupId: 1, expectedGeneration: 0 },
    ];
    const first = await create(...wanted);
    expect(await create(...wanted)).toEqual(first);
    const live = await liveGenerations(scratch.pool(), world.supervisorId);
    expect(
      live.map((row) => [row.key.groupId, row.key.generation, row.partitions, row.tasks.length]),
    ).toEqual([
      [0, 1, ['0', '2'], 2],
      [1, 1, ['1'], 2],
    ]);
  });

  test('refusals are answers', async () => {
    await seed();
    await create({ groupId: 0, expectedGeneration: 0 });
    const { generations } = await create(
      { groupId: 0, expectedGeneration: 1 },
      { groupId: 4, expectedGeneration: 0 },
    );
    expect(generations).toMatchObject([
      { kind: 'refused', groupId: 0, why: expect.stringContaining('STILL_READING') as string },
      { kind: 'refused', groupId: 4, why: 'no partition belongs to it any more' },
    ]);
  });

  test('none for a supervisor that is suspended or terminated meanwhile', async () => {
    await seed();
    await world.post({ suspended: true });
    expect((await create({ groupId: 0, expectedGeneration: 0 })).generations).toMatchObject([
      { kind: 'refused' },
    ]);
    await storeTombstone(scratch.pool(), { supervisorId: world.supervisorId, by: 'test' });
    expect((await create({ groupId: 0, expectedGeneration: 0 })).generations).toMatchObject([
      { kind: 'refused', why: 'the supervisor is terminated now' },
    ]);
  });

  test('the rejection window is fixed at creation', () => {
    const io = { taskDurationMs: 10, lateMessageRejectionStartMs: null };
    const window = (changes: object) =>
      rejectionWindow({ io: { ...io, ...changes } } as unknown as SupervisorSpec, 1_000);
    const none = { lateMessageRejectionPeriodMs: null, earlyMessageRejectionPeriodMs: null };
    expect(window(none)).toEqual({ windowMinMs: null, windowMaxMs: null });
    expect(window({ ...none, lateMessageRejectionPeriodMs: 100, earlyMessageRejectionPeriodMs: 5 })).toEqual({
      windowMinMs: 900,
      windowMaxMs: 1_015,
    });
    expect(window({ ...none, lateMessageRejectionStartMs: 7 })).toEqual({
      windowMinMs: 7,
      windowMaxMs: null,
    });
  });
});

describe('watch', () => {
  test('comes back at once when there is something to do, with what it saw', async () => {
    world.fill('0', 3);
    const { observation } = await world.run('watch', watchInput());
    expect(observation).toMatchObject({
      kind: 'seen',
      unseeded: 2,
      firstDiscovery: true,
      stream: { kind: 'ok' },
    });
    expect((await readStreamPositions(scratch.pool(), world.supervisorId)).map((row) => row.latest)).toEqual([
      '3',
      '0',
    ]);
  });

  test('waits while nothing is to be done, writes the status, and is woken by Postgres', async () => {
    await seed();
    const [created] = (await create({ groupId: 0, expectedGeneration: 0 })).generations;
    expect(created).toMatchObject({ kind: 'created', generation: 1 });
    const input = watchInput();
    const key = { groupId: 0, generation: 1 };
    const known = { ...input.known, children: [key], settings: null };
    const looking = world.run('watch', { ...input, known });
    const news = await looking;
    expect(news.health.detailed).toBe('RUNNING');
    const steady = world.run('watch', { ...input, known, health: news.health });
    const status = await waitFor(
      async () => {
        const found = (await readSupervisor(scratch.pool(), world.supervisorId))?.status;
        return found?.reason.startsWith('reading 2 partitions') ? found : null;
      },
      { what: 'the status' },
    );
    expect(status).toMatchObject({ detailedState: 'RUNNING', healthy: true });
    await world.run('applyCommand', {
      supervisorId: world.supervisorId,
      commandId: `${world.supervisorId}-1`,
      verb: 'suspend',
      by: 'test',
      refusal: null,
      input: {},
    });
    const woken = (await steady).observation as Seen;
    expect(woken).toMatchObject({ desired: 'suspended', version: 2 });
  });

  test('an unreachable stream is an answer; a hanging one too, in bounded time', async () => {
    world.stream.unreachable();
    const input = watchInput();
    const { observation, health } = await world.run('watch', input);
    expect(observation).toMatchObject({ stream: { kind: 'failed', error: { streamException: true } } });
    expect(health.detailed).toBe('CONNECTING_TO_STREAM');
  });

  test('a trouble is looked at twice before it counts', async () => {
    await seed();
    world.fill('0', 3);
    const flicker = world.stream.openSource.bind(world.stream);
    let asked = 0;
    world.stream.openSource = () => {
      const source = flicker();
      const describe = source.describe.bind(source);
      source.describe = async () => {
        asked += 1;
        const stream = await describe();
        const another = new Map(stream.partitions.map((partition) => [partition, 'another']));
        return asked === 1 ? { ...stream, identities: another } : stream;
      };
      return source;
    };
    const { observation } = await world.run('watch', watchInput());
    expect((observation as Seen).troubles).toEqual([]);
    expect(asked).toBe(2);
  });

  test('a topic created anew stays a trouble', async () => {
    await seed();
    world.stream.recreate({ partitions: 2 });
    const { observation, health } = await world.run('watch', watchInput());
    expect((observation as Seen).troubles).toMatchObject([
      { code: 'STREAM_IDENTITY_CHANGED', groupId: null },
    ]);
    expect(health.detailed).toBe('UNHEALTHY_SUPERVISOR');
  });

  test('a worker that stops hands it on at once; a cancellation ends it', async () => {
    await seed();
    await create({ groupId: 0, expectedGeneration: 0 });
    const input = watchInput();
    const known = { ...input.known, children: [{ groupId: 0, generation: 1 }] };
    const { health } = await world.run('watch', { ...input, known });
    const steady = { ...input, known, health };
    for (const reason of ['WORKER_SHUTDOWN', 'CANCELLED'] as const) {
      const environment = quietEnvironment();
      const before = (await readStreamPositions(scratch.pool(), world.supervisorId))[0]!.atMs;
      const running = world.run('watch', steady, environment).then(
        () => null,
        (error: Error) => error,
      );
      await waitFor(
        async () => (await readStreamPositions(scratch.pool(), world.supervisorId))[0]!.atMs > before,
        {
          what: 'a look',
        },
      );
      environment.cancel(reason);
      const error = await running;
      if (reason === 'CANCELLED') expect(error?.name).toBe('CancelledFailure');
      else expect(error).toMatchObject({ type: 'WORKER_SHUTDOWN', nextRetryDelay: 1 });
      expect(error instanceof ApplicationFailure).toBe(reason === 'WORKER_SHUTDOWN');
    }
  });

  test('blind without Postgres, and says so', async () => {
    const pool = { query: () => Promise.reject(new Error('connection refused')) };
    const { observe } = await import('../../../activities/supervisor/observe.ts');
    const { StreamEye } = await import('../../../activities/supervisor/stream-eye.ts');
    const deps = { ...world.deps, pool: pool as unknown as typeof world.deps.pool };
    const { observation } = await observe(deps, new StreamEye(deps.openSource), world.supervisorId);
    expect(observation).toMatchObject({ kind: 'blind', error: { code: 'METADATA_UNAVAILABLE' } });
  });
});

describe('orders', () => {
  const order = (verb: 'suspend' | 'resume' | 'terminate' | 'reset', commandId: string, refused = false) =>
    world.run('applyCommand', {
      supervisorId: world.supervisorId,
      commandId: `${world.supervisorId}-${commandId}`,
      verb,
      by: 'ops',
      refusal: refused ? { code: 'NOT_SUPPORTED', message: 'reset: depth is 3, expected nothing' } : null,
      input: {},
    });

  test('suspend and resume are versions of the same text but for `suspended`', async () => {
    await order('suspend', 'a');
    await order('suspend', 'b');
    await order('resume', 'c');
    const history = await supervisorHistory(scratch.pool(), world.supervisorId);
    expect(
      history.map((row) => [
        row.version,
        row.by,
        (JSON.parse(row.specText!) as { suspended: boolean }).suspended,
      ]),
    ).toEqual([
      [3, 'ops', false],
      [2, 'ops', true],
      [1, 'temporal client', false],
    ]);
  });

  test('an order repeated is applied once and answers its outcome again', async () => {
    const first = await order('suspend', 'a');
    await order('resume', 'b');
    expect(await order('suspend', 'a')).toEqual(first);
    expect(await readSupervisor(scratch.pool(), world.supervisorId)).toMatchObject({
      desired: 'running',
      version: 3,
    });
  });

  test('a refusal is recorded with its reason', async () => {
    const summary = 'reset: depth is 3, expected nothing';
    expect(await order('reset', 'r', true)).toEqual({ kind: 'refused', outcome: { summary } });
    expect(await readCommand(scratch.pool(), `${world.supervisorId}-r`)).toMatchObject({
      state: 'refused',
      verb: 'reset',
      by: 'ops',
      outcome: { summary },
    });
  });

  test('the id of another order is no order: nothing is done', async () => {
    await order('suspend', 'mine');
    const stolen = { supervisorId: 'somebody-else', commandId: `${world.supervisorId}-mine`, by: 'test' };
    expect(
      await world.run('applyCommand', { ...stolen, verb: 'suspend', refusal: null, input: {} }),
    ).toMatchObject({
      kind: 'refused',
      outcome: { summary: expect.stringContaining('belongs to') as unknown },
    });
  });

  test('a terminated supervisor cannot be resumed, and completes only when nothing lives', async () => {
    await seed();
    await create({ groupId: 0, expectedGeneration: 0 });
    await order('terminate', 't');
    expect(await order('resume', 'r')).toMatchObject({ kind: 'refused' });
    const complete = () => world.run('completeTermination', { supervisorId: world.supervisorId });
    expect(await complete()).toEqual({ kind: 'goOn' });
    await world.run('discardGroup', {
      key: { supervisorId: world.supervisorId, groupId: 0, generation: 1 },
      why: 'test',
    });
    expect(await complete()).toEqual({ kind: 'completed' });
    expect(await readSupervisor(scratch.pool(), world.supervisorId)).toMatchObject({ terminatedDone: true });
  });

  test('posted again before it completes: it goes on', async () => {
    await order('terminate', 't');
    await world.post();
    expect(await world.run('completeTermination', { supervisorId: world.supervisorId })).toEqual({
      kind: 'goOn',
    });
    expect(await readSupervisor(scratch.pool(), world.supervisorId)).toMatchObject({
      desired: 'running',
      terminatedDone: false,
    });
  });
});

test('halting stops publishing and discards what lives, once and for all', async () => {
  await seed();
  await create({ groupId: 0, expectedGeneration: 0 });
  const input = { supervisorId: world.supervisorId, why: 'Postgres went back in time' };
  await world.run('haltSupervisor', input);
  await world.run('haltSupervisor', { ...input, why: 'another reason' });
  const row = await readSupervisor(scratch.pool(), world.supervisorId);
  expect(row?.halted).toMatchObject({ code: 'METADATA_TIME_TRAVEL', why: 'Postgres went back in time' });
  expect(await liveGenerations(scratch.pool(), world.supervisorId)).toEqual([]);
  expect(
    await readGeneration(scratch.pool(), { supervisorId: world.supervisorId, groupId: 0, generation: 1 }),
  ).toMatchObject({
    state: 'discarded',
  });
  await expect(
    haltSupervisor(scratch.pool(), { supervisorId: 'nobody', code: 'INVARIANT_VIOLATED', why: '' }),
  ).rejects.toThrow();
});
