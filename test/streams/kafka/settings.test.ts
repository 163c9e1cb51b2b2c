import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../streams/kafka/cluster.ts';
import { kafkaSettings } from '../../../streams/kafka/settings.ts';

const options = {
  topic: 'clicks',
  bootstrapServers: ['a:9092'],
  isolationLevel: 'read_committed',
  clientId: 'headgate',
} as const;

describe('the settings of a Kafka source', () => {
  it('follow the consumer properties of the Java client', () => {
    const consumerProperties = {
      'client.id': 'mine',
      'fetch.max.bytes': '3000000',
      'max.partition.fetch.bytes': '2000000',
      'fetch.min.bytes': '1000',
      'fetch.max.wait.ms': '70',
      'request.timeout.ms': '9000',
      'socket.connection.setup.timeout.ms': '1234',
      'reconnect.backoff.ms': '5',
      'reconnect.backoff.max.ms': '77',
      'retry.backoff.ms': '11',
      'group.id': 'has no effect',
      'client.rack': 'neither',
    };
    expect(kafkaSettings({ ...options, consumerProperties })).toMatchObject({
      clientId: 'mine',
      isCommittedOnly: true,
      fetchBytesMax: 3_000_000,
      partitionBytesMax: 2_000_000,
      fetchBytesMin: 1_000,
      fetchWaitMs: 70,
      requestTimeoutMs: 9_000,
      connectTimeoutMs: 1_234,
      reconnect: { minMs: 5, maxMs: 77 },
      retry: { minMs: 11, maxMs: 1_000 },
    });
  });

  it('never fetch more at once than half the buffer', () => {
    const settings = kafkaSettings({ ...options, maxBufferedBytes: 1_000_000 });
    expect(settings).toMatchObject({
      bufferedBytesMax: 1_000_000,
      fetchBytesMax: 500_000,
      partitionBytesMax: 500_000,
    });
  });

  it.each(['-1', '1.5', '', 'many', '99999999999', '0x10'])('refuse fetch.max.bytes = %j', (value) => {
    expect(() => kafkaSettings({ ...options, consumerProperties: { 'fetch.max.bytes': value } })).toThrow(
      expect.objectContaining({ code: 'SPEC_INVALID' }),
    );
  });

  it.each([
    ['PLAINTEXT', false, false],
    ['plaintext', false, false],
    ['SSL', true, false],
    ['SASL_PLAINTEXT', false, true],
    ['SASL_SSL', true, true],
  ])('take %s for TLS %s and SASL %s', (protocol, tls, sasl) => {
    const consumerProperties = {
      'security.protocol': protocol,
      'sasl.mechanism': 'PLAIN',
      'sasl.jaas.config':
        'org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="p";',
    };
    const { security } = kafkaSettings({ ...options, consumerProperties });
    expect([security.tls !== null, security.sasl !== null]).toEqual([tls, sasl]);
  });
});

describe('a bootstrap server', () => {
  it.each([
    ['broker-1.example:9092', { host: 'broker-1.example', port: 9092 }],
    [' 10.0.0.1:65535 ', { host: '10.0.0.1', port: 65_535 }],
    ['[::1]:9092', { host: '::1', port: 9092 }],
    ['PLAINTEXT://broker:1', { host: 'broker', port: 1 }],
  ])('%j is an address', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
  });

  it.each(['broker', 'broker:', ':9092', 'broker:0', 'broker:70000', 'a:b:1', '::1:9092', ''])(
    '%j is not',
    (text) => {
      expect(() => parseAddress(text)).toThrow(expect.objectContaining({ code: 'SPEC_INVALID' }));
    },
  );
});
