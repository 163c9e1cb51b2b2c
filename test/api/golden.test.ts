/**
 * Every recorded coordinator and overlord read of Druid 33: same path, same code, same type, same shape. What differs on
 * purpose has its row in docs/parity.md, which a test here holds against the recordings.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { coordinatorRoutes } from '../../api/coordinator-routes.ts';
import { historyRoutes } from '../../api/history-routes.ts';
import { indexerRoutes } from '../../api/indexer-routes.ts';
import { proxyRoutes } from '../../api/proxy-routes.ts';
import { laterRoutes } from '../../api/routes-later.ts';
import { addRoutes } from '../../api/routes.ts';
import { sqlRoutes } from '../../api/sql-routes.ts';
import { statusRoutes } from '../../api/status-routes.ts';
import { supervisorRoutes } from '../../api/supervisor-routes.ts';
import { tableRows } from '../docs/markdown.ts';
import { recording, recordings, shapeProblems } from '../query/system-golden.ts';
import type { Recording } from '../query/system-golden.ts';
import { aRunningSequence, aSegment, aSystem, aSystemStore, emptyStore } from '../query/system-world.ts';
import { aWorld, json } from './fakes.ts';
import { aNeighbourServer, get } from './golden-server.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/parity.md'), 'utf8');

/** Asked of other parts, tested there. */
const elsewhere = /^(sql-0|tasks-|empty-01[134]-(suspendAll|terminateAll|tasks)$)/;
const ofSupervisors = /^empty-0(0\d|10)-list/;

const ours = recordings.filter(({ file }) => !elsewhere.test(file) && !ofSupervisors.test(file));

const usual = aNeighbourServer();
const empty = aNeighbourServer(emptyStore);

/** Recorded before anything was submitted, or when its segment was published. */
function serverOf({ file }: Recording): typeof usual {
  return file.startsWith('empty-') ? empty : usual;
}

describe('recorded answers', () => {
  it('are all here', () => {
    expect(ours.filter(({ file }) => file.startsWith('coordinator-'))).toHaveLength(16);
    expect(ours.filter(({ file }) => file.startsWith('empty-'))).toHaveLength(10);
  });

  it.each(ours.map((one) => [one.file, one] as const))('%s', async (_file, one) => {
    const got = await get(serverOf(one), one.request.path);
    expect(got.status).toBe(one.response.status);
    expect(got.type).toBe(one.response.headers['content-type']);
    expect(shapeProblems(got.body, one.response.body)).toEqual([]);
    if (one.response.empty) expect(got.body).toBeNull();
  });

  it.each(recordings.filter(({ file }) => ofSupervisors.test(file)).map((one) => [one.file, one] as const))(
    '%s',
    async (_file, one) => {
      const answer = await aWorld().server.inject({
        method: 'GET',
        url: one.request.path,
        headers: { host: 'localhost' },
      });
      expect([answer.statusCode, answer.json()]).toEqual([200, one.response.body]);
    },
  );

  it.each([
    'coordinator-001-datasources',
    'coordinator-004-datasource',
    'coordinator-007-intervals',
    'coordinator-008-ds-segments',
    'coordinator-010-loadstatus-ds',
    'coordinator-011-loadqueue',
    'coordinator-014-metadata-datasources',
    'coordinator-016-metadata-ds-segments',
    'coordinator-020-servers',
    'coordinator-022-config',
    'coordinator-023-compaction',
    'empty-019-overlord-leader',
    'empty-020-overlord-isLeader',
    'empty-025-coordinator-leader',
    'empty-026-coordinator-datasources',
    'empty-028-proxy-coordinator',
  ])('%s, value for value where the system is the same', async (file) => {
    const one = recording(file);
    const got = await get(serverOf(one), one.request.path);
    const bounded = (body: unknown): unknown => JSON.parse(JSON.stringify(body).replace('20000000000', '0'));
    expect(got.body).toEqual(bounded(one.response.body));
  });

  it('sql-050-native-datasources', async () => {
    const one = recording('sql-050-native-datasources');
    const answer = await aWorld().server.inject({ url: one.request.path, headers: { host: 'localhost' } });
    expect([answer.statusCode, shapeProblems(answer.json(), one.response.body)]).toEqual([200, []]);
  });

  it.each(['sql-049-native', 'sql-052-native-bad', 'sql-053-segmentMetadata'])(
    '%s is refused and points at SQL',
    async (file) => {
      const { request } = recording(file);
      const answer = await aWorld().server.inject({
        method: 'POST',
        url: request.path,
        headers: { ...json, host: 'localhost' },
        body: request.body ?? {},
      });
      expect([answer.statusCode, answer.body]).toEqual([501, expect.stringContaining('POST /druid/v2/sql')]);
    },
  );

  it('tasks-026-workers', async () => {
    const one = recording('tasks-026-workers');
    const got = await get(usual, one.request.path);
    expect(shapeProblems(got.body, one.response.body)).toEqual([]);
    expect(got.body).toMatchObject([
      {
        worker: { host: 'localhost:8100', ip: 'localhost', capacity: 8 },
        currCapacityUsed: 1,
        runningTasks: ['index_kafka_g_life_g0_2_aaaaaaaa'],
        lastCompletedTaskTime: '2026-11-21T08:41:31.000Z',
      },
    ]);
  });
});

describe('docs/parity.md', () => {
  const rows = tableRows(page);

  it('has a verdict and a reason in every row', () => {
    expect(rows.length).toBeGreaterThan(60);
    for (const [what, verdict, why] of rows) {
      expect(['works', 'differs on purpose', 'refused', 'later'], what).toContain(verdict);
      if (verdict !== 'works') expect(why, what).not.toBe('');
    }
  });

  it('knows every path that is registered here', () => {
    const system = aSystem();
    const routes = [
      ...statusRoutes('0'),
      ...coordinatorRoutes(system),
      ...indexerRoutes(system),
      ...laterRoutes(),
    ];
    const missing = routes
      .map(({ method, path }) => `${method} ${path}`)
      .filter((what) => !rows.some(([cell]) => cell?.startsWith(`\`${what}\``)));
    expect(missing).toEqual([]);
  });

  it('names every recording that is not compared above', () => {
    const unnamed = recordings
      .filter((one) => !ours.includes(one) && !ofSupervisors.test(one.file))
      .map(({ file }) => /^[a-z]+-\d+/.exec(file)?.[0] ?? file)
      .filter((name) => !rows.some(([cell]) => cell?.includes(name)));
    expect(unnamed).toEqual([]);
  });
});

describe('beside the other routes', () => {
  it('no path is there twice, under its own name or through the proxy', async () => {
    const deps = {} as never;
    const system = aSystem();
    const routes = [
      ...statusRoutes('0', {}),
      ...supervisorRoutes(deps),
      ...historyRoutes(deps),
      ...sqlRoutes(deps),
      ...coordinatorRoutes(system),
      ...indexerRoutes(system),
      ...laterRoutes(),
    ];
    const server = fastify();
    addRoutes(server, [...routes, ...proxyRoutes(routes)]);
    await server.ready();
    const path = '/druid/coordinator/v1/datasources/a/intervals/2026-01-01_2026-01-02';
    const posted = await server.inject({ method: 'POST', url: path });
    expect([posted.statusCode, posted.headers['allow']]).toEqual([expect.any(Number), 'GET, DELETE']);
  });
});

describe('what the console asks', () => {
  it.each([
    ['/proxy/coordinator/status?capabilities', 200, { version: '0.0.0', modules: [] }],
    ['/proxy/overlord/status', 200, { version: '0.0.0' }],
    ['/proxy/enabled?capabilities', 400, { error: expect.stringContaining('enabled') }],
    ['/druid/coordinator/v1/lookups/status', 404, { error: 'No lookups found' }],
    ['/druid/coordinator/v1/lookups/config?discover=true', 200, ['__default']],
    ['/druid/coordinator/v1/lookups/config/all', 404, null],
    ['/druid/coordinator/v1/tiers', 200, ['_default_tier']],
    ['/druid/coordinator/v1/rules', 200, { _default: [{ type: 'loadForever' }] }],
    ['/druid/coordinator/v1/compaction/status', 200, { latestStatus: [] }],
    ['/druid/coordinator/v1/datasources?simple', 200, [{ name: 'g_life', properties: { tiers: {} } }]],
    ['/druid/coordinator/v1/rules/g_life', 200, []],
    ['/druid/coordinator/v1/rules/g_life?full', 200, [{ type: 'loadForever' }]],
    ['/status/properties', 200, { HEADGATE_API_PORT: '8888' }],
    ['/status/selfDiscovered', 200, null],
    ['/druid/indexer/v1/totalWorkerCapacity', 200, { currentClusterCapacity: 8, usedClusterCapacity: 1 }],
    ['/druid/v2/datasources/g_life', 200, { dimensions: ['country', 'page'], metrics: ['cnt', 'sum_price'] }],
    ['/druid/v2/datasources/nope', 200, { dimensions: [], metrics: [] }],
  ])('%s', async (path, status, body) => {
    const got = await get(usual, path);
    expect(got.status).toBe(status);
    if (body === null || (Array.isArray(body) && body.length === 0)) expect(got.body).toEqual(body);
    else expect(got.body).toMatchObject(body);
  });
});

describe('data sources and segments', () => {
  const hour = (n: number): string => `2026-01-01T0${n}:00:00.000Z`;
  const segments = [
    aSegment({ segmentId: 'a', start: hour(0), end: hour(1), size: '9007199254740993' }),
    aSegment({ segmentId: 'b', start: hour(1), end: hour(2), size: '2', available: false }),
    aSegment({ segmentId: 'c', start: hour(1), end: hour(2), size: '3', partitionNum: 1 }),
  ];
  const server = aNeighbourServer(
    aSystemStore({
      usedSegments: async (names) => (!names || names.includes('g_life') ? segments : []),
    }),
  );
  const one = '/druid/coordinator/v1/datasources/g_life';

  it('sums sizes beyond 2^53 exactly', async () => {
    const answer = await server.inject({ url: one, headers: { host: 'localhost' } });
    expect(answer.body).toContain('"size":9007199254740998,');
    expect(answer.json()).toMatchObject({ segments: { count: 3, minTime: hour(0), maxTime: hour(2) } });
  });

  it('lists intervals newest first, with sums and with segments', async () => {
    const [newer, older] = [`${hour(1)}/${hour(2)}`, `${hour(0)}/${hour(1)}`];
    expect((await get(server, `${one}/intervals`)).body).toEqual([newer, older]);
    expect((await get(server, `${one}/intervals?simple`)).body).toMatchObject({
      [newer]: { size: 5, count: 2 },
    });
    expect((await get(server, `${one}/intervals?full`)).body).toMatchObject({
      [newer]: { b: { servers: [] }, c: { servers: ['localhost:8083'], metadata: { size: 3 } } },
    });
    expect((await get(server, `${one}/intervals/${hour(1)}_${hour(2)}`)).body).toEqual(['b', 'c']);
    expect((await get(server, `${one}/intervals/2026-01-01_2026-01-02`)).body).toEqual(['a', 'b', 'c']);
    expect((await get(server, `${one}/intervals/2026-01-01T01:00_2026-01-02?simple`)).body).toMatchObject({
      [newer]: { count: 2 },
    });
  });

  it('says what is not available yet', async () => {
    const status = '/druid/coordinator/v1/loadstatus';
    expect((await get(server, status)).body).toEqual({ g_life: 200 / 3 });
    expect((await get(server, `${status}?simple`)).body).toEqual({ g_life: 1 });
    expect((await get(server, `${status}?full`)).body).toEqual({ _default_tier: { g_life: 1 } });
    const own = `${one}/loadstatus?forceMetadataRefresh=true&interval=2026-01-01/2026-01-02`;
    expect((await get(server, own)).body).toEqual({ g_life: 200 / 3 });
    expect((await get(server, `${own}&simple`)).body).toEqual({ g_life: 1 });
    expect((await get(server, `${own}&full`)).body).toEqual({ _default_tier: { g_life: 1 } });
    const queue = '/druid/coordinator/v1/loadqueue';
    expect((await get(server, `${queue}?simple`)).body).toMatchObject({
      'localhost:8083': { segmentsToLoad: 1, segmentsToLoadSize: 2 },
    });
    expect((await get(server, queue)).body).toEqual({
      'localhost:8083': { segmentsToLoad: ['b'], segmentsToDrop: [] },
    });
    expect((await get(server, `${queue}?full`)).body).toMatchObject({
      'localhost:8083': { segmentsToLoad: [{ identifier: 'b' }] },
    });
  });

  it('lists servers and what they hold', async () => {
    const servers = '/druid/coordinator/v1/servers';
    expect((await get(server, servers)).body).toEqual(['localhost:8100', 'localhost:8083']);
    expect((await get(server, `${servers}/localhost:8083/segments`)).body).toEqual(['a', 'c']);
    expect((await get(server, `${servers}/localhost:8083/segments?full`)).body).toMatchObject([
      { identifier: 'a' },
      { identifier: 'c' },
    ]);
    expect((await get(server, `${servers}?full`)).body).toMatchObject([
      { type: 'indexer-executor', segments: {} },
      { type: 'historical', segments: { a: {}, c: {} } },
    ]);
    expect((await get(server, `${servers}/localhost:8100?simple`)).body).toMatchObject({ currSize: 0 });
    expect((await get(server, `${servers}/nope`)).status).toBe(404);
    expect((await get(server, `${servers}/nope/segments`)).status).toBe(404);
    expect((await get(server, '/druid/coordinator/v1/tiers?simple')).body).toMatchObject({
      _default_tier: { currSize: 3140 },
    });
    expect((await get(server, '/druid/coordinator/v1/tiers/_default_tier')).body).toEqual(['g_life']);
    expect((await get(server, '/druid/coordinator/v1/tiers/hot')).body).toEqual([]);
  });

  it('gives single segments, and one data source of metadata', async () => {
    const meta = '/druid/coordinator/v1/metadata';
    expect((await get(server, `${one}/segments/b`)).body).toMatchObject({
      metadata: { identifier: 'b' },
      servers: [],
    });
    expect((await get(server, `${one}/segments/x`)).status).toBe(204);
    expect((await get(server, `${meta}/datasources/g_life/segments/c`)).body).toMatchObject({
      identifier: 'c',
    });
    expect((await get(server, `${meta}/datasources/g_life/segments/x`)).status).toBe(404);
    expect((await get(server, `${meta}/datasources?full`)).body).toMatchObject([
      { name: 'g_life', segments: [{}, {}, {}] },
    ]);
    expect((await get(server, `${meta}/segments`)).body).toMatchObject([
      { loadSpec: { type: 'local', path: expect.stringMatching(/^file:/) } },
      {},
      { shardSpec: { partitionNum: 1 } },
    ]);
    expect((await get(server, `${meta}/segments?datasources=nope&datasources=other`)).body).toEqual([]);
  });

  it('knows nothing of a data source without segments', async () => {
    const meta = '/druid/coordinator/v1/metadata/datasources/nope';
    for (const path of ['', '?full', '/intervals', '/segments', '/tiers'])
      expect(await get(server, `/druid/coordinator/v1/datasources/nope${path}`)).toMatchObject({
        status: 204,
        body: null,
      });
    for (const path of ['', '/segments', '/segments/a'])
      expect(await get(server, meta + path)).toMatchObject({ status: 404, body: null });
    const status = '/druid/coordinator/v1/datasources/nope/loadstatus?forceMetadataRefresh=false';
    expect((await get(server, status)).status).toBe(204);
  });

  it.each([
    ['/druid/coordinator/v1/datasources/g%00', 400, /NUL character/],
    [
      '/druid/coordinator/v1/datasources/g_life/intervals/yesterday',
      400,
      /found "yesterday", expected start\/end/,
    ],
    ['/druid/coordinator/v1/datasources/g_life/intervals/2026-01-02_2026-01-01', 400, /interval: found/],
    [
      '/druid/coordinator/v1/datasources/g_life/intervals/2026-01-01_2026-01-02_2026-01-03',
      400,
      /interval: found/,
    ],
    ['/druid/coordinator/v1/datasources/g_life/loadstatus', 400, /forceMetadataRefresh must be specified/],
    ['/druid/coordinator/v1/metadata/segments?includeRealtimeSegments', 400, /expected both/],
    ['/druid/v2/datasources/g_life?interval=P1D', 400, /interval: found "P1D"/],
  ])('%s is refused', async (path, status, says) => {
    expect(await get(server, path)).toMatchObject({ status, body: { error: expect.stringMatching(says) } });
  });

  it('writes nothing: 405 with what is allowed', async () => {
    for (const url of [
      one,
      '/druid/coordinator/v1/config',
      '/druid/indexer/v1/worker',
      '/druid/coordinator/v1/rules/g_life',
    ]) {
      for (const method of ['POST', 'DELETE'] as const) {
        const answer = await server.inject({ method, url });
        expect([url, answer.statusCode, answer.headers['allow']]).toEqual([url, 405, 'GET']);
      }
    }
  });

  it('reaches every path through the proxy, and nothing else', async () => {
    for (const path of ['/druid/coordinator/v1/datasources', '/druid/indexer/v1/workers', '/status/health'])
      for (const service of ['coordinator', 'overlord'])
        expect(await get(server, `/proxy/${service}${path}`)).toEqual(await get(server, path));
    for (const path of [
      '/proxy/broker/status',
      '/proxy/coordinator/http://10.0.0.1/',
      '/proxy/coordinator/druid/v2/sql',
    ])
      expect((await get(server, path)).status).toBe(404);
  });

  it('says a leader’s address only if it is one', async () => {
    const ask = async (host: string): Promise<string> =>
      (await server.inject({ url: '/druid/indexer/v1/leader', headers: { host } })).body;
    expect(await ask('headgate.example:80')).toBe('http://headgate.example:80');
    expect(await ask('a"<script>')).toBe('http://localhost:8083');
  });
});

describe('a system that is reading', () => {
  it('lists a running sequence under its worker, not among published segments', async () => {
    const server = aNeighbourServer(
      aSystemStore({ usedSegments: async () => [], segmentDataSources: async () => [] }),
    );
    expect((await get(server, '/druid/coordinator/v1/metadata/segments')).body).toEqual([]);
    expect((await get(server, '/druid/coordinator/v1/loadstatus')).body).toEqual({});
    expect(JSON.stringify((await get(server, '/druid/coordinator/v1/servers?full')).body)).not.toContain(
      aRunningSequence().sequenceId,
    );
  });
});
