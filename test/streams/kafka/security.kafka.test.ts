/** Every way into a real broker with TLS and SASL, every way to be refused with the words people read, and back again. */
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { PropertyValues } from '../../../domain/spec/property-value.ts';
import { openGroupOffsets } from '../../../streams/kafka/group-offsets.ts';
import { kafkaJsSecurity } from '../../../streams/kafka/kafkajs-security.ts';
import { openKafkaRecordSource } from '../../../streams/kafka/kafka-record-source.ts';
import type { RecordReader, RecordSource } from '../../../streams/record-source.ts';
import { Authority, encrypted } from '../../support/certificates.ts';
import { jaas, plainModule, scramModule, SecureKafka } from '../../support/secure-kafka.ts';
import { waitFor } from '../../support/wait-for.ts';

const topic = 'clicks';
let kafka: SecureKafka;
let stranger: Authority;
let produced = 0;
const sources: RecordSource[] = [];

beforeAll(async () => {
  kafka = await SecureKafka.start();
  stranger = await Authority.create('Somebody Else');
  await kafka.addScramUser('carol', 'carol-secret', 'SCRAM-SHA-256');
  await kafka.addScramUser('carol', 'carol-secret', 'SCRAM-SHA-512');
  await kafka.admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  await produce(3);
}, 180_000);

afterEach(async () => {
  await Promise.all(sources.splice(0).map((source) => source.close()));
});

afterAll(async () => {
  await kafka?.stop();
});

async function produce(count: number): Promise<void> {
  const messages = Array.from({ length: count }, (_, index) => ({ value: `r${produced + index}` }));
  await kafka.producer.send({ topic, acks: -1, messages });
  produced += count;
}

function open(
  address: string,
  properties: PropertyValues,
  environment: Record<string, string> = {},
): RecordSource {
  const source = openKafkaRecordSource({
    topic,
    bootstrapServers: [address],
    isolationLevel: 'read_committed',
    clientId: 'test',
    consumerProperties: properties,
    secrets: { variables: environment, prefixes: ['KAFKA_'] },
    patience: { unreachableAfterMs: 2_000, askUnreachableAfterMs: 1_000 },
  });
  sources.push(source);
  return source;
}

async function readAll(reader: RecordReader, count: number): Promise<string[]> {
  const values: string[] = [];
  await waitFor(
    async () => {
      for (const { records } of await reader.poll(200))
        for (const record of records) values.push(Buffer.from(record.value ?? []).toString());
      return values.length >= count;
    },
    { what: `${count} records`, timeoutMs: 50_000, everyMs: 0 },
  );
  return values;
}

function trusted(): Record<string, string> {
  return {
    'security.protocol': 'SSL',
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.certificates': kafka.authority.certificate,
  };
}

function login(mechanism: string, name: string, password: string): Record<string, string> {
  const module = mechanism === 'PLAIN' ? plainModule : scramModule;
  return {
    'security.protocol': 'SASL_PLAINTEXT',
    'sasl.mechanism': mechanism,
    'sasl.jaas.config': jaas(module, name, password),
  };
}

function ownCertificate(): Record<string, string> {
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.certificate.chain': kafka.client.certificate,
    'ssl.keystore.key': kafka.client.key,
  };
}

const tlsLogin = (...given: [string, string, string]) => ({
  ...trusted(),
  ...login(...given),
  'security.protocol': 'SASL_SSL',
});

describe('a reader gets in', () => {
  const ways: [string, () => string, () => PropertyValues][] = [
    ['over TLS', () => kafka.at('TLS'), trusted],
    ['over TLS by name', () => kafka.at('TLS').replace('127.0.0.1', 'localhost'), trusted],
    [
      'over TLS 1.2 alone',
      () => kafka.at('TLS'),
      () => ({ ...trusted(), 'ssl.enabled.protocols': 'TLSv1.2' }),
    ],
    ['with a certificate', () => kafka.at('MUTUAL'), () => ({ ...trusted(), ...ownCertificate() })],
    [
      'with a certificate whose key is encrypted',
      () => kafka.at('MUTUAL'),
      () => ({
        ...trusted(),
        ...ownCertificate(),
        'ssl.keystore.key': encrypted(kafka.client.key, 'opens it'),
        'ssl.key.password': 'opens it',
      }),
    ],
    [
      'of another name when names are not checked',
      () => kafka.at('ELSEWHERE'),
      () => ({ ...trusted(), 'ssl.endpoint.identification.algorithm': '' }),
    ],
    ['with PLAIN', () => kafka.at('LOGIN'), () => login('PLAIN', 'alice', 'alice-secret')],
    ['with SCRAM-SHA-256', () => kafka.at('LOGIN'), () => login('SCRAM-SHA-256', 'carol', 'carol-secret')],
    ['with SCRAM-SHA-512', () => kafka.at('LOGIN'), () => login('SCRAM-SHA-512', 'carol', 'carol-secret')],
    ['with PLAIN over TLS', () => kafka.at('TLSLOGIN'), () => tlsLogin('PLAIN', 'alice', 'alice-secret')],
    [
      'with SCRAM over TLS',
      () => kafka.at('TLSLOGIN'),
      () => tlsLogin('SCRAM-SHA-512', 'carol', 'carol-secret'),
    ],
  ];
  it.each(ways)('%s', async (_way, address, properties) => {
    const source = open(address(), properties());
    expect((await source.describe()).partitions).toEqual(['0']);
    expect(await source.positions(['0'], 'latest')).toEqual(new Map([['0', BigInt(produced)]]));
    expect(await readAll(source.read(new Map([['0', 0n]])), produced)).toHaveLength(produced);
  });

  it('with secrets of the environment', async () => {
    const properties = {
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': 'SCRAM-SHA-512',
      'sasl.jaas.config': { variable: 'KAFKA_JAAS' },
      'ssl.truststore.certificates': { variable: 'KAFKA_CA' },
    };
    const source = open(kafka.at('TLSLOGIN'), properties, {
      KAFKA_JAAS: `${jaas(scramModule, 'carol', 'carol-secret')}\n`,
      KAFKA_CA: kafka.authority.certificate.replaceAll('\n', '\\n'),
    });
    expect((await source.describe()).partitions).toEqual(['0']);
  });

  it.each([
    ['TLS and SCRAM', () => kafka.at('TLSLOGIN'), () => tlsLogin('SCRAM-SHA-256', 'carol', 'carol-secret')],
    ['a certificate', () => kafka.at('MUTUAL'), () => ({ ...trusted(), ...ownCertificate() })],
    ['PLAIN', () => kafka.at('LOGIN'), () => login('PLAIN', 'alice', 'alice-secret')],
  ])('and so does kafkajs, for dead letters, with %s', async (_way, address, properties) => {
    const security = kafkaJsSecurity(properties(), [address()], { variables: {}, prefixes: [] });
    const admin = new Kafka({ brokers: [address()], logLevel: logLevel.NOTHING, ...security }).admin();
    await admin.connect();
    expect(await admin.listTopics()).toContain(topic);
    await admin.disconnect();
  });

  it('and so do offsets of a consumer group, over TLS with SCRAM', async () => {
    const options = {
      topic,
      bootstrapServers: [kafka.at('TLSLOGIN')],
      isolationLevel: 'read_committed' as const,
      clientId: 'test',
      consumerProperties: tlsLogin('SCRAM-SHA-512', 'carol', 'carol-secret'),
    };
    const offsets = openGroupOffsets(options);
    expect(await offsets.commit('mirrored', new Map([['0', 2n]]))).toEqual({ kind: 'committed' });
    offsets.close();
    const [found] = await kafka.admin.fetchOffsets({ groupId: 'mirrored', topics: [topic] });
    expect(found?.partitions).toMatchObject([{ partition: 0, offset: '2' }]);
    const refused = openGroupOffsets({
      ...options,
      consumerProperties: tlsLogin('SCRAM-SHA-512', 'carol', 'canary-secret'),
    });
    const outcome = await refused.commit('mirrored', new Map([['0', 3n]]));
    refused.close();
    expect(outcome).toMatchObject({
      kind: 'failed',
      why: expect.stringMatching(/wrong user name or password/),
    });
    expect(JSON.stringify(outcome)).not.toContain('canary');
  });

  it('and stays in, with a new login before the old one ends', async () => {
    const source = open(kafka.at('SHORT'), login('SCRAM-SHA-256', 'carol', 'carol-secret'));
    const reader = source.read(new Map([['0', BigInt(produced)]]));
    const began = Date.now();
    let polls = 0;
    await waitFor(
      async () => {
        // Any answer that fails would be thrown after two seconds of them.
        await reader.poll(100);
        polls += 1;
        return Date.now() - began > 5_000;
      },
      { what: 'more than two lives of a login', timeoutMs: 20_000, everyMs: 0 },
    );
    expect(polls).toBeGreaterThan(10);
    await produce(1);
    expect(await readAll(reader, 1)).toEqual([`r${produced - 1}`]);
  });
});

describe('a source that is refused says why', () => {
  const refusals: [string, () => string, () => PropertyValues, string, RegExp][] = [
    [
      'a wrong password',
      () => kafka.at('LOGIN'),
      () => login('SCRAM-SHA-256', 'carol', 'canary-secret'),
      'STREAM_AUTH_FAILED',
      /refuses the SCRAM-SHA-256 login: wrong user name or password.*; correct username and password in sasl\.jaas\.config/,
    ],
    [
      'a wrong password of PLAIN',
      () => kafka.at('LOGIN'),
      () => login('PLAIN', 'alice', 'canary-secret'),
      'STREAM_AUTH_FAILED',
      /refuses the PLAIN login: wrong user name or password/,
    ],
    [
      'an unknown user',
      () => kafka.at('TLSLOGIN'),
      () => tlsLogin('SCRAM-SHA-512', 'nobody', 'canary-secret'),
      'STREAM_AUTH_FAILED',
      /refuses the SCRAM-SHA-512 login/,
    ],
    [
      'a mechanism it does not take',
      () => kafka.at('SHORT'),
      () => login('PLAIN', 'alice', 'canary-secret'),
      'STREAM_AUTH_FAILED',
      /does not take the SASL mechanism PLAIN, only SCRAM-SHA-256; set sasl\.mechanism/,
    ],
    [
      'a login where there is none',
      () => kafka.plain,
      () => login('PLAIN', 'alice', 'canary-secret'),
      'STREAM_AUTH_FAILED',
      /does not use SASL on this port; set security\.protocol to PLAINTEXT or SSL/,
    ],
    [
      'a user who may not read the topic',
      () => kafka.at('LOGIN'),
      () => login('PLAIN', 'bob', 'bob-secret'),
      'STREAM_AUTH_FAILED',
      /does not allow this user to describe it; grant/,
    ],
    [
      'an unknown authority',
      () => kafka.at('TLS'),
      () => ({ ...trusted(), 'ssl.truststore.certificates': stranger.certificate }),
      'STREAM_TLS_FAILED',
      /signed by an authority that is not trusted; put the certificate of the authority .* into ssl\.truststore\.certificates/,
    ],
    [
      'an authority that is not public',
      () => kafka.at('TLS'),
      () => ({ 'security.protocol': 'SSL' }),
      'STREAM_TLS_FAILED',
      /not one of the usual public ones; put the certificate/,
    ],
    [
      'the certificate of another host',
      () => kafka.at('ELSEWHERE'),
      trusted,
      'STREAM_TLS_FAILED',
      /certificate is that of another host; connect to a name the certificate has/,
    ],
    [
      'an expired certificate',
      () => kafka.at('EXPIRED'),
      trusted,
      'STREAM_TLS_FAILED',
      /has expired; give the broker/,
    ],
    [
      'no client certificate',
      () => kafka.at('MUTUAL'),
      trusted,
      'STREAM_TLS_FAILED',
      /wants a certificate of this client; put .* into ssl\.keystore/,
    ],
    [
      'no client certificate in TLS 1.2',
      () => kafka.at('MUTUAL'),
      () => ({ ...trusted(), 'ssl.enabled.protocols': 'TLSv1.2' }),
      'STREAM_TLS_FAILED',
      /wants a certificate of this client; put .* into ssl\.keystore/,
    ],
    [
      'a client without TLS on a port with TLS',
      () => kafka.at('TLS'),
      () => ({}),
      'STREAM_TLS_FAILED',
      /speaks TLS on this port, and security\.protocol asks for none; set security\.protocol to SSL/,
    ],
    [
      'a login without TLS on a port with TLS',
      () => kafka.at('TLSLOGIN'),
      () => login('PLAIN', 'alice', 'canary-secret'),
      'STREAM_TLS_FAILED',
      /speaks TLS on this port.*SASL_SSL/,
    ],
    [
      'a client with TLS on a port without',
      () => kafka.plain,
      trusted,
      'STREAM_TLS_FAILED',
      /this port has no(ne| TLS); set security\.protocol to PLAINTEXT/,
    ],
    [
      'a client without a login on a port that wants one',
      () => kafka.at('LOGIN'),
      () => ({}),
      'STREAM_UNREACHABLE',
      /closed by the broker at the first request; does this port want SASL/,
    ],
  ];
  it.each(refusals)('of %s', async (_what, address, properties, code, words) => {
    const source = open(address(), properties());
    const error = await source.describe().then(
      () => null,
      (thrown: unknown) => thrown as Error & { code: string; details: unknown; cause: unknown },
    );
    expect(error).toMatchObject({ code });
    expect(error?.message).toMatch(words);
    const everything = JSON.stringify([error?.message, error?.details, String(error?.cause), error?.stack]);
    expect(everything).not.toContain('secret');
  });
});

describe('once it is mended the same reader goes on', () => {
  it('when the user is made', async () => {
    const source = open(kafka.at('LOGIN'), login('SCRAM-SHA-256', 'dave', 'dave-secret'));
    const reader = source.read(new Map([['0', 0n]]));
    await waitFor(
      async () =>
        reader.poll(100).then(
          () => false,
          (error: { code: string }) => error.code === 'STREAM_AUTH_FAILED',
        ),
      {
        what: 'the refusal',
        everyMs: 0,
      },
    );
    await kafka.addScramUser('dave', 'dave-secret', 'SCRAM-SHA-256');
    const values = await waitFor(() => readAll(reader, produced).catch(() => null), {
      what: 'the records',
      timeoutMs: 40_000,
    });
    expect(values).toHaveLength(produced);
  });

  it('when the broker shows another certificate', async () => {
    const next = await Authority.create('Next Authority');
    const source = open(kafka.at('TLS'), { ...trusted(), 'ssl.truststore.certificates': next.certificate });
    const reader = source.read(new Map([['0', 0n]]));
    await waitFor(
      async () =>
        reader.poll(100).then(
          () => false,
          (error: { code: string }) => error.code === 'STREAM_TLS_FAILED',
        ),
      {
        what: 'the refusal',
        everyMs: 0,
      },
    );
    await kafka.restartWith(await next.issue({ name: 'broker', addresses: ['127.0.0.1'] }));
    const values = await waitFor(() => readAll(reader, produced).catch(() => null), {
      what: 'the records',
      timeoutMs: 40_000,
    });
    expect(values).toHaveLength(produced);
  });
});
