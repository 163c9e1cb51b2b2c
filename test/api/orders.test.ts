/** The verbs that go through the workflow, over HTTP: what is sent, what is answered, and what is never sent. */
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { aRawSpec } from '../domain/spec/raw-spec.ts';
import { aGeneration, aPartition } from './supervisor-rows.ts';
import { aRow, aStatus, aWorld, json, supervisorPath } from './fakes.ts';
import type { FakeWorld } from './fakes.ts';

let world: FakeWorld;
beforeEach(() => {
  world = aWorld();
  world.rows.set('clicks', aRow('clicks', { status: aStatus(), version: 7 }));
});
afterEach(() => world.server.close());

const path = `${supervisorPath}/clicks`;

async function post(
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: unknown; headers: Record<string, unknown> }> {
  const response = await world.server.inject({
    method: 'POST',
    url,
    headers: { ...(body === undefined ? {} : json), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return {
    status: response.statusCode,
    body: response.body === '' ? null : (JSON.parse(response.body) as unknown),
    headers: response.headers,
  };
}

async function get(url: string): Promise<unknown> {
  return (await world.server.inject({ url })).json();
}

const someOffsets = {
  type: 'kafka',
  partitions: { type: 'end', stream: 'clicks-by-minute', partitionOffsetMap: { 0: 100 } },
};

describe('a verb', () => {
  test('druid 6.87 SupervisorResourceTest.testReset, .testResetOffsets, .test_handoffTaskGroups_returnsAccepted: status codes', async () => {
    expect(await post(`${path}/reset`)).toMatchObject({ status: 200, body: { id: 'clicks' } });
    expect(await post(`${path}/resetOffsets`, someOffsets)).toMatchObject({
      status: 200,
      body: { id: 'clicks' },
    });
    expect(await post(`${path}/taskGroups/handoff`, { taskGroupIds: [0, 1] })).toMatchObject({
      status: 202,
      body: null,
    });
    for (const verb of ['reset', 'resetOffsets', 'resetToLatestAndBackfill', 'taskGroups/handoff'])
      expect(await post(`${supervisorPath}/nope/${verb}`, {})).toMatchObject({
        status: 404,
        body: { error: '[nope] does not exist', errorCode: 'SUPERVISOR_UNKNOWN' },
      });
    expect(world.orders.map(({ verb }) => verb)).toEqual(['reset', 'resetOffsets', 'handoffTaskGroups']);
  });

  it.each([
    ['taskGroups/handoff?dryRun=true', { taskGroupIds: [2] }],
    ['taskGroups/handoff', { taskGroupIds: [2], dryRun: true }],
    ['checkpoint?dryRun=true', undefined],
    ['checkpoint', { dryRun: true }],
    ['suspend?dryRun=true', undefined],
    ['terminate?dryRun=true', undefined],
    ['shutdown?dryRun=true', undefined],
    ['../suspendAll?dryRun=true', undefined],
    ['../terminateAll?dryRun=true', undefined],
  ])('%s has no rehearsal: it is refused, not carried out', async (url, body) => {
    expect(await post(`${path}/${url}`.replace('clicks/../', ''), body)).toMatchObject({
      status: 400,
      body: { errorCode: 'REQUEST_INVALID', error: expect.stringContaining('cannot be rehearsed') },
    });
    expect([world.orders, world.versions]).toEqual([[], []]);
  });

  test('a body of a reset counts: it is a rehearsal, or refused where it asks for something else', async () => {
    expect(await post(`${path}/reset`, { dryRun: true })).toMatchObject({ status: 200 });
    expect(world.orders).toMatchObject([{ verb: 'reset', input: { dryRun: true } }]);
    expect(await post(`${path}/reset`, someOffsets)).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('use resetOffsets') },
    });
    expect(await post(`${path}/resetToLatestAndBackfill`, { partitions: {} })).toMatchObject({ status: 400 });
    expect(await post(`${path}/reset`, {})).toMatchObject({ status: 200 });
    expect(world.orders.map(({ input }) => input)).toEqual([{ dryRun: true }, {}]);
  });

  it.each([
    ['reset', undefined, 'reset', {}],
    ['reset?dryRun=true', undefined, 'reset', { dryRun: true }],
    [
      'resetOffsets?force=true&dryRun=true',
      someOffsets,
      'resetOffsets',
      { ...someOffsets, force: true, dryRun: true },
    ],
    [
      'resetToLatestAndBackfill?backfillTaskCount=3',
      undefined,
      'resetToLatestAndBackfill',
      { backfillTaskCount: 3 },
    ],
    ['taskGroups/handoff', { taskGroupIds: [2] }, 'handoffTaskGroups', { taskGroupIds: [2] }],
    ['checkpoint', undefined, 'checkpoint', {}],
    ['checkpoint', { taskGroupIds: [1] }, 'checkpoint', { taskGroupIds: [1] }],
    ['scale', { taskCount: 4, reason: 'a sale' }, 'autoscale', { taskCount: 4, reason: 'a sale' }],
    ['scale', { taskCount: 4 }, 'autoscale', { taskCount: 4, reason: 'asked by api' }],
  ])('%s is the order the workflow knows', async (url, body, verb, input) => {
    const answer = await post(`${path}/${url}`, body);
    expect(answer.status).toBeLessThan(300);
    expect(world.orders).toMatchObject([{ supervisorId: 'clicks', verb, by: 'api' }]);
    expect(world.orders[0]?.input).toEqual(input);
    expect(answer.headers['x-headgate-command']).toBe(world.orders[0]?.commandId);
  });

  it('takes the caller’s id and name, and the same id is one order', async () => {
    const headers = { 'x-headgate-command-id': 'mine-1', 'x-headgate-by': 'Ada L.\u00e9' };
    await post(`${path}/reset`, undefined, headers);
    await post(`${path}/reset`, undefined, headers);
    expect(world.orders).toMatchObject([{ commandId: 'mine-1', by: 'Ada L.?' }]);
    expect(await post(`${path}/checkpoint`, undefined, headers)).toMatchObject({
      status: 409,
      body: { error: expect.stringContaining('mine-1 is the id of another order (reset of [clicks])') },
    });
    expect(await post(`${path}/reset`, undefined, { 'x-headgate-command-id': 'a b' })).toMatchObject({
      status: 400,
    });
  });

  it('the id of a rehearsal is not that of the order itself, nor that of another place', async () => {
    const headers = { 'x-headgate-command-id': 'mine-2' };
    expect(await post(`${path}/resetOffsets?dryRun=true`, someOffsets, headers)).toMatchObject({
      status: 200,
    });
    expect(await post(`${path}/resetOffsets`, someOffsets, headers)).toMatchObject({
      status: 409,
      body: { error: expect.stringContaining('asked for something else') },
    });
    expect(await post(`${path}/resetOffsets?dryRun=true`, someOffsets, headers)).toMatchObject({
      status: 200,
    });
    expect(world.orders).toHaveLength(1);
  });

  it('keeps digits that a number would lose', async () => {
    const body = `{"type":"kafka","partitions":{"type":"end","stream":"clicks-by-minute","partitionOffsetMap":{"0":9007199254740993}}}`;
    await post(`${path}/resetOffsets`, body);
    expect(JSON.stringify(world.orders[0]?.input)).toContain('"0":"9007199254740993"');
  });

  it('never lets a body choose the id or the name of an order', async () => {
    await post(`${path}/taskGroups/handoff`, { taskGroupIds: [1], commandId: 'theirs', by: 'root' });
    expect(world.orders[0]).toMatchObject({ by: 'api', input: { taskGroupIds: [1] } });
    expect(world.orders[0]?.commandId).not.toBe('theirs');
  });

  it('refused by the supervisor is 400 with its reason', async () => {
    world.work = () => ({
      state: 'refused',
      outcome: { summary: 'partition 9 does not exist', partitions: ['9'] },
    });
    expect(await post(`${path}/resetOffsets`, someOffsets)).toMatchObject({
      status: 400,
      body: {
        error: 'partition 9 does not exist',
        errorCode: 'REQUEST_INVALID',
        supervisorId: 'clicks',
        commandId: expect.any(String),
        outcome: { partitions: ['9'] },
      },
    });
  });

  it('that the supervisor has not come to is taken all the same, and says so', async () => {
    world.work = () => null;
    expect(await post(`${path}/reset`)).toMatchObject({
      status: 200,
      body: { id: 'clicks', warning: expect.stringContaining('not come to it yet') },
    });
    expect((await post(`${path}/taskGroups/handoff`, { taskGroupIds: [0] })).status).toBe(202);
    expect(await post(`${path}/reset?wait=true`)).toMatchObject({
      status: 504,
      body: { errorCode: 'ORDER_PENDING', error: expect.stringMatching(/commands\/[0-9a-f-]{36}$/) },
    });
    expect(await get(`${path}/commands`)).toMatchObject([
      { verb: 'reset', state: 'accepted', doneAt: null },
      { verb: 'handoffTaskGroups', state: 'accepted' },
      { verb: 'reset', state: 'accepted' },
    ]);
    expect(await get(`${path}/status`)).toMatchObject({ payload: { headgate: { orders: [] } } });
  });

  it('changes nothing while Temporal is away: 503', async () => {
    world.temporal = 'down';
    expect(await post(`${path}/reset`)).toMatchObject({
      status: 503,
      body: { errorCode: 'TEMPORAL_UNAVAILABLE', error: expect.stringContaining('nothing was changed') },
    });
    expect(world.commands.size).toBe(0);
  });

  it('tells a dry run’s outcome without waiting for anything', async () => {
    world.work = () => ({ state: 'done', outcome: { summary: 'would read 5 records again', readAgain: [] } });
    expect(await post(`${path}/reset?dryRun=true&wait=true`)).toMatchObject({
      status: 200,
      body: {
        id: 'clicks',
        state: 'done',
        outcome: { summary: 'would read 5 records again', readAgain: [] },
      },
    });
  });

  it('of a backfill answers the id of the new supervisor', async () => {
    world.work = () => ({
      state: 'done',
      outcome: { summary: 'done', backfillSupervisorId: 'clicks_backfill_abcdefgh' },
    });
    expect((await post(`${path}/resetToLatestAndBackfill`)).body).toEqual({
      id: 'clicks',
      backfillSupervisorId: 'clicks_backfill_abcdefgh',
    });
  });
});

describe('a wrong request', () => {
  it.each([
    ['taskGroups/handoff', { taskGroupIds: [] }, /^List of task groups to handoff can't be empty$/],
    ['taskGroups/handoff', {}, /^List of task groups to handoff can't be empty$/],
    ['taskGroups/handoff', { taskGroupIds: ['x'] }, /taskGroupIds is \["x"\]/],
    ['resetOffsets', 'null', /^body: found null, expected a JSON object$/],
    ['resetOffsets', '[]', /^body: found \[\]/],
    ['resetOffsets', '{}', /type/],
    ['resetOffsets', { ...someOffsets, partitions: null }, /partitions/],
    [
      'resetOffsets',
      { ...someOffsets, partitions: { ...someOffsets.partitions, type: 'start' } },
      /start|end/,
    ],
    ['resetOffsets?dryRun=yes', someOffsets, /^dryRun: found "yes", expected true or false$/],
    ['resetToLatestAndBackfill?backfillTaskCount=0', undefined, /^backfillTaskCount: found "0"/],
    ['scale', { taskCount: 0 }, /taskCount/],
    ['scale', {}, /taskCount/],
    ['checkpoint', { taskGroupIds: 'all' }, /taskGroupIds/],
    ['reset?wait=1', undefined, /^wait: found "1"/],
  ])('%s %j is 400 and reaches nobody', async (url, body, says) => {
    const answer = await post(`${path}/${url}`, body);
    expect(answer).toMatchObject({
      status: 400,
      body: { errorCode: 'REQUEST_INVALID', error: expect.stringMatching(says) },
    });
    expect(world.orders).toEqual([]);
    expect(world.commands.size).toBe(0);
  });

  it('is 415 without a JSON body, but an unknown supervisor is told first', async () => {
    const text = { 'content-type': 'text/plain' };
    for (const verb of ['resetOffsets', 'taskGroups/handoff', 'scale']) {
      expect((await post(`${path}/${verb}`)).status).toBe(415);
      expect((await post(`${path}/${verb}`, 'x', text)).status).toBe(415);
      expect((await post(`${supervisorPath}/nope/${verb}`)).status).toBe(404);
      expect((await post(`${supervisorPath}/nope/${verb}`, 'x', text)).status).toBe(404);
      expect((await post(`${supervisorPath}/nope/${verb}`, '{')).status).toBe(404);
    }
    world.rows.set('gone', aRow('gone', { desired: 'terminated' }));
    expect((await post(`${supervisorPath}/gone/reset`)).status).toBe(404);
  });

  it.each(['reset', 'resetOffsets', 'taskGroups/handoff', 'checkpoint', 'scale'])(
    'GET %s is 405',
    async (verb) => {
      const answer = await world.server.inject({ url: `${path}/${verb}` });
      expect([answer.statusCode, answer.headers['allow']]).toEqual([405, 'POST']);
    },
  );
});

describe('orders listed', () => {
  it('newest first, also of a terminated supervisor, each with its outcome', async () => {
    world.work = ({ verb }) => ({ state: 'done', outcome: { summary: `${verb} is done` } });
    await post(`${path}/reset`, undefined, { 'x-headgate-command-id': 'first', 'x-headgate-by': 'ada' });
    await post(`${path}/checkpoint`, undefined, { 'x-headgate-command-id': 'second' });
    world.rows.set('clicks', aRow('clicks', { desired: 'terminated', specText: null }));
    expect(await get(`${path}/commands?limit=1`)).toMatchObject([{ commandId: 'second' }]);
    expect(await get(`${path}/commands/first`)).toEqual({
      commandId: 'first',
      supervisorId: 'clicks',
      verb: 'reset',
      input: {},
      by: 'ada',
      state: 'done',
      outcome: { summary: 'reset is done' },
      createdAt: expect.stringMatching(/Z$/),
      doneAt: expect.stringMatching(/Z$/),
    });
    expect((await world.server.inject({ url: `${path}/commands/nope` })).statusCode).toBe(404);
    expect((await world.server.inject({ url: `${supervisorPath}/other/commands` })).statusCode).toBe(404);
    expect((await world.server.inject({ url: `${path}/commands?limit=0` })).statusCode).toBe(400);
  });
});

describe('?wait=true', () => {
  const reading = (generation: number, more: Parameters<typeof aGeneration>[0] = {}) =>
    aGeneration({ key: { supervisorId: 'clicks', groupId: 0, generation }, ...more });

  it('of a handoff waits for the next generation to read', async () => {
    world.store.liveGenerations = async () => [reading(1)];
    world.work = () => {
      world.store.liveGenerations = async () => [reading(1, { state: 'publishing' }), reading(2)];
      return { state: 'done', outcome: { summary: 'groups 0 are being handed off' } };
    };
    expect(await post(`${path}/taskGroups/handoff?wait=true`, { taskGroupIds: [0] })).toMatchObject({
      status: 200,
      body: { id: 'clicks', state: 'done', outcome: { summary: 'groups 0 are being handed off' } },
    });
  });

  it('of a reset waits until every partition has a position and a task', async () => {
    world.store.partitions = async () => [aPartition('0', null), aPartition('1', '5')];
    let looks = 0;
    world.store.liveGenerations = async () => {
      looks += 1;
      if (looks === 3) world.store.partitions = async () => [aPartition('0', '9'), aPartition('1', '5')];
      return looks < 5 ? [] : [reading(2)];
    };
    expect((await post(`${path}/reset?wait=true`)).status).toBe(200);
    expect(looks).toBe(5);
  });

  it('of a suspended supervisor’s reset waits for no task', async () => {
    world.rows.set(
      'clicks',
      aRow('clicks', { desired: 'suspended', specText: JSON.stringify({ ...aRawSpec(), suspended: true }) }),
    );
    world.store.partitions = async () => [aPartition('0', null)];
    expect((await post(`${path}/reset?wait=true`)).status).toBe(200);
  });
});
