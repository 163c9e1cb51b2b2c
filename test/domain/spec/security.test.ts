/** TLS, SASL and providers in `consumerProperties`: what is kept, what is refused with which words, what is warned of. */
import { describe, expect, it } from 'vitest';
import { describeProblems, parseSupervisorSpec } from '../../../domain/spec/parse.ts';
import { mask } from '../../../domain/spec/secrets.ts';
import { aRawSpec, changed } from './raw-spec.ts';

const place = 'spec.ioConfig.consumerProperties';
const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required';
const canary = 'canary-value';
const login = `username="u" password="${canary}";`;

function parseWith(properties: Readonly<Record<string, unknown>>) {
  return parseSupervisorSpec(
    changed(aRawSpec(), place, { 'bootstrap.servers': 'broker:9092', ...properties }),
  );
}

function refusal(properties: Readonly<Record<string, unknown>>): string {
  const result = parseWith(properties);
  const said = result.kind === 'invalid' ? describeProblems(result.problems) : 'accepted';
  expect(said).not.toContain(canary);
  return said;
}

function kept(properties: Readonly<Record<string, unknown>>) {
  const result = parseWith(properties);
  if (result.kind === 'invalid') throw new Error(describeProblems(result.problems));
  expect(describeProblems(result.warnings)).not.toContain(canary);
  return { properties: result.spec.io.consumerProperties, warnings: result.warnings };
}

describe('a spec with TLS and SASL', () => {
  it('keeps what a connection needs', () => {
    const given = {
      'security.protocol': 'sasl_ssl',
      'sasl.mechanism': 'SCRAM-SHA-512',
      'sasl.jaas.config': `${scram} ${login}`,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.certificates': '-----BEGIN CERTIFICATE-----',
      'ssl.endpoint.identification.algorithm': 'https',
      'ssl.enabled.protocols': 'TLSv1.2,TLSv1.3',
    };
    expect(kept(given)).toEqual({
      properties: {
        'security.protocol': 'SASL_SSL',
        'sasl.mechanism': 'SCRAM-SHA-512',
        'sasl.jaas.config': `${scram} ${login}`,
        'ssl.truststore.certificates': '-----BEGIN CERTIFICATE-----',
        'ssl.enabled.protocols': 'TLSv1.2,TLSv1.3',
      },
      warnings: [],
    });
  });

  it.each([
    [
      'no mechanism',
      { 'sasl.jaas.config': `${plain} ${login}` },
      /sasl\.mechanism.*GSSAPI, is not supported/,
    ],
    ['no login', { 'sasl.mechanism': 'PLAIN' }, /sasl\.jaas\.config.*login module/],
    ['GSSAPI', { 'sasl.mechanism': 'GSSAPI' }, /"GSSAPI".*Kerberos/],
    ['OAUTHBEARER', { 'sasl.mechanism': 'OAUTHBEARER' }, /OAUTHBEARER.*address that a spec names/],
    ['AWS_MSK_IAM', { 'sasl.mechanism': 'AWS_MSK_IAM' }, /MSK takes SCRAM/],
    [
      'the module of another mechanism',
      { 'sasl.mechanism': 'SCRAM-SHA-256', 'sasl.jaas.config': `${plain} ${login}` },
      /PlainLoginModule.*use ScramLoginModule/,
    ],
    [
      'a module that loads code',
      {
        'sasl.mechanism': 'PLAIN',
        'sasl.jaas.config':
          'com.sun.security.auth.module.JndiLoginModule required user.provider.url="ldap://x/y";',
      },
      /JndiLoginModule, which is refused/,
    ],
    [
      'a masked login',
      { 'sasl.mechanism': 'PLAIN', 'sasl.jaas.config': mask },
      /masked wherever a spec is shown; write the secret again/,
    ],
    ['a Java key store', { 'ssl.keystore.type': 'JKS' }, /"JKS", expected PEM.*keytool/],
    ['a PKCS12 store', { 'ssl.truststore.type': 'pkcs12' }, /expected PEM.*openssl/],
    ['a file', { 'ssl.truststore.location': '/etc/canary-value' }, /ssl\.truststore\.certificates/],
    ['an old TLS', { 'ssl.enabled.protocols': 'TLSv1,TLSv1.2' }, /not safe any more/],
    ['a key alone', { 'ssl.keystore.key': canary }, /ssl\.keystore\.certificate\.chain/],
    ['a certificate alone', { 'ssl.keystore.certificate.chain': canary }, /ssl\.keystore\.key/],
  ])('is refused with %s', (_what, properties, words) => {
    const whole = {
      'security.protocol': 'SASL_SSL',
      ...('sasl.jaas.config' in properties || 'sasl.mechanism' in properties
        ? {}
        : { 'sasl.mechanism': 'PLAIN', 'sasl.jaas.config': `${plain} ${login}` }),
      ...properties,
    };
    expect(refusal(whole)).toMatch(words);
  });

  it.each([
    [
      'a login without SASL',
      { 'sasl.mechanism': 'PLAIN', 'sasl.jaas.config': `${plain} ${login}` },
      /did you mean security\.protocol SASL_PLAINTEXT/,
    ],
    [
      'authorities without TLS',
      { 'ssl.truststore.certificates': 'x' },
      /did you mean security\.protocol SSL/,
    ],
    [
      'a password in the clear',
      {
        'security.protocol': 'SASL_PLAINTEXT',
        'sasl.mechanism': 'PLAIN',
        'sasl.jaas.config': `${plain} ${login}`,
      },
      /sends the password over the network/,
    ],
    [
      'no check of the host',
      { 'security.protocol': 'SSL', 'ssl.endpoint.identification.algorithm': '' },
      /can pose as the broker/,
    ],
    [
      'a password of a store',
      { 'security.protocol': 'SSL', 'ssl.truststore.password': canary },
      /no password/,
    ],
    [
      'a reference without effect',
      { 'security.protocol': 'SSL', 'ssl.keystore.password': { type: 'environment', variable: 'KAFKA_P' } },
      /no effect here/,
    ],
  ])('is warned of %s', (_what, properties, words) => {
    const { warnings } = kept(properties);
    expect(warnings).toHaveLength(1);
    expect(describeProblems(warnings)).toMatch(words);
  });
});

describe('a provider', () => {
  it('names a variable, and nothing is looked up', () => {
    const { properties } = kept({
      'security.protocol': 'SSL',
      'ssl.keystore.certificate.chain': { type: 'environment', variable: 'KAFKA_CHAIN' },
      'ssl.keystore.key': { type: 'environment', variable: 'KAFKA_KEY' },
      'ssl.key.password': { type: 'default', password: ` ${canary} ` },
    });
    expect(properties).toEqual({
      'security.protocol': 'SSL',
      'ssl.keystore.certificate.chain': { variable: 'KAFKA_CHAIN' },
      'ssl.keystore.key': { variable: 'KAFKA_KEY' },
      'ssl.key.password': canary,
    });
  });

  it('of several properties counts more than what is written beside it', () => {
    const { properties, warnings } = kept({
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': 'PLAIN',
      'sasl.jaas.config': `${plain} ${login}`,
      'druid.dynamic.config.provider': {
        type: 'environment',
        variables: { 'sasl.jaas.config': 'KAFKA_JAAS', 'client.id': 'KAFKA_CLIENT' },
      },
    });
    expect(properties).toMatchObject({
      'sasl.jaas.config': { variable: 'KAFKA_JAAS' },
      'client.id': { variable: 'KAFKA_CLIENT' },
    });
    expect(describeProblems(warnings)).toMatch(/what the provider gives is used/);
  });

  it('of type mapString is as if written', () => {
    const { properties } = kept({
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': 'PLAIN',
      'druid.dynamic.config.provider': {
        type: 'mapString',
        config: { 'sasl.jaas.config': `${plain} ${login}` },
      },
    });
    expect(properties['sasl.jaas.config']).toBe(`${plain} ${login}`);
  });

  const dynamic = 'druid.dynamic.config.provider';
  it.each([
    ['of an unknown type', { 'ssl.key.password': { type: 'aws', password: canary } }, /provider of type aws/],
    ['of no type', { 'ssl.key.password': { password: canary } }, /no provider/],
    ['without a variable', { 'ssl.key.password': { type: 'environment' } }, /environment variable/],
    [
      'of a strange variable',
      { 'ssl.key.password': { type: 'environment', variable: 'A B' } },
      /letters, digits/,
    ],
    ['of brokers', { 'bootstrap.servers': { type: 'environment', variable: 'KAFKA_B' } }, /host:port/],
    ['that is a text', { [dynamic]: canary }, /mapString/],
    ['without variables', { [dynamic]: { type: 'environment' } }, /names of properties/],
    [
      'that names a refused property',
      { [dynamic]: { type: 'environment', variables: { 'sasl.login.class': 'KAFKA_X' } } },
      /variables\["sasl\.login\.class"\].*code to load/,
    ],
    [
      'that names an unknown property',
      { [dynamic]: { type: 'mapString', config: { 'ssl.key.passwort': canary } } },
      /did you mean ssl\.key\.password/,
    ],
    [
      'that names the brokers',
      { [dynamic]: { type: 'environment', variables: { 'bootstrap.servers': 'KAFKA_B' } } },
      /write bootstrap\.servers itself/,
    ],
    [
      'inside a provider',
      { [dynamic]: { type: 'mapString', config: { [dynamic]: canary } } },
      /unknown property/,
    ],
  ])('is refused when %s', (_what, properties, words) => {
    expect(refusal(properties)).toMatch(words);
  });
});
