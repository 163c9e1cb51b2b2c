/** The same TLS and login for what kafkajs does beside our own reader: dead letters go to the cluster that is read from. */
import type { KafkaConfig } from 'kafkajs';
import type { PropertyValues } from '../../domain/spec/property-value.ts';
import { resolveProperties, type SecretEnvironment } from './resolve-properties.ts';
import { securityNow, type SaslSettings } from './security.ts';

/** Throws STREAM_SECRET_MISSING, STREAM_TLS_FAILED or STREAM_AUTH_FAILED. */
export function kafkaJsSecurity(
  properties: PropertyValues,
  bootstrapServers: readonly string[],
  secrets: SecretEnvironment,
): Pick<KafkaConfig, 'ssl' | 'sasl'> {
  const { tls, sasl } = securityNow(resolveProperties(properties, secrets), bootstrapServers);
  return {
    ...(tls === null
      ? {}
      : {
          ssl: {
            secureContext: tls.context,
            ...(tls.checksHostName ? {} : { checkServerIdentity: () => undefined }),
          },
        }),
    ...(sasl === null ? {} : { sasl: loginOf(sasl) }),
  };
}

function loginOf({ mechanism, username, password }: SaslSettings): NonNullable<KafkaConfig['sasl']> {
  switch (mechanism) {
    case 'PLAIN':
      return { mechanism: 'plain', username, password };
    case 'SCRAM-SHA-256':
      return { mechanism: 'scram-sha-256', username, password };
    case 'SCRAM-SHA-512':
      return { mechanism: 'scram-sha-512', username, password };
  }
}
