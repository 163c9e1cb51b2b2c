/** The client properties of TLS and SASL: part of the allow-list of consumer-properties.ts, and a file of their own for their number. */
import type { ConsumerProperty } from './consumer-properties.ts';

export const securityProtocols = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const;
export const saslMechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
export type SaslMechanism = (typeof saslMechanisms)[number];
export const tlsVersions = ['TLSv1.2', 'TLSv1.3'] as const;

/** A trust store of many authorities. */
const pemLengthMax = 500_000;

const storeTypes: Readonly<Record<string, string>> = {
  JKS: 'a Java key store is a file of the worker; convert it to PEM with keytool and openssl (docs/kafka-security.md) and give the texts',
  PKCS12:
    'a PKCS12 store is a file of the worker; convert it to PEM with openssl (docs/kafka-security.md) and give the texts',
};

export const securityProperties: readonly ConsumerProperty[] = [
  {
    key: 'security.protocol',
    class: 'works',
    neutral: ['PLAINTEXT'],
    values: securityProtocols,
    meaning: 'Whether connections use TLS, SASL, both or neither; PLAINTEXT when not given.',
  },
  {
    key: 'sasl.mechanism',
    class: 'works',
    values: saslMechanisms,
    refused: {
      GSSAPI: 'Kerberos needs files and tickets on the worker; use one of the three',
      OAUTHBEARER: 'it makes the worker call an address that a spec names; use one of the three',
      AWS_MSK_IAM: 'it needs the AWS login of a worker; Amazon MSK takes SCRAM-SHA-512 too',
    },
    meaning: 'How to log in. Must be given when security.protocol begins with SASL_.',
  },
  {
    key: 'sasl.jaas.config',
    class: 'works',
    meaning:
      'User name and password: `org.apache.kafka.common.security.scram.ScramLoginModule required username="..." password="...";`, for PLAIN `...plain.PlainLoginModule`. No other module is known.',
  },
  storeType('ssl.truststore.type', 'trust store'),
  {
    key: 'ssl.truststore.certificates',
    class: 'works',
    lengthMax: pemLengthMax,
    meaning:
      'The authorities brokers are trusted by, as PEM. Not given: the usual public ones, and those of NODE_EXTRA_CA_CERTS.',
  },
  storeType('ssl.keystore.type', 'key store'),
  {
    key: 'ssl.keystore.certificate.chain',
    class: 'works',
    lengthMax: pemLengthMax,
    meaning: 'The certificate shown to brokers that ask for one, as PEM, followed by those that sign it.',
  },
  {
    key: 'ssl.keystore.key',
    class: 'works',
    lengthMax: pemLengthMax,
    meaning: 'Its private key, as PEM (PKCS8).',
  },
  { key: 'ssl.key.password', class: 'works', meaning: 'The password of that key, when it is encrypted.' },
  {
    key: 'ssl.endpoint.identification.algorithm',
    class: 'works',
    neutral: ['https'],
    values: ['https', ''],
    meaning: 'https: the certificate must be that of the host connected to. Empty: of any host (warned of).',
  },
  {
    key: 'ssl.enabled.protocols',
    class: 'works',
    meaning: 'TLS versions, comma separated: TLSv1.2, TLSv1.3; both when not given. Older ones are refused.',
  },
  {
    key: 'ssl.protocol',
    class: 'works',
    values: ['TLS', ...tlsVersions],
    meaning: 'TLSv1.2 without ssl.enabled.protocols: no newer version. Else it says nothing.',
  },
  none('ssl.truststore.password', 'A PEM text has no password.'),
  none('ssl.keystore.password', 'A PEM text has no password; that of the key is ssl.key.password.'),
  none('ssl.cipher.suites', "Node's own list is used, without weak ones."),
  none('ssl.provider', 'There is one TLS library.'),
  none('ssl.keymanager.algorithm', 'There is one TLS library.'),
  none('ssl.trustmanager.algorithm', 'There is one TLS library.'),
  none('ssl.secure.random.implementation', "The system's randomness is used."),
];

function storeType(key: string, what: string): ConsumerProperty {
  return {
    key,
    class: 'works',
    values: ['PEM'],
    refused: storeTypes,
    neutral: ['PEM'],
    meaning: `PEM, the only kind of ${what} here.`,
  };
}

function none(key: string, meaning: string): ConsumerProperty {
  return { key, class: 'noEffect', meaning };
}
