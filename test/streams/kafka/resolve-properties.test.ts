/** References to the environment: which are followed, and what is said of those that are not. */
import { describe, expect, it } from 'vitest';
import { kafkaJsSecurity } from '../../../streams/kafka/kafkajs-security.ts';
import { noSecrets, resolveProperties } from '../../../streams/kafka/resolve-properties.ts';
import { kafkaSettings } from '../../../streams/kafka/settings.ts';

const environment = {
  variables: {
    KAFKA_PASSWORD: 'canary-secret\n',
    KAFKA_EMPTY: ' ',
    HEADGATE_POSTGRES_URL: 'canary-secret',
    HEADGATE_SECRET_X: 'x',
  },
  prefixes: ['HEADGATE_SECRET_', 'KAFKA_'],
};

describe('references to the environment', () => {
  it('are replaced, and texts stay', () => {
    const properties = {
      a: { variable: 'KAFKA_PASSWORD' },
      b: 'as it is ',
      c: { variable: 'HEADGATE_SECRET_X' },
    };
    expect(resolveProperties(properties, environment)).toEqual({
      a: 'canary-secret',
      b: 'as it is ',
      c: 'x',
    });
  });

  it.each([
    [
      'KAFKA_MISSING',
      /ssl\.key\.password is to be read from the environment variable KAFKA_MISSING, which is not set in this process; set it/,
    ],
    ['KAFKA_EMPTY', /which is empty in this process/],
    ['KAFKA_toString', /not set/],
    [
      'HEADGATE_POSTGRES_URL',
      /a spec may not read: only those beginning with HEADGATE_SECRET_ or KAFKA_ may be/,
    ],
    ['PATH', /may not read/],
    ['kafka_password', /may not read/],
  ])('to %s are refused by name', (variable, words) => {
    const resolve = () => resolveProperties({ 'ssl.key.password': { variable } }, environment);
    expect(resolve).toThrow(
      expect.objectContaining({ code: 'STREAM_SECRET_MISSING', message: expect.stringMatching(words) }),
    );
    expect(resolve).not.toThrow(/canary/);
  });

  it('are all refused where nothing may be named', () => {
    expect(() => resolveProperties({ a: { variable: 'KAFKA_PASSWORD' } }, noSecrets)).toThrow(/none may be/);
  });

  it('to what makes no sense say so without showing it', () => {
    const options = {
      topic: 'clicks',
      bootstrapServers: ['a:1'],
      isolationLevel: 'read_committed',
      clientId: 'test',
      secrets: environment,
    } as const;
    const variable = { variable: 'KAFKA_PASSWORD' };
    const wrong = [
      { 'fetch.max.bytes': variable },
      { 'security.protocol': variable },
      { 'security.protocol': 'SASL_SSL', 'sasl.mechanism': variable },
      { 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'PLAIN', 'sasl.jaas.config': variable },
      { 'security.protocol': 'SSL', 'ssl.truststore.type': variable },
      { 'security.protocol': 'SSL', 'ssl.truststore.certificates': variable },
      { 'security.protocol': 'SSL', 'ssl.enabled.protocols': variable },
      { 'security.protocol': 'SSL', 'ssl.endpoint.identification.algorithm': variable },
    ];
    for (const consumerProperties of wrong) {
      let said = 'nothing';
      try {
        kafkaSettings({ ...options, consumerProperties });
      } catch (error) {
        said = `${String(error)} ${JSON.stringify(error)} ${(error as Error).stack ?? ''}`;
      }
      expect(said).toMatch(/consumerProperties: (fetch|security|sasl|ssl)\./);
      expect(said).not.toContain('canary');
    }
  });
});

describe('what kafkajs is told', () => {
  it('is the same login over the same TLS', () => {
    const properties = {
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': 'SCRAM-SHA-512',
      'sasl.jaas.config': { variable: 'KAFKA_JAAS' },
    };
    const jaas =
      'org.apache.kafka.common.security.scram.ScramLoginModule required username="u" password="p";';
    const told = kafkaJsSecurity(properties, ['a:1'], {
      variables: { KAFKA_JAAS: jaas },
      prefixes: ['KAFKA_'],
    });
    expect(told).toMatchObject({ sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'p' } });
    expect(told.ssl).toHaveProperty('secureContext');
    expect(told.ssl).not.toHaveProperty('checkServerIdentity');
  });

  it('is nothing for a plain connection', () => {
    expect(kafkaJsSecurity({ 'sasl.mechanism': 'PLAIN' }, ['a:1'], noSecrets)).toEqual({});
  });
});
