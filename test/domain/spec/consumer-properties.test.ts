/** The allow-list of client properties (reliability.md S3): what is not listed never gets through, by whatever name. */
import { describe, expect, it } from 'vitest';
import { consumerProperties } from '../../../domain/spec/consumer-properties.ts';
import { describeProblems, parseSupervisorSpec } from '../../../domain/spec/parse.ts';
import { aRawSpec, changed } from './raw-spec.ts';

const place = 'spec.ioConfig.consumerProperties';

function parseWith(properties: Readonly<Record<string, unknown>>) {
  return parseSupervisorSpec(
    changed(aRawSpec(), place, { 'bootstrap.servers': 'broker:9092', ...properties }),
  );
}

/** Keys of Java's client and of librdkafka that read files, call hosts, run commands, load code, or are not for a spec. */
const refusedKeys: readonly string[] = [
  ...[
    'sasl.oauthbearer.token.endpoint.url',
    'sasl.oauthbearer.jwks.endpoint.url',
    'sasl.oauthbearer.jwt.retriever.class',
  ],
  ...['sasl.username', 'sasl.password', 'sasl.kerberos.service.name', 'sasl.login.refresh.window.factor'],
  ...['sasl.login.callback.handler.class', 'sasl.client.callback.handler.class', 'sasl.login.class'],
  ...[
    'sasl.kerberos.kinit.cmd',
    'sasl.oauthbearer.config',
    'sasl.oauthbearer.method',
    'sasl.oauthbearer.assertion.file',
  ],
  ...[
    'ssl.keystore.location',
    'ssl.truststore.location',
    'ssl.key.location',
    'ssl.ca.location',
    'ssl.crl.location',
  ],
  ...['ssl.certificate.location', 'ssl.engine.factory.class', 'security.providers', 'config.providers'],
  ...['config.providers.file.class', 'interceptor.classes', 'metric.reporters', 'key.deserializer'],
  ...['value.deserializer', 'partition.assignment.strategy', 'plugin.library.paths', 'key.serializer'],
  ...[
    'auto.include.jmx.reporter',
    'enable.metrics.push',
    'group.protocol',
    'transactional.id',
    'metrics.sample.window.ms',
  ],
  ...[
    'statistics.interval.ms',
    'broker.address.family',
    'socket.keepalive.enable',
    'debug',
    'opaque',
    'log_cb',
  ],
  ...[
    'bootstrap.server',
    'BOOTSTRAP.SERVERS',
    ' client.id',
    'client.id ',
    'constructorx',
    'toString',
    'valueOf',
  ],
  ...['topic.blacklist', 'builtin.features', 'x'.repeat(5000)],
];

describe('consumerProperties', () => {
  it('knows about twenty-five harmless keys', () => {
    const harmless = consumerProperties.filter((known) => /works|noEffect/.test(known.class));
    expect(harmless.length).toBeGreaterThanOrEqual(25);
  });

  it.each(refusedKeys)('refuses %s by name, and does not repeat its value', (key) => {
    const result = parseWith({ [key]: 'canary-value' });
    const said = result.kind === 'invalid' ? describeProblems(result.problems) : 'accepted';
    expect(said).toContain(key.slice(0, 40));
    expect(said).not.toContain('canary-value');
  });

  it.each([
    [100, '100'],
    ['100', '100'],
    [' 100 ', '100'],
  ])('keeps %j as text', (value, kept) => {
    const result = parseWith({ 'fetch.max.wait.ms': value });
    expect(result).toMatchObject({
      kind: 'ok',
      spec: { io: { consumerProperties: { 'fetch.max.wait.ms': kept } } },
    });
  });

  it.each([
    ['fetch.max.wait.ms', 'soon'],
    ['fetch.max.bytes', 0],
    ['request.timeout.ms', 1e12],
    ['retry.backoff.ms', true],
    ['client.id', 'a\nb'],
    ['client.id', ''],
    ['client.id', ['a']],
    ['isolation.level', 'serializable'],
  ])('refuses %s as %j', (key, value) => {
    expect(parseWith({ [key]: value })).toMatchObject({
      kind: 'invalid',
      problems: [{ path: `${place}[${JSON.stringify(key)}]` }],
    });
  });

  it.each([
    ['security.protocol', 'plaintext'],
    ['auto.offset.reset', 'none'],
    ['enable.auto.commit', false],
    ['check.crcs', 'true'],
    ['group.id', null],
  ])('has nothing to say to %s = %j', (key, value) => {
    expect(parseWith({ [key]: value })).toMatchObject({
      kind: 'ok',
      warnings: [],
      spec: { io: { consumerProperties: {} } },
    });
  });

  it.each(consumerProperties.filter((known) => known.class === 'noEffect'))('warns of $key', ({ key }) => {
    expect(parseWith({ [key]: '12345' })).toMatchObject({
      kind: 'ok',
      warnings: [{ path: `${place}[${JSON.stringify(key)}]` }],
    });
  });

  it.each([
    ...[
      'broker',
      'broker:',
      ':9092',
      'broker:0',
      'broker:65536',
      'broker:9092/x',
      'user@broker:9092',
      'a b:9092',
    ],
    ...[
      'VAULT://b:1',
      'file:///etc/passwd',
      'http://b:80',
      '[::1]',
      '[zz]:1',
      'a:1,,b',
      '',
      ' ',
      ',',
      'bröker:1',
    ],
    ...[9092, true, ['a:1'], { type: 'environment', variable: 'X' }, null],
  ])('refuses the brokers %j', (servers) => {
    expect(parseWith({ 'bootstrap.servers': servers })).toMatchObject({
      kind: 'invalid',
      problems: [{ path: `${place}["bootstrap.servers"]` }],
    });
  });

  it('refuses more brokers than anyone has', () => {
    const servers = Array.from({ length: 101 }, (_, index) => `broker-${index}:9092`).join(',');
    expect(parseWith({ 'bootstrap.servers': servers }).kind).toBe('invalid');
  });
});
