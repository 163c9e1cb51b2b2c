import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { installOnce } from '../../stack/cache.ts';
import { brokerProperties, kafkaServer, locateKafka, newClusterId, pomOf } from '../../stack/kafka.ts';
import { PortMemory } from '../../stack/ports.ts';
import { silentLog } from '../../stack/progress.ts';
import { fakeProgram, temporaryFolder } from './temporary.ts';

const java17 = 'echo \'openjdk version "17.0.15" 2025-04-15\' >&2';

function machine() {
  const folder = temporaryFolder();
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  return { folder, bin, env: { PATH: bin, XDG_CACHE_HOME: join(folder, 'cache') } };
}

describe('where the broker comes from', () => {
  test('an address needs neither Java nor Maven', async () => {
    const located = await locateKafka({ HEADGATE_KAFKA_BOOTSTRAP: 'host:9092' });
    expect(located).toEqual({ kind: 'external', address: 'host:9092' });
  });

  test('Java and Maven are both named when both are missing', async () => {
    const { env } = machine();
    const located = await locateKafka(env);
    if (located.kind !== 'missing') throw new Error(located.kind);
    expect(located.missing.map(({ tool }) => tool)).toEqual(['Java 17', 'Maven']);
    for (const { remedy } of located.missing) expect(remedy).toContain('HEADGATE_KAFKA_BOOTSTRAP');
  });

  test('an old Java is named with what was found', async () => {
    const { bin, env } = machine();
    fakeProgram(bin, 'java', 'echo \'openjdk version "11.0.2"\' >&2');
    fakeProgram(bin, 'mvn', '');
    const located = await locateKafka(env);
    expect(located).toMatchObject({ kind: 'missing', missing: [{ tool: 'Java 17 (found 11)' }] });
  });

  test('an installation on PATH brings its jars', async () => {
    const { folder, bin, env } = machine();
    fakeProgram(bin, 'java', java17);
    fakeProgram(bin, 'kafka-server-start.sh', '');
    const libs = join(folder, 'libs');
    mkdirSync(libs);
    writeFileSync(join(libs, 'kafka_2.13-4.3.1.jar'), '');
    expect(await locateKafka(env)).toEqual({
      kind: 'present',
      source: { java: join(bin, 'java'), libs },
    });
    writeFileSync(join(libs, 'kafka_2.12-3.9.2.jar'), '');
    expect(await locateKafka(env)).toHaveProperty('warning', expect.stringContaining('is not Kafka 4.3.1'));
  });

  test('Maven fills the cache with jars only', async () => {
    const { folder, bin, env } = machine();
    fakeProgram(bin, 'java', java17);
    const say = 'echo "Downloading from central: protocol://host/org/a.jar"';
    fakeProgram(
      bin,
      'mvn',
      `${say}; for a; do case $a in -DoutputDirectory=*) : > "\${a#*=}/a.jar";; esac; done`,
    );
    const located = await locateKafka(env);
    if (located.kind !== 'installable') throw new Error(located.kind);
    const details: string[] = [];
    const step = { detail: (text: string) => void details.push(text), done() {}, failed() {} };
    await installOnce(located.install, { line() {}, step: () => step });
    const libs = join(folder, 'cache', 'headgate', 'kafka-4.3.1');
    expect(readdirSync(libs)).toEqual(['a.jar']);
    expect(details).toEqual(['a.jar']);
    expect(await locateKafka({ ...env, PATH: bin })).toMatchObject({ kind: 'present', source: { libs } });
  });
});

test('the POM names the pinned artifacts', () => {
  expect(pomOf(['g:a:1', 'h:b:2'])).toContain(
    '<dependency><groupId>g</groupId><artifactId>a</artifactId><version>1</version></dependency>',
  );
});

test('the class path is explicit and sorted', async () => {
  const dataDir = temporaryFolder();
  const libs = temporaryFolder();
  for (const name of ['b.jar', 'a.jar', 'notes.txt']) writeFileSync(join(libs, name), '');
  const ports = new PortMemory(dataDir);
  const { recipe, bootstrap } = await kafkaServer({
    jars: { java: 'java', libs },
    dataDir,
    ports,
    log: silentLog,
  });
  expect(bootstrap).toBe(`127.0.0.1:${recipe.port}`);
  const { args } = recipe.command;
  expect(args[args.indexOf('-cp') + 1]).toBe(`${join(libs, 'a.jar')}:${join(libs, 'b.jar')}`);
});

test('topics are made on purpose only, transactions need one replica, 5 MB records fit', () => {
  const text = brokerProperties({ port: 1, controllerPort: 2, logDir: '/d' });
  const properties = Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => line.split(/=(.*)/s)),
  );
  expect(properties).toMatchObject({
    'auto.create.topics.enable': 'false',
    'delete.topic.enable': 'true',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'offsets.topic.replication.factor': '1',
    listeners: 'PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2',
  });
  expect(Number(properties['message.max.bytes'])).toBeGreaterThan(5 * 1024 * 1024);
  expect(properties['replica.fetch.max.bytes']).toBe(properties['message.max.bytes']);
});

test('the memory of ports is the data folder itself', async () => {
  const dataDir = temporaryFolder();
  const libs = temporaryFolder();
  const make = () =>
    kafkaServer({ jars: { java: 'java', libs }, dataDir, ports: new PortMemory(dataDir), log: silentLog });
  expect((await make()).bootstrap).toBe((await make()).bootstrap);
  expect(Object.keys(JSON.parse(readFileSync(join(dataDir, 'ports.json'), 'utf8')))).toEqual([
    'kafka',
    'kafka-controller',
  ]);
});

test('a cluster id is never one that the format tool takes for an option', () => {
  const optionLike = Buffer.alloc(16, 0xf8);
  expect(optionLike.toString('base64url')).toMatch(/^-/);
  const draws = [optionLike, optionLike, Buffer.alloc(16)];
  expect(newClusterId(() => draws.shift() ?? optionLike)).toBe('A'.repeat(22));
});
