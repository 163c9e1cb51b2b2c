/** Supervisor endpoints with Druid's shapes: what is stored, who is told, and what leaves the server. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toPosition } from '../../domain/positions.ts';
import { aRawSpec, changed } from '../domain/spec/raw-spec.ts';
import { aRow, aStatus, aWorld, json, supervisorPath } from './fakes.ts';
import type { FakeWorld } from './fakes.ts';
import { aGeneration } from './supervisor-rows.ts';

let world: FakeWorld;
beforeEach(() => {
  world = aWorld();
});
afterEach(() => world.server.close());

async function call(
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<{ status: number; body: unknown; text: string; headers: Record<string, unknown> }> {
  const response = await world.server.inject({
    method,
    path,
    ...(body === undefined
      ? {}
      : { headers: json, body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return {
    status: response.statusCode,
    body: JSON.parse(response.body),
    text: response.body,
    headers: response.headers,
  };
}

const spec = aRawSpec();

describe('POST a spec', () => {
  it('stores it as it came, then tells the workflow', async () => {
    const text = `${JSON.stringify(spec, null, 3)}\n`;
    expect(await call('POST', supervisorPath, text)).toMatchObject({
      status: 200,
      body: { id: 'clicks', modified: true, restarted: true },
    });
    expect(world.versions).toMatchObject([{ supervisorId: 'clicks', version: 1, specText: text }]);
    expect(world.notices).toEqual(['clicks 1']);
    // As in Druid: the inner spec, its three parts again at the top, every default filled.
    expect((await call('GET', `${supervisorPath}/clicks`)).body).toMatchObject({
      type: 'kafka',
      spec: { ioConfig: { topic: 'clicks-by-minute', taskDuration: 'PT3600S' } },
      ioConfig: { topic: 'clicks-by-minute' },
      suspended: false,
    });
  });

  it('is stored and answered while Temporal is down, with a warning', async () => {
    world.temporal = 'down';
    const answer = await call('POST', supervisorPath, spec);
    expect(answer).toMatchObject({
      status: 200,
      body: { id: 'clicks', warning: expect.stringMatching(/stored.*Temporal at x/) },
    });
    expect(world.versions).toHaveLength(1);
  });

  it('stores nothing and says 503 while Postgres is down', async () => {
    world.postgres = 'down';
    expect(await call('POST', supervisorPath, spec)).toMatchObject({
      status: 503,
      body: { error: expect.stringContaining('postgres'), errorCode: 'METADATA_UNAVAILABLE' },
    });
    expect(world.notices).toEqual([]);
  });

  it('lists warnings beside the id', async () => {
    const odd = changed(spec, 'spec.tuningConfig', { type: 'kafka', workerThreads: 3 });
    const { body } = await call('POST', supervisorPath, odd);
    expect(body).toMatchObject({ id: 'clicks', warnings: [{ path: 'spec.tuningConfig.workerThreads' }] });
  });

  it('brings a terminated id back', async () => {
    await call('POST', supervisorPath, spec);
    await call('POST', `${supervisorPath}/clicks/terminate`);
    expect(world.rows.get('clicks')?.desired).toBe('terminated');
    const other = changed(spec, 'spec.ioConfig.topic', 'another-topic');
    expect((await call('POST', `${supervisorPath}?skipRestartIfUnmodified=true`, other)).status).toBe(200);
    expect(world.rows.get('clicks')).toMatchObject({ desired: 'running', version: 3 });
  });

  it('keeps the task count of a scaled one that names none', async () => {
    await call('POST', supervisorPath, changed(spec, 'spec.ioConfig.taskCount', 5));
    await call('POST', supervisorPath, spec);
    expect(JSON.parse(world.versions[0]?.specText ?? '')).toMatchObject({
      spec: { ioConfig: { taskCount: 5 } },
    });
  });

  it('takes ids of its own, charsets and a trailing slash', async () => {
    const named = { ...spec, id: 'my id/ä?'.replace('/', '-') };
    const response = await world.server.inject({
      method: 'POST',
      path: `${supervisorPath}/`,
      headers: { 'content-type': 'application/json; charset=UTF-8' },
      body: JSON.stringify(named),
    });
    expect(response.json()).toMatchObject({ id: 'my id-ä?' });
    expect((await call('GET', `${supervisorPath}/${encodeURIComponent('my id-ä?')}/health`)).body).toEqual({
      healthy: true,
    });
  });
});

describe('verbs', () => {
  beforeEach(() => call('POST', supervisorPath, spec));

  it('suspends the version that was posted while it was suspending, not the one before', async () => {
    const { read, replaceVersion } = world.store;
    const row = (await read('clicks'))!;
    const posted = row.specText!.replace('{', '{ "context": { "priority": 10 },');
    Object.assign(world.store, {
      replaceVersion: async (input: Parameters<typeof replaceVersion>[0]) => {
        Object.assign(world.store, { replaceVersion });
        await replaceVersion({
          ...input,
          specText: posted,
          desired: 'running',
          expectedVersion: row.version,
        });
        return replaceVersion(input);
      },
    });
    const suspended = await call('POST', `${supervisorPath}/clicks/suspend`);
    expect(suspended).toMatchObject({ status: 200, body: { suspended: true, context: { priority: 10 } } });
    expect(world.rows.get('clicks')).toMatchObject({ desired: 'suspended', version: row.version + 2 });
  });

  it('suspend and resume store a version that differs in one field, and answer the spec', async () => {
    const suspended = await call('POST', `${supervisorPath}/clicks/suspend`);
    expect(suspended).toMatchObject({ status: 200, body: { type: 'kafka', suspended: true } });
    expect(world.rows.get('clicks')?.desired).toBe('suspended');
    const resumed = await call('POST', `${supervisorPath}/clicks/resume`, {});
    expect(resumed).toMatchObject({ status: 200, body: { suspended: false } });
    expect(world.notices).toEqual(['clicks 1', 'clicks 2', 'clicks 3']);
  });

  it('terminate writes a tombstone: 404, not listed, history stays', async () => {
    expect((await call('POST', `${supervisorPath}/clicks/terminate`)).body).toEqual({ id: 'clicks' });
    expect((await call('GET', `${supervisorPath}/clicks`)).status).toBe(404);
    expect((await call('GET', supervisorPath)).body).toEqual([]);
    const { body } = await call('GET', `${supervisorPath}/clicks/history`);
    expect(body).toMatchObject([
      {
        spec: { type: 'noop', id: null, suspended: false, source: 'noop' },
        version: expect.stringMatching(/Z$/),
      },
      { spec: { type: 'kafka' } },
    ]);
    expect((await call('GET', `${supervisorPath}/clicks/history?count=1`)).body).toHaveLength(1);
    expect((await call('GET', `${supervisorPath}/history`)).body).toMatchObject({ clicks: [{}, {}] });
  });

  it('for all of them at once, always with success', async () => {
    await call('POST', supervisorPath, { ...spec, id: 'second', suspended: true });
    for (const verb of ['suspendAll', 'resumeAll', 'resumeAll', 'terminateAll'])
      expect(await call('POST', `${supervisorPath}/${verb}`)).toMatchObject({
        status: 200,
        body: { status: 'success' },
      });
    expect([...world.rows.values()].map((row) => row.desired)).toEqual(['terminated', 'terminated']);
  });

  it('?wait=true answers once it has happened', async () => {
    const terminate = call('POST', `${supervisorPath}/clicks/terminate?wait=true`);
    setTimeout(
      () => world.rows.set('clicks', { ...aRow('clicks'), desired: 'terminated', terminatedDone: true }),
      100,
    );
    expect((await terminate).body).toEqual({ id: 'clicks' });
  });

  it('says 501 and the name of what is not there yet', async () => {
    for (const path of ['/druid/coordinator/v1/datasources/a/markUnused', '/druid/v2'])
      expect(await call('POST', path, {})).toMatchObject({
        status: 501,
        body: { errorCode: 'NOT_SUPPORTED', error: expect.stringContaining('not supported yet') },
      });
  });
});

describe('lists', () => {
  beforeEach(async () => {
    await call('POST', supervisorPath, { ...spec, id: 'b' });
    await call('POST', supervisorPath, { ...spec, id: 'a', suspended: true });
    world.rows.set('b', {
      ...(world.rows.get('b') ?? aRow('b')),
      status: aStatus({ state: 'UNHEALTHY_TASKS', detailedState: 'UNHEALTHY_TASKS', healthy: false }),
    });
  });

  it('has ids, states, specs and the form of sys.supervisors', async () => {
    expect((await call('GET', supervisorPath)).body).toEqual(['a', 'b']);
    expect((await call('GET', `${supervisorPath}?state=false`)).body).toEqual(['a', 'b']);
    const a = {
      id: 'a',
      dataSource: 'clicks',
      state: 'PENDING',
      detailedState: 'PENDING',
      healthy: true,
      suspended: true,
    };
    expect((await call('GET', `${supervisorPath}?state=true`)).body).toEqual([
      a,
      {
        ...a,
        id: 'b',
        state: 'UNHEALTHY_TASKS',
        detailedState: 'UNHEALTHY_TASKS',
        healthy: false,
        suspended: false,
      },
    ]);
    expect((await call('GET', `${supervisorPath}?full`)).body).toMatchObject([
      { ...a, spec: { type: 'kafka' } },
      {},
    ]);
    expect((await call('GET', `${supervisorPath}?full=false`)).body).toMatchObject([
      { spec: {} },
      { spec: {} },
    ]);
    expect((await call('GET', `${supervisorPath}?system`)).body).toMatchObject([
      {
        type: 'kafka',
        source: 'clicks-by-minute',
        specString: expect.stringMatching(/^\{/),
        suspended: true,
      },
      {},
    ]);
  });

  it('answers health with 200 and 503', async () => {
    expect(await call('GET', `${supervisorPath}/a/health`)).toMatchObject({
      status: 200,
      body: { healthy: true },
    });
    expect(await call('GET', `${supervisorPath}/b/health`)).toMatchObject({
      status: 503,
      body: { healthy: false },
    });
  });

  it('is unhealthy when publishing is stopped, whatever the workflow last wrote', async () => {
    world.rows.set(
      'b',
      aRow('b', { status: aStatus(), halted: { code: 'METADATA_TIME_TRAVEL', why: 'it fell', atMs: 0 } }),
    );
    expect((await call('GET', `${supervisorPath}/b/health`)).status).toBe(503);
    expect((await call('GET', `${supervisorPath}/b/status`)).body).toMatchObject({
      payload: { healthy: false, headgate: { reason: 'it fell', remedy: expect.stringContaining('doctor') } },
    });
  });
});

describe('status', () => {
  const latest = (partition: string, position: string | null) => ({
    partition,
    stream: 'clicks-by-minute',
    earliest: toPosition('0'),
    latest: position === null ? null : toPosition(position),
    current: null,
    lagMs: null,
    atMs: 1_767_225_600_000,
  });

  beforeEach(async () => {
    await call('POST', supervisorPath, spec);
    world.rows.set('clicks', { ...(world.rows.get('clicks') ?? aRow('clicks')), status: aStatus() });
  });

  it('is as recorded from Druid right after a POST', async () => {
    world.rows.set('clicks', { ...(world.rows.get('clicks') ?? aRow('clicks')), status: null });
    expect((await call('GET', `${supervisorPath}/clicks/status`)).body).toEqual({
      id: 'clicks',
      generationTime: expect.stringMatching(/^\d{4}-.*Z$/),
      payload: {
        id: 'clicks',
        dataSource: 'clicks',
        stream: 'clicks-by-minute',
        partitions: 0,
        replicas: 1,
        durationSeconds: 3600,
        activeTasks: [],
        publishingTasks: [],
        minimumLag: {},
        aggregateLag: 0,
        suspended: false,
        healthy: true,
        state: 'PENDING',
        detailedState: 'PENDING',
        recentErrors: [],
        headgate: {
          reason: expect.any(String),
          remedy: null,
          asOf: null,
          specVersion: 1,
          pendingSpecVersion: null,
          takesEffect: null,
          pendingGroups: [],
          orders: [],
          autoscaler: null,
          groups: [],
        },
      },
    });
  });

  it('shows tasks with offsets in bare digits and the lag of the furthest replica', async () => {
    world.store.liveGenerations = async () => [aGeneration()];
    world.store.streamPositions = async () => [latest('0', '50'), latest('1', '9007199254740996')];
    const { text, body } = await call('GET', `${supervisorPath}/clicks/status`);
    expect(text).toContain('"currentOffsets":{"0":40,"1":9007199254740995}');
    expect(text).toContain('"startingOffsets":{"0":0,"1":9007199254740993}');
    expect(text).toContain('"minimumLag":{"0":10,"1":1},"aggregateLag":11');
    expect(body).toMatchObject({
      payload: {
        partitions: 2,
        activeTasks: [
          { id: 't0', type: 'ACTIVE', lag: { 0: 10, 1: 1 }, remainingSeconds: 3590 },
          { id: 't1', type: 'ACTIVE', lag: { 0: 15, 1: 2 } },
        ],
        publishingTasks: [],
        offsetsLastUpdated: '2026-01-01T00:00:00.000Z',
        headgate: { groups: [{ groupId: 0, generation: 1, state: 'reading' }] },
      },
    });
  });

  it('leaves an unknown lag out instead of calling it 0', async () => {
    world.store.liveGenerations = async () => [aGeneration()];
    world.store.streamPositions = async () => [latest('0', '50'), latest('1', null), latest('2', '7')];
    const { payload } = (await call('GET', `${supervisorPath}/clicks/status`)).body as {
      payload: Record<string, unknown>;
    };
    expect(payload['minimumLag']).toEqual({ 0: 10 });
    expect(payload).not.toHaveProperty('aggregateLag');
  });

  it('counts from the stored positions while nothing reads', async () => {
    const partition = {
      stream: 'clicks-by-minute',
      sourceIdentity: 'x',
      incarnation: '1',
      state: 'open' as const,
    };
    world.store.partitions = async () => [{ ...partition, partition: '0', nextPosition: toPosition('20') }];
    world.store.streamPositions = async () => [latest('0', '50')];
    expect((await call('GET', `${supervisorPath}/clicks/status`)).body).toMatchObject({
      payload: { minimumLag: { 0: 30 }, aggregateLag: 30 },
    });
  });

  it('shows a publishing group apart, without a lag, and stats per task', async () => {
    world.store.liveGenerations = async () => [aGeneration({ state: 'publishing' })];
    const { payload } = (await call('GET', `${supervisorPath}/clicks/status`)).body as {
      payload: { activeTasks: unknown[]; publishingTasks: object[] };
    };
    expect(payload.activeTasks).toEqual([]);
    expect(payload.publishingTasks[0]).toMatchObject({ id: 't0', type: 'PUBLISHING' });
    expect(payload.publishingTasks[0]).not.toHaveProperty('lag');
    expect((await call('GET', `${supervisorPath}/clicks/stats`)).body).toMatchObject({
      0: { t0: { totals: { buildSegments: { processed: 0, thrownAwayByReason: { null: 0 } } } } },
    });
  });
});

describe('secrets', () => {
  const canaries = {
    'sasl.jaas.config':
      'org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="CANARY-1";',
    'ssl.key.password': 'CANARY-2',
    'ssl.truststore.password': 'CANARY-3',
  };

  it('leave in no answer of any route', async () => {
    const text = JSON.stringify({
      ...changed(spec, 'spec.ioConfig.consumerProperties', { 'bootstrap.servers': 'b:9092', ...canaries }),
      context: { apiToken: 'CANARY-4', note: 'postgres://user:CANARY-5@db/x' },
    });
    const posted = await call('POST', supervisorPath, text);
    world.rows.set('clicks', aRow('clicks', { specText: text }));
    world.versions.push({ supervisorId: 'clicks', version: 1, specText: text, atMs: 0, by: 'api' });
    const answers = [posted];
    for (const path of [
      '',
      '?full',
      '?system',
      '?state=true',
      '/clicks',
      '/clicks/status',
      '/clicks/history',
      '/history',
    ])
      answers.push(await call('GET', supervisorPath + path));
    answers.push(await call('POST', `${supervisorPath}/clicks/suspend`));
    answers.push(await call('POST', `${supervisorPath}/clicks/resume`));
    expect(answers.map((answer) => answer.text).join('\n')).not.toContain('CANARY');
    // Masking keeps the rest readable.
    expect((await call('GET', `${supervisorPath}/clicks`)).text).toContain('"ssl.key.password":"********"');
  });
});

describe('SQL over HTTP', () => {
  it('hands the body on and answers with the headers of Druid', async () => {
    const answer = await call('POST', '/druid/v2/sql', {
      query: 'select 1',
      header: true,
      resultFormat: 'arrayLines',
      parameters: [{ type: 'VARCHAR', value: 'x' }],
      context: { sqlQueryId: 'mine', timeout: 5, sqlOuterLimit: '10' },
      unknown: 1,
    });
    expect(answer).toMatchObject({
      status: 200,
      headers: {
        'x-druid-sql-query-id': 'mine',
        'x-druid-query-id': 'mine',
        'x-druid-sql-header-included': 'yes',
        'x-druid-response-context': '{}',
      },
    });
    expect(world.queries).toMatchObject([
      { id: 'mine', timeoutMs: 5, outerLimit: 10, result: { format: 'arrayLines' } },
    ]);
  });

  it('cancels a running query and lists the data sources', async () => {
    expect((await world.server.inject({ method: 'DELETE', path: '/druid/v2/sql/running' })).statusCode).toBe(
      202,
    );
    expect((await call('GET', '/druid/v2/datasources')).body).toEqual(['clicks']);
  });
});

describe('GET /status', () => {
  it('answers while Postgres and Temporal are down', async () => {
    world.postgres = 'down';
    world.temporal = 'down';
    expect(await call('GET', '/status/health')).toMatchObject({ status: 200, body: true });
    expect(await call('GET', '/status')).toMatchObject({
      status: 200,
      body: { version: '0.0.0', modules: [] },
    });
    expect((await call('GET', supervisorPath)).status).toBe(503);
  });
});
