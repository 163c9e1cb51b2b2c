/** The client of a schema registry: what it asks, how it waits, what it never does. */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SchemaRegistry } from '../../../domain/spec/input-format.ts';
import { RegistryClient, type Patience } from '../../../formats/schema-registry/registry-client.ts';
import { checkedLookup, getFromRegistry, isRefused } from '../../../formats/schema-registry/registry-http.ts';
import { resolveProperties } from '../../../streams/kafka/resolve-properties.ts';
import { FakeRegistry } from './fake-registry.ts';

const quick: Partial<Patience> = { requestMs: 2_000, tryForMs: 300, firstWaitMs: 5, longestWaitMs: 20 };
const environment = { variables: { REGISTRY_LOGIN: 'fred:letmein\n', OTHER: 'x' }, prefixes: ['REGISTRY_'] };

function client(registry: Partial<SchemaRegistry>, patience: Partial<Patience> = quick): RegistryClient {
  return new RegistryClient({
    registry: { urls: [], capacity: 10, config: {}, headers: {}, ...registry },
    resolveSecrets: (values, field) => resolveProperties(values, environment, field),
    format: null,
    patience,
  });
}

describe('a client of a schema registry', () => {
  let registry: FakeRegistry;

  beforeEach(async () => {
    registry = await FakeRegistry.open();
    registry.ids.set(1, { schema: '"int"' });
  });

  afterEach(async () => {
    await registry.close();
  });

  test('asks below a path, too', async () => {
    await client({ urls: [`${registry.url}/apis/ccompat/v7`] }).schema(1);
    await client({ urls: [`${registry.url}/apis/`] }).schema(-1);
    expect(registry.asked.map(({ path }) => path)).toEqual([
      '/apis/ccompat/v7/schemas/ids/1',
      '/apis/schemas/ids/-1',
    ]);
  });

  test('sends headers and a login, and looks secrets up for each question', async () => {
    const headers = { 'x-tenant': 'a' };
    const config = { 'basic.auth.user.info': { variable: 'REGISTRY_LOGIN' } };
    await client({ urls: [registry.url], headers, config }).schema(1);
    await client({ urls: [registry.url], config: { 'bearer.auth.token': 'abc' } }).schema(1);
    expect(registry.asked.map((one) => [one.headers.authorization, one.headers['x-tenant']])).toEqual([
      [`Basic ${Buffer.from('fred:letmein').toString('base64')}`, 'a'],
      ['Bearer abc', undefined],
    ]);
  });

  test('does not ask when a secret is missing or may not be named, and says which', async () => {
    for (const [variable, says] of [
      [
        'REGISTRY_NONE',
        /config of the schema registry: basic.auth.user.info is to be read.*REGISTRY_NONE.*not set/,
      ],
      ['OTHER', /which a spec may not read/],
    ] as const) {
      const config = { 'basic.auth.user.info': { variable } };
      await expect(client({ urls: [registry.url], config }).schema(1)).rejects.toMatchObject({
        code: 'STREAM_SECRET_MISSING',
        message: expect.stringMatching(says) as string,
      });
    }
    expect(registry.asked).toEqual([]);
  });

  test('asks the next address when one does not answer, and goes on with the one that did', async () => {
    const dead = `http://127.0.0.1:${await closedPort()}`;
    const both = client({ urls: [dead, registry.url] });
    expect(await both.schema(1)).toMatchObject({ kind: 'schema', text: '"int"' });
    let broken = 0;
    registry.instead = () => {
      broken += 1;
      return false;
    };
    await both.schema(1);
    expect(broken).toBe(1);
  });

  test.each([500, 502, 503, 429])('asks again after %s', async (status) => {
    let left = 2;
    registry.instead = (answer) => {
      if (left === 0) return false;
      left -= 1;
      answer.statusCode = status;
      answer.end('{}');
      return true;
    };
    expect(await client({ urls: [registry.url] }).schema(1)).toMatchObject({ kind: 'schema' });
    expect(registry.asked).toHaveLength(3);
  });

  test('gives up after a while with the hosts and the last cause, as an error that a later attempt mends', async () => {
    const port = await closedPort();
    await expect(client({ urls: [`http://127.0.0.1:${port}/secret-path`] }).schema(1)).rejects.toMatchObject({
      code: 'STREAM_SCHEMAS_UNREACHABLE',
      retryable: true,
      message: expect.stringMatching(
        new RegExp(`127\\.0\\.0\\.1:${port} cannot be asked: .*ECONNREFUSED`),
      ) as string,
    });
  });

  test.each([
    [401, /refuses the login \(401\)/],
    [403, /refuses the login \(403\)/],
    [301, /redirect \(301\), which is not followed/],
    [307, /redirect \(307\), which is not followed/],
  ])('gives up at once at %s', async (status, says) => {
    registry.instead = (answer, path) => {
      if (path === '/elsewhere') return false;
      answer.statusCode = status;
      answer.setHeader('location', `${registry.url}/elsewhere`);
      answer.end();
      return true;
    };
    await expect(
      client({ urls: [registry.url] }, { ...quick, tryForMs: 60_000 }).schema(1),
    ).rejects.toMatchObject({
      code: 'STREAM_SCHEMAS_UNREACHABLE',
      message: expect.stringMatching(says) as string,
    });
    expect(registry.asked.map(({ path }) => path)).toEqual(['/schemas/ids/1']);
  });

  test.each([
    ['that is no JSON', 'x'],
    ['without a schema', '{}'],
    ['of a schema that is no text', '{"schema":{}}'],
    ['that is null', 'null'],
    ['of wrong references', '{"schema":"x","references":[{"name":"a"}]}'],
  ])('takes an answer %s for none', async (_name, body) => {
    registry.instead = (answer) => {
      answer.end(body);
      return true;
    };
    expect(await client({ urls: [registry.url] }).schema(1)).toEqual({
      kind: 'none',
      reason: 'the registry answers something that is no schema',
    });
  });

  test('gives each reference once, those first that others need, and follows no circle', async () => {
    const to = (...names: string[]) => names.map((name) => ({ name, subject: name, version: 1 }));
    registry.ids.set(2, { schema: 'main', references: to('a', 'b') });
    registry.versions.set('a/1', { schema: 'A', references: to('b', 'a') });
    registry.versions.set('b/1', { schema: 'B', references: to('a') });
    expect(await client({ urls: [registry.url] }).schema(2)).toEqual({
      kind: 'schema',
      type: 'AVRO',
      text: 'main',
      references: [
        { name: 'b', text: 'B' },
        { name: 'a', text: 'A' },
      ],
    });
  });

  test('follows no chain of references without end', async () => {
    const next = (at: number) => [{ name: `s${at}`, subject: `s${at}`, version: 1 }];
    registry.ids.set(2, { schema: 'main', references: next(0) });
    for (let at = 0; at < 250; at++)
      registry.versions.set(`s${at}/1`, { schema: 's', references: next(at + 1) });
    expect(await client({ urls: [registry.url] }).schema(2)).toMatchObject({ kind: 'none' });
    expect(registry.asked.length).toBeLessThan(210);
  });
});

describe('a question to a registry', () => {
  test('ends when no answer comes, and when one is too long', async () => {
    const registry = await FakeRegistry.open();
    try {
      registry.instead = (answer) => {
        answer.write('x'.repeat(5 * 1024 * 1024));
        return true;
      };
      await expect(getFromRegistry(new URL(registry.url), { headers: {}, timeoutMs: 5_000 })).rejects.toThrow(
        /longer than 4194304 bytes/,
      );
      registry.instead = () => true;
      await expect(getFromRegistry(new URL(registry.url), { headers: {}, timeoutMs: 50 })).rejects.toThrow(
        /no answer within 0.05 s/,
      );
    } finally {
      await registry.close();
    }
  });

  test.each([
    '169.254.169.254',
    '169.254.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    'fe80::1',
    'ff02::1',
    '::ffff:169.254.169.254',
    'fd00:ec2::254',
  ])('never goes to %s', async (address) => {
    expect(isRefused(address)).toBe(true);
    const host = address.includes(':') ? `[${address}]` : address;
    await expect(
      getFromRegistry(new URL(`http://${host}:8081/`), { headers: {}, timeoutMs: 5_000 }),
    ).rejects.toThrow(/is not connected to/);
  });

  test.each(['http://2852039166/', 'http://0xa9fea9fe/', 'http://0251.0376.0251.0376/'])(
    'never goes to the address of the cloud written as %s',
    async (url) => {
      await expect(getFromRegistry(new URL(url), { headers: {}, timeoutMs: 5_000 })).rejects.toThrow(
        /is not connected to/,
      );
    },
  );

  test.each(['10.0.0.1', '192.168.1.1', '127.0.0.1', '::1', '8.8.8.8', '2001:db8::1'])(
    'may go to %s',
    (address) => {
      expect(isRefused(address)).toBe(false);
    },
  );
});

describe('the address of a name', () => {
  const resolve = (...addresses: string[]) =>
    new Promise((done) => {
      const all = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
      const look = checkedLookup((_name, _options, callback) => callback(null, all));
      look('registry', {}, (error, address) => done(error?.message ?? address));
    });

  test('is looked at when the connection is made; one that is not allowed spoils the others', async () => {
    expect(await resolve('10.0.0.1', '10.0.0.2')).toBe('10.0.0.1');
    expect(await resolve('10.0.0.1', '169.254.169.254')).toMatch(/169.254.169.254 .* is not connected to/);
    expect(await resolve('::ffff:169.254.169.254')).toMatch(/is not connected to/);
  });

  test('is looked at in every question', async () => {
    await expect(
      getFromRegistry(new URL('http://registry.invalid:1/'), { headers: {}, timeoutMs: 5_000 }),
    ).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/);
  });
});

/** Nothing listens there. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
