/**
 * Requests that are wrong: each is a 4xx that names the place, what was found and what was expected; nothing is
 * created, nobody is told, and the server answers the next request.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aRawSpec, changed } from '../domain/spec/raw-spec.ts';
import { wrongSpecs } from '../domain/spec/wrong-specs.ts';
import { aRow, aWorld, json, supervisorPath } from './fakes.ts';
import type { FakeWorld } from './fakes.ts';

type WrongRequest = {
  readonly name: string;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
  readonly status: number;
  readonly says: RegExp;
};

const post = { method: 'POST', path: supervisorPath, headers: json } as const;
const sql = { method: 'POST', path: '/druid/v2/sql', headers: json } as const;
const good = JSON.stringify(aRawSpec());

const requests: readonly WrongRequest[] = [
  {
    ...post,
    name: 'a spec without a type of content',
    headers: {},
    body: good,
    status: 415,
    says: /Content-Type.*expected application\/json/,
  },
  {
    ...post,
    name: 'a spec as text',
    headers: { 'content-type': 'text/plain' },
    body: good,
    status: 415,
    says: /expected application\/json/,
  },
  {
    ...post,
    name: 'a spec as a form',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'a=1',
    status: 415,
    says: /application\/json/,
  },
  {
    ...post,
    name: 'no body and no type',
    headers: {},
    status: 415,
    says: /found none, expected application\/json/,
  },
  {
    ...post,
    name: 'an empty body',
    body: '',
    status: 400,
    says: /body: found nothing, expected a JSON object/,
  },
  { ...post, name: 'blanks', body: ' \n ', status: 400, says: /body: found nothing/ },
  {
    ...post,
    name: 'cut JSON',
    body: '{"type":"kafka",',
    status: 400,
    says: /found the end of the text at line 1, column 17, expected valid JSON/,
  },
  {
    ...post,
    name: 'JSON with a trailing comma',
    body: '{"type": "kafka",\n}',
    status: 400,
    says: /found "}" at line 2, column 1/,
  },
  {
    ...post,
    name: 'JSON with a comment',
    body: '{ // x\n}',
    status: 400,
    says: /found "\/" at line 1, column 3/,
  },
  { ...post, name: 'two JSON values', body: '{} {}', status: 400, says: /found "{" at line 1, column 4/ },
  {
    ...post,
    name: 'single quotes',
    body: `{'type':'kafka'}`,
    status: 400,
    says: /found "'" at line 1, column 2/,
  },
  { ...post, name: 'NaN', body: '{"type":NaN}', status: 400, says: /found "N" at line 1, column 9/ },
  { ...post, name: 'a NUL byte', body: '{"type":"a\u0000"}', status: 400, says: /expected valid JSON/ },
  {
    ...post,
    name: 'bytes that are not UTF-8',
    body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]),
    status: 400,
    says: /not UTF-8/,
  },
  {
    ...post,
    name: 'JSON a thousand deep',
    body: `${'['.repeat(1000)}${']'.repeat(1000)}`,
    status: 400,
    says: /deeper than 64/,
  },
  { ...post, name: 'JSON a million deep', body: '['.repeat(500_000), status: 400, says: /deeper than 64/ },
  {
    ...post,
    name: 'two megabytes',
    body: `{"a":"${'x'.repeat(2_000_000)}"}`,
    status: 413,
    says: /too large/,
  },
  {
    ...post,
    name: 'JSON null',
    body: 'null',
    status: 400,
    says: /spec: found null, expected a supervisor spec/,
  },
  { ...post, name: 'an array', body: '[]', status: 400, says: /an empty array/ },
  {
    ...post,
    name: 'a prototype',
    body: '{"__proto__":{"type":"kafka"},"type":"kafka"}',
    status: 400,
    says: /__proto__/,
  },
  {
    ...post,
    name: 'a flag that is a word',
    path: `${supervisorPath}?skipRestartIfUnmodified=perhaps`,
    body: good,
    status: 400,
    says: /skipRestartIfUnmodified: found "perhaps", expected true or false/,
  },
  {
    ...post,
    name: 'another topic for the same id',
    body: JSON.stringify(changed({ ...aRawSpec(), id: 'known' }, 'spec.ioConfig.topic', 'other')),
    status: 400,
    says: /spec.ioConfig.topic: found "other", expected "clicks-by-minute"/,
  },
  {
    name: 'PUT on the list',
    method: 'PUT',
    path: supervisorPath,
    headers: json,
    body: good,
    status: 405,
    says: /method: found PUT, expected GET, POST/,
  },
  {
    name: 'DELETE of a supervisor',
    method: 'DELETE',
    path: `${supervisorPath}/known`,
    status: 405,
    says: /expected GET/,
  },
  {
    name: 'GET of a verb',
    path: `${supervisorPath}/known/suspend`,
    status: 405,
    says: /found GET, expected POST/,
  },
  {
    name: 'POST of a status',
    method: 'POST',
    path: `${supervisorPath}/known/status`,
    status: 405,
    says: /found POST, expected GET/,
  },
  {
    name: 'an unknown supervisor',
    path: `${supervisorPath}/nope`,
    status: 404,
    says: /\[nope\] does not exist/,
  },
  {
    name: 'the status of an unknown one',
    path: `${supervisorPath}/nope/status`,
    status: 404,
    says: /\[nope\] does not exist/,
  },
  {
    name: 'the health of an unknown one',
    path: `${supervisorPath}/nope/health`,
    status: 404,
    says: /\[nope\] does not exist/,
  },
  {
    name: 'the history of an unknown one',
    path: `${supervisorPath}/nope/history`,
    status: 404,
    says: /No history for \[nope\]/,
  },
  {
    name: 'suspending an unknown one',
    method: 'POST',
    path: `${supervisorPath}/nope/suspend`,
    status: 404,
    says: /\[nope\] does not exist/,
  },
  {
    name: 'terminating an unknown one',
    method: 'POST',
    path: `${supervisorPath}/nope/terminate`,
    status: 404,
    says: /\[nope\] does not exist/,
  },
  {
    name: 'resetting an unknown one',
    method: 'POST',
    path: `${supervisorPath}/nope/reset`,
    status: 404,
    says: /\[nope\] does not exist/,
  },
  {
    name: 'a terminated one',
    path: `${supervisorPath}/ended`,
    status: 404,
    says: /\[ended\] does not exist/,
  },
  {
    name: 'resuming a terminated one',
    method: 'POST',
    path: `${supervisorPath}/ended/resume`,
    status: 404,
    says: /\[ended\] does not exist/,
  },
  {
    name: 'resuming a running one',
    method: 'POST',
    path: `${supervisorPath}/known/resume`,
    status: 400,
    says: /\[known\] is already running/,
  },
  {
    name: 'suspending a suspended one',
    method: 'POST',
    path: `${supervisorPath}/asleep/suspend`,
    status: 400,
    says: /\[asleep\] is already suspended/,
  },
  {
    name: 'suspending with a form',
    method: 'POST',
    path: `${supervisorPath}/known/suspend`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'a=b',
    status: 415,
    says: /application\/json/,
  },
  {
    name: 'a NUL in an id',
    path: `${supervisorPath}/a%00b`,
    status: 400,
    says: /supervisor id: found a NUL character/,
  },
  { name: 'a broken escape in a path', path: `${supervisorPath}/%zz`, status: 400, says: /%zz/ },
  {
    name: 'an id of ten thousand letters',
    path: `${supervisorPath}/${'x'.repeat(10_000)}`,
    status: 414,
    says: /too long/,
  },
  {
    name: 'an id that looks like a path',
    path: `${supervisorPath}/..%2F..%2Fetc%2Fpasswd`,
    status: 404,
    says: /does not exist/,
  },
  {
    name: 'count 0',
    path: `${supervisorPath}/known/history?count=0`,
    status: 400,
    says: /count: found "0", expected a whole number of 1 or more/,
  },
  { name: 'count x', path: `${supervisorPath}/known/history?count=x`, status: 400, says: /count: found "x"/ },
  {
    name: 'count -1',
    path: `${supervisorPath}/known/history?count=-1`,
    status: 400,
    says: /count: found "-1"/,
  },
  {
    name: 'a path that is not there',
    path: '/druid/nosuch',
    status: 404,
    says: /GET \/druid\/nosuch: no such path/,
  },
  {
    name: 'an unknown command',
    path: '/druid/indexer/v1/command/nope',
    status: 404,
    says: /command \[nope\] does not exist/,
  },
  { name: 'SQL by GET', path: '/druid/v2/sql', status: 405, says: /found GET, expected POST/ },
  {
    ...sql,
    name: 'SQL as text',
    headers: { 'content-type': 'text/plain' },
    body: 'select 1',
    status: 415,
    says: /application\/json/,
  },
  {
    ...sql,
    name: 'cut JSON as SQL',
    body: '{',
    status: 400,
    says: /found the end of the text at line 1, column 2/,
  },
  { ...sql, name: 'SQL without a body', body: '', status: 400, says: /found nothing/ },
  {
    ...sql,
    name: 'an array as SQL',
    body: '[]',
    status: 400,
    says: /body: found an array of 0, expected an object with "query"/,
  },
  {
    ...sql,
    name: 'no query',
    body: '{}',
    status: 400,
    says: /query: found nothing, expected the SQL statement/,
  },
  { ...sql, name: 'a query that is a number', body: '{"query":7}', status: 400, says: /query: found 7/ },
  {
    ...sql,
    name: 'an unknown format',
    body: '{"query":"select 1","resultFormat":"xml"}',
    status: 400,
    says: /resultFormat: found "xml", expected one of object, array/,
  },
  {
    ...sql,
    name: 'a header that is a word',
    body: '{"query":"select 1","header":"yes"}',
    status: 400,
    says: /header: found "yes", expected true or false/,
  },
  {
    ...sql,
    name: 'types without a header',
    body: '{"query":"select 1","typesHeader":true}',
    status: 400,
    says: /expected header to be true/,
  },
  {
    ...sql,
    name: 'parameters that are no list',
    body: '{"query":"select 1","parameters":{}}',
    status: 400,
    says: /parameters: found an object, expected an array/,
  },
  {
    ...sql,
    name: 'a parameter without a type',
    body: '{"query":"select ?","parameters":[{"value":1}]}',
    status: 400,
    says: /parameters\[0\]: found an object/,
  },
  {
    ...sql,
    name: 'a context that is a list',
    body: '{"query":"select 1","context":[]}',
    status: 400,
    says: /context: found an array of 0, expected an object/,
  },
  {
    ...sql,
    name: 'a negative timeout',
    body: '{"query":"select 1","context":{"timeout":-1}}',
    status: 400,
    says: /context.timeout: found -1/,
  },
  {
    ...sql,
    name: 'an id with a line break',
    body: '{"query":"select 1","context":{"sqlQueryId":"a\\nb"}}',
    status: 400,
    says: /context.sqlQueryId: found/,
  },
  {
    ...sql,
    name: 'a megabyte of SQL',
    body: JSON.stringify({ query: 'x'.repeat(1_000_000) }),
    status: 413,
    says: /too large/,
  },
  {
    name: 'cancelling a query that does not run',
    method: 'DELETE',
    path: '/druid/v2/sql/nope',
    status: 404,
    says: /query \[nope\] is not running/,
  },
  {
    ...post,
    name: 'another origin',
    headers: { ...json, origin: 'https://evil.example' },
    body: good,
    status: 403,
    says: /Origin: found "https:\/\/evil.example"/,
  },
  {
    name: 'another site, without a body',
    method: 'POST',
    path: `${supervisorPath}/known/terminate`,
    headers: { 'sec-fetch-site': 'cross-site' },
    status: 403,
    says: /cross-site/,
  },
  {
    name: 'a rebound name',
    path: supervisorPath,
    headers: { host: 'evil.example:8888' },
    status: 403,
    says: /Host: found "evil.example:8888", expected a loopback name/,
  },
];

let world: FakeWorld;

beforeAll(() => {
  world = aWorld();
  world.rows.set('known', aRow('known', { dataSource: 'clicks' }));
  world.rows.set('asleep', aRow('asleep', { desired: 'suspended' }));
  world.rows.set('ended', aRow('ended', { desired: 'terminated', specText: null }));
  world.versions.push({ supervisorId: 'known', version: 1, specText: good, atMs: 0, by: 'api' });
});

afterAll(() => world.server.close());

type Response = { statusCode: number; body: string; headers: Record<string, unknown> };

/** Our shape, no trace of the code, nothing written, nobody told, and the server lives. Gives the message. */
async function expectRefused(response: Response, status: number): Promise<string> {
  expect({ status: response.statusCode, body: response.body }).toMatchObject({ status });
  expect(response.headers['content-type']).toMatch(/^application\/json/);
  const body = JSON.parse(response.body) as { error: string; errorCode: string; errorMessage?: string };
  expect(body).toMatchObject({ error: expect.any(String), errorCode: expect.any(String) });
  expect(response.body).not.toMatch(/node_modules|\.ts:\d|\.js:\d|at \w+ \(/);
  expect(world.versions).toHaveLength(1);
  expect(world.notices).toEqual([]);
  expect(world.queries).toEqual([]);
  const health = await world.server.inject({ path: '/status/health' });
  expect(health.body).toBe('true');
  return body.errorMessage ?? body.error;
}

describe('wrong requests', () => {
  it('are more than thirty', () => expect(requests.length).toBeGreaterThanOrEqual(30));

  it.each(requests)('$name: $status', async ({ method, path, headers, body, status, says }) => {
    const response = await world.server.inject({
      method: method ?? 'GET',
      path: path ?? '/',
      headers: headers ?? {},
      ...(body === undefined ? {} : { body }),
    });
    expect(await expectRefused(response, status)).toMatch(says);
  });
});

/** A few are too deep to be written as JSON at all; depth has rows of its own above. */
const specsAsText = wrongSpecs.flatMap((wrong) => {
  try {
    const text = JSON.stringify(wrong.spec) as string | undefined;
    return text === undefined ? [] : [{ ...wrong, text }];
  } catch {
    return [];
  }
});

describe('wrong specs over HTTP', () => {
  it('are more than fifty', () => expect(specsAsText.length).toBeGreaterThanOrEqual(50));

  it.each(specsAsText)('$name: 400', async ({ text, path }) => {
    const response = await world.server.inject({ ...post, body: text });
    const message = await expectRefused(response, 400);
    // Nesting too deep is refused before it is a spec.
    if (/deeper than/.test(message)) return;
    const { problems } = JSON.parse(response.body) as { problems: { path: string }[] };
    expect(problems.find((problem) => problem.path === path)).toMatchObject({
      found: expect.any(String),
      expected: expect.any(String),
    });
  });
});
