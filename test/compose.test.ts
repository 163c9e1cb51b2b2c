/** docker-compose.yml and Dockerfile describe the system the code knows: versions, ports, settings, role commands. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { brokerProperties } from '../stack/kafka.ts';
import { kafkaPin, searchAttributes, temporalPin } from '../stack/pins.ts';
import { readConfig, roles, settings, settingsOf } from '../workers/config.ts';
import type { Role } from '../workers/config.ts';

type Service = {
  image: string;
  build?: string;
  command?: string[];
  environment?: Record<string, string | number>;
  ports?: string[];
  volumes?: string[];
};

const run = promisify(execFile);
const root = new URL('../', import.meta.url);
const text = (name: string) => readFileSync(new URL(name, root), 'utf8');
const compose = parse(text('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, null>;
};
const dockerfile = text('Dockerfile');
const manifest = JSON.parse(text('package.json')) as { bin: { headgate: string }; engines: { node: string } };

function service(name: string): Service {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}

function environmentOf(role: Role): Record<string, string> {
  const entries = Object.entries(service(role).environment ?? {});
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

test('every role is a service, next to the three servers and nothing else', () => {
  const expected = [...roles, 'temporal', 'kafka', 'postgres'].sort();
  expect(Object.keys(compose.services).sort()).toEqual(expected);
});

test('servers have the versions of dev and tests', () => {
  expect(service('temporal').image).toBe(`temporalio/temporal:${temporalPin.cli}`);
  expect(service('kafka').image).toBe(`apache/kafka:${kafkaPin.version}`);
  expect(service('postgres').image).toMatch(/^postgres:1[4-9]$/);
});

test('every port is bound to loopback', () => {
  const ports = Object.values(compose.services).flatMap((each) => each.ports ?? []);
  expect(ports).toContain(`127.0.0.1:${settings.apiPort.fallback}:${settings.apiPort.fallback}`);
  expect(ports).toHaveLength(5);
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1$/);
});

test('every named volume is declared, and every declared one is used', () => {
  const used = Object.values(compose.services).flatMap((each) => each.volumes ?? []);
  const names = [...new Set(used.map((mount) => mount.split(':')[0]))].sort();
  expect(names).toEqual(Object.keys(compose.volumes).sort());
});

describe.each(roles)('role %s', (role) => {
  test('is our image with the role as its command', async () => {
    expect(service(role)).toMatchObject({ build: '.', image: 'headgate' });
    const command = service(role).command ?? [];
    expect(command).toEqual(role === 'api' ? ['api'] : ['worker', role]);
    const args = ['--import', 'tsx', 'cli/main.ts', ...command, '--help'];
    const { stdout } = await run(process.execPath, args, { cwd: root });
    for (const setting of settingsOf(role)) expect(stdout).toContain(`  ${setting.env} `);
  });

  test('gets settings it knows, with values it takes, and all it needs', () => {
    const given = environmentOf(role);
    const known = settingsOf(role).map(({ env }) => env);
    expect(Object.keys(given).filter((name) => !known.includes(name))).toEqual([]);
    const config = readConfig(role, given);
    expect(config.temporalNamespace).toBe(temporalPin.namespace);
    const storage = (service(role).volumes ?? []).map((mount) => mount.split(':'));
    expect(storage).toEqual([['segments', config.deepStorage]]);
    // Without a value of its own it would write below /tmp of the container.
    if (role !== 'control') expect(config.scratch).toBe('/data/scratch');
    expect(dockerfile).toContain('mkdir -p /data/segments /data/scratch && chown -R node:node /data');
  });

  test('finds Postgres and Temporal under the names and ports they have', () => {
    const config = readConfig(role, environmentOf(role));
    const database = service('postgres').environment ?? {};
    const url = `postgres://${database['POSTGRES_USER']}:${database['POSTGRES_PASSWORD']}@postgres:5432/${database['POSTGRES_DB']}`;
    expect(config.postgresUrl).toBe(url);
    expect(config.temporalAddress).toBe('temporal:7233');
    expect(service('temporal').ports).toContain('127.0.0.1:7233:7233');
  });
});

test('the API is reachable from outside its container, on the port that is published', () => {
  const { apiHost, apiPort, temporalUi } = readConfig('api', environmentOf('api'));
  expect(apiHost).toBe('0.0.0.0');
  expect(service('api').ports).toEqual([`127.0.0.1:${apiPort}:${apiPort}`]);
  expect(dockerfile).toContain(`EXPOSE ${apiPort}`);
  expect(service('temporal').ports).toContain(`127.0.0.1:${new URL(temporalUi ?? '').port}:8233`);
});

test('Temporal gets our search attributes', () => {
  const attributes = (service('temporal').command ?? []).filter((word) =>
    word.startsWith('--search-attribute'),
  );
  expect(attributes).toEqual(searchAttributes.map((name) => `--search-attribute=${name}=Keyword`));
});

test('Kafka is set up as the one of dev', () => {
  const given = service('kafka').environment ?? {};
  const ours = new Map(
    brokerProperties({ port: 1, controllerPort: 2, logDir: '' })
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const shared = [
    'process.roles',
    'node.id',
    'auto.create.topics.enable',
    'offsets.topic.replication.factor',
    'transaction.state.log.replication.factor',
    'transaction.state.log.min.isr',
    'message.max.bytes',
    'replica.fetch.max.bytes',
  ];
  for (const name of shared) {
    const variable = `KAFKA_${name.toUpperCase().replaceAll('.', '_')}`;
    expect(String(given[variable]), variable).toBe(ours.get(name));
  }
});

test('the image runs the program of package.json, on a Node it allows', () => {
  expect(dockerfile).toContain(`ENTRYPOINT ["node", "/app/${manifest.bin.headgate}"]`);
  const versions = [...dockerfile.matchAll(/^FROM node:(\d+)-/gm)].map((match) => match[1]);
  expect(versions).toEqual(['20', '20']);
  expect(manifest.engines.node).toBe('>=20.19');
});
