/**
 * Every SQL request recorded of Druid 33, asked of a whole api process over a segment with the rows Druid had: same code,
 * same shape, and the same values where the system is the same. What differs on purpose is in docs/parity.md.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPool } from '../../storage/pool.ts';
import { commitSequence } from '../../storage/publish.ts';
import { storeSupervisorVersion } from '../../storage/supervisors.ts';
import { startApi } from '../../workers/api.ts';
import type { RunningApi } from '../../workers/api.ts';
import { readConfig } from '../../workers/config.ts';
import { makeWorkplace, writeSegment } from '../query/segments.ts';
import { recording, recordings, shapeProblems } from '../query/system-golden.ts';
import type { Recording } from '../query/system-golden.ts';
import { aSpecText } from '../query/system-world.ts';
import { Fixture } from '../storage/fixture.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { waitFor } from '../support/wait-for.ts';

const workplace = makeWorkplace();
const deepStorage = join(workplace.folder, 'deep');
let database: TestDatabase;
let pool: Pool;
let api: RunningApi;

/** The 51 rows the recorder sent: three countries in turn, five pages, and one row with two countries and no price. */
const rows = `
  select timestamptz '2026-01-01 00:00:00Z' + n * interval '1 minute' as __time,
    [['US', 'DE', 'FR'][n % 3 + 1]] as country, '/p' || n % 5 as page, 1::bigint as cnt, n * 0.5 as sum_price
  from (select unnest(range(50)) as n)
  union all
  select timestamptz '2026-01-01 00:05:00Z', ['a', 'b'], '{x=1}', 1, null`;

async function publish(): Promise<void> {
  const supervisorId = 'g_life';
  await storeSupervisorVersion(pool, {
    supervisorId,
    dataSource: 'g_life',
    specText: aSpecText,
    by: 'test',
    desired: 'running',
  });
  const world = new Fixture(pool, supervisorId);
  await world.seed({ 0: 0, 1: 0 });
  const key = await world.generation();
  const lease = await world.attempt(key);
  await world.progress(lease, { 0: 30, 1: 24 });
  await world.end(key, lease, { 0: 30, 1: 24 });
  const input = await world.commitInput(key);
  const [segment] = input.segments;
  if (segment === undefined) throw new Error('no segment');
  const file = await writeSegment(workplace, `${rows} order by 1`);
  const bytes = readFileSync(file);
  mkdirSync(dirname(join(deepStorage, segment.path)), { recursive: true });
  copyFileSync(file, join(deepStorage, segment.path));
  await world.intents(lease, [segment.path]);
  const committed = await commitSequence(pool, lease, {
    ...input,
    segments: [
      {
        ...segment,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        size: bytes.length,
        rows: 51,
        startMs: Date.parse('2026-01-01T00:00:00Z'),
        endMs: Date.parse('2026-01-01T01:00:00Z'),
        columns: [
          { name: '__time', type: 'TIMESTAMP WITH TIME ZONE' },
          { name: 'country', type: 'VARCHAR[]' },
          { name: 'page', type: 'VARCHAR' },
          { name: 'cnt', type: 'BIGINT' },
          { name: 'sum_price', type: 'DOUBLE' },
        ],
      },
    ],
  });
  if (committed.kind !== 'committed') throw new Error(committed.kind);
}

beforeAll(async () => {
  database = await createTestDatabase();
  pool = openPool({ url: database.url, applicationName: 'test' });
  const config = readConfig('api', {
    HEADGATE_POSTGRES_URL: database.url,
    HEADGATE_DEEP_STORAGE: pathToFileURL(deepStorage).href,
    HEADGATE_SCRATCH: join(workplace.folder, 'scratch'),
    HEADGATE_TEMPORAL_ADDRESS: '127.0.0.1:1',
    HEADGATE_API_PORT: '0',
  });
  await publish();
  api = await startApi(config, pino({ level: 'silent' }));
});

afterAll(async () => {
  await api?.stop();
  await pool?.end();
  await database?.drop();
  workplace.remove();
});

type Got = { readonly status: number; readonly body: unknown; readonly headers: Headers };

async function ask({ request }: Pick<Recording, 'request'>): Promise<Got> {
  const { body } = request;
  const answer = await fetch(api.url + request.path, {
    method: request.method,
    ...(body === undefined
      ? {}
      : {
          headers: { 'content-type': 'application/json' },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        }),
  });
  const text = await answer.text();
  return { status: answer.status, body: parsed(text), headers: answer.headers };
}

async function sql(query: string, more: object = {}): Promise<unknown> {
  const got = await ask({ request: { method: 'POST', path: '/druid/v2/sql', body: { query, ...more } } });
  expect([query, got.status, got.status === 200 ? '' : got.body]).toEqual([query, 200, '']);
  return got.body;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const native = /^sql-0(49|50|52|53)-/;
/** The answer differs on purpose, or the query asks what is not the same here; each has its own test below. */
const special = /^sql-0(16|19|2\d|35|37|4[0146]|47)-/;

const same = recordings.filter(
  ({ file }) => file.startsWith('sql-') && !native.test(file) && !special.test(file),
);

describe('recorded SQL', () => {
  it.each(same.map((one) => [one.file, one] as const))('%s: the same answer', async (_file, one) => {
    const got = await ask(one);
    expect(got.status).toBe(one.response.status);
    if (got.status === 200) expect(got.body).toEqual(one.response.body);
    else {
      expect(shapeProblems(got.body, one.response.body, { added: ['headgateCode'] })).toEqual([]);
      expect(got.body).toMatchObject(inOurs(one.response.body));
    }
    if (got.status !== 200) return;
    for (const name of Object.keys(one.response.headers))
      if (name.startsWith('x-druid')) expect(got.headers.get(name), name).toBeTruthy();
  });

  it('sql-016-topn: the same rows, of which two are equal in what orders them', async () => {
    const one = recording('sql-016-topn');
    const { body } = await ask(one);
    expect(new Set(body as unknown[])).toEqual(new Set(one.response.body as unknown[]));
  });

  it('sql-019-types, with the digits its recorder lost', async () => {
    const { request, response } = recording('sql-019-types');
    const answer = await fetch(api.url + request.path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request.body),
    });
    const text = await answer.text();
    expect(text).toContain('9007199254740993');
    expect(JSON.parse(text)).toEqual(response.body);
  });

  it.each([
    ['sql-020-schemata', {}],
    ['sql-022-columns', {}],
    ['sql-023-columns-sys', {}],
    ['sql-025-sys-segments', { added: ['path'] }],
    ['sql-026-sys-tasks', { nulls: ['error_msg', 'location', 'host'] }],
    [
      'sql-028-sys-servers',
      {
        added: [
          'storage_size',
          'version',
          'build_revision',
          'labels',
          'available_processors',
          'total_memory',
        ],
        nulls: ['is_leader', 'tier'],
      },
    ],
  ])('%s: the same shape', async (file, differences) => {
    const one = recording(file);
    const got = await ask(one);
    expect(got.status).toBe(200);
    expect((got.body as unknown[]).length).toBeGreaterThan(0);
    expect(shapeProblems(got.body, one.response.body, differences)).toEqual([]);
  });

  it('sql-022-columns: the same values', async () => {
    const one = recording('sql-022-columns');
    expect((await ask(one)).body).toEqual(one.response.body);
  });

  it('sql-029-sys-server_segments: once the segment was verified', async () => {
    const one = recording('sql-029-sys-server_segments');
    const found = await waitFor(async () => ((await ask(one)).body as unknown[])[0], {
      what: 'the verified segment',
    });
    expect(shapeProblems([found], one.response.body)).toEqual([]);
  });

  it.each([
    ['sql-035-error-empty', 400, { error: 'druidException', errorCode: 'invalidInput' }],
    [
      'sql-037-error-cast',
      400,
      { category: 'INVALID_INPUT', errorMessage: expect.stringContaining("'x' to BIGINT") },
    ],
    ['sql-040-error-no-query', 400, { errorMessage: expect.stringContaining('query: found nothing') }],
    ['sql-041-error-malformed', 400, { errorMessage: expect.stringContaining('valid JSON') }],
    ['sql-044-error-get', 405, {}],
    ['sql-046-timeout', 504, { error: 'Query timeout', category: 'TIMEOUT', persona: 'OPERATOR' }],
    ['sql-047-cancel-unknown', 404, {}],
  ])('%s, as docs/parity.md says', async (file, status, body) => {
    const got = await ask(recording(file));
    expect(got.status).toBe(status);
    expect(got.body).toMatchObject(body);
  });
});

/** Longer and shorter lists of what was acceptable are no difference. */
function inOurs(body: unknown): object {
  const { errorMessage, ...rest } = body as { errorMessage: string };
  const start = errorMessage.split(', acceptable options')[0] ?? errorMessage;
  return { ...rest, errorMessage: expect.stringContaining(start) };
}

const page = readFileSync(join(import.meta.dirname, '../fixtures/druid-golden/console-queries.sql'), 'utf8');
const consoleQueries = page
  .split(/^;$/m)
  .map((query) => query.trim())
  .filter((query) => query !== '');

describe('system tables in SQL', () => {
  it('join as Druid’s documentation joins them, counting each segment once', async () => {
    const join = `select count(segments.segment_id) as num_segments from sys.segments as segments
      inner join sys.server_segments as server_segments on segments.segment_id = server_segments.segment_id
      inner join sys.servers as servers on servers.server = server_segments.server
      where segments.datasource = 'g_life' group by servers.server`;
    const found = await waitFor(async () => ((await sql(join)) as unknown[])[0], {
      what: 'the verified segment',
    });
    expect(found).toEqual({ num_segments: 1 });
  });

  it('show the query that asks, and every function that works', async () => {
    expect(await sql('select state, info from sys.queries')).toMatchObject([
      { state: 'RUNNING', info: expect.stringContaining('from sys.queries') },
    ]);
    expect(
      await sql(`select IS_AGGREGATOR from INFORMATION_SCHEMA.ROUTINES where ROUTINE_NAME = 'COUNT'`),
    ).toEqual([{ IS_AGGREGATOR: 'YES' }]);
  });
});

describe('what the console asks in SQL', () => {
  it('has its queries here', () => expect(consoleQueries).toHaveLength(13));

  it.each(consoleQueries.map((query) => [query.replace(/\s+/g, ' ').slice(0, 60), query] as const))(
    '%s',
    async (_name, query) => {
      const answer = await sql(query);
      expect(Array.isArray(answer)).toBe(true);
      expect((answer as unknown[]).length).toBeGreaterThan(0);
    },
  );
});
