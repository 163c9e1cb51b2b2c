/** The whole api process over a real Postgres, with Temporal down: specs are stored, published rows and sys tables answer. */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPool } from '../../storage/pool.ts';
import { commitSequence } from '../../storage/publish.ts';
import { startApi } from '../../workers/api.ts';
import type { RunningApi } from '../../workers/api.ts';
import { readConfig } from '../../workers/config.ts';
import type { RoleConfig } from '../../workers/config.ts';
import { diagnose } from '../../workers/doctor.ts';
import { aRawSpec, changed } from '../domain/spec/raw-spec.ts';
import { makeWorkplace, writeSegment } from '../query/segments.ts';
import { Fixture } from '../storage/fixture.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { json, supervisorPath } from './fakes.ts';
import { parseExposition, valueOf } from './metrics/exposition-parser.ts';

const workplace = makeWorkplace();
const deepStorage = join(workplace.folder, 'deep');
let database: TestDatabase;
let config: RoleConfig;
let pool: Pool;
let api: RunningApi;
let publishedPath = '';

async function call(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(api.url + path, {
    method,
    ...(body === undefined ? {} : { headers: json, body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

async function sql(query: string): Promise<unknown> {
  const { status, body } = await call('POST', '/druid/v2/sql', { query });
  expect({ status, body }).toMatchObject({ status: 200 });
  return body;
}

beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  config = {
    ...readConfig('api', {
      HEADGATE_POSTGRES_URL: database.url,
      HEADGATE_DEEP_STORAGE: pathToFileURL(deepStorage).href,
      HEADGATE_SCRATCH: join(workplace.folder, 'scratch'),
      // Nobody listens there.
      HEADGATE_TEMPORAL_ADDRESS: '127.0.0.1:1',
      HEADGATE_API_PORT: '0',
    }),
  };
  api = await startApi(config, pino({ level: 'silent' }));
  pool = openPool({ url: database.url, applicationName: 'test' });
});

afterAll(async () => {
  await api?.stop();
  await pool?.end();
  await database?.drop();
  workplace.remove();
});

describe('an api process without Temporal', () => {
  it('stores a spec and answers 200 with a warning, soon', async () => {
    const started = performance.now();
    expect(await call('POST', supervisorPath, aRawSpec())).toMatchObject({
      status: 200,
      body: { id: 'clicks', modified: true, warning: expect.stringContaining('127.0.0.1:1') },
    });
    expect(performance.now() - started).toBeLessThan(15_000);
    expect(await call('GET', supervisorPath)).toEqual({ status: 200, body: ['clicks'] });
    expect(await call('GET', `${supervisorPath}/clicks/status`)).toMatchObject({
      body: { payload: { state: 'PENDING', headgate: { specVersion: 1 } } },
    });
  });

  it('changes nothing by an order that nobody can be told, and shows everything else', async () => {
    expect(await call('POST', `${supervisorPath}/clicks/reset`)).toMatchObject({
      status: 503,
      body: { errorCode: 'TEMPORAL_UNAVAILABLE', error: expect.stringContaining('nothing was changed') },
    });
    expect(await call('GET', `${supervisorPath}/clicks/commands`)).toEqual({ status: 200, body: [] });
    expect(await call('GET', `${supervisorPath}/clicks/lag`)).toMatchObject({
      status: 200,
      body: { id: 'clicks', lag: null, partitions: [] },
    });
    expect(await call('GET', `${supervisorPath}/clicks/explain`)).toMatchObject({
      status: 200,
      body: { id: 'clicks', lines: [{ kind: 'spec' }], truncated: false, pending: null },
    });
    expect((await call('GET', `${supervisorPath}/clicks/stats`)).body).toEqual({});
  });

  it('refuses a NUL that Postgres could not hold, and odd names like any other', async () => {
    expect((await call('GET', `${supervisorPath}/a%00b`)).status).toBe(400);
    expect(
      (await call('GET', `${supervisorPath}/${encodeURIComponent("'; drop table segment; --")}`)).status,
    ).toBe(404);
    expect((await call('GET', `/druid/indexer/v1/command/a%00b`)).status).toBe(400);
  });

  it('has the spec’s columns before the first segment, by either form of the name', async () => {
    expect(await sql('select country, page, events, paid, __time from druid."clicks"')).toEqual([]);
    expect(await sql('select count(*) as n from clicks')).toEqual([{ n: 0 }]);
  });

  it('answers published rows, and where each segment lies', async () => {
    const world = await Fixture.with(pool, { supervisorId: 'wiki' });
    const key = await world.generation();
    const lease = await world.attempt(key);
    await world.progress(lease, { 0: 105, 1: 200 });
    await world.end(key, lease, { 0: 105, 1: 200 });
    const made = await world.commitInput(key);
    const file = await writeSegment(
      workplace,
      `select timestamptz '2026-01-01 00:00:00Z' as __time, 'DE' as country, r as n from range(5) t(r)`,
    );
    const bytes = readFileSync(file);
    const input = {
      ...made,
      segments: made.segments.map((segment) => ({
        ...segment,
        size: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        columns: [
          { name: '__time', type: 'TIMESTAMP WITH TIME ZONE' },
          { name: 'country', type: 'VARCHAR' },
          { name: 'n', type: 'BIGINT' },
        ],
      })),
    };
    publishedPath = input.segments[0]?.path ?? '';
    mkdirSync(dirname(join(deepStorage, publishedPath)), { recursive: true });
    copyFileSync(file, join(deepStorage, publishedPath));
    expect(await sql('select count(*) as n from information where 1 = 0').catch(() => 'refused')).toBe(
      'refused',
    );
    await world.intents(lease, [publishedPath]);
    expect(await commitSequence(pool, lease, input)).toMatchObject({ kind: 'committed' });
    expect(await sql('select country, count(*) as n, sum(n) as s from wikipedia group by 1')).toEqual([
      { country: 'DE', n: 5, s: 10 },
    ]);
    expect(await sql('select datasource, num_rows, "start", path, dimensions from sys.segments')).toEqual([
      {
        datasource: 'wikipedia',
        num_rows: 5,
        start: '1970-01-01T00:00:00.000Z',
        path: pathToFileURL(join(deepStorage, publishedPath)).href,
        dimensions: '["country","n"]',
      },
    ]);
    expect(await sql(`select group_id, type, status, error_msg, duration >= -1 as d from sys.tasks`)).toEqual(
      [
        {
          group_id: 'index_kafka_wiki',
          type: 'index_kafka',
          status: expect.any(String),
          error_msg: null,
          d: true,
        },
      ],
    );
    expect((await call('GET', '/druid/v2/datasources')).body).toEqual(['clicks', 'wikipedia']);
  });

  it('masks secrets in sys.supervisors, and shows who is suspended', async () => {
    const secret = changed(aRawSpec(), 'context', { apiToken: 'CANARY-6' });
    await pool.query(`select headgate_store_version($1::jsonb)`, [
      JSON.stringify({
        supervisorId: 'quiet',
        dataSource: 'quiet',
        specText: JSON.stringify(secret),
        by: 'test',
        desired: 'suspended',
      }),
    ]);
    const rows = await sql(
      'select supervisor_id, state, healthy, suspended, source, spec from sys.supervisors order by 1',
    );
    expect(rows).toMatchObject([
      { supervisor_id: 'clicks', state: 'PENDING', healthy: 1, suspended: 0, source: 'clicks-by-minute' },
      { supervisor_id: 'quiet', suspended: 1 },
      { supervisor_id: 'wiki' },
    ]);
    expect(JSON.stringify(rows)).not.toContain('CANARY');
    expect(
      await sql(`select count(*) filter (where suspended = 0) as "running" from sys.supervisors`),
    ).toEqual([{ running: 2 }]);
  });

  it('lists tasks, tells the life of one, and has metrics of it all', async () => {
    const tasks = await call('GET', '/druid/indexer/v1/tasks?datasource=wikipedia');
    const [{ id } = { id: '' }] = tasks.body as { id: string }[];
    expect(await call('GET', `/druid/indexer/v1/task/${id}/status`)).toMatchObject({
      status: 200,
      body: { task: id, status: { groupId: 'index_kafka_wiki' }, headgate: { supervisorId: 'wiki' } },
    });
    const reports = await call('GET', `/druid/indexer/v1/task/${id}/reports`);
    expect(JSON.stringify(reports.body)).toContain('"processed":5');
    const log = await fetch(`${api.url}/druid/indexer/v1/task/${id}/log`);
    expect(log.headers.get('content-type')).toContain('text/plain');
    expect(await log.text()).toMatch(/created: supervisor wiki[^]*published by this task as commit 1/);
    const metrics = await fetch(`${api.url}/metrics`);
    expect(metrics.headers.get('content-type')).toContain('version=0.0.4');
    const families = parseExposition(await metrics.text());
    expect(valueOf(families, 'headgate_postgres_up')).toBe(1);
    expect(valueOf(families, 'druid_ingest_segments_count_total', { supervisorId: 'wiki' })).toBe(1);
    expect(valueOf(families, 'druid_supervisor_count', { supervisorId: 'clicks', state: 'PENDING' })).toBe(1);
    expect((await fetch(`${api.url}/metrics`, { method: 'POST' })).status).toBe(405);
  });

  it('is looked at by the doctor: what is wrong has a remedy', async () => {
    const findings = await diagnose(config);
    const found = Object.fromEntries(findings.map((finding) => [finding.check, finding]));
    expect(found['Postgres']).toMatchObject({ ok: true });
    expect(found['Temporal']).toMatchObject({
      ok: false,
      remedy: expect.stringContaining('HEADGATE_TEMPORAL_ADDRESS'),
    });
    expect(found['segment files']).toMatchObject({ ok: true });
    expect(found['files without a row']).toMatchObject({ ok: true });
  });
});
