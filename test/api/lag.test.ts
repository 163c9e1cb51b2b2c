/** Lag and status of a supervisor over HTTP: from one snapshot, unknown is unknown, ordered by partition. */
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { toPosition } from '../../domain/positions.ts';
import { aRawSpec, changed } from '../domain/spec/raw-spec.ts';
import { aRow, aStatus, aWorld, supervisorPath } from './fakes.ts';
import type { FakeWorld } from './fakes.ts';
import { aGeneration, aLook, aPartition } from './supervisor-rows.ts';

let world: FakeWorld;
beforeEach(() => {
  world = aWorld();
  world.rows.set('clicks', aRow('clicks', { status: aStatus() }));
});
afterEach(() => world.server.close());

const path = `${supervisorPath}/clicks`;
const ask = async (url: string) => (await world.server.inject({ url })).json<Record<string, never>>();
const payload = async () => (await ask(`${path}/status`))['payload'] as unknown as Record<string, unknown>;

describe('lag', () => {
  it('is what was between the end of the stream and the reader when both were looked at', async () => {
    // The reader is at 40 by now.
    world.store.liveGenerations = async () => [aGeneration()];
    world.store.streamPositions = async () => [
      aLook('0', '50', '30', 1_500),
      aLook('1', '9007199254740997', '9007199254740993', 0),
    ];
    const response = await world.server.inject({ url: `${path}/lag` });
    expect(response.body).toContain('"current":9007199254740993,"latest":9007199254740997,"lag":4');
    expect(response.json()).toEqual({
      id: 'clicks',
      asOf: '2026-01-01T00:00:00.000Z',
      lag: 24,
      lagMillis: 1_500,
      partitions: [
        {
          partition: '0',
          groupId: 0,
          current: 30,
          latest: 50,
          lag: 20,
          lagMillis: 1_500,
          asOf: '2026-01-01T00:00:00.000Z',
        },
        expect.objectContaining({ partition: '1', lag: 4 }),
      ],
    });
    expect(await payload()).toMatchObject({ minimumLag: { 0: 20, 1: 4 }, aggregateLag: 24 });
  });

  it('that is not known is null, and so is the sum', async () => {
    world.store.partitions = async () => [aPartition('2', null)];
    world.store.streamPositions = async () => [aLook('0', '50', '30'), aLook('1', null, '5')];
    expect(await ask(`${path}/lag`)).toMatchObject({
      lag: null,
      lagMillis: null,
      partitions: [
        { partition: '0', lag: 20, groupId: null },
        { partition: '1', lag: null, latest: null },
        { partition: '2', lag: null, current: null, asOf: null },
      ],
    });
    expect(await payload()).toMatchObject({ minimumLag: { 0: 20 } });
    expect(await payload()).not.toHaveProperty('aggregateLag');
  });

  test('druid 6.91 StateTest.testStaleOffsetsNegativeLagNotEmitted: a reader ahead of a stale look has no negative lag', async () => {
    world.store.liveGenerations = async () => [aGeneration()];
    // Tasks are at 40 and 35 by now, the stream was looked at when it ended at 30.
    world.store.streamPositions = async () => [
      aLook('0', '30', '28'),
      aLook('1', '9007199254740996', '9007199254740996'),
    ];
    const found = await payload();
    expect(found).toMatchObject({ minimumLag: { 0: 2, 1: 0 }, aggregateLag: 2 });
    expect(found['activeTasks']).toMatchObject([{ lag: { 0: 0, 1: 1 } }, { lag: { 0: 0, 1: 2 } }]);
    expect(JSON.stringify(await ask(`${path}/lag`))).not.toMatch(/:-\d/);
  });

  it('of a position beyond the end of the stream is unknown, not 0', async () => {
    world.store.liveGenerations = async () => [aGeneration()];
    world.store.streamPositions = async () => [
      aLook('0', '3', '40'),
      aLook('1', '9007199254740996', '9007199254740996'),
    ];
    const found = await payload();
    expect(found['minimumLag']).toEqual({ 1: 0 });
    expect(found).not.toHaveProperty('aggregateLag');
    expect(found['activeTasks']).toMatchObject([{ lag: { 1: 1 } }, { lag: { 1: 2 } }]);
    expect((found['activeTasks'] as { lag: object }[])[0]?.lag).not.toHaveProperty('0');
  });

  it('in time is told when the spec asks for it', async () => {
    const looks = [aLook('0', '50', '30', 1_500), aLook('1', '9', '9', 0)];
    world.store.liveGenerations = async () => [aGeneration()];
    world.store.streamPositions = async () => looks;
    expect(await payload()).not.toHaveProperty('minimumLagMillis');
    const specText = JSON.stringify(changed(aRawSpec(), 'spec.ioConfig.emitTimeLagMetrics', true));
    world.rows.set('clicks', aRow('clicks', { status: aStatus(), specText }));
    expect(await payload()).toMatchObject({
      minimumLagMillis: { 0: 1_500, 1: 0 },
      aggregateLagMillis: 1_500,
      activeTasks: [{ lagMillis: { 0: 1_500, 1: 0 } }, {}],
    });
    looks[1] = aLook('1', '9', '9', null);
    const found = await payload();
    expect(found['minimumLagMillis']).toEqual({ 0: 1_500 });
    expect(found).not.toHaveProperty('aggregateLagMillis');
  });

  it('of several topics is in the order of topics and numbers', async () => {
    world.store.streamPositions = async () => ['b:0', 'a:10', 'a:9'].map((key) => aLook(key, '5', '1'));
    const response = await world.server.inject({ url: `${path}/status` });
    expect(response.body).toContain(
      '"latestOffsets":{"a:9":5,"a:10":5,"b:0":5},"minimumLag":{"a:9":4,"a:10":4,"b:0":4}',
    );
  });

  it('is 404 for an unknown supervisor', async () => {
    expect((await world.server.inject({ url: `${supervisorPath}/nope/lag` })).statusCode).toBe(404);
  });
});

describe('what the status adds', () => {
  const process = (workerId: string, slots: number, running: number) => ({
    workerId,
    role: 'ingest',
    address: null,
    slots,
    startedAt: '',
    runningTasks: Array.from({ length: running }, (_, index) => ({ taskId: `x${index}`, groupName: 'x' })),
    lastCompletedAt: null,
  });
  const tasks = async () => {
    const { headgate } = (await payload()) as {
      headgate: { groups: { tasks: Record<string, unknown>[] }[] };
    };
    return headgate.groups[0]?.tasks.map(({ state }) => state);
  };

  it.each([
    [
      'both on their workers',
      [process('w1', 2, 1), process('w2', 2, 1)],
      'w2',
      1,
      ['RUNNING', 'RUNNING', 'FAILED'],
    ],
    [
      'every slot taken',
      [process('w1', 1, 1), process('w2', 2, 2)],
      null,
      0,
      ['RUNNING', 'WAITING_FOR_SLOT', 'FAILED'],
    ],
    [
      'free slots beside its sibling only',
      [process('w1', 4, 1)],
      null,
      0,
      ['RUNNING', 'WAITING_FOR_OTHER_WORKER', 'FAILED'],
    ],
    [
      'a free slot elsewhere',
      [process('w1', 4, 1), process('w2', 4, 0)],
      null,
      0,
      ['RUNNING', 'WAITING_FOR_SLOT', 'FAILED'],
    ],
    [
      'its worker gone',
      [process('w1', 4, 1), process('w3', 4, 0)],
      'w2',
      1,
      ['RUNNING', 'WAITING_FOR_ATTEMPT', 'FAILED'],
    ],
    ['no worker at all', [], 'w2', 1, ['WAITING_FOR_WORKER', 'WAITING_FOR_WORKER', 'FAILED']],
  ])('tasks with %s', async (_what, processes, workerId, attempts, expected) => {
    const generation = aGeneration();
    const second = { ...generation.tasks[1]!, workerId, attempts };
    world.store.liveGenerations = async () => [
      { ...generation, tasks: [generation.tasks[0]!, second, generation.tasks[2]!] },
    ];
    world.store.processes = async () => processes;
    expect(await tasks()).toEqual(expected);
  });

  it('a version that groups have not taken on, and the orders under way', async () => {
    world.rows.set('clicks', aRow('clicks', { status: aStatus(), version: 4 }));
    world.store.liveGenerations = async () => [aGeneration({ specVersion: 2 })];
    const effects: Awaited<ReturnType<typeof world.store.versionEffects>>[number][] = [
      { version: 3, takesEffect: 'next' },
      { version: 4, takesEffect: 'nothing' },
    ];
    world.store.versionEffects = async (_id, above) => effects.filter(({ version }) => version > above);
    const order = {
      supervisorId: 'clicks',
      verb: 'reset',
      by: 'ada',
      input: {},
      outcome: null,
      updatedAtMs: 0,
    };
    world.commands.set('c1', {
      ...order,
      commandId: 'c1',
      state: 'accepted',
      createdAtMs: Date.now() - 1_000,
    });
    world.commands.set('old', { ...order, commandId: 'old', state: 'accepted', createdAtMs: 0 });
    world.commands.set('c2', { ...order, commandId: 'c2', state: 'done', createdAtMs: Date.now() });
    expect(await payload()).toMatchObject({
      headgate: {
        specVersion: 4,
        pendingSpecVersion: 3,
        takesEffect: 'next',
        pendingGroups: [0],
        orders: [{ commandId: 'c1', verb: 'reset', by: 'ada' }],
      },
    });
    effects[0] = { version: 3, takesEffect: 'nothing' };
    expect(await payload()).toMatchObject({ headgate: { pendingSpecVersion: null, pendingGroups: [] } });
  });
});

describe('GET explain', () => {
  const line = (n: number, more: object = {}) => ({
    eventId: String(n),
    supervisorId: 'clicks',
    atMs: Date.UTC(2026, 0, n),
    kind: 'state' as const,
    groupId: null,
    generation: null,
    taskId: null,
    text: `line ${n}`,
    details: {},
    ...more,
  });

  it('has the newest lines, says when there are more, and works for a terminated one', async () => {
    const asked: unknown[] = [];
    world.rows.set('clicks', aRow('clicks', { desired: 'terminated', specText: null }));
    world.store.story = async (id, options) => {
      asked.push([id, options]);
      return [line(3), line(2), line(1)].slice(0, options.limit);
    };
    expect(await ask(`${path}/explain?limit=2`)).toMatchObject({
      id: 'clicks',
      lines: [{ eventId: '3', text: 'line 3' }, { eventId: '2' }],
      truncated: true,
      autoscaler: null,
      pending: null,
    });
    expect(await ask(`${path}/explain?kind=scaled,taskLost&since=2026-01-02T00:00:00Z`)).toMatchObject({
      lines: [{ eventId: '3' }, { eventId: '2' }],
      truncated: false,
    });
    // A time without a zone is UTC, whatever the zone of the machine.
    const inUtc = { lines: [{ eventId: '3' }, { eventId: '2' }] };
    expect(await ask(`${path}/explain?kind=scaled,taskLost&since=2026-01-02T00:00:00`)).toMatchObject(inUtc);
    expect(asked.splice(2)).toHaveLength(1);
    expect(asked).toEqual([
      ['clicks', { limit: 3 }],
      ['clicks', { limit: 101, kinds: ['scaled', 'taskLost'] }],
    ]);
  });

  it.each([
    ['?kind=nonsense', /^kind: found "nonsense", expected some of spec, state/],
    ['?limit=0', /^limit: found "0"/],
    ['?since=yesterday', /^since: found "yesterday"/],
  ])('%s is 400', async (query, says) => {
    const response = await world.server.inject({ url: `${path}/explain${query}` });
    expect([response.statusCode, response.json()]).toEqual([
      400,
      expect.objectContaining({ error: expect.stringMatching(says) }),
    ]);
  });

  it('is 404 for an id that never was', async () => {
    expect((await world.server.inject({ url: `${supervisorPath}/nope/explain` })).statusCode).toBe(404);
  });
});

describe('parse errors', () => {
  const report = (n: number) => ({
    input: `record ${n}`,
    errorType: 'unparseable' as const,
    details: ['no time'],
    atMs: n,
    partition: '0',
    position: toPosition(n),
  });
  const shown = async (tuning: object, taskCount = 2) => {
    const spec = changed(
      changed(aRawSpec(), 'spec.tuningConfig', { type: 'kafka', ...tuning }),
      'spec.ioConfig.taskCount',
      taskCount,
    );
    world.rows.set('clicks', aRow('clicks', { specText: JSON.stringify(spec) }));
    world.store.parseReports = async () => [5, 4, 3, 2, 1].map(report);
    return (await ask(`${path}/parseErrors`)) as unknown as { offset: number }[];
  };

  it('are at most what the spec keeps times its tasks, the newest', async () => {
    expect(await shown({ maxSavedParseExceptions: 1 })).toMatchObject([
      { input: 'record 5' },
      { input: 'record 4' },
    ]);
    expect(await shown({ maxSavedParseExceptions: 10 })).toHaveLength(5);
    expect(await shown({})).toEqual([]);
    expect(await shown({ maxSavedParseExceptions: 10, maxParseExceptions: 0 })).toEqual([]);
  });
});
