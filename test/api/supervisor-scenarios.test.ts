/** Druid's scenarios of supervisors at the API (reference/druid.md 6), under their numbers. */
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { HeadgateError } from '../../domain/errors.ts';
import { aRawSpec, changed } from '../domain/spec/raw-spec.ts';
import { aRow, aStatus, aWorld, json, supervisorPath } from './fakes.ts';
import type { FakeWorld } from './fakes.ts';

let world: FakeWorld;
beforeEach(() => {
  world = aWorld();
});
afterEach(() => world.server.close());

async function call(
  method: 'GET' | 'POST',
  url: string,
  body?: object,
): Promise<{ status: number; body: unknown }> {
  const response = await world.server.inject({
    method,
    url: supervisorPath + url,
    ...(body === undefined ? {} : { headers: json, body: JSON.stringify(body) }),
  });
  return { status: response.statusCode, body: response.json() };
}

const spec = aRawSpec();

describe('a spec that cannot start', () => {
  test('druid 6.84 SupervisorManagerTest.testNoPersistOnFailedStart: is not stored, and the running one stays', async () => {
    await call('POST', '', spec);
    const before = [...world.versions];
    const broken = changed(spec, 'spec.dataSchema.transformSpec', {
      transforms: [{ type: 'expression', name: 'x', expression: 'no_such_function(page)' }],
    });
    expect(await call('POST', '', broken)).toMatchObject({
      status: 400,
      body: { errorCode: 'SPEC_INVALID' },
    });
    expect(world.versions).toEqual(before);
    expect(world.notices).toEqual(['clicks 1']);
    expect((await call('GET', '/clicks')).status).toBe(200);
  });

  test('druid 6.84 SupervisorManagerTest.testStartIndividualSupervisorsFailStart: one bad stored spec does not block the others', async () => {
    world.rows.set('bad', aRow('bad', { specText: '{"type":"kafka","spec":{}}', status: aStatus() }));
    world.rows.set('worse', aRow('worse', { specText: 'not even JSON', status: aStatus() }));
    await call('POST', '', spec);
    expect(await call('GET', '')).toEqual({ status: 200, body: ['bad', 'clicks', 'worse'] });
    for (const query of ['?full', '?state=true', '?system'])
      expect(await call('GET', query)).toMatchObject({
        status: 200,
        body: [{ id: 'bad' }, { id: 'clicks', state: 'PENDING' }, { id: 'worse' }],
      });
    for (const id of ['bad', 'worse', 'clicks'])
      for (const what of ['', '/status', '/health', '/stats', '/parseErrors', '/lag', '/explain'])
        expect([id, what, (await call('GET', `/${id}${what}`)).status]).toEqual([id, what, 200]);
    expect((await call('POST', '/suspendAll')).status).toBeLessThan(500);
    expect(world.rows.get('clicks')?.desired).toBe('suspended');
  });
});

describe('the life of a supervisor', () => {
  test('druid 6.86 SupervisorManagerTest.testCreateSuspendResumeAndStopSupervisor: each step is a version', async () => {
    await call('POST', '', spec);
    await call('POST', '/clicks/suspend');
    await call('POST', '/clicks/resume');
    expect(await call('POST', '/clicks/terminate')).toEqual({ status: 200, body: { id: 'clicks' } });
    expect(await call('GET', '/clicks/history')).toMatchObject({
      status: 200,
      body: [
        { spec: { type: 'noop', dataSources: ['clicks'] }, specVersion: 4 },
        { spec: { suspended: false }, specVersion: 3 },
        { spec: { suspended: true }, specVersion: 2 },
        { spec: { suspended: false }, specVersion: 1 },
      ],
    });
    expect(world.notices).toEqual(['clicks 1', 'clicks 2', 'clicks 3', 'clicks 4']);
  });

  test('druid 6.86 SupervisorResourceTest.testSpecSuspend, .testSpecResume: 400 when already so, 404 when unknown', async () => {
    await call('POST', '', spec);
    expect(await call('POST', '/clicks/resume')).toMatchObject({
      status: 400,
      body: { error: '[clicks] is already running', errorCode: 'REQUEST_INVALID' },
    });
    expect(await call('POST', '/clicks/suspend')).toMatchObject({ status: 200, body: { suspended: true } });
    expect(await call('POST', '/clicks/suspend')).toMatchObject({
      status: 400,
      body: { error: '[clicks] is already suspended' },
    });
    expect((await call('POST', '/nope/suspend')).status).toBe(404);
    expect((await call('POST', '/nope/resume')).status).toBe(404);
    expect(world.versions).toHaveLength(2);
  });

  test('druid 6.87 SupervisorResourceTest.testSpecGetHealth: 200, 503, 404', async () => {
    world.rows.set('well', aRow('well', { status: aStatus() }));
    world.rows.set('ill', aRow('ill', { status: aStatus({ healthy: false }) }));
    expect(await call('GET', '/well/health')).toEqual({ status: 200, body: { healthy: true } });
    expect(await call('GET', '/ill/health')).toEqual({ status: 503, body: { healthy: false } });
    expect((await call('GET', '/nope/health')).status).toBe(404);
  });

  test('druid 6.87 SupervisorResourceTest.testSpecGetHistoryWithLimit: count is 1 or more', async () => {
    await call('POST', '', spec);
    await call('POST', '/clicks/suspend');
    await call('POST', '/clicks/resume');
    expect(await call('GET', '/clicks/history?count=2')).toMatchObject({
      status: 200,
      body: [{ specVersion: 3 }, { specVersion: 2 }],
    });
    for (const count of ['0', '-1', 'x', ''])
      expect(await call('GET', `/clicks/history?count=${count}`)).toMatchObject({
        status: 400,
        body: { error: expect.stringMatching(/^count: found/) },
      });
    expect(await call('GET', '/nope/history?count=1')).toMatchObject({
      status: 404,
      body: { error: 'No history for [nope].' },
    });
  });

  test('druid 6.89 SQLMetadataSupervisorManagerTest.testSkipDeserializingBadSpecs, .testGetLatestActiveOnly: an unreadable entry is null, tombstones are not listed', async () => {
    await call('POST', '', spec);
    await call('POST', '', { ...spec, id: 'second' });
    world.versions.unshift({
      ...world.versions[0]!,
      supervisorId: 'clicks',
      version: 0,
      specText: '{"type":',
    });
    await call('POST', '/second/terminate');
    expect((await call('GET', '/clicks/history')).body).toMatchObject([
      { spec: null },
      { spec: { type: 'kafka' } },
    ]);
    expect((await call('GET', '/history')).body).toMatchObject({
      clicks: [{ spec: null }, { spec: { type: 'kafka' } }],
      second: [
        { spec: { type: 'noop', id: null, suspended: false, source: 'noop' } },
        { spec: { type: 'kafka' } },
      ],
    });
    expect((await call('GET', '')).body).toEqual(['clicks']);
  });
});

describe('for all supervisors', () => {
  beforeEach(async () => {
    for (const id of ['a', 'b', 'c']) await call('POST', '', { ...spec, id });
  });

  it('one that cannot be changed does not keep the others from it, and is named', async () => {
    const { replaceVersion } = world.store;
    world.store.replaceVersion = async (input) => {
      if (input.supervisorId === 'a') throw new HeadgateError('METADATA_UNAVAILABLE', 'postgres: it hangs');
      return replaceVersion(input);
    };
    expect(await call('POST', '/suspendAll')).toMatchObject({
      status: 503,
      body: {
        error: 'suspendAll: 1 of 3 supervisors were not changed, the others were. [a]: postgres: it hangs',
        failed: ['a'],
      },
    });
    expect(['a', 'b', 'c'].map((id) => world.rows.get(id)?.desired)).toEqual([
      'running',
      'suspended',
      'suspended',
    ]);
  });

  it('one that somebody else changes at the same time is no failure', async () => {
    const { list } = world.store;
    world.store.list = async () => {
      const rows = await list();
      world.rows.set('b', { ...world.rows.get('b')!, desired: 'terminated', version: 9 });
      return rows;
    };
    expect(await call('POST', '/suspendAll')).toEqual({ status: 200, body: { status: 'success' } });
    expect(['a', 'b', 'c'].map((id) => world.rows.get(id)?.desired)).toEqual([
      'suspended',
      'terminated',
      'suspended',
    ]);
  });
});
